package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A broker that breaks the protocol loses its link, with a reason that names the rule; nothing else is lost. */
class ProtocolErrorTest {

    static Stream<Arguments> errors() {
        return Stream.of(
                Arguments.of("CONNACK twice", PacketText.encode("CONNACK"), "an unexpected CONNACK"),
                Arguments.of("QoS 3", PacketText.encode("PUBLISH q3 id=1 t x"), "a PUBLISH with QoS 3"),
                Arguments.of("packet identifier 0", PacketText.encode("PUBACK id=0"),
                        "a PUBACK with packet identifier 0"),
                Arguments.of("wildcard topic", PacketText.encode("PUBLISH q0 a/# x"), "a wildcard in it"),
                Arguments.of("invalid UTF-8", Bytes.of("30 04 0002 c328"), "invalid UTF-8"),
                Arguments.of("a client's packet", Bytes.of("c0 00"), "the server sent PINGREQ"),
                Arguments.of("a DISCONNECT", Bytes.of("e0 00"), "the server sent DISCONNECT"),
                Arguments.of("too large", Bytes.of("40 ff ff ff 7f"), "packet.max.bytes allows 1048576"),
                Arguments.of("garbage", Bytes.of("ff ff ff ff ff ff"), "more than 4 bytes"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("errors")
    void endsTheLinkWithANamedReasonAndLosesNothing(String name, byte[] bytes, String reason) {
        World world = World.connected();
        Recorder recorder = new Recorder();
        world.subscribe("in", 2, recorder);
        world.broker.expects("SUBSCRIBE id=1 in:2").sends("SUBACK id=1 2");
        Publication atLeastOnce = world.publish("t", "1");
        Publication exactlyOnce = world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2").sends("PUBREC id=3").expects("PUBREL id=3")
                .sends("PUBLISH q2 id=7 in x").expects("PUBREC id=7").sendsBytes(bytes);
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().startsWith("protocol error: ") && world.reason().contains(reason), world.reason());
        assertFalse(world.broker.isConnected());
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 1", "PUBREL id=3").expectsNothing()
                .sends("PUBACK id=2", "PUBCOMP id=3", "PUBLISH dup q2 id=7 in x").expects("PUBREC id=7")
                .sends("PUBREL id=7").expects("PUBCOMP id=7");
        assertEquals(Kind.DELIVERED, world.outcome(atLeastOnce));
        assertEquals(Kind.DELIVERED, world.outcome(exactlyOnce));
        assertEquals(List.of("in x"), recorder.take());
    }

    @Test
    void whatCameBeforeTheErrorInTheSamePieceCounts() {
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1")
                .sendsBytes(Bytes.join(PacketText.encode("PUBACK id=1"), Bytes.of("ff ff ff ff ff")));
        assertEquals(Kind.DELIVERED, world.outcome(publication));
        assertEquals(ConnectionState.WAITING, world.state());
    }

    @Test
    void whatComesBehindTheErrorInTheSamePieceDoesNot() {
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1")
                .sendsBytes(Bytes.join(Bytes.of("c0 00"), PacketText.encode("PUBACK id=1")));
        assertEquals(Kind.PENDING, world.outcome(publication));
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1");
    }

    @Test
    void aSubackWithTheWrongNumberOfCodes() {
        for (String suback : List.of("SUBACK id=1", "SUBACK id=1 1 1 1")) {
            World world = new World();
            world.client.subscriber().subscribe("a", 1, world.client.subscriber().queue(message -> {}, "x", false));
            world.client.subscriber().subscribe("b", 1, world.client.subscriber().queue(message -> {}, "x", false));
            world.broker.acceptsNewClient().expects("SUBSCRIBE id=1 a:1 b:1").sends(suback);
            assertEquals(ConnectionState.WAITING, world.state());
            assertTrue(world.reason().contains("[MQTT-3.8.4-5]"), world.reason());
            world.broker.acceptsAgain(true).expects("SUBSCRIBE id=2 a:1 b:1").sends("SUBACK id=2 1 1").expectsNothing();
        }
    }

    @Test
    void anyPacketBeforeTheConnack() {
        for (String packet : List.of("PUBLISH q0 t x", "PUBLISH q1 id=1 t x", "PUBACK id=1", "PUBREC id=1",
                "PUBREL id=1", "PUBCOMP id=1", "SUBACK id=1 0", "UNSUBACK id=1", "PINGRESP")) {
            World world = World.connected();
            Recorder recorder = new Recorder();
            world.publish("t", "1");
            world.broker.expects("PUBLISH q1 id=1 t 1").hangsUp().awaitsClient().expects("CONNECT *").sends(packet);
            assertEquals(ConnectionState.WAITING, world.state());
            assertTrue(world.reason().contains("a " + packet.split(" ")[0] + " before the CONNACK [MQTT-3.2.0-1]"),
                    world.reason());
            assertEquals(List.of(), recorder.take());
            world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1");
        }
    }

    @Test
    void aConnackOfAnMqtt5Broker() {
        World world = new World();
        world.broker.expects("CONNECT *").sendsBytes(Bytes.of("20 03 00 00 00"));
        assertTrue(world.reason().contains("a CONNACK that is 1 bytes too long"), world.reason());
    }

    @Test
    void aBrokerThatKeepsBreakingTheProtocolIsTriedLessAndLess() { // no reconnect storm
        World world = World.connected();
        world.broker.hangsUp();
        int before = world.broker.connections();
        for (int i = 0; i < 20; i++) {
            world.broker.awaitsClient();
            world.broker.takeAll();
            world.broker.sends("CONNACK session-present").sendsBytes(Bytes.of("c0 00"));
        }
        long start = world.scheduler.nanoTime();
        for (int i = 0; i < 10; i++) {
            world.broker.awaitsClient().takeAll();
            world.broker.sends("CONNACK session-present").sendsBytes(Bytes.of("c0 00"));
        }
        assertTrue(world.broker.connections() - before <= 30);
        assertTrue(world.scheduler.nanoTime() - start > 30_000_000_000L, "ten attempts in "
                + (world.scheduler.nanoTime() - start) / 1_000_000 + " ms");
    }
}
