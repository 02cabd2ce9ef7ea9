package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A slow listener holds up nobody but the broker's messages to it. */
class BackPressureTest {
    private static final String KILOBYTES_60 = "x".repeat(60_000);

    @Test
    void aListenerStuckForAMinuteDelaysNeitherPublishesNorPings() {
        World world = subscribed(World.connected(), new Recorder());
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 in x", "PUBLISH q2 id=8 in y");
        int pings = 0;
        for (int second = 0; second < 60; second++) {
            if (second % 20 == 0) {
                Publication publication = world.publish("out", "" + second);
                String id = world.broker.takeAll().get(0).split(" ")[2];
                world.broker.sends("PUBACK " + id);
                assertEquals(Kind.DELIVERED, world.outcome(publication));
            }
            world.broker.after(Duration.ofSeconds(1));
            for (String packet : world.broker.takeAll()) {
                assertEquals("PINGREQ", packet);
                pings++;
                world.broker.sends("PINGRESP");
            }
        }
        assertTrue(pings >= 3, pings + " pings");
        assertTrue(world.broker.isConnected());
        world.listenersAreStuck(false);
        world.broker.expects("PUBACK id=7", "PUBREC id=8");
    }

    @Test
    void aCallThatLastsLongIsReportedOnce() {
        World world = World.connected();
        subscribed(world, message -> world.scheduler.advance(Duration.ofSeconds(100)));
        world.broker.sends("PUBLISH q0 in x");
        assertEquals(1, world.takeEvents().stream().filter("slow listener"::equals).count());
    }

    @Test
    void beyondTheBoundReadingPausesAndResumesAtHalf() {
        World world = World.connected("inbound.max.bytes", 200_000);
        Recorder recorder = new Recorder();
        world.subscribe("in", 1, recorder, true);
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        for (int id = 1; id <= 3; id++) {
            world.broker.sends("PUBLISH q1 id=" + id + " in " + KILOBYTES_60);
            assertFalse(world.broker.isReadingPaused());
        }
        world.broker.sends("PUBLISH q1 id=4 in " + KILOBYTES_60);
        assertTrue(world.broker.isReadingPaused());
        recorder.messages.get(0).acknowledge();
        recorder.messages.get(1).acknowledge();
        assertTrue(world.broker.isReadingPaused(), "120 KB are more than half");
        recorder.messages.get(2).acknowledge();
        assertFalse(world.broker.isReadingPaused());
        world.broker.expects("PUBACK id=1", "PUBACK id=2", "PUBACK id=3");
    }

    @Test
    void manySmallPropertiesCountForTheMemoryThatTheyTake() {
        World world = World.five("inbound.max.bytes", 200_000);
        world.broker.expects("CONNECT *").sends("CONNACK");
        world.subscribe("in", 1, new Recorder(), true);
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1",
                "PUBLISH q1 id=1 {" + "38=a:b ".repeat(2_000).strip() + "} in x");
        assertTrue(world.broker.isReadingPaused(), "14 KB on the wire are more than 200 KB in memory");
    }

    /** A world in which reading is paused because the only listener is stuck. */
    private static World paused() {
        World world = World.connected("inbound.max.bytes", 100_000);
        subscribed(world, new Recorder());
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 in " + KILOBYTES_60, "PUBLISH q1 id=8 in " + KILOBYTES_60);
        assertTrue(world.broker.isReadingPaused());
        return world;
    }

    @Test
    void whileReadingIsPausedOurOwnDeadlinesPause() {
        World world = paused();
        world.publish("out", "1");
        world.broker.expects("PUBLISH q1 id=2 out 1").after(Duration.ofMinutes(5));
        assertTrue(world.broker.isConnected(), world.reason());
        world.listenersAreStuck(false);
        assertFalse(world.broker.isReadingPaused());
        world.broker.after(Duration.ofMillis(9_900));
        assertTrue(world.broker.isConnected(), "the deadline begins when reading does");
        world.broker.sends("PUBACK id=2", "PINGRESP").after(Duration.ofSeconds(5));
        assertTrue(world.broker.isConnected());
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void afterReadingResumesTheDeadlinesRunAgain() {
        World world = paused();
        world.publish("out", "1");
        world.broker.after(Duration.ofMinutes(5));
        world.listenersAreStuck(false);
        world.broker.after(Duration.ofMillis(10_100));
        assertFalse(world.broker.isConnected());
    }

    @Test
    void whileReadingIsPausedTheBrokerStillHearsFromUs() {
        World world = paused();
        world.broker.takeAll();
        int silence = 0;
        for (int second = 0; second < 300; second++) {
            world.broker.after(Duration.ofSeconds(1));
            silence = world.broker.takeAll().isEmpty() ? silence + 1 : 0;
            assertTrue(silence <= 60, "nothing for " + silence + " s; the keepalive is 60 s");
        }
    }

    @Test
    void publishesGoOutWhileReadingIsPaused() {
        World world = paused();
        world.publish("out", "1");
        world.broker.expects("PUBLISH q1 id=2 out 1");
        world.publish("out", "2", 0);
        world.broker.expects("PUBLISH q0 out 2");
    }

    @Test
    void aConnectionMadeWhileTooMuchIsUnhandledBeginsPaused() {
        World world = paused();
        world.broker.networkBreaks().acceptsAgain(true);
        assertTrue(world.broker.isReadingPaused());
        world.listenersAreStuck(false);
        assertFalse(world.broker.isReadingPaused());
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aLossWhilePausedLeavesNothingPausedForEver() {
        World world = paused();
        world.broker.networkBreaks();
        world.listenersAreStuck(false);
        world.broker.acceptsAgain(true);
        assertFalse(world.broker.isReadingPaused());
    }

    @Test
    void qos0BeyondTheQueueDropsTheOldestAndCounts() { // capacity means capacity
        World world = World.connected("inbound.queue", 3);
        Recorder recorder = new Recorder();
        subscribed(world, recorder);
        world.listenersAreStuck(true);
        for (int i = 1; i <= 6; i++) {
            world.broker.sends("PUBLISH q0 in " + i);
        }
        assertEquals(3, world.takeEvents().stream().filter("DROPPED in"::equals).count());
        world.listenersAreStuck(false);
        assertEquals(List.of("in 4", "in 5", "in 6"), recorder.take());
    }

    @Test
    void retainedMessagesThatAnswerASubscribeAreNotDroppedWhileTheirBytesHaveRoom() { // they come only once
        World world = World.connected("inbound.queue", 3, "inbound.max.bytes", 200_000);
        Recorder recorder = new Recorder();
        subscribed(world, recorder);
        world.listenersAreStuck(true);
        for (int i = 1; i <= 300; i++) {
            world.broker.sends("PUBLISH retain q0 in " + i);
        }
        for (int i = 301; i <= 304; i++) {
            world.broker.sends("PUBLISH q0 in " + i);
        }
        assertEquals(1, world.takeEvents().stream().filter("DROPPED in"::equals).count());
        world.listenersAreStuck(false);
        List<String> received = recorder.take();
        assertEquals(303, received.size());
        assertEquals(List.of("retained in 299", "retained in 300", "in 302", "in 303", "in 304"),
                received.subList(298, 303));
    }

    @Test
    void beyondTheBoundOfBytesRetainedMessagesWaitAtTheBroker() {
        World world = World.connected("inbound.queue", 3, "inbound.max.bytes", 65_536);
        subscribed(world, new Recorder());
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH retain q0 in " + KILOBYTES_60, "PUBLISH retain q0 in " + KILOBYTES_60);
        assertTrue(world.broker.isReadingPaused());
        world.listenersAreStuck(false);
        assertFalse(world.broker.isReadingPaused());
    }

    @Test
    void qos0NeverPushesOutWhatIsToBeAcknowledged() { // overflow breaks the QoS 1 guarantee
        World world = World.connected("inbound.queue", 2);
        Recorder recorder = new Recorder();
        subscribed(world, recorder);
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=1 in a", "PUBLISH q0 in b", "PUBLISH q2 id=2 in c", "PUBLISH q0 in d",
                "PUBLISH q0 in e", "PUBLISH q1 id=3 in f", "PUBLISH q0 in g").expectsNothing();
        world.listenersAreStuck(false);
        assertEquals(List.of("in a", "in c", "in e", "in f", "in g"), recorder.take());
        world.broker.expects("PUBACK id=1", "PUBREC id=2", "PUBACK id=3");
    }

    @Test
    void oneSlowListenerDropsNothingOfAnother() {
        World world = World.connected("inbound.queue", 1);
        Recorder fast = new Recorder();
        world.subscribe("in", 0, fast);
        world.subscribe("in", 0, message -> {
            throw new IllegalStateException("and is tried again in a second");
        });
        world.broker.takeAll();
        for (int i = 1; i <= 5; i++) {
            world.broker.sends("PUBLISH q0 in " + i);
        }
        assertEquals(List.of("in 1", "in 2", "in 3", "in 4", "in 5"), fast.take());
    }

    @Test
    void fiveHundredMessagesInOnePieceReachTheListenerInOrder() {
        World world = World.connected();
        Recorder recorder = new Recorder();
        subscribed(world, recorder);
        String[] packets = new String[500];
        for (int i = 0; i < packets.length; i++) {
            packets[i] = i % 3 == 0 ? "PUBLISH q0 in " + i : "PUBLISH q1 id=" + (i + 1) + " in " + i;
        }
        world.broker.sendsTogether(packets);
        List<String> received = recorder.take();
        assertEquals(500, received.size());
        for (int i = 0; i < packets.length; i++) {
            assertEquals("in " + i, received.get(i));
        }
    }

    private static World subscribed(World world, mqtt.resilient.api.MessageListener listener) {
        world.subscribe("in", 2, listener);
        world.broker.expects("SUBSCRIBE id=1 in:2").sends("SUBACK id=1 2");
        return world;
    }
}
