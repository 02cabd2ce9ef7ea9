package mqtt.resilient.v5;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.Random;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Subscribe;
import mqtt.resilient.spi.packet.Unsubscribe;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every packet of MQTT 5 byte by byte, in hexadecimal; text in quotes. */
class Codec5Test {
    private final Codec codec = new Mqtt5().newCodec();
    private final PacketLog log = new PacketLog();

    private static byte[] bytes(String text) {
        StringBuilder hex = new StringBuilder();
        String[] parts = text.split("\"", -1);
        for (int i = 0; i < parts.length; i++) {
            hex.append(i % 2 == 0 ? parts[i].replace(" ", "")
                    : HexFormat.of().formatHex(parts[i].getBytes(StandardCharsets.UTF_8)));
        }
        return HexFormat.of().parseHex(hex);
    }

    private static void assertBytes(String expected, byte[] actual) {
        assertEquals(HexFormat.of().formatHex(bytes(expected)), HexFormat.of().formatHex(actual));
    }

    private void decode(String packet) throws ProtocolException {
        ByteBuffer in = ByteBuffer.wrap(bytes(packet));
        int header = in.get() & 0xFF;
        int length = Properties.varint(in, 0);
        assertEquals(length, in.remaining(), "the remaining length in the test is wrong: " + packet);
        codec.decode(header, in, log);
    }

    private byte[] publish(Message message, int flags, int id, long expiry) {
        ByteBuffer out = ByteBuffer.allocate(300_000);
        codec.encodePublish(message, flags, id, expiry, out);
        byte[] packet = new byte[out.position()];
        out.flip().get(packet);
        return packet;
    }

    // ---- to the broker --------------------------------------------------------------------------------------------

    private static Connect connect(boolean clean, String user, String password, Message will, long expiry, long delay,
            UserProperty... properties) {
        return new Connect("c", clean, 60, user, password == null ? null : password.getBytes(StandardCharsets.UTF_8),
                will,
                new Connect.Options(expiry, 100, 1_048_576, 32, delay, List.of(properties), Auth.NONE));
    }

    @Test
    void enhancedAuthenticationIsEncodedAndDecodedByteByByte() throws ProtocolException {
        byte[] data = { 1, 2 };
        assertBytes(
                "10 25 0004 \"MQTT\" 05 02 003c 17 21 0064 27 00100000 22 0020 1901 15 0002 \"SM\" 16 0002 0102 0001 "
                        + "\"c\"",
                codec.encode(connect(true, null, null, null, 0, 0).with(new Auth(Auth.SUCCESS, "SM", data))));
        assertBytes("10 20 0004 \"MQTT\" 05 02 003c 12 21 0064 27 00100000 22 0020 1901 15 0002 \"SM\" 0001 \"c\"",
                codec.encode(connect(true, null, null, null, 0, 0).with(new Auth(Auth.SUCCESS, "SM", new byte[0]))));
        assertBytes("f0 0c 18 0a 15 0002 \"SM\" 16 0002 0102", codec.encode(new Auth(Auth.CONTINUE, "SM", data)));
        assertBytes("f0 07 19 05 15 0002 \"SM\"", codec.encode(new Auth(Auth.AGAIN, "SM", new byte[0])));
        decode("f0 0c 18 0a 15 0002 \"SM\" 16 0002 0102");
        decode("f0 11 00 0f 15 0002 \"SM\" 1f 0002 \"ok\" 26 0000 0000");
        decode("f0 00");
        decode("20 0d 00 00 0a 15 0002 \"SM\" 16 0002 0102");
        assertEquals(List.of("AUTH AUTH[code=24, method=SM] 0102", "AUTH AUTH[code=0, method=SM] ",
                "AUTH AUTH[code=0, method=] ",
                "AUTH AUTH[code=0, method=SM] 0102", "CONNACK code 0"), log.packets);
    }

    @Test
    void connectIsEncodedByteByByte() {
        assertBytes("10 1b 0004 \"MQTT\" 05 02 003c 0d 21 0064 27 00100000 22 0020 1901 0001 \"c\"",
                codec.encode(connect(true, null, null, null, 0, 0)));
        assertBytes("10 20 0004 \"MQTT\" 05 00 003c 12 11 0000000a 21 0064 27 00100000 22 0020 1901 0001 \"c\"",
                codec.encode(connect(false, null, null, null, 10, 0)));
        assertBytes(
                "10 3e 0004 \"MQTT\" 05 ee 003c 14 21 0064 27 00100000 22 0020 1901 26 0001 \"a\" 0001 \"b\" 0001 \"c\""
                        + " 0f 18 00000005 02 0000005a 03 0002 \"ct\" 0001 \"w\" 0001 \"p\" 0001 \"u\" 0001 \"s\"",
                codec.encode(connect(true, "u", "s", Message.to("w").payload("p").qos(Qos.AT_LEAST_ONCE).retain(true)
                        .expiresAfter(Duration.ofSeconds(90)).properties(MessageProperties.builder().contentType("ct")
                                .build())
                        .build(), 0, 5, new UserProperty("a", "b"))));
    }

    @Test
    void everyPropertyOfAWillIsEncoded() {
        Message will = Message.to("w").qos(Qos.EXACTLY_ONCE).expiresAfter(Duration.ofSeconds(90))
                .properties(MessageProperties.builder().text(true).contentType("ct").responseTopic("r")
                        .correlationData(new byte[] { 0 }).userProperty("b", "").userProperty("a", "1").build())
                .build();
        assertBytes(
                "10 4c 0004 \"MQTT\" 05 14 003c 12 11 ffffffff 21 0064 27 00100000 22 0020 1901 0001 \"c\" 26 18 "
                        + "00000005"
                        + " 02 0000005a 0101 03 0002 \"ct\" 08 0001 \"r\" 09 0001 00 26 0001 \"b\" 0000 26 0001 \"a\" "
                        + "0001 \"1\""
                        + " 0001 \"w\" 0000",
                codec.encode(connect(false, null, null, will, 0xFFFF_FFFFL, 5)));
    }

    @Test
    void aPasswordGoesWithoutAUser() {
        assertBytes("10 1e 0004 \"MQTT\" 05 42 003c 0d 21 0064 27 00100000 22 0020 1901 0001 \"c\" 0001 \"s\"",
                codec.encode(connect(true, null, "s", null, 0, 0)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0 | 0    | 30 07      0003 \"a/b\"      00        \"x\"",
        "1 | 0    | 32 09      0003 \"a/b\" 000a 00        \"x\"",
        "2 | 0    | 34 09      0003 \"a/b\" 000a 00        \"x\"",
        "1 | 3600 | 32 0e      0003 \"a/b\" 000a 05 02 00000e10 \"x\"",
    })
    void publishIsEncodedByteByByte(int qos, long expiry, String expected) {
        Message.Builder message = Message.to("a/b").payload("x").qos(Qos.of(qos));
        if (expiry > 0) {
            message.expiresAfter(Duration.ofSeconds(2 * expiry));
        }
        byte[] packet = publish(message.build(), qos << 1, 10, expiry);
        assertBytes(expected, packet);
        assertEquals(packet.length, codec.publishSize(message.build()));
    }

    @Test
    void everyPropertyOfAMessageIsEncoded() {
        Message message = Message.to("t").qos(Qos.AT_MOST_ONCE).retain(true)
                .properties(MessageProperties.builder().text(true)
                        .contentType("ct").responseTopic("r").correlationData(new byte[] { 0, (byte) 0xFF })
                        .userProperty("b", "2")
                        .userProperty("a", "1").userProperty("b", "").build())
                .build();
        byte[] packet = publish(message, 1, 0, 0);
        assertBytes(
                "31 28 0001 \"t\" 24 0101 03 0002 \"ct\" 08 0001 \"r\" 09 0002 00ff 26 0001 \"b\" 0001 \"2\" 26 0001 "
                        + "\"a\""
                        + " 0001 \"1\" 26 0001 \"b\" 0000",
                packet);
        assertEquals(packet.length, codec.publishSize(message));
    }

    @Test
    void flagsAreThoseThatAreGivenAndNotThoseOfTheMessage() {
        Message message = Message.to("t").qos(Qos.EXACTLY_ONCE).retain(true).build();
        assertBytes("30 04 0001 \"t\" 00", publish(message, 0, 7, 0));
        assertBytes("3a 06 0001 \"t\" 0007 00", publish(message, 8 | 2, 7, 0));
    }

    @ParameterizedTest
    @CsvSource({ "4, 0, 40020007", "5, 0, 50020007", "6, 0, 62020007", "7, 0, 70020007", "7, 146, 7003000792",
        "6, 146, 6203000792" })
    void acknowledgementsAreEncodedByteByByte(int type, int code, String expected) {
        ByteBuffer out = ByteBuffer.allocate(Codec.MAX_ACKNOWLEDGEMENT_BYTES);
        codec.encodeAcknowledgement(type, 7, code, out);
        assertEquals(expected, HexFormat.of().formatHex(out.array(), 0, out.position()));
    }

    @Test
    void subscriptionsAreEncodedByteByByte() throws ProtocolException {
        assertBytes("82 0d 0007 00 0003 \"a/b\" 01 0001 \"#\" 2e", codec.encode(new Subscribe(7,
                List.of(new Subscribe.Request("a/b", 1), new Subscribe.Request("#", 2 | 4 | 8 | 2 << 4)))));
        assertBytes("82 0e 0007 07 26 0001 \"n\" 0001 \"v\" 0001 \"a\" 00", codec.encode(new Subscribe(7,
                List.of(new Subscribe.Request("a", 0)), List.of(new UserProperty("n", "v")))));
        assertBytes("82 07 0007 00 0001 \"a\" 00", codec.encode(new Subscribe(7,
                List.of(new Subscribe.Request("a", 300 << 6))))); // who knows whether the broker takes it
        decode("20 03 00 00 00");
        assertBytes("82 0a 0007 03 0b ac02 0001 \"a\" 00", codec.encode(new Subscribe(7,
                List.of(new Subscribe.Request("a", 300 << 6)))));
        assertBytes("82 10 0007 00 000a \"$share/g/a\" 09", codec.encode(new Subscribe(7,
                List.of(new Subscribe.Request("$share/g/a", 1 | 4 | 8))))); // [MQTT-3.8.3-4]
        assertBytes("a2 07 0007 00 0002 \"ab\"", codec.encode(new Unsubscribe(7, List.of("ab"))));
    }

    @Test
    void theRestIsEncodedByteByByte() {
        assertBytes("c0 00", codec.pingreq());
        assertBytes("e0 00", codec.disconnect(0, -1));
        assertBytes("e0 01 82", codec.disconnect(0x82, -1));
        assertBytes("e0 07 00 05 11 0000003c", codec.disconnect(0, 60));
        assertBytes("e0 07 04 05 11 00000000", codec.disconnect(4, 0));
    }

    // ---- from the broker ------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "20 03 00 00 00                                     | CONNACK code 0",
        "20 03 01 00 00                                     | CONNACK session present code 0",
        "20 0b 00 9c 08 1c 0005 \"a:123\"                     | CONNACK code 156 to a:123",
        "20 07 00 87 04 1f 0001 \"n\"                         | CONNACK code 135 'n'",
        "20 02 00 01                                        | CONNACK code 132",
        "20 02 00 02                                        | CONNACK code 133",
        "20 02 00 03                                        | CONNACK code 136",
        "20 02 00 04                                        | CONNACK code 134",
        "20 02 00 05                                        | CONNACK code 135",
        "20 03 00 01 00                                     | CONNACK code 132",
        "20 03 00 05 00                                     | CONNACK code 135",
        "20 02 00 84                                        | CONNACK code 132",
        "40 02 0007                                         | PUBACK id 7 code 0",
        "40 03 0007 10                                      | PUBACK id 7 code 16",
        "40 04 0007 00 00                                   | PUBACK id 7 code 0",
        "40 0f 0007 97 0b 1f 0001 \"q\" 26 0001 \"a\" 0001 \"b\"  | PUBACK id 7 code 151 'q{a=b}'",
        "40 03 0007 95                                      | PUBACK id 7 code 149",
        "40 03 0007 ff                                      | PUBACK id 7 code 255",
        "50 03 0007 92                                      | PUBREC id 7 code 146",
        "50 02 0007                                         | PUBREC id 7 code 0",
        "50 08 0007 90 04 1f 0001 \"n\"                       | PUBREC id 7 code 144 'n'",
        "62 03 0007 92                                      | PUBREL id 7 code 146",
        "70 04 0007 92 00                                   | PUBCOMP id 7 code 146",
        "90 06 0007 00 00 01 02                             | SUBACK id 7 [0, 1, 2]",
        "90 08 0007 04 1f 0001 \"n\" 87                       | SUBACK id 7 [135] 'n'",
        "90 14 0007 10 26 0001 \"b\" 0001 \"1\" 26 0001 \"a\" 0003 \"two\" 01 | SUBACK id 7 [1] '{b=1}{a=two}'",
        "b0 05 0007 00 00 11                                | UNSUBACK id 7 [0, 17]",
        "d0 00                                              | PINGRESP",
        "e0 00                                              | DISCONNECT code 0",
        "e0 01 8b                                           | DISCONNECT code 139",
        "e0 0a 9d 08 1c 0001 \"x\" 1f 0001 \"n\"                | DISCONNECT code 157 to x 'n'",
        "30 05 0001 \"t\" 00 \"x\"                              | PUBLISH q0 id 0 t x",
        "3b 07 0001 \"t\" 0009 00 \"x\"                         | PUBLISH dup retain q1 id 9 t x",
        "34 0a 0001 \"t\" 0009 02 01 01 \"xy\"                  | PUBLISH q2 id 9 t xy",
    })
    void packetsAreDecodedByteByByte(String packet, String expected) throws ProtocolException {
        decode(packet);
        assertEquals(List.of(expected), log.packets);
    }

    @Test
    void everyPropertyOfConnackIsDecoded() throws ProtocolException {
        decode("20 3f 00 00 3c 11 0000003c 21 0014 24 01 25 00 27 00001000 12 0001 \"i\" 22 000a 1f 0001 \"r\" 26 0001 "
                + "\"a\""
                + " 0001 \"b\" 28 00 29 00 2a 00 13 001e 1a 0002 \"ri\" 1c 0001 \"s\" 15 0001 \"m\" 16 0000");
        assertEquals(
                new BrokerLimits(60, 20, Qos.AT_LEAST_ONCE, false, 4096, 10, false, false, false, 30, "i", "ri", "r",
                        List.of(new UserProperty("a", "b"))),
                log.limits);
        decode("20 03 00 00 00");
        assertEquals(new BrokerLimits(-1, 65_535, Qos.EXACTLY_ONCE, true, BrokerLimits.NONE.maximumPacketBytes(), 0,
                true, true,
                true, -1, "", "", "", List.of()), log.limits);
    }

    @Test
    void onlyTheBeginningOfLongWordsIsKept() throws ProtocolException {
        decode("40 b4 02 0007 87 af02 1f 012c \"" + "x".repeat(300) + "\"");
        decode("20 b3 02 00 87 af02 1f 012c \"" + "x".repeat(300) + "\"");
        decode("e0 b2 02 87 af02 1f 012c \"" + "x".repeat(300) + "\"");
        String words = " code 135 '" + "x".repeat(256) + "'";
        assertEquals(List.of("PUBACK id 7" + words, "CONNACK" + words, "DISCONNECT" + words), log.packets);
    }

    @Test
    void everyPropertyOfPublishIsDecoded() throws ProtocolException {
        decode("30 2e 0001 \"t\" 29 01 01 02 00000005 03 0001 \"c\" 08 0001 \"r\" 09 0002 00ff 0b 01 0b ac02 26 0001 "
                + "\"b\" 0000"
                + " 26 0001 \"a\" 0001 \"1\" 23 0001 \"p\"");
        assertEquals(MessageProperties.builder().text(true).contentType("c").responseTopic("r")
                .correlationData(new byte[] { 0, (byte) 0xFF }).userProperty("b", "").userProperty("a", "1").build(),
                log.publish.details().properties());
        assertEquals(5, log.publish.details().expirySeconds());
        assertEquals(List.of(1, 300), log.publish.details().subscriptionIdentifiers());
    }

    // ---- topic aliases --------------------------------------------------------------------------------------------

    @Test
    void anAliasFromTheBrokerStandsForItsLatestTopic() throws ProtocolException {
        decode("30 07 0001 \"a\" 03 23 0005");
        decode("30 06 0000 03 23 0005");
        decode("30 07 0001 \"b\" 03 23 0005");
        decode("30 06 0000 03 23 0005");
        assertEquals(List.of("a", "a", "b", "b"), log.packets.stream().map(each -> each.split(" ")[4]).toList());
    }

    @Test
    void anAliasIsNotGivenWhereItsPacketWouldBeTooLargeForTheBroker() throws ProtocolException {
        decode("20 0b 00 00 08 22 0005 27 0000000d");
        Message message = Message.to("a/b/c").payload("x").qos(Qos.AT_MOST_ONCE).build();
        for (int i = 0; i < 3; i++) {
            assertBytes("30 09 0005 \"a/b/c\" 00 \"x\"", publish(message, 0, 0, 0));
        }
    }

    @Test
    void theMostUsedTopicsKeepTheirAliases() throws ProtocolException {
        decode("20 06 00 00 03 22 0002");
        Random random = new Random(1);
        int whole = 0;
        for (int i = 0; i < 10_000; i++) {
            int number = random.nextInt(10);
            String topic = number < 4 ? "often" : number < 8 ? "also often" : "rare/" + random.nextInt(1000);
            byte[] packet = publish(Message.to(topic).qos(Qos.AT_MOST_ONCE).build(), 0, 0, 0);
            whole += number < 8 && packet[3] != 0 ? 1 : 0;
        }
        assertTrue(whole < 400, whole + " of 8000 messages on the most used topics had no alias");
    }

    @Property(tries = 300)
    void whateverAliasesDoTheBrokerSeesEachTopic(@ForAll @Size(max = 60) List<@IntRange(max = 12) Integer> topics,
            @ForAll @IntRange(max = 5) int maximum) throws ProtocolException {
        Codec sender = new Mqtt5().newCodec();
        sender.decode(0x20, ByteBuffer.wrap(bytes("00 00 03 22 000" + maximum)), new PacketLog());
        Codec receiver = new Mqtt5().newCodec();
        PacketLog received = new PacketLog();
        for (int topic : topics) {
            ByteBuffer out = ByteBuffer.allocate(100);
            sender.encodePublish(Message.to("topic/" + topic).qos(Qos.AT_MOST_ONCE).build(), 0, 0, 0, out);
            out.flip().position(2);
            receiver.decode(0x30, out, received);
        }
        assertEquals(topics.stream().map(each -> "topic/" + each).toList(),
                received.packets.stream().map(each -> each.split(" ")[4]).toList());
    }

    @Test
    void asManyAliasesAsAreConfiguredAreAnnouncedTakenAndUsed() throws ProtocolException {
        Codec three = new Mqtt5().newCodec();
        Connect.Options options = new Connect.Options(0, 100, 1_048_576, 3, 0, List.of(), Auth.NONE);
        assertBytes("10 1b 0004 \"MQTT\" 05 02 003c 0d 21 0064 27 00100000 22 0003 1901 0001 \"c\"",
                three.encode(new Connect("c", true, 60, null, null, null, options)));
        PacketLog log = new PacketLog();
        three.decode(0x30, ByteBuffer.wrap(bytes("0001 \"t\" 03 23 0003")), log);
        assertEquals(148, assertThrows(ProtocolException.class,
                () -> three.decode(0x30, ByteBuffer.wrap(bytes("0001 \"t\" 03 23 0004")), log)).reasonCode());
        three.decode(0x20, ByteBuffer.wrap(bytes("00 00 03 22 0064")), log); // the broker takes more
        assertEquals(3, aliasesUsed(three));
    }

    @Test
    void withoutAliasesNoneIsAnnouncedTakenOrUsed() throws ProtocolException {
        Codec none = new Mqtt5().newCodec();
        Connect.Options options = new Connect.Options(0, 100, 1_048_576, 0, 0, List.of(), Auth.NONE);
        assertBytes("10 18 0004 \"MQTT\" 05 02 003c 0a 21 0064 27 00100000 1901 0001 \"c\"",
                none.encode(new Connect("c", true, 60, null, null, null, options)));
        PacketLog log = new PacketLog();
        ProtocolException error = assertThrows(ProtocolException.class,
                () -> none.decode(0x30, ByteBuffer.wrap(bytes("0001 \"t\" 03 23 0001")), log));
        assertEquals("a PUBLISH with topic alias 1, although none is allowed [MQTT-3.3.2-8, MQTT-3.3.2-11]",
                error.getMessage());
        none.decode(0x20, ByteBuffer.wrap(bytes("00 00 03 22 0064")), log);
        assertEquals(0, aliasesUsed(none));
    }

    /** How many aliases ten topics get that come again and again. */
    private static long aliasesUsed(Codec codec) {
        return IntStream.range(0, 40).map(i -> {
            ByteBuffer out = ByteBuffer.allocate(100);
            codec.encodePublish(Message.to("topic/" + i / 4).qos(Qos.AT_MOST_ONCE).build(), 0, 0, 0, out);
            return out.get(out.position() - 3) == 0x23 ? out.getShort(out.position() - 2) : 0;
        }).filter(alias -> alias > 0).distinct().count();
    }

    // ---- what must not come (section 4.13) ------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "129 | 21 03 00 00 00                    | flags of the fixed header",
        "129 | 60 02 0001                        | flags of PUBREL",
        "129 | 20 03 02 00 00                    | reserved flags of CONNACK",
        "129 | 20 01 00                          | CONNACK without a code",
        "129 | 20 02 00 00                       | CONNACK that accepts without properties",
        "130 | 20 03 00 10 00                    | a code that CONNACK must not have",
        "130 | 20 03 01 87 00                    | session present with a refusal",
        "129 | 20 04 00 00 00 00                 | bytes too many",
        "129 | 20 05 00 00 05 21 00              | properties beyond the end",
        "129 | 20 05 00 00 02 21 00              | a property that ends too early",
        "129 | 20 05 00 00 02 01 00              | a property of another packet",
        "129 | 20 05 00 00 02 7f 00              | an unknown property",
        "130 | 20 09 00 00 06 21 0001 21 0001    | a property twice",
        "130 | 20 06 00 00 03 21 0000            | Receive Maximum 0",
        "130 | 20 08 00 00 05 27 00000000        | Maximum Packet Size 0",
        "130 | 20 05 00 00 02 24 02              | Maximum QoS 2",
        "130 | 20 05 00 00 02 25 02              | Retain Available 2",
        "129 | 20 09 00 00 06 1f 0003 61 c3 28   | invalid UTF-8",
        "129 | 20 07 00 00 04 1f 0001 00         | U+0000",
        "129 | 20 09 00 00 06 1f 0003 ed a0 80   | half of a surrogate pair",
        "129 | 36 06 0001 \"t\" 0001 00            | QoS 3",
        "130 | 38 04 0001 \"t\" 00                 | QoS 0 with DUP",
        "130 | 32 06 0001 \"t\" 0000 00            | packet identifier 0",
        "129 | 30 04 0001 \"#\" 00                 | a wildcard in a topic",
        "130 | 30 03 0000 00                     | no topic and no alias",
        "130 | 30 06 0000 03 23 0001             | an alias that was not set",
        "148 | 30 07 0001 \"t\" 03 23 0000         | alias 0",
        "148 | 30 07 0001 \"t\" 03 23 0021         | an alias above what we take",
        "130 | 30 06 0001 \"t\" 02 0b 00           | subscription identifier 0",
        "130 | 30 06 0001 \"t\" 02 01 02           | payload format 2",
        "130 | 30 08 0001 \"t\" 04 08 0001 \"#\"     | a wildcard in a response topic",
        "129 | 30 07 0001 \"t\" 80808080           | a variable byte integer of five bytes",
        "129 | 40 01 00                          | PUBACK without a packet identifier",
        "130 | 40 02 0000                        | PUBACK with packet identifier 0",
        "130 | 40 03 0001 11                     | a code that PUBACK must not have",
        "130 | 50 03 0001 11                     | a code that PUBREC must not have",
        "130 | 70 03 0001 10                     | a code that PUBCOMP must not have",
        "130 | 90 04 0001 00 10                  | a code that SUBACK must not have",
        "130 | b0 04 0001 00 01                  | a code that UNSUBACK must not have",
        "130 | e0 01 04                          | a code that only a client may send",
        "130 | e0 07 00 05 11 00000000           | session expiry from a server",
        "129 | d0 01 00                          | a body of PINGRESP",
        "130 | f0 02 19 00                       | AUTH that only a client may send",
        "129 | f0 02 18 01                       | AUTH with properties beyond its end",
        "130 | f0 0a 18 08 15 0001 \"a\" 15 0001 \"a\" | AUTH with its method twice",
        "130 | 10 00                             | CONNECT from a server",
        "130 | c0 00                             | PINGREQ from a server",
        "129 | 00 00                             | packet type 0",
    })
    void whatMustNotComeIsAnsweredWithItsReasonCode(int code, String packet, String why) {
        ProtocolException error = assertThrows(ProtocolException.class, () -> decode(packet), why);
        assertEquals(code, error.reasonCode(), error.getMessage());
    }

    @Property(tries = 5000)
    void noInputThrowsAnythingElse(@ForAll @IntRange(max = 255) int header, @ForAll @Size(max = 60) byte[] body) {
        try {
            new Mqtt5().newCodec().decode(header, ByteBuffer.wrap(body), new PacketLog());
        } catch (ProtocolException e) {
            assertTrue(e.reasonCode() >= 0x81, e.getMessage());
        }
    }

    @Property(tries = 2000)
    void noDamageThrowsAnythingElse(@ForAll @IntRange(max = 45) int at, @ForAll byte value) throws ProtocolException {
        byte[] packet = bytes(
                "30 2e 0001 \"t\" 29 01 01 02 00000005 03 0001 \"c\" 08 0001 \"r\" 09 0002 00ff 0b 01 0b ac02 26"
                        + " 0001 \"b\" 0000 26 0001 \"a\" 0001 \"1\" 23 0001 \"p\"");
        packet[at + 2] = value;
        try {
            new Mqtt5().newCodec().decode(0x30, ByteBuffer.wrap(packet, 2, packet.length - 2), new PacketLog());
        } catch (ProtocolException e) {
            assertTrue(e.reasonCode() >= 0x81, e.getMessage());
        }
    }

    @Property(tries = 300)
    void aPublishedMessageIsReadBackAsItWas(@ForAll @Size(max = 300) byte[] payload, @ForAll @IntRange(max = 2) int qos,
            @ForAll boolean retain, @ForAll boolean text, @ForAll @Size(max = 5) List<@IntRange(max = 9) Integer> names,
            @ForAll @IntRange(max = 100_000) int expiry) throws ProtocolException {
        MessageProperties.Builder properties = MessageProperties.builder().text(text);
        names.forEach(each -> properties.userProperty("n" + each, "ü"));
        Message.Builder message = Message.to("töpic").payload(payload).qos(Qos.of(qos)).properties(properties.build());
        if (expiry > 0) {
            message.expiresAfter(Duration.ofSeconds(expiry));
        }
        byte[] packet = publish(message.build(), qos << 1 | (retain ? 1 : 0), 77, expiry);
        assertEquals(packet.length, codec.publishSize(message.build()));
        ByteBuffer in = ByteBuffer.wrap(packet);
        int header = in.get();
        Properties.varint(in, PacketType.PUBLISH);
        codec.decode(header, in, log);
        assertArrayEquals(payload, log.publish.payload());
        assertEquals("töpic", log.publish.topic());
        assertEquals(Qos.of(qos), log.publish.qos());
        assertEquals(retain, log.publish.retained());
        assertEquals(properties.build(), log.publish.details().properties());
        assertEquals(expiry > 0 ? expiry : -1, log.publish.details().expirySeconds());
    }
}
