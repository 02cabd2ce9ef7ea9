package mqtt.resilient.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.impl.io.SystemNetwork;
import mqtt.resilient.plain.ResilientMqtt;
import mqtt.resilient.spi.NetworkState;

/**
 * A client behind a real link that is cut, delayed, lossy and slow. Runs in the client's network namespace, which
 * bin/network-faults makes; does to the link what each scenario needs, by ip and by commands to wire.py.
 *
 * <p>Arguments: the broker's URI, where wire.py takes commands, its namespace, its device towards the client, the
 * client's device, the client's default gateway, how many messages go over the long link and how many over the slow
 * one, and words: with any, only the scenarios whose names hold one of them. "there" is from the broker to the client.
 */
public final class NetworkFaults {
    private static final long MILLION = 1_000_000L;
    private static final int KEEP_ALIVE_SECONDS = 8;
    private static final int PING_MILLIS = KEEP_ALIVE_SECONDS * 1000 / 4;
    private static final int RESPONSE_SECONDS = 3;
    private static final int RESPONSE_MILLIS = RESPONSE_SECONDS * 1000;
    /** The network's state is known within a second. */
    private static final int SEEN_MILLIS = 1500;
    /** What a verdict may be late on a busy machine. */
    private static final int SLACK_MILLIS = 1500;

    private final String broker;
    private final Path wire;
    private final String wireNamespace;
    private final String wireDevice;
    private final String device;
    private final String gateway;
    private final int longMessages;
    private final int slowMessages;
    private final List<String> wanted;
    private final AtomicLong networkUp = new AtomicLong();
    private final SystemNetwork network;
    private ResilientMqtt mqtt;
    private volatile ResilientMqttClient client;
    private volatile long lostAt;
    private volatile String lostWhy = "";
    private final AtomicInteger numbers = new AtomicInteger();
    private int passed;
    private int failed;

    private NetworkFaults(String[] arguments) throws IOException {
        broker = arguments[0];
        wire = Path.of(arguments[1]);
        wireNamespace = arguments[2];
        wireDevice = arguments[3];
        device = arguments[4];
        gateway = arguments[5];
        longMessages = Integer.parseInt(arguments[6]);
        slowMessages = Integer.parseInt(arguments[7]);
        wanted = List.of(arguments).subList(8, arguments.length);
        network = new SystemNetwork(() -> {});
        network.listen(state -> networkUp.set(System.nanoTime()));
    }

    /** Runs all scenarios and ends with {@code N passed, M failed}. */
    public static void main(String[] arguments) throws Exception {
        NetworkFaults faults = new NetworkFaults(arguments);
        faults.run("network up to the first delivery", faults::networkUp);
        faults.run("cut under traffic", faults::cutUnderTraffic);
        faults.run("cut while idle", faults::cutWhileIdle);
        faults.run("half open: only answers are lost", faults::halfOpen);
        faults.run("carrier lost", faults::carrierLost);
        faults.run("delay 600 ms", faults::delay);
        faults.run("loss 20 %", faults::loss);
        faults.run("1 KB/s with " + faults.slowMessages + " messages of 1 KB", faults::slow);
        System.out.println(faults.passed + " passed, " + faults.failed + " failed");
        System.out.flush();
        Runtime.getRuntime().halt(faults.failed == 0 ? 0 : 1);
    }

    private interface Scenario {
        /** {@return the figures} */
        String run() throws Exception;
    }

    private void run(String name, Scenario scenario) throws Exception {
        if (!wanted.isEmpty() && wanted.stream().noneMatch(name::contains)) {
            return;
        }
        try {
            String figures = scenario.run();
            passed++;
            System.out.println("ok    " + name + ": " + figures);
        } catch (IllegalStateException e) {
            failed++;
            System.out.println(
                    "FAIL  " + name + ": " + e.getMessage() + " (" + (client == null ? "" : client.status()) + ")");
        } finally {
            repair();
            if (client != null) {
                mqtt.close();
            }
            client = null;
        }
    }

    // ---- the scenarios --------------------------------------------------------------------------------------------

    private String networkUp() throws Exception {
        sh("ip link set " + device + " down");
        await("the network is seen to be down", SEEN_MILLIS, () -> network.state() == NetworkState.DOWN);
        start(RESPONSE_SECONDS, false);
        Publication publication = publish(100);
        await("the attempts are held", 5000, () -> client.status().reason().equals("the network is down"));
        networkUp.set(0);
        long command = System.nanoTime();
        sh("ip link set " + device + " up && ip route add default via " + gateway);
        await("the first delivery", 20_000, () -> isDelivered(publication));
        long now = System.nanoTime();
        long event = networkUp.get();
        long fromEvent = event == 0 ? -1 : (now - event) / MILLION;
        return (now - command) / MILLION + " ms after the command, " + fromEvent + " ms after the event, "
                + client.metrics().attempts() + " attempts in all";
    }

    private String cutUnderTraffic() throws Exception {
        start(RESPONSE_SECONDS, true);
        delivered(20, 100, 10_000);
        Map<Long, Publication> sent = new ConcurrentHashMap<>();
        wire("both loss 1");
        long cut = System.nanoTime();
        awaitLost(cut, RESPONSE_MILLIS + SLACK_MILLIS, () -> {
            Publication one = publish(100);
            sent.put(one.id(), one);
            LockSupport.parkNanos(50 * MILLION);
        });
        String figures = "noticed after " + (lostAt - cut) / MILLION + " ms (response.seconds " + RESPONSE_MILLIS
                + " ms): "
                + lostWhy;
        repair();
        long repaired = System.nanoTime();
        await("everything is delivered", 60_000, () -> sent.values().stream().allMatch(this::isDelivered));
        return figures + "; " + sent.size() + " messages delivered " + (System.nanoTime() - repaired) / MILLION
                + " ms after the repair";
    }

    private String cutWhileIdle() throws Exception {
        start(RESPONSE_SECONDS, true);
        wire("both loss 1");
        long cut = System.nanoTime();
        awaitLost(cut, PING_MILLIS + RESPONSE_MILLIS + SLACK_MILLIS, () -> {});
        return "noticed after " + (lostAt - cut) / MILLION + " ms (ping " + PING_MILLIS + " + response "
                + RESPONSE_MILLIS
                + " ms): " + lostWhy;
    }

    private String halfOpen() throws Exception {
        start(RESPONSE_SECONDS, true);
        wire("there loss 1");
        long cut = System.nanoTime();
        awaitLost(cut, PING_MILLIS + RESPONSE_MILLIS + SLACK_MILLIS, () -> {});
        return "noticed after " + (lostAt - cut) / MILLION + " ms (ping " + PING_MILLIS + " + response "
                + RESPONSE_MILLIS
                + " ms): " + lostWhy;
    }

    private String carrierLost() throws Exception {
        start(RESPONSE_SECONDS, true);
        sh("ip -n " + wireNamespace + " link set " + wireDevice + " down");
        long cut = System.nanoTime();
        await("the network is seen to be down", SEEN_MILLIS, () -> network.state() == NetworkState.DOWN);
        long seen = System.nanoTime();
        awaitLost(cut, SEEN_MILLIS + RESPONSE_MILLIS + SLACK_MILLIS, () -> {});
        String figures = "seen after " + (seen - cut) / MILLION + " ms, given up after " + (lostAt - cut) / MILLION
                + " ms: "
                + lostWhy;
        repair();
        long repaired = System.nanoTime();
        await("connected again", 20_000, client::isConnected);
        return figures + "; back " + (System.nanoTime() - repaired) / MILLION + " ms after the repair";
    }

    private String delay() throws Exception {
        wire("both delay 300");
        long start = System.nanoTime();
        start(RESPONSE_SECONDS, true);
        long connected = (System.nanoTime() - start) / MILLION;
        long time = delivered(longMessages, 1000, 60_000);
        requireConnections(1);
        return "connected after " + connected + " ms, " + longMessages + " messages of 1 KB in " + time
                + " ms, no reconnect";
    }

    private String loss() throws Exception {
        wire("both loss 0.2");
        start(10, true);
        long time = delivered(200, 1000, 60_000);
        return "200 messages of 1 KB in " + time + " ms on " + client.metrics().connections() + " connection(s), "
                + client.metrics().resent() + " resent";
    }

    private String slow() throws Exception {
        start(10, true);
        wire("both rate 1000");
        Queue<Publication> sent = new ConcurrentLinkedQueue<>();
        long start = System.nanoTime();
        for (int i = 0; i < slowMessages; i++) {
            sent.add(publish(1000));
        }
        await("all are delivered", 150_000, () -> sent.stream().allMatch(this::isDelivered));
        requireConnections(1);
        return "drained in " + (System.nanoTime() - start) / MILLION + " ms without a reconnect, "
                + client.metrics().resent() + " resent";
    }

    // ---- what they are made of ------------------------------------------------------------------------------------

    private void start(int responseSeconds, boolean online) throws IOException {
        lostAt = 0;
        lostWhy = "";
        boolean[] wasOnline = new boolean[1];
        mqtt = ResilientMqtt
                .builder(Clients.configuration("faults-" + numbers.incrementAndGet(), broker, "keepalive.seconds",
                        KEEP_ALIVE_SECONDS, "response.seconds", responseSeconds))
                .networkSource(network).open();
        client = mqtt.client();
        client.addConnectionListener(status -> {
            if (status.state() == ConnectionState.ONLINE) {
                wasOnline[0] = true;
            } else if (status.state() == ConnectionState.WAITING && wasOnline[0] && lostAt == 0) {
                lostWhy = status.reason();
                lostAt = System.nanoTime();
            }
        });
        if (online) {
            await("connected", 30_000, client::isConnected);
        }
    }

    private Publication publish(int bytes) {
        return client.publish(Message.to("faults").payload(new byte[bytes]).qos(Qos.AT_LEAST_ONCE).build());
    }

    private boolean isDelivered(Publication publication) {
        return client.outcome(publication.id()).isDelivered();
    }

    private long delivered(int messages, int bytes, long limitMillis) {
        long start = System.nanoTime();
        Queue<Publication> sent = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < messages; i++) {
            sent.add(publish(bytes));
        }
        await(messages + " messages are delivered", limitMillis, () -> sent.stream().allMatch(this::isDelivered));
        return (System.nanoTime() - start) / MILLION;
    }

    private void requireConnections(long connections) {
        if (client.metrics().connections() != connections) {
            throw new IllegalStateException(client.metrics().connections() + " connections: " + lostWhy);
        }
    }

    private void awaitLost(long since, long limitMillis, Runnable meanwhile) {
        await("the loss is noticed", limitMillis - (System.nanoTime() - since) / MILLION, () -> {
            meanwhile.run();
            return lostAt != 0;
        });
    }

    private static void await(String what, long limitMillis, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > limitMillis * MILLION) {
                throw new IllegalStateException("not within " + limitMillis + " ms: " + what);
            }
            LockSupport.parkNanos(MILLION);
        }
    }

    private void wire(String command) throws IOException {
        Files.writeString(wire, command + "\n", StandardOpenOption.WRITE);
    }

    private void repair() throws Exception {
        wire("both clear");
        sh("ip -n " + wireNamespace + " link set " + wireDevice + " up");
        sh("ip link set " + device + " up");
        sh("ip route replace default via " + gateway);
    }

    private static void sh(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + ": " + output);
        }
    }
}
