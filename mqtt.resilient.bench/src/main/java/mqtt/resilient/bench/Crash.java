package mqtt.resilient.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.plain.ResilientMqtt;

/**
 * Kills a process that publishes as fast as it can, again and again, and accounts for every message that it was told is
 * stored: at a real broker, Mosquitto or the demo's Artemis, QoS 1 at least once and QoS 2 exactly once. A life is
 * ended only after it has stored something, and has numbers of its own for its messages.
 */
public final class Crash implements AutoCloseable {
    private static final long LIMIT_SECONDS = 60;
    private static final int SHORTEST_MILLIS = 20;
    private static final int LONGEST_MILLIS = 400;
    private static final int FIRST_PORT = 12_000;
    private static final int LAST_PORT = 32_000;
    /** How many messages one life may publish. */
    static final int NUMBERS_OF_A_LIFE = 100_000;
    private static final int LEAST_STORED_FOR_EACH_KILL = 20;

    private final Path directory = Files.createTempDirectory("crash");
    private final int port;
    private final String mode;
    private final BrokerProcess broker;
    private final ResilientMqtt observer;
    private final SplittableRandom random;
    private final BitSet stored = new BitSet();
    private final BitSet received = new BitSet();
    private final List<String> faults = new ArrayList<>();
    private int life;

    /**
     * Starts a broker and an observer.
     *
     * @param mode the store of the process that is killed: power or process
     * @param seed for the times of the kills
     */
    public Crash(String mode, long seed) throws IOException {
        this.mode = mode;
        random = new SplittableRandom(seed);
        broker = BrokerProcess.real(directory);
        port = broker.port();
        observer = ResilientMqtt.open(Clients.configuration("observer", uri()));
        observer.client().subscribe("crash/#", SubscribeOptions.qos(Qos.EXACTLY_ONCE), message -> take(message.topic(),
                new String(message.payload(), StandardCharsets.UTF_8))).result().toCompletableFuture().join();
    }

    private String uri() {
        return "mqtt://127.0.0.1:" + port;
    }

    /**
     * A port that nobody listens on, and that the system does not give to connections: a client that tries would get
     * it.
     */
    static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                continue; // somebody has it
            }
        }
    }

    private synchronized void take(String topic, String text) {
        int number = Integer.parseInt(text.substring(0, text.indexOf(' ')));
        if (received.get(number) && topic.equals("crash/2")) {
            faults.add("QoS 2 message " + number + " arrived twice");
        }
        received.set(number);
    }

    /** The first number of a life, from 1; no other life has any of its {@link #NUMBERS_OF_A_LIFE}. */
    static int first(int life) {
        return Math.multiplyExact(life, NUMBERS_OF_A_LIFE);
    }

    /** One life and death; what is wrong, empty = nothing. The life has stored something, or that is what is wrong. */
    public List<String> cycle() throws IOException, InterruptedException {
        return live(NUMBERS_OF_A_LIFE);
    }

    /** A last life that only delivers what the killed ones have left; what is wrong, empty = nothing. */
    public List<String> deliverRest() throws IOException, InterruptedException {
        return live(0);
    }

    private List<String> live(int messages) throws IOException, InterruptedException {
        life++;
        Process child = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx128m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", System.getProperty("java.class.path"),
                CrashChild.class.getName(), uri(),
                directory.resolve("store").toString(), String.valueOf(first(life)), String.valueOf(messages), mode)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        CompletableFuture<Void> drained = new CompletableFuture<>();
        CompletableFuture<Void> stores = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(child, drained, stores), "reader");
        reader.start();
        try {
            drained.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            await("everything that was stored arrives", () -> missing().isEmpty());
            if (messages > 0) {
                stores.get(LIMIT_SECONDS, TimeUnit.SECONDS);
                Thread.sleep(SHORTEST_MILLIS + random.nextInt(LONGEST_MILLIS));
            }
        } catch (Exception e) { // it did not come to life, or not everything arrived
            BitSet missing = missing();
            synchronized (this) {
                faults.add(e + ": " + missing.cardinality()
                        + " stored messages of earlier lives are missing, the first is "
                        + missing.nextSetBit(0) + "; life " + life + " begins with " + first(life));
            }
        }
        child.toHandle().destroyForcibly(); // the Process would close its output, and what it has told would be lost
        child.waitFor();
        reader.join();
        synchronized (this) {
            List<String> result = List.copyOf(faults);
            faults.clear();
            return result;
        }
    }

    /**
     * What earlier lives stored and nobody received; this one publishes already, perhaps faster than the broker passes
     * on.
     */
    private synchronized BitSet missing() {
        BitSet missing = stored.get(0, first(life));
        missing.andNot(received);
        return missing;
    }

    private void read(Process child, CompletableFuture<Void> drained, CompletableFuture<Void> stores) {
        try (BufferedReader lines = child.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                synchronized (this) {
                    switch (words[0]) {
                        case "stored" -> {
                            stored.set(Integer.parseInt(words[1]));
                            stores.complete(null);
                        }
                        case "drained" -> drained.complete(null);
                        case "health" -> {
                            // a kill is no reboot
                            if (!words[1].equals("OK") && !line.contains("which a reboot empties")) {
                                faults.add(line);
                            }
                        }
                        default -> faults.add(line);
                    }
                }
            }
        } catch (IOException | NumberFormatException e) {
            drained.completeExceptionally(e); // the last line can be cut short by the kill
        }
        drained.completeExceptionally(new IOException("the process ended"));
        stores.completeExceptionally(new IOException("the process ended before it stored a message"));
    }

    private static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("not within " + LIMIT_SECONDS + " s: " + what);
            }
            Thread.onSpinWait();
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Messages that were told to be stored so far. */
    public synchronized int stored() {
        return stored.cardinality();
    }

    @Override
    public void close() {
        observer.close();
        broker.close();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Arguments: {@code --cycles N}, {@code --stored N}, {@code --store power|process}, {@code --seed S}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int cycles = Integer.parseInt(option(arguments, "--cycles", "50"));
        int least = Integer
                .parseInt(option(arguments, "--stored", String.valueOf(LEAST_STORED_FOR_EACH_KILL * cycles)));
        long seed = Long.parseLong(option(arguments, "--seed", String.valueOf(System.nanoTime())));
        int failed = 0;
        try (Crash crash = new Crash(option(arguments, "--store", "power"), seed)) {
            for (int cycle = 1; cycle <= cycles; cycle++) {
                List<String> faults = crash.cycle();
                failed += faults.isEmpty() ? 0 : 1;
                faults.stream().limit(10).forEach(System.out::println);
                System.out
                        .println("kill " + cycle + " of " + cycles + ": " + crash.stored() + " messages stored so far");
            }
            List<String> faults = crash.deliverRest();
            failed += faults.isEmpty() ? 0 : 1;
            faults.stream().limit(10).forEach(System.out::println);
            if (crash.stored() < least) {
                System.out.println(crash.stored() + " messages were stored, which shows too little: at least " + least
                        + " are needed (--stored)");
                failed = cycles;
            }
        }
        System.out.println((cycles - failed) + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }

    private static String option(String[] arguments, String name, String otherwise) {
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            if (arguments[i].equals(name)) {
                return arguments[i + 1];
            }
        }
        return otherwise;
    }
}
