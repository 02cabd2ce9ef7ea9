package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.UUID;
import java.util.zip.CRC32C;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/**
 * One file of a chain and what is known of it. The messages of a lane are counted: each has an index, the next one's is
 * one higher, also over restarts. Resident are one bit per message and a few numbers, never a message.
 */
final class Segment {
    static final int BLOCK_BYTES = 32_768;
    /** Of a fragment: CRC-32C, length, kind. */
    static final int FRAGMENT_HEADER_BYTES = 7;
    static final int HEADER_BYTES = 64;
    static final int VERSION = 3;
    /** From the first index to the last: what is known of its messages is a bit for each. */
    private static final int MAX_SPAN = 1 << 24;
    private static final int MAGIC = 0x4D515253; // MQRS

    final UUID store;
    final int chain;
    final int number;
    /** The index and the id that the first message in it has at least. */
    long firstIndex;
    long firstId;
    /** How much of the segment before was forced when this one was begun. */
    final long forcedBefore;
    /** What its length is for ever, whatever is behind it in the file; 0 = it may grow. */
    int fixedLength;

    /** Its length, what is not flushed included. */
    long size = HEADER_BYTES;
    /** Everything below is certain to survive a power cut. */
    long forced;
    /** Messages in it, dead ones included. */
    int messages;
    int live;
    private final BitSet liveBits = new BitSet();
    /** What the next message has at least. */
    private long nextIndex;
    /** Bytes of the messages in it that are not settled. */
    long liveBytes;
    /** What all messages in it, dead ones included, count for against the bounds; at recovery only. */
    long countedBytes;
    /** Whether something that was forced cannot be read any more; and whether that is so of its header. */
    boolean damaged;
    boolean headless;
    /** Whether a force of it failed: nothing is written to it any more, for the disk may not keep that either. */
    boolean forceFailed;
    /** When the first of its messages was accepted, and when the first one expires, by the monotonic clock. */
    long oldest = Long.MAX_VALUE;
    long expires = Long.MAX_VALUE;

    Segment(UUID store, int chain, int number, long firstIndex, long firstId, long forcedBefore) {
        this.store = store;
        this.chain = chain;
        this.number = number;
        this.firstIndex = firstIndex;
        nextIndex = firstIndex;
        this.firstId = firstId;
        this.forcedBefore = forcedBefore;
    }

    /** Whether a message may be too old by now. */
    boolean isDue(long now, long maxAge) {
        return live > 0 && (now >= expires || maxAge > 0 && oldest != Long.MAX_VALUE && now - oldest >= maxAge);
    }

    /** Takes note of what makes a message too old. */
    void ages(long accepted, long expiresAfter) {
        oldest = Math.min(oldest, accepted);
        if (expiresAfter > 0) {
            expires = Math.min(expires, accepted + Math.min(expiresAfter, Long.MAX_VALUE / 2));
        }
    }

    boolean isLive(long index) {
        long bit = index - firstIndex;
        return bit >= 0 && bit < liveBits.length() && liveBits.get((int) bit);
    }

    /** The first live message from an index on; -1 if there is none. */
    long nextLive(long index) {
        long from = Math.max(0, index - firstIndex);
        int bit = from >= liveBits.length() ? -1 : liveBits.nextSetBit((int) from);
        return bit < 0 ? -1 : firstIndex + bit;
    }

    /** Whether a message with an index can be the next one in it. */
    boolean canHold(long index) {
        return headless && messages == 0 || index >= nextIndex && index - firstIndex < MAX_SPAN;
    }

    /** The index of the latest live message; 0 if there is none. */
    long latestLive() {
        return live == 0 ? 0 : firstIndex + liveBits.length() - 1;
    }

    void add(long index, int bytes) {
        if (headless && messages == 0) {
            firstIndex = index;
        }
        nextIndex = index + 1;
        messages++;
        live++;
        liveBits.set((int) (index - firstIndex));
        liveBytes += bytes;
    }

    /** A message is settled; false if it is not here or was settled before. */
    boolean settle(long index) {
        if (!isLive(index)) {
            return false;
        }
        liveBits.clear((int) (index - firstIndex));
        liveBytes -= liveBytes / live; // an estimate, right when the last one goes
        live--;
        return true;
    }

    /** The messages of a range are settled; the number of those that were not before. */
    int settle(long from, long to) {
        int before = live;
        if (from <= latestLive()) {
            int bit = liveBits.nextSetBit((int) Math.max(0, from - firstIndex));
            for (; bit >= 0 && firstIndex + bit < to; bit = liveBits.nextSetBit(bit + 1)) {
                settle(firstIndex + bit);
            }
        }
        return before - live;
    }

    /** Nothing is in it any more, and nothing will be: its header says what the next numbers are. */
    void emptied(long nextIndexOfAll, long nextId) {
        firstIndex = nextIndexOfAll;
        nextIndex = nextIndexOfAll;
        firstId = nextId;
        fixedLength = HEADER_BYTES;
        messages = 0;
        live = 0;
        liveBits.clear();
        liveBytes = 0;
    }

    int dead() {
        return messages - live;
    }

    /** Puts what the checksums of its fragments begin with: a block of another file or another store never fits. */
    void putSeed(ByteBuffer target) {
        target.putLong(store.getMostSignificantBits()).putLong(store.getLeastSignificantBits()).putInt(chain)
                .putInt(number);
    }

    ByteBuffer header() {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).putInt(MAGIC).putInt(VERSION)
                .putLong(store.getMostSignificantBits()).putLong(store.getLeastSignificantBits()).putInt(chain)
                .putInt(number).putLong(firstIndex).putLong(firstId).putLong(forcedBefore).putInt(fixedLength);
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
        boolean ours = version > 0 && isSerial(segment.firstIndex) && isSerial(segment.firstId)
                && segment.forcedBefore >= 0 && segment.fixedLength >= 0;
        return ours ? segment : null;
    }

    private static boolean isSerial(long value) {
        return value >= 0 && value < Records.END;
    }
}
