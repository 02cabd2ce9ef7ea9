package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import mqtt.resilient.plain.ResilientMqtt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway with two interfaces and a broker behind both, in network namespaces: which interface is used is a matter of
 * its routes, and of {@code network.interfaces}.
 */
@Timeout(180)
class OnlyOverInterfacesTest {
    private static final String BROKER = "10.204.9.1";
    private static final String WAN = "10.204.1.";
    private static final String MODEM = "10.204.2.";

    @TempDir
    Path directory;

    private final String unique = Long.toString(ProcessHandle.current().pid(), Character.MAX_RADIX);
    private final String gateway = "mqtt-over-gateway-" + unique;
    private final String far = "mqtt-over-far-" + unique;
    private final List<Process> started = new ArrayList<>();
    private Path log;

    /** The gateway's program: says each state of its client, until its input ends. */
    public static final class Program {
        private Program() {
        }

        public static void main(String[] arguments) throws Exception {
            try (ResilientMqtt mqtt = ResilientMqtt.open(Map.of("mqtt.client", "over", "brokers", "mqtt://" + BROKER,
                    "protocol", "3.1.1", "store", "memory", "client.id", arguments[1], "backoff.max.seconds", 1,
                    "network.interfaces", arguments[0]))) {
                mqtt.client().addConnectionListener(
                        status -> System.out.println(status.state() + " " + status.reason()));
                while (System.in.read() >= 0) {
                    continue;
                }
            }
        }
    }

    private static boolean succeeds(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // not installed
        }
    }

    private static void ip(String... arguments) throws IOException, InterruptedException {
        String[] command = Stream.concat(Stream.of("ip"), Stream.of(arguments)).toArray(String[]::new);
        assertTrue(succeeds(command), String.join(" ", command));
    }

    @BeforeEach
    void twoWays() throws Exception {
        assumeTrue(succeeds("mosquitto", "-h") || Files.isExecutable(Path.of("/usr/sbin/mosquitto")),
                "mosquitto is not installed");
        assumeTrue(succeeds("ip", "netns", "add", gateway) && succeeds("ip", "netns", "add", far),
                "network namespaces cannot be made here (ip, root)");
        assumeTrue(succeeds("ip", "-n", gateway, "link", "add", "wan0", "type", "veth", "peer", "name", "wan1", "netns",
                far), "links cannot be made here");
        ip("-n", gateway, "link", "add", "modem0", "type", "veth", "peer", "name", "modem1", "netns", far);
        for (String[] each : new String[][] { { "wan", WAN }, { "modem", MODEM } }) {
            ip("-n", gateway, "addr", "add", each[1] + "2/30", "dev", each[0] + "0");
            ip("-n", far, "addr", "add", each[1] + "1/30", "dev", each[0] + "1");
            ip("-n", gateway, "link", "set", each[0] + "0", "up");
            ip("-n", far, "link", "set", each[0] + "1", "up");
        }
        ip("-n", far, "link", "set", "lo", "up");
        ip("-n", far, "addr", "add", BROKER + "/32", "dev", "lo");
        routeOver(WAN, "wan0");
        log = directory.resolve("broker.log");
        Path configuration = Files.writeString(directory.resolve("broker.conf"), "listener 1883 " + BROKER
                + "\nallow_anonymous true\nuser root\npersistence false\nlog_dest file " + log + "\n");
        String mosquitto = Files.isExecutable(Path.of("/usr/sbin/mosquitto")) ? "/usr/sbin/mosquitto" : "mosquitto";
        started.add(new ProcessBuilder("ip", "netns", "exec", far, mosquitto, "-c", configuration.toString())
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
        await("the broker listens", () -> brokerSaw("listen socket"));
    }

    @AfterEach
    void remove() throws Exception {
        for (Process each : started) {
            each.destroy();
            each.waitFor(10, TimeUnit.SECONDS);
        }
        succeeds("ip", "netns", "del", gateway);
        succeeds("ip", "netns", "del", far);
    }

    private void routeOver(String network, String device) throws Exception {
        ip("-n", gateway, "route", "replace", "default", "via", network + "1", "dev", device);
    }

    private boolean brokerSaw(String words) {
        try {
            return Files.exists(log) && Files.readString(log).contains(words);
        } catch (IOException e) {
            return false;
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 6000; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("not within 60 s: " + what);
    }

    private BufferedReader start(String interfaces, String id) throws IOException {
        Process program = new ProcessBuilder("ip", "netns", "exec", gateway,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Program.class.getName(), interfaces, id)
                .redirectError(directory.resolve(id + ".log").toFile()).start();
        started.add(program);
        return program.inputReader();
    }

    private static String next(BufferedReader states, Predicate<String> wanted) throws IOException {
        String line = states.readLine();
        while (line != null && !wanted.test(line)) {
            line = states.readLine();
        }
        return line;
    }

    @Test
    void theClientUsesTheAllowedInterfaceOnlyAndWaitsWhileTheRouteLeadsOverTheOther() throws Exception {
        BufferedReader states = start("wan0,usb0", "bound");
        assertEquals("ONLINE connected", next(states, line -> line.startsWith("ONLINE")));
        routeOver(MODEM, "modem0");
        assertEquals("WAITING " + BROKER + ": the route to " + BROKER
                + " leads over modem0; network.interfaces allows wan0, usb0",
                next(states, line -> line.startsWith("WAITING " + BROKER)));
        BufferedReader unbound = start("", "unbound"); // and others may use it
        assertEquals("ONLINE connected", next(unbound, line -> line.startsWith("ONLINE")));
        await("the other client's connection", () -> brokerSaw("from " + MODEM + "2:"));
        routeOver(WAN, "wan0");
        assertEquals("ONLINE connected", next(states, line -> line.startsWith("ONLINE")));
        List<String> connections = Files.readAllLines(log).stream()
                .filter(line -> line.contains("New client connected") && line.contains(" bound ")).toList();
        assertTrue(connections.size() >= 2, connections::toString);
        assertTrue(connections.stream().allMatch(line -> line.contains(WAN + "2:")), connections::toString);
    }
}
