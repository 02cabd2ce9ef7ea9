package mqtt.resilient.demo.broker;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/**
 * An MQTT broker (ActiveMQ Artemis, 3.1.1 and 5) on a loopback port, in a JVM of its own so that it can be killed. No
 * users, no other protocol.
 *
 * <p>Arguments: {@code --port N} (required), {@code --data DIR} (keep messages there; without it in memory only),
 * {@code --parent PID} (end when that process ends). Prints one line on standard output when it is ready.
 */
public final class EmbeddedBroker {
    private static final int JOURNAL_FILE_BYTES = 1 << 20;

    private EmbeddedBroker() {
    }

    /**
     * Runs the broker until the process is ended.
     *
     * @param arguments see above
     * @throws Exception if the broker does not start
     */
    public static void main(String[] arguments) throws Exception {
        int port = -1;
        Path data = null;
        for (int i = 0; i < arguments.length; i += 2) {
            String value = i + 1 < arguments.length ? arguments[i + 1] : fail(arguments[i] + " needs a value");
            switch (arguments[i]) {
                case "--port" -> port = Integer.parseInt(value);
                case "--data" -> data = Path.of(value);
                case "--parent" -> endWith(Long.parseLong(value));
                default -> fail(arguments[i] + " is not known; allowed: --port, --data and --parent");
            }
        }
        if (port < 1 || port > 65_535) {
            fail("--port: " + port + " is not allowed; allowed: 1 to 65535");
        }
        requireFree(port);
        EmbeddedActiveMQ broker = new EmbeddedActiveMQ().setConfiguration(configuration(port, data));
        broker.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker), "broker-stop"));
        System.out.println("broker listening on 127.0.0.1:" + port);
    }

    private static Configuration configuration(int port, Path data) throws Exception {
        Configuration configuration = new ConfigurationImpl()
                .setName("gateway-demo")
                .setSecurityEnabled(false)
                .setJMXManagementEnabled(false)
                .setPersistenceEnabled(data != null)
                .setJournalType(JournalType.NIO)
                .setJournalFileSize(JOURNAL_FILE_BYTES)
                .setMaxDiskUsage(-1)
                .addAcceptorConfiguration("mqtt", "tcp://127.0.0.1:" + port + "?protocols=MQTT");
        if (data != null) {
            String directory = data.toAbsolutePath().toString();
            configuration.setJournalDirectory(directory + "/journal")
                    .setBindingsDirectory(directory + "/bindings")
                    .setLargeMessagesDirectory(directory + "/large")
                    .setPagingDirectory(directory + "/paging");
        }
        return configuration;
    }

    /** Artemis only logs a port in use and runs on without it. */
    private static void requireFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (java.io.IOException e) {
            fail("--port: 127.0.0.1:" + port + " cannot be used: " + e.getMessage());
        }
    }

    private static void endWith(long parent) {
        ProcessHandle.of(parent).map(ProcessHandle::onExit).ifPresentOrElse(
                exit -> exit.thenRun(() -> Runtime.getRuntime().halt(0)), () -> Runtime.getRuntime().halt(0));
    }

    private static void stop(EmbeddedActiveMQ broker) {
        try {
            broker.stop();
        } catch (Exception e) {
            System.err.println("broker: stopping failed: " + e);
        }
    }

    private static <T> T fail(String why) {
        System.err.println("broker: " + why);
        System.exit(2);
        throw new AssertionError("not reached");
    }
}
