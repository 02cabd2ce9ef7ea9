package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Every answer has its time; a slow link is not a dead link. */
class DeadlineTest {

    @Test
    void aMissingPubackEndsTheLinkAfterTheResponseTimeAndNotBefore() { // 10 s, not 50 s; mosquitto#2176
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").after(millis(9_900)).expects("PINGREQ").expectsNothing();
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(200));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("no acknowledgement within 10.0 s (response.seconds)"), world.reason());
    }

    @Test
    void everyAcknowledgementReArmsTheDeadline() {
        World world = World.connected();
        for (int i = 1; i <= 5; i++) {
            world.publish("t", "" + i);
        }
        world.broker.takeAll();
        for (int i = 1; i <= 4; i++) {
            world.broker.after(millis(9_000)).sends("PUBACK id=" + i).takeAll();
            assertTrue(world.broker.isConnected(), "after " + i);
        }
        world.broker.after(millis(9_900));
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(200));
        assertFalse(world.broker.isConnected());
    }

    /** The broker answers each message after a time, and pings at once. */
    private static int sentToABrokerThatAnswersAfter(int seconds, World world) {
        int sent = 0;
        for (int i = 0; i < 20; i++) {
            world.publish("t", "x");
            world.broker.idles(Duration.ofSeconds(seconds));
            List<String> publishes = world.broker.take("PUBLISH");
            sent += publishes.size();
            publishes.forEach(each -> world.broker.sends("PUBACK " + each.replaceAll(".*(id=\\d+).*", "$1")));
        }
        return sent;
    }

    @Test
    void aBrokerThatAnswersPingsIsWaitedForAndNothingIsSentTwice() { // seen: 85 messages cost 134 PUBLISH
        World world = World.connected();
        int connections = world.broker.connections();
        assertEquals(20, sentToABrokerThatAnswersAfter(15, world));
        assertEquals(connections, world.broker.connections());
        assertEquals(20, world.client.metrics().delivered());
    }

    @Test
    void theStatusSaysThatAcknowledgementsAreLate() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.idles(Duration.ofSeconds(12));
        assertTrue(world.reason().startsWith("connected; acknowledgements are late: the broker answers pings"),
                world.reason());
        assertTrue(world.reason().contains("120.0 s of this (acknowledge.seconds)"), world.reason());
        world.takeEvents();
        world.broker.sends("PUBACK id=1");
        assertEquals("connected", world.reason());
        assertEquals(List.of(), world.takeEvents());
    }

    @Test
    void aBrokerThatAnswersPingsAndNeverAcknowledgesIsLeftAfterTheTimeForAcknowledgements() {
        World world = World.connected("acknowledge.seconds", 60);
        world.publish("t", "1");
        assertEndsAfter(world, Duration.ofSeconds(60));
        assertTrue(world.reason().contains(
                "no acknowledgement within 60.0 s, although pings are answered (acknowledge.seconds)"), world.reason());
    }

    @Test
    void aBrokerThatStopsToAnswerPingsIsNotWaitedFor() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.idles(Duration.ofSeconds(12));
        for (int seconds = 0; world.broker.isConnected(); seconds++) {
            world.broker.after(Duration.ofSeconds(1));
            assertTrue(seconds <= 26, "15 s to the ping and 10 s to its deadline");
        }
        assertTrue(world.reason().contains("no PINGRESP"), world.reason());
    }

    @Test
    void otherBytesDoNotReArmTheDeadlineOfAnAcknowledgement() { // mosquitto#2176: pings succeed, the bridge stalls
        World world = World.connected();
        world.subscribe("in", 0, message -> {});
        world.broker.expects("SUBSCRIBE id=1 in:0").sends("SUBACK id=1 0");
        world.publish("t", "1");
        for (int i = 0; i < 5; i++) {
            world.broker.after(millis(1_900)).sends("PUBLISH q0 in x");
        }
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(600));
        assertFalse(world.broker.isConnected());
    }

    @Test
    void aPubcompIsAwaitedLikeAPuback() {
        World world = World.connected();
        world.publish("t", "1", 2);
        world.broker.expects("PUBLISH q2 id=1 t 1").after(millis(9_000)).expects("PINGREQ")
                .sends("PINGRESP", "PUBREC id=1")
                .expects("PUBREL id=1").after(millis(9_900));
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(200));
        assertFalse(world.broker.isConnected());
        assertTrue(world.reason().contains("no acknowledgement within"), world.reason());
    }

    @Test
    void aSubackAndAnUnsubackAreAwaitedToo() { // a deadline for each
        World world = World.connected();
        ClientSubscription subscription = world.subscribe("a", 1, message -> {});
        world.broker.expects("SUBSCRIBE id=1 a:1").after(millis(9_900));
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(200));
        assertFalse(world.broker.isConnected());
        world.broker.expects("PINGREQ").acceptsAgain(true).expects("SUBSCRIBE id=2 a:1").sends("SUBACK id=2 1");
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=3 a").after(millis(11_000));
        assertFalse(world.broker.isConnected());
        world.broker.expects("PINGREQ").acceptsAgain(true).expects("UNSUBSCRIBE id=4 a").sends("UNSUBACK id=4")
                .expectsNothing();
    }

    @Test
    void theDeadlineRunsFromWhenTheLastByteWasWritten() {
        World world = World.connected();
        world.broker.takesBytes(5);
        world.publish("t", "a longer payload");
        for (int i = 0; i < 5; i++) {
            world.broker.after(millis(6_000)).takesBytes(4); // slow, not dead
            assertTrue(world.broker.isConnected(), "after " + i);
        }
        world.broker.takesBytes(Integer.MAX_VALUE).expects("PUBLISH q1 id=1 t a longer payload").after(millis(9_900));
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(200));
        assertFalse(world.broker.isConnected());
    }

    @Test
    void aNetworkThatTakesNoByteForTheResponseTimeIsDead() { // a stall limit, whatever the keepalive is
        World world = World.connected("keepalive.seconds", 3600);
        world.broker.after(Duration.ofMinutes(5)).takesBytes(3).isReachable(false);
        world.publish("t", "1");
        world.broker.after(millis(9_900));
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(10_200)); // seen at the second look at the latest
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("bytes could be written within"), world.reason());
    }

    @Test
    void theDeadlineDoublesWithEveryConnectionThatItEndedAndIsResetByAnAnswerInTime() {
        World world = World.connected("acknowledge.seconds", 1);
        Publication publication = world.publish("t", "1");
        for (int seconds = 10; seconds <= 160; seconds *= 2) {
            world.broker.takeAll();
            assertEndsAfter(world, Duration.ofSeconds(seconds));
            world.broker.acceptsAgain(true);
        }
        world.broker.expects("PUBLISH dup q1 id=1 t 1");
        passAnsweringPings(world, 200);
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
        world.publish("t", "2"); // what took 200 s may do so again: the deadline stays
        passAnsweringPings(world, 300);
        assertTrue(world.broker.isConnected());
        world.broker.sends("PUBACK id=2");
        world.publish("t", "3");
        world.broker.after(Duration.ofSeconds(9)).takeAll();
        world.broker.sends("PUBACK id=3");
        world.publish("t", "4");
        assertEndsAfter(world, Duration.ofSeconds(10));
    }

    @Test
    void aConnackDoesNotShortenTheDeadlineAgain() { // a large message on a slow link would never come through
        World world = World.connected("acknowledge.seconds", 1);
        Publication before = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(before));
        Publication large = world.publish("t", "2");
        for (int seconds = 10; seconds <= 40; seconds *= 2) {
            world.broker.takeAll();
            assertEndsAfter(world, Duration.ofSeconds(seconds));
            world.broker.acceptsAgain(true);
        }
        world.broker.idles(Duration.ofSeconds(75)).sends("PUBACK id=2");
        assertEquals(Kind.DELIVERED, world.outcome(large));
    }

    @Test
    void halfOfTheResponseTimeWithoutAnAnswerIsPingedOnce() {
        Object[] keys = { "response.seconds", 60, "keepalive.seconds", 3600, "acknowledge.seconds", 60 };
        World world = World.connected(keys);
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").after(millis(29_900)).expectsNothing().after(millis(200))
                .expects("PINGREQ").sends("PINGRESP").after(millis(9_800));
        world.reconfigure(keys); // looks at the deadlines
        world.broker.after(millis(20_000)).expectsNothing();
        assertTrue(world.broker.isConnected());
        world.broker.after(millis(200));
        assertTrue(world.reason().contains("no acknowledgement within 60.0 s"), world.reason());
    }

    @Test
    void anAnswerInTheFirstHalfOfTheResponseTimeSparesThePing() {
        World world = World.connected("keepalive.seconds", 3600);
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").after(millis(4_900)).sends("PUBACK id=1")
                .after(Duration.ofMinutes(5))
                .expectsNothing();
    }

    @Test
    void aPingThatStoodBeforeWhatIsAwaitedIsNoQuestionAboutIt() {
        World world = World.connected("keepalive.seconds", 3600);
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").after(millis(5_000)).expects("PINGREQ").after(millis(1_000));
        world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=2 t 2").sends("PUBACK id=1", "PINGRESP").after(millis(4_900))
                .expectsNothing()
                .after(millis(200)).expects("PINGREQ");
    }

    @Test
    void theDeadlineIsNeverMoreThanTenMinutes() {
        World world = World.connected("poison.attempts", 0, "acknowledge.seconds", 1);
        world.publish("t", "1");
        for (int i = 0; i < 12; i++) {
            Duration waited = untilTheEnd(world);
            assertTrue(waited.toSeconds() <= 600, waited.toString());
            world.broker.acceptsAgain(true).takeAll();
        }
        assertEquals(600, untilTheEnd(world).toSeconds());
    }

    private static void passAnsweringPings(World world, int seconds) {
        for (int i = 0; i < seconds; i++) {
            world.broker.after(Duration.ofSeconds(1));
            if (world.broker.takeAll().contains("PINGREQ")) {
                world.broker.sends("PINGRESP");
            }
        }
    }

    /** Time passes; pings are answered, nothing else is. */
    private static Duration untilTheEnd(World world) {
        for (Duration waited = Duration.ZERO;; waited = waited.plusSeconds(1)) {
            if (!world.broker.isConnected()) {
                return waited;
            }
            assertTrue(waited.toHours() < 1, "the link never ends");
            if (world.broker.takeAll().contains("PINGREQ")) {
                world.broker.sends("PINGRESP");
            }
            world.broker.after(Duration.ofSeconds(1));
        }
    }

    private static void assertEndsAfter(World world, Duration time) {
        assertEquals(time.toSeconds(), untilTheEnd(world).toSeconds());
    }

    @Test
    void aConnackThatNeverComesEndsTheAttempt() {
        World world = new World();
        world.broker.expects("CONNECT *").after(millis(9_900));
        assertEquals(ConnectionState.HANDSHAKE, world.state());
        world.broker.after(millis(200));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("no CONNACK within response.seconds (10.0 s)"), world.reason());
        world.broker.awaitsClient().acceptsNewClient();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aConnectionThatIsNeverMadeEndsTheAttempt() { // bounded waits everywhere
        World world = new World();
        world.broker.isSilent(true);
        world.broker.after(millis(9_900));
        assertEquals(ConnectionState.CONNECTING, world.state());
        world.broker.after(millis(200));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("no connection within connect.seconds (10.0 s)"), world.reason());
        world.broker.isSilent(false).awaitsClient().acceptsNewClient();
    }

    @Test
    void aNameThatIsNeverResolvedEndsTheAttempt() {
        World world = new World();
        world.broker.resolvesNothing(true);
        world.broker.after(millis(9_900));
        assertEquals(ConnectionState.RESOLVING, world.state());
        world.broker.after(millis(200));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("was not resolved within connect.seconds"), world.reason());
        world.broker.resolvesNothing(false).awaitsClient().acceptsNewClient();
    }

    @Test
    void anAnswerInTheLastMomentIsInTime() {
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.after(Duration.ofNanos(9_999_999_999L)).sends("PUBACK id=1").after(Duration.ofSeconds(3));
        assertEquals(Kind.DELIVERED, world.outcome(publication));
        assertTrue(world.broker.isConnected());
    }

    private static Duration millis(long millis) {
        return Duration.ofMillis(millis);
    }
}
