package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.spi.MessageStores;

/** A {@link Journal} that is used by whoever calls, one at a time: for messages that are not a client's. */
public final class NamedJournal implements MessageStores.MessageJournal {
    /** A message is looked for from the beginning of its segment. */
    private static final int SEGMENT_BYTES = 64 * 1024;
    private static final int LANE_SHIFT = 60;

    private final Journal journal;
    private final Scheduler clock;
    private final boolean force;
    /** Lane and index by id. */
    private final TreeMap<Long, Long> places = new TreeMap<>();
    private final long[] latestIndex;
    private long lastId;
    /** What was removed and is not noted yet. */
    private final List<Long> removed = new ArrayList<>();
    private boolean closed;

    /** Opens the journal in a directory below the root of the file system; blocks. */
    public NamedJournal(FileSystem files, String directory, String bootId, Scheduler clock, Durability durability)
            throws IOException {
        this.clock = clock;
        force = durability == Durability.POWER;
        journal = new Journal(files, directory, clock);
        journal.configure(durability.name(), SEGMENT_BYTES);
        StoredState state = journal.open(bootId);
        latestIndex = state.latestIndex;
        lastId = state.lastId;
        for (int lane = 0; lane < Message.LANES; lane++) {
            readPlaces(lane);
        }
    }

    private void readPlaces(int lane) {
        Batch batch;
        long behind = 0;
        do {
            batch = new Batch();
            batch.readBehind(lane, behind);
            journal.run(batch);
            for (Outgoing message : batch.loaded.get(lane)) {
                places.put(message.id(), place(lane, message.index()));
                behind = message.index();
                lastId = Math.max(lastId, message.id());
            }
        } while (!batch.readToEnd[lane]);
    }

    private static long place(int lane, long index) {
        return (long) lane << LANE_SHIFT | index;
    }

    private static int lane(long place) {
        return (int) (place >>> LANE_SHIFT);
    }

    private static long index(long place) {
        return place & (1L << LANE_SHIFT) - 1;
    }

    @Override
    public synchronized long append(Message message) throws IOException {
        Batch batch = batch();
        int lane = message.lane();
        Outgoing outgoing = new Outgoing(++lastId, ++latestIndex[lane], message, clock.nanoTime());
        batch.add(outgoing);
        batch.force = force; // what is removed may come back after a crash
        run(batch);
        places.put(outgoing.id(), place(lane, outgoing.index()));
        return outgoing.id();
    }

    @Override
    public synchronized Message read(long id) throws IOException {
        requireOpen();
        Long place = places.get(id);
        Outgoing found = place == null ? null : journal.load(lane(place), index(place));
        return found == null ? null : found.message();
    }

    @Override
    public synchronized void remove(long id) throws IOException {
        requireOpen();
        Long place = places.remove(id);
        if (place != null) {
            removed.add(place);
            run(batch());
        }
    }

    @Override
    public void visit(LongPredicate visitor) {
        List<Long> ids;
        synchronized (this) {
            requireOpen();
            ids = List.copyOf(places.keySet());
        }
        for (long id : ids) {
            if (!visitor.test(id)) {
                return;
            }
        }
    }

    @Override
    public synchronized int size() {
        return places.size();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            Batch last = batch();
            closed = true;
            last.force = true;
            journal.run(last);
            journal.close(!last.failed);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the journal is closed");
        }
    }

    /** With what is still to be noted. */
    private Batch batch() {
        requireOpen();
        Batch batch = new Batch();
        for (long place : removed) {
            batch.ended(lane(place), index(place));
        }
        return batch;
    }

    private void run(Batch batch) throws IOException {
        journal.run(batch);
        if (batch.failed) {
            throw new IOException("the journal cannot be written: " + batch.error.getMessage(), batch.error);
        }
        removed.clear();
    }
}
