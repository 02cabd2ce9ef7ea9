package mqtt.resilient.v5;

import static mqtt.resilient.spi.packet.ProtocolException.MALFORMED;
import static mqtt.resilient.spi.packet.ProtocolException.PROTOCOL_ERROR;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;

/**
 * Reads the properties of one packet after the other (MQTT 5 section 2.2.2). Only what a server may send in which
 * packet is let through.
 */
final class Properties {
    static final int PAYLOAD_FORMAT = 1;
    static final int MESSAGE_EXPIRY = 2;
    static final int CONTENT_TYPE = 3;
    static final int RESPONSE_TOPIC = 8;
    static final int CORRELATION_DATA = 9;
    static final int SUBSCRIPTION_IDENTIFIER = 11;
    static final int SESSION_EXPIRY = 17;
    static final int ASSIGNED_CLIENT_ID = 18;
    static final int SERVER_KEEP_ALIVE = 19;
    static final int AUTHENTICATION_METHOD = 21;
    static final int AUTHENTICATION_DATA = 22;
    static final int WILL_DELAY = 24;
    static final int REQUEST_RESPONSE_INFORMATION = 25;
    static final int RESPONSE_INFORMATION = 26;
    static final int SERVER_REFERENCE = 28;
    static final int REASON_STRING = 31;
    static final int RECEIVE_MAXIMUM = 33;
    static final int TOPIC_ALIAS_MAXIMUM = 34;
    static final int TOPIC_ALIAS = 35;
    static final int MAXIMUM_QOS = 36;
    static final int RETAIN_AVAILABLE = 37;
    static final int USER_PROPERTY = 38;
    static final int MAXIMUM_PACKET_SIZE = 39;
    static final int WILDCARD_AVAILABLE = 40;
    static final int IDENTIFIERS_AVAILABLE = 41;
    static final int SHARED_AVAILABLE = 42;

    private enum Kind {
        /** One byte, 0 or 1. */
        FLAG,
        /** Two bytes. */
        SHORT,
        /** Two bytes, not 0. */
        POSITIVE_SHORT,
        /** Four bytes. */
        INT,
        /** Four bytes, not 0. */
        POSITIVE_INT,
        /** A variable byte integer, not 0; may repeat. */
        VARINT,
        TEXT, BINARY,
        /** Two texts; may repeat. */
        PAIR
    }

    private static final int COUNT = SHARED_AVAILABLE + 1;
    private static final Kind[] KINDS = new Kind[COUNT];
    private static final int[] PACKETS = new int[COUNT];

    static {
        int connack = 1 << PacketType.CONNACK;
        int publish = 1 << PacketType.PUBLISH;
        int auth = 1 << PacketType.AUTH;
        int disconnect = 1 << PacketType.DISCONNECT;
        int answers = connack | disconnect | auth | 1 << PacketType.PUBACK | 1 << PacketType.PUBREC
                | 1 << PacketType.PUBREL
                | 1 << PacketType.PUBCOMP | 1 << PacketType.SUBACK | 1 << PacketType.UNSUBACK;
        define(PAYLOAD_FORMAT, Kind.FLAG, publish);
        define(MESSAGE_EXPIRY, Kind.INT, publish);
        define(CONTENT_TYPE, Kind.TEXT, publish);
        define(RESPONSE_TOPIC, Kind.TEXT, publish);
        define(CORRELATION_DATA, Kind.BINARY, publish);
        define(SUBSCRIPTION_IDENTIFIER, Kind.VARINT, publish);
        define(SESSION_EXPIRY, Kind.INT, connack | disconnect);
        define(ASSIGNED_CLIENT_ID, Kind.TEXT, connack);
        define(SERVER_KEEP_ALIVE, Kind.SHORT, connack);
        define(AUTHENTICATION_METHOD, Kind.TEXT, connack | auth);
        define(AUTHENTICATION_DATA, Kind.BINARY, connack | auth);
        define(RESPONSE_INFORMATION, Kind.TEXT, connack);
        define(SERVER_REFERENCE, Kind.TEXT, connack | disconnect);
        define(REASON_STRING, Kind.TEXT, answers);
        define(RECEIVE_MAXIMUM, Kind.POSITIVE_SHORT, connack);
        define(TOPIC_ALIAS_MAXIMUM, Kind.SHORT, connack);
        define(TOPIC_ALIAS, Kind.SHORT, publish);
        define(MAXIMUM_QOS, Kind.FLAG, connack);
        define(RETAIN_AVAILABLE, Kind.FLAG, connack);
        define(USER_PROPERTY, Kind.PAIR, answers | publish);
        define(MAXIMUM_PACKET_SIZE, Kind.POSITIVE_INT, connack);
        define(WILDCARD_AVAILABLE, Kind.FLAG, connack);
        define(IDENTIFIERS_AVAILABLE, Kind.FLAG, connack);
        define(SHARED_AVAILABLE, Kind.FLAG, connack);
    }

    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private final long[] numbers = new long[COUNT];
    private final Object[] values = new Object[COUNT];
    /** One bit for each property that is there. */
    private long present;
    private List<UserProperty> userProperties = List.of();
    private List<Integer> identifiers = List.of();

    private static void define(int id, Kind kind, int packets) {
        KINDS[id] = kind;
        PACKETS[id] = packets;
    }

    /** Forgets those of the packet before. */
    void clear() {
        present = 0;
        userProperties = List.of();
        identifiers = List.of();
    }

    /** Reads the length and the properties of a packet, if anything is left of it. */
    void read(ByteBuffer body, int type) throws ProtocolException {
        clear();
        int length = varint(body, type);
        if (length > body.remaining()) {
            throw new ProtocolException(MALFORMED, "a " + PacketType.name(type) + " with properties beyond its end");
        }
        int end = body.position() + length;
        int limit = body.limit();
        body.limit(end);
        while (body.hasRemaining()) {
            readOne(body, type);
        }
        body.limit(limit);
    }

    private void readOne(ByteBuffer body, int type) throws ProtocolException {
        int id = varint(body, type);
        requireAllowed(id, type);
        present |= 1L << id;
        switch (KINDS[id]) {
            case FLAG -> numbers[id] = range(body.get() & 0xFF, 0, 1, id, type);
            case SHORT -> numbers[id] = body.getShort() & 0xFFFF;
            case POSITIVE_SHORT -> numbers[id] = range(body.getShort() & 0xFFFF, 1, 0xFFFF, id, type);
            case INT -> numbers[id] = body.getInt() & 0xFFFF_FFFFL;
            case POSITIVE_INT -> numbers[id] = range(body.getInt() & 0xFFFF_FFFFL, 1, 0xFFFF_FFFFL, id, type);
            case VARINT -> {
                identifiers = identifiers.isEmpty() ? new ArrayList<>(1) : identifiers;
                identifiers.add((int) range(varint(body, type), 1, Integer.MAX_VALUE, id, type));
            }
            case TEXT -> values[id] = text(body, type);
            case BINARY -> values[id] = binary(body);
            case PAIR -> {
                userProperties = userProperties.isEmpty() ? new ArrayList<>(2) : userProperties;
                userProperties.add(new UserProperty(text(body, type), text(body, type)));
            }
        }
    }

    /** A property that this packet may have, from a server, and the first of its id unless there may be several. */
    private void requireAllowed(int id, int type) throws ProtocolException {
        if (id >= COUNT || KINDS[id] == null || (PACKETS[id] & 1 << type) == 0) {
            throw new ProtocolException(MALFORMED, "a " + PacketType.name(type) + " with property " + id
                    + ", which it must not have [MQTT 5 section 2.2.2.2]");
        }
        if (id == SESSION_EXPIRY && type == PacketType.DISCONNECT) { // its packet may have it, but not from a server
            throw new ProtocolException(PROTOCOL_ERROR,
                    "a DISCONNECT with a session expiry from a server [MQTT-3.14.2-2]");
        }
        Kind kind = KINDS[id];
        if ((present & 1L << id) != 0 && kind != Kind.PAIR && kind != Kind.VARINT) {
            throw new ProtocolException(PROTOCOL_ERROR,
                    "a " + PacketType.name(type) + " with property " + id + " twice");
        }
    }

    private static long range(long value, long min, long max, int id, int type) throws ProtocolException {
        if (value < min || value > max) {
            throw new ProtocolException(PROTOCOL_ERROR,
                    "a " + PacketType.name(type) + " whose property " + id + " is " + value
                            + "; allowed are " + min + " to " + max);
        }
        return value;
    }

    boolean isAny() {
        return present != 0;
    }

    boolean has(int id) {
        return (present & 1L << id) != 0;
    }

    long number(int id, long absent) {
        return has(id) ? numbers[id] : absent;
    }

    boolean flag(int id, boolean absent) {
        return has(id) ? numbers[id] != 0 : absent;
    }

    String text(int id) {
        return has(id) ? (String) values[id] : "";
    }

    byte[] binary(int id) {
        return has(id) ? (byte[]) values[id] : new byte[0];
    }

    List<UserProperty> userProperties() {
        return List.copyOf(userProperties);
    }

    List<Integer> identifiers() {
        return List.copyOf(identifiers);
    }

    // ---- the data types of section 1.5 ----------------------------------------------------------------------------

    static int varint(ByteBuffer body, int type) throws ProtocolException {
        int value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            byte next = body.get();
            value |= (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new ProtocolException(MALFORMED, "a " + PacketType.name(type)
                + " with a variable byte integer of more than 4 bytes [MQTT 5 section 1.5.5]");
    }

    String text(ByteBuffer body, int type) throws ProtocolException {
        byte[] bytes = binary(body);
        boolean ascii = true;
        for (byte each : bytes) {
            ascii &= each > 0;
        }
        if (ascii) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
        String text;
        try {
            text = utf8.decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new ProtocolException(MALFORMED, "a " + PacketType.name(type) + " with invalid UTF-8 [MQTT-1.5.4-1]");
        }
        if (text.indexOf(0) >= 0) {
            throw new ProtocolException(MALFORMED,
                    "a " + PacketType.name(type) + " with U+0000 in a text [MQTT-1.5.4-2]");
        }
        return text;
    }

    private static byte[] binary(ByteBuffer body) {
        int length = body.getShort() & 0xFFFF;
        if (length > body.remaining()) {
            throw new BufferUnderflowException(); // nothing is allocated for what did not come
        }
        byte[] bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }
}
