package mqtt.resilient.impl.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.impl.codec.FrameSplitter;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;

/**
 * What a broker sends: frames and packets of MQTT 3.1.1. What was decoded is encoded by an encoder that has nothing to
 * do with the codec, and must decode to the same.
 */
final class PacketTarget extends StreamTarget {
    private final int maxPacketBytes;

    PacketTarget(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
    }

    @Override
    public String name() {
        return maxPacketBytes > 1000 ? "packets" : "packets-oversized";
    }

    @Override
    public List<byte[]> seeds() {
        return Stream.of("CONNACK", "CONNACK session-present", "CONNACK code=5", "PUBLISH q0 topic/ü payload",
                "PUBLISH retain q1 id=7 a/€/b " + "p".repeat(90), "PUBLISH dup q2 id=65535 a/b x",
                "PUBLISH retain q0 " + "t".repeat(120) + " " + "p".repeat(200),
                "PUBLISH q1 id=1 " + "t/".repeat(100) + " ",
                "PUBLISH q0 " + "t".repeat(130) + " x",
                "PUBACK id=1", "PUBREC id=2", "PUBREL id=3", "PUBCOMP id=4", "SUBACK id=5 0 1 2 128", "UNSUBACK id=6",
                "PINGRESP").map(PacketText::encode).toList();
    }

    @Override
    public List<byte[]> words() {
        return Stream.of("00", "0000", "0001 't'", "20 02 0000", "30", "32", "34", "3d", "62", "90 03 0001 80", "d0 00",
                "ff ff ff 7f", "ff ff ff ff", "'+'", "'#'", "c080", "eda080", "f48fbfbf").map(Bytes::of).toList();
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
        // an exception, decoder and splitter; a message of five bytes takes 150
        return 8192 + 48L * inputBytes;
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
        Log larger = new PacketTarget(Integer.MAX_VALUE).new Log(true);
        larger.split(List.of(ByteBuffer.wrap(input)));
        require(!larger.error.isEmpty() || first.error.isEmpty() || first.error.contains("packet.max.bytes"),
                "a PUBLISH that is only too large is no error");
        return outcome;
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
            FrameSplitter splitter = new FrameSplitter(new Mqtt311().newCodec(), maxPacketBytes);
            try {
                for (ByteBuffer piece : pieces) {
                    splitter.split(piece, this);
                    require(!piece.hasRemaining(), "all bytes are taken");
                }
            } catch (ProtocolException e) {
                require(e.getMessage().length() > 10, "an error has words");
                error = e.getMessage();
            }
            return error + " " + packets;
        }

        private void took(String packet, int header, byte[]... body) {
            packets.append(packet).append(';');
            byte[] content = Bytes.join(body);
            encoded.write(header);
            int length = content.length;
            for (; length > 127; length /= 128) {
                encoded.write(length % 128 + 128);
            }
            encoded.write(length);
            encoded.writeBytes(content);
        }

        private static byte[] two(int value) {
            return new byte[] { (byte) (value >> 8), (byte) value };
        }

        @Override
        public void connack(Connack connack) {
            if (keeps) {
                took(connack.toString(), 0x20,
                        new byte[] { (byte) (connack.sessionPresent() ? 1 : 0), (byte) connack.code() });
            }
        }

        @Override
        public void publish(Publish publish) {
            if (keeps) {
                byte[] topic = publish.topic().getBytes(StandardCharsets.UTF_8);
                int qos = publish.qos().ordinal();
                require(qos == 0 ? publish.packetId() == 0 : publish.packetId() > 0, "an id for QoS 1 and 2");
                require(!publish.topic().isEmpty()
                        && publish.topic().chars().noneMatch(c -> c == '+' || c == '#' || c == 0),
                        "a topic is a topic");
                took("PUBLISH " + qos + (publish.retained() ? " retained" : "") + (publish.duplicate() ? " dup" : "")
                        + " id " + publish.packetId() + " topic " + publish.topic().length() + " "
                        + (publish.topic().hashCode() & 0xFFFF) + " payload " + publish.payload().length + " "
                        + (Arrays.hashCode(publish.payload()) & 0xFFFF),
                        0x30 | (publish.duplicate() ? 8 : 0) | qos << 1 | (publish.retained() ? 1 : 0),
                        two(topic.length),
                        topic, qos == 0 ? new byte[0] : two(publish.packetId()), publish.payload());
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
            require(packetId > 0 && reason == Reason.SUCCESS, "an acknowledgement has an id and no reason");
            if (keeps) {
                took(PacketType.name(type) + " " + packetId, type << 4 | (type == PacketType.PUBREL ? 2 : 0),
                        two(packetId));
            }
        }

        @Override
        public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) {
            require(packetId > 0, "an answer has an id");
            for (int code : codes) {
                require(code <= 2 || code == 0x80, "the code of an answer is one");
            }
            if (keeps) {
                byte[] bytes = new byte[codes.length];
                for (int i = 0; i < codes.length; i++) {
                    bytes[i] = (byte) codes[i];
                }
                took(PacketType.name(type) + " " + packetId + " " + Arrays.toString(codes), type << 4, two(packetId),
                        bytes);
            }
        }

        @Override
        public void disconnected(Reason reason, String serverReference) {
            throw new AssertionError("3.1.1 knows no DISCONNECT of a broker");
        }

        @Override
        public void auth(Auth auth) {
            throw new AssertionError("3.1.1 knows no AUTH");
        }

        @Override
        public void pingresp() {
            if (keeps) {
                took("PINGRESP", 0xD0);
            }
        }
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new AssertionError("broken: " + rule);
        }
    }
}
