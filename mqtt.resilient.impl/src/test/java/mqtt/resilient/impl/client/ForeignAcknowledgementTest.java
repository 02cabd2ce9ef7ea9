package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Late, repeated and foreign acknowledgements are harmless: two earlier clients die of them. */
class ForeignAcknowledgementTest {
    private final World world = World.connected();
    private final int connections = world.broker.connections();

    @AfterEach
    void theLinkIsStillUpAndInUse() {
        assertEquals(connections, world.broker.connections());
        assertTrue(world.client.connector().isConnected());
        Publication publication = world.publish("still", "alive");
        String id = world.broker.takeAll().stream().filter(packet -> packet.endsWith("still alive")).findFirst()
                .orElseThrow().split(" ")[2];
        world.broker.sends("PUBACK " + id);
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aPubackForAnIdThatWasNeverSent() {
        world.broker.sends("PUBACK id=1", "PUBACK id=127", "PUBACK id=128", "PUBACK id=65535").expectsNothing();
    }

    @Test
    void aSecondPuback() { // the late one and that of the repetition
        Publication first = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").sendsTogether("PUBACK id=1", "PUBACK id=1").expectsNothing();
        assertEquals(Kind.DELIVERED, world.outcome(first));
    }

    @Test
    void aPubackForAnExactlyOnceMessageIsItsAnswer() { // RabbitMQ 3.x
        Publication publication = world.publish("t", "1", 2);
        var delivered = publication.delivered();
        world.takeEvents();
        world.broker.expects("PUBLISH q2 id=1 t 1").sends("PUBACK id=1").expectsNothing();
        assertEquals(Kind.DELIVERED, world.now(delivered).kind());
        String remark = "the broker took it as QoS 1 (PUBACK for a PUBLISH with QoS 2)";
        assertEquals(remark, world.now(delivered).reason());
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q2 id=2 t 2").sends("PUBACK id=2").expectsNothing();
        assertEquals(List.of("deviates t: " + remark), world.takeEvents(), "one warning for each connection");
        assertEquals(0, world.client.metrics().strayAcknowledgements());
    }

    @Test
    void afterThePubrecAPubackIsNone() {
        Publication publication = world.publish("t", "1", 2);
        world.broker.expects("PUBLISH q2 id=1 t 1").sends("PUBREC id=1").expects("PUBREL id=1").sends("PUBACK id=1")
                .expectsNothing();
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBCOMP id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void whereALowerQosIsForbiddenAPubackForAnExactlyOnceMessageRefusesIt() {
        World strict = World.connected("qos.strict", true);
        Publication publication = strict.publish("t", "1", 2);
        var delivered = publication.delivered();
        strict.broker.expects("PUBLISH q2 id=1 t 1").sends("PUBACK id=1").expectsNothing();
        assertEquals(Kind.REFUSED, strict.now(delivered).kind());
        assertTrue(strict.now(delivered).reason().contains("qos.strict"), strict.now(delivered).reason());
    }

    @Test
    void aPubrecForAnAtLeastOnceMessageIsItsAnswerAndIsReleased() {
        Publication publication = world.publish("t", "1");
        var delivered = publication.delivered();
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBREC id=1").expects("PUBREL id=1").sends("PUBCOMP id=1");
        assertEquals("the broker took it as QoS 2 (PUBREC for a PUBLISH with QoS 1)", world.now(delivered).reason());
    }

    @Test
    void aPubcompBeforeThePubrec() {
        Publication publication = world.publish("t", "1", 2);
        world.broker.expects("PUBLISH q2 id=1 t 1").sends("PUBCOMP id=1").expectsNothing();
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBREC id=1").expects("PUBREL id=1").sends("PUBCOMP id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aSecondPubrecAndASecondPubcomp() {
        Publication publication = world.publish("t", "1", 2);
        world.broker.expects("PUBLISH q2 id=1 t 1").sends("PUBREC id=1").expects("PUBREL id=1").sends("PUBREC id=1");
        world.broker.takeAll(); // a second PUBREL would be allowed
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBCOMP id=1", "PUBCOMP id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aPubrecForAnUnknownIdIsReleasedOrTheBrokerKeepsItForEver() {
        world.broker.sends("PUBREC id=77").expects("PUBREL id=77").sends("PUBCOMP id=77").expectsNothing();
    }

    @Test
    void aPubackForTheIdOfASubscribe() { // rumqtt#1057
        ClientSubscription subscription = world.subscribe("a", 1, message -> {});
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("PUBACK id=1", "PUBREC id=1", "PUBCOMP id=1", "UNSUBACK id=1");
        world.broker.takeAll();
        assertEquals(-1, subscription.granted().code());
        world.broker.sends("SUBACK id=1 1");
        assertEquals(1, subscription.granted().code());
    }

    @Test
    void aSubackAndAnUnsubackForTheIdOfAPublish() {
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").sends("SUBACK id=1 0", "UNSUBACK id=1").expectsNothing();
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aSubackAndAnUnsubackThatNothingWaitsFor() {
        world.broker.sends("SUBACK id=5 0 1", "UNSUBACK id=6", "SUBACK id=65535 128").expectsNothing();
    }

    @Test
    void aSubackForAnUnsubscribe() {
        ClientSubscription subscription = world.subscribe("a", 1, message -> {});
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1");
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=2 a").sends("SUBACK id=2 1").expectsNothing().sends("UNSUBACK id=2");
    }

    @Test
    void aPubrelOutOfTheBlueIsCompletedAndDeliversNothing() { // [MQTT-4.3.3-2] allows no other answer
        Recorder recorder = new Recorder();
        world.subscribe("a", 2, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:2").sends("SUBACK id=1 2").sends("PUBREL id=9").expects("PUBCOMP id=9")
                .sends("PUBREL id=9").expects("PUBCOMP id=9").expectsNothing();
        assertEquals(0, recorder.take().size());
    }

    @Test
    void aPubackOfAMessageThatIsStillQueued() {
        World small = World.connected("inflight.max", 1);
        small.publish("t", "1");
        Publication second = small.publish("t", "2");
        small.broker.expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=2").expectsNothing();
        assertEquals(Kind.PENDING, small.outcome(second));
        small.broker.sends("PUBACK id=1").expects("PUBLISH q1 id=2 t 2").sends("PUBACK id=2");
        assertEquals(Kind.DELIVERED, small.outcome(second));
    }

    @Test
    void aLateAcknowledgementFromTheLastConnectionsTimeIsTakenOnceForAResumedSession() {
        World other = World.connected();
        Publication publication = other.publish("t", "1");
        other.broker.expects("PUBLISH q1 id=1 t 1").networkBreaks().acceptsAgain(true)
                .expects("PUBLISH dup q1 id=1 t 1").sendsTogether("PUBACK id=1", "PUBACK id=1").expectsNothing();
        assertEquals(Kind.DELIVERED, other.outcome(publication));
        assertTrue(other.client.connector().isConnected());
    }
}
