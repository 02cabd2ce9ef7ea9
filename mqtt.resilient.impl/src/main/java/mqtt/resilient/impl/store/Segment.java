package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/** One file of a chain and what is known of it. On the store's thread only. */
final class Segment {
    static final int BLOCK_BYTES = 32_768;
    /** Of a fragment: CRC-32C, length, kind. */
    static final int FRAGMENT_HEADER_BYTES = 7;
    static final int HEADER_BYTES = 64;
    static final int VERSION = 3;
    private static final int MAGIC = 0x4D515253; // MQRS

    final UUID store;
    final int chain;
    final int number;
    /** The lowest id that the first message in it may have. */
    long firstId;
    /** How much of the segment before was forced when this one was begun. */
    final long forcedBefore;
    /** Its final length, whatever is behind it in the file; 0 = it may grow. */
    int fixedLength;

    /** Its length, with the bytes that are not flushed. */
    long size = HEADER_BYTES;
    /** Everything below is certain to survive a power cut. */
    long forced;
    /** The bytes for which all its messages, also settled ones, count against the bounds; at recovery only. */
    long countedBytes;
    /** Whether something that was forced cannot be read any more. */
    boolean damaged;
    /** Whether a force of it failed: nothing is written to it any more, for the disk may not keep that either. */
    boolean forceFailed;
    /** Whether its file is being deleted, and may be gone. */
    boolean removing;
    final SegmentMessages messages;
    Ages ages = new Ages();

    Segment(UUID store, int chain, int number, long firstIndex, long firstId, long forcedBefore) {
        this.store = store;
        this.chain = chain;
        this.number = number;
        messages = new SegmentMessages(firstIndex);
        this.firstId = firstId;
        this.forcedBefore = forcedBefore;
    }

    /** The lowest index that the first message in it may have. */
    long firstIndex() {
        return messages.firstIndex();
    }

    /** Nothing is in it any more, and nothing will be: its header says what the next numbers are. */
    void emptied(long nextIndexOfAll, long nextId) {
        messages.clear(nextIndexOfAll);
        firstId = nextId;
        fixedLength = HEADER_BYTES;
    }

    /** Puts the seed of the checksums of its fragments, so that a block of another file or store never fits. */
    void putSeed(ByteBuffer target) {
        target.putLong(store.getMostSignificantBits()).putLong(store.getLeastSignificantBits()).putInt(chain)
                .putInt(number);
    }

    ByteBuffer header() {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).putInt(MAGIC).putInt(VERSION)
                .putLong(store.getMostSignificantBits()).putLong(store.getLeastSignificantBits()).putInt(chain)
                .putInt(number).putLong(firstIndex()).putLong(firstId).putLong(forcedBefore).putInt(fixedLength);
        return header.putInt(checksum(header.array())).flip();
    }

    private static int checksum(byte[] header) {
        CRC32C checksum = new CRC32C();
        checksum.update(header, 0, HEADER_BYTES - Integer.BYTES);
        return (int) checksum.getValue();
    }

    /** Reads the header of a file; null if it is damaged. */
    static Segment read(StoredFile file) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        int count = 0;
        while (count >= 0 && header.hasRemaining()) {
            count = file.read(header, header.position());
        }
        return parse(header.flip());
    }

    /** Reads a header; null if it is damaged. Its length and the place of its checksum are those of all formats. */
    static Segment parse(ByteBuffer header) throws NewerFormatException {
        if (header.remaining() < HEADER_BYTES || header.getInt() != MAGIC
                || checksum(header.array()) != header.getInt(HEADER_BYTES - Integer.BYTES)) {
            return null;
        }
        int version = header.getInt();
        if (version > VERSION) {
            throw new NewerFormatException(version);
        }
        Segment segment = new Segment(new UUID(header.getLong(), header.getLong()), header.getInt(), header.getInt(),
                header.getLong(), header.getLong(), header.getLong());
        segment.fixedLength = header.getInt();
        boolean ours = version > 0 && isSerial(segment.firstIndex()) && isSerial(segment.firstId)
                && segment.forcedBefore >= 0 && segment.fixedLength >= 0;
        return ours ? segment : null;
    }

    private static boolean isSerial(long value) {
        return value >= 0 && value < Records.END;
    }
}
