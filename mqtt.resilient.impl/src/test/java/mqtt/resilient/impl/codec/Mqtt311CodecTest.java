package mqtt.resilient.impl.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Subscribe;
import mqtt.resilient.spi.packet.Unsubscribe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every packet of MQTT 3.1.1, byte for byte, both ways. */
class Mqtt311CodecTest {
    private final Codec codec = new Mqtt311().newCodec();

    // ---- to the server --------------------------------------------------------------------------------------------

    @Test
    void connectWithNothingButAClientId() {
        assertBytes("10 0d 0004 'MQTT' 04 00 003c 0001 'c'", codec.encode(connect("c", false, 60, null, null, null)));
        assertBytes("10 0d 0004 'MQTT' 04 02 ffff 0001 'c'",
                codec.encode(connect("c", true, 65_535, null, null, null)));
        assertBytes("10 0c 0004 'MQTT' 04 02 0000 0000", codec.encode(connect("", true, 0, null, null, null)));
    }

    @Test
    void connectWithEverything() {
        Message will = Message.to("gone").payload("bye").qos(Qos.EXACTLY_ONCE).retain(true).build();
        assertBytes("10 22 0004 'MQTT' 04 f6 003c 0003 'dev' 0004 'gone' 0003 'bye' 0001 'u' 0003 'pwd'",
                codec.encode(connect("dev", true, 60, "u", "pwd", will)));
    }

    @Test
    void connectWithAnEmptyWillAndAnEmptyPassword() {
        Message will = Message.to("w").qos(Qos.AT_MOST_ONCE).build();
        assertBytes("10 17 0004 'MQTT' 04 c4 003c 0001 'c' 0001 'w' 0000 0001 'u' 0000",
                codec.encode(connect("c", false, 60, "u", "", will))); // a user with an empty password sends both
    }

    @Test
    void connectWithAUserAloneSendsNoPasswordField() {
        assertBytes("10 10 0004 'MQTT' 04 80 003c 0001 'c' 0001 'u'",
                codec.encode(connect("c", false, 60, "u", null, null)));
    }

    @Test
    void connectWithEveryCombinationOfFlags() {
        for (int flags = 0; flags < 256; flags += 2) {
            boolean hasWill = (flags & 0x04) != 0;
            int willQos = flags >> 3 & 3;
            boolean willRetain = (flags & 0x20) != 0;
            boolean hasPassword = (flags & 0x40) != 0;
            boolean hasUser = (flags & 0x80) != 0;
            if (willQos == 3 || !hasWill && (willQos > 0 || willRetain) || hasPassword && !hasUser) {
                continue; // not allowed [MQTT-3.1.2-11 to -15, -22]
            }
            Message will = hasWill ? Message.to("wt").payload("wp").qos(Qos.of(willQos)).retain(willRetain).build()
                    : null;
            String payload = "0002 'id'" + (hasWill ? " 0002 'wt' 0002 'wp'" : "") + (hasUser ? " 0004 'user'" : "")
                    + (hasPassword ? " 0004 'pass'" : "");
            byte[] body = Bytes.of("0004 'MQTT' 04 %02x 0001 %s".formatted(flags, payload));
            assertBytes(Bytes.join(new byte[] { 0x10, (byte) body.length }, body), codec.encode(connect("id",
                    (flags & 2) != 0, 1, hasUser ? "user" : null, hasPassword ? "pass" : null, will)));
        }
    }

    @Test
    void connectCountsBytesNotCharacters() {
        Message will = Message.to("wü").payload("€").build();
        assertBytes("10 23 0004 'MQTT' 04 cc 003c 0004 '😀' 0003 'wü' 0003 '€' 0003 'ñ1' 0002 'é'",
                codec.encode(connect("😀", false, 60, "ñ1", "é", will)));
    }

    private static Connect connect(String clientId, boolean clean, int keepAlive, String user, String password,
            Message will) {
        return new Connect(clientId, clean, keepAlive, user,
                password == null ? null : password.getBytes(StandardCharsets.UTF_8), will, null);
    }

    @ParameterizedTest(name = "QoS {0}, retain {1}, dup {2}")
    @CsvSource({
        "0, false, false, 30 05       0003 'a/b'",
        "0, true,  false, 31 05       0003 'a/b'",
        "1, false, false, 32 07       0003 'a/b' 000a",
        "1, true,  false, 33 07       0003 'a/b' 000a",
        "1, false, true,  3a 07       0003 'a/b' 000a",
        "1, true,  true,  3b 07       0003 'a/b' 000a",
        "2, false, false, 34 07       0003 'a/b' 000a",
        "2, true,  false, 35 07       0003 'a/b' 000a",
        "2, false, true,  3c 07       0003 'a/b' 000a",
        "2, true,  true,  3d 07       0003 'a/b' 000a" })
    void publishWithEveryFlag(int qos, boolean retain, boolean duplicate, String expected) {
        assertBytes(expected.replace('"', '\''), publish(Message.to("a/b").qos(Qos.of(qos)).retain(retain).build(), 10,
                duplicate));
    }

    @Test
    void publishWithThePayloadBehindThePacketId() {
        assertBytes("30 06 0001 't' 'xyz'",
                publish(Message.to("t").payload("xyz").qos(Qos.AT_MOST_ONCE).build(), 99, false));
        assertBytes("32 08 0001 't' ffff 'xyz'", publish(Message.to("t").payload("xyz").build(), 65_535, false));
        assertBytes("32 08 0001 't' 8000 00 ff 27", publish(Message.to("t")
                .payload(new byte[] { 0, (byte) 0xFF, 0x27 }).build(), 0x8000, false));
    }

    @Test
    void publishCountsBytesNotCharacters() {
        assertBytes("32 11 000b 'ü/€/😀' 0001 'é'",
                publish(Message.to("ü/€/😀").payload("é").build(), 1, false));
    }

    @ParameterizedTest(name = "remaining length {0}")
    @CsvSource({ "127, 7f", "128, 80 01", "16383, ff 7f", "16384, 80 80 01", "2097151, ff ff 7f",
        "2097152, 80 80 80 01", "2097153, 81 80 80 01" })
    void publishAtEveryBoundaryOfTheRemainingLength(int remaining, String length) {
        Message message = Message.to("t").payload(new byte[remaining - 5]).build();
        byte[] expected = Bytes.join(Bytes.of("32 " + length + " 0001 't' 0001"), new byte[remaining - 5]);
        assertArrayEquals(expected, publish(message, 1, false));
        assertEquals(expected.length, codec.publishSize(message));
        Message atMostOnce = Message.to("t").payload(new byte[remaining - 3]).qos(Qos.AT_MOST_ONCE).build();
        assertArrayEquals(Bytes.join(Bytes.of("30 " + length + " 0001 't'"), new byte[remaining - 3]),
                publish(atMostOnce, 1, false));
    }

    @ParameterizedTest(name = "{0} characters")
    @ValueSource(ints = { 1, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 255, 256, 16_376, 16_377, 65_535 })
    void topicsOfEveryLengthThatEarlierClientsTrippedOver(int length) {
        String topic = "x".repeat(length);
        byte[] text = Bytes.join(new byte[] { (byte) (length >> 8), (byte) length }, topic.getBytes(
                StandardCharsets.US_ASCII));
        assertPacket(0x32, Bytes.join(text, Bytes.of("0007 'p'")),
                publish(Message.to(topic).payload("p").build(), 7, false));
        assertPacket(0x82, Bytes.join(Bytes.of("0007"), text, Bytes.of("01")),
                codec.encode(new Subscribe(7, List.of(new Subscribe.Request(topic, 1)))));
        assertPacket(0xA2, Bytes.join(Bytes.of("0007"), text), codec.encode(new Unsubscribe(7, List.of(topic))));
    }

    private static void assertPacket(int header, byte[] body, byte[] packet) {
        ByteBuffer in = ByteBuffer.wrap(packet);
        assertEquals(header, in.get() & 0xFF);
        int length = 0;
        for (int shift = 0;; shift += 7) {
            byte digit = in.get();
            length |= (digit & 127) << shift;
            if (digit >= 0) {
                break;
            }
        }
        assertEquals(body.length, length);
        byte[] rest = new byte[in.remaining()];
        in.get(rest);
        assertArrayEquals(body, rest);
    }

    @ParameterizedTest
    @CsvSource({ "PUBACK, 40", "PUBREC, 50", "PUBREL, 62", "PUBCOMP, 70" })
    void acknowledgements(String name, String header) {
        int type = Integer.parseInt(header.substring(0, 1), 16);
        assertEquals(name, PacketType.name(type));
        for (int id : new int[] { 1, 255, 256, 32_768, 65_535 }) {
            ByteBuffer out = ByteBuffer.allocate(Codec.MAX_ACKNOWLEDGEMENT_BYTES);
            codec.encodeAcknowledgement(type, id, 0x92, out);
            byte[] bytes = new byte[out.flip().remaining()];
            out.get(bytes);
            assertBytes("%s 02 %04x".formatted(header, id), bytes);
        }
    }

    @Test
    void subscribeWithSeveralFilters() {
        assertBytes("82 0e 000a 0003 'a/b' 01 0003 'c/d' 02", codec.encode(new Subscribe(10,
                List.of(new Subscribe.Request("a/b", 1), new Subscribe.Request("c/d", 2))))); // the standard's example
        assertBytes("82 06 ffff 0001 '#' 00", codec.encode(new Subscribe(65_535,
                List.of(new Subscribe.Request("#", 0)))));
        assertBytes("82 0b 0001 0006 'ü/xé' 01", codec.encode(new Subscribe(1,
                List.of(new Subscribe.Request("ü/xé", 1)))));
    }

    @Test
    void unsubscribeWithSeveralFilters() {
        assertBytes("a2 0c 000a 0003 'a/b' 0003 'c/d'", codec.encode(new Unsubscribe(10, List.of("a/b", "c/d"))));
    }

    @Test
    void pingreqAndDisconnect() {
        assertBytes("c0 00", codec.pingreq());
        assertBytes("e0 00", codec.disconnect(0, -1));
    }

    private byte[] publish(Message message, int packetId, boolean duplicate) {
        ByteBuffer out = ByteBuffer.allocate(codec.publishSize(message));
        codec.encodePublish(message, flags(message, duplicate), packetId, 0, out);
        assertEquals(0, out.remaining(), "publishSize() must be exact");
        return out.array();
    }

    private static void assertBytes(String expected, byte[] actual) {
        assertBytes(Bytes.of(expected), actual);
    }

    private static void assertBytes(byte[] expected, byte[] actual) {
        assertEquals(Bytes.hex(expected), Bytes.hex(actual));
    }

    // ---- from the server ------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "20 02 00 00, CONNACK code 0",
        "20 02 01 00, CONNACK session present code 0",
        "20 02 00 01, CONNACK code 1",
        "20 02 00 05, CONNACK code 5",
        "20 02 00 ff, CONNACK code 255",
        "30 04 0001 \"t\" \"x\", PUBLISH q0 id 0 t x",
        "31 04 0001 \"t\" \"x\", PUBLISH retain q0 id 0 t x",
        "32 06 0001 \"t\" 0001 \"x\", PUBLISH q1 id 1 t x",
        "33 06 0001 \"t\" ffff \"x\", PUBLISH retain q1 id 65535 t x",
        "3a 06 0001 \"t\" 8000 \"x\", PUBLISH dup q1 id 32768 t x",
        "3b 06 0001 \"t\" 0100 \"x\", PUBLISH dup retain q1 id 256 t x",
        "34 06 0001 \"t\" 0001 \"x\", PUBLISH q2 id 1 t x",
        "35 06 0001 \"t\" 0001 \"x\", PUBLISH retain q2 id 1 t x",
        "3c 06 0001 \"t\" 0001 \"x\", PUBLISH dup q2 id 1 t x",
        "3d 06 0001 \"t\" 0001 \"x\", PUBLISH dup retain q2 id 1 t x",
        "30 0d 0009 \"ü/€/é\" \"ñ\", PUBLISH q0 id 0 ü/€/é ñ",
        "40 02 0001, PUBACK id 1 reason 0",
        "40 02 ffff, PUBACK id 65535 reason 0",
        "50 02 0001, PUBREC id 1 reason 0",
        "62 02 0001, PUBREL id 1 reason 0",
        "70 02 0001, PUBCOMP id 1 reason 0",
        "90 03 0001 00, SUBACK id 1 [0]",
        "90 06 0001 00 01 02 80, 'SUBACK id 1 [0, 1, 2, 128]'",
        "90 02 0001, SUBACK id 1 []",
        "b0 02 8001, UNSUBACK id 32769 []",
        "d0 00, PINGRESP" })
    void everyPacketOfAServer(String bytes, String expected) throws Exception {
        assertEquals(List.of(expected), decode(Bytes.of(bytes.replace('"', '\''))));
    }

    @Test
    void aTopicWithCharactersOfFourBytes() throws Exception {
        assertEquals(List.of("PUBLISH q0 id 0 $a/😀 "), decode(Bytes.of("30 09 0007 '$a/😀'")));
    }

    @Test
    void anEmptyPayloadAndAPayloadThatLooksLikeAPacket() throws Exception {
        assertEquals(List.of("PUBLISH q0 id 0 t "), decode(Bytes.of("30 03 0001 't'")));
        assertEquals(List.of("PUBLISH q1 id 5 t "), decode(Bytes.of("32 05 0001 't' 0005")));
        assertEquals(List.of("PUBLISH q0 id 0 t 0", "PINGRESP"), decode(Bytes.of("30 04 0001 't' 30 d0 00")));
    }

    @Test
    void aByteOrderMarkIsACharacterLikeAnyOther() throws Exception { // [MQTT-1.5.3-3]
        assertEquals(List.of("PUBLISH q0 id 0 \uFEFFt "), decode(Bytes.of("30 06 0004 efbbbf 't'")));
    }

    @Test
    void aTopicOfTheLargestLength() throws Exception {
        byte[] topic = "y".repeat(65_535).getBytes(StandardCharsets.US_ASCII);
        PacketLog log = new PacketLog();
        new FrameSplitter(codec, 100_000).split(ByteBuffer.wrap(Bytes.join(Bytes.of("30 81 80 04 ffff"), topic)), log);
        assertEquals("y".repeat(65_535), log.publish.topic());
        assertEquals(0, log.publish.payload().length);
    }

    @Test
    void thePayloadIsACopy() throws Exception { // all queued messages were one
        byte[] bytes = Bytes.of("30 04 0001 't' 'x'");
        PacketLog log = new PacketLog();
        new FrameSplitter(codec, 100).split(ByteBuffer.wrap(bytes), log);
        bytes[5] = 'y';
        assertEquals("x", new String(log.publish.payload(), StandardCharsets.UTF_8));
    }

    @Test
    void theReasonsOfARefusalAreInWords() {
        Mqtt311 protocol = new Mqtt311();
        assertEquals("3.1.1", protocol.name());
        assertEquals("unacceptable protocol version", protocol.reason(1));
        assertEquals("client identifier rejected", protocol.reason(2));
        assertEquals("server unavailable", protocol.reason(3));
        assertEquals("bad user name or password", protocol.reason(4));
        assertEquals("not authorized", protocol.reason(5));
        assertEquals("unknown code 6", protocol.reason(6));
        assertEquals("unknown code 255", protocol.reason(255));
    }

    private List<String> decode(byte[] bytes) throws Exception {
        PacketLog log = new PacketLog();
        new FrameSplitter(codec, 1000).split(ByteBuffer.wrap(bytes), log);
        return log.packets;
    }

    private static int flags(Message message, boolean duplicate) {
        return (duplicate ? 8 : 0) | message.qos().ordinal() << 1 | (message.retain() ? 1 : 0);
    }
}
