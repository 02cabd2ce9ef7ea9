package mqtt.resilient.impl.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Topics;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Subscribe;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What holds for every message and for every input. */
class CodecPropertyTest {
    private static final int PACKET_MAX_BYTES = 1_048_576;
    private static final ThreadMXBean MEMORY = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Codec codec = new Mqtt311().newCodec();

    @Property(tries = 500)
    void aPublishedMessageIsReadBackAsItWas(@ForAll("topics") String topic, @ForAll @Size(max = 300) byte[] payload,
            @ForAll @IntRange(max = 2) int qos, @ForAll boolean retain, @ForAll boolean duplicate,
            @ForAll @IntRange(min = 1, max = 65_535) int packetId, @ForAll Random cuts) throws Exception {
        Message message = Message.to(topic).payload(payload).qos(Qos.of(qos)).retain(retain).build();
        ByteBuffer out = ByteBuffer.allocate(codec.publishSize(message));
        codec.encodePublish(message, (duplicate && qos > 0 ? 8 : 0) | qos << 1 | (retain ? 1 : 0), packetId, 0, out);
        assertEquals(0, out.remaining());
        PacketLog log = new PacketLog();
        splitAtRandom(out.array(), cuts, new FrameSplitter(codec, 10_000_000), log);
        Publish read = log.publish;
        assertEquals(topic, read.topic());
        assertArrayEquals(payload, read.payload());
        assertEquals(Qos.of(qos), read.qos());
        assertEquals(retain, read.retained());
        assertEquals(duplicate && qos > 0, read.duplicate());
        assertEquals(qos == 0 ? 0 : packetId, read.packetId());
    }

    @Property(tries = 1000)
    void theLengthIsThatOfJavasEncoderForEverythingItCanEncode(@ForAll String text) {
        boolean sendable = text.indexOf(0) < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
        assertEquals(sendable ? text.getBytes(StandardCharsets.UTF_8).length : -1, Topics.utf8Length(text));
    }

    @Property(tries = 200)
    void aSubscribeIsOnePacketWhateverItsFiltersAre(
            @ForAll @Size(min = 1, max = 8) List<@net.jqwik.api.From("topics") String> filters,
            @ForAll @IntRange(min = 1, max = 65_535) int packetId) {
        byte[] packet = codec.encode(new Subscribe(packetId, filters.stream()
                .map(filter -> new Subscribe.Request(filter, 1)).toList()));
        StringBuilder expected = new StringBuilder("SUBSCRIBE id=" + packetId);
        filters.forEach(filter -> expected.append(' ').append(filter).append(":1"));
        assertEquals(List.of(expected.toString()), new PacketText.Reader().read(ByteBuffer.wrap(packet)));
    }

    @Provide
    Arbitrary<String> topics() {
        Arbitrary<String> characters = Arbitraries.oneOf(
                Arbitraries.strings().withChars("ab/$ ").ofLength(1),
                Arbitraries.integers().between(1, 0x10FFFF)
                        .filter(point -> (point < 0xD800 || point > 0xDFFF) && point != '+' && point != '#')
                        .map(Character::toString));
        return characters.list().ofMinSize(1).ofMaxSize(150).map(all -> String.join("", all));
    }

    // ---- hostile input --------------------------------------------------------------------------------------------

    @Property(tries = 3000)
    void noMutationOfAServersStreamDoesMoreThanEndTheLink(@ForAll Random random) {
        byte[] stream = mutate(serverStream(random), random);
        takeWhatEverItIs(stream, random);
    }

    @Property(tries = 2000)
    void noRandomBytesDoMoreThanEndTheLink(@ForAll Random random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        if (bytes.length > 0 && random.nextBoolean()) {
            bytes[0] = (byte) ((2 + random.nextInt(12)) << 4 | (random.nextBoolean() ? 0 : bytes[0] & 15));
        }
        takeWhatEverItIs(bytes, random);
    }

    @Example
    void aLengthThatIsAnnouncedAllocatesNothing() throws Exception {
        long before = 0;
        for (int i = -20; i < 100; i++) { // the first ones load classes
            before = i == 0 ? MEMORY.getCurrentThreadAllocatedBytes() : before;
            FrameSplitter splitter = new FrameSplitter(codec, PACKET_MAX_BYTES);
            splitter.split(ByteBuffer.wrap(Bytes.of("34 f0 ff 3f")), new PacketLog());
            splitter.split(ByteBuffer.wrap(Bytes.of("ff ff 'abcdef'")), new PacketLog());
        }
        long perPacket = (MEMORY.getCurrentThreadAllocatedBytes() - before) / 100;
        assertTrue(perPacket < 20_000, perPacket + " bytes for a packet of which 10 came");
    }

    @Example
    void theMemoryForALargePacketGrowsWithWhatHasCome() throws Exception {
        FrameSplitter splitter = new FrameSplitter(codec, PACKET_MAX_BYTES);
        PacketLog log = new PacketLog();
        splitter.split(ByteBuffer.wrap(Bytes.of("30 f0 ff 3f 0001 't'")), log);
        byte[] piece = new byte[1000];
        long before = MEMORY.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
            splitter.split(ByteBuffer.wrap(piece), log);
            long allocated = MEMORY.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < 100_000 + 6L * splitter.heldBytes(), allocated + " for " + splitter.heldBytes());
        }
    }

    /** Throws nothing but the one exception, ends, and allocates no more than what has come in. */
    private void takeWhatEverItIs(byte[] stream, Random random) {
        FrameSplitter splitter = new FrameSplitter(new Mqtt311().newCodec(), PACKET_MAX_BYTES);
        PacketLog log = new PacketLog();
        long before = MEMORY.getCurrentThreadAllocatedBytes();
        try {
            splitAtRandom(stream, random, splitter, log);
        } catch (ProtocolException e) {
            assertTrue(e.getMessage().length() > 10, e.getMessage());
        }
        long allocated = MEMORY.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 900_000 + 100L * stream.length, allocated + " bytes for " + stream.length);
        assertTrue(log.packets.size() <= stream.length / 2);
        assertTrue(splitter.heldBytes() <= stream.length);
    }

    private static void splitAtRandom(byte[] bytes, Random random, FrameSplitter splitter, PacketLog log)
            throws ProtocolException {
        int pieces = random.nextInt(4);
        for (int from = 0; from < bytes.length;) {
            int count = pieces == 0 ? bytes.length : Math.min(bytes.length - from, 1 + random.nextInt(1 << 3 * pieces));
            splitter.split(ByteBuffer.wrap(bytes, from, Math.min(count, bytes.length - from)), log);
            from += count;
        }
    }

    private static byte[] serverStream(Random random) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = random.nextInt(6) + 1; i > 0; i--) {
            int id = 1 + random.nextInt(65_535);
            stream.writeBytes(PacketText.encode(switch (random.nextInt(9)) {
                case 0 -> "CONNACK session-present";
                case 1 -> "PUBLISH q0 topic/ü payload";
                case 2 -> "PUBLISH retain q1 id=" + id + " a/€/b " + "p".repeat(random.nextInt(300));
                case 3 -> "PUBLISH dup q2 id=" + id + " a/b " + "p".repeat(random.nextInt(20));
                case 4 -> "PUBACK id=" + id;
                case 5 -> "PUBREC id=" + id;
                case 6 -> "PUBREL id=" + id;
                case 7 -> "SUBACK id=" + id + " 0 1 2 128";
                default -> "PINGRESP";
            }));
        }
        return stream.toByteArray();
    }

    private static byte[] mutate(byte[] stream, Random random) {
        List<Byte> bytes = new ArrayList<>();
        for (byte each : stream) {
            bytes.add(each);
        }
        for (int i = random.nextInt(5); i >= 0 && !bytes.isEmpty(); i--) {
            int at = random.nextInt(random.nextBoolean() ? bytes.size() : Math.min(bytes.size(), 8));
            switch (random.nextInt(6)) {
                case 0 -> bytes.set(at, (byte) random.nextInt());
                case 1 -> bytes.set(at, (byte) (bytes.get(at) ^ 1 << random.nextInt(8)));
                case 2 -> bytes.set(at, (byte) (random.nextBoolean() ? 0xFF : 0));
                case 3 -> bytes.add(at, (byte) random.nextInt());
                case 4 -> bytes.remove(at);
                default -> bytes = new ArrayList<>(bytes.subList(0, at));
            }
        }
        byte[] mutated = new byte[bytes.size()];
        for (int i = 0; i < mutated.length; i++) {
            mutated[i] = bytes.get(i);
        }
        return mutated;
    }
}
