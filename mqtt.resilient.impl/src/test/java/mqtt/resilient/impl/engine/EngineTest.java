package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What all clients share, and what its end leaves behind. */
@Timeout(60)
class EngineTest {
    private static final long POLL_NANOS = 2_000_000L;

    @TempDir
    private Path directory;

    private ManagedClient client(Engine engine) {
        return client(engine, null);
    }

    private ManagedClient client(Engine engine, NetworkStateSource source) {
        return client(engine, source, true);
    }

    private ManagedClient client(Engine engine, NetworkStateSource source, boolean takesEvents) {
        Host host = (Host) Proxy.newProxyInstance(Host.class.getClassLoader(), new Class<?>[] { Host.class },
                (self, method, arguments) -> switch (method.getName()) {
                    case "networkSource" -> source;
                    case "isDataAreaCleaned" -> false;
                    case "describe" -> "listener";
                    case "post" -> takesEvents;
                    default -> null;
                });
        ManagedClient client = new ManagedClient(engine, host, "plant");
        client.configure(
                new HashMap<>(Map.of("mqtt.client", "plant", "client.id", "plant", "brokers", "mqtt://127.0.0.1:1",
                        "store.directory", directory.toString())),
                null);
        return client;
    }

    @Test
    void anEventThatIsDroppedIsCountedForItsClient() throws Exception {
        Engine engine = new Engine("host", directory);
        try {
            assertEquals(0, client(engine, null, true).client().metrics().eventsDropped());
            assertTrue(client(engine, null, false).client().metrics().eventsDropped() > 0);
        } finally {
            engine.stop();
        }
    }

    private static StoreHealth awaitStore(ManagedClient client) {
        while (client.client().status().store() == StoreHealth.OPENING) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        return client.client().status().store();
    }

    @Test
    void aNetworkSourceThatFindsNoHeapAtFirstIsListenedToAllTheSame() throws IOException, InterruptedException {
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch listens = new CountDownLatch(1);
        NetworkStateSource source = (NetworkStateSource) Proxy.newProxyInstance(
                NetworkStateSource.class.getClassLoader(),
                new Class<?>[] { NetworkStateSource.class }, (self, method, arguments) -> {
                    if (method.getName().equals("listen")) {
                        if (calls.incrementAndGet() == 1) {
                            throw new OutOfMemoryError("Java heap space");
                        }
                        listens.countDown();
                        return (AutoCloseable) () -> {};
                    }
                    return method.getName().equals("state") ? NetworkState.UP : null;
                });
        Engine engine = new Engine("mqtt-osgi", null);
        ManagedClient client = client(engine, source);
        assertTrue(listens.await(30, TimeUnit.SECONDS));
        client.dispose();
        engine.stop();
        assertEquals(2, calls.get());
    }

    @Test
    void aLineBreakAtTheEndOfAValueIsWarnedOfWithTheKeyAndWithoutTheValue()
            throws IOException, InterruptedException {
        Engine engine = new Engine("mqtt-osgi", null);
        ManagedClient client = client(engine);
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            client.configure(Map.of("mqtt.client", "plant", "client.id", "plant", "brokers", "mqtt://127.0.0.1:1",
                    "store.directory", directory.toString(), "user", "u", ".password", "geheim\n"), null);
        } finally {
            System.setErr(before);
        }
        client.dispose();
        engine.stop();
        String text = log.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("plant: a line break at the end is part of the value: [.password]"), text);
        assertFalse(text.contains("geheim"), text);
    }

    @Test
    void aClientThatMayNotHaveAnotherNameStillAcceptsMessages() throws Exception {
        Engine engine = new Engine("mqtt-osgi", null);
        ManagedClient other = client(engine);
        ManagedClient client = client(engine);
        assertTrue(client.client().status().configurationError().contains("another client"));
        Map<String, Object> own = Map.of("mqtt.client", "own", "client.id", "own", "brokers", "mqtt://127.0.0.1:1",
                "store.directory", directory.toString());
        client.configure(own, null);
        while (client.client().status().store() != StoreHealth.OK) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        Map<String, Object> taken = new HashMap<>(own);
        taken.put("mqtt.client", "plant");
        client.configure(taken, null); // the name comes with another place, for which the store is left
        assertTrue(client.client().status().configurationError().contains("another client"));
        CompletableFuture<Void> begun = new CompletableFuture<>();
        engine.environment().scheduler().execute(() -> begun.complete(null));
        begun.get(30, TimeUnit.SECONDS);
        Message message = Message.to("t").build();
        assertEquals(Durability.POWER,
                client.client().publish(message).stored().toCompletableFuture().get(30, TimeUnit.SECONDS));
        client.dispose();
        other.dispose();
        engine.stop();
    }

    @Test
    void aClientThatEndsIsTakenCareOfUntilItsStoreIsClosed() throws IOException, InterruptedException {
        Engine engine = new Engine("mqtt-osgi", null);
        ManagedClient client = client(engine);
        assertEquals(StoreHealth.OK, awaitStore(client));
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        client.dispose();
        engine.ending(client, stopped);
        assertEquals(Set.of(client), engine.alive());
        stopped.complete(null);
        assertEquals(Set.of(), engine.alive());
        engine.stop();
    }

    @Test
    void theLockOfAStoreIsGivenUpAlsoWhenTheLoopHangs() throws IOException, InterruptedException {
        Engine first = new Engine("mqtt-osgi", null);
        ManagedClient before = client(first);
        assertEquals(StoreHealth.OK, awaitStore(before));
        CountDownLatch hangs = new CountDownLatch(1);
        first.environment().scheduler().execute(() -> {
            while (hangs.getCount() > 0) {
                LockSupport.parkNanos(POLL_NANOS);
            }
        });
        before.dispose();
        first.stop();

        Engine second = new Engine("mqtt-osgi", null);
        ManagedClient after = client(second);
        assertEquals(StoreHealth.OK, awaitStore(after), () -> after.client().status().storeReason());
        hangs.countDown();
        after.dispose();
        second.stop();
    }
}
