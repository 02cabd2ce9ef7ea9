package mqtt.resilient.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.management.JMException;
import javax.management.ObjectName;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.plain.ResilientMqtt;

/**
 * Publishes to itself while something is taken away from it, and says whether everything was settled.
 * {@link Shortage} tells it what happens.
 */
public final class ShortageChild {
    private static final int MOST = 50_000;
    private static final int PAYLOAD_BYTES = 200;
    private static final long PACE_MILLIS = 3;
    private static final long AFTERWARDS_MILLIS = 1000;
    private static final long LIMIT_SECONDS = 45;
    /** In which everything goes on once there are threads again. */
    private static final long THREADS_SECONDS = 5;
    private static final int[] PIECES = { 1 << 20, 1 << 16, 1 << 12, 1 << 8, 16 };

    private final String broker;
    private final String directory;
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    private final long[] ids = new long[MOST];
    private final byte[] received = new byte[MOST];
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong watchedStored = new AtomicLong();
    private final AtomicLong stored = new AtomicLong();
    private final AtomicLong watchedDelivered = new AtomicLong();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong listenerErrors = new AtomicLong();
    private volatile boolean publishing = true;
    private volatile boolean paused;
    private ResilientMqtt mqtt;
    private ResilientMqttClient client;

    /** A piece of the heap. */
    private record Piece(Piece next, byte[] bytes) {
    }

    private ShortageChild(String broker, String directory) {
        this.broker = broker;
        this.directory = directory;
    }

    /** Arguments: the broker's URI, the store's directory, what is taken away. */
    public static void main(String[] arguments) throws Exception {
        ShortageChild child = new ShortageChild(arguments[0], arguments[1]);
        child.open();
        child.begin();
        if (Shortage.Kind.valueOf(arguments[2]) == Shortage.Kind.HEAP) {
            child.fillHeap();
            child.settle(LIMIT_SECONDS);
        } else {
            child.livesWithoutThreads();
        }
        child.livesOn();
        System.exit(0);
    }

    private void open() throws IOException {
        mqtt = ResilientMqtt.open(Clients.configuration("short", broker, "store", "power", "store.directory", directory,
                "store.floor.bytes", 1_048_576, "backoff.max.seconds", 2, "inflight.max.bytes", 262_144));
        client = mqtt.client();
    }

    private void begin() throws IOException {
        client.subscribe("short/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> {
            try {
                byte[] payload = message.payload();
                received[number(payload)] = 1;
            } catch (OutOfMemoryError e) {
                listenerErrors.incrementAndGet();
                throw e;
            }
        });
        await("a connection", LIMIT_SECONDS, client::isConnected);
        for (int i = 0; i < 2; i++) {
            Thread publisher = new Thread(this::publishAll, "publisher");
            publisher.setDaemon(true);
            publisher.start();
        }
        await("traffic", LIMIT_SECONDS, () -> delivered.get() > 100);
        System.out.println("ready");
    }

    private static int number(byte[] payload) {
        return (payload[0] & 0xFF) << 16 | (payload[1] & 0xFF) << 8 | payload[2] & 0xFF;
    }

    private void publishAll() {
        byte[] payload = new byte[PAYLOAD_BYTES];
        while (publishing) {
            try {
                publish(payload);
                Thread.sleep(PACE_MILLIS);
            } catch (OutOfMemoryError e) {
                pause();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized void publish(byte[] payload) {
        int number = (int) accepted.get();
        if (number >= MOST || paused) {
            return;
        }
        payload[0] = (byte) (number >> 16);
        payload[1] = (byte) (number >> 8);
        payload[2] = (byte) number;
        Publication publication = client.publish(Message.to("short/a").payload(payload).qos(Qos.AT_LEAST_ONCE).build());
        ids[number] = publication.id();
        accepted.incrementAndGet();
        publication.stored().whenComplete((durability, error) -> stored.incrementAndGet());
        watchedStored.incrementAndGet();
        publication.delivered().whenComplete((outcome, error) -> delivered.incrementAndGet());
        watchedDelivered.incrementAndGet();
    }

    private static void pause() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the heap -------------------------------------------------------------------------------------------------

    private void fillHeap() throws IOException {
        String[] words = line("fill").split(" ");
        SplittableRandom random = new SplittableRandom(Long.parseLong(words[2]));
        boolean refills = random.nextBoolean();
        int smallest = random.nextInt(2, PIECES.length + 1);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(words[1]));
        Piece all = fill(null, smallest);
        int fills = 1;
        while (System.nanoTime() - end < 0) {
            pause();
            if (refills) {
                all = fill(all, smallest);
                fills++;
            }
        }
        all = null;
        for (long left = AFTERWARDS_MILLIS / 10; left > 0; left--) {
            pause();
        }
        publishing = false;
        System.out
                .println("told filled " + fills + " times, down to " + PIECES[smallest - 1] + " bytes; listener errors "
                        + listenerErrors + ", accepted " + accepted + ", " + client.status().state() + " "
                        + client.status().reason());
    }

    private static Piece fill(Piece before, int smallest) {
        Piece all = before;
        for (int i = 0; i < smallest; i++) {
            try {
                while (true) {
                    all = new Piece(all, new byte[PIECES[i]]);
                }
            } catch (OutOfMemoryError e) { // smaller ones may still fit
                continue;
            }
        }
        return all;
    }

    // ---- threads --------------------------------------------------------------------------------------------------

    private void livesWithoutThreads() throws IOException {
        line("short");
        try {
            new Thread(() -> {}).start();
            System.out.println("there are threads");
        } catch (OutOfMemoryError e) {
            System.out.println("short");
        }
        ResilientMqtt[] second = new ResilientMqtt[1];
        try { // is configured, connects by a name, and is registered, while there is no thread
            second[0] = ResilientMqtt
                    .builder(Clients.configuration("second", broker, "store", "power", "store.directory", directory,
                            "store.floor.bytes", 1_048_576))
                    .sharing(mqtt).open();
        } catch (OutOfMemoryError e) {
            System.out.println("the second client: " + e);
        }
        StoreHealth worst = StoreHealth.OK;
        String reason = "";
        long since = System.nanoTime();
        while (System.nanoTime() - since < TimeUnit.SECONDS.toNanos(THREADS_SECONDS)) {
            ClientStatus status = client.status();
            if (status.store() != StoreHealth.OK) {
                worst = status.store();
                reason = status.storeReason();
            }
            pause();
        }
        if (worst != StoreHealth.OK) {
            System.out.println("told of the store without threads: " + worst + " " + reason);
            if (reason.contains("disk")) {
                System.out.println("the disk is not what is missing: " + reason);
            }
        }
        line("free");
        long free = System.nanoTime();
        publishing = false;
        await(() -> "the second client connects: " + second[0].client().status(), THREADS_SECONDS,
                () -> second[0].client().isConnected());
        await("the second client is registered", THREADS_SECONDS, () -> isRegistered("second"));
        System.out.println("told all of it " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - free)
                + " ms after there were threads");
        second[0].close();
        settle(THREADS_SECONDS); // the broker is killed once that is told
    }

    private static boolean isRegistered(String name) {
        try {
            return !ManagementFactory.getPlatformMBeanServer()
                    .queryNames(new ObjectName("mqtt.resilient:*,name=\"" + name + "\""), null).isEmpty();
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- afterwards -----------------------------------------------------------------------------------------------

    private void settle(long seconds) {
        publishing = false;
        paused = true;
        await(() -> "everything accepted ends: " + pendingIds() + ", metrics " + client.metrics() + ", "
                + client.status(), seconds,
                () -> client.metrics().pending() == 0 && countPending() == 0);
        await(() -> "stored() completes: " + stored + " of " + watchedStored + " and more", seconds,
                () -> stored.get() >= watchedStored.get());
        await(() -> "delivered() completes: " + delivered + " of " + watchedDelivered, seconds,
                () -> delivered.get() >= watchedDelivered.get());
        await(() -> "what was delivered is received: " + countMissing() + " missing, listener errors " + listenerErrors
                + ", "
                + client.metrics(), seconds, () -> countMissing() == 0 || client.metrics().listenerFailures() > 0);
        await(() -> "nothing is unhandled: " + client.metrics(), seconds, () -> client.metrics().unhandled() == 0);
        await(() -> "the store is healthy: " + client.status(), seconds,
                () -> client.status().store() == StoreHealth.OK);
        System.out.println("settled: accepted " + accepted + ", " + client.metrics());
    }

    private String pendingIds() {
        StringBuilder all = new StringBuilder().append(countPending()).append(" pending:");
        int told = 0;
        for (int i = 0; i < accepted.get() && told < 5; i++) {
            if (client.outcome(ids[i]).kind() == Outcome.Kind.PENDING) {
                all.append(' ').append(ids[i]);
                told++;
            }
        }
        return all.toString();
    }

    private int countPending() {
        int count = 0;
        for (int i = 0; i < accepted.get(); i++) {
            count += client.outcome(ids[i]).kind() == Outcome.Kind.PENDING ? 1 : 0;
        }
        return count;
    }

    private int countMissing() {
        int count = 0;
        for (int i = 0; i < accepted.get(); i++) {
            count += received[i] == 0 && client.outcome(ids[i]).isDelivered() ? 1 : 0;
        }
        return count;
    }

    private void livesOn() throws Exception {
        line("killed");
        await("the loss of the broker is told", LIMIT_SECONDS, () -> !client.isConnected());
        System.out.println("noticed: " + client.status().state() + " " + client.status().reason());
        line("back");
        require("works", client);
        mqtt.close();
        open();
        require("opened again", client);
        mqtt.close();
    }

    private static void require(String words, ResilientMqttClient client) throws Exception {
        Publication publication = client.publish(Message.to("other/a").payload("1").qos(Qos.AT_LEAST_ONCE).build());
        publication.stored().toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        Outcome outcome = publication.delivered().toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        boolean drained = client.drain(Duration.ofSeconds(LIMIT_SECONDS)).toCompletableFuture().get(LIMIT_SECONDS,
                TimeUnit.SECONDS);
        System.out.println(words + ": " + outcome.kind() + (drained ? "" : ", not drained"));
    }

    private String line(String words) throws IOException {
        String line = in.readLine();
        if (line == null || !line.startsWith(words)) {
            throw new IOException("expected " + words + ", got " + line);
        }
        return line;
    }

    private static void await(String what, long seconds, BooleanSupplier condition) {
        await(() -> what, seconds, condition);
    }

    private static void await(Supplier<String> what, long seconds, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                System.out.println("not within " + seconds + " s: " + what.get());
                Thread.getAllStackTraces().forEach((thread, trace) -> {
                    if (thread.getName().startsWith("mqtt-")) {
                        System.err.println(thread + " " + Arrays.toString(trace));
                    }
                });
                System.exit(1);
            }
            pause();
        }
    }
}
