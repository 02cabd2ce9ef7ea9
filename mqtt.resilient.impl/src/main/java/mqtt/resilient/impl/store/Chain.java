package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/**
 * The segments of one kind, in order, and the end where records are added. Never writes into what was there before it
 * was opened: it begins a new segment. On the store's thread only.
 */
final class Chain {
    static final String SUFFIX = ".segment";

    private final FileSystem files;
    private final String directory;
    final int number;
    private final String name;
    final List<Segment> segments = new ArrayList<>();
    /** Writes the tail, if there is something to write. */
    private final SegmentWriter writer = new SegmentWriter();
    /** Whether the directory may come back with a segment that was removed. */
    private boolean removalDue;
    private boolean halfRemoved;
    /** Whether the directory may come back without a segment that was begun. */
    private boolean nameDue;
    /** The number of the latest segment that {@link #rollback} leaves. */
    private int savepoint;
    /** The number up to which segments may be listed in the session's chain: their files survive a crash. */
    int listed;
    /** The number of the segment that was removed last. */
    private int removed;
    /** The index that the next message gets. */
    long nextIndex = 1;

    Chain(FileSystem files, String directory, int number, String name) {
        this.files = files;
        this.directory = directory;
        this.number = number;
        this.name = name;
    }

    String path(Segment segment) {
        return path(segment.number);
    }

    String path(int segment) {
        return directory + "/" + name(segment);
    }

    /** The name of a segment's file. */
    String name(int segment) {
        String digits = Integer.toString(segment);
        return name + "-" + "0".repeat(Math.max(0, 10 - digits.length())) + digits + SUFFIX;
    }

    /** Reads the records of a segment, until the visitor wants no more. */
    void scan(Segment segment, SegmentReader.Visitor visitor) throws IOException {
        try (StoredFile file = openToRead(segment)) {
            new SegmentReader(file, segment, Segment.HEADER_BYTES).scan(visitor);
        }
    }

    StoredFile openToRead(Segment segment) throws IOException {
        return files.openToRead(path(segment));
    }

    /** The segment that new records go to; made if there is none, or if it is full. */
    Segment tail(UUID store, long nextId, int segmentBytes) throws IOException {
        if (writer.isBeyond(segmentBytes)) {
            writer.force(); // a segment that has a successor is forced as a whole
            writer.close();
        }
        if (!writer.isOpen()) {
            finishRemovals(); // or there would be a gap
            Segment last = last();
            long forcedBefore = last == null ? 0 : last.forced;
            Segment made = new Segment(store, number, lastNumber() + 1, nextIndex, nextId, forcedBefore);
            nameDue = true;
            begin(made, path(made));
            forceDirectory();
        }
        return writer.segment();
    }

    /** Begins a segment behind the last one if that is missing: so its number stays taken. */
    void followMissing(UUID store, long nextId, int segmentBytes) throws IOException {
        if (lastNumber() > (segments.isEmpty() ? 0 : last().number)) {
            tail(store, nextId, segmentBytes);
        }
    }

    private void forceDirectory() throws IOException {
        files.forceDirectory(directory);
        removalDue = false;
        nameDue = false;
    }

    /** Writes what was added, to files that are certain to be found again. */
    void write(boolean force) throws IOException {
        if (nameDue) { // it could not be forced when the segment was begun
            forceDirectory();
        }
        if (force) {
            writer.force();
        } else {
            writer.flush();
        }
    }

    /** Begins to write a segment, in a file of its own. */
    void begin(Segment made, String path) throws IOException {
        StoredFile file = files.open(path); // where there is no directory, none is made: somebody may put it back
        try {
            file.write(made.header(), 0);
            file.force();
        } catch (Throwable e) {
            boolean deleted = false;
            try (file) {
                files.delete(path);
                deleted = true;
            } catch (IOException second) {
                e.addSuppressed(second);
            }
            if (!deleted) {
                segments.add(made); // its name is taken: what a failed force has left must not be written to
            }
            throw e;
        }
        segments.add(made);
        writer.open(made, file);
    }

    /** Adds a record to the tail. */
    void append(RecordBuffer record) throws IOException {
        writer.append(record);
    }

    /** Makes everything that was added durable; nothing to do if it is. */
    void force() throws IOException {
        writer.force();
    }

    /** Ends the tail for ever: its header says how long it is. */
    void seal() throws IOException {
        writer.seal();
    }

    /** Something failed: what was added since the last force is written again, to another segment. */
    void abandonTail() {
        writer.abandon();
    }

    /** What is begun from now on can be taken back. */
    void savepoint() {
        savepoint = lastNumber();
    }

    /** Takes away what was begun since {@link #savepoint()}, the newest first, or what is in it. */
    void rollback() throws IOException {
        for (int i = segments.size() - 1; i >= 0 && segments.get(i).number > savepoint; i--) {
            Segment segment = segments.get(i);
            if (segment.number > listed) {
                remove(segment);
            } else {
                empty(segment, segment.firstIndex(), segment.firstId);
            }
        }
    }

    /**
     * Takes everything out of a segment in which nothing is live, and seals it. Needs no space on the disk, unlike any
     * other way to make some; its header keeps the next numbers. What is damaged stays, for somebody to look at, and
     * so does what could not be forced.
     */
    void empty(Segment segment, long firstIndex, long firstId) throws IOException {
        if (segment.damaged || segment.forceFailed || segment.size == Segment.HEADER_BYTES) {
            return;
        }
        if (segment == writer.segment()) {
            writer.close();
        }
        try (StoredFile file = files.open(path(segment))) {
            segment.emptied(firstIndex, firstId);
            file.write(segment.header(), 0);
            file.force(); // what is behind it does not count from now on
            file.truncate(Segment.HEADER_BYTES);
            file.force();
        }
        segment.size = Segment.HEADER_BYTES;
        segment.forced = Segment.HEADER_BYTES;
        writer.count(Segment.HEADER_BYTES, 2);
    }

    void close() throws IOException {
        writer.close();
    }

    boolean isTailBeyond(int bytes) {
        return writer.isBeyond(bytes);
    }

    private int lastNumber() {
        return segments.isEmpty() ? removed : Math.max(removed, last().number);
    }

    /** Numbers up to this one are taken. */
    void markTaken(int upTo) {
        removed = Math.max(removed, upTo);
    }

    /** The latest segment; null if there is none. */
    Segment last() {
        return segments.isEmpty() ? null : segments.get(segments.size() - 1);
    }

    /** The segment that holds a live message; null if none does. */
    Segment holding(long index) {
        for (Segment segment : segments) { // the oldest are asked for most
            if (segment.messages.isLive(index)) {
                return segment;
            }
        }
        return null;
    }

    /**
     * Takes a segment away, and its file: one after the other also for the disk, because each can hold what makes those
     * before it obsolete. What is damaged stays, under another name, for somebody to look at.
     */
    void remove(Segment segment) throws IOException {
        if (removalDue) {
            forceDirectory();
        }
        boolean again = segment.removing;
        segment.removing = true;
        halfRemoved = true;
        try {
            if (segment.damaged && again && !files.list(directory).contains(name(segment.number))) {
                removalDue = true; // it was renamed before
            } else if (segment.damaged) {
                files.rename(path(segment), path(segment) + ".damaged");
            } else {
                files.delete(path(segment));
            }
        } catch (IOException | RuntimeException e) { // it is there; after want of heap nobody knows
            segment.removing = false;
            throw e;
        }
        removalDue = true;
        segments.remove(segment);
        removed = segments.isEmpty() ? Math.max(removed, segment.number) : removed;
    }

    /**
     * Before the segments are listed: those of which the file may be gone, for want of heap in between, go for certain.
     */
    void finishRemovals() throws IOException {
        if (halfRemoved) {
            for (Segment segment : segments.stream().filter(each -> each.removing).toList()) {
                remove(segment);
            }
            halfRemoved = false;
        }
    }

    /** Counts what another writer has written for this chain. */
    void countWritten(Chain other) {
        writer.count(other.bytesWritten(), 0);
    }

    long bytesWritten() {
        return writer.bytesWritten();
    }

    long forces() {
        return writer.forces();
    }

    long size() {
        long size = 0;
        for (Segment segment : segments) { // for every batch
            size += segment.size;
        }
        return size;
    }
}
