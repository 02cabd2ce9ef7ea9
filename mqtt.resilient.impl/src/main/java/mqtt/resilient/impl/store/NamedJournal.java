package mqtt.resilient.impl.store;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoredState;

/**
 * A {@link Journal} without a client: messages by their ids, each of which is its message's index in the one lane.
 * Blocks; used by one thread at a time, never by the loop.
 */
public final class NamedJournal {
    private static final int LANE = Message.LANE_NORMAL;
    private static final int SEGMENT_BYTES = 1024 * 1024;
    private static final long WINDOW_BYTES = 1024 * 1024;
    /** Reading goes on where it ended if no more than so many ids are passed over. */
    private static final long READ_ON = 4096;

    private final FileSystem files;
    private final Scheduler clock;
    private final boolean force;
    private final long floorBytes;
    private final Journal journal;
    private final String bootId;
    /** The messages that were appended or read last. */
    private final Map<Long, Message> window = new LinkedHashMap<>();
    private long windowBytes;
    /** What was removed, and is not written so far. */
    private SettledMessages unwrittenRemovals = new SettledMessages();
    private long usableBytes;
    private long lastId;
    private long readUpTo;
    private int size;

    /**
     * Makes a journal that {@link #open} opens.
     *
     * @param directory below the file system's root; of this journal alone
     * @param durability {@code POWER} or {@code PROCESS}
     * @param floorBytes the disk space below which nothing more is appended
     * @param bootId tells one run of the machine from another
     */
    public NamedJournal(FileSystem files, String directory, Scheduler clock, Durability durability, long floorBytes,
            String bootId) {
        this.files = files;
        this.clock = clock;
        this.floorBytes = floorBytes;
        this.bootId = bootId;
        force = durability == Durability.POWER;
        journal = new Journal(files, directory, clock);
        journal.configure(durability.name(), SEGMENT_BYTES);
    }

    /** Reads the files; returns the number of records and segments that cannot be read. */
    public int open() throws IOException {
        StoredState state = journal.open(bootId);
        usableBytes = files.usableBytes();
        lastId = Math.max(state.lastId, state.latestIndex[LANE]);
        size = journal.indexes(LANE).length;
        return state.recordsSkipped + state.segmentsQuarantined;
    }

    /** The number of messages. */
    public int size() {
        return size;
    }

    /** The ids of all messages, in ascending order. */
    public long[] ids() {
        return journal.indexes(LANE);
    }

    /** Appends messages, all or none; the id of the first one, the others' follow. */
    public long append(List<Message> messages) throws IOException {
        if (usableBytes < floorBytes) {
            usableBytes = files.usableBytes();
        }
        if (usableBytes < floorBytes) {
            throw new IOException(usableBytes + " bytes of disk space are left; needed are " + floorBytes);
        }
        Batch batch = new Batch(unwrittenRemovals);
        batch.force = force;
        long first = lastId + 1;
        for (Message message : messages) {
            long id = ++lastId;
            batch.add(new Outgoing(id, id, inTheLane(message), clock.nanoTime()));
        }
        if (!run(batch)) {
            lastId = first - 1;
            throw failure(batch.error);
        }
        size += messages.size();
        for (Outgoing outgoing : batch.outgoing) {
            keep(outgoing);
        }
        return first;
    }

    /** A message; null if there is none, or if it cannot be read any more. */
    public Message read(long id) throws IOException {
        if (!journal.holds(LANE, id)) {
            return null;
        }
        Message found = window.get(id);
        while (found == null) {
            Batch batch = new Batch();
            batch.reads.readBehind(LANE, readUpTo < id && id - readUpTo <= READ_ON ? readUpTo : id - 1);
            journal.run(batch);
            List<Outgoing> loaded = batch.reads.loaded.get(LANE);
            readUpTo = loaded.isEmpty() ? 0 : loaded.get(loaded.size() - 1).index();
            loaded.forEach(this::keep);
            found = window.get(id);
            if (found == null && (loaded.isEmpty() || readUpTo >= id)) {
                if (batch.reads.error != null) {
                    throw failure(batch.reads.error);
                }
                remove(id); // damaged
                return null;
            }
        }
        return found;
    }

    /** Takes a message out. */
    public void remove(long id) throws IOException {
        if (!journal.holds(LANE, id)) {
            return;
        }
        size--;
        Message gone = window.remove(id);
        windowBytes -= gone == null ? 0 : Outgoing.sizeOf(gone);
        Batch batch = new Batch(unwrittenRemovals);
        batch.settled.add(LANE, id);
        if (!run(batch)) {
            throw failure(batch.error);
        }
    }

    /** Closes the files and unlocks the directory. */
    public void close() throws IOException {
        Batch last = new Batch(unwrittenRemovals);
        last.force = true;
        boolean written = run(last);
        Throwable failure = journal.close(written);
        if (!written) {
            throw failure(last.error);
        } else if (failure != null) {
            throw new IOException(failure);
        }
    }

    /** Writes a batch; false if that failed. */
    private boolean run(Batch batch) {
        batch.floorBytes = floorBytes;
        journal.run(batch);
        usableBytes = batch.usableBytes;
        unwrittenRemovals = batch.failed ? batch.settled : new SettledMessages();
        return !batch.failed;
    }

    private void keep(Outgoing outgoing) {
        if (window.putIfAbsent(outgoing.index(), outgoing.message()) == null) {
            windowBytes += outgoing.size();
        }
        var oldest = window.entrySet().iterator();
        while (windowBytes > WINDOW_BYTES && window.size() > 1) {
            windowBytes -= Outgoing.sizeOf(oldest.next().getValue());
            oldest.remove();
        }
    }

    private static IOException failure(Throwable reason) {
        return reason instanceof IOException error ? error : new IOException(reason);
    }

    private static Message inTheLane(Message message) {
        if (message.lane() == LANE) {
            return message;
        }
        Message.Builder copy = Message.to(message.topic()).payload(message.payload()).qos(message.qos())
                .retain(message.retain()).properties(message.properties());
        return message.expiresAfterNanos() == 0 ? copy.build()
                : copy.expiresAfter(Duration.ofNanos(message.expiresAfterNanos())).build();
    }
}
