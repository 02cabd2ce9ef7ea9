package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** The way of a message out, packet by packet. */
class PublishTest {

    @Test
    void aClientWithoutStateOfItsOwnDiscardsTheBrokersSessionFirst() {
        World world = new World();
        world.broker.expects("CONNECT clean id=c keepalive=60").sends("CONNACK")
                .expects("DISCONNECT", "CONNECT id=c keepalive=60").sends("CONNACK").expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.client.status().state());
    }

    @Test
    void aQos1MessageIsDeliveredWhenItsPubackArrives() {
        World world = World.connected();
        Publication publication = world.publish("plant/a", "20.5");
        world.broker.expects("PUBLISH q1 id=1 plant/a 20.5").expectsNothing();
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
        assertTrue(world.now(publication.delivered()).isDelivered());
    }

    @Test
    void aQos2MessageTakesFourPackets() {
        World world = World.connected();
        Publication publication = world.publish("plant/a", "x", 2);
        world.broker.expects("PUBLISH q2 id=1 plant/a x").sends("PUBREC id=1").expects("PUBREL id=1");
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.sends("PUBCOMP id=1").expectsNothing();
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void messagesPublishedOfflineAreSentInOrderAfterTheConnect() {
        World world = new World();
        world.publish("t", "1");
        world.publish("t", "2");
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 1", "PUBLISH q1 id=2 t 2");
    }

    @Test
    void aLostLinkIsReplayedOnTheNextConnectionWithOriginalIdAndDupAndInOrder() {
        World world = World.connected();
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.publish("t", "3", 2);
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2", "PUBLISH q2 id=3 t 3")
                .sends("PUBREC id=2").expects("PUBREL id=2").hangsUp();
        world.publish("t", "4");
        world.broker.after(Duration.ofSeconds(1)).accepts(true)
                .expects("PUBLISH dup q1 id=1 t 1", "PUBREL id=2", "PUBLISH dup q2 id=3 t 3", "PUBLISH q1 id=4 t 4")
                .expectsNothing();
    }

    @Test
    void aSessionThatTheBrokerLostIsRebuiltAsNewMessages() {
        World world = World.connected();
        world.subscribe("cmd", 1, message -> {});
        world.broker.expects("SUBSCRIBE id=1 cmd:1").sends("SUBACK id=1 1");
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2").sends("PUBREC id=3").expects("PUBREL id=3")
                .hangsUp().after(Duration.ofSeconds(1)).accepts(false)
                .expects("SUBSCRIBE id=4 cmd:1", "PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2").expectsNothing();
        assertTrue(world.events.contains("ONLINE session lost"));
    }

    @Test
    void nothingIsEverRepeatedOnTheSameConnection() {
        World world = World.connected();
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        int connections = world.broker.connections();
        world.broker.after(Duration.ofSeconds(9)).expects("PINGREQ").expectsNothing();
        world.broker.after(Duration.ofSeconds(2));
        assertFalse(world.client.connector().isConnected() && world.broker.connections() == connections);
        world.broker.accepts(true).expects("PUBLISH dup q1 id=1 t 1");
    }

    @Test
    void theWindowBoundsWhatIsUnacknowledgedAndKeepsOneSlotInTenForAlarms() {
        World world = World.connected("inflight.max", 10);
        for (int i = 1; i <= 20; i++) {
            world.publish("t", "" + i);
        }
        ScriptedBroker broker = world.broker;
        assertEquals(9, broker.takeAll().size());
        world.publish(mqtt.resilient.api.Message.to("alarm").payload("!").lane(0).build());
        broker.expects("PUBLISH q1 id=10 alarm !").expectsNothing();
        broker.sends("PUBACK id=1", "PUBACK id=2").expects("PUBLISH q1 id=11 t 10", "PUBLISH q1 id=12 t 11")
                .expectsNothing();
    }
}
