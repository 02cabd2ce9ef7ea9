package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** The birth message: the counterpart of the will. */
class BirthTest {
    /** The keys of a birth message, and others. */
    private static Object[] birth(int qos, Object... others) {
        return keys("on", qos, false, others);
    }

    private static Object[] keys(String payload, int qos, boolean retain, Object... others) {
        List<Object> all = new ArrayList<>(List.of("birth.topic", "state", "birth.payload", payload, "birth.qos", qos,
                "birth.retain", retain));
        Collections.addAll(all, others);
        return all.toArray();
    }

    private static World connected(int qos) {
        World world = new World(birth(qos));
        world.broker.acceptsNewClient();
        return world;
    }

    private static World five(Object[] birth, String connack) {
        World world = World.five(birth);
        world.broker.expects("CONNECT clean *").sends(connack);
        return world;
    }

    private static List<String> missing(World world) {
        return world.takeEvents().stream().filter(each -> each.equals("REFUSED state")).toList();
    }

    @Test
    void itComesBeforeAnythingElseOnTheFirstConnection() {
        World world = new World(birth(1));
        world.client.subscriber().subscribe("in", 1, world.client.subscriber().queue(new Recorder(), "in", false));
        world.publish("t", "1");
        world.broker.expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT *").sends("CONNACK")
                .expects("PUBLISH q1 id=65535 state on", "SUBSCRIBE id=1 in:1", "PUBLISH q1 id=2 t 1").expectsNothing();
    }

    @Test
    void itComesBeforeWhatIsRepeatedInAResumedSession() {
        World world = connected(0);
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q0 state on", "PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").sends("PUBREC id=2")
                .expects("PUBREL id=2")
                .networkBreaks().acceptsAgain(true)
                .expects("PUBLISH q0 state on", "PUBLISH dup q1 id=1 t 1", "PUBREL id=2").expectsNothing();
    }

    @Test
    void itIsInNoFigure() {
        for (int qos = 0; qos < 3; qos++) {
            World world = connected(qos);
            world.broker.expects("PUBLISH *");
            assertEquals(0, world.client.metrics().accepted());
            assertEquals(0, world.client.metrics().pending());
            assertEquals(0, world.client.metrics().inFlight());
            assertTrue(world.now(world.client.publisher().drain(Duration.ofSeconds(1))));
        }
    }

    @Test
    void withQos1AnUnansweredOneIsRepeatedUnderItsIdAndAnAnsweredOneIsNew() {
        World world = connected(1);
        world.broker.expects("PUBLISH q1 id=65535 state on").networkBreaks().acceptsAgain(true)
                .expects("PUBLISH dup q1 id=65535 state on").sends("PUBACK id=65535").expectsNothing()
                .networkBreaks().acceptsAgain(true).expects("PUBLISH q1 id=65535 state on").networkBreaks()
                .acceptsAgain(false).expects("PUBLISH q1 id=65535 state on").expectsNothing();
        assertEquals(0, world.client.metrics().strayAcknowledgements());
    }

    @Test
    void withQos2EachConnectionHasItsOwnAndTheBrokerLetsGoOfTheOneBefore() {
        World world = connected(2);
        world.broker.expects("PUBLISH q2 id=65531 state on").networkBreaks().acceptsAgain(true)
                .expects("PUBLISH q2 id=65532 state on", "PUBREL id=65531").sends("PUBREC id=65532")
                .expects("PUBREL id=65532")
                .networkBreaks().acceptsAgain(true)
                .expects("PUBLISH q2 id=65533 state on", "PUBREL id=65531", "PUBREL id=65532")
                .sends("PUBCOMP id=65531", "PUBCOMP id=65532", "PUBREC id=65533").expects("PUBREL id=65533")
                .sends("PUBCOMP id=65533")
                .networkBreaks().acceptsAgain(true).expects("PUBLISH q2 id=65531 state on").expectsNothing();
        assertEquals(0, world.client.metrics().strayAcknowledgements());
    }

    @Test
    void whenTheBrokerMayHoldAllIdsItGoesWithQos1() {
        World world = connected(2);
        for (int id = 65_531; id < 65_535; id++) {
            world.broker.expects("PUBLISH q2 id=" + id + " state on").takeAll();
            world.broker.networkBreaks().acceptsAgain(true);
        }
        world.broker
                .expects("PUBLISH q1 id=65535 state on", "PUBREL id=65531", "PUBREL id=65532", "PUBREL id=65533",
                        "PUBREL id=65534")
                .sends("PUBCOMP id=65533").networkBreaks().acceptsAgain(true).expects("PUBLISH q2 id=65533 state on")
                .takeAll();
        world.broker.networkBreaks().acceptsAgain(false).expects("PUBLISH q2 id=65531 state on").expectsNothing();
    }

    /** A birth of a process that is gone: nobody knows its packet id, and the broker may hold it. */
    @Test
    void afterARestartTheBrokerLetsGoOfWhatItMayHoldAndNoMessageIsTakenForIt() {
        VirtualScheduler scheduler = new VirtualScheduler();
        DiskModel disk = new DiskModel();
        ClientSettings settings = Keys.stored(
                new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 4096), birth(2));
        ScriptedBroker before = new ScriptedBroker(scheduler);
        new World(scheduler, before, disk, scheduler::execute, "boot", settings);
        before.acceptsNewClient().expects("PUBLISH q2 id=65531 state on").sends("PUBREC id=65531")
                .expects("PUBREL id=65531");
        scheduler.forget();
        disk.cut(DiskModel.Fate.EVERYTHING_SURVIVES);
        ScriptedBroker after = new ScriptedBroker(scheduler);
        World world = new World(scheduler, after, disk, scheduler::execute, "boot", settings);
        world.publish("t", "1", 2);
        after.expects("CONNECT id=c *").sends("CONNACK session-present")
                .expects("PUBLISH q1 id=65535 state on", "PUBREL id=65531",
                        "PUBREL id=65532", "PUBREL id=65533", "PUBREL id=65534", "PUBLISH q2 id=1 t 1")
                .sends("PUBCOMP id=65531", "PUBCOMP id=65532", "PUBCOMP id=65533", "PUBCOMP id=65534").networkBreaks()
                .acceptsAgain(true).expects("PUBLISH q2 id=65531 state on", "PUBLISH dup q2 id=1 t 1");
    }

    @Test
    void whereTheBrokerTakesOneMessageAtATimeItIsThatOne() {
        World world = five(birth(2), "CONNACK {33=1}");
        world.publish("t", "1");
        world.broker.expects("PUBLISH q2 id=65531 state on").expectsNothing().sends("PUBREC id=65531")
                .expects("PUBREL id=65531")
                .expectsNothing().sends("PUBCOMP id=65531").expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(0, world.client.metrics().pending());
    }

    @Test
    void theRateDoesNotHoldItBack() {
        World world = new World(birth(1, "rate.messages", 0.01));
        world.publish("t", "1");
        world.publish("t", "2");
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=65535 state on", "PUBLISH q1 id=1 t 1").expectsNothing();
    }

    @Test
    void whatTheBrokerDoesNotTakeIsLoweredLikeAnyMessage() {
        World world = five(keys("on", 2, true), "CONNACK {36=1 37=0}");
        world.broker.expects("PUBLISH q1 id=65535 state on").sends("PUBACK id=65535 code=16").networkBreaks()
                .awaitsClient()
                .expects("CONNECT *").sends("CONNACK session-present {36=0}").expects("PUBLISH retain q0 state on");
    }

    @Test
    void oneThatIsRefusedIsToldAndDisturbsNothing() {
        for (int qos = 1; qos < 3; qos++) {
            World world = five(birth(qos), "CONNACK");
            world.publish("t", "1");
            world.broker.expects("PUBLISH *", "PUBLISH q1 id=1 t 1")
                    .sends(qos == 1 ? "PUBACK id=65535 code=135" : "PUBREC id=65531 code=135", "PUBACK id=1")
                    .expectsNothing();
            assertEquals(List.of("REFUSED state"), missing(world));
            assertTrue(world.client.connector().isConnected());
            assertEquals(1, world.client.metrics().delivered());
            assertEquals(0, world.client.metrics().refused());
            world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH q" + qos + " *").expectsNothing();
        }
    }

    @Test
    void anIdThatTheBrokerHoldsInUseIsLetGo() {
        World world = five(birth(2), "CONNACK");
        world.broker.expects("PUBLISH q2 id=65531 state on").sends("PUBREC id=65531 code=145")
                .expects("PUBREL id=65531")
                .sends("PUBCOMP id=65531").networkBreaks().acceptsAgain(true).expects("PUBLISH q2 id=65531 state on")
                .expectsNothing();
    }

    @Test
    void oneThatIsTooLargeForTheBrokerIsToldAndNotSent() {
        World world = five(keys("x".repeat(100), 1, false), "CONNACK {39=60}");
        world.broker.expectsNothing();
        assertEquals(List.of("REFUSED state"), missing(world));
    }

    @Test
    void withoutAnAnswerTheLinkIsGivenUpLikeForAnyMessage() {
        World world = connected(1);
        int connections = world.broker.expects("PUBLISH *").connections();
        world.broker.after(Duration.ofSeconds(9)).take("PINGREQ");
        assertEquals(connections, world.broker.connections());
        world.broker.after(Duration.ofSeconds(2)).awaitsClient();
        assertEquals(connections + 1, world.broker.connections());
    }

    @Test
    void aMessageIsNotBlamedForAHangUpWhenItWasTheBirth() {
        for (int qos = 0; qos < 3; qos++) {
            World world = connected(qos);
            Publication innocent = world.publish("t", "1");
            for (int i = 0; i < 5; i++) { // poison.attempts
                String first = world.broker.takeAll().get(0);
                assertTrue(first.contains("state on"), first);
                assertEquals(List.of(), missing(world));
                world.broker.hangsUp().acceptsAgain(true);
            }
            assertEquals(1, missing(world).size());
            world.broker.take("PUBREL");
            world.broker.expects("PUBLISH dup q1 id=1 t 1").expectsNothing().sends("PUBACK id=1");
            assertEquals(Outcome.Kind.DELIVERED, world.outcome(innocent));
            assertEquals(0, world.client.metrics().deadLettered());
            world.broker.hangsUp().acceptsAgain(true);
            assertTrue(world.broker.takeAll().get(0).contains("state on"), "it is tried once more");
            world.broker.hangsUp().acceptsAgain(true);
            assertFalse(world.broker.takeAll().toString().contains("state on"));
        }
    }

    @Test
    void aMessageThatEndsConnectionsIsFoundBehindABirth() {
        for (int qos = 0; qos < 3; qos++) {
            World world = connected(qos);
            Publication poison = world.publish("forbidden", "1");
            for (int seconds = 0; world.outcome(poison) == Outcome.Kind.PENDING; seconds++) {
                assertTrue(seconds < 1000, "QoS " + qos);
                world.publish("t", "1");
                if (world.broker.isConnected()) {
                    world.broker.answersUnless(packet -> packet.contains("forbidden"));
                }
                world.broker.after(Duration.ofSeconds(1));
            }
            world.broker.networkBreaks().acceptsAgain(true);
            assertEquals(Outcome.Kind.DEAD_LETTERED, world.outcome(poison));
            assertTrue(world.broker.takeAll().toString().contains("state on"), "the birth is not to blame");
        }
    }

    @Test
    void anIdleConnectionThatAnswersPingsHasTakenABirthOfQos0() {
        World world = connected(0);
        for (int i = 0; i < 10; i++) {
            world.broker.expects("PUBLISH q0 state on").idles(Duration.ofSeconds(40)).hangsUp().acceptsAgain(true);
        }
        world.broker.expects("PUBLISH q0 state on");
    }

    @Test
    void theNextBrokerOfTheListGetsItToo() {
        World world = new World(birth(1, "brokers", List.of("mqtt://one", "mqtt://two")));
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=65535 state on").resolves("one", "10.0.0.2")
                .refusesAt("10.0.0.1", true)
                .resolves("two", "10.0.0.3").refusesAt("10.0.0.2", true).networkBreaks().awaitsClient()
                .acceptsNewClient()
                .expects("PUBLISH q1 id=65535 state on").expectsNothing();
    }

    @Test
    void anotherOneIsSentOnTheNextConnection() {
        World world = connected(1);
        world.broker.expects("PUBLISH q1 id=65535 state on");
        world.client.configure("test", Keys.settings(keys("here", 2, false)));
        world.broker.sends("PUBACK id=65535").expectsNothing().networkBreaks().acceptsAgain(true)
                .expects("PUBLISH q2 id=65531 state here").expectsNothing();
        world.client.configure("test", Keys.settings());
        world.broker.networkBreaks().acceptsAgain(true).expects("PUBREL id=65531").expectsNothing();
    }

    @Test
    void aFullNetworkDelaysItAndNothingPassesIt() {
        World world = new World(birth(1));
        world.publish("t", "1");
        world.broker.expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT *").takesBytes(0)
                .sends("CONNACK")
                .expectsNothing().takesBytes(5).expectsNothing().takesBytes(1000)
                .expects("PUBLISH q1 id=65535 state on", "PUBLISH q1 id=1 t 1");
    }

    /**
     * A 3.1.1 broker that closes the connection on a PUBREL of which it does not know the id, after it took the birth.
     */
    @Test
    void noMessageIsBlamedWhenThePubrelsOfEarlierBirthsEndTheConnection() {
        pubrelsOfEarlierBirthsEndTheConnection(5);
    }

    @Test
    void norWhenTheAnswerToTheBirthIsLostWithOneOfTheConnections() {
        pubrelsOfEarlierBirthsEndTheConnection(2);
    }

    private static void pubrelsOfEarlierBirthsEndTheConnection(int unanswered) {
        VirtualScheduler scheduler = new VirtualScheduler();
        DiskModel disk = new DiskModel();
        ClientSettings settings = Keys.stored(
                new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 4096), birth(2));
        ScriptedBroker before = new ScriptedBroker(scheduler);
        new World(scheduler, before, disk, scheduler::execute, "boot", settings);
        before.acceptsNewClient().expects("PUBLISH q2 id=65531 state on");
        scheduler.forget();
        disk.cut(DiskModel.Fate.EVERYTHING_SURVIVES);
        ScriptedBroker after = new ScriptedBroker(scheduler);
        World world = new World(scheduler, after, disk, scheduler::execute, "boot", settings);
        List<Publication> innocent = List.of(world.publish("t", "1"), world.publish("t", "2"), world.publish("t", "3"));
        for (int i = 0; i < 5; i++) { // poison.attempts
            after.acceptsAgain(true)
                    .expects((i == unanswered + 1 ? "PUBLISH dup" : "PUBLISH") + " q1 id=65535 state on",
                            "PUBREL id=65531",
                            "PUBREL id=65532", "PUBREL id=65533", "PUBREL id=65534")
                    .takeAll();
            if (i != unanswered) {
                after.sends("PUBACK id=65535");
            }
            assertEquals(List.of(), missing(world));
            after.hangsUp();
        }
        after.acceptsAgain(true)
                .expects("PUBLISH q1 id=65535 state on", "PUBLISH dup q1 id=1 t 1", "PUBLISH dup q1 id=2 t 2",
                        "PUBLISH dup q1 id=3 t 3")
                .expectsNothing().sends("PUBACK id=65535", "PUBACK id=1", "PUBACK id=2", "PUBACK id=3");
        assertEquals(1, missing(world).size());
        innocent.forEach(each -> assertEquals(Outcome.Kind.DELIVERED, world.outcome(each)));
        assertEquals(0, world.client.metrics().deadLettered());
        after.networkBreaks().acceptsAgain(true).expects("PUBLISH q1 id=65535 state on").expectsNothing()
                .networkBreaks()
                .acceptsAgain(false).expects("PUBLISH q2 id=65531 state on").expectsNothing();
    }

    @Test
    void noMessageIsBlamedWhenThePubrelOfTheBirthItselfEndsTheConnection() {
        World world = connected(2);
        List<Publication> innocent = List.of(world.publish("t", "1"), world.publish("t", "2"));
        for (int i = 0; i < 5; i++) { // poison.attempts
            world.broker.sends(i < 4 ? "PUBREC id=" + (65_531 + i) : "PUBACK id=65535");
            assertTrue(world.broker.takeAll().toString().contains("PUBREL id=65531"));
            world.broker.hangsUp().acceptsAgain(true);
        }
        world.broker.expects("PUBLISH q1 id=65535 state on", "PUBLISH dup q1 id=1 t 1", "PUBLISH dup q1 id=2 t 2")
                .expectsNothing()
                .sends("PUBACK id=65535", "PUBACK id=1", "PUBACK id=2");
        innocent.forEach(each -> assertEquals(Outcome.Kind.DELIVERED, world.outcome(each)));
        assertEquals(0, world.client.metrics().deadLettered());
    }

    @Test
    void aMessageThatEndsConnectionsIsFoundAlthoughPubrelsOfBirthsAreNotAnswered() {
        World world = connected(2);
        world.broker.expects("PUBLISH q2 id=65531 state on").networkBreaks().acceptsAgain(true);
        Publication poison = world.publish("forbidden", "1");
        for (int second = 0; world.outcome(poison) == Outcome.Kind.PENDING; second++) {
            assertTrue(second < 3000);
            world.publish("t", "1");
            for (String packet : world.broker.takeAll()) {
                String id = packet.replaceAll(".*(id=[0-9]+).*", "$1");
                if (packet.contains("forbidden")) {
                    world.broker.takeAll();
                    world.broker.hangsUp();
                    break;
                } else if (packet.startsWith("CONNECT")) {
                    world.broker.sends("CONNACK session-present");
                } else if (packet.startsWith("PUBLISH")) {
                    world.broker.sends((packet.contains("q1") ? "PUBACK " : "PUBREC ") + id);
                } else if (packet.equals("PINGREQ")) {
                    world.broker.sends("PINGRESP");
                }
            }
            world.broker.after(Duration.ofSeconds(1));
        }
        assertEquals(Outcome.Kind.DEAD_LETTERED, world.outcome(poison));
        assertEquals(1, world.client.metrics().deadLettered());
    }

    @Test
    void oneThatIsNeverAnsweredIsLeftOutAlthoughAllElseIsAnswered() {
        World world = connected(1);
        for (int i = 0; i < 5; i++) { // poison.attempts
            assertEquals(List.of(), missing(world));
            Publication other = world.publish("t", "" + i);
            List<String> packets = world.broker.takeAll();
            assertTrue(packets.get(0).endsWith("q1 id=65535 state on"), packets.toString());
            world.broker.sends("PUBACK " + packets.get(1).replaceAll(".*(id=[0-9]+).*", "$1"));
            assertEquals(Outcome.Kind.DELIVERED, world.outcome(other));
            int connections = world.broker.connections();
            for (int seconds = 0; world.broker.isConnected() && world.broker.connections() == connections; seconds++) {
                assertTrue(seconds < 1000);
                world.broker.idles(Duration.ofSeconds(1));
            }
            world.broker.acceptsAgain(true);
        }
        assertEquals(1, missing(world).size());
        int connections = world.broker.connections();
        world.broker.expectsNothing().idles(Duration.ofSeconds(1000));
        assertEquals(connections, world.broker.connections());
    }

    @Test
    void anotherOneIsNoRepetitionOfTheOneThatWasNotAnswered() {
        World world = connected(1);
        world.broker.expects("PUBLISH q1 id=65535 state on");
        world.client.configure("test", Keys.settings(keys("here", 1, false)));
        world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH q1 id=65535 state here");
        world.client.configure("test", Keys.settings(keys("here", 1, false)));
        world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH dup q1 id=65535 state here").expectsNothing();
    }
}
