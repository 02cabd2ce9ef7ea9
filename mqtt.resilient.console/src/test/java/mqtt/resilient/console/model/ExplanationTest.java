package mqtt.resilient.console.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.BrokerStatus;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What somebody reads who has just been woken up. */
class ExplanationTest {
    private static final ClientMetrics NOTHING = Figures.metrics(Map.of());

    private static String explain(ClientStatus status, ClientMetrics metrics, double growth) {
        return explain(status, metrics, growth, List.of());
    }

    private static String explain(ClientStatus status, ClientMetrics metrics, double growth, List<EventLog.Entry> log) {
        return Explanation.of(status,
                new Stretch(status.state() == ConnectionState.ONLINE, Figures.NOW, System.nanoTime()
                        - Duration.ofSeconds(125).toNanos()),
                metrics, growth, log);
    }

    @Test
    void aConnectedClientWithoutBacklogIsOneQuietParagraph() {
        assertEquals(
                "plant has been connected to mqtt://10.0.0.5:1883 for 2 min 5 s, with MQTT 5; the broker resumed the "
                        + "session. It answers within 23.4 ms. No message is pending. Store healthy.",
                explain(Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO),
                        Figures.metrics(Map.of("roundTripNanos", 23_400_000L)), Double.NaN));
    }

    @Test
    void whatIsRemarkableOfAConnectionIsSaid() {
        String text = explain(Figures.status(ConnectionState.ONLINE, "connected; acknowledgements are late: why",
                Duration.ZERO), NOTHING, Double.NaN);
        assertTrue(text.contains(" Acknowledgements are late: why."), text);
    }

    @Test
    void ofSeveralBrokersEachIsSaidToWorkOrHowItFailed() {
        ClientStatus one = Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO);
        ClientStatus status = new ClientStatus(one.client(), one.state(), one.since(), one.reason(), one.broker(),
                one.clientId(), one.protocol(), 0, Duration.ZERO, true, "", 0, one.limits(), one.store(), "",
                List.of(new BrokerStatus("mqtt://a", Instant.EPOCH, Figures.NOW, "Connection refused"),
                        new BrokerStatus("mqtt://b", Figures.NOW, Instant.EPOCH, "")));
        String now = Text.time(Figures.NOW);
        String text = explain(status, NOTHING, Double.NaN);
        assertTrue(text.contains(" Brokers: mqtt://a has not accepted a connection, last failed at " + now
                + " (Connection refused); mqtt://b last accepted at " + now + "."), text);
    }

    @Test
    void anOutageSaysWhyWhatComesNextAndWhen() {
        assertEquals("plant has not been connected for 2 min 5 s, since " + Text.time(Figures.NOW) + ". "
                + "The last attempt was to mqtt://10.0.0.5:1883. Reason: Connection refused. Attempt 5 begins in 42 s; "
                + "mqtt:reconnect tries at once. 1,234 messages are pending (2.5 MB), the oldest for 3 h 2 min; the "
                + "backlog grows by 4.0 messages per second. They are sent when the client is connected. Store "
                + "healthy.",
                explain(Figures.status(ConnectionState.WAITING, "Connection refused", Duration.ofSeconds(42)),
                        Figures.metrics(
                                Map.of("pending", 1234L, "pendingBytes", 2_500_000L, "oldestMillis", 10_930_000L)),
                        4));
    }

    @Test
    void anAttemptUnderWaySaysWhatWentWrongBefore() {
        EventLog log = new EventLog(System::nanoTime);
        log.add("plant", Figures.NOW, 1, "DISCONNECTED", "long ago");
        log.add("plant", Figures.NOW, 1, "CONNECTED", "");
        ClientStatus connecting = Figures.status(ConnectionState.CONNECTING, "", Duration.ZERO);
        assertFalse(explain(connecting, NOTHING, Double.NaN, log.of("plant")).contains("long ago"));
        log.add("plant", Figures.NOW, 1, "DISCONNECTED", "Connection refused");
        log.add("plant", Figures.NOW, 1, "STORE", "OK");
        assertTrue(explain(connecting, NOTHING, Double.NaN, log.of("plant")).contains("It is connecting to "
                + "mqtt://10.0.0.5:1883 (attempt 4): the network connection is being made. Before: Connection refused. "
                + "If this attempt fails"));
    }

    @Test
    void anAttemptThatIsHeldBackSaysThatItWaitsForTheCause() {
        assertTrue(explain(Figures.status(ConnectionState.WAITING, "the network is down", Duration.ZERO), NOTHING,
                Double.NaN)
                .contains("Reason: the network is down. The next attempt begins when that changes"));
    }

    @Test
    void theBacklogSaysWhenItWillBeGone() {
        ClientMetrics metrics = Figures.metrics(Map.of("pending", 6000L));
        ClientStatus online = Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO);
        assertTrue(explain(online, metrics, -100)
                .contains("the backlog shrinks by 100.0 messages per second and will be empty in about 1 min 0 s."));
        assertTrue(explain(online, metrics, 0).contains("the backlog neither grows nor shrinks."));
        assertFalse(explain(online, metrics, Double.NaN).contains("backlog"), "nothing is known of it");
    }

    @Test
    void whatIsUnderWayIsNoBacklogThatGrowsAndAClientThatBeganAnewHasNoTendency() {
        Duration second = Duration.ofSeconds(1);
        ClientMetrics healthy = Figures.metrics(Map.of("pending", 60L, "inFlight", 60L, "accepted", 5000L));
        ClientMetrics backlog = Figures.metrics(Map.of("pending", 180L, "inFlight", 60L, "accepted", 6000L));
        assertEquals(0, Explanation.growth(Figures.metrics(Map.of("pending", 20L, "inFlight", 20L)), healthy, second));
        assertEquals(120, Explanation.growth(healthy, backlog, second));
        assertEquals(-30, Explanation.growth(backlog, Figures.metrics(Map.of("pending", 60L, "accepted", 6000L)),
                second.multipliedBy(2)));
        assertEquals(Double.NaN, Explanation.growth(backlog, healthy, second));
    }

    @Test
    void aPauseSaysWhetherItEndsByItself() {
        assertTrue(explain(Figures.status(ConnectionState.PAUSED, "disconnect() was called", Duration.ZERO), NOTHING,
                Double.NaN)
                .contains("It stays paused until mqtt:connect."));
        assertTrue(explain(
                Figures.status(ConnectionState.PAUSED, "until the next window of the schedule", Duration.ofHours(3)),
                NOTHING,
                Double.NaN).contains("It connects by itself in 3 h 0 min."));
    }

    @Test
    void aRefusedConfigurationAndAStoreInTroubleAreNotKeptQuiet() {
        String text = explain(
                Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO, "brokers: \"x\" is not allowed",
                        StoreHealth.FULL, "12 bytes are left"),
                Figures.metrics(Map.of("dropped", 3L, "expired", 1L, "rejected", 7L, "eventsDropped", 9L,
                        "closed", 2L)),
                Double.NaN);
        assertTrue(text
                .contains("The latest configuration was rejected, the one before stays in force: brokers: \"x\" is not"
                        + " allowed."),
                text);
        assertTrue(text.startsWith(
                "The store of plant is full: messages are rejected, stored messages are delivered (12 bytes are "
                        + "left)."),
                text);
        assertTrue(text.contains(
                "Not delivered so far: 3 messages dropped by a bound, 1 message expired, 2 messages lost with the "
                        + "stop of the client."),
                text);
        assertTrue(text.contains("Rejected: 7 messages."), text);
        assertTrue(text.contains("Events dropped, because a handler of events blocked: 9."), text);
    }

    @ParameterizedTest
    @EnumSource(ConnectionState.class)
    void everyStateIsOneParagraphThatNamesTheClientAndIsHarmless(ConnectionState state) {
        String text = explain(Figures.status(state, "because\n\u001b[31mof \u202ethis", Duration.ofSeconds(1)), NOTHING,
                Double.NaN);
        assertTrue(text.startsWith("plant "), text);
        assertTrue(text.chars().allMatch(each -> each >= ' ' && each < 127), text);
    }

    @Test
    void whateverIsWrongWithTheStoreIsTheFirstSentenceAndNeverHealthy() {
        for (StoreHealth health : StoreHealth.values()) {
            String text = explain(
                    Figures.status(ConnectionState.ONLINE, "connected", Duration.ZERO, "", health, "because"), NOTHING,
                    Double.NaN);
            assertEquals(health == StoreHealth.OK, text.contains("Store healthy."), text);
            assertEquals(health != StoreHealth.OK,
                    text.startsWith("The store of plant is ") && text.contains("because"), text);
        }
    }

    @Test
    void nothingThatOthersWroteActsOnATerminal() {
        String hostile = "a\n\r\u001b[2J\u2028b\u202e";
        EventLog log = new EventLog(System::nanoTime);
        log.add("plant", Figures.NOW, 1, "DISCONNECTED", hostile);
        for (ConnectionState state : ConnectionState.values()) {
            for (StoreHealth health : StoreHealth.values()) {
                ClientStatus status = new ClientStatus("plant", state, Figures.NOW, hostile, hostile, hostile, "5", 1,
                        Duration.ZERO, false,
                        hostile, 0x87, Figures.status(state, Figures.NOW).limits(), health, hostile,
                        List.of(new BrokerStatus(hostile, Instant.EPOCH, Figures.NOW, hostile)));
                String text = explain(status, NOTHING, Double.NaN, log.of("plant"));
                assertTrue(text.codePoints().allMatch(point -> point >= ' ' && point != 0x2028 && point != 0x202e),
                        text);
            }
        }
    }
}
