package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;

/**
 * A real broker in a process of its own on a free loopback port: Mosquitto, or the demo's Artemis where there is no
 * Mosquitto, or the one that is asked for. Those two keep nothing across a restart, the others do. Use by one thread.
 */
final class TestBroker implements AutoCloseable {
    /** Which program it is. */
    enum Kind {
        /** The usual one. */
        MOSQUITTO("", ""),
        /** The substitute, in a JVM. */
        ARTEMIS("itest.broker.directory", "mqtt.resilient.demo.broker.EmbeddedBroker"),
        /** MQTT 5 in full and by the letter. */
        HIVEMQ("itest.brokers.directory", "mqtt.resilient.brokers.HiveMq"),
        /** Knows 3.1.1 only. */
        MOQUETTE("itest.brokers.directory", "mqtt.resilient.brokers.Moquette");

        /** The property, of the framework if there is one, that says where the jars are. */
        private final String jars;
        private final String program;

        Kind(String jars, String program) {
            this.jars = jars;
            this.program = program;
        }
    }

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final int FIRST_PORT = 12_000;
    private static final int PORTS = 20_000;
    /** Others look for ports at the same time, in JVMs of their own. */
    private static final AtomicInteger NEXT_PORT = new AtomicInteger(ThreadLocalRandom.current().nextInt(PORTS));
    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);
    private static final int CONNECT_MILLIS = 500;
    private static final int ANSWER_MILLIS = 10_000;
    /** MQTT 3.1.1, a clean session, as "up?". */
    private static final byte[] CONNECT = { 0x10, 15, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 10, 0, 3, 'u', 'p', '?' };
    private static final int CONNACK_BYTES = 4;

    private final Kind kind;
    private final int port;
    private final Path directory;
    private final Thread killAtExit;
    private volatile Process process;

    /** Takes a free port; {@link #start()} starts the broker on it. */
    TestBroker(String... config) {
        this(freePort(), config);
    }

    /** A broker of one of the kinds that run in a JVM. */
    static TestBroker of(Kind kind) {
        return new TestBroker(freePort(), kind);
    }

    /** A broker for what Artemis does in a way of its own: Mosquitto, or Moquette where that is not installed. */
    static TestBroker orMoquette() {
        return of(Program.find("mosquitto").isPresent() ? Kind.MOSQUITTO : Kind.MOQUETTE);
    }

    /** Skips the test that calls this where Mosquitto is not installed. */
    static void assumeMosquitto() {
        assumeTrue(Program.find("mosquitto").isPresent(),
                "mosquitto is not installed, and Artemis cannot take its place here");
    }

    /**
     * A broker on a port of the caller's choice.
     *
     * @param port free
     * @param config further lines of Mosquitto's configuration; without effect on the other broker
     */
    TestBroker(int port, String... config) {
        this(port, Program.find("mosquitto").isPresent() ? Kind.MOSQUITTO : Kind.ARTEMIS, config);
    }

    private TestBroker(int port, Kind kind, String... config) {
        this.port = port;
        this.kind = kind;
        try {
            directory = Files.createTempDirectory("itest-broker");
            Files.writeString(config(), """
                    listener %d 127.0.0.1
                    allow_anonymous true
                    persistence false
                    max_queued_messages 0
                    """.formatted(port) + String.join("\n", config) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        killAtExit = new Thread(this::kill, "itest-broker-kill");
        Runtime.getRuntime().addShutdownHook(killAtExit);
    }

    /** Starts the broker, again after {@link #kill()} or {@link #stop()}, and returns when it takes connections. */
    TestBroker start() {
        if (process != null) {
            throw new IllegalStateException("the broker on port " + port + " runs already");
        }
        Path log = directory.resolve("log");
        try {
            process = new ProcessBuilder(command()).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Process started = process;
        try {
            Await.until("a connection to the broker on port " + port, () -> answers(port) || !started.isAlive(),
                    START_LIMIT);
            if (!started.isAlive()) {
                throw new AssertionError("the broker ended with " + started.exitValue());
            }
        } catch (AssertionError e) {
            kill();
            throw new AssertionError(e.getMessage() + "\n" + read(log), e);
        }
        return this;
    }

    /** Ends the broker as a power cut would (SIGKILL). Repeatable. */
    void kill() {
        Process killed = process;
        if (killed != null) {
            end(killed.destroyForcibly());
        }
    }

    /** Ends the broker in order (SIGTERM). Repeatable. */
    void stop() {
        Process stopped = process;
        if (stopped != null) {
            stopped.destroy();
            end(stopped);
        }
    }

    /** {@return whether the broker runs} */
    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** {@return for the configuration key {@code brokers}} */
    String uri() {
        return "mqtt://127.0.0.1:" + port;
    }

    /** {@return the port, the same after a restart} */
    int port() {
        return port;
    }

    /** {@return which program it is} */
    Kind kind() {
        return kind;
    }

    /** Kills the broker and deletes its files. Repeatable. */
    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(killAtExit);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * {@return a loopback port that nobody listens on} It is not one of those that the system gives to connections:
     * while its broker is down, a client that tries again and again would get it for itself sooner or later.
     */
    static int freePort() {
        while (true) {
            int port = FIRST_PORT + Math.floorMod(NEXT_PORT.getAndIncrement(), PORTS);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                continue; // somebody has it
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private List<String> command() {
        if (kind == Kind.MOSQUITTO) {
            return List.of(Program.find("mosquitto").orElseThrow().toString(), "-c", config().toString());
        }
        Bundle bundle = FrameworkUtil.getBundle(TestBroker.class); // none in a test outside the frameworks
        Path jars = Path.of(Objects.requireNonNull(bundle == null ? System.getProperty(kind.jars)
                : bundle.getBundleContext().getProperty(kind.jars), kind.jars));
        if (!Files.isDirectory(jars)) {
            throw new IllegalStateException(jars + " is not there: build the module that it is in");
        }
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp", jars + File.separator + "*", kind.program));
        String parent = String.valueOf(ProcessHandle.current().pid());
        command.addAll(kind == Kind.ARTEMIS ? List.of("--port", String.valueOf(port), "--parent", parent)
                : List.of(String.valueOf(port), directory.toString(), parent));
        return command;
    }

    private Path config() {
        return directory.resolve("mosquitto.conf");
    }

    /** {@return whether a broker on this port answers a CONNECT: it may take connections long before that} */
    static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            socket.getOutputStream().write(CONNECT);
            return socket.getInputStream().readNBytes(CONNACK_BYTES).length == CONNACK_BYTES;
        } catch (IOException e) {
            return false;
        }
    }

    private void end(Process ending) {
        try {
            if (!ending.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                ending.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            ending.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        process = null;
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "no log: " + e;
        }
    }
}
