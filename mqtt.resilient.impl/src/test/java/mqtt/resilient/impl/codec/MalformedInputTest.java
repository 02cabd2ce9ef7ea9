package mqtt.resilient.impl.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.spi.packet.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What no server may send: each is a protocol error whose text names the rule. */
class MalformedInputTest {

    static Stream<Arguments> malformed() {
        return Stream.of(
                // PUBLISH
                of("36 06 0001 't' 0001 'x'", "a PUBLISH with QoS 3 [MQTT-3.3.1-4]"),
                of("3e 06 0001 't' 0001 'x'", "a PUBLISH with QoS 3 [MQTT-3.3.1-4]"),
                of("38 03 0001 't'", "a PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]"),
                of("39 03 0001 't'", "a PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]"),
                of("32 05 0001 't' 0000", "a PUBLISH with packet identifier 0 [MQTT-2.3.1-1]"),
                of("34 05 0001 't' 0000", "a PUBLISH with packet identifier 0 [MQTT-2.3.1-1]"),
                of("30 02 0000", "a PUBLISH with an empty topic or a wildcard in it [MQTT-3.3.2-2]"),
                of("30 05 0003 'a/+'", "a PUBLISH with an empty topic or a wildcard in it [MQTT-3.3.2-2]"),
                of("30 05 0003 'a/#'", "a PUBLISH with an empty topic or a wildcard in it [MQTT-3.3.2-2]"),
                of("30 06 0004 'ü/+'", "a PUBLISH with an empty topic or a wildcard in it [MQTT-3.3.2-2]"),
                of("30 00", "a PUBLISH that ends too early"),
                of("30 01 00", "a PUBLISH that ends too early"),
                of("30 02 0001", "a PUBLISH that ends too early"),
                of("30 03 0002 't'", "a PUBLISH that ends too early"),
                of("30 03 ffff 't'", "a PUBLISH that ends too early"),
                of("32 03 0001 't'", "a PUBLISH that ends too early"),
                of("32 04 0001 't' 00", "a PUBLISH that ends too early"),
                of("34 04 0001 't' 01", "a PUBLISH that ends too early"),
                // invalid UTF-8 [MQTT-1.5.3-1]
                of("30 03 0001 80", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"),
                of("30 03 0001 c3", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"),
                of("30 03 0001 ff", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"),
                of("30 04 0002 c328", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"),
                of("30 04 0002 c080", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // overlong U+0000
                of("30 04 0002 c0af", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // overlong /
                of("30 05 0003 e080af", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // overlong /
                of("30 06 0004 f08080af", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"),
                of("30 05 0003 eda080", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // U+D800
                of("30 05 0003 edbfbf", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // U+DFFF
                of("30 08 0006 eda0bdedb880", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // CESU-8
                of("30 06 0004 f4908080", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // beyond U+10FFFF
                of("30 05 0003 'a' e282", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // cut
                of("30 05 0002 e282 ac", "a PUBLISH with invalid UTF-8 [MQTT-1.5.3-1]"), // goes on in the payload
                // U+0000 [MQTT-1.5.3-2]
                of("30 03 0001 00", "a PUBLISH with U+0000 in a text [MQTT-1.5.3-2]"),
                of("30 05 0003 61 00 62", "a PUBLISH with U+0000 in a text [MQTT-1.5.3-2]"),
                of("30 06 0004 c3bc 00 62", "a PUBLISH with U+0000 in a text [MQTT-1.5.3-2]"),
                // CONNACK
                of("20 02 02 00", "a CONNACK with reserved flags 2 [MQTT 3.1.1 section 3.2.2.1]"),
                of("20 02 81 00", "a CONNACK with reserved flags 129 [MQTT 3.1.1 section 3.2.2.1]"),
                of("21 02 00 00", "a CONNACK with flags 1 instead of 0 [MQTT-2.2.2-2]"),
                of("20 00", "a CONNACK that ends too early"),
                of("20 01 00", "a CONNACK that ends too early"),
                of("20 03 00 00 00", "a CONNACK that is 1 bytes too long"), // an MQTT 5 server
                // acknowledgements
                of("41 02 0001", "a PUBACK with flags 1 instead of 0 [MQTT-2.2.2-2]"),
                of("52 02 0001", "a PUBREC with flags 2 instead of 0 [MQTT-2.2.2-2]"),
                of("60 02 0001", "a PUBREL with flags 0 instead of 2 [MQTT-2.2.2-2]"),
                of("63 02 0001", "a PUBREL with flags 3 instead of 2 [MQTT-2.2.2-2]"),
                of("7f 02 0001", "a PUBCOMP with flags 15 instead of 0 [MQTT-2.2.2-2]"),
                of("40 02 0000", "a PUBACK with packet identifier 0 [MQTT-2.3.1-1]"),
                of("50 02 0000", "a PUBREC with packet identifier 0 [MQTT-2.3.1-1]"),
                of("62 02 0000", "a PUBREL with packet identifier 0 [MQTT-2.3.1-1]"),
                of("70 02 0000", "a PUBCOMP with packet identifier 0 [MQTT-2.3.1-1]"),
                of("40 00", "a PUBACK that ends too early"),
                of("50 01 00", "a PUBREC that ends too early"),
                of("62 01 01", "a PUBREL that ends too early"),
                of("70 00", "a PUBCOMP that ends too early"),
                of("40 03 0001 00", "a PUBACK that is 1 bytes too long"),
                of("50 04 0001 00 00", "a PUBREC that is 2 bytes too long"),
                of("62 03 0001 00", "a PUBREL that is 1 bytes too long"),
                of("70 03 0001 00", "a PUBCOMP that is 1 bytes too long"),
                // SUBACK and UNSUBACK
                of("92 03 0001 00", "a SUBACK with flags 2 instead of 0 [MQTT-2.2.2-2]"),
                of("90 03 0000 00", "a SUBACK with packet identifier 0 [MQTT-2.3.1-1]"),
                of("90 00", "a SUBACK that ends too early"),
                of("90 01 00", "a SUBACK that ends too early"),
                of("90 03 0001 03", "a SUBACK with code 3 [MQTT-3.9.3-2]"),
                of("90 03 0001 7f", "a SUBACK with code 127 [MQTT-3.9.3-2]"),
                of("90 04 0001 00 81", "a SUBACK with code 129 [MQTT-3.9.3-2]"),
                of("90 03 0001 ff", "a SUBACK with code 255 [MQTT-3.9.3-2]"),
                of("b2 02 0001", "a UNSUBACK with flags 2 instead of 0 [MQTT-2.2.2-2]"),
                of("b0 02 0000", "a UNSUBACK with packet identifier 0 [MQTT-2.3.1-1]"),
                of("b0 01 01", "a UNSUBACK that ends too early"),
                of("b0 03 0001 00", "a UNSUBACK that is 1 bytes too long"),
                // PINGRESP
                of("d1 00", "a PINGRESP with flags 1 instead of 0 [MQTT-2.2.2-2]"),
                of("d0 01 00", "a PINGRESP that is 1 bytes too long"),
                // what only clients send, and what nobody sends
                of("10 00", "the server sent CONNECT, which no server may send [MQTT 3.1.1 table 2.1]"),
                of("82 05 0001 0000 00", "the server sent SUBSCRIBE, which no server may send [MQTT 3.1.1 table 2.1]"),
                of("a2 04 0001 0000", "the server sent UNSUBSCRIBE, which no server may send [MQTT 3.1.1 table 2.1]"),
                of("c0 00", "the server sent PINGREQ, which no server may send [MQTT 3.1.1 table 2.1]"),
                of("e0 00", "the server sent DISCONNECT, which no server may send [MQTT 3.1.1 table 2.1]"),
                of("00 00",
                        "the server sent reserved packet type 0, which no server may send [MQTT 3.1.1 table 2.1]"),
                of("f0 00", "the server sent AUTH, which no server may send [MQTT 3.1.1 table 2.1]"),
                // lengths that lie
                of("30 ff ff ff ff 01", "a remaining length of more than 4 bytes [MQTT 3.1.1 section 2.2.3]"),
                of("d0 80 80 80 80 00", "a remaining length of more than 4 bytes [MQTT 3.1.1 section 2.2.3]"),
                of("90 e4 07", "a SUBACK of 999 bytes; packet.max.bytes allows 998"),
                of("40 ff ff ff 7f", "a PUBACK of 268435460 bytes; packet.max.bytes allows 998"),
                // another protocol altogether
                of("'HTTP/1.1 400 Bad Request'", "a PUBACK with flags 8 instead of 0 [MQTT-2.2.2-2]"),
                of("15 03 03 00 02 02 28", "the server sent CONNECT, which no server may send [MQTT 3.1.1 table 2.1]"));
    }

    private static Arguments of(String bytes, String error) {
        return Arguments.of(bytes, error);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("malformed")
    void isAProtocolError(String bytes, String error) {
        PacketLog log = new PacketLog();
        byte[] input = Bytes.of(bytes);
        FrameSplitter splitter = new FrameSplitter(new Mqtt311().newCodec(), 998);
        if (bytes.startsWith("'HTTP")) { // 'H' is a PUBACK with flags, 'T' its length: 84 bytes
            input = Bytes.join(input, new byte[84]);
        }
        ByteBuffer in = ByteBuffer.wrap(input);
        ProtocolException thrown = assertThrows(ProtocolException.class, () -> splitter.split(in, log));
        assertEquals(error, thrown.getMessage());
        assertEquals(List.of(), log.packets);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("malformed")
    void isAProtocolErrorAlsoByteByByteAndBehindAGoodPacket(String bytes, String error) {
        PacketLog log = new PacketLog();
        FrameSplitter splitter = new FrameSplitter(new Mqtt311().newCodec(), 998);
        byte[] input = Bytes.join(Bytes.of("d0 00"), Bytes.of(bytes), bytes.startsWith("'HTTP") ? new byte[84]
                : new byte[0]);
        ProtocolException thrown = assertThrows(ProtocolException.class, () -> {
            for (byte each : input) {
                splitter.split(ByteBuffer.wrap(new byte[] { each }), log);
            }
        });
        assertEquals(error, thrown.getMessage());
        assertEquals(List.of("PINGRESP"), log.packets);
    }

    @Test
    void anErrorNeverShowsThePayload() {
        FrameSplitter splitter = new FrameSplitter(new Mqtt311().newCodec(), 1000);
        ProtocolException thrown = assertThrows(ProtocolException.class, () -> splitter.split(
                ByteBuffer.wrap(Bytes.of("36 0b 0001 't' 0001 'secret'")), new PacketLog()));
        assertTrue(!thrown.getMessage().contains("secret"));
    }
}
