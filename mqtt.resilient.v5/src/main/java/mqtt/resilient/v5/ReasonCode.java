package mqtt.resilient.v5;

import mqtt.resilient.spi.ProtocolVersion.Reaction;
import mqtt.resilient.spi.packet.PacketType;

/**
 * The reason codes (MQTT 5 section 2.4), in which packets a server may send them, and what the client does when it
 * is the end of a connection: the one table of the policy, also in docs/mqtt5.md.
 */
enum ReasonCode {
    SUCCESS(0x00, "success", Reaction.BACK_OFF, PacketType.CONNACK, PacketType.PUBACK, PacketType.PUBREC,
            PacketType.PUBREL,
            PacketType.PUBCOMP, PacketType.SUBACK, PacketType.UNSUBACK, PacketType.AUTH, PacketType.DISCONNECT),
    GRANTED_QOS_1(0x01, "granted QoS 1", Reaction.BACK_OFF, PacketType.SUBACK),
    GRANTED_QOS_2(0x02, "granted QoS 2", Reaction.BACK_OFF, PacketType.SUBACK),
    NO_MATCHING_SUBSCRIBERS(0x10, "no matching subscribers", Reaction.BACK_OFF, PacketType.PUBACK, PacketType.PUBREC),
    NO_SUBSCRIPTION_EXISTED(0x11, "no subscription existed", Reaction.BACK_OFF, PacketType.UNSUBACK),
    CONTINUE_AUTHENTICATION(0x18, "continue authentication", Reaction.BACK_OFF, PacketType.AUTH),
    UNSPECIFIED_ERROR(0x80, "unspecified error", Reaction.SUSPECT, PacketType.CONNACK, PacketType.PUBACK,
            PacketType.PUBREC,
            PacketType.SUBACK, PacketType.UNSUBACK, PacketType.DISCONNECT),
    MALFORMED_PACKET(0x81, "malformed packet", Reaction.SUSPECT, PacketType.CONNACK, PacketType.DISCONNECT),
    PROTOCOL_ERROR(0x82, "protocol error", Reaction.SUSPECT, PacketType.CONNACK, PacketType.DISCONNECT),
    IMPLEMENTATION_SPECIFIC_ERROR(0x83, "implementation specific error", Reaction.SUSPECT, PacketType.CONNACK,
            PacketType.PUBACK, PacketType.PUBREC, PacketType.SUBACK, PacketType.UNSUBACK, PacketType.DISCONNECT),
    UNSUPPORTED_PROTOCOL_VERSION(0x84, "unsupported protocol version", Reaction.FALL_BACK, PacketType.CONNACK),
    CLIENT_IDENTIFIER_NOT_VALID(0x85, "client identifier not valid", Reaction.SLOW_RETRY, PacketType.CONNACK),
    BAD_USER_NAME_OR_PASSWORD(0x86, "bad user name or password", Reaction.SLOW_RETRY, PacketType.CONNACK),
    NOT_AUTHORIZED(0x87, "not authorized", Reaction.SLOW_RETRY, PacketType.CONNACK, PacketType.PUBACK,
            PacketType.PUBREC,
            PacketType.SUBACK, PacketType.UNSUBACK, PacketType.DISCONNECT),
    SERVER_UNAVAILABLE(0x88, "server unavailable", Reaction.BACK_OFF, PacketType.CONNACK),
    SERVER_BUSY(0x89, "server busy", Reaction.BACK_OFF, PacketType.CONNACK, PacketType.DISCONNECT),
    BANNED(0x8A, "banned", Reaction.SLOW_RETRY, PacketType.CONNACK),
    SERVER_SHUTTING_DOWN(0x8B, "server shutting down", Reaction.BACK_OFF, PacketType.DISCONNECT),
    BAD_AUTHENTICATION_METHOD(0x8C, "bad authentication method", Reaction.SLOW_RETRY, PacketType.CONNACK,
            PacketType.DISCONNECT),
    KEEP_ALIVE_TIMEOUT(0x8D, "keep alive timeout", Reaction.BACK_OFF, PacketType.DISCONNECT),
    SESSION_TAKEN_OVER(0x8E, "session taken over", Reaction.TAKEN_OVER, PacketType.DISCONNECT),
    TOPIC_FILTER_INVALID(0x8F, "topic filter invalid", Reaction.SUSPECT, PacketType.SUBACK, PacketType.UNSUBACK,
            PacketType.DISCONNECT),
    TOPIC_NAME_INVALID(0x90, "topic name invalid", Reaction.SUSPECT, PacketType.CONNACK, PacketType.PUBACK,
            PacketType.PUBREC,
            PacketType.DISCONNECT),
    PACKET_IDENTIFIER_IN_USE(0x91, "packet identifier in use", Reaction.BACK_OFF, PacketType.PUBACK, PacketType.PUBREC,
            PacketType.SUBACK, PacketType.UNSUBACK),
    PACKET_IDENTIFIER_NOT_FOUND(0x92, "packet identifier not found", Reaction.BACK_OFF, PacketType.PUBREL,
            PacketType.PUBCOMP),
    RECEIVE_MAXIMUM_EXCEEDED(0x93, "receive maximum exceeded", Reaction.SUSPECT, PacketType.DISCONNECT),
    TOPIC_ALIAS_INVALID(0x94, "topic alias invalid", Reaction.SUSPECT, PacketType.DISCONNECT),
    PACKET_TOO_LARGE(0x95, "packet too large", Reaction.SUSPECT, PacketType.CONNACK, PacketType.DISCONNECT),
    MESSAGE_RATE_TOO_HIGH(0x96, "message rate too high", Reaction.BACK_OFF, PacketType.DISCONNECT),
    QUOTA_EXCEEDED(0x97, "quota exceeded", Reaction.SUSPECT, PacketType.CONNACK, PacketType.PUBACK, PacketType.PUBREC,
            PacketType.SUBACK, PacketType.DISCONNECT),
    ADMINISTRATIVE_ACTION(0x98, "administrative action", Reaction.BACK_OFF, PacketType.DISCONNECT),
    PAYLOAD_FORMAT_INVALID(0x99, "payload format invalid", Reaction.SUSPECT, PacketType.CONNACK, PacketType.PUBACK,
            PacketType.PUBREC, PacketType.DISCONNECT),
    RETAIN_NOT_SUPPORTED(0x9A, "retain not supported", Reaction.SLOW_RETRY, PacketType.CONNACK, PacketType.DISCONNECT),
    QOS_NOT_SUPPORTED(0x9B, "QoS not supported", Reaction.SLOW_RETRY, PacketType.CONNACK, PacketType.DISCONNECT),
    USE_ANOTHER_SERVER(0x9C, "use another server", Reaction.REDIRECT, PacketType.CONNACK, PacketType.DISCONNECT),
    SERVER_MOVED(0x9D, "server moved", Reaction.REDIRECT, PacketType.CONNACK, PacketType.DISCONNECT),
    SHARED_SUBSCRIPTIONS_NOT_SUPPORTED(0x9E, "shared subscriptions not supported", Reaction.SUSPECT, PacketType.SUBACK,
            PacketType.DISCONNECT),
    CONNECTION_RATE_EXCEEDED(0x9F, "connection rate exceeded", Reaction.SLOW_RETRY, PacketType.CONNACK,
            PacketType.DISCONNECT),
    MAXIMUM_CONNECT_TIME(0xA0, "maximum connect time", Reaction.BACK_OFF, PacketType.DISCONNECT),
    SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED(0xA1, "subscription identifiers not supported", Reaction.SUSPECT,
            PacketType.SUBACK, PacketType.DISCONNECT),
    WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED(0xA2, "wildcard subscriptions not supported", Reaction.SUSPECT,
            PacketType.SUBACK, PacketType.DISCONNECT);

    private static final ReasonCode[] BY_CODE = new ReasonCode[256];

    static {
        for (ReasonCode each : values()) {
            BY_CODE[each.code] = each;
        }
    }

    final int code;
    final String words;
    final Reaction reaction;
    private final int packets;

    ReasonCode(int code, String words, Reaction reaction, int... packets) {
        this.code = code;
        this.words = words;
        this.reaction = reaction;
        int bits = 0;
        for (int type : packets) {
            bits |= 1 << type;
        }
        this.packets = bits;
    }

    /** The code with this number; null if there is none. */
    static ReasonCode of(int code) {
        return BY_CODE[code & 0xFF];
    }

    /** Whether a message that was refused with this code may be taken later; other messages are refused for good. */
    boolean mayTakeLater() {
        return this == QUOTA_EXCEEDED || this == PACKET_IDENTIFIER_IN_USE;
    }

    /** Whether a server may send a code in a packet of this type. */
    static boolean isAllowed(int code, int packetType) {
        ReasonCode found = of(code);
        return found != null && (found.packets & 1 << packetType) != 0;
    }
}
