package mqtt.resilient.impl.simulation;

import java.util.HexFormat;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A packet of MQTT 5 that no broker may send, and the reason code with which a client ends the connection (section
 * 4.13).
 */
enum Blunder {
    ALIAS_ABOVE_THE_MAXIMUM(0x94, 0x30, "0001 61 03 23 0021"),
    ALIAS_0(0x94, 0x30, "0001 61 03 23 0000"),
    NEITHER_TOPIC_NOR_ALIAS(0x82, 0x30, "0000 00 78"),
    WILDCARD_IN_A_TOPIC(0x81, 0x30, "0004 696e2f23 00"),
    QOS_3(0x81, 0x36, "0001 61 0001 00"),
    DUP_WITH_QOS_0(0x82, 0x38, "0001 61 00"),
    TOPIC_THAT_IS_NOT_UTF_8(0x81, 0x30, "0002 c080 00"),
    PROPERTY_TWICE(0x82, 0x30, "0001 61 08 03 0001 61 03 0001 62"),
    PROPERTY_OF_ANOTHER_PACKET(0x81, 0x30, "0001 61 05 11 00000001"),
    PROPERTIES_BEYOND_THE_END(0x81, 0x30, "0001 61 7f 03"),
    PAYLOAD_FORMAT_2(0x82, 0x30, "0001 61 02 01 02"),
    SUBSCRIPTION_IDENTIFIER_0(0x82, 0x30, "0001 61 02 0b 00"),
    PACKET_ID_0(0x82, 0x32, "0001 61 0000 00"),
    SECOND_CONNACK(0x82, 0x20, "00 00 00"),
    AUTH_THAT_NOBODY_ASKED_FOR(0x82, 0xF0, "18 00"),
    CODE_THAT_IS_NONE(0x82, 0x40, "fff0 05"),
    CODE_OF_ANOTHER_PACKET(0x82, 0xE0, "01"),
    ACKNOWLEDGEMENT_OF_0(0x82, 0x40, "0000"),
    FLAGS(0x81, 0x60, "0001"),
    TOO_SHORT(0x81, 0x40, "00"),
    TYPE_0(0x81, 0x00, ""),
    PACKET_OF_A_CLIENT(0x82, 0xC0, ""),
    LENGTH_OF_FIVE_BYTES(0x81, -1, "40 ff ff ff ff 01"),
    TOO_LARGE(0x95, -1, "40 ff ff ff 7f");

    final int code;
    private final byte[] packet;

    /** Header -1: the text is all of it. */
    Blunder(int code, int header, String text) {
        this.code = code;
        byte[] body = HexFormat.of().parseHex(text.replace(" ", ""));
        packet = header < 0 ? body : Packets.packet(header, body);
    }

    static Blunder of(SplittableRandom random) {
        return values()[random.nextInt(values().length)];
    }

    byte[] packet() {
        return packet.clone();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ') + ": " + HexFormat.of().formatHex(packet);
    }
}
