package mqtt.resilient.plain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.management.ObjectName;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client of a plain program, with real threads, files and sockets. */
@Timeout(120)
class ResilientMqttTest {
    private static final long LIMIT_NANOS = 30_000_000_000L;

    @TempDir
    Path directory;
    private final Set<Thread> before = engineThreads();
    private LittleBroker broker = new LittleBroker();

    @AfterEach
    void everyThreadHasEnded() throws IOException {
        broker.close();
        await(() -> "only " + before + " are left", () -> newThreads().isEmpty());
        assertFalse(System.getProperties().stringPropertyNames().stream()
                .anyMatch(each -> each.contains(directory.toString())));
    }

    private static Set<Thread> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(each -> each.getName().startsWith("mqtt-"))
                .collect(Collectors.toSet());
    }

    private List<String> newThreads() {
        return engineThreads().stream().filter(each -> !before.contains(each)).map(Thread::getName).sorted().toList();
    }

    private static void await(Supplier<String> what, BooleanSupplier condition) {
        long since = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - since < LIMIT_NANOS, what);
            LockSupport.parkNanos(2_000_000);
        }
    }

    private Map<String, Object> configuration(Object... more) {
        Map<String, Object> all = new HashMap<>(
                Map.of("mqtt.client", "plant", "brokers", broker.uri(), "store.directory",
                        directory.toString(), "backoff.min.ms", "10", "backoff.max.seconds", 1));
        for (int i = 0; i < more.length; i += 2) {
            all.put((String) more[i], more[i + 1]);
        }
        return all;
    }

    private String refusal(Object... more) {
        return assertThrows(IllegalArgumentException.class, () -> ResilientMqtt.open(configuration(more)).close())
                .getMessage();
    }

    private static BlockingQueue<String> subscribe(ResilientMqttClient client) {
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        client.subscribe("plant/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                message -> received.add(Thread.currentThread().getName() + " "
                        + message.topic() + " " + new String(message.payload(), StandardCharsets.UTF_8)));
        return received;
    }

    @Test
    void publishesAndListensAndSaysGoodbye() throws Exception {
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration("protocol", "3.1.1"))) {
            BlockingQueue<String> received = subscribe(mqtt.client());
            await(() -> "subscribed", () -> mqtt.client().isConnected());
            assertTrue(
                    mqtt.client().publish(Message.to("plant/a").payload("1").build()).delivered().toCompletableFuture()
                            .get(30, TimeUnit.SECONDS).isDelivered());
            String message = received.poll(30, TimeUnit.SECONDS);
            assertTrue(message.matches("mqtt-listener-\\d+ plant/a 1"), message);
            assertEquals("ResilientMqtt[plant]", mqtt.toString());
            engineThreads().forEach(thread -> assertTrue(thread.isDaemon(), thread.getName()));
        }
        await(() -> "the broker hears of the end: " + broker.heard,
                () -> broker.heard.lastIndexOf("DISCONNECT") == broker.heard.size() - 1);
        assertFalse(newThreads().contains("mqtt-io"));
    }

    @Test
    void aConfigurationThatIsNotUsableIsThrownAndNothingIsLeft() {
        assertEquals("keepalive.seconds: \"soon\" is not allowed; allowed: a whole number from 0 to 65535",
                refusal("keepalive.seconds", "soon"));
        assertTrue(refusal("brokers", "tcp://here").startsWith("brokers: "));
        assertTrue(refusal("mqtt.client", "").startsWith("mqtt.client: "));
        assertEquals(List.of(), broker.heard);
        assertThrows(NullPointerException.class, () -> ResilientMqtt.open(null));
    }

    @Test
    void aStoreNeedsAPlaceAndAClientWithoutOneItsId() throws IOException {
        assertEquals(
                "store.directory: \"\" is not allowed; allowed: the path of a directory, in which the messages are "
                        + "kept, or with store=memory none",
                refusal("store.directory", ""));
        assertTrue(refusal("store.directory", "", "store", "memory").startsWith("client.id: \"\" is not allowed"));
        try (ResilientMqtt mqtt = ResilientMqtt
                .open(configuration("store.directory", "", "store", "memory", "client.id", "me"))) {
            await(() -> "connected", () -> mqtt.client().isConnected());
            assertEquals("me", mqtt.client().status().clientId());
        }
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void whatWasPendingIsDeliveredAfterARestart() throws Exception {
        broker.close();
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            mqtt.client().publish(Message.to("plant/a").payload("kept").build()).stored().toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        }
        broker = new LittleBroker();
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            assertTrue(mqtt.client().drain(Duration.ofSeconds(30)).toCompletableFuture().join());
        }
        assertTrue(broker.heard.contains("PUBLISH plant/a kept"), broker.heard::toString);
    }

    @Test
    void aStoreThatAnotherClientUsesIsAnErrorAndStaysLockedForOtherProcesses() throws Exception {
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            String error = assertThrows(IOException.class, () -> ResilientMqtt.open(configuration()).close())
                    .getMessage();
            assertTrue(error.matches("plant: .*store.directory.*in use by another client.*"), error);
            assertEquals("null", LockProgram.tryLock(directory.resolve("plant.journal/lock")));
            assertEquals("plant", mqtt.client().status().client());
        }
        assertEquals("locked", LockProgram.tryLock(directory.resolve("plant.journal/lock")));
    }

    @Test
    void takesAnotherConfigurationWhileItRunsAndKeepsTheLastOneIfThatIsNotUsable() throws Exception {
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration("packet.max.bytes", 200, "client.id", "first"))) {
            await(() -> "connected", () -> mqtt.client().isConnected());
            Message large = Message.to("plant/a").payload(new byte[1000]).build();
            assertTrue(mqtt.client().publish(large).stored().toCompletableFuture().isCompletedExceptionally());
            mqtt.configure(configuration("client.id", "first"));
            assertTrue(mqtt.client().publish(large).stored().toCompletableFuture().get(30, TimeUnit.SECONDS) != null);

            String error = assertThrows(IllegalArgumentException.class,
                    () -> mqtt.configure(configuration("client.id", "second", "protocol", "4"))).getMessage();
            assertEquals("protocol: \"4\" is not allowed; allowed: auto, 5 or 3.1.1", error);
            assertEquals(error, mqtt.client().status().configurationError());
            await(() -> "connected", () -> mqtt.client().isConnected()); // packet.max.bytes has made it connect again
            mqtt.configure(configuration("client.id", "second"));
            assertEquals("", mqtt.client().status().configurationError());
            await(() -> "the new id: " + broker.heard,
                    () -> broker.heard.stream().anyMatch(each -> each.endsWith(" second")));
        }
    }

    @Test
    void anotherPlaceThatWouldLeaveMessagesBehindIsRefused() throws Exception {
        broker.close();
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            mqtt.client().publish(Message.to("plant/a").build()).stored().toCompletableFuture().get(30,
                    TimeUnit.SECONDS);
            Map<String, Object> elsewhere = configuration("store.directory", directory.resolve("elsewhere").toString());
            assertTrue(assertThrows(IllegalArgumentException.class, () -> mqtt.configure(elsewhere)).getMessage()
                    .contains("messages are pending"));
        }
        assertFalse(Files.exists(directory.resolve("elsewhere/plant.journal")));
    }

    @Test
    void severalClientsShareTheThreadsUntilTheLastOneCloses() throws Exception {
        ResilientMqtt first = ResilientMqtt.open(configuration());
        try (ResilientMqtt second = ResilientMqtt.builder(configuration("mqtt.client", "second")).sharing(first)
                .open()) {
            String error = assertThrows(IllegalArgumentException.class,
                    () -> ResilientMqtt.builder(configuration()).sharing(first).open()).getMessage();
            assertTrue(error.startsWith("mqtt.client: \"plant\" is the name of another client"), error);
            await(() -> "both are connected", () -> first.client().isConnected() && second.client().isConnected());
            assertEquals(1, newThreads().stream().filter("mqtt-io"::equals).count());
            first.close();
            assertTrue(second.client().publish(Message.to("plant/b").build()).delivered().toCompletableFuture()
                    .get(30, TimeUnit.SECONDS).isDelivered());
            try (ResilientMqtt third = ResilientMqtt.builder(configuration()).sharing(second).open()) {
                await(() -> "the name is free again", () -> third.client().isConnected());
            }
        }
        assertThrows(IllegalStateException.class, () -> ResilientMqtt.builder(configuration()).sharing(first).open());
    }

    @Test
    void whatIsRefusedIsNotTakenLater() throws Exception {
        ResilientMqtt first = ResilientMqtt.open(configuration());
        try (ResilientMqtt second = ResilientMqtt.builder(configuration("mqtt.client", "second")).sharing(first)
                .open()) {
            assertThrows(IllegalArgumentException.class, () -> second.configure(configuration()));
            first.close(); // in a framework the second would be plant now
            try (ResilientMqtt third = ResilientMqtt.builder(configuration("mqtt.client", "third")).sharing(second)
                    .open()) {
                ObjectName figures = new ObjectName("mqtt.resilient:type=Client,name=\"third\"");
                await(() -> third + " has its MXBean, and so mqtt-host has heard of the end of the first",
                        () -> ManagementFactory.getPlatformMBeanServer().isRegistered(figures));
                assertEquals("second", second.client().status().client());
            }
        }
    }

    @Test
    void isClosedOnceAndThenItsMethodsThrow() throws IOException {
        ResilientMqtt mqtt = ResilientMqtt.open(configuration());
        mqtt.close();
        mqtt.close();
        assertEquals("client plant is closed: the program has released it",
                assertThrows(IllegalStateException.class, () -> mqtt.client().publish(Message.to("a").build()))
                        .getMessage());
        assertThrows(IllegalStateException.class, () -> mqtt.configure(configuration()));
    }

    @Test
    void mayBeClosedInAListener() throws Exception {
        ResilientMqtt mqtt = ResilientMqtt.open(configuration());
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        mqtt.client().subscribe("plant/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> {
            mqtt.close();
            interrupted.complete(Thread.interrupted());
        });
        mqtt.client().publish(Message.to("plant/a").build());
        assertFalse(interrupted.get(30, TimeUnit.SECONDS));
    }

    @Test
    void anInterruptedThreadClosesAllOfItAndStaysInterrupted() throws IOException {
        ResilientMqtt mqtt = ResilientMqtt.open(configuration());
        Thread.currentThread().interrupt();
        mqtt.close();
        assertTrue(Thread.interrupted());
        ResilientMqtt.open(configuration()).close(); // the store is not locked any more
    }

    @Test
    void anInterruptedThreadKeepsTheIdentity() throws Exception {
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, () -> ResilientMqtt.open(configuration()));
        assertTrue(Thread.interrupted());
        assertTrue(Files.exists(directory.resolve("plant.client-id")));
        String elsewhere = directory.resolve("elsewhere").toString();
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            Thread.currentThread().interrupt();
            mqtt.configure(configuration("store.directory", elsewhere));
            assertTrue(Thread.interrupted());
            assertTrue(Files.exists(directory.resolve("elsewhere/plant.client-id")));
        }
    }

    @Test
    void anotherPlaceIsTakenWhileOneIsBeingOpened() throws Exception {
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            for (int i = 0; i < 20; i++) {
                mqtt.configure(configuration("store.directory", directory.resolve("place" + i).toString()));
            }
            await(() -> "the last place is open", () -> Files.exists(directory.resolve("place19/plant.journal/lock")));
        }
    }

    @Test
    void whatIsNullIsRefusedByName() throws Exception {
        assertTrue(refusal(null, "x").startsWith("configuration: the key null is not allowed"));
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration())) {
            String taken = assertThrows(IllegalArgumentException.class,
                    () -> ResilientMqtt.builder(configuration("user", null)).sharing(mqtt).open()).getMessage();
            assertTrue(taken.startsWith("mqtt.client: \"plant\" is the name of another client"), taken);
            SubscribeOptions options = SubscribeOptions.qos(Qos.AT_LEAST_ONCE);
            for (List<String> filters : Arrays.<List<String>>asList(null, Arrays.asList("a", null))) {
                assertEquals("filters: " + filters + " is not allowed; allowed: at least one filter, each once",
                        assertThrows(IllegalArgumentException.class,
                                () -> mqtt.client().subscribe(filters, options, message -> {}))
                                .getMessage());
            }
        }
    }

    @Test
    void whoClosesASecondTimeWaitsForTheFirst() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        NetworkStateSource slow = new Modem() {
            @Override
            public AutoCloseable listen(Consumer<NetworkState> listener) {
                return () -> {
                    inside.countDown();
                    go.await(1, TimeUnit.SECONDS);
                };
            }
        };
        ResilientMqtt mqtt = ResilientMqtt.builder(configuration("network.source", "modem")).networkSource(slow).open();
        await(() -> "connected", () -> mqtt.client().isConnected());
        Thread first = new Thread(mqtt::close, "first");
        first.start();
        assertTrue(inside.await(30, TimeUnit.SECONDS));
        Thread.currentThread().interrupt();
        mqtt.close();
        assertTrue(Thread.interrupted());
        ResilientMqtt.open(configuration()).close(); // the store is closed
        first.join();
    }

    @Test
    void theThreadsOfAClosedClientAreNotSharedAlsoWhileAnotherHasThem() throws IOException {
        ResilientMqtt first = ResilientMqtt.open(configuration());
        try (ResilientMqtt second = ResilientMqtt.builder(configuration("mqtt.client", "second")).sharing(first)
                .open()) {
            first.close();
            assertEquals("the client whose threads are to be shared is closed",
                    assertThrows(IllegalStateException.class,
                            () -> ResilientMqtt.builder(configuration()).sharing(first).open(), second::toString)
                            .getMessage());
        }
    }

    @Test
    void speaksFiveWhereItsJarIs() throws IOException {
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration("protocol", "5"))) {
            await(() -> "connected", () -> mqtt.client().isConnected());
            assertEquals("5", mqtt.client().status().protocol());
        }
    }

    @Test
    void authenticatesWithWhatItIsGiven() throws Exception {
        assertEquals(
                "auth.method: \"MINE\" is not allowed; allowed: empty, and what an authenticator was given for: []",
                refusal("auth.method", "MINE"));
        CompletableFuture<String> asked = new CompletableFuture<>();
        Authenticator authenticator = client -> {
            asked.complete(client);
            throw new IOException("enough");
        };
        try (ResilientMqtt mqtt = ResilientMqtt.builder(configuration("auth.method", "MINE"))
                .authenticator("MINE", authenticator)
                .open()) {
            assertEquals("plant", asked.get(30, TimeUnit.SECONDS));
            await(() -> "the failure is told", () -> mqtt.client().status().reason().contains("enough"));
        }
    }

    @Test
    void watchesTheNetworkThatItIsGiven() throws Exception {
        assertEquals("network.source: \"modem\" is not allowed; allowed: auto, system, none",
                refusal("network.source", "modem"));
        broker.close();
        Modem modem = new Modem();
        try (ResilientMqtt mqtt = ResilientMqtt
                .builder(configuration("network.source", "modem", "network.bounce.after", 1))
                .networkSource(modem).open()) {
            assertEquals("mqtt-host", modem.bounced.get(30, TimeUnit.SECONDS));
            assertEquals(1, modem.listeners.size(), mqtt.toString());
        }
        await(() -> "nobody listens", () -> modem.listeners.isEmpty());
    }

    private static class Modem implements NetworkStateSource {
        private final List<Consumer<NetworkState>> listeners = new CopyOnWriteArrayList<>();
        private final CompletableFuture<String> bounced = new CompletableFuture<>();

        @Override
        public String name() {
            return "modem";
        }

        @Override
        public NetworkState state() {
            return NetworkState.UP;
        }

        @Override
        public void bounce() {
            bounced.complete(Thread.currentThread().getName());
        }

        @Override
        public AutoCloseable listen(Consumer<NetworkState> listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }
    }
}
