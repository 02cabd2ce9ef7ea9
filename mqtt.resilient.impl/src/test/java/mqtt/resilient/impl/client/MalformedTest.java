package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * MQTT 5 section 4.13: what a broker must not send is answered with DISCONNECT and the reason code of the rule, on the
 * wire. A row is the rule, the bytes from the broker (text in quotes), and the code. How each property and each reason
 * code is taken in each packet is in the tables of mqtt.resilient.v5.
 */
class MalformedTest {
    /** CONNECT is sent. */
    private static World connecting() {
        World world = World.five();
        world.broker.expects("CONNECT clean *");
        return world;
    }

    /** Online, with a PUBLISH 1, a PUBLISH 2 of QoS 2, and a SUBSCRIBE 3 for two filters that nothing has answered. */
    private static World online() {
        World world = World.connectedWithFive("CONNACK");
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.client.subscriber().subscribe("a", 1, world.client.subscriber().queue(message -> {}, "x", false));
        world.client.subscriber().subscribe("b", 1, world.client.subscriber().queue(message -> {}, "x", false));
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2", "SUBSCRIBE id=3 a:1 b:1");
        return world;
    }

    private static void assertDisconnects(World world, String bytes, int code) {
        world.broker.sendsBytes(Bytes.of(bytes)).expects("DISCONNECT code=" + code).expectsNothing();
        assertFalse(world.broker.isConnected());
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().startsWith("protocol error: "), world.reason());
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "[MQTT-2.1.3-1] flags                              | 21 03 00 00 00                     | 0x81",
        "[MQTT-2.1.4] remaining length of five bytes       | 20 80 80 80 80 01                  | 0x81",
        "[MQTT-2.2.2] property length beyond the end       | 20 05 00 00 05 21 00               | 0x81",
        "[MQTT-2.2.2-1] no property length                 | 20 02 00 00                        | 0x81",
        "[MQTT-2.2.2.2] a property of another packet       | 20 05 00 00 02 23 00               | 0x81",
        "[MQTT-2.2.2.2] a property that nobody knows       | 20 05 00 00 02 7f 00               | 0x81",
        "[MQTT-1.5.4-1] half a surrogate pair              | 20 09 00 00 06 1f 0003 eda080      | 0x81",
        "[MQTT-1.5.4-2] U+0000                             | 20 07 00 00 04 1f 0001 00          | 0x81",
        "[MQTT-3.2.0-1] PUBLISH before CONNACK             | 30 05 0001 't' 00 'x'              | 0x82",
        "[MQTT-3.2.0-1] SUBACK before CONNACK              | 90 04 0001 00 00                   | 0x82",
        "[MQTT-3.2.0-1] PINGRESP before CONNACK            | d0 00                              | 0x82",
        "[MQTT-3.14.0-1] DISCONNECT before CONNACK         | e0 01 8b                           | 0x82",
        "[MQTT-4.12.0-6] AUTH although we named no method  | f0 02 18 00                        | 0x82",
        "[MQTT-3.2.2-1] reserved flags                     | 20 03 02 00 00                     | 0x81",
        "[MQTT-3.2.2-6] session present with a refusal     | 20 03 01 87 00                     | 0x82",
        "[MQTT-3.2.2-8] a code that CONNACK has not        | 20 03 00 10 00                     | 0x82",
        "[MQTT-3.2.2.3.3] Receive Maximum 0                | 20 06 00 00 03 21 0000             | 0x82",
        "[MQTT-3.2.2.3.4] Maximum QoS 2                    | 20 05 00 00 02 24 02               | 0x82",
        "[MQTT-3.2.2.3.5] Retain Available 2               | 20 05 00 00 02 25 02               | 0x82",
        "[MQTT-3.2.2.3.6] Maximum Packet Size 0            | 20 08 00 00 05 27 00000000         | 0x82",
        "[MQTT-3.2.2.3.11] Wildcard Available 2            | 20 05 00 00 02 28 02               | 0x82",
        "[MQTT-3.2.2.3.12] Identifiers Available 2         | 20 05 00 00 02 29 02               | 0x82",
        "[MQTT-3.2.2.3.13] Shared Available 2              | 20 05 00 00 02 2a 02               | 0x82",
        "[MQTT-3.2.2.3.2] Session Expiry twice             | 20 0d 00 00 0a 11 00000001 11 00000001 | 0x82",
        "[MQTT-3.2.2.3.14] Server Keep Alive twice         | 20 09 00 00 06 13 000a 13 000a     | 0x82",
        "a CONNACK that ends too early                     | 20 01 00                           | 0x81",
        "a CONNACK with bytes too many                     | 20 04 00 00 00 00                  | 0x81",
        "[MQTT-3.1.2-24] a CONNACK above our maximum       | 20 fe ff ff 7f                     | 0x95",
    })
    void beforeTheConnackIsTaken(String rule, String bytes, String code) {
        assertDisconnects(connecting(), bytes, Integer.decode(code));
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        // fixed header, packet types
        "[MQTT-2.1.2] packet type 0                        | 00 00                              | 0x81",
        "[MQTT-2.1.2] CONNECT from a server                | 10 00                              | 0x82",
        "[MQTT-2.1.2] SUBSCRIBE from a server              | 82 06 0001 00 0001 'a' 00          | 0x82",
        "[MQTT-2.1.2] UNSUBSCRIBE from a server            | a2 06 0001 00 0001 'a'             | 0x82",
        "[MQTT-2.1.2] PINGREQ from a server                | c0 00                              | 0x82",
        "[MQTT-2.1.3-1] flags of PUBACK                    | 42 02 0001                         | 0x81",
        "[MQTT-2.1.3-1] flags of PUBREC                    | 52 02 0002                         | 0x81",
        "[MQTT-3.6.1-1] flags of PUBREL                    | 60 02 0001                         | 0x81",
        "[MQTT-2.1.3-1] flags of PUBCOMP                   | 72 02 0002                         | 0x81",
        "[MQTT-2.1.3-1] flags of SUBACK                    | 92 05 0003 00 01 01                | 0x81",
        "[MQTT-2.1.3-1] flags of UNSUBACK                  | b2 04 0001 00 00                   | 0x81",
        "[MQTT-2.1.3-1] flags of PINGRESP                  | d1 00                              | 0x81",
        "[MQTT-3.14.1-1] flags of DISCONNECT               | e1 00                              | 0x81",
        "[MQTT-2.1.4] remaining length of five bytes       | 30 ff ff ff ff 01                  | 0x81",
        "[MQTT-3.1.2-24] a PUBACK above our maximum        | 40 fe ff ff 7f                     | 0x95",
        "[MQTT-3.2.0-2] CONNACK twice                      | 20 03 00 00 00                     | 0x82",
        "[MQTT-4.12.0-6] AUTH although we named no method  | f0 02 18 00                        | 0x82",
        // the data types
        "[MQTT-1.5.4-1] a topic that is no UTF-8           | 30 05 0002 c328 00                 | 0x81",
        "[MQTT-1.5.4-1] a topic with a surrogate           | 30 06 0003 eda080 00               | 0x81",
        "[MQTT-1.5.4-1] a topic in too many bytes          | 30 05 0002 c1a1 00                 | 0x81",
        "[MQTT-1.5.4-1] a topic above U+10FFFF             | 30 07 0004 f4908080 00             | 0x81",
        "[MQTT-1.5.4-2] a topic with U+0000                | 30 05 0002 6100 00                 | 0x81",
        "[MQTT-1.5.4-2] a topic with U+0000 and umlauts    | 30 06 0003 c3bc00 00               | 0x81",
        "[MQTT-1.5.7-1] a name with U+0000                 | 30 0b 0001 't' 07 26 0001 00 0001 'v' 'x' | 0x81",
        "[MQTT-1.5.7-1] a value that is no UTF-8           | 30 0b 0001 't' 07 26 0001 'n' 0001 ff 'x' | 0x81",
        "[MQTT-1.5.5] a property length of five bytes      | 30 09 0001 't' 80 80 80 80 01 'x'  | 0x81",
        "[MQTT-1.5.5] an identifier of five bytes          | 30 0b 0001 't' 06 0b 80 80 80 80 01 'x' | 0x81",
        "[MQTT-2.2.2] properties beyond the end            | 30 06 0001 't' 03 01 00            | 0x81",
        "[MQTT-2.2.2] a property that ends too early       | 30 06 0001 't' 02 02 00            | 0x81",
        "[MQTT-2.2.2.2] a property of another packet       | 30 06 0001 't' 02 24 00            | 0x81",
        "[MQTT-2.2.2.2] a property that nobody knows       | 30 06 0001 't' 02 2b 00            | 0x81",
        "[MQTT-2.2.2.2] an identifier in two bytes         | 30 07 0001 't' 03 ff 01 00         | 0x81",
        // PUBLISH
        "[MQTT-3.3.1-2] DUP with QoS 0                     | 38 04 0001 't' 00                  | 0x82",
        "[MQTT-3.3.1-4] QoS 3                              | 36 06 0001 't' 0001 00             | 0x81",
        "[MQTT-3.3.1-4] QoS 3 with DUP and RETAIN          | 3f 06 0001 't' 0001 00             | 0x81",
        "[MQTT-2.2.1-4] packet id 0 with QoS 1             | 32 06 0001 't' 0000 00             | 0x82",
        "[MQTT-2.2.1-4] packet id 0 with QoS 2             | 34 06 0001 't' 0000 00             | 0x82",
        "[MQTT-3.3.2-1] a topic beyond the end             | 30 04 0003 't' 00                  | 0x81",
        "[MQTT-3.3.2-1] nothing                            | 30 00                              | 0x81",
        "[MQTT-2.2.1] no packet id                         | 32 03 0001 't'                     | 0x81",
        "[MQTT-2.2.2-1] no property length                 | 30 03 0001 't'                     | 0x81",
        "[MQTT-3.3.2-2] # in the topic                     | 30 06 0003 't/#' 00                | 0x81",
        "[MQTT-3.3.2-2] + in the topic                     | 30 06 0003 '+/t' 00                | 0x81",
        "[MQTT-3.3.2.1] neither topic nor alias            | 30 03 0000 00                      | 0x82",
        "[MQTT-3.3.2.1] neither, but another property      | 30 05 0000 02 01 00                | 0x82",
        "[MQTT-3.3.2.3.2] Payload Format 2                 | 30 06 0001 't' 02 01 02            | 0x82",
        "[MQTT-3.3.2.3.2] Payload Format twice             | 30 08 0001 't' 04 01 00 01 00      | 0x82",
        "[MQTT-3.3.2.3.3] Message Expiry twice             | 30 0e 0001 't' 0a 02 00000001 02 00000001 | 0x82",
        "[MQTT-3.3.2-8] alias 0                            | 30 07 0001 't' 03 23 0000          | 0x94",
        "[MQTT-3.3.2-11] an alias above our maximum        | 30 07 0001 't' 03 23 0021          | 0x94",
        "[MQTT-3.3.2-11] the same without a topic          | 30 06 0000 03 23 ffff              | 0x94",
        "[MQTT-3.3.4] an alias that stands for nothing     | 30 06 0000 03 23 0001              | 0x82",
        "[MQTT-3.3.2.3.4] alias twice                      | 30 0a 0001 't' 06 23 0001 23 0001  | 0x82",
        "[MQTT-3.3.2-13] Response Topic that is no UTF-8   | 30 09 0001 't' 05 08 0002 c328     | 0x81",
        "[MQTT-3.3.2-14] # in the Response Topic           | 30 08 0001 't' 04 08 0001 '#'      | 0x82",
        "[MQTT-3.3.2-14] + in the Response Topic           | 30 0a 0001 't' 06 08 0003 'a/+'    | 0x82",
        "[MQTT-3.3.2.3.5] Response Topic twice             | 30 0c 0001 't' 08 08 0001 'r' 08 0001 'r' | 0x82",
        "[MQTT-3.3.2.3.6] Correlation Data twice           | 30 0c 0001 't' 08 09 0001 'r' 09 0001 'r' | 0x82",
        "[MQTT-3.3.2.3.8] Subscription Identifier 0        | 30 06 0001 't' 02 0b 00            | 0x82",
        "[MQTT-3.3.2.3.9] Content Type twice               | 30 0c 0001 't' 08 03 0001 'r' 03 0001 'r' | 0x82",
        // acknowledgements
        "[MQTT-2.2.1-5] PUBACK for a packet id 0           | 40 02 0000                         | 0x82",
        "[MQTT-3.4.2-1] a code that PUBACK has not         | 40 03 0001 01                      | 0x82",
        "[MQTT-3.5.2-1] a code that PUBREC has not         | 50 03 0002 18                      | 0x82",
        "[MQTT-3.6.2-1] a code that PUBREL has not         | 62 03 0002 80                      | 0x82",
        "[MQTT-3.7.2-1] a code that PUBCOMP has not        | 70 03 0002 10                      | 0x82",
        "PUBACK with half a packet id                      | 40 01 00                           | 0x81",
        "PUBREC with bytes too many                        | 50 05 0002 00 00 00                | 0x81",
        "[MQTT-3.8.4-6] SUBACK with a code too few         | 90 04 0003 00 01                   | 0x82",
        "[MQTT-3.8.4-6] SUBACK with a code too many        | 90 06 0003 00 01 01 01             | 0x82",
        "[MQTT-3.8.4-6] SUBACK without codes               | 90 03 0003 00                      | 0x82",
        "[MQTT-3.9.3-2] a code that SUBACK has not         | 90 05 0003 00 01 10                | 0x82",
        "[MQTT-3.11.3-2] a code that UNSUBACK has not      | b0 04 0009 00 01                   | 0x82",
        "PINGRESP with a body                              | d0 01 00                           | 0x81",
        // DISCONNECT
        "[MQTT-3.14.2-1] a code of clients alone           | e0 01 04                           | 0x82",
        "[MQTT-3.14.2-1] a code that nobody knows          | e0 01 7f                           | 0x82",
        "[MQTT-3.14.2-2] Session Expiry from a server      | e0 07 00 05 11 0000003c            | 0x82",
        "[MQTT-3.14.2.2.3] Reason String twice             | e0 0a 8b 08 1f 0001 'a' 1f 0001 'a' | 0x82",
        "[MQTT-3.14.2.2.5] Server Reference twice          | e0 0a 9c 08 1c 0001 'a' 1c 0001 'a' | 0x82",
        "DISCONNECT with bytes too many                    | e0 03 8b 00 00                     | 0x81",
    })
    void whileOnline(String rule, String bytes, String code) {
        assertDisconnects(online(), bytes, Integer.decode(code));
    }

    @Test
    void nothingIsLostWithTheConnectionThatIsEnded() {
        World world = World.connectedWithFive("CONNACK");
        Recorder recorder = new Recorder();
        world.subscribe("in", 2, recorder);
        world.broker.expects("SUBSCRIBE id=1 in:2").sends("SUBACK id=1 2");
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=2 t 1").sends("PUBLISH q2 id=7 in x").expects("PUBREC id=7");
        assertDisconnects(world, "36 06 0001 't' 0001 00", 0x81);
        world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 1")
                .sends("PUBACK id=2", "PUBLISH dup q2 id=7 in x")
                .expects("PUBREC id=7").sends("PUBREL id=7").expects("PUBCOMP id=7");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
        assertEquals(List.of("in x"), recorder.take());
    }

    @Test
    void anUnsubackWithTheWrongNumberOfCodes() { // [MQTT-3.11.3-1]
        for (String unsuback : List.of("b0 03 0002 00", "b0 05 0002 00 00 00")) {
            World world = World.connectedWithFive("CONNACK");
            var subscription = world.subscribe("in", 1, message -> {});
            world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
            subscription.close();
            world.broker.expects("UNSUBSCRIBE id=2 in");
            assertDisconnects(world, unsuback, 0x82);
        }
    }

    @Test
    void aSessionThatWeDoNotHave() { // [MQTT-3.2.2-4]: the connection is closed, and the next one clean
        World world = connecting();
        world.broker.sends("CONNACK session-present").expects("DISCONNECT code=130").expectsNothing();
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(world.reason().contains("[MQTT-3.2.2-4]"), world.reason());
        world.broker.awaitsClient().expects("CONNECT clean *");
    }

    // ---- what is borne --------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "[MQTT-2.2.1-5] PUBREL for an unknown id           | 62 02 0007                         | PUBCOMP id=7 "
                + "code=146",
        "[MQTT-2.2.1-5] PUBREC for an unknown id           | 50 02 0007                         | PUBREL id=7 code=146",
        "[MQTT-2.2.1-5] PUBACK for an unknown id           | 40 02 0007                         |",
        "[MQTT-2.2.1-5] PUBCOMP for an unknown id          | 70 02 0007                         |",
        "[MQTT-2.2.1-6] SUBACK for an unknown id           | 90 04 0007 00 00                   |",
        "[MQTT-2.2.1-6] UNSUBACK for an unknown id         | b0 04 0007 00 00                   |",
        "PINGRESP that nothing asked for                   | d0 00                              |",
        "[MQTT-1.5.4-3] U+FEFF is a character              | 30 06 0003 efbbbf 00               |",
        "[MQTT-3.4.2-1] a refusal that PUBACK has not      | 40 03 0001 ff                      |",
        "[MQTT-3.3.2-3] a message nobody subscribed to     | 32 06 0001 't' 0009 00             | PUBACK id=9",
    })
    void whatHarmsNobody(String rule, String bytes, String answer) {
        World world = online();
        world.broker.sendsBytes(Bytes.of(bytes));
        if (answer != null) {
            world.broker.expects(answer);
        }
        world.broker.expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aMessageAboveOurMaximumIsPassedOver() { // [MQTT-3.1.2-24]; 0x95 would bring it again on each connection
        World world = online();
        world.broker.sendsBytes(Bytes.join(Bytes.of("32 80 80 80 01 0001 't' 0009 00"), new byte[(1 << 21) - 6]))
                .expects("PUBACK id=9").sends("PUBACK id=1").expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void whoWantsItStrictHasTheConnectionEndedAtAMessageAboveOurMaximum() { // section 3.1.2.11.4
        byte[] large = Bytes.join(Bytes.of("32 80 80 80 01 0001 't' 0009 00"), new byte[(1 << 21) - 6]);
        World world = World.five("packet.strict", true);
        world.broker.expects("CONNECT *").sends("CONNACK").sendsBytes(large).expects("DISCONNECT code=149");
        assertEquals(
                "protocol error: a PUBLISH of 2097157 bytes to t; packet.max.bytes allows 1048576, and packet.strict"
                        + " forbids to skip it [MQTT-3.1.2-24]",
                world.reason());
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK session-present");
        world.client.configure("test", World.fiveSettings("packet.strict", false)); // at once
        world.scheduler.run();
        world.broker.sendsBytes(large).expects("PUBACK id=9").expectsNothing();
        World old = World.connected("packet.strict", true);
        old.broker.sendsBytes(Bytes.join(Bytes.of("32 80 80 80 01 0001 't' 0009"), new byte[(1 << 21) - 5]))
                .expects("PUBACK id=9"); // 3.1.1 has no limit to announce
        assertEquals(ConnectionState.ONLINE, old.state());
    }

    @Test
    void moreThanOurReceiveMaximumIsBorne() { // [MQTT-3.3.4-9]; 0x93 would bring it all again on each connection
        World world = online();
        List<String> received = new ArrayList<>();
        world.subscribe("#", 1, message -> received.add(message.topic()), true);
        for (int id = 1; id <= 150; id++) {
            world.broker.sends("PUBLISH q1 id=" + id + " in/" + id + " x");
        }
        world.broker.take("SUBSCRIBE");
        world.broker.expectsNothing();
        assertEquals(150, received.size());
        assertEquals(ConnectionState.ONLINE, world.state());
    }
}
