package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/**
 * Reads the records of a segment one after the other. What is damaged is passed over, up to the next fragment whose
 * checksum is right, and counted: nothing behind it is lost. Zeros are damage too: they are where a disk did not keep
 * what was written.
 */
final class SegmentReader {
    /** What a fragment is of its record. */
    static final byte FULL = 1;
    static final byte FIRST = 2;
    static final byte MIDDLE = 3;
    static final byte LAST = 4;
    private static final int BLOCKS_AT_ONCE = 4;

    /** Takes one record after the other. */
    interface Visitor {
        /** Takes a record, which is valid until this returns; false = no more of them. */
        boolean visit(ByteBuffer record) throws IOException;
    }

    private final StoredFile file;
    private final Segment segment;
    private long end;
    private final ByteBuffer buffer = ByteBuffer.allocate(BLOCKS_AT_ONCE * Segment.BLOCK_BYTES);
    private final CRC32C checksum;
    private final byte[] seed = new byte[24];
    private long bufferStart;
    private long position;
    private ByteBuffer record;
    /** The fragments of a record so far; null = none is begun. */
    private ByteBuffer parts;
    /** Where its first fragment was. */
    private long begun;
    private boolean inDamage;
    private long firstDamage = -1;
    private int damages;

    /** Reads from a position that {@link #position} gave, or from the start of the records. */
    SegmentReader(StoredFile file, Segment segment, long from) throws IOException {
        this.file = file;
        this.segment = segment;
        checksum = new CRC32C();
        segment.putSeed(ByteBuffer.wrap(seed));
        position = from;
        extend();
        buffer.limit(0);
    }

    /** Takes notice of what was added to the file meanwhile. */
    void extend() throws IOException {
        end = segment.fixedLength > 0 ? Math.min(segment.fixedLength, file.size()) : file.size();
    }

    /** Reads on until the end, or until the visitor wants no more; whether the end was reached. */
    boolean scan(Visitor visitor) throws IOException {
        while (next()) {
            if (!visitor.visit(record)) {
                return false;
            }
        }
        return true;
    }

    /** Goes to the next record; false at the end. */
    boolean next() throws IOException {
        parts = null;
        while (position < end) {
            int rest = blockRest(position);
            if (rest <= Segment.FRAGMENT_HEADER_BYTES) {
                position += rest; // filled up
                continue;
            }
            ByteBuffer block = at(position, (int) Math.min(rest, end - position));
            int length = length(block);
            if (length < 0) {
                damaged(position);
                parts = null;
                position++;
                continue;
            }
            inDamage = false;
            position += Segment.FRAGMENT_HEADER_BYTES + length;
            if (join(block, block.get(block.position() - 1))) {
                return true;
            }
        }
        if (parts != null) {
            damaged(begun);
            parts = null;
        }
        return false;
    }

    /** Goes to the content of the fragment that begins here; -1 if there is none. */
    private int length(ByteBuffer block) {
        if (block.remaining() < Segment.FRAGMENT_HEADER_BYTES) {
            return -1;
        }
        int expected = block.getInt();
        int length = block.getShort() & 0xFFFF;
        byte kind = block.get();
        if (kind < FULL || kind > LAST || length > block.remaining()) {
            return -1;
        }
        block.limit(block.position() + length);
        checksum.reset();
        checksum.update(seed);
        checksum.update(kind);
        checksum.update(block.array(), block.position(), length);
        return (int) checksum.getValue() == expected ? length : -1;
    }

    static int blockRest(long position) {
        return Segment.BLOCK_BYTES - (int) (position % Segment.BLOCK_BYTES);
    }

    /** Adds a fragment to its record; true if that is complete. */
    private boolean join(ByteBuffer fragment, byte kind) {
        int length = fragment.remaining();
        if (kind == FULL || kind == FIRST) {
            if (parts != null) {
                damaged(begun);
            }
            begun = position - length;
            record = fragment;
            parts = kind == FULL ? null : ByteBuffer.allocate(2 * length).put(fragment);
            return kind == FULL && length > 0;
        }
        if (parts == null) {
            damaged(position); // its beginning is lost
            return false;
        }
        if (parts.remaining() < length) {
            parts = ByteBuffer.allocate(2 * (parts.position() + length)).put(parts.flip());
        }
        parts.put(fragment);
        if (kind == LAST) {
            record = parts.flip();
            parts = null;
        }
        return kind == LAST;
    }

    private void damaged(long where) {
        if (!inDamage) {
            inDamage = true;
            damages++;
            firstDamage = firstDamage < 0 ? where : firstDamage;
        }
    }

    /** The bytes at a position. */
    private ByteBuffer at(long where, int length) throws IOException {
        long offset = where - bufferStart;
        if (offset < 0 || offset + length > buffer.limit()) {
            bufferStart = where - where % Segment.BLOCK_BYTES;
            buffer.clear();
            int count = 0;
            while (count >= 0 && buffer.hasRemaining()) {
                count = file.read(buffer, bufferStart + buffer.position());
            }
            buffer.flip();
            offset = where - bufferStart;
        }
        if (offset + length > buffer.limit()) {
            throw new IOException("segment " + segment.number + " became shorter while it was read");
        }
        return ByteBuffer.wrap(buffer.array(), (int) offset, length);
    }

    /** The record that {@link #next} found, from its type on; valid until the next call. */
    ByteBuffer record() {
        return record;
    }

    /** Where the next record begins. */
    long position() {
        return position;
    }

    /** Damages passed over so far. */
    int damages() {
        return damages;
    }

    /** Where the first damage was; -1 = none. */
    long firstDamage() {
        return firstDamage;
    }
}
