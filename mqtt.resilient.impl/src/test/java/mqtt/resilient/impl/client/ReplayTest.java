package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** What was not acknowledged is sent again: on the next connection only, as it was, in order, through the window. */
class ReplayTest {
    @Test
    void everyLossRepeatsWithTheSameIdAndDupAgain() {
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        for (int i = 0; i < 5; i++) {
            world.broker.networkBreaks().acceptsAgain(true)
                    .expects("PUBLISH dup q1 id=1 t 1").expectsNothing();
        }
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
        world.broker.networkBreaks().acceptsAgain(true).expectsNothing();
    }

    @Test
    void theWholeWindowIsRepeatedInOriginalOrderBeforeAnythingNew() { // the full list, not the last one
        World world = World.connected();
        for (int i = 1; i <= 40; i++) {
            world.publish("t", "" + i, 1 + i % 2);
        }
        world.broker.takeAll();
        world.broker.hangsUp();
        world.publish("t", "41");
        world.broker.acceptsAgain(true);
        for (int i = 1; i <= 40; i++) {
            world.broker.expects("PUBLISH dup q" + (1 + i % 2) + " id=" + i + " t " + i);
        }
        world.broker.expects("PUBLISH q1 id=41 t 41").expectsNothing();
    }

    @Test
    void acknowledgementsInAnyOrderLeaveTheRestInOrder() {
        World world = World.connected();
        for (int i = 1; i <= 6; i++) {
            world.publish("t", "" + i);
        }
        world.broker.takeAll();
        world.broker.sends("PUBACK id=5", "PUBACK id=1", "PUBACK id=3").hangsUp().acceptsAgain(true)
                .expects("PUBLISH dup q1 id=2 t 2", "PUBLISH dup q1 id=4 t 4", "PUBLISH dup q1 id=6 t 6")
                .expectsNothing();
    }

    @Test
    void aReplayIsPacedByAWindowThatHasBecomeSmaller() { // lesson: aws-iot-device-sdk-java#47, mosquitto#2301
        World world = World.connected();
        for (int i = 1; i <= 8; i++) {
            world.publish("t", "" + i);
        }
        world.broker.takeAll();
        world.broker.hangsUp();
        world.reconfigure("inflight.max", 4);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1", "PUBLISH dup q1 id=2 t 2",
                "PUBLISH dup q1 id=3 t 3").expectsNothing();
        world.broker.sends("PUBACK id=2").expects("PUBLISH dup q1 id=4 t 4").expectsNothing();
        world.broker.sends("PUBACK id=1", "PUBACK id=3")
                .expects("PUBLISH dup q1 id=5 t 5", "PUBLISH dup q1 id=6 t 6").expectsNothing();
    }

    @Test
    void aReplayThatIsCutGoesOnWhereItMustNotWhereItWas() {
        World world = World.connected();
        for (int i = 1; i <= 4; i++) {
            world.publish("t", "" + i);
        }
        world.broker.takeAll();
        world.broker.hangsUp();
        world.reconfigure("inflight.max", 2);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1", "PUBLISH dup q1 id=2 t 2")
                .sends("PUBACK id=1").expects("PUBLISH dup q1 id=3 t 3").hangsUp()
                .acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 2", "PUBLISH dup q1 id=3 t 3")
                .expectsNothing().sends("PUBACK id=2").expects("PUBLISH dup q1 id=4 t 4");
    }

    @Test
    void anExactlyOnceMessageIsReleasedAgainNotPublishedAgainOnceItsPubrecHasCome() { // kura#1424
        World world = World.connected();
        Publication publication = world.publish("t", "1", 2);
        world.broker.expects("PUBLISH q2 id=1 t 1").sends("PUBREC id=1").expects("PUBREL id=1");
        for (int i = 0; i < 3; i++) {
            world.broker.hangsUp().acceptsAgain(true).expects("PUBREL id=1").expectsNothing();
        }
        world.broker.sends("PUBCOMP id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void manyExactlyOnceMessagesUnderRepeatedCutsAreReleasedInOrder() { // mosquitto#3275, paho.mqtt.c#807
        World world = World.connected();
        for (int i = 1; i <= 5; i++) {
            world.publish("t", "" + i, 2);
        }
        world.broker.takeAll();
        world.broker.sends("PUBREC id=1", "PUBREC id=2", "PUBREC id=4").expects("PUBREL id=1", "PUBREL id=2",
                "PUBREL id=4").hangsUp();
        world.publish("t", "6", 2);
        world.broker.acceptsAgain(true).expects("PUBREL id=1", "PUBREL id=2", "PUBLISH dup q2 id=3 t 3",
                "PUBREL id=4", "PUBLISH dup q2 id=5 t 5", "PUBLISH q2 id=6 t 6").expectsNothing();
        world.broker.sends("PUBREC id=3").expects("PUBREL id=3").sends("PUBCOMP id=1").hangsUp().acceptsAgain(true)
                .expects("PUBREL id=2", "PUBREL id=3", "PUBREL id=4", "PUBLISH dup q2 id=5 t 5",
                        "PUBLISH dup q2 id=6 t 6")
                .expectsNothing();
    }

    @Test
    void aPubrecThatComesOnTheNextConnectionBeforeTheRepeatIsTaken() {
        World world = World.connected();
        world.publish("t", "1", 2);
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q2 id=1 t 1", "PUBLISH q2 id=2 t 2").hangsUp().awaitsClient()
                .expects("CONNECT *").sendsTogether("CONNACK session-present", "PUBREC id=1")
                .expects("PUBREL id=1", "PUBLISH dup q2 id=2 t 2").expectsNothing();
    }

    @Test
    void anAcknowledgementThatComesOnAResumedSessionBeforeTheRepeatCounts() {
        World world = World.connected();
        Publication first = world.publish("t", "1");
        world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t 2").hangsUp().awaitsClient()
                .expects("CONNECT *").sendsTogether("CONNACK session-present", "PUBACK id=1")
                .expects("PUBLISH dup q1 id=2 t 2").expectsNothing();
        assertEquals(Kind.DELIVERED, world.outcome(first));
    }

    @Test
    void anAcknowledgementOfTheLostSessionDoesNotCount() { // rumqttc 0.25.0: drop acks of the old connection
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").hangsUp().awaitsClient().expects("CONNECT *")
                .sendsTogether("CONNACK", "PUBACK id=1").expects("PUBLISH q1 id=1 t 1").expectsNothing();
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aLostSessionIsRebuiltInWholeAlsoInTheReleaseState() { // rumqtt#1056: no slot may stay taken
        World world = World.connected("inflight.max", 4);
        world.publish("t", "1", 2);
        world.publish("t", "2", 2);
        world.publish("t", "3", 1);
        world.broker.expects("PUBLISH q2 id=1 t 1", "PUBLISH q2 id=2 t 2", "PUBLISH q1 id=3 t 3").sends("PUBREC id=1")
                .expects("PUBREL id=1");
        for (int i = 0; i < 20; i++) {
            world.broker.networkBreaks().acceptsAgain(false)
                    .expects("PUBLISH q2 id=1 t 1", "PUBLISH q2 id=2 t 2", "PUBLISH q1 id=3 t 3").expectsNothing();
        }
        world.broker.sends("PUBREC id=1", "PUBREC id=2", "PUBACK id=3").expects("PUBREL id=1", "PUBREL id=2")
                .sends("PUBCOMP id=1", "PUBCOMP id=2");
        for (int i = 0; i < 100; i++) { // every slot and every id is usable again
            Publication publication = world.publish("t", "more");
            String id = world.broker.takeAll().get(0).split(" ")[2];
            world.broker.sends("PUBACK " + id);
            assertEquals(Kind.DELIVERED, world.outcome(publication));
        }
    }

    @Test
    void withACleanSessionEveryReconnectSendsAsNew() { // session.expiry.seconds=0
        World world = new World("session.expiry.seconds", 0);
        world.broker.expects("CONNECT clean id=c keepalive=60").sends("CONNACK");
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").sends("PUBREC id=2").expects("PUBREL id=2")
                .hangsUp().awaitsClient().expects("CONNECT clean id=c keepalive=60").sends("CONNACK")
                .expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").expectsNothing();
    }

    @Test
    void theSessionOfAnotherBrokerOfTheListIsDiscardedAndEverythingIsSentAsNew() {
        World world = new World("brokers", List.of("mqtt://a", "mqtt://b"));
        ScriptedBroker broker = world.broker.resolves("a", "10.0.0.1").resolves("b", "10.0.0.2");
        broker.acceptsNewClient();
        world.publish("t", "1");
        world.publish("t", "2", 2);
        broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").sends("PUBREC id=2").expects("PUBREL id=2")
                .refusesAt("10.0.0.1", true).hangsUp().awaitsClient()
                .expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT id=c *").sends("CONNACK")
                .expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").expectsNothing();
        assertEquals("mqtt://b:1883", world.client.status().broker());
        broker.sends("PUBREC id=2").expects("PUBREL id=2").refusesAt("10.0.0.1", false).refusesAt("10.0.0.2", true)
                .hangsUp().awaitsClient() // what a holds is not ours any more
                .expects("CONNECT clean *").sends("CONNACK session-present").expects("DISCONNECT", "CONNECT id=c *")
                .sends("CONNACK").expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").expectsNothing();
        assertEquals("mqtt://a:1883", world.client.status().broker());
    }

    @Test
    void aBrokerThatWasTriedAndNotEnteredCostsNoSession() {
        World world = new World("brokers", List.of("mqtt://a", "mqtt://b"));
        ScriptedBroker broker = world.broker.resolves("a", "10.0.0.1").resolves("b", "10.0.0.2");
        broker.acceptsNewClient();
        world.publish("t", "1");
        broker.expects("PUBLISH q1 id=1 t 1").isReachable(false).hangsUp().after(Duration.ofMinutes(5));
        broker.refusesAt("10.0.0.2", true).isReachable(true).acceptsAgain(true)
                .expects("PUBLISH dup q1 id=1 t 1").expectsNothing();
        assertEquals("mqtt://a:1883", world.client.status().broker());
    }

    @Test
    void aSessionThatTheBrokerResumesOnItsOwnWordIsNotTaken() { // [MQTT-3.2.2-4]
        World world = new World();
        world.publish("t", "1");
        world.broker.expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT id=c *")
                .sends("CONNACK session-present").expects("DISCONNECT").expectsNothing();
        assertTrue(world.reason().contains("[MQTT-3.2.2-4]"), world.reason());
        world.broker.awaitsClient().acceptsNewClient().expects("PUBLISH q1 id=1 t 1").expectsNothing();
    }

    @Test
    void theDiscardingConnectionIsNotRepeatedWhenTheLastingOneFails() {
        World world = new World();
        world.broker.expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT id=c *").hangsUp()
                .awaitsClient().expects("CONNECT id=c *").sends("CONNACK").expectsNothing();
    }

    @Test
    void noIdIsUsedTwiceWhileItIsLive() { // rumqtt#1057
        World world = World.connected("inflight.max", 10);
        world.publish("stuck", "!");
        world.broker.expects("PUBLISH q1 id=1 stuck !");
        TreeSet<String> seen = new TreeSet<>();
        for (int i = 0; i < 300; i++) {
            if (i % 7 == 0) {
                world.subscribe("f" + i, 1, message -> {});
                String id = world.broker.takeAll().get(0).split(" ")[1];
                assertTrue(!id.equals("id=1"));
                world.broker.sends("SUBACK " + id + " 1");
            }
            world.publish("t", "" + i);
            String id = world.broker.takeAll().get(0).split(" ")[2];
            assertTrue(!id.equals("id=1"));
            seen.add(id);
            world.broker.sends("PUBACK " + id);
        }
        assertTrue(seen.size() <= 31, "a small range: " + seen); // the next power of two above the window
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
    }

    @Test
    void anIdThatWasFreedIsReusedLast() { // so that a late acknowledgement rarely meets a new owner
        World world = World.connected("inflight.max", 10);
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 31; i++) {
            world.publish("t", "" + i);
            ids.add(world.broker.takeAll().get(0).split(" ")[2]);
            world.broker.sends("PUBACK " + ids.get(i));
        }
        assertEquals(31, new TreeSet<>(ids).size());
        world.publish("t", "again");
        world.broker.expects("PUBLISH q1 " + ids.get(0) + " t again");
    }

    @Test
    void anAlarmOvertakesAReplay() {
        World world = World.connected("rate.messages", 1, "rate.burst", 1);
        world.publish("t", "1");
        world.broker.after(Duration.ofSeconds(1));
        world.publish("t", "2");
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t 2").hangsUp();
        world.publish("t", "3");
        world.publish(Message.to("alarm").payload("!").lane(Message.LANE_ALARM).build());
        world.broker.acceptsAgain(true);
        assertEquals("PUBLISH q1 id=3 alarm !", world.broker.takeAll().get(0));
        world.broker.after(Duration.ofSeconds(3)).expects("PUBLISH dup q1 id=1 t 1",
                "PUBLISH dup q1 id=2 t 2", "PUBLISH q1 id=4 t 3");
    }

    @Test
    void whatIsPublishedBetweenTheLossAndItsDiscoveryIsSentOnce() {
        World world = World.connected();
        world.broker.takesBytes(0); // the network is gone, and nobody knows
        world.publish("t", "1");
        world.publish("t", "2");
        world.broker.after(Duration.ofSeconds(30)).takesBytes(Integer.MAX_VALUE).acceptsAgain(true);
        List<String> sent = world.broker.takeAll();
        assertEquals(2, sent.size(), sent.toString());
        assertTrue(sent.get(0).endsWith("id=1 t 1") && sent.get(1).endsWith("id=2 t 2"), sent.toString());
    }
}
