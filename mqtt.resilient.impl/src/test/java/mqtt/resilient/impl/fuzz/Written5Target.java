package mqtt.resilient.impl.fuzz;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.codec.FrameSplitter;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText5;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.v5.Mqtt5;

/**
 * Messages as MQTT 5 encodes them, three times, so that the topic gets an alias: each fits into the size that was
 * foretold, and decodes to what it was. The input is flags, the topic and the properties, each behind its length, and
 * the payload.
 */
final class Written5Target implements Target {
    private static final int TIMES = 3;
    private static final int ALIASES = 2;
    private static final long EXPIRY_SECONDS = 0xFFFF_FFFEL;

    @Override
    public String name() {
        return "written-5";
    }

    @Override
    public List<byte[]> seeds() {
        return Stream.of("00 03 'a/b' 00 'payload'", "0b 01 't' 00",
                "15 04 'long' 11 0101 03 0001 'c' 26 0001 'a' 0002 'bb' 00",
                "1c 02 'ü' 14 08 0001 'r' 09 0003 000102 26 0001 'a' 0001 '1' 'x'").map(Bytes::of).toList();
    }

    @Override
    public List<byte[]> words() {
        return Stream
                .of("01 01", "03 0001 'c'", "08 0001 'r'", "09 0000", "26 0001 'a' 0001 'b'", "26 0000 0000", "0000",
                        "c3bc")
                .map(Bytes::of).toList();
    }

    @Override
    public int maxBytes() {
        return 600;
    }

    @Override
    public void decode(byte[] input) {
        // check does
    }

    @Override
    public String check(byte[] input) {
        ByteBuffer in = ByteBuffer.wrap(input);
        int flags = in.hasRemaining() ? in.get() & 0x1F : 0;
        byte[] topic = piece(in);
        byte[] properties = piece(in);
        byte[] payload = new byte[in.remaining()];
        in.get(payload);
        Message message;
        try {
            message = Message.to(new String(topic, StandardCharsets.UTF_8)).payload(payload)
                    .qos(Qos.of((flags >> 1 & 3) % 3))
                    .properties(MessageProperties.read(ByteBuffer.wrap(properties))).build();
        } catch (IllegalArgumentException e) {
            return "refused";
        }
        Codec codec = new Mqtt5().newCodec();
        Log log = new Log();
        int qos = message.qos().ordinal();
        boolean expires = (flags & 16) != 0;
        try {
            new FrameSplitter(codec, Integer.MAX_VALUE)
                    .split(ByteBuffer.wrap(PacketText5.encode("CONNACK {34=" + ALIASES + "}")), log);
            FrameSplitter splitter = new FrameSplitter(new Mqtt5().newCodec(), Integer.MAX_VALUE);
            for (int i = 0; i < TIMES; i++) {
                int most = codec.publishSize(message) + (expires ? 7 : 0) + (flags >> 3 & 1) * 8;
                ByteBuffer out = ByteBuffer.allocate(most);
                codec.encodePublish(message, qos << 1 | flags & 1 | (qos > 0 ? flags & 8 : 0), qos > 0 ? 77 : 0,
                        expires ? EXPIRY_SECONDS : 0, out);
                splitter.split(out.flip(), log);
            }
        } catch (ProtocolException e) {
            throw new AssertionError("what was written cannot be read", e);
        }
        if (log.messages.size() != TIMES) {
            throw new AssertionError(log.messages.size() + " messages were read");
        }
        for (Publish each : log.messages) {
            if (!each.topic().equals(message.topic()) || !Arrays.equals(each.payload(), payload)
                    || each.qos() != message.qos()
                    || each.retained() != ((flags & 1) != 0)
                    || !each.details().properties().equals(message.properties())
                    || each.details().expirySeconds() != (expires ? EXPIRY_SECONDS : -1)) {
                throw new AssertionError(message + " was read as " + each);
            }
        }
        return "QoS " + qos + " properties " + message.properties().userProperties().size() + " "
                + message.properties().contentType()
                        .isPresent()
                + message.properties().responseTopic().isPresent();
    }

    private static byte[] piece(ByteBuffer in) {
        byte[] piece = new byte[in.hasRemaining() ? Math.min(in.get() & 0xFF, in.remaining()) : 0];
        in.get(piece);
        return piece;
    }

    private static final class Log implements PacketReceiver {
        private final List<Publish> messages = new ArrayList<>();

        @Override
        public void connack(Connack connack) {
            // what the codec needs of it, it has
        }

        @Override
        public void publish(Publish publish) {
            messages.add(publish);
        }

        @Override
        public void oversized(String topic, int qos, int packetId, int size) {
            throw new AssertionError();
        }

        @Override
        public void acknowledgement(int type, int packetId, Reason reason) {
            throw new AssertionError();
        }

        @Override
        public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) {
            throw new AssertionError();
        }

        @Override
        public void disconnected(Reason reason, String serverReference) {
            throw new AssertionError();
        }

        @Override
        public void auth(Auth auth) {
            throw new AssertionError();
        }

        @Override
        public void pingresp() {
            throw new AssertionError();
        }
    }
}
