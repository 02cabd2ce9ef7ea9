package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/**
 * Adds records to the end of a segment and makes them durable; for one segment of a chain after the other. On the
 * store's thread only.
 */
final class SegmentWriter {
    private static final int SMALLEST_BUFFER_BYTES = 1024;
    private static final int BUFFER_BYTES = 2 * Segment.BLOCK_BYTES;

    private final RecordBuffer mark = new RecordBuffer();
    private final CRC32C checksum = new CRC32C();
    private final byte[] seed = new byte[24];
    /** The bytes that are not flushed. */
    private ByteBuffer buffer;
    /** The file that is written; null = none. */
    private Segment segment;
    private StoredFile file;
    private long flushed;
    private boolean unforced;
    /** Whether the next record is to be preceded by one that says how much is forced. */
    private boolean markDue;
    private long bytesWritten;
    private long forces;

    /** Begins to write a segment, whose header is in its file and durable. */
    void open(Segment made, StoredFile madeFile) {
        segment = made;
        file = madeFile;
        flushed = made.size;
        made.putSeed(ByteBuffer.wrap(seed));
        count(made.size, 1);
        if (buffer == null) {
            buffer = ByteBuffer.allocate(SMALLEST_BUFFER_BYTES);
        }
        buffer.clear();
    }

    boolean isOpen() {
        return segment != null;
    }

    /** The segment that is written; null if none is. */
    Segment segment() {
        return segment;
    }

    boolean isBeyond(int bytes) {
        return segment != null && segment.size >= bytes;
    }

    /** Adds a record. */
    void append(RecordBuffer record) throws IOException {
        if (markDue) {
            markDue = false;
            append(mark.begin(Records.FORCED).number(segment.forced));
        }
        int offset = 0;
        boolean first = true;
        do {
            int rest = SegmentReader.blockRest(segment.size);
            if (rest <= Segment.FRAGMENT_HEADER_BYTES) {
                put(rest);
                rest = Segment.BLOCK_BYTES;
            }
            int length = Math.min(rest - Segment.FRAGMENT_HEADER_BYTES, record.length() - offset);
            boolean last = offset + length == record.length();
            byte kind = first ? last ? SegmentReader.FULL : SegmentReader.FIRST
                    : last ? SegmentReader.LAST : SegmentReader.MIDDLE;
            checksum.reset();
            checksum.update(seed);
            checksum.update(kind);
            checksum.update(record.bytes(), offset, length);
            room(Segment.FRAGMENT_HEADER_BYTES + length);
            buffer.putInt((int) checksum.getValue()).putShort((short) length).put(kind)
                    .put(record.bytes(), offset, length);
            segment.size += Segment.FRAGMENT_HEADER_BYTES + length;
            offset += length;
            first = false;
        } while (offset < record.length());
        unforced = true;
    }

    /** Fills a block that is too short for another fragment. */
    private void put(int zeros) throws IOException {
        room(zeros);
        buffer.put(new byte[zeros]);
        segment.size += zeros;
    }

    private void room(int bytes) throws IOException {
        int wanted = Math.min(BUFFER_BYTES, Integer.highestOneBit(buffer.position() + bytes) << 1);
        if (buffer.remaining() < bytes && buffer.capacity() < wanted) { // a client that says little needs little
            buffer = ByteBuffer.allocate(wanted).put(buffer.flip());
        }
        if (buffer.remaining() < bytes) {
            flush();
        }
    }

    /** Writes the added records to the operating system. */
    void flush() throws IOException {
        if (segment != null && buffer.position() > 0) {
            int length = buffer.flip().remaining();
            try {
                file.write(buffer, flushed);
            } finally {
                buffer.clear();
            }
            flushed += length;
            count(length, 0);
        }
    }

    /** Makes everything that was added durable; nothing to do if it is. */
    void force() throws IOException {
        if (segment != null && unforced) {
            flush();
            count(0, 1);
            forceFile();
            segment.forced = segment.size;
            unforced = false;
            markDue = true;
        }
    }

    private void forceFile() throws IOException {
        segment.forceFailed = true;
        boolean done = false;
        try {
            file.force();
            done = true;
        } finally {
            if (!done) {
                abandon();
            }
        }
        segment.forceFailed = false;
    }

    /** Ends the segment for ever: its header says how long it is. */
    void seal() throws IOException {
        flush();
        segment.fixedLength = (int) segment.size;
        file.write(segment.header(), 0);
        unforced = true;
        force();
    }

    /** Something failed: what was added since the last force is to be written again, to another segment. */
    void abandon() {
        if (segment != null) {
            try {
                file.force(); // not relied upon; with store=process it may help
            } catch (IOException | RuntimeException e) {
                segment.forceFailed = true;
            }
            try {
                close();
            } catch (IOException | RuntimeException e) {
                segment = null; // no record of it counts
            }
        }
    }

    /** Closes the segment; records that were not flushed are not in it. */
    void close() throws IOException {
        if (segment != null) {
            StoredFile open = file;
            file = null;
            segment.size = flushed;
            segment = null;
            unforced = false;
            markDue = false;
            open.close();
        }
    }

    /** Counts what was written to the disk. */
    void count(long bytes, int newForces) {
        bytesWritten += bytes;
        forces += newForces;
    }

    long bytesWritten() {
        return bytesWritten;
    }

    long forces() {
        return forces;
    }
}
