package mqtt.resilient.impl.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText;
import mqtt.resilient.spi.packet.ProtocolException;
import org.junit.jupiter.api.Test;

/** The byte stream of a server, cut into packets, whatever pieces it arrives in. */
class FrameSplitterTest {
    private static final List<String> STREAM = List.of("CONNACK session-present", "PUBLISH q0 a 1",
            "PUBLISH q1 id=7 b " + "x".repeat(200), "PINGRESP", "PUBLISH q2 id=8 c " + "y".repeat(2_000),
            "PUBACK id=1", "SUBACK id=2 1 128", "PUBREL id=3", "PUBLISH q0 d", "UNSUBACK id=4", "PINGRESP");

    private final PacketLog log = new PacketLog();
    private final FrameSplitter splitter = new FrameSplitter(new Mqtt311().newCodec(), 100_000);

    @Test
    void aStreamInOnePiece() throws Exception {
        splitter.split(ByteBuffer.wrap(stream()), log);
        assertWhole();
    }

    @Test
    void aTopicIsThatOfItsOwnPacketWhateverCameBefore() throws Exception {
        List<String> topics = List.of("a/b", "a/b", "a/c", "a", "a/b", "ü", "ab", "x".repeat(300),
                "x".repeat(299) + "y", "a/b", "a/b/c");
        for (String topic : topics) {
            byte[] text = topic.getBytes(StandardCharsets.UTF_8);
            int remaining = text.length + 2;
            ByteBuffer packet = ByteBuffer.allocate(text.length + 8).put((byte) 0x30);
            if (remaining < 128) {
                packet.put((byte) remaining);
            } else {
                packet.put((byte) (remaining & 0x7F | 0x80)).put((byte) (remaining >> 7));
            }
            splitter.split(packet.putShort((short) text.length).put(text).flip(), log);
            String last = log.packets.get(log.packets.size() - 1);
            assertTrue(last.contains(" " + topic + " "), last);
        }
    }

    @Test
    void aStreamByteByByte() throws Exception {
        for (byte each : stream()) {
            splitter.split(ByteBuffer.wrap(new byte[] { each }), log);
        }
        assertWhole();
    }

    @Test
    void aStreamInTwoPiecesCutAnywhere() throws Exception {
        byte[] all = stream();
        for (int cut = 0; cut <= 600; cut++) {
            PacketLog each = new PacketLog();
            FrameSplitter fresh = new FrameSplitter(new Mqtt311().newCodec(), 100_000);
            fresh.split(ByteBuffer.wrap(all, 0, cut), each);
            fresh.split(ByteBuffer.wrap(all, cut, all.length - cut), each);
            assertEquals(STREAM.size(), each.packets.size(), "cut at " + cut);
            assertEquals(0, fresh.heldBytes());
        }
    }

    @Test
    void aStreamInRandomPiecesOfEveryKindOfBuffer() throws Exception {
        byte[] all = stream();
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            PacketLog each = new PacketLog();
            FrameSplitter fresh = new FrameSplitter(new Mqtt311().newCodec(), 100_000);
            for (int from = 0; from < all.length;) {
                int count = Math.min(all.length - from, 1 + (random.nextInt(5) == 0 ? random.nextInt(30_000)
                        : random.nextInt(40)));
                ByteBuffer piece = random.nextBoolean() ? ByteBuffer.allocateDirect(count + 3)
                        : ByteBuffer.allocate(count + 3);
                piece.position(random.nextInt(4)).mark();
                piece.put(all, from, count).limit(piece.position()).reset();
                fresh.split(piece, each);
                assertEquals(0, piece.remaining(), "all bytes are taken");
                from += count;
            }
            assertEquals(STREAM.size(), each.packets.size(), "seed " + seed);
            assertEquals(expected(), each.packets);
        }
    }

    @Test
    void aPacketOfTwoBytesThatArriveOneByOneIsTakenWithItsSecondByte() throws Exception {
        splitter.split(ByteBuffer.wrap(Bytes.of("d0")), log);
        splitter.split(ByteBuffer.wrap(Bytes.of("00")), log);
        assertEquals(List.of("PINGRESP"), log.packets); // or the ping would count as unanswered
    }

    @Test
    void nothingComesBeforeAPacketIsWhole() throws Exception {
        byte[] packet = PacketText.encode("PUBLISH q1 id=7 b " + "x".repeat(200));
        splitter.split(ByteBuffer.wrap(packet, 0, packet.length - 1), log);
        assertEquals(List.of(), log.packets);
        assertEquals(packet.length - 1, splitter.heldBytes());
        splitter.split(ByteBuffer.wrap(packet, packet.length - 1, 1), log);
        assertEquals(1, log.packets.size());
        assertEquals(0, splitter.heldBytes());
    }

    @Test
    void anEmptyBufferChangesNothing() throws Exception {
        splitter.split(ByteBuffer.allocate(0), log);
        splitter.split(ByteBuffer.wrap(Bytes.of("30")), log);
        splitter.split(ByteBuffer.allocate(0), log);
        splitter.split(ByteBuffer.wrap(Bytes.of("03 0001 't'")), log);
        assertEquals(List.of("PUBLISH q0 id 0 t "), log.packets);
    }

    @Test
    void aRemainingLengthInItsLongestForm() throws Exception { // not forbidden by 3.1.1 section 2.2.3
        splitter.split(ByteBuffer.wrap(Bytes.of("30 84 80 80 00 0001 't' 'x'")), log);
        assertEquals(List.of("PUBLISH q0 id 0 t x"), log.packets);
    }

    @Test
    void aPacketOfExactlyTheLimitIsTakenAndOneByteMoreIsNot() throws Exception {
        FrameSplitter small = new FrameSplitter(new Mqtt311().newCodec(), 128);
        small.split(ByteBuffer.wrap(PacketText.encode("PUBLISH q0 t " + "x".repeat(128 - 2 - 3))), log);
        assertEquals(1, log.packets.size());
        small.split(ByteBuffer.wrap(PacketText.encode("PUBLISH q0 t " + "x".repeat(128 - 2 - 2))), log);
        assertEquals("oversized PUBLISH q0 id 0 t 129", log.packets.get(1));
    }

    @Test
    void aPublishThatIsTooLargeIsPassedOverHoweverItIsCut() throws Exception {
        byte[] stream = Bytes.join(PacketText.encode("PUBLISH q1 id=7 big/topic " + "x".repeat(100_000)),
                PacketText.encode("PUBLISH q2 id=8 t " + "y".repeat(200)), PacketText.encode("PUBLISH q0 t z"));
        for (int piece : new int[] { 1, 2, 3, 7, 100, 65_536, stream.length }) {
            PacketLog cut = new PacketLog();
            FrameSplitter small = new FrameSplitter(new Mqtt311().newCodec(), 128);
            for (int at = 0; at < stream.length; at += piece) {
                small.split(ByteBuffer.wrap(stream, at, Math.min(piece, stream.length - at)), cut);
                assertTrue(small.heldBytes() < 1000, () -> "held " + small.heldBytes());
            }
            assertEquals(List.of("oversized PUBLISH q1 id 7 big/topic 100017", "oversized PUBLISH q2 id 8 t 208",
                    "PUBLISH q0 id 0 t z"), cut.packets, "cut into pieces of " + piece);
        }
    }

    @Test
    void aPublishWithoutAnIdThatIsTooLargeByItsTopicAloneIsPassedOver() throws Exception {
        FrameSplitter small = new FrameSplitter(new Mqtt311().newCodec(), 128);
        for (String payload : List.of("", "x", "xy")) {
            small.split(ByteBuffer.wrap(PacketText.encode("PUBLISH q0 " + "t".repeat(127) + " " + payload)), log);
        }
        small.split(ByteBuffer.wrap(PacketText.encode("PUBLISH q0 t z")), log);
        assertEquals(4, log.packets.size());
        assertEquals("oversized PUBLISH q0 id 0 " + "t".repeat(127) + " 132", log.packets.get(0));
    }

    @Test
    void aPacketThatIsTooLargeIsRefusedWithItsHeader() { // before its bytes arrive
        ProtocolException tooLarge = assertThrows(ProtocolException.class,
                () -> splitter.split(ByteBuffer.wrap(Bytes.of("40 ff ff ff 7f")), log));
        assertEquals("a PUBACK of 268435460 bytes; packet.max.bytes allows 100000", tooLarge.getMessage());
        FrameSplitter another = new FrameSplitter(new Mqtt311().newCodec(), 100_000);
        assertThrows(ProtocolException.class, () -> {
            for (byte each : Bytes.of("40 ff ff ff 7f")) {
                another.split(ByteBuffer.wrap(new byte[] { each }), log);
            }
        });
    }

    @Test
    void aRemainingLengthOfFiveBytesIsAnError() {
        ProtocolException error = assertThrows(ProtocolException.class,
                () -> splitter.split(ByteBuffer.wrap(Bytes.of("30 80 80 80 80 01")), log));
        assertTrue(error.getMessage().contains("more than 4 bytes"), error.getMessage());
    }

    private void assertWhole() {
        assertEquals(expected(), log.packets);
        assertEquals(0, splitter.heldBytes());
    }

    private static List<String> expected() {
        return List.of("CONNACK session present code 0", "PUBLISH q0 id 0 a 1",
                "PUBLISH q1 id 7 b " + "x".repeat(200), "PINGRESP", "PUBLISH q2 id 8 c " + "y".repeat(2_000),
                "PUBACK id 1 reason 0", "SUBACK id 2 [1, 128]", "PUBREL id 3 reason 0", "PUBLISH q0 id 0 d ",
                "UNSUBACK id 4 []", "PINGRESP");
    }

    private static byte[] stream() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        STREAM.forEach(packet -> all.writeBytes(PacketText.encode(packet)));
        return all.toByteArray();
    }
}
