package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Three nodes of RabbitMQ with its MQTT plugin, each in a process of its own, on loopback only and with an epmd of
 * their own. Sessions are quorum queues: any two nodes have all of them. Their output is in {@code target/test-logs}.
 */
final class RabbitCluster implements AutoCloseable {
    static final int NODES = 3;
    /** The script itself: what is in the PATH of Debian becomes another user and writes to fixed places. */
    private static final Path SERVER = Path.of("/usr/lib/rabbitmq/bin/rabbitmq-server");
    private static final Duration START_LIMIT = Duration.ofMinutes(3);

    private final Path directory;
    private final List<Integer> ports = new ArrayList<>();
    private final List<Integer> clusterPorts = new ArrayList<>();
    private final int epmdPort = TestBroker.freePort();
    private final Program epmd;
    private final Program[] nodes = new Program[NODES];

    /** Starts it, and returns when each node serves. */
    RabbitCluster(Path directory) throws IOException {
        this.directory = directory;
        Files.createDirectories(log(0).getParent());
        for (int node = 0; node < NODES; node++) {
            Files.deleteIfExists(log(node));
            ports.add(TestBroker.freePort());
            clusterPorts.add(TestBroker.freePort());
        }
        Files.writeString(Files.createFile(directory.resolve(".erlang.cookie"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
                "itest" + epmdPort);
        epmd = new Program(List.of(Program.find("epmd").orElseThrow().toString(), "-port", String.valueOf(epmdPort),
                "-address", "127.0.0.1"), epmdPort, directory.resolve("epmd.log"));
        try {
            for (int node = 0; node < NODES; node++) {
                Files.createDirectories(home(node));
                Files.writeString(home(node).resolve("rabbitmq.conf"), configuration(node));
                Files.writeString(home(node).resolve("enabled_plugins"), "[rabbitmq_mqtt].\n");
                launch(node);
            }
            for (int node = 0; node < NODES; node++) {
                awaitServing(node);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    static void assumeInstalled() {
        assumeTrue(Program.find("rabbitmq-server").isPresent() && Program.find("epmd").isPresent()
                && Files.isExecutable(SERVER), "rabbitmq-server is not installed");
    }

    private String configuration(int node) {
        return """
                listeners.tcp = none
                mqtt.listeners.ssl = none
                mqtt.listeners.tcp.1 = 127.0.0.1:%d
                mqtt.allow_anonymous = true
                mqtt.durable_queue_type = quorum
                cluster_formation.peer_discovery_backend = classic_config
                cluster_partition_handling = pause_minority
                disk_free_limit.absolute = 1MB
                net_ticktime = 8
                log.console = true
                log.console.level = info
                log.file = false
                """.formatted(ports.get(node))
                + IntStream.range(0, NODES)
                        .mapToObj(each -> "cluster_formation.classic_config.nodes.%d = %s%n".formatted(each + 1,
                                name(each)))
                        .collect(Collectors.joining());
    }

    /** What nodes and tools need to find each other, and nothing else. */
    private Map<String, String> environment() {
        return Map.of("HOME", directory.toString(), "LANG", "C.UTF-8", "ERL_EPMD_PORT", String.valueOf(epmdPort),
                "ERL_EPMD_ADDRESS", "127.0.0.1", "RABBITMQ_CONF_ENV_FILE", directory.resolve("none.conf").toString());
    }

    private void launch(int node) {
        Map<String, String> environment = new HashMap<>(environment());
        Map.of("NODENAME", name(node), "DIST_PORT", String.valueOf(clusterPorts.get(node)),
                "ALLOW_INPUT", "1", // the process is the node itself and not a shell that waits for it
                "SERVER_ADDITIONAL_ERL_ARGS",
                "-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none")
                .forEach((key, value) -> environment.put("RABBITMQ_" + key, value));
        Map.of("CONFIG_FILE", "rabbitmq.conf", "ADVANCED_CONFIG_FILE", "none.config", "ENABLED_PLUGINS_FILE",
                "enabled_plugins", "MNESIA_BASE", "mnesia", "LOG_BASE", "log",
                "PID_FILE", "pid", "GENERATED_CONFIG_DIR", "generated")
                .forEach((key, file) -> environment.put("RABBITMQ_" + key, home(node).resolve(file).toString()));
        nodes[node] = new Program(List.of(SERVER.toString()), environment, log(node));
    }

    private void awaitServing(int node) {
        nodes[node].await(name(node) + " answers a CONNECT", () -> TestBroker.answers(ports.get(node)), START_LIMIT);
    }

    /** Kills a node (SIGKILL). */
    void kill(int node) {
        nodes[node].close();
    }

    /** Starts a node that was killed, and returns when it serves and the others count it in. */
    void restart(int node) {
        launch(node);
        awaitServing(node);
        List<String> counting = List.of(SERVER.resolveSibling("rabbitmqctl").toString(), "--node",
                name((node + 1) % NODES), "await_online_nodes", String.valueOf(NODES), "--timeout",
                String.valueOf(START_LIMIT.toSeconds()));
        new Program(counting, environment(), directory.resolve("rabbitmqctl.log")).awaitEnd(START_LIMIT);
    }

    /** Has a node do nothing (SIGSTOP): its connections stay, and the system accepts more in its name. */
    void freeze(int node) throws IOException, InterruptedException {
        nodes[node].signal("STOP");
    }

    /** Lets a node go on (SIGCONT). It may serve, and the others may not count it in until it is restarted. */
    void thaw(int node) throws IOException, InterruptedException {
        nodes[node].signal("CONT");
    }

    String uri(int node) {
        return "mqtt://127.0.0.1:" + ports.get(node);
    }

    List<String> uris() {
        return IntStream.range(0, NODES).mapToObj(this::uri).toList();
    }

    private static String name(int node) {
        return "itest" + node + "@localhost";
    }

    private Path home(int node) {
        return directory.resolve("node" + node);
    }

    private static Path log(int node) {
        return GuidePage.root().resolve("mqtt.resilient.itest/target/test-logs/rabbitmq-" + node + ".log");
    }

    @Override
    public void close() {
        for (Program node : nodes) {
            if (node != null) {
                node.close();
            }
        }
        epmd.close();
    }
}
