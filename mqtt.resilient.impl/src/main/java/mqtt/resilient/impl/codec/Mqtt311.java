package mqtt.resilient.impl.codec;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.ProtocolVersion;
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

/** MQTT 3.1.1 (OASIS standard, 2014). */
public final class Mqtt311 implements ProtocolVersion {
    private static final int PROTOCOL_LEVEL = 4;
    private static final int SERVER_UNAVAILABLE = 3;
    private static final String[] REFUSALS = { "accepted", "unacceptable protocol version",
        "client identifier rejected",
        "server unavailable", "bad user name or password", "not authorized" };

    @Override
    public String name() {
        return "3.1.1";
    }

    @Override
    public String reason(int code) {
        return code < REFUSALS.length ? REFUSALS[code] : "unknown code " + code;
    }

    @Override
    public Reaction reaction(int code) {
        return code == SERVER_UNAVAILABLE ? Reaction.BACK_OFF : Reaction.SLOW_RETRY;
    }

    @Override
    public boolean mayTakeLater(int code) {
        return false;
    }

    @Override
    public boolean hasSessionExpiry() {
        return false;
    }

    @Override
    public Codec newCodec() {
        return new Codec311();
    }

    private static final class Codec311 implements Codec {
        private static final int LONGEST_KEPT = 256;
        private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
        /** The topic that arrived last, and its bytes; empty = none that is kept. */
        private ByteBuffer latestBytes = ByteBuffer.allocate(0);
        private String latestTopic = "";

        @Override
        public int publishSize(Message message) {
            int remaining = remainingLength(message, message.qos().ordinal());
            return 1 + varintSize(remaining) + remaining;
        }

        private static int remainingLength(Message message, int qos) {
            return 2 + message.topicLength() + (qos == 0 ? 0 : 2) + message.payloadLength();
        }

        @Override
        public void encodePublish(Message message, int flags, int packetId, long expirySeconds, ByteBuffer out) {
            int qos = flags >> 1 & 3;
            out.put((byte) (PacketType.PUBLISH << 4 | flags));
            putVarint(remainingLength(message, qos), out);
            out.putShort((short) message.topicLength());
            message.writeTopic(out);
            if (qos > 0) {
                out.putShort((short) packetId);
            }
            message.writePayload(out);
        }

        @Override
        public void encodeAcknowledgement(int type, int packetId, int reasonCode, ByteBuffer out) {
            out.put((byte) (type << 4 | (type == PacketType.PUBREL ? 2 : 0))); // [MQTT-3.6.1-1]
            out.put((byte) 2);
            out.putShort((short) packetId);
        }

        @Override
        public byte[] encode(Connect connect) {
            Message will = connect.will();
            return packet(PacketType.CONNECT << 4, body -> {
                writeText("MQTT", body);
                body.write(PROTOCOL_LEVEL);
                body.write((connect.user() != null ? 0x80 : 0) | (connect.password() != null ? 0x40 : 0)
                        | (will == null ? 0 : 4 | will.qos().ordinal() << 3 | (will.retain() ? 0x20 : 0))
                        | (connect.cleanStart() ? 2 : 0));
                writeShort(connect.keepAliveSeconds(), body);
                writeText(connect.clientId(), body);
                if (will != null) {
                    writeText(will.topic(), body);
                    writeBinary(will.payload(), body);
                }
                if (connect.user() != null) {
                    writeText(connect.user(), body);
                }
                if (connect.password() != null) {
                    writeBinary(connect.password(), body);
                }
            });
        }

        @Override
        public byte[] encode(Subscribe subscribe) {
            return packet(PacketType.SUBSCRIBE << 4 | 2, body -> { // [MQTT-3.8.1-1]
                writeShort(subscribe.packetId(), body);
                for (Subscribe.Request request : subscribe.requests()) {
                    writeText(request.filter(), body);
                    body.write(request.qos());
                }
            });
        }

        @Override
        public byte[] encode(Unsubscribe unsubscribe) {
            return packet(PacketType.UNSUBSCRIBE << 4 | 2, body -> { // [MQTT-3.10.1-1]
                writeShort(unsubscribe.packetId(), body);
                for (String filter : unsubscribe.filters()) {
                    writeText(filter, body);
                }
            });
        }

        @Override
        public byte[] encode(Auth auth) {
            throw new UnsupportedOperationException("MQTT 3.1.1 has no AUTH");
        }

        @Override
        public byte[] pingreq() {
            return new byte[] { (byte) (PacketType.PINGREQ << 4), 0 };
        }

        @Override
        public byte[] disconnect(int reasonCode, long sessionExpirySeconds) {
            return reasonCode == 0 ? new byte[] { (byte) (PacketType.DISCONNECT << 4), 0 } : new byte[0];
        }

        @Override
        public void decode(int header, ByteBuffer body, PacketReceiver receiver) throws ProtocolException {
            int type = header >> 4;
            try {
                switch (type) {
                    case PacketType.CONNACK -> {
                        requireFlags(header, 0);
                        receiver.connack(connack(body));
                    }
                    case PacketType.PUBLISH -> receiver.publish(publish(header, body));
                    case PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBREL, PacketType.PUBCOMP -> {
                        requireFlags(header, type == PacketType.PUBREL ? 2 : 0);
                        int id = packetId(body, type);
                        requireEnd(body, type);
                        receiver.acknowledgement(type, id, Reason.SUCCESS);
                    }
                    case PacketType.SUBACK, PacketType.UNSUBACK -> {
                        requireFlags(header, 0);
                        int id = packetId(body, type);
                        int[] codes = type == PacketType.SUBACK ? subackCodes(body) : new int[0];
                        requireEnd(body, type);
                        receiver.subscriptionAnswer(type, id, codes, Reason.SUCCESS);
                    }
                    case PacketType.PINGRESP -> {
                        requireFlags(header, 0);
                        requireEnd(body, type);
                        receiver.pingresp();
                    }
                    default -> throw new ProtocolException("the server sent " + PacketType.name(type)
                            + ", which no server may send [MQTT 3.1.1 table 2.1]");
                }
            } catch (BufferUnderflowException e) {
                throw new ProtocolException("a " + PacketType.name(type) + " that ends too early");
            }
        }

        private static Connack connack(ByteBuffer body) throws ProtocolException {
            int flags = body.get() & 0xFF;
            int code = body.get() & 0xFF;
            requireEnd(body, PacketType.CONNACK);
            if (flags > 1) {
                throw new ProtocolException("a CONNACK with reserved flags " + flags + " [MQTT 3.1.1 section 3.2.2.1]");
            }
            return new Connack(flags == 1, code, BrokerLimits.NONE, "", Auth.NONE);
        }

        private Publish publish(int header, ByteBuffer body) throws ProtocolException {
            int level = header >> 1 & 3;
            boolean duplicate = (header & 8) != 0;
            if (level == 3) {
                throw new ProtocolException("a PUBLISH with QoS 3 [MQTT-3.3.1-4]");
            }
            if (duplicate && level == 0) {
                throw new ProtocolException("a PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]");
            }
            String topic = topic(body);
            int id = level == 0 ? 0 : packetId(body, PacketType.PUBLISH);
            byte[] payload = new byte[body.remaining()];
            body.get(payload);
            return new Publish(topic, payload, Qos.of(level), (header & 1) != 0, duplicate, id, Publish.Details.NONE);
        }

        /** The topic of a PUBLISH; mostly that of the one before, which is not made again. */
        private String topic(ByteBuffer body) throws ProtocolException {
            int start = body.position();
            int length = body.remaining() < 2 ? 0 : body.getShort(start) & 0xFFFF;
            if (length > 0 && length == latestBytes.limit() && length <= body.remaining() - 2
                    && latestBytes.equals(body.slice(start + 2, length))) {
                body.position(start + 2 + length);
                return latestTopic;
            }
            String topic = text(body, PacketType.PUBLISH);
            if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
                throw new ProtocolException("a PUBLISH with an empty topic or a wildcard in it [MQTT-3.3.2-2]");
            }
            if (length <= LONGEST_KEPT) {
                latestBytes = ByteBuffer.allocate(length).put(body.slice(start + 2, length)).flip();
                latestTopic = topic;
            }
            return topic;
        }

        private static int[] subackCodes(ByteBuffer body) throws ProtocolException {
            int[] codes = new int[body.remaining()];
            for (int i = 0; i < codes.length; i++) {
                codes[i] = body.get() & 0xFF;
                if (codes[i] > 2 && codes[i] != 0x80) {
                    throw new ProtocolException("a SUBACK with code " + codes[i] + " [MQTT-3.9.3-2]");
                }
            }
            return codes;
        }

        private String text(ByteBuffer body, int type) throws ProtocolException {
            int length = body.getShort() & 0xFFFF;
            if (length > body.remaining()) { // before there is memory for it
                throw new BufferUnderflowException();
            }
            byte[] bytes = new byte[length];
            body.get(bytes);
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
                throw new ProtocolException("a " + PacketType.name(type) + " with invalid UTF-8 [MQTT-1.5.3-1]");
            }
            if (text.indexOf(0) >= 0) {
                throw new ProtocolException("a " + PacketType.name(type) + " with U+0000 in a text [MQTT-1.5.3-2]");
            }
            return text;
        }

        private static int packetId(ByteBuffer body, int type) throws ProtocolException {
            int id = body.getShort() & 0xFFFF;
            if (id == 0) {
                throw new ProtocolException("a " + PacketType.name(type) + " with packet identifier 0 [MQTT-2.3.1-1]");
            }
            return id;
        }

        private static void requireFlags(int header, int flags) throws ProtocolException {
            if ((header & 15) != flags) {
                throw new ProtocolException("a " + PacketType.name(header >> 4) + " with flags " + (header & 15)
                        + " instead of " + flags + " [MQTT-2.2.2-2]");
            }
        }

        private static void requireEnd(ByteBuffer body, int type) throws ProtocolException {
            if (body.hasRemaining()) {
                throw new ProtocolException("a " + PacketType.name(type) + " that is " + body.remaining()
                        + " bytes too long");
            }
        }
    }

    private static byte[] packet(int header, Consumer<ByteArrayOutputStream> content) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        content.accept(body);
        ByteBuffer packet = ByteBuffer.allocate(1 + varintSize(body.size()) + body.size()).put((byte) header);
        putVarint(body.size(), packet);
        return packet.put(body.toByteArray()).array();
    }

    private static void writeText(String text, ByteArrayOutputStream out) {
        writeBinary(text.getBytes(StandardCharsets.UTF_8), out);
    }

    private static void writeBinary(byte[] bytes, ByteArrayOutputStream out) {
        writeShort(bytes.length, out);
        out.writeBytes(bytes);
    }

    private static void writeShort(int value, ByteArrayOutputStream out) {
        out.write(value >> 8);
        out.write(value);
    }

    private static int varintSize(int value) {
        return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;
    }

    private static void putVarint(int value, ByteBuffer out) {
        int rest = value;
        while (rest > 127) {
            out.put((byte) (rest & 127 | 128));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }
}
