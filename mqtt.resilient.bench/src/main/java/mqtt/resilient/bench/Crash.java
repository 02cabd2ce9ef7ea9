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
 * stored: at a real broker, Mosquitto or the demo's Artemis, QoS 1 at least once and QoS 2 exactly once.
 */
public final class Crash implements AutoCloseable {
    private static final long LIMIT_SECONDS = 60;
    private static final int SHORTEST_MILLIS = 20;
    private static final int LONGEST_MILLIS = 400;
    private static final int FIRST_PORT = 12_000;
    private static final int LAST_PORT = 32_000;

    private final Path directory = Files.createTempDirectory("crash");
    private final int port;
    private final String mode;
    private final BrokerProcess broker;
    private final ResilientMqtt observer;
    private final SplittableRandom random;
    private final BitSet stored = new BitSet();
    private final BitSet received = new BitSet();
    private final List<String> faults = new ArrayList<>();
    private long next = 1;

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

    /** A port that nobody listens on, and that the system does not give to connections: a client that tries would get it. */
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

    /** One life and death; what is wrong, empty = nothing. */
    public List<String> cycle() throws IOException, InterruptedException {
        Process child = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx128m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", System.getProperty("java.class.path"), CrashChild.class.getName(), uri(),
                directory.resolve("store").toString(), String.valueOf(next), mode)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        CompletableFuture<Void> drained = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(child, drained), "reader");
        reader.start();
        try {
            drained.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            await("everything that was stored arrives", () -> missing().isEmpty());
        } catch (Exception e) { // it did not come to life, or not everything arrived
            BitSet missing = missing();
            faults.add(e + ": " + missing.cardinality() + " stored messages are missing, the first is "
                    + missing.nextSetBit(0) + ", of " + next);
        }
        Thread.sleep(SHORTEST_MILLIS + random.nextInt(LONGEST_MILLIS));
        child.destroyForcibly().waitFor();
        reader.join();
        synchronized (this) {
            // Up to CrashChild.OUTSTANDING were published and not told any more, also by a life that told nothing at all.
            next = Math.max(next, Math.max(stored.length(), received.length())) + 3000L;
            List<String> result = List.copyOf(faults);
            faults.clear();
            return result;
        }
    }

    /** What earlier lives stored and nobody received; this one publishes already, perhaps faster than the broker passes on. */
    private synchronized BitSet missing() {
        BitSet missing = stored.get(0, (int) next);
        missing.andNot(received);
        return missing;
    }

    private void read(Process child, CompletableFuture<Void> drained) {
        try (BufferedReader lines = child.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                synchronized (this) {
                    switch (words[0]) {
                        case "stored" -> stored.set(Integer.parseInt(words[1]));
                        case "drained" -> drained.complete(null);
                        case "health" -> {
                            if (!words[1].equals("OK")) {
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

    /** Arguments: {@code --cycles N}, {@code --store power|process}, {@code --seed S}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int cycles = Integer.parseInt(option(arguments, "--cycles", "50"));
        long seed = Long.parseLong(option(arguments, "--seed", String.valueOf(System.nanoTime())));
        int failed = 0;
        try (Crash crash = new Crash(option(arguments, "--store", "power"), seed)) {
            for (int cycle = 1; cycle <= cycles; cycle++) {
                List<String> faults = crash.cycle();
                failed += faults.isEmpty() ? 0 : 1;
                faults.stream().limit(10).forEach(System.out::println);
                System.out.println("kill " + cycle + " of " + cycles + ": " + crash.stored() + " messages stored so far");
            }
            if (crash.stored() == 0) {
                System.out.println("every kill came before a message was stored, which shows nothing: --cycles needs more");
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
