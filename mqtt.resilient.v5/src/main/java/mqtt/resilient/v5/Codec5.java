package mqtt.resilient.v5;

import static mqtt.resilient.spi.packet.ProtocolException.MALFORMED;
import static mqtt.resilient.spi.packet.ProtocolException.PROTOCOL_ERROR;
import static mqtt.resilient.spi.packet.ProtocolException.TOPIC_ALIAS_INVALID;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.spi.packet.Subscribe;
import mqtt.resilient.spi.packet.Unsubscribe;

/** The packets of one connection, with the topic aliases of both directions. */
final class Codec5 implements Codec {
    private static final int TOPIC_ALIASES = 32;
    private static final int PROTOCOL_LEVEL = 5;
    private static final int ALIAS_BYTES = 3;
    private static final int EXPIRY_BYTES = 5;
    private static final int QOS_FLAGS = 6;
    /** Reason codes from here on refuse. */
    private static final int FAILURE = 0x80;
    /** Words of the broker are kept with outcomes, in the status and in the log. */
    private static final int MAX_WORDS = 256;
    private static final int MAX_USER_PROPERTY_CHARACTERS = 1024;

    private final Properties properties = new Properties();
    /** By alias, from 1; as many as the CONNECT says, which always comes first. */
    private String[] aliasesIn = new String[TOPIC_ALIASES + 1];
    private TopicAliases aliasesOut = new TopicAliases(0);
    private BrokerLimits limits = BrokerLimits.NONE;

    // ---- to the broker --------------------------------------------------------------------------------------------

    @Override
    public int publishSize(Message message) {
        int length = propertiesLength(message, message.expiresAfterNanos());
        int remaining = 2 + message.topicLength() + (message.qos() == Qos.AT_MOST_ONCE ? 0 : 2)
                + PacketWriter.varintSize(length) + length + message.payloadLength();
        return 1 + PacketWriter.varintSize(remaining) + remaining;
    }

    private static int propertiesLength(Message message, long expiry) {
        return message.properties().length() + (expiry > 0 ? EXPIRY_BYTES : 0);
    }

    @Override
    public void encodePublish(Message message, int flags, int packetId, long expirySeconds, ByteBuffer out) {
        int idBytes = (flags & QOS_FLAGS) == 0 ? 0 : 2;
        int alias = aliasesOut.known(message.topic());
        boolean known = alias > 0;
        int topicLength = known ? 0 : message.topicLength();
        int base = propertiesLength(message, expirySeconds);
        int rest = 2 + topicLength + idBytes + message.payloadLength();
        if (topicLength > ALIAS_BYTES) {
            int larger = size(rest, base + ALIAS_BYTES);
            alias = larger <= out.remaining() && larger <= limits.maximumPacketBytes()
                    ? aliasesOut.give(message.topic()) : 0;
        }
        int length = base + (alias > 0 ? ALIAS_BYTES : 0);
        out.put((byte) (PacketType.PUBLISH << 4 | flags));
        PacketWriter.putVarint(rest + PacketWriter.varintSize(length) + length, out);
        out.putShort((short) topicLength);
        if (!known) {
            message.writeTopic(out);
        }
        if (idBytes > 0) {
            out.putShort((short) packetId);
        }
        PacketWriter.putVarint(length, out);
        if (expirySeconds > 0) {
            out.put((byte) Properties.MESSAGE_EXPIRY).putInt(PacketWriter.unsigned(expirySeconds));
        }
        if (alias > 0) {
            out.put((byte) Properties.TOPIC_ALIAS).putShort((short) alias);
        }
        message.properties().writeTo(out);
        message.writePayload(out);
    }

    private static int size(int rest, int propertiesLength) {
        int remaining = rest + PacketWriter.varintSize(propertiesLength) + propertiesLength;
        return 1 + PacketWriter.varintSize(remaining) + remaining;
    }

    @Override
    public void encodeAcknowledgement(int type, int packetId, int reasonCode, ByteBuffer out) {
        out.put((byte) (type << 4 | (type == PacketType.PUBREL ? 2 : 0))); // [MQTT-3.6.1-1]
        out.put((byte) (reasonCode == 0 ? 2 : 3));
        out.putShort((short) packetId);
        if (reasonCode != 0) {
            out.put((byte) reasonCode);
        }
    }

    @Override
    public byte[] encode(Connect connect) {
        Message will = connect.will();
        Connect.Options options = connect.options();
        PacketWriter body = new PacketWriter().text("MQTT").octet(PROTOCOL_LEVEL)
                .octet((connect.user() != null ? 0x80 : 0) | (connect.password() != null ? 0x40 : 0)
                        | (will == null ? 0 : 4 | will.qos().ordinal() << 3 | (will.retain() ? 0x20 : 0))
                        | (connect.cleanStart() ? 2 : 0))
                .number(2, connect.keepAliveSeconds());
        PacketWriter connectProperties = new PacketWriter();
        if (options.sessionExpirySeconds() > 0) {
            connectProperties.octet(Properties.SESSION_EXPIRY).number(4, options.sessionExpirySeconds());
        }
        connectProperties.octet(Properties.RECEIVE_MAXIMUM).number(2, options.receiveMaximum())
                .octet(Properties.MAXIMUM_PACKET_SIZE).number(4, options.packetMaxBytes());
        if (options.topicAliasMaximum() > 0) {
            connectProperties.octet(Properties.TOPIC_ALIAS_MAXIMUM).number(2, options.topicAliasMaximum());
        }
        aliasesIn = new String[options.topicAliasMaximum() + 1];
        connectProperties.octet(Properties.REQUEST_RESPONSE_INFORMATION).octet(1); // for request()
        put(options.authentication(), connectProperties);
        put(options.userProperties(), connectProperties);
        body.block(connectProperties).text(connect.clientId());
        if (will != null) {
            PacketWriter willProperties = new PacketWriter();
            if (options.willDelaySeconds() > 0) {
                willProperties.octet(Properties.WILL_DELAY).number(4, options.willDelaySeconds());
            }
            if (will.expiresAfterNanos() > 0) {
                willProperties.octet(Properties.MESSAGE_EXPIRY).number(4,
                        PacketWriter.unsigned(will.expiresAfterNanos() / 1_000_000_000L));
            }
            body.block(willProperties.properties(will.properties())).text(will.topic()).binary(will.payload());
        }
        if (connect.user() != null) {
            body.text(connect.user());
        }
        if (connect.password() != null) {
            body.binary(connect.password());
        }
        return body.packet(PacketType.CONNECT << 4);
    }

    private static void put(List<UserProperty> userProperties, PacketWriter to) {
        for (UserProperty each : userProperties) {
            to.octet(Properties.USER_PROPERTY).text(each.name()).text(each.value());
        }
    }

    private static void put(Auth auth, PacketWriter to) {
        if (!auth.method().isEmpty()) {
            to.octet(Properties.AUTHENTICATION_METHOD).text(auth.method());
            if (auth.data().length > 0) {
                to.octet(Properties.AUTHENTICATION_DATA).binary(auth.data());
            }
        }
    }

    @Override
    public byte[] encode(Auth auth) {
        PacketWriter authProperties = new PacketWriter();
        put(auth, authProperties);
        return new PacketWriter().octet(auth.code()).block(authProperties).packet(PacketType.AUTH << 4);
    }

    @Override
    public byte[] encode(Subscribe subscribe) {
        PacketWriter body = new PacketWriter().number(2, subscribe.packetId());
        PacketWriter subscribeProperties = new PacketWriter();
        int identifier = subscribe.requests().get(0).identifier();
        if (identifier > 0 && limits.subscriptionIdentifiers()) {
            subscribeProperties.octet(Properties.SUBSCRIPTION_IDENTIFIER).varint(identifier);
        }
        put(subscribe.userProperties(), subscribeProperties);
        body.block(subscribeProperties);
        for (Subscribe.Request request : subscribe.requests()) {
            int options = request.options() & (1 << Subscribe.Request.IDENTIFIER_SHIFT) - 1;
            body.text(request.filter()).octet(request.filter().startsWith("$share/")
                    ? options & ~Subscribe.Request.NO_LOCAL : options); // [MQTT-3.8.3-4]
        }
        return body.packet(PacketType.SUBSCRIBE << 4 | 2); // [MQTT-3.8.1-1]
    }

    @Override
    public byte[] encode(Unsubscribe unsubscribe) {
        PacketWriter unsubscribeProperties = new PacketWriter();
        put(unsubscribe.userProperties(), unsubscribeProperties);
        PacketWriter body = new PacketWriter().number(2, unsubscribe.packetId()).block(unsubscribeProperties);
        unsubscribe.filters().forEach(body::text);
        return body.packet(PacketType.UNSUBSCRIBE << 4 | 2); // [MQTT-3.10.1-1]
    }

    @Override
    public byte[] pingreq() {
        return new byte[] { (byte) (PacketType.PINGREQ << 4), 0 };
    }

    @Override
    public byte[] disconnect(int reasonCode, long sessionExpirySeconds) {
        PacketWriter body = new PacketWriter();
        if (sessionExpirySeconds >= 0) {
            body.octet(reasonCode).block(
                    new PacketWriter().octet(Properties.SESSION_EXPIRY).number(4, sessionExpirySeconds));
        } else if (reasonCode != 0) {
            body.octet(reasonCode);
        }
        return body.packet(PacketType.DISCONNECT << 4);
    }

    // ---- from the broker ------------------------------------------------------------------------------------------

    @Override
    public void decode(int header, ByteBuffer body, PacketReceiver receiver) throws ProtocolException {
        int type = header >> 4;
        try {
            requireFlags(header & 15, type);
            switch (type) {
                case PacketType.CONNACK -> receiver.connack(connack(body));
                case PacketType.PUBLISH -> receiver.publish(publish(header, body));
                case PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBREL, PacketType.PUBCOMP -> {
                    int id = packetId(body, type);
                    int code = codeAndProperties(body, type);
                    receiver.acknowledgement(type, id, reason(code));
                }
                case PacketType.SUBACK, PacketType.UNSUBACK -> {
                    int id = packetId(body, type);
                    properties.read(body, type);
                    receiver.subscriptionAnswer(type, id, codes(body, type), reason(0));
                }
                case PacketType.PINGRESP -> {
                    requireEnd(body, type);
                    receiver.pingresp();
                }
                case PacketType.DISCONNECT -> {
                    int code = codeAndProperties(body, type);
                    receiver.disconnected(reason(code), properties.text(Properties.SERVER_REFERENCE));
                }
                case PacketType.AUTH -> {
                    int code = codeAndProperties(body, type);
                    receiver.auth(new Auth(code, properties.text(Properties.AUTHENTICATION_METHOD),
                            properties.binary(Properties.AUTHENTICATION_DATA)));
                }
                default -> throw new ProtocolException(type == 0 ? MALFORMED : PROTOCOL_ERROR, "the server sent "
                        + PacketType.name(type) + ", which no server may send [MQTT 5 table 2-1]");
            }
        } catch (BufferUnderflowException e) {
            throw new ProtocolException(MALFORMED, "a " + PacketType.name(type) + " that ends too early");
        }
    }

    /** The flags that a type of packet has to have; those of PUBLISH are its own. */
    private static void requireFlags(int flags, int type) throws ProtocolException {
        boolean two = type == PacketType.PUBREL || type == PacketType.SUBSCRIBE || type == PacketType.UNSUBSCRIBE;
        if (type != PacketType.PUBLISH && flags != (two ? 2 : 0)) {
            throw new ProtocolException(MALFORMED, "a " + PacketType.name(type) + " with flags " + flags
                    + " [MQTT-2.1.3-1]");
        }
    }

    /** The reason codes of a SUBACK or UNSUBACK, one at least. */
    private static int[] codes(ByteBuffer body, int type) throws ProtocolException {
        if (!body.hasRemaining()) {
            throw new ProtocolException("a " + PacketType.name(type)
                    + " without reason codes [MQTT-3.9.3-1, MQTT-3.11.3-1]");
        }
        int[] codes = new int[body.remaining()];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = code(body, type);
        }
        return codes;
    }

    private Connack connack(ByteBuffer body) throws ProtocolException {
        int flags = body.get() & 0xFF;
        if (flags > 1) {
            throw new ProtocolException(MALFORMED, "a CONNACK with reserved flags " + flags + " [MQTT-3.2.2-1]");
        }
        int first = body.hasRemaining() ? body.get(body.position()) : 0;
        if (first >= 1 && first <= 5) { // a broker of 3.1.1 refuses in its own form; some put properties behind it
            body.position(body.limit());
            return new Connack(false, older(first), BrokerLimits.NONE, "", Auth.NONE);
        }
        int code = code(body, PacketType.CONNACK);
        properties.clear();
        if (code < FAILURE || body.hasRemaining()) { // some brokers refuse without properties
            properties.read(body, PacketType.CONNACK);
        }
        requireEnd(body, PacketType.CONNACK);
        if (flags == 1 && code != 0) {
            throw new ProtocolException("a CONNACK that refuses and has a session present [MQTT-3.2.2-6]");
        }
        limits = new BrokerLimits(properties.number(Properties.SESSION_EXPIRY, -1),
                (int) properties.number(Properties.RECEIVE_MAXIMUM, BrokerLimits.NONE.receiveMaximum()),
                Qos.of((int) properties.number(Properties.MAXIMUM_QOS, 2)),
                properties.flag(Properties.RETAIN_AVAILABLE, true),
                properties.number(Properties.MAXIMUM_PACKET_SIZE, BrokerLimits.NONE.maximumPacketBytes()),
                (int) properties.number(Properties.TOPIC_ALIAS_MAXIMUM, 0),
                properties.flag(Properties.WILDCARD_AVAILABLE, true),
                properties.flag(Properties.IDENTIFIERS_AVAILABLE, true),
                properties.flag(Properties.SHARED_AVAILABLE, true),
                (int) properties.number(Properties.SERVER_KEEP_ALIVE, -1),
                properties.text(Properties.ASSIGNED_CLIENT_ID), properties.text(Properties.RESPONSE_INFORMATION),
                words(), properties.userProperties());
        aliasesOut = new TopicAliases(Math.min(limits.topicAliasMaximum(), aliasesIn.length - 1));
        return new Connack(flags == 1, code, limits, properties.text(Properties.SERVER_REFERENCE),
                new Auth(code, properties.text(Properties.AUTHENTICATION_METHOD),
                        properties.binary(Properties.AUTHENTICATION_DATA)));
    }

    /** What the broker says besides the code; of many user properties the first. */
    private Reason reason(int code) {
        if (!properties.isAny()) {
            return code == 0 ? Reason.SUCCESS : new Reason(code, "");
        }
        int characters = 0;
        List<UserProperty> kept = new ArrayList<>();
        for (UserProperty each : properties.userProperties()) {
            characters += each.name().length() + each.value().length() + 1;
            if (characters > MAX_USER_PROPERTY_CHARACTERS) {
                break;
            }
            kept.add(each);
        }
        return new Reason(code, words(), List.copyOf(kept));
    }

    /** The words of the broker in one line, if need be their beginning. */
    private String words() {
        String words = OutsideText.oneLine(properties.text(Properties.REASON_STRING)); // they are logged
        if (words.length() <= MAX_WORDS) {
            return words;
        }
        return words.substring(0, Character.isHighSurrogate(words.charAt(MAX_WORDS - 1)) ? MAX_WORDS - 1 : MAX_WORDS);
    }

    /** The code of this version for a CONNACK code of 3.1.1. */
    private static int older(int code) {
        return switch (code) {
            case 1 -> ReasonCode.UNSUPPORTED_PROTOCOL_VERSION.code;
            case 2 -> ReasonCode.CLIENT_IDENTIFIER_NOT_VALID.code;
            case 3 -> ReasonCode.SERVER_UNAVAILABLE.code;
            case 4 -> ReasonCode.BAD_USER_NAME_OR_PASSWORD.code;
            default -> ReasonCode.NOT_AUTHORIZED.code;
        };
    }

    private Publish publish(int header, ByteBuffer body) throws ProtocolException {
        int level = header >> 1 & 3;
        boolean duplicate = (header & 8) != 0;
        if (level == 3) {
            throw new ProtocolException(MALFORMED, "a PUBLISH with QoS 3 [MQTT-3.3.1-4]");
        }
        if (duplicate && level == 0) {
            throw new ProtocolException("a PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]");
        }
        String topic = properties.text(body, PacketType.PUBLISH);
        if (topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
            throw new ProtocolException(MALFORMED, "a PUBLISH with a wildcard in its topic [MQTT-3.3.2-2]");
        }
        int id = level == 0 ? 0 : packetId(body, PacketType.PUBLISH);
        Publish.Details details = Publish.Details.NONE;
        properties.read(body, PacketType.PUBLISH);
        if (properties.isAny()) {
            topic = resolve(topic);
            details = details();
        }
        if (topic.isEmpty()) {
            throw new ProtocolException("a PUBLISH without a topic and without an alias [MQTT 5 section 3.3.2.1]");
        }
        byte[] payload = new byte[body.remaining()];
        body.get(payload);
        return new Publish(topic, payload, Qos.of(level), (header & 1) != 0, duplicate, id, details);
    }

    /** The topic of a PUBLISH that may have an alias. */
    private String resolve(String topic) throws ProtocolException {
        int alias = (int) properties.number(Properties.TOPIC_ALIAS, -1);
        if (alias < 0) {
            return topic;
        }
        if (alias == 0 || alias >= aliasesIn.length) {
            throw new ProtocolException(TOPIC_ALIAS_INVALID,
                    "a PUBLISH with topic alias " + alias + (aliasesIn.length == 1
                            ? ", although none is allowed" : ", which is not between 1 and " + (aliasesIn.length - 1))
                            + " [MQTT-3.3.2-8, MQTT-3.3.2-11]");
        }
        if (topic.isEmpty() && aliasesIn[alias] == null) {
            throw new ProtocolException("a PUBLISH without a topic and with topic alias " + alias
                    + ", which was not set [MQTT 5 section 3.3.4]");
        }
        if (!topic.isEmpty()) {
            aliasesIn[alias] = topic;
        }
        return aliasesIn[alias];
    }

    private Publish.Details details() throws ProtocolException {
        MessageProperties.Builder builder = MessageProperties.builder()
                .text(properties.flag(Properties.PAYLOAD_FORMAT, false));
        if (properties.has(Properties.CONTENT_TYPE)) {
            builder.contentType(properties.text(Properties.CONTENT_TYPE));
        }
        if (properties.has(Properties.RESPONSE_TOPIC)) {
            try {
                builder.responseTopic(properties.text(Properties.RESPONSE_TOPIC));
            } catch (IllegalArgumentException e) {
                throw new ProtocolException("a PUBLISH with a response topic that is none [MQTT-3.3.2-14]");
            }
        }
        if (properties.has(Properties.CORRELATION_DATA)) {
            builder.correlationData(properties.binary(Properties.CORRELATION_DATA));
        }
        properties.userProperties().forEach(each -> builder.userProperty(each.name(), each.value()));
        return new Publish.Details(builder.build(), properties.number(Properties.MESSAGE_EXPIRY, -1),
                properties.identifiers());
    }

    /** The rest of a packet whose reason code and properties may be left out. */
    private int codeAndProperties(ByteBuffer body, int type) throws ProtocolException {
        properties.clear();
        if (!body.hasRemaining()) {
            return 0;
        }
        int code = code(body, type);
        if (body.hasRemaining()) {
            properties.read(body, type);
            requireEnd(body, type);
        }
        return code;
    }

    private static int code(ByteBuffer body, int type) throws ProtocolException {
        int code = body.get() & 0xFF;
        // a message that is refused with a wrong code is refused all the same; a new connection would not change that
        boolean refuses = code >= FAILURE && (type == PacketType.PUBACK || type == PacketType.PUBREC);
        if (!refuses && !ReasonCode.isAllowed(code, type)) {
            throw new ProtocolException("a " + PacketType.name(type) + " with reason code " + code
                    + ", which it must not have [MQTT 5 section 2.4]");
        }
        return code;
    }

    private static int packetId(ByteBuffer body, int type) throws ProtocolException {
        int id = body.getShort() & 0xFFFF;
        if (id == 0) {
            throw new ProtocolException("a " + PacketType.name(type) + " with packet identifier 0 [MQTT-2.2.1-3]");
        }
        return id;
    }

    private static void requireEnd(ByteBuffer body, int type) throws ProtocolException {
        if (body.hasRemaining()) {
            throw new ProtocolException(MALFORMED, "a " + PacketType.name(type) + " with " + body.remaining()
                    + " bytes too many");
        }
    }
}
