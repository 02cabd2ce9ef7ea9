package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/**
 * Reads the records of a segment one after the other. What is damaged is passed over, block by block, and counted:
 * nothing behind it is lost.
 */
final class SegmentReader {
    /** What a fragment is of its record. */
    static final byte FULL = 1;
    static final byte FIRST = 2;
    static final byte MIDDLE = 3;
    static final byte LAST = 4;
    private static final int BLOCKS_AT_ONCE = 4;

    private final StoredFile file;
    private final Segment segment;
    private final long end;
    private final ByteBuffer buffer = ByteBuffer.allocate(BLOCKS_AT_ONCE * Segment.BLOCK_BYTES);
    private final CRC32C checksum;
    private final byte[] seed = new byte[24];
    private long bufferStart;
    private long position;
    private ByteBuffer record;
    /** The fragments of a record so far; null = none is begun. */
    private ByteBuffer parts;
    private long firstDamage = -1;
    private int damages;

    /** Reads from a position that {@link #position} gave, or from the start of the records. */
    SegmentReader(StoredFile file, Segment segment, long from) throws IOException {
        this.file = file;
        this.segment = segment;
        checksum = new CRC32C();
        segment.putSeed(ByteBuffer.wrap(seed));
        end = file.size();
        position = from;
        buffer.limit(0);
    }

    /** Goes to the next record; false at the end. */
    boolean next() throws IOException {
        parts = null;
        while (position + Segment.FRAGMENT_HEADER_BYTES <= end) {
            int rest = blockRest(position);
            if (rest < Segment.FRAGMENT_HEADER_BYTES) {
                position += rest;
                continue;
            }
            ByteBuffer block = at(position, (int) Math.min(rest, end - position));
            int expected = block.getInt();
            int length = block.getShort() & 0xFFFF;
            byte kind = block.get();
            if (kind == 0 && length == 0 && expected == 0) {
                position += rest; // never written: the rest of a block, or of the file
                continue;
            }
            if (length > block.remaining() || kind < FULL || kind > LAST || sum(block, kind, length) != expected) {
                damaged();
                continue;
            }
            position += Segment.FRAGMENT_HEADER_BYTES + length;
            block.limit(block.position() + length);
            if (join(block, kind, length)) {
                return true;
            }
        }
        if (position < end || parts != null) {
            damaged();
        }
        return false;
    }

    static int blockRest(long position) {
        return Segment.BLOCK_BYTES - (int) (position % Segment.BLOCK_BYTES);
    }

    private int sum(ByteBuffer block, byte kind, int length) {
        checksum.reset();
        checksum.update(seed);
        checksum.update(kind);
        checksum.update(block.array(), block.position(), length);
        return (int) checksum.getValue();
    }

    private boolean join(ByteBuffer block, byte kind, int length) {
        if (kind == FULL) {
            if (parts != null) {
                note(position);
            }
            record = block;
            return length > 0;
        }
        if (kind == FIRST) {
            if (parts != null) {
                note(position);
            }
            parts = ByteBuffer.allocate(2 * length).put(block);
        } else if (parts == null) {
            note(position); // its beginning is lost
        } else {
            if (parts.remaining() < length) {
                parts = ByteBuffer.allocate(2 * (parts.position() + length)).put(parts.flip());
            }
            parts.put(block);
            if (kind == LAST) {
                record = parts.flip();
                parts = null;
                return true;
            }
        }
        return false;
    }

    /** Passes over the rest of a damaged block. */
    private void damaged() {
        note(position);
        parts = null;
        position += Math.min(blockRest(position), Math.max(1, end - position));
    }

    private void note(long where) {
        damages++;
        firstDamage = firstDamage < 0 ? where : firstDamage;
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
