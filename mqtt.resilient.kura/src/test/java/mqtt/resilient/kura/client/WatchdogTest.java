package mqtt.resilient.kura.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;
import org.eclipse.kura.watchdog.CriticalComponent;
import org.eclipse.kura.watchdog.WatchdogService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When Kura's watchdog hears of a client. */
class WatchdogTest {
    private static final int LOOKS = 5;

    private final AtomicInteger checkIns = new AtomicInteger();
    private final AtomicReference<CriticalComponent> registered = new AtomicReference<>();
    private final Semaphore looks = new Semaphore(0);
    private volatile ClientStatus status;

    private final WatchdogService service = new WatchdogService() {
        @Override
        public void registerCriticalComponent(CriticalComponent component) {
            registered.set(component);
        }

        @Override
        public void unregisterCriticalComponent(CriticalComponent component) {
            registered.compareAndSet(component, null);
        }

        @Override
        public void checkin(CriticalComponent component) {
            checkIns.incrementAndGet();
        }
    };

    private static ClientStatus status(ConnectionState state, int reasonCode) {
        return new ClientStatus("c", state, Instant.EPOCH, "", "", "", "", 1, Duration.ZERO, false, "", reasonCode,
                BrokerLimits.NONE, StoreHealth.OK, "", List.of());
    }

    private ClientStatus look() {
        looks.release();
        return status;
    }

    private void awaitLooks() throws InterruptedException {
        looks.drainPermits();
        assertTrue(looks.tryAcquire(LOOKS, 60, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @CsvSource({ "ONLINE,0,true", "PAUSED,0,true", "OFFLINE,0,true", "FAILED,0,true", "WAITING,5,true",
        "CONNECTING,135,true", "WAITING,0,false", "RESOLVING,0,false", "CONNECTING,0,false", "HANDSHAKE,0,false" })
    void aClientChecksInUnlessItWantsAConnectionThatNobodyRefuses(ConnectionState state, int reasonCode,
            boolean checksIn)
            throws InterruptedException {
        status = status(state, reasonCode);
        try (Watchdog watchdog = new Watchdog(service, "c", 100, this::look)) {
            assertEquals(watchdog, registered.get());
            awaitLooks();
            assertEquals(checksIn, checkIns.get() > 0);
            status = status(ConnectionState.ONLINE, 0);
            awaitLooks();
            assertTrue(checkIns.get() > 0, "a client that is back checks in");
        }
        assertEquals(null, registered.get());
    }

    @Test
    void aClientThatCannotBeAskedIsAskedAgain() throws InterruptedException {
        AtomicInteger asked = new AtomicInteger();
        status = status(ConnectionState.ONLINE, 0);
        try (Watchdog watchdog = new Watchdog(service, "c", 100, () -> {
            if (asked.incrementAndGet() == 1) {
                throw new IllegalStateException("released");
            }
            return look();
        })) {
            awaitLooks();
            assertEquals("c", watchdog.getCriticalComponentName());
        }
        assertTrue(checkIns.get() > 0);
    }
}
