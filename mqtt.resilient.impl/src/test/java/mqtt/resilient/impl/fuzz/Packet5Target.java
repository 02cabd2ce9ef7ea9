package mqtt.resilient.impl.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.codec.FrameSplitter;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText5;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.v5.Mqtt5;

/**
 * What a broker of MQTT 5 sends. What was decoded is encoded by an encoder that has nothing to do with the codec, and
 * must decode to the same.
 */
final class Packet5Target extends StreamTarget {
    private final int maxPacketBytes;

    Packet5Target(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
    }

    @Override
    public String name() {
        return maxPacketBytes > 1000 ? "packets-5" : "packets-5-oversized";
    }

    @Override
    public List<byte[]> seeds() {
        return Stream.of("CONNACK",
                "CONNACK session-present {17=100 33=20 36=1 37=0 39=5000 34=10 40=0 41=0 42=0 19=30 18=given"
                        + " 26=answers 31=hello 38=a:b 38=a:c}",
                "CONNACK code=156 {28=other:1884}", "PUBLISH q0 topic/ü payload",
                "PUBLISH retain q1 id=7 {1=1 2=77 3=t 8=r 9=c 38=b:2 38=a:1 11=4 11=5} a/€/b " + "p".repeat(90),
                "PUBLISH q0 {35=7} a/b x", "PUBLISH q1 id=9 {35=7} ~ y", "PUBLISH dup q2 id=65535 {35=32} a/b x",
                "PUBLISH q1 id=1 {3=" + "t".repeat(130) + "} t/" + " ", "PUBLISH q0 " + "t".repeat(130) + " x",
                "PUBACK id=1", "PUBACK id=1 code=151 {31=quota}", "PUBREC id=2 code=16", "PUBREL id=3",
                "PUBREL id=3 code=146 {38=a:b}",
                "PUBCOMP id=4 code=146", "SUBACK id=5 {31=no} 0 1 2 135", "UNSUBACK id=6 {38=a:b} 0 17", "PINGRESP",
                "DISCONNECT", "DISCONNECT code=142 {28=other:1884 31=words}").map(PacketText5::encode).toList();
    }

    @Override
    public List<byte[]> words() {
        return Stream.of("00", "0000", "0001 't'", "20 03 000000", "30", "32", "34", "e0 00", "f0 03 18 01 00", "01 01",
                "02 00000001", "03 0001 'c'", "08 0001 'r'", "09 0001 00", "0b 05", "0b ff ff ff 7f", "15 0001 'm'",
                "16 0001 00",
                "1f 0001 'w'", "23 0001", "23 0020", "23 0021", "24 01", "26 0001 'a' 0001 'b'", "80 01", "ff ff ff 7f",
                "ff ff ff ff",
                "'+'", "'#'", "c080", "eda080", "f48fbfbf", "87", "97").map(Bytes::of).toList();
    }

    @Override
    public void decode(byte[] input) {
        Log nothing = new Log(false);
        int middle = input.length / 2;
        nothing.split(
                List.of(ByteBuffer.wrap(input, 0, middle), ByteBuffer.wrap(input, middle, input.length - middle)));
    }

    @Override
    public long allocationLimit(int inputBytes) {
        // a user property of five bytes is two texts, a pair and its bytes once more
        return 16_384 + 128L * inputBytes;
    }

    @Override
    protected String take(List<ByteBuffer> pieces) {
        return new Log(true).split(pieces);
    }

    @Override
    public String check(byte[] input) {
        String outcome = super.check(input);
        Log first = new Log(true);
        first.split(List.of(ByteBuffer.wrap(input)));
        Log second = new Log(true);
        second.split(List.of(ByteBuffer.wrap(first.encoded.toByteArray())));
        if (!first.oversized && !first.packets.toString().equals(second.packets.toString())) {
            throw new AssertionError(first.packets + " was encoded and became " + second.packets + second.error);
        }
        Log larger = new Packet5Target(Integer.MAX_VALUE).new Log(true);
        larger.split(List.of(ByteBuffer.wrap(input)));
        require(!larger.error.isEmpty() || first.error.isEmpty() || first.error.contains("packet.max.bytes")
                || first.error.contains("topic alias"), // which was set by a packet that was passed over
                "a PUBLISH that is only too large is no error");
        return outcome;
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new AssertionError("broken: " + rule);
        }
    }

    /** Takes note of the packets, and encodes them. */
    private final class Log implements PacketReceiver {
        private final boolean keeps;
        private final StringBuilder packets = new StringBuilder();
        private final ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        private boolean oversized;
        private String error = "";

        Log(boolean keeps) {
            this.keeps = keeps;
        }

        String split(List<ByteBuffer> pieces) {
            FrameSplitter splitter = new FrameSplitter(new Mqtt5().newCodec(), maxPacketBytes);
            try {
                for (ByteBuffer piece : pieces) {
                    splitter.split(piece, this);
                    require(!piece.hasRemaining(), "all bytes are taken");
                }
            } catch (ProtocolException e) {
                require(e.getMessage().length() > 10, "an error has words");
                require(e.reasonCode() == 0x81 || e.reasonCode() == 0x82 || e.reasonCode() == 0x94
                        || e.reasonCode() == 0x95,
                        "an error has a reason code of section 4.13");
                error = e.getMessage();
            }
            return error + " " + packets;
        }

        private void took(String packet, int header, byte[]... body) {
            if (!keeps) {
                return;
            }
            packets.append(packet).append(';');
            byte[] content = Bytes.join(body);
            encoded.write(header);
            encoded.writeBytes(varint(content.length));
            encoded.writeBytes(content);
        }

        @Override
        public void connack(Connack connack) {
            BrokerLimits limits = connack.limits();
            require(connack.code() == 0 || connack.code() >= 0x80, "a CONNACK accepts or refuses");
            require(limits.receiveMaximum() > 0 && limits.maximumPacketBytes() > 0, "what is granted is not nothing");
            if (keeps) {
                Block block = new Block().numbers(17, 4, limits.sessionExpirySeconds())
                        .numbers(33, 2, limits.receiveMaximum())
                        .numbers(36, 1, limits.maximumQos().ordinal() == 2 ? -1 : limits.maximumQos().ordinal())
                        .numbers(37, 1, limits.retainAvailable() ? 1 : 0).numbers(39, 4, limits.maximumPacketBytes())
                        .numbers(34, 2, limits.topicAliasMaximum())
                        .numbers(40, 1, limits.wildcardSubscriptions() ? 1 : 0)
                        .numbers(41, 1, limits.subscriptionIdentifiers() ? 1 : 0)
                        .numbers(42, 1, limits.sharedSubscriptions() ? 1 : 0).numbers(19, 2, limits.keepAliveSeconds())
                        .text(18, limits.assignedClientId()).text(26, limits.responseInformation())
                        .text(31, limits.reason())
                        .text(28, connack.serverReference()).auth(connack.authentication())
                        .users(limits.userProperties());
                took("CONNACK " + connack.sessionPresent() + " " + connack.code() + " " + limits
                        + text(connack.serverReference())
                        + text(connack.authentication()), 0x20,
                        new byte[] { (byte) (connack.sessionPresent() ? 1 : 0), (byte) connack.code() }, block.bytes());
            }
        }

        @Override
        public void publish(Publish publish) {
            int qos = publish.qos().ordinal();
            require(qos == 0 ? publish.packetId() == 0 : publish.packetId() > 0, "an id for QoS 1 and 2");
            require(!publish.topic().isEmpty()
                    && publish.topic().chars().noneMatch(c -> c == '+' || c == '#' || c == 0),
                    "a topic is a topic");
            if (keeps) {
                byte[] topic = publish.topic().getBytes(StandardCharsets.UTF_8);
                Publish.Details details = publish.details();
                MessageProperties properties = details.properties();
                Block block = new Block().numbers(1, 1, properties.isText() ? 1 : -1).numbers(2, 4,
                        details.expirySeconds());
                properties.contentType().ifPresent(text -> block.put(3, Block.text(text)));
                properties.responseTopic().ifPresent(text -> block.put(8, Block.text(text)));
                properties.correlationData().ifPresent(bytes -> block.put(9, number(bytes.length, 2), bytes));
                details.subscriptionIdentifiers().forEach(each -> block.put(11, varint(each)));
                block.users(properties.userProperties());
                took("PUBLISH " + qos + (publish.retained() ? " retained" : "") + (publish.duplicate() ? " dup" : "")
                        + " id " + publish.packetId() + text(publish.topic()) + " payload " + publish.payload().length
                        + " "
                        + (Arrays.hashCode(publish.payload()) & 0xFFFF) + " " + details.expirySeconds() + " "
                        + details.subscriptionIdentifiers() + " " + (Arrays.hashCode(block.bytes()) & 0xFFFF),
                        0x30 | (publish.duplicate() ? 8 : 0) | qos << 1 | (publish.retained() ? 1 : 0),
                        number(topic.length, 2),
                        topic, qos == 0 ? new byte[0] : number(publish.packetId(), 2), block.bytes(),
                        publish.payload());
            }
        }

        @Override
        public void oversized(String topic, int qos, int packetId, int size) {
            oversized = true;
            require(size > maxPacketBytes, "what is oversized is larger than allowed");
            if (keeps) {
                packets.append("oversized ").append(qos).append(" id ").append(packetId).append(' ').append(size)
                        .append(' ')
                        .append(topic.hashCode() & 0xFFFF).append(';');
            }
        }

        @Override
        public void acknowledgement(int type, int packetId, Reason reason) {
            require(packetId > 0, "an acknowledgement has an id");
            took(keeps ? PacketType.name(type) + " " + packetId + " " + reason.code() + text(reason) : "",
                    type << 4 | (type == PacketType.PUBREL ? 2 : 0), number(packetId, 2), number(reason.code(), 1),
                    keeps ? new Block().reason(reason).bytes() : new byte[0]);
        }

        @Override
        public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) {
            require(packetId > 0, "an answer has an id");
            if (keeps) {
                byte[] bytes = new byte[codes.length];
                for (int i = 0; i < codes.length; i++) {
                    bytes[i] = (byte) codes[i];
                }
                took(PacketType.name(type) + " " + packetId + " " + Arrays.toString(codes) + text(reason), type << 4,
                        number(packetId, 2), new Block().reason(reason).bytes(), bytes);
            }
        }

        @Override
        public void disconnected(Reason reason, String serverReference) {
            took(keeps ? "DISCONNECT " + reason.code() + text(reason) + text(serverReference) : "", 0xE0,
                    number(reason.code(), 1),
                    keeps ? new Block().reason(reason).text(28, serverReference).bytes() : new byte[0]);
        }

        @Override
        public void auth(Auth auth) {
            took(keeps ? "AUTH " + auth.code() + text(auth) : "", 0xF0, number(auth.code(), 1),
                    keeps ? new Block().auth(auth).bytes() : new byte[0]);
        }

        @Override
        public void pingresp() {
            took("PINGRESP", 0xD0);
        }
    }

    private static String text(String text) {
        return " text " + text.length() + " " + (text.hashCode() & 0xFFFF);
    }

    private static String text(Reason reason) {
        return text(reason.text()) + " "
                + reason.userProperties().stream().map(each -> text(each.name()) + text(each.value())).toList();
    }

    private static String text(Auth auth) {
        return text(auth.method()) + " data " + auth.data().length + " " + (Arrays.hashCode(auth.data()) & 0xFFFF);
    }

    private static byte[] number(long value, int bytes) {
        return Arrays.copyOfRange(ByteBuffer.allocate(8).putLong(value).array(), 8 - bytes, 8);
    }

    private static byte[] varint(int value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(4);
        int rest = value;
        for (; rest > 127; rest /= 128) {
            out.write(rest % 128 + 128);
        }
        out.write(rest);
        return out.toByteArray();
    }

    /** A block of properties. */
    private static final class Block {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Block put(int id, byte[]... value) {
            out.write(id);
            out.writeBytes(Bytes.join(value));
            return this;
        }

        static byte[] text(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return Bytes.join(number(bytes.length, 2), bytes);
        }

        /** A number that is there unless it is below 0. */
        Block numbers(int id, int bytes, long value) {
            return value < 0 ? this : put(id, number(value, bytes));
        }

        /** A text that is there unless it is empty. */
        Block text(int id, String text) {
            return text.isEmpty() ? this : put(id, text(text));
        }

        Block auth(Auth auth) {
            return text(21, auth.method()).data(auth.data());
        }

        Block reason(Reason reason) {
            return text(31, reason.text()).users(reason.userProperties());
        }

        private Block data(byte[] data) {
            return data.length == 0 ? this : put(22, number(data.length, 2), data);
        }

        Block users(List<UserProperty> all) {
            all.forEach(each -> put(38, text(each.name()), text(each.value())));
            return this;
        }

        byte[] bytes() {
            return Bytes.join(varint(out.size()), out.toByteArray());
        }
    }
}
