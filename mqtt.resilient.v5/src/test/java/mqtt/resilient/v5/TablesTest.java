package mqtt.resilient.v5;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import mqtt.resilient.spi.packet.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Table 2-4 (properties) and table 2-6 (reason codes) of MQTT 5, tried in each packet that a server sends. Enhanced
 * authentication has tests of its own.
 */
class TablesTest {
    private static final int MALFORMED = 0x81;
    private static final int PROTOCOL_ERROR = 0x82;
    private static final String NOTHING = "-";

    /** A packet with room for a reason code and properties. */
    private enum Packet {
        CONNACK(0x20, "00", ""), PUBLISH(0x30, "000174", null), PUBACK(0x40, "0007", ""), PUBREC(0x50, "0007", ""),
        PUBREL(0x62, "0007", ""), PUBCOMP(0x70, "0007", ""), SUBACK(0x90, "0007", null), UNSUBACK(0xB0, "0007", null),
        DISCONNECT(0xE0, "", "");

        private final int header;
        private final String before;
        /** Null = the reason codes, if any, are behind the properties. */
        private final String codeBefore;

        Packet(int header, String before, String codeBefore) {
            this.header = header;
            this.before = before;
            this.codeBefore = codeBefore;
        }

        /** Decodes one of this type; the properties in hexadecimal digits. */
        private PacketLog decode(int code, String properties) throws ProtocolException {
            String codeDigits = this == PUBLISH ? "" : String.format("%02x", code);
            String block = String.format("%02x", properties.length() / 2) + properties;
            byte[] body = HexFormat.of()
                    .parseHex(before + (codeBefore == null ? block + codeDigits : codeDigits + block));
            PacketLog log = new PacketLog();
            new Mqtt5().newCodec().decode(header, ByteBuffer.wrap(body), log);
            return log;
        }

        private void assertRefuses(int reason, int code, String properties) {
            ProtocolException error = assertThrows(ProtocolException.class, () -> decode(code, properties),
                    this + " " + code + " " + properties);
            assertEquals(reason, error.reasonCode(), this + ": " + error.getMessage());
        }
    }

    /** The packets of servers that may have it; those in which it is a protocol error; whether it may repeat. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', value = {
        "01 | Payload Format Indicator      | 01           | PUBLISH            | -          | once",
        "02 | Message Expiry Interval       | 00000001     | PUBLISH            | -          | once",
        "03 | Content Type                  | 000163       | PUBLISH            | -          | once",
        "08 | Response Topic                | 000172       | PUBLISH            | -          | once",
        "09 | Correlation Data              | 000100       | PUBLISH            | -          | once",
        "0b | Subscription Identifier       | 7f           | PUBLISH            | -          | often",
        "11 | Session Expiry Interval       | 00000001     | CONNACK            | DISCONNECT | once",
        "12 | Assigned Client Identifier    | 000169       | CONNACK            | -          | once",
        "13 | Server Keep Alive             | 0001         | CONNACK            | -          | once",
        "17 | Request Problem Information   | 01           | -                  | -          | once",
        "18 | Will Delay Interval           | 00000001     | -                  | -          | once",
        "19 | Request Response Information  | 01           | -                  | -          | once",
        "1a | Response Information          | 000172       | CONNACK            | -          | once",
        "1c | Server Reference              | 000173       | CONNACK DISCONNECT | -          | once",
        "1f | Reason String                 | 000173       | CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK "
                + "DISCONNECT | - | once",
        "21 | Receive Maximum               | 0001         | CONNACK            | -          | once",
        "22 | Topic Alias Maximum           | 0001         | CONNACK            | -          | once",
        "23 | Topic Alias                   | 0001         | PUBLISH            | -          | once",
        "24 | Maximum QoS                   | 01           | CONNACK            | -          | once",
        "25 | Retain Available              | 01           | CONNACK            | -          | once",
        "26 | User Property                 | 000161000162 | CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBACK "
                + "UNSUBACK DISCONNECT | - | often",
        "27 | Maximum Packet Size           | 00000001     | CONNACK            | -          | once",
        "28 | Wildcard Available            | 01           | CONNACK            | -          | once",
        "29 | Identifiers Available         | 01           | CONNACK            | -          | once",
        "2a | Shared Available              | 01           | CONNACK            | -          | once",
    })
    void aPropertyIsTakenWhereItMayBe(String id, String name, String value, String packets, String wrongWay,
            String times) {
        List<String> allowed = List.of(packets.split(" "));
        for (Packet packet : Packet.values()) {
            String once = id + value;
            if (allowed.contains(packet.name())) {
                assertDoesNotThrow(() -> packet.decode(0, once), packet + " " + once);
                if (times.equals("often")) {
                    assertDoesNotThrow(() -> packet.decode(0, once + once), packet + " " + once);
                } else {
                    packet.assertRefuses(PROTOCOL_ERROR, 0, once + once);
                }
                packet.assertRefuses(MALFORMED, 0, once.substring(0, once.length() - 2));
            } else {
                packet.assertRefuses(wrongWay.equals(packet.name()) ? PROTOCOL_ERROR : MALFORMED, 0, once);
            }
        }
    }

    @Test
    void whatIsNoPropertyIsTakenNowhere() {
        Set<Integer> known = new HashSet<>(List.of(1, 2, 3, 8, 9, 11, 17, 18, 19, 21, 22, 23, 24, 25, 26, 28, 31));
        for (int id = 33; id <= 42; id++) {
            known.add(id);
        }
        for (int id = 0; id < 128; id++) {
            for (Packet packet : Packet.values()) {
                if (!known.contains(id)) {
                    packet.assertRefuses(MALFORMED, 0, String.format("%02x", id) + "0000000000");
                }
            }
        }
    }

    /** PUBACK and PUBREC with a code that refuses are taken whatever it is; CONNACK 1 to 5 is a refusal of 3.1.1. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "CONNACK    | 00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f       | 01 02 03 04 05",
        "PUBACK     | 00 10 80 83 87 90 91 97 99                                              | refusals",
        "PUBREC     | 00 10 80 83 87 90 91 97 99                                              | refusals",
        "PUBREL     | 00 92                                                                   | -",
        "PUBCOMP    | 00 92                                                                   | -",
        "SUBACK     | 00 01 02 80 83 87 8f 91 97 9e a1 a2                                     | -",
        "UNSUBACK   | 00 11 80 83 87 8f 91                                                    | -",
        "DISCONNECT | 00 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2 | -",
    })
    void aReasonCodeIsTakenWhereItMayBe(Packet packet, String codes, String borne) throws ProtocolException {
        List<String> allowed = List.of(codes.split(" "));
        List<String> more = borne.equals(NOTHING) ? List.of() : List.of(borne.split(" "));
        for (int code = 0; code < 256; code++) {
            String digits = String.format("%02x", code);
            if (allowed.contains(digits)) {
                String taken = packet.decode(code, "").packets.get(0);
                assertEquals(packet == Packet.SUBACK || packet == Packet.UNSUBACK ? packet + " id 7 [" + code + "]"
                        : packet + (packet == Packet.CONNACK || packet == Packet.DISCONNECT ? "" : " id 7") + " code "
                                + code,
                        taken);
            } else if (more.contains(digits) || more.contains("refusals") && code >= 0x80) {
                packet.decode(code, "");
            } else {
                packet.assertRefuses(PROTOCOL_ERROR, code, "");
            }
        }
    }
}
