package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Several brokers, whose session it is, who else uses the client id. */
class BrokerListTest {
    private static final List<String> TWO = List.of("mqtt://one", "mqtt://two");
    private static final String FIRST = "10.0.0.1";
    private static final String SECOND = "10.0.0.2";

    private static World two(boolean cluster, int failbackSeconds) {
        World world = new World("brokers", TWO, "brokers.cluster", cluster, "failback.seconds", failbackSeconds);
        world.broker.resolves("one", FIRST).resolves("two", SECOND);
        return world;
    }

    private static World onTheSecond(int failbackSeconds) {
        World world = two(false, failbackSeconds);
        world.broker.refusesAt(FIRST, true).awaitsClient().acceptsNewClient();
        assertEquals("mqtt://two:1883", world.client.status().broker());
        world.broker.takeAttempts();
        return world;
    }

    // ---- sessions -------------------------------------------------------------------------------------------------

    @Test
    void anotherBrokerIsAnotherSessionAndEverythingUnacknowledgedIsSentAsNew() {
        World world = two(false, 300);
        world.broker.acceptsNewClient();
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").sends("PUBREC id=2").expects("PUBREL id=2");
        world.broker.refusesAt(FIRST, true).networkBreaks().awaitsClient().acceptsNewClient();
        assertEquals("mqtt://two:1883", world.client.status().broker());
        List<String> packets = world.broker.takeAll();
        assertTrue(packets.get(0).startsWith("PUBLISH q1 ") && packets.get(0).endsWith(" t 1"), packets::toString);
        assertFalse(packets.stream().anyMatch(packet -> packet.contains("dup")), packets::toString);
    }

    @Test
    void aClusterSharesTheSession() {
        World world = two(true, 300);
        world.broker.acceptsNewClient();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").refusesAt(FIRST, true).networkBreaks().awaitsClient()
                .expects("CONNECT id=c keepalive=60").sends("CONNACK session-present")
                .expects("PUBLISH dup q1 id=1 t 1");
        assertEquals("mqtt://two:1883", world.client.status().broker());
    }

    @Test
    void cleanStartDiscardsTheSessionOnceAndThenResumes() {
        World world = new World("clean.start", true);
        world.broker.expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT id=c *")
                .sends("CONNACK");
        world.broker.networkBreaks().awaitsClient().expects("CONNECT id=c *").sends("CONNACK session-present");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    // ---- back to the first ----------------------------------------------------------------------------------------

    @Test
    void theFirstBrokerIsGoneBackToWhenItAnswersAgainAndNotBefore() {
        World world = onTheSecond(60);
        world.broker.idles(Duration.ofSeconds(150));
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals("mqtt://two:1883", world.client.status().broker());
        List<String> asked = world.broker.takeAttempts();
        assertTrue(asked.size() >= 2 && asked.size() <= 5, asked::toString);
        assertEquals(Set.of(FIRST + ":1883"), Set.copyOf(asked));
        world.broker.takeAll();
        world.broker.refusesAt(FIRST, false);
        for (int seconds = 0; world.broker.take("DISCONNECT").isEmpty(); seconds++) {
            assertTrue(seconds <= 61, "no fail-back");
            world.broker.idles(Duration.ofSeconds(1));
        }
        assertEquals("mqtt://one:1883", world.client.status().broker());
    }

    @Test
    void whatTheOtherBrokerStillHasIsSaidToBeLostAndCounted() {
        World world = onTheSecond(60);
        assertEquals("connected", world.reason());
        world.broker.refusesAt(FIRST, false);
        for (int seconds = 0; world.broker.take("DISCONNECT").isEmpty(); seconds++) {
            assertTrue(seconds <= 61, "no fail-back");
            world.broker.idles(Duration.ofSeconds(1));
        }
        world.broker.acceptsNewClient();
        assertEquals("connected; session lost: what mqtt://two:1883 has for this client is not fetched",
                world.reason());
        assertTrue(world.takeEvents().contains("ONLINE session lost"));
        assertEquals(1, world.client.metrics().sessionsLost());
    }

    @Test
    void aFirstBrokerWithADeadAddressIsGoneBackToThroughTheOther() {
        World world = onTheSecond(60);
        world.broker.resolves("one", FIRST, "10.0.0.3");
        world.broker.idles(Duration.ofSeconds(65));
        assertEquals("mqtt://one:1883", world.client.status().broker());
    }

    @Test
    void withoutFailbackThereIsNoProbe() {
        World world = onTheSecond(0);
        world.broker.idles(Duration.ofHours(1));
        assertEquals(List.of(), world.broker.takeAttempts());
    }

    @Test
    void aProbeThatIsUnderWayWhenTheLinkBreaksChangesNothing() {
        World world = onTheSecond(60);
        world.broker.isSilentAt(FIRST, true).refusesAt(FIRST, false);
        world.broker.idles(Duration.ofSeconds(60));
        world.broker.networkBreaks().awaitsClient().accepts(true).after(Duration.ofSeconds(11));
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals("mqtt://two:1883", world.client.status().broker());
    }

    @Test
    void aProbeEndsWithTheConnectionDuringWhichItWasSent() { // it would be a second connection to the first broker
        World world = onTheSecond(60);
        world.broker.isSilentAt(FIRST, true).refusesAt(FIRST, false);
        for (int seconds = 0; world.broker.openConnections() < 2; seconds++) {
            assertTrue(seconds <= 61, "no probe");
            world.broker.idles(Duration.ofSeconds(1));
        }
        world.broker.networkBreaks();
        assertEquals(0, world.broker.openConnections());
    }

    @Test
    void theTimeToTheFailbackGoesOnWhenTheLinkIsMadeAnew() {
        World world = onTheSecond(60);
        for (int i = 0; i < 3; i++) {
            world.broker.idles(Duration.ofSeconds(11)).networkBreaks().awaitsClient().accepts(true);
        }
        world.broker.refusesAt(FIRST, false).idles(Duration.ofSeconds(27));
        assertEquals("mqtt://one:1883", world.client.status().broker());
    }

    @Test
    void windowsOfAScheduleThatAreShorterThanTheTimeToTheFailbackDoNotPreventIt() {
        World world = new World("brokers", TWO, "failback.seconds", 300, "schedule.every.minutes", 5,
                "schedule.stay.seconds", 20);
        world.broker.resolves("one", FIRST).resolves("two", SECOND);
        world.broker.refusesAt(FIRST, true).awaitsClient().acceptsNewClient().idles(Duration.ofSeconds(30)).takeAll();
        assertEquals(ConnectionState.PAUSED, world.state());
        world.broker.refusesAt(FIRST, false).awaitsClient().accepts(true);
        assertEquals("mqtt://one:1883", world.client.status().broker());
    }

    // ---- refusals -------------------------------------------------------------------------------------------------

    private static long refused(World world) {
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK code=5");
        assertTrue(world.takeEvents().contains("WAITING permanent"));
        return world.client.status().nextAttempt().toSeconds();
    }

    @Test
    void aRefusalForGoodOfOneBrokerDoesNotHoldUpTheOthers() {
        World world = two(false, 300);
        assertTrue(refused(world) <= 1, () -> world.client.status().toString());
        world.broker.awaitsClient().acceptsNewClient();
        assertEquals("mqtt://two:1883", world.client.status().broker());
    }

    @Test
    void aRefusalForGoodMakesTheWaitLongAtThatBrokerAlone() {
        World world = two(false, 300);
        refused(world);
        world.broker.takeAttempts();
        world.broker.refusesAt(SECOND, true).after(Duration.ofSeconds(29));
        List<String> attempts = world.broker.takeAttempts();
        assertTrue(attempts.size() > 3, attempts::toString);
        assertEquals(Set.of(SECOND + ":1883"), Set.copyOf(attempts));
        world.broker.after(Duration.ofSeconds(31)).expects("CONNECT *");
    }

    @Test
    void twoBrokersThatRefuseForGoodAreBothAskedSeldom() {
        World world = two(false, 300);
        refused(world);
        world.broker.awaitsClient();
        assertTrue(refused(world) >= 28, () -> world.client.status().toString());
    }

    // ---- another client with the same id --------------------------------------------------------------------------

    @Test
    void threeQuickHangUpsInARowLookLikeATakeoverAndAreRetriedSlowly() {
        World world = World.connected();
        world.broker.after(Duration.ofSeconds(1)).hangsUp().acceptsAgain(true);
        world.broker.after(Duration.ofSeconds(1)).hangsUp().acceptsAgain(true);
        assertFalse(world.reason().contains("another client"), world.reason());
        world.takeEvents();
        world.broker.after(Duration.ofSeconds(1)).hangsUp();
        assertTrue(world.reason().contains("probably another client uses the client identifier c"), world.reason());
        assertTrue(world.takeEvents().contains("WAITING permanent"));
        assertTrue(world.client.status().nextAttempt().toSeconds() >= 29, () -> world.client.status().toString());
    }

    @Test
    void quickHangUpsWithSomethingUnansweredAreNoTakeover() {
        World world = World.connected();
        for (int i = 0; i < 4; i++) {
            world.publish("t", "x" + i);
            world.broker.after(Duration.ofSeconds(1)).takeAll();
            world.broker.hangsUp();
            assertFalse(world.reason().contains("another client"), world.reason());
            world.broker.acceptsAgain(true);
        }
    }

    @Test
    void aLinkThatLastsClearsTheSuspicion() {
        World world = World.connected();
        for (int i = 0; i < 6; i++) {
            world.broker.after(Duration.ofSeconds(i % 2 == 0 ? 1 : 10)).hangsUp().acceptsAgain(true);
        }
        assertEquals(ConnectionState.ONLINE, world.state());
        assertFalse(world.events.contains("WAITING permanent"));
    }

    // ---- restarts -------------------------------------------------------------------------------------------------

    @Test
    void manyRestartsWhileTheBrokerHoldsOnMakeOneConnection() {
        World world = World.connected();
        world.broker.holdsOn(true);
        for (int i = 0; i < 10; i++) {
            world.client.connector().reconnect();
            world.client.connector().disconnect();
            world.client.connector().connect();
        }
        world.broker.expects("DISCONNECT").expectsNothing();
        int before = world.broker.connections();
        world.broker.after(Duration.ofSeconds(2)).accepts(true).expectsNothing();
        assertEquals(before + 1, world.broker.connections());
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aDisconnectWhileTheBrokerHoldsOnCancelsTheRestart() {
        World world = World.connected();
        world.broker.holdsOn(true);
        world.client.connector().reconnect();
        world.client.connector().disconnect();
        world.broker.after(Duration.ofMinutes(5)).expects("DISCONNECT").expectsNothing();
        assertEquals(ConnectionState.PAUSED, world.state());
    }
}
