package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/** Segments and records on the disk: what is written is read, and what is damaged costs no more than itself. */
class FormatTest {
    private static final UUID STORE = new UUID(1, 2);
    private static final long NOW = 5_000_000_000_000L;
    private static final long WALL = 1_700_000_000_000L;
    private static final String NAME = "d/lane1-0000000001.segment";

    /** A segment with one record of each length; the type of each is 1, and its bytes tell it from the others. */
    private static DiskModel segment(List<Integer> lengths) throws IOException {
        DiskModel disk = new DiskModel();
        Chain chain = new Chain(disk, "d", 1, "lane1");
        for (int i = 0; i < lengths.size(); i++) {
            chain.tail(STORE, 1, Integer.MAX_VALUE);
            chain.append(new RecordBuffer().begin(1).number(i).rest(
                    Message.to("t").payload(bytes(i, lengths.get(i))).build()));
        }
        chain.write(false);
        chain.close();
        return disk;
    }

    private static byte[] bytes(int number, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(number).nextBytes(bytes);
        return bytes;
    }

    /** The numbers of the records that can be read; each must be what it was. */
    private static List<Integer> read(DiskModel disk, List<Integer> lengths, boolean damaged) throws IOException {
        try (StoredFile file = disk.openToRead(NAME)) {
            SegmentReader reader = new SegmentReader(file, new Segment(STORE, 1, 1, 1, 1, 0), Segment.HEADER_BYTES);
            List<Integer> numbers = new ArrayList<>();
            while (reader.next()) {
                ByteBuffer record = reader.record();
                assertEquals(1, record.get());
                int number = (int) RecordBuffer.number(record);
                byte[] rest = new byte[record.remaining()];
                record.get(rest);
                assertArrayEquals(bytes(number, lengths.get(number)), rest);
                numbers.add(number);
            }
            assertEquals(damaged, reader.firstDamage() >= 0);
            assertEquals(damaged, reader.damages() > 0);
            return numbers;
        }
    }

    private static List<Integer> upTo(int count) {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(i);
        }
        return all;
    }

    @Property(tries = 300)
    void recordsOfAnyLengthsAreReadAsTheyWereWritten(
            @ForAll @Size(max = 12) List<@IntRange(max = 100_000) Integer> lengths) throws IOException {
        assertEquals(upTo(lengths.size()), lengths.isEmpty() ? List.of() : read(segment(lengths), lengths, false));
    }

    @Test
    void recordsThatEndAroundTheEndOfABlockAreReadAsTheyWereWritten() throws IOException {
        for (int rest = -20; rest <= 20; rest++) {
            List<Integer> lengths = List.of(Segment.BLOCK_BYTES - Segment.HEADER_BYTES + rest, 0, 3, 100);
            assertEquals(upTo(4), read(segment(lengths), lengths, false));
        }
    }

    @Test
    void aRecordOfManyMegabytesIsReadAsItWasWritten() throws IOException {
        List<Integer> lengths = List.of(10, 9_000_000, 10);
        assertEquals(upTo(3), read(segment(lengths), lengths, false));
    }

    @Test
    void everyFlippedBitCostsOneRecord() throws IOException {
        List<Integer> lengths = List.of(5, 60, 0, 200, 17, 90);
        DiskModel whole = segment(lengths);
        for (long bit = Segment.HEADER_BYTES * 8L; bit < whole.length(NAME) * 8L; bit++) {
            DiskModel disk = whole.copy();
            disk.flip(NAME, bit);
            List<Integer> read = read(disk, lengths, true);
            assertEquals(5, read.size(), "bit " + bit);
            assertTrue(upTo(6).containsAll(read));
        }
    }

    @Test
    void aFlippedBitCostsOneRecordAlsoWhenThatSpansBlocks() throws IOException {
        List<Integer> lengths = List.of(5, 100_000, 20, 40_000, 30);
        DiskModel whole = segment(lengths);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 300; i++) {
            DiskModel disk = whole.copy();
            disk.flip(NAME, random.nextLong(Segment.HEADER_BYTES * 8L, whole.length(NAME) * 8L));
            assertEquals(4, read(disk, lengths, true).size());
        }
    }

    @Test
    void aSegmentThatIsCutShortAnywhereIsReadUpToThere() throws IOException {
        List<Integer> lengths = List.of(5, 60, 0, 200, 17, 90);
        DiskModel whole = segment(lengths);
        int end = Segment.HEADER_BYTES;
        for (int count = 0; count < lengths.size(); count++) {
            int next = end + Segment.FRAGMENT_HEADER_BYTES + 2 + lengths.get(count);
            for (int length = end; length < next; length++) {
                DiskModel disk = whole.copy();
                disk.truncate(NAME, length);
                assertEquals(upTo(count), read(disk, lengths, length > end));
            }
            end = next;
        }
        assertEquals(end, whole.length(NAME));
    }

    @Test
    void aLostSectorCostsTheRecordsThatTouchIt() throws IOException {
        List<Integer> lengths = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            lengths.add(90);
        }
        DiskModel whole = segment(lengths);
        for (int sector = 1; sector < whole.length(NAME) / 512; sector++) {
            for (byte garbage : new byte[] { 0, 0x5A, -1 }) {
                DiskModel disk = whole.copy();
                byte[] bytes = disk.read(NAME);
                Arrays.fill(bytes, sector * 512, sector * 512 + 512, garbage);
                disk.put(NAME, bytes);
                int read = read(disk, lengths, true).size();
                assertTrue(read >= 60 - 7, read + " are left");
            }
        }
    }

    @Test
    void aRecordOfAnotherSegmentOrAnotherStoreIsDamage() throws IOException {
        DiskModel disk = segment(List.of(5));
        for (Segment other : List.of(new Segment(STORE, 1, 2, 1, 1, 0), new Segment(STORE, 2, 1, 1, 1, 0),
                new Segment(new UUID(1, 3), 1, 1, 1, 1, 0))) {
            try (StoredFile file = disk.openToRead(NAME)) {
                SegmentReader reader = new SegmentReader(file, other, Segment.HEADER_BYTES);
                assertEquals(false, reader.next());
                assertEquals(1, reader.damages());
                assertEquals(Segment.HEADER_BYTES, reader.firstDamage());
            }
        }
    }

    @Test
    void aHeaderIsReadAsItWasWrittenAndEveryFlippedBitOfItIsNoticed() throws IOException {
        Segment segment = new Segment(new UUID(3, 4), 2, 77, 1L << 40, 1L << 41, 123_456);
        segment.fixedLength = 5000;
        Segment read = Segment.parse(segment.header());
        assertEquals(List.of(segment.store, segment.chain, segment.number, segment.firstIndex(), segment.firstId,
                segment.forcedBefore, segment.fixedLength),
                List.of(read.store, read.chain, read.number,
                        read.firstIndex(), read.firstId, read.forcedBefore, read.fixedLength));
        for (int bit = 0; bit < Segment.HEADER_BYTES * 8; bit++) {
            ByteBuffer header = segment.header();
            header.array()[bit / 8] ^= (byte) (1 << bit % 8);
            assertNull(Segment.parse(header), "bit " + bit);
        }
        for (int length = 0; length < Segment.HEADER_BYTES; length++) {
            assertNull(Segment.parse(segment.header().limit(length)));
        }
    }

    @Test
    void aNewerFormatIsNamed() {
        ByteBuffer header = newer(new Segment(STORE, 1, 1, 1, 1, 0).header());
        NewerFormatException refusal = assertThrows(NewerFormatException.class, () -> Segment.parse(header));
        assertTrue(refusal.getMessage().contains("format 4"), refusal.getMessage());
    }

    @Test
    void theFormatBeforeIsReadAsItIs() throws NewerFormatException {
        assertEquals(77, Segment.parse(ofVersion(1, new Segment(STORE, 1, 77, 1, 1, 0).header())).number);
        Message message = Message.to("t").payload("x").expiresAfter(Duration.ofNanos(5)).build();
        RecordBuffer written = MessageRecord.write(new RecordBuffer(), 1, 2, 3, message);
        assertEquals("01" + "01" + "02" + "03" + "09" + "05" + "0174" + "78",
                java.util.HexFormat.of().formatHex(written.bytes(), 0, written.length()));
    }

    /** The header of a later release. */
    static ByteBuffer newer(ByteBuffer header) {
        return ofVersion(Segment.VERSION + 1, header);
    }

    static ByteBuffer ofVersion(int version, ByteBuffer header) {
        header.putInt(4, version);
        java.util.zip.CRC32C checksum = new java.util.zip.CRC32C();
        checksum.update(header.array(), 0, Segment.HEADER_BYTES - 4);
        return header.putInt(Segment.HEADER_BYTES - 4, (int) checksum.getValue());
    }

    @Property(tries = 300)
    void aMessageIsReadAsItWasWritten(@ForAll @LongRange(min = 1, max = Records.END - 1) long index,
            @ForAll @LongRange(min = 1, max = Records.END - 1) long id,
            @ForAll @StringLength(min = 1, max = 100) String text, @ForAll @Size(max = 300) byte[] payload,
            @ForAll boolean retain, @ForAll @IntRange(min = 1, max = 2) int qos,
            @ForAll @LongRange(min = 0, max = 1_000_000_000_000L) long age,
            @ForAll @LongRange(max = 100_000) long expiry,
            @ForAll @Size(max = 5) List<@IntRange(max = 500) Integer> properties) {
        String topic = text.codePoints().filter(point -> point > 31 && point < 127 && point != '#' && point != '+'
                || point > 0x400 && point < 0xD000).collect(() -> new StringBuilder("t"),
                        StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        MessageProperties.Builder all = MessageProperties.builder();
        properties.forEach(length -> all.userProperty("name", "ü".repeat(length)));
        Message.Builder builder = Message.to(topic).payload(payload).qos(Qos.of(qos)).retain(retain).lane(2)
                .properties(all.build());
        Message message = (expiry == 0 ? builder : builder.expiresAfter(Duration.ofMillis(expiry))).build();
        long accepted = Math.max(1_577_836_800_000L, WALL - age);
        RecordBuffer buffer = MessageRecord.write(new RecordBuffer(), index, id, accepted, message);
        ByteBuffer record = ByteBuffer.wrap(buffer.bytes(), 0, buffer.length());
        assertEquals(Records.MESSAGE, record.get());
        MessageRecord parsed = MessageRecord.read(record);
        assertEquals(List.of(index, id, accepted, topic, payload.length), List.of(parsed.index(), parsed.id(),
                parsed.acceptedMillis(), parsed.topic(), parsed.payloadBytes()));
        assertEquals(Outgoing.sizeOf(message), parsed.size());
        Outgoing read = parsed.outgoing(2, NOW, WALL);
        assertEquals(List.of(id, index, NOW - (WALL - accepted) * 1_000_000L, Outgoing.sizeOf(message)),
                List.of(read.id(), read.index(), read.acceptedNanos(), read.size()));
        assertEquals(List.of(topic, Qos.of(qos), retain, 2, expiry * 1_000_000L), List.of(read.message().topic(),
                read.message().qos(), read.message().retain(), read.lane(), read.message().expiresAfterNanos()));
        assertEquals(all.build(), read.message().properties());
        ByteBuffer bytes = ByteBuffer.allocate(payload.length);
        read.message().writePayload(bytes);
        assertArrayEquals(payload, bytes.array());
    }

    @Test
    void theAgeOfAMessageIsTakenFromAWallClockOnlyWhenThatIsPlausible() {
        assertEquals(3_000_000L, MessageRecord.age(WALL - 3, WALL));
        assertEquals(0, MessageRecord.age(WALL + 3, WALL), "the clock went back");
        assertEquals(0, MessageRecord.age(86_400_000L, WALL), "it was accepted before the clock was set");
        assertEquals(0, MessageRecord.age(WALL, 86_400_000L), "the clock is not set now");
    }

    @Property(tries = 500)
    void numbersAndTextsAreReadAsTheyWereWritten(@ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long number,
            @ForAll long fixed) {
        String text = "ä" + number;
        RecordBuffer buffer = new RecordBuffer().begin(9).number(number).text(text).fixed(fixed);
        ByteBuffer record = ByteBuffer.wrap(buffer.bytes(), 0, buffer.length());
        assertEquals(9, record.get());
        assertEquals(number, RecordBuffer.number(record));
        assertEquals(text, RecordBuffer.text(record));
        assertEquals(fixed, record.getLong());
        assertEquals(0, record.remaining());
        assertNotNull(buffer.begin(1));
    }
}
