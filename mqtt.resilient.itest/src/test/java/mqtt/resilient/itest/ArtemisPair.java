package mqtt.resilient.itest;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Two brokers of ActiveMQ Artemis in two processes, with one directory: the backup serves while the other is down. */
final class ArtemisPair implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private final Path directory;
    private final int primaryPort = TestBroker.freePort();
    private final int backupPort = TestBroker.freePort();
    private Program primary;
    private Program backup;

    /** Starts both, and returns when the primary serves. */
    ArtemisPair(Path directory) {
        this.directory = directory;
        try {
            startPrimary();
            backup = launch(backupPort, "--backup-of", primaryPort);
        } catch (RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private Program launch(int port, String part, int other) {
        String jars = Objects.requireNonNull(System.getProperty("itest.broker.directory"), "itest.broker.directory");
        return new Program(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", jars + File.separator + "*",
                "mqtt.resilient.demo.broker.EmbeddedBroker", "--port", String.valueOf(port),
                "--data", directory.resolve("shared").toString(), part, String.valueOf(other),
                "--parent", String.valueOf(ProcessHandle.current().pid())), Map.of(), directory.resolve(part + ".log"));
    }

    /** Starts the primary, and returns when it serves: the backup gives way. */
    void startPrimary() {
        primary = launch(primaryPort, "--primary-of", backupPort);
        primary.await("the primary answers a CONNECT", () -> TestBroker.answers(primaryPort), LIMIT);
    }

    /** Kills the primary (SIGKILL). */
    void killPrimary() {
        primary.close();
    }

    String primary() {
        return "mqtt://127.0.0.1:" + primaryPort;
    }

    String backup() {
        return "mqtt://127.0.0.1:" + backupPort;
    }

    @Override
    public void close() {
        if (backup != null) {
            backup.close();
        }
        if (primary != null) {
            primary.close();
        }
    }
}
