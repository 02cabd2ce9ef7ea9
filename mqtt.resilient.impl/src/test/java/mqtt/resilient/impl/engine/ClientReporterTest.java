package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** What a client tells the log. */
class ClientReporterTest {

    private static String logged(Runnable task) {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            task.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aDeviceCannotForgeLinesOfTheLog() {
        ClientReporter reporter = new ClientReporter(null, null, null, "plant");
        String forged = "no number: 7\nERROR forged\r\u2028ERROR forged";
        Exception error = new IllegalStateException(forged, new NumberFormatException(forged));
        error.addSuppressed(new IllegalArgumentException(forged));
        for (Runnable report : new Runnable[] { () -> reporter.connectionListenerFailed("mine", error),
            () -> reporter.listenerFailed("mine", "plant/a", error, false) }) {
            String log = logged(report);
            assertTrue(log.contains("java.lang.IllegalStateException: no number: 7?ERROR forged??ERROR forged"), log);
            assertTrue(log.contains("Caused by: java.lang.NumberFormatException: no number: 7?ERROR"), log);
            assertTrue(log.contains("at " + ClientReporterTest.class.getName()), log);
            assertFalse(log.lines().anyMatch(line -> line.startsWith("ERROR")) || log.contains("\u2028"), log);
        }
    }

    @Test
    void aConnectionThatIsLeftOnPurposeIsNoWarning() {
        Host host = (Host) Proxy.newProxyInstance(Host.class.getClassLoader(), new Class<?>[] { Host.class },
                (self, method, arguments) -> true);
        ClientReporter reporter = new ClientReporter(host, new VirtualScheduler(), null, "plant");
        for (Duration next : new Duration[] { Duration.ZERO, Duration.ofMillis(1) }) {
            ClientStatus status = new ClientStatus("plant", ConnectionState.WAITING, Instant.EPOCH, "a reason", "", "",
                    "5", 1, next, false, "", 0, BrokerLimits.NONE, StoreHealth.OK, "", List.of());
            assertEquals(!next.isZero(), logged(() -> reporter.changed(status, false, false)).contains("WARN"));
        }
    }

    /** Line feeds, ESC and other control characters, separators, and what turns the direction of writing. */
    private static final String HOSTILE = "a\nERROR forged\r\u001b[2J\u0007\u2028ERROR\u0085ERROR\u202eb\0";

    @Test
    void nothingHostileReachesTheLogOrTheWordsOfAnEvent() {
        List<Map<?, ?>> events = new ArrayList<>();
        VirtualScheduler scheduler = new VirtualScheduler();
        Host host = (Host) Proxy.newProxyInstance(Host.class.getClassLoader(), new Class<?>[] { Host.class },
                (self, method, arguments) -> {
                    events.add((Map<?, ?>) arguments[1]);
                    return true;
                });
        ClientReporter reporter = new ClientReporter(host, scheduler, null, "plant");
        Exception error = new IllegalStateException(HOSTILE, new IOException(HOSTILE));
        StoredState incomplete = new StoredState();
        incomplete.incomplete = HOSTILE;
        List<Runnable> reports = new ArrayList<>(List.of(
                () -> reporter.configuration(HOSTILE), () -> reporter.dropped(HOSTILE, Outcome.Kind.REFUSED, HOSTILE),
                () -> scheduler.advance(Duration.ofSeconds(2)), () -> reporter.deadLettered(1, HOSTILE, HOSTILE),
                () -> reporter.storeHealth(StoreHealth.FULL, HOSTILE), () -> reporter.storeOpened(incomplete),
                () -> reporter.connectionListenerFailed(HOSTILE, error),
                () -> reporter.subscriptionRefused(HOSTILE, 135),
                () -> reporter.listenerFailed(HOSTILE, HOSTILE, error, true), () -> reporter.listenerSlow(HOSTILE, 1)));
        for (ConnectionState state : ConnectionState.values()) {
            ClientStatus status = new ClientStatus("plant", state, Instant.EPOCH, HOSTILE, HOSTILE, HOSTILE, "5", 1,
                    Duration.ofMillis(1),
                    false, HOSTILE, 135, BrokerLimits.NONE, StoreHealth.FULL, HOSTILE, List.of());
            reports.add(() -> reporter.changed(status, true, true));
        }
        int lines = 0;
        for (Runnable report : reports) {
            String log = logged(report);
            lines += log.isEmpty() ? 0 : 1;
            assertFalse(log.lines().anyMatch(line -> line.startsWith("ERROR")), log);
            assertFalse(log.replace("\n", "").replace("\t", "").codePoints().anyMatch(ClientReporterTest::isControl),
                    log);
        }
        assertTrue(lines >= 11, lines + " reports reached the log");
        assertTrue(events.size() >= 11, events.size() + " events");
        for (Map<?, ?> event : events) {
            String reason = String.valueOf(event.get(MqttConstants.REASON));
            assertFalse(reason.codePoints().anyMatch(ClientReporterTest::isControl), event.toString());
        }
    }

    @Test
    void failuresThatTakeTurnsAreToldOnceEachAndThenWhenTheirNumberIsAPowerOfTwo() {
        ClientReporter reporter = new ClientReporter((Host) Proxy.newProxyInstance(Host.class.getClassLoader(),
                new Class<?>[] { Host.class }, (self, method, arguments) -> true), new VirtualScheduler(), null,
                "plant");
        String log = logged(() -> {
            for (int attempt = 3; attempt <= 100; attempt++) {
                reporter.changed(new ClientStatus("plant", ConnectionState.WAITING, Instant.EPOCH,
                        "refused (tried 10.0.0." + attempt % 3 + ")", "mqtt://b", "c", "5", attempt,
                        Duration.ofSeconds(1),
                        false,
                        "", 0, BrokerLimits.NONE, StoreHealth.OK, "", List.of()), false, false);
            }
        });
        assertEquals(7, log.lines().count(), log); // 3, 4, 5; 8, 16, 32, 64; and no more
    }

    private static boolean isControl(int point) {
        return Set.of(Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR)
                .contains((byte) Character.getType(point));
    }
}
