package mqtt.resilient.demo.broker;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.core.config.ClusterConnectionConfiguration;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.HAPolicyConfiguration;
import org.apache.activemq.artemis.core.config.ha.SharedStoreBackupPolicyConfiguration;
import org.apache.activemq.artemis.core.config.ha.SharedStorePrimaryPolicyConfiguration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/**
 * An MQTT broker (ActiveMQ Artemis, 3.1.1 and 5) on a loopback port, in a JVM of its own so that it can be killed. No
 * users, no other protocol.
 *
 * <p>Arguments: {@code --port N} (required), {@code --data DIR} (keep messages there; without it in memory only),
 * {@code --primary-of N} or {@code --backup-of N} (one of two brokers with the same DIR, the other has port N; the
 * backup serves while the primary is down), {@code --parent PID} (end when that process ends). Prints one line on
 * standard output when it serves.
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
        int other = -1;
        HAPolicyConfiguration part = null;
        for (int i = 0; i < arguments.length; i += 2) {
            String value = i + 1 < arguments.length ? arguments[i + 1] : fail(arguments[i] + " needs a value");
            switch (arguments[i]) {
                case "--port" -> port = Integer.parseInt(value);
                case "--data" -> data = Path.of(value);
                case "--primary-of" -> {
                    other = Integer.parseInt(value);
                    part = new SharedStorePrimaryPolicyConfiguration();
                }
                case "--backup-of" -> {
                    other = Integer.parseInt(value);
                    part = new SharedStoreBackupPolicyConfiguration();
                }
                case "--parent" -> endWith(Long.parseLong(value));
                default -> fail(arguments[i]
                        + " is not known; allowed: --port, --data, --primary-of, --backup-of and --parent");
            }
        }
        if (port < 1 || port > 65_535) {
            fail("--port: " + port + " is not allowed; allowed: 1 to 65535");
        }
        if (part != null && data == null) {
            fail("--primary-of and --backup-of need --data: the two share it");
        }
        requireFree(port);
        Configuration configuration = configuration(port, data);
        if (part != null) {
            pair(configuration, port, other, part);
        }
        EmbeddedActiveMQ broker = new EmbeddedActiveMQ().setConfiguration(configuration);
        broker.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker), "broker-stop"));
        broker.getActiveMQServer().waitForActivation(Long.MAX_VALUE, TimeUnit.MILLISECONDS); // of a pair, one at a time
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

    /** The two find each other by a cluster connection; else the backup does not give way when the primary returns. */
    private static void pair(Configuration configuration, int port, int other, HAPolicyConfiguration part)
            throws Exception {
        configuration.clearAcceptorConfigurations().setHAPolicyConfiguration(part)
                .setClusterUser("pair").setClusterPassword("pair")
                .addConnectorConfiguration("self", "tcp://127.0.0.1:" + port)
                .addConnectorConfiguration("other", "tcp://127.0.0.1:" + other)
                .addClusterConfiguration(new ClusterConnectionConfiguration().setName("pair").setConnectorName("self")
                        .setStaticConnectors(List.of("other")))
                .addAcceptorConfiguration("mqtt", "tcp://127.0.0.1:" + port + "?protocols=MQTT,CORE");
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
