package mqtt.resilient.plain;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.engine.Engine;
import mqtt.resilient.impl.engine.EventBacklog;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.io.EventLoop;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.io.WaitableStages;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.store.JournalStore;

/**
 * A process with a small heap in which one bound is filled; it says what was told then, and {@code done} if it is still
 * well.
 */
public final class SmallHeap {
    private static final int MEGABYTE = 1 << 20;
    private static final int LISTENERS = 10;
    private static final long LIMIT_NANOS = 60_000_000_000L;

    private SmallHeap() {
    }

    /** Arguments: what is filled, the bytes of a message, the broker's URI, a directory. */
    public static void main(String[] arguments) throws Exception {
        int size = Integer.parseInt(arguments[1]);
        switch (arguments[0]) {
            case "inbound" -> inbound(size, arguments[2]);
            case "outbound" -> outbound(size, arguments[2], Qos.AT_LEAST_ONCE);
            case "qos0" -> outbound(size, arguments[2], Qos.AT_MOST_ONCE);
            case "unwritten" -> unwritten(size, arguments[2], Path.of(arguments[3]));
            case "requests" -> requests(size, arguments[2]);
            case "history" -> history(size, arguments[2]);
            case "events" -> events(size, Path.of(arguments[3]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        List<byte[]> room = List.of(new byte[MEGABYTE], new byte[2 * MEGABYTE], new byte[4 * MEGABYTE]);
        System.out.println("done " + room.size());
        System.exit(0);
    }

    private static ResilientMqttClient open(String uri, Object... more) throws IOException {
        Map<String, Object> configuration = new HashMap<>(
                Map.of("mqtt.client", "small", "client.id", "small", "brokers", uri, "store",
                        "memory", "packet.max.bytes", 2 * MEGABYTE));
        for (int i = 0; i < more.length; i += 2) {
            configuration.put((String) more[i], more[i + 1]);
        }
        return ResilientMqtt.open(configuration).client();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("not in time: " + what);
            }
            Thread.sleep(20);
        }
    }

    private static void inbound(int size, String uri) throws Exception {
        ResilientMqttClient client = open(uri, "protocol", "3.1.1");
        CountDownLatch never = new CountDownLatch(1);
        for (int i = 0; i < LISTENERS; i++) {
            client.subscribe("in", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> never.await());
        }
        await("the first message", () -> client.metrics().received() > 0);
        long[] before = { -1 };
        await("reading pauses", () -> { // looked at each second
            try {
                Thread.sleep(1000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            long now = client.metrics().received();
            boolean paused = now == before[0];
            before[0] = now;
            return paused;
        });
        System.out.println("held " + before[0]);
    }

    private static String reason(CompletionStage<?> stage) {
        try {
            return "was accepted: " + stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            return e.getCause().getMessage();
        }
    }

    private static Message message(int size, Qos qos) {
        return Message.to("t").payload(new byte[size]).qos(qos).build();
    }

    private static String fill(Supplier<Publication> publish) {
        Publication last = publish.get();
        while (last.id() > 0) {
            last = publish.get();
        }
        return reason(last.stored());
    }

    private static void outbound(int size, String uri, Qos qos) throws Exception {
        ResilientMqttClient client = open(uri, "qos0.offline", true);
        System.out.println("refused " + fill(() -> client.publish(message(size, qos))));
        if (qos != Qos.AT_MOST_ONCE) {
            await("full", () -> client.status().store() == StoreHealth.FULL);
            System.out.println("store " + client.status().storeReason());
        }
        System.out.println("pending " + client.metrics().pending());
    }

    private static void unwritten(int size, String uri, Path directory) throws Exception {
        EventLoop loop = new EventLoop();
        loop.start();
        AtomicInteger tasks = new AtomicInteger();
        ConcurrentLinkedQueue<Runnable> hanging = new ConcurrentLinkedQueue<>();
        Executor disk = task -> { // opens the store, looks at the disk, and then hangs
            if (tasks.getAndIncrement() < 2) {
                new Thread(task).start();
            } else {
                hanging.add(task);
            }
        };
        Executor others = Executors.newSingleThreadExecutor();
        ClientSettings settings = Keys.stored(new StoreSettings("store", Durability.POWER, 500_000_000L, 0, MEGABYTE),
                "brokers", uri, "packet.max.bytes", 2 * MEGABYTE);
        LocalFileSystem files = new LocalFileSystem(directory);
        ClientEvents silence = (ClientEvents) java.lang.reflect.Proxy.newProxyInstance(SmallHeap.class.getClassLoader(),
                new Class<?>[] { ClientEvents.class }, (self, method, values) -> null);
        Client client = new Client(
                new Environment(loop, loop, new SplittableRandom(1), others, new WaitableStages(others)), "small",
                new Mqtt311(),
                store -> new JournalStore(loop, disk, files, store.place(), "boot", store), settings, silence);
        client.configure("small", settings);
        await("open", () -> client.status().store() == StoreHealth.OK && tasks.get() >= 2);
        Thread[] publishers = new Thread[size < MEGABYTE / 2 ? 64 : 4]; // each has a message of its own
        String[] told = new String[publishers.length];
        for (int i = 0; i < publishers.length; i++) {
            int number = i;
            publishers[i] = new Thread(
                    () -> told[number] = fill(() -> client.publisher().publish(message(size, Qos.AT_LEAST_ONCE))));
            publishers[i].start();
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        System.out.println("refused " + told[0]);
        await("full", () -> client.status().store() == StoreHealth.FULL);
        System.out.println("store " + client.status().storeReason());
        System.out.println("pending " + client.metrics().pending());
    }

    private static void requests(int size, String uri) throws Exception {
        ResilientMqttClient client = open(uri);
        CompletionStage<ReceivedMessage> last = client.request(message(size, Qos.AT_LEAST_ONCE), Duration.ofHours(1));
        while (!last.toCompletableFuture().isDone()) {
            last = client.request(message(size, Qos.AT_LEAST_ONCE), Duration.ofHours(1));
        }
        System.out.println("refused " + reason(last));
    }

    /** Each message is refused with a long reason; with small ones all of the history is used. */
    private static void history(int size, String uri) throws Exception {
        ResilientMqttClient client = open(uri, "protocol", "5");
        await("online", client::isConnected);
        int messages = size < MEGABYTE / 2 ? 70_000 : 1100;
        long last = 0;
        for (int i = 0; i < messages; i++) {
            last = client.publish(message(size, Qos.AT_LEAST_ONCE), Duration.ofMinutes(1)).id();
        }
        long watched = last;
        await("all refused", () -> client.metrics().pending() == 0);
        System.out.println(
                "refused " + client.outcome(watched).reason().length() + " " + client.metrics().refused());
    }

    private static void events(int size, Path directory) throws Exception {
        Engine engine = new Engine("host", directory);
        EventBacklog backlog = new EventBacklog(engine.host());
        CountDownLatch handler = new CountDownLatch(1);
        engine.host().execute(() -> {
            try {
                handler.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        AtomicInteger posted = new AtomicInteger();
        for (int i = 0; i < 200_000; i++) {
            Map<String, Object> event = new HashMap<>();
            event.put("topic", "x".repeat(size > 65_535 ? 65_535 : size));
            event.put("reason", "because");
            backlog.post(event, posted::incrementAndGet);
        }
        CountDownLatch registered = new CountDownLatch(1);
        engine.host().execute(registered::countDown);
        handler.countDown();
        registered.await();
        System.out.println("posted " + posted);
    }
}
