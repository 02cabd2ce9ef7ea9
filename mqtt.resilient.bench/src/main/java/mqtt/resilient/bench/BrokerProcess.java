package mqtt.resilient.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A broker in a process of its own: the {@link Sink}, Mosquitto, or the demo's Artemis. */
final class BrokerProcess implements AutoCloseable {
    /** The property that holds the class path of the sink, where that of this process lacks what it needs. */
    static final String CLASS_PATH = "bench.sink";
    /** The property with the directory of the demo's broker: mqtt.resilient.demo/target/broker. */
    private static final String ARTEMIS = "bench.artemis";
    private static final long LIMIT_NANOS = 60_000_000_000L;
    private static final String PASSWORD = "changeit";

    private final List<String> command;
    /** What another broker than the sink writes; null = it is the sink. */
    private final Path log;
    private Process process;
    private int port;
    private int tlsPort;

    private BrokerProcess(List<String> command, int port, Path log) {
        this.command = command;
        this.log = log;
        this.port = port;
    }

    /**
     * Starts a sink on any port.
     *
     * @param keyStore what {@link #keys} made, null = no TLS
     */
    static BrokerProcess sink(Path keyStore) throws IOException {
        return sink(0, keyStore);
    }

    static BrokerProcess sink(int port, Path keyStore) throws IOException {
        List<String> command = new ArrayList<>(List.of(java(), "-cp",
                System.getProperty(CLASS_PATH, System.getProperty("java.class.path")), "-XX:+UseSerialGC", "-Xmx256m",
                Sink.class.getName(), ""));
        if (keyStore != null) {
            command.add(keyStore.toString());
        }
        BrokerProcess broker = new BrokerProcess(command, port, null);
        broker.startSink();
        return broker;
    }

    private void startSink() throws IOException {
        command.set(command.indexOf(Sink.class.getName()) + 1, String.valueOf(port));
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String line = process.inputReader().readLine();
        if (line == null || !line.startsWith("ready ")) {
            throw new IOException("the sink said " + line);
        }
        port = Integer.parseInt(line.split(" ")[1]);
        tlsPort = Integer.parseInt(line.split(" ")[2]);
    }

    /** Starts Mosquitto, or gives null where it is not installed. */
    static BrokerProcess mosquitto(Path directory) throws IOException {
        String path = Boolean.parseBoolean(System.getenv("ITEST_STANDINS")) ? ""
                : System.getenv("PATH") + ":/usr/sbin:/usr/local/sbin";
        Path program = Stream.of(path.split(":")).filter(each -> !each.isEmpty())
                .map(each -> Path.of(each, "mosquitto"))
                .filter(Files::isExecutable).findFirst().orElse(null);
        if (program == null) {
            return null;
        }
        int free = Crash.freePort();
        Path configuration = directory.resolve("mosquitto.conf");
        Files.writeString(configuration, String.join("\n", "listener " + free + " 127.0.0.1", "allow_anonymous true",
                "persistence false", "set_tcp_nodelay true", "max_inflight_messages 0", "max_queued_messages 0",
                "log_type error", ""));
        return start(List.of(program.toString(), "-c", configuration.toString()), free,
                directory.resolve("mosquitto.log"));
    }

    /** Starts Mosquitto, or where it is not installed the demo's Artemis: both queue without a limit, in memory. */
    static BrokerProcess real(Path directory) throws IOException {
        BrokerProcess mosquitto = mosquitto(directory);
        if (mosquitto != null) {
            return mosquitto;
        }
        String jars = System.getProperty(ARTEMIS, "");
        if (!Files.isDirectory(Path.of(jars))) {
            throw new IOException("Mosquitto is not installed, and " + ARTEMIS + "=" + jars
                    + " is not allowed; the directory target/broker of mqtt.resilient.demo is, when that is built");
        }
        int free = Crash.freePort();
        return start(List.of(java(), "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                Path.of(jars, "*").toString(),
                "mqtt.resilient.demo.broker.EmbeddedBroker", "--port", String.valueOf(free), "--parent",
                String.valueOf(ProcessHandle.current().pid())), free, directory.resolve("artemis.log"));
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static BrokerProcess start(List<String> command, int port, Path log) throws IOException {
        BrokerProcess broker = new BrokerProcess(command, port, log);
        broker.startOther();
        return broker;
    }

    private void startOther() throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        for (long since = System.nanoTime(); !answers();) {
            if (System.nanoTime() - since > LIMIT_NANOS || !process.isAlive()) {
                close();
                throw new IOException(
                        command.get(0) + " does not answer on port " + port + ": " + Files.readString(log));
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Makes a key for 127.0.0.1 and localhost: {@code key.p12} for the sink, {@code authority.pem} for its clients.
     *
     * @return the key store
     */
    static Path keys(Path directory) throws IOException, InterruptedException {
        Path store = directory.resolve("key.p12");
        if (!Files.exists(store)) {
            String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
            run(keytool, "-genkeypair", "-alias", "sink", "-keyalg", "EC", "-groupname", "secp256r1", "-validity",
                    "3650",
                    "-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1,dns:localhost", "-ext", "bc=ca:true",
                    "-keystore",
                    store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD);
            run(keytool, "-exportcert", "-rfc", "-alias", "sink", "-file", authority(store).toString(), "-keystore",
                    store.toString(), "-storepass", PASSWORD);
        }
        return store;
    }

    static Path authority(Path keyStore) {
        return keyStore.resolveSibling("authority.pem");
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command[0], command[1]) + ": " + said);
        }
    }

    int port() {
        return port;
    }

    int tlsPort() {
        return tlsPort;
    }

    /** Kills it; the connections break. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(LIMIT_NANOS, TimeUnit.NANOSECONDS);
    }

    /** Starts a broker that was killed again, on the same port; it takes connections when this returns. */
    void restart() throws IOException {
        if (log == null) {
            startSink();
        } else {
            startOther();
        }
    }

    /** Stops it as it is: connections stay, and nothing answers. */
    void freeze() throws IOException, InterruptedException {
        run("kill", "-STOP", String.valueOf(process.pid()));
    }

    void thaw() throws IOException, InterruptedException {
        run("kill", "-CONT", String.valueOf(process.pid()));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
