package mqtt.resilient.impl.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mqtt.resilient.api.MessageProperties;

/** Properties of one packet of MQTT 5, read and written without the code under test. */
final class Properties {
    static final int TEXT = 1;
    static final int MESSAGE_EXPIRY = 2;
    static final int CONTENT_TYPE = 3;
    static final int RESPONSE_TOPIC = 8;
    static final int CORRELATION_DATA = 9;
    static final int SUBSCRIPTION_IDENTIFIER = 11;
    static final int SESSION_EXPIRY = 17;
    static final int ASSIGNED_CLIENT_ID = 18;
    static final int SERVER_KEEP_ALIVE = 19;
    static final int REASON_STRING = 31;
    static final int RECEIVE_MAXIMUM = 33;
    static final int TOPIC_ALIAS_MAXIMUM = 34;
    static final int TOPIC_ALIAS = 35;
    static final int MAXIMUM_QOS = 36;
    static final int RETAIN_AVAILABLE = 37;
    static final int USER_PROPERTY = 38;
    static final int MAXIMUM_PACKET_SIZE = 39;
    static final int IDENTIFIERS_AVAILABLE = 41;
    private static final int WILL = 0;
    /** What each property is: 1, 2 and 4 bytes, v = a variable number, t = a text, b = bytes, p = a pair of texts. */
    private static final String KINDS = " 14t    tb v     4t2 tb141t t  t 22211p4111";
    /** What a client may send, by the type of the packet; 0 = the properties of a will. */
    private static final Map<Integer, List<Integer>> ALLOWED = Map.ofEntries(
            Map.entry(WILL, List.of(24, 1, 2, 3, 8, 9, 38)),
            Map.entry(Packets.CONNECT, List.of(17, 33, 39, 34, 25, 23, 38, 21, 22)),
            Map.entry(Packets.PUBLISH, List.of(1, 2, 3, 8, 9, 35, 38)), Map.entry(Packets.PUBACK, List.of(31, 38)),
            Map.entry(Packets.PUBREC, List.of(31, 38)), Map.entry(Packets.PUBREL, List.of(31, 38)),
            Map.entry(Packets.PUBCOMP, List.of(31, 38)), Map.entry(Packets.SUBSCRIBE, List.of(11, 38)),
            Map.entry(Packets.UNSUBSCRIBE, List.of(38)), Map.entry(Packets.DISCONNECT, List.of(17, 31, 38)));

    private final Map<Integer, Object> single = new TreeMap<>();
    private final List<List<String>> pairs = new ArrayList<>();

    // ---- of a message -------------------------------------------------------------------------------------------

    /** What travels with a message: that follows from its number. */
    static Properties of(long number) {
        Properties made = new Properties();
        if (number % 3 == 0) {
            return made;
        }
        if (number % 4 == 1) {
            made.put(CONTENT_TYPE, "type/" + number);
        }
        if (number % 5 == 1) {
            made.put(TEXT, 1L);
        }
        if (number % 7 == 1) {
            made.put(RESPONSE_TOPIC, "answers/" + number).put(CORRELATION_DATA, HexFormat.of().formatHex(
                    ByteBuffer.allocate(8).putLong(number).array()));
        }
        for (int i = (int) (number % 4); i > 0; i--) { // one name more than once, and in an order
            made.pairs.add(List.of("name" + i % 2, "value " + i + " of " + number + " ü"));
        }
        return made;
    }

    MessageProperties toApi() {
        MessageProperties.Builder builder = MessageProperties.builder().text(single.containsKey(TEXT));
        if (single.containsKey(CONTENT_TYPE)) {
            builder.contentType((String) single.get(CONTENT_TYPE));
        }
        if (single.containsKey(RESPONSE_TOPIC)) {
            builder.responseTopic((String) single.get(RESPONSE_TOPIC));
        }
        if (single.containsKey(CORRELATION_DATA)) {
            builder.correlationData(HexFormat.of().parseHex((String) single.get(CORRELATION_DATA)));
        }
        pairs.forEach(pair -> builder.userProperty(pair.get(0), pair.get(1)));
        return builder.build();
    }

    // ---- values ---------------------------------------------------------------------------------------------------

    /** A number as a Long, a text, or bytes as hexadecimal digits. */
    Properties put(int id, Object value) {
        single.put(id, value);
        return this;
    }

    Properties pair(String name, String value) {
        pairs.add(List.of(name, value));
        return this;
    }

    /** Takes a number out. */
    long take(int id, long absent) {
        Object value = single.remove(id);
        return value == null ? absent : (Long) value;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Properties properties && single.equals(properties.single)
                && pairs.equals(properties.pairs);
    }

    @Override
    public int hashCode() {
        return single.hashCode() + pairs.hashCode();
    }

    @Override
    public String toString() {
        return single + (pairs.isEmpty() ? "" : pairs.toString());
    }

    // ---- bytes ----------------------------------------------------------------------------------------------------

    /** The bytes, with their length before them. */
    byte[] encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        single.forEach((id, value) -> {
            out.write(id);
            switch (KINDS.charAt(id)) {
                case '1' -> putNumber((Long) value, 1, out);
                case '2' -> putNumber((Long) value, 2, out);
                case '4' -> putNumber((Long) value, 4, out);
                case 'v' -> Packets.putLength(((Long) value).intValue(), out);
                case 't' -> putBytes(((String) value).getBytes(StandardCharsets.UTF_8), out);
                default -> putBytes(HexFormat.of().parseHex((String) value), out);
            }
        });
        for (List<String> pair : pairs) {
            out.write(USER_PROPERTY);
            pair.forEach(text -> putBytes(text.getBytes(StandardCharsets.UTF_8), out));
        }
        ByteArrayOutputStream block = new ByteArrayOutputStream(out.size() + 2);
        Packets.putLength(out.size(), block);
        block.writeBytes(out.toByteArray());
        return block.toByteArray();
    }

    private static void putNumber(long value, int bytes, ByteArrayOutputStream out) {
        for (int shift = 8 * bytes - 8; shift >= 0; shift -= 8) {
            out.write((int) (value >> shift));
        }
    }

    private static void putBytes(byte[] bytes, ByteArrayOutputStream out) {
        putNumber(bytes.length, 2, out);
        out.writeBytes(bytes);
    }

    /**
     * Reads the properties that a client sends in a packet; throws IllegalArgumentException for what it must not send.
     */
    static Properties read(ByteBuffer body, int type) {
        Properties made = new Properties();
        int length = varint(body);
        require(length <= body.remaining(), "properties beyond the end of the packet");
        int end = body.position() + length;
        while (body.position() < end) {
            int id = varint(body);
            require(ALLOWED.getOrDefault(type, List.of()).contains(id), "property " + id + " in a " + Packets.name(type)
                    + " [MQTT 5 2.2.2.2]");
            if (id == USER_PROPERTY) {
                made.pairs.add(List.of(text(body), text(body)));
                continue;
            }
            Object value = switch (KINDS.charAt(id)) {
                case '1' -> (long) body.get();
                case '2' -> (long) (body.getShort() & 0xFFFF);
                case '4' -> body.getInt() & 0xFFFF_FFFFL;
                case 'v' -> (long) varint(body);
                case 't' -> text(body);
                default -> HexFormat.of().formatHex(bytes(body));
            };
            require(made.single.put(id, value) == null, "property " + id + " twice");
            boolean positive = id == RECEIVE_MAXIMUM || id == MAXIMUM_PACKET_SIZE || id == SUBSCRIPTION_IDENTIFIER
                    || id == TOPIC_ALIAS;
            require(!positive || (Long) value > 0, "property " + id + " is 0");
            require(id != TEXT || (Long) value < 2, "payload format " + value);
        }
        require(body.position() == end, "properties that do not end where they end");
        return made;
    }

    private static int varint(ByteBuffer body) {
        int value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            byte next = body.get();
            value |= (next & 127) << shift;
            if (next >= 0) {
                require(shift == 0 || next > 0,
                        "a variable byte integer that is longer than it need be [MQTT-1.5.5-1]");
                return value;
            }
        }
        throw new IllegalArgumentException("a variable byte integer of more than four bytes [MQTT 5 1.5.5]");
    }

    private static byte[] bytes(ByteBuffer body) {
        int length = body.getShort() & 0xFFFF;
        require(length <= body.remaining(), "a text that is too short");
        byte[] bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }

    private static String text(ByteBuffer body) {
        byte[] bytes = bytes(body);
        String text = new String(bytes, StandardCharsets.UTF_8);
        require(Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8)), "a text that is not UTF-8 [MQTT-1.5.4-1]");
        return text;
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException(what);
        }
    }
}
