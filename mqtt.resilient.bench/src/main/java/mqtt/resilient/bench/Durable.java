package mqtt.resilient.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.plain.ResilientMqtt;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MqttDefaultFilePersistence;

/**
 * What durability costs: the store on the disk beside the store in memory, a bare file, and Eclipse Paho. Prints lines
 * {@code name value}; the directory must be on the disk that is to be measured.
 */
public final class Durable {
    private static final int THREADS = 64;
    private static final int ROUNDS = 3;
    private static final int BURST = 20;
    private static final int PENDING = 50_000;
    private static final long ROUND_NANOS = 4_000_000_000L;
    private static final String TOPIC = "plant/boiler/temp/01"; // 20 bytes
    private static final byte[] PAYLOAD = new byte[100];
    private static final int BACKLOG_PAYLOAD_BYTES = 60;

    private final Path directory;
    private final int port;
    private final BrokerProcess sink;
    private int made;

    private Durable(Path directory) throws IOException {
        this.directory = directory;
        sink = BrokerProcess.sink(null);
        port = sink.port();
    }

    private String uri() {
        return "mqtt://127.0.0.1:" + port;
    }

    private ResilientMqtt open(String mode) throws IOException, InterruptedException {
        String name = mode + ++made;
        ResilientMqtt mqtt = mode.equals("memory") ? ResilientMqtt.open(Clients.configuration(name, uri()))
                : open(name, uri(), directory.resolve(name), mode);
        while (!mqtt.client().isConnected()) {
            Thread.sleep(5);
        }
        return mqtt;
    }

    private static ResilientMqtt open(String name, String broker, Path place, String mode) throws IOException {
        return ResilientMqtt.open(Clients.configuration(name, broker, "store.directory", place, "store", mode));
    }

    private interface Work {
        void once(int thread) throws Exception;
    }

    /** Operations per second of so many threads. */
    private static double rate(int threads, Work work) throws InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        LongAdder done = new LongAdder();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Thread thread = new Thread(() -> {
                try {
                    while (!over.get()) {
                        work.once(number);
                        done.increment();
                    }
                } catch (Exception e) {
                    System.err.println(e);
                }
            });
            all.add(thread);
            thread.start();
        }
        Thread.sleep(ROUND_NANOS / 4 / 1_000_000);
        long before = done.sum();
        long since = System.nanoTime();
        Thread.sleep(ROUND_NANOS / 1_000_000);
        double rate = (done.sum() - before) * 1e9 / (System.nanoTime() - since);
        over.set(true);
        for (Thread thread : all) {
            thread.join();
        }
        return rate;
    }

    private static Message message(byte[] payload) {
        return Message.to(TOPIC).payload(payload).build();
    }

    /** Without waiting, but never with more than a few thousand pending, so that the link is not what is measured. */
    private double flood(String mode) throws IOException, InterruptedException {
        ResilientMqtt mqtt = open(mode);
        ResilientMqttClient client = mqtt.client();
        Message message = message(PAYLOAD);
        double rate = BURST * rate(THREADS, thread -> {
            for (int i = 0; i < BURST; i++) {
                client.publish(message);
            }
            while (client.metrics().pending() > PENDING) {
                Thread.sleep(10);
            }
        });
        client.drain(Duration.ofSeconds(60)).toCompletableFuture().join();
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (ThreadInfo each : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (each != null && each.getThreadName().startsWith("mqtt-")) {
                System.out.printf("flood.cpu.micros.per.message.%s.%s %.2f%n", mode, each.getThreadName(),
                        threads.getThreadCpuTime(each.getThreadId()) / 1e3 / client.metrics().accepted());
            }
        }
        if (!mode.equals("memory")) {
            System.out.printf("bytes.written.per.message %.1f%n",
                    (double) client.metrics().storeBytesWritten() / client.metrics().accepted());
            System.out.printf("messages.per.force %.1f%n",
                    (double) client.metrics().accepted() / client.metrics().storeForces());
        }
        mqtt.close();
        return rate;
    }

    private double waiting(String mode, int threads) throws IOException, InterruptedException {
        ResilientMqtt mqtt = open(mode);
        ResilientMqttClient client = mqtt.client();
        Message message = message(PAYLOAD);
        double rate = rate(threads, thread -> client.publish(message).stored().toCompletableFuture().join());
        if (!mode.equals("memory")) {
            System.out.printf("waiting%d.messages.per.force %.1f%n", threads,
                    (double) client.metrics().accepted() / client.metrics().storeForces());
        }
        mqtt.close();
        return rate;
    }

    private double paho(int threads) throws MqttException, InterruptedException, IOException {
        Path place = Files.createDirectories(directory.resolve("paho" + ++made));
        MqttAsyncClient paho = new MqttAsyncClient("tcp://127.0.0.1:" + port, "paho" + made,
                new MqttDefaultFilePersistence(place.toString()));
        MqttConnectOptions options = new MqttConnectOptions();
        options.setMaxInflight(1000);
        paho.connect(options).waitForCompletion();
        double rate = rate(threads, thread -> {
            try {
                paho.publish(TOPIC, PAYLOAD, 1, false).waitForCompletion();
            } catch (MqttException e) {
                if (e.getReasonCode() != MqttException.REASON_CODE_MAX_INFLIGHT) {
                    throw e;
                }
                Thread.sleep(1); // it counts some as under way that are not
            }
        });
        paho.disconnectForcibly(100, 100);
        paho.close(true);
        return rate;
    }

    /** A bare append and force of what one message takes. */
    private double bare() throws IOException, InterruptedException {
        try (FileChannel file = FileChannel.open(directory.resolve("bare"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate(150);
            return rate(1, thread -> {
                file.write(bytes.clear());
                file.force(false);
            });
        }
    }

    private void run() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            double bare = bare();
            System.out.printf("bare.force.micros %.0f%n", 1e6 / bare);
            double memory = flood("memory");
            double power = flood("power");
            double process = flood("process");
            System.out.printf("flood.memory %.0f%nflood.power %.0f%nflood.process %.0f%nflood.power.ratio %.2f%n",
                    memory,
                    power, process, power / memory);
            compareWaiting();
        }
        for (String mode : new String[] { "power", "process" }) {
            for (int perSecond : new int[] { 1, 10, 1000 }) {
                deviceBytes(mode, perSecond);
            }
        }
    }

    private void compareWaiting() throws Exception {
        double ours = waiting("power", THREADS);
        double paho = paho(THREADS);
        System.out.printf("waiting64.power %.0f%nwaiting64.paho %.0f%nwaiting64.ratio.paho %.1f%n", ours, paho,
                ours / paho);
        double before = bare();
        double one = waiting("power", 1);
        double after = bare();
        System.out.printf("waiting1.power %.0f%nwaiting1.bare %.0f%nwaiting1.times.bare %.2f%n", one,
                (before + after) / 2, (before + after) / 2 / one);
    }

    private void deviceBytes(String mode, int perSecond) throws Exception {
        ResilientMqtt mqtt = open(mode);
        ResilientMqttClient client = mqtt.client();
        Message message = message(PAYLOAD);
        int seconds = 6;
        long before = written();
        for (int i = 0; i < seconds * perSecond; i++) {
            client.publish(message);
            Thread.sleep(1000 / perSecond);
        }
        client.drain(Duration.ofSeconds(10)).toCompletableFuture().join();
        System.out.printf("device.bytes.per.message.%s.%d %d%n", mode, perSecond,
                (written() - before) / ((long) seconds * perSecond));
        mqtt.close();
    }

    private static long written() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/io")).stream().filter(line -> line.startsWith("write_bytes"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum();
    }

    /** Fills a store while there is no broker. */
    private static void fill(Path place, int port, long messages) throws Exception {
        ResilientMqtt mqtt = open("backlog", "mqtt://127.0.0.1:" + port, place, "process");
        ResilientMqttClient client = mqtt.client();
        Message message = message(new byte[BACKLOG_PAYLOAD_BYTES]);
        long since = System.nanoTime();
        for (long i = 0; i < messages; i++) {
            client.publish(message, Duration.ofMinutes(1));
        }
        client.publish(message).stored().toCompletableFuture().join();
        System.out.printf("backlog.filled.per.second %.0f%n", messages * 1e9 / (System.nanoTime() - since));
        mqtt.close();
        System.exit(0);
    }

    /** Opens a store and drains it. */
    private static void drain(Path place, int port) throws Exception {
        long since = System.nanoTime();
        ResilientMqttClient client = open("backlog", "mqtt://127.0.0.1:" + port, place, "process").client();
        long opened = System.nanoTime();
        long messages = client.metrics().pending();
        System.out.printf("backlog.messages %d%nbacklog.recovery.ms %d%n", messages, (opened - since) / 1_000_000);
        boolean drained = client.drain(Duration.ofMinutes(10)).toCompletableFuture().join();
        System.out.printf("backlog.drained %s%nbacklog.drain.per.second %.0f%n", drained,
                messages * 1e9 / (System.nanoTime() - opened));
        System.exit(0);
    }

    private void close() throws IOException {
        sink.close();
        clean(directory);
    }

    private static void clean(Path place) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
    }

    /** Arguments: {@code DIRECTORY}; or {@code flood DIRECTORY MODE}; or {@code waiting DIRECTORY ROUNDS};
     * or {@code fill|drain DIRECTORY PORT MESSAGES}. */
    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "fill" -> fill(Path.of(arguments[1]), Integer.parseInt(arguments[2]), Long.parseLong(arguments[3]));
            case "flood" -> {
                Durable durable = new Durable(Files.createTempDirectory(Path.of(arguments[1]), "durable"));
                try {
                    System.out.printf("flood.%s %.0f%n", arguments[2], durable.flood(arguments[2]));
                } finally {
                    durable.close();
                }
                System.exit(0);
            }
            case "waiting" -> {
                Durable durable = new Durable(Files.createTempDirectory(Path.of(arguments[1]), "durable"));
                try {
                    int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 2 * ROUNDS;
                    for (int round = 0; round < rounds; round++) {
                        durable.compareWaiting();
                    }
                } finally {
                    durable.close();
                }
                System.exit(0);
            }
            case "drain" -> {
                BrokerProcess sink = BrokerProcess.sink(Integer.parseInt(arguments[2]), null);
                Runtime.getRuntime().addShutdownHook(new Thread(sink::close));
                drain(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
            }
            default -> {
                Durable durable = new Durable(Files.createTempDirectory(Path.of(arguments[0]), "durable"));
                try {
                    durable.run();
                } finally {
                    durable.close();
                }
                System.exit(0);
            }
        }
    }
}
