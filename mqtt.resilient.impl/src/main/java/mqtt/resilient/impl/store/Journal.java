package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoredState;

/**
 * The files of one client: a chain of segments for each lane, one for the session, and one for dead letters. Writes
 * batches, each as a whole or not at all: after a failure nothing of it counts as written, and it is to be written
 * again. {@link Recovery} opens it, {@link BacklogReader} reads it, {@link Compaction} keeps it small. Blocks; used by
 * one thread at a time, never by the loop.
 */
final class Journal {
    private static final int MAX_ASIDE_SEGMENTS = 4;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final FileSystem files;
    private final Scheduler clock;
    private final JournalDirectory directory;
    private final Chains chains;
    private final Qos2InFlight inFlight = new Qos2InFlight();
    private final SessionState sessionState = new SessionState();
    private final Inventory inventory;
    private final BacklogReader reader;
    /** Writes what is noted of the session. */
    final SessionWriter session;
    private final Compaction compaction;
    private final RecordBuffer record = new RecordBuffer();
    /** Files that are no longer used, which recovery could not remove so far. */
    private final List<Leftover> leftovers = new ArrayList<>();
    /** The batch that failed and is perhaps partly written, until {@link #repair} has undone that; null = none. */
    private Batch unrepaired;
    /** Messages that later ones show to be settled, until that is written. */
    private List<Qos2InFlight.Assignment> superseded = List.of();
    private int skipped;
    private int quarantined;
    private int deadLettersForgotten;

    Journal(FileSystem files, String directory, Scheduler clock) {
        this.files = files;
        this.clock = clock;
        this.directory = new JournalDirectory(files, directory, clock);
        chains = new Chains(files, directory);
        inventory = new Inventory(chains.all);
        reader = new BacklogReader(chains, inFlight, clock);
        session = new SessionWriter(chains, sessionState, inventory);
        compaction = new Compaction(chains, session, inFlight);
    }

    void configure(String newMode, int newSegmentBytes) {
        session.configure(newMode);
        chains.segmentBytes = newSegmentBytes;
    }

    // ---- opening and closing --------------------------------------------------------------------------------------

    /**
     * Reads what is there; damage is passed over and counted.
     *
     * @param bootId tells one start of the machine from another
     * @throws IOException if nobody can say what is there: the directory cannot be read, is locked, or is of a later
     *         format
     */
    StoredState open(String bootId) throws IOException {
        session.opening(bootId);
        directory.open();
        try {
            Recovery recovery = new Recovery(chains, inFlight, sessionState, inventory, reader, clock);
            StoredState recovered = recovery.run(bootId);
            skipped = recovered.recordsSkipped;
            quarantined = recovered.segmentsQuarantined;
            for (Leftover leftover : recovery.leftovers()) {
                try {
                    leftover.remove(files, chains.directory);
                } catch (IOException e) { // tried again, and told, with each batch
                    leftovers.add(leftover);
                    leftover.chain().markTaken(leftover.number()); // else the next segment would be written over it
                }
            }
            superseded = recovery.superseded();
            beginSegments();
            return recovered;
        } catch (Throwable e) { // or nobody could open it again
            close(false);
            throw e;
        }
    }

    private void beginSegments() throws IOException {
        try {
            for (Chain each : chains.all) {
                each.followMissing(chains.store, chains.lastId + 1, chains.segmentBytes);
            }
            restate();
            inventory.commit();
        } catch (IOException e) { // a full disk: what is there can be delivered all the same
            session.restateLater();
            chains.abandonTails();
            inventory.rollback();
        }
    }

    private void restate() throws IOException {
        for (Qos2InFlight.Assignment assignment : superseded) { // the later one may be gone with the next opening
            writeSettled(assignment.lane, assignment.index, 1);
        }
        session.restate();
        superseded = List.of();
    }

    /** Gives up the directory; {@code inOrder} if everything was written. Never throws: it is the end in any case. */
    Throwable close(boolean inOrder) {
        reader.close();
        Throwable failure = null;
        try {
            if (inOrder) {
                session.recordClosed();
            }
        } catch (Throwable e) {
            failure = e;
        }
        for (Chain each : chains.all) {
            try {
                each.close();
            } catch (Throwable e) {
                failure = e;
            }
        }
        try {
            directory.close();
        } catch (Throwable e) {
            failure = e;
        }
        return failure;
    }

    // ---- a batch --------------------------------------------------------------------------------------------------

    /** Writes a batch; what went wrong is in it. What it reads is read in any case. */
    void run(Batch batch) {
        batch.error = null;
        batch.failed = false;
        attempt(batch, this::repair);
        if (unrepaired != null) {
            batch.gaveUp(batch.error); // nobody knows what is written
            return;
        }
        attempt(batch, () -> {
            if (Arrays.stream(batch.reads.readBehind).anyMatch(behind -> behind >= 0)) {
                batch.settled.forEachRange(this::settle); // what is not to be read
                read(batch.reads, false);
            }
        });
        try {
            for (Chain chain : chains.all) {
                chain.savepoint();
            }
            unrepaired = batch; // until the end: after anything unexpected in between, the batch is to be written again
            write(batch);
            if (batch.force) { // a force that fails takes what was only written with it
                inventory.commit();
            }
            directory.written();
        } catch (Throwable e) { // whatever it is, nothing of the batch counts as written
            batch.error = e;
            batch.failed = true;
            attempt(batch, this::repair);
        }
        if (batch.failed && unrepaired != null || !directory.isLocked()) {
            batch.gaveUp(batch.error);
            return;
        }
        attempt(batch, () -> batch.settled.forEachRange(this::settle)); // also if unwritten: free space must be usable
        compact(batch);
        read(batch.reads, true);
        reader.search(batch.reads);
        for (long[] range : batch.reads.unreadable) {
            skipped += (int) (range[2] - range[1]);
        }
        batch.figures = new StoreFigures(chains.sum(Chain::size), chains.sum(Chain::bytesWritten),
                chains.sum(Chain::forces), skipped, quarantined, deadLettersForgotten);
        unrepaired = null;
    }

    private void compact(Batch batch) {
        for (int lane = 0; lane < Message.LANES; lane++) {
            Chain chain = chains.all[lane];
            attempt(batch, () -> batch.compacted |= compaction.compact(chain));
        }
        attempt(batch, this::removeLeftovers);
        attempt(batch, () -> batch.usableBytes = files.usableBytes());
        if (batch.failed || batch.usableBytes < batch.floorBytes) {
            attempt(batch, () -> compaction.compactAtOnce(batch.failed));
            attempt(batch, () -> batch.usableBytes = files.usableBytes());
        }
    }

    private void removeLeftovers() throws IOException {
        while (!leftovers.isEmpty()) {
            leftovers.get(0).remove(files, chains.directory);
            leftovers.remove(0);
        }
    }

    /**
     * Reads what a batch asks for: before the batch is written, so that nobody who waits for old messages waits for the
     * force of new ones too, and behind it where there was nothing.
     */
    private void read(ReadRequest reads, boolean written) {
        for (int lane = 0; lane < Message.LANES; lane++) {
            if (reads.hasLane(lane) && reads.loaded.get(lane).isEmpty() && !reads.unread[lane]) {
                reader.read(lane, reads);
                reads.readToEnd[lane] &= written;
            }
        }
    }

    /** Something that can fail. */
    private interface Action {
        void run() throws IOException;
    }

    private static void attempt(Batch batch, Action action) {
        try {
            action.run();
        } catch (Throwable e) { // the batch has it, and the rest goes on
            batch.error = batch.error == null ? e : batch.error;
        }
    }

    /** Nothing of the batch that failed counts as written; tried again before the next one if it fails. */
    private void repair() throws IOException {
        Batch failed = unrepaired;
        if (failed == null) {
            return;
        }
        chains.abandonTails();
        for (int i = 0; i < failed.messages.size(); i++) { // those in flight keep their order among each other
            long index = failed.outgoing.get(i).index();
            Segment holding = chains.all[failed.messages.get(i).lane()].holding(index);
            if (holding != null) {
                holding.messages.settle(index);
            }
        }
        inventory.rollback();
        unrepaired = null;
        for (Chain chain : chains.all) {
            attempt(failed, chain::rollback); // or every attempt would take more of a disk that is full
        }
        if (directory.makeAgainIfAway()) {
            session.restateLater();
        }
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    private void write(Batch batch) throws IOException {
        directory.requireLock();
        if (session.isRestateDue() && !batch.isReadOnly()) {
            restate();
        }
        long sinceEpoch = clock.wallClockMillis() - clock.nanoTime() / NANOS_PER_MILLI;
        for (int i = 0; i < batch.messages.size(); i++) {
            write(batch.outgoing.get(i), batch.messages.get(i), sinceEpoch);
        }
        for (Batch.Note note : batch.notes) {
            note.write(this);
        }
        batch.settled.forEachRange(this::writeSettled);
        for (Chain chain : chains.all) {
            if (chain != chains.session()) {
                chain.write(batch.force);
            }
        }
        session.listBegun();
        chains.session().write(batch.force);
    }

    private void write(Outgoing outgoing, Message message, long sinceEpoch) throws IOException {
        Chain chain = chains.all[message.lane()];
        chain.nextIndex = outgoing.index();
        Segment segment = chain.tail(chains.store, outgoing.id(), chains.segmentBytes);
        chain.append(MessageRecord.write(record, outgoing.index(), outgoing.id(),
                sinceEpoch + outgoing.acceptedNanos() / NANOS_PER_MILLI, message));
        segment.messages.add(outgoing.index(), record.length());
        segment.ages.add(outgoing.acceptedNanos(), message.expiresAfterNanos());
        chain.nextIndex++;
        chains.lastId = outgoing.id();
    }

    private void writeSettled(int lane, long index, int count) throws IOException {
        chains.withTail(lane).append(record.begin(Records.DONE).number(index).number(count));
    }

    /** A message was given a packet identifier, or is to be sent as new with it. */
    void assigned(int lane, long index, int packetId) throws IOException {
        long order = inFlight.assign(lane, index, packetId);
        chains.withTail(lane).append(record.begin(Records.ASSIGNED).number(index).number(packetId).number(order));
    }

    /** A message was received by the broker. */
    void released(int lane, long index) throws IOException {
        chains.withTail(lane).append(record.begin(Records.RELEASED).number(index));
    }

    /** Keeps a dead letter; the oldest of them go when there are too many. */
    void deadLettered(long id, long sinceMillis, Message message) throws IOException {
        Chain chain = chains.all[Chains.ASIDE];
        Segment segment = chain.tail(chains.store, id, chains.segmentBytes);
        chain.append(MessageRecord.writeDead(record, chain.nextIndex, id, sinceMillis, message));
        segment.messages.add(chain.nextIndex++, record.length());
        chain.force(); // before it can be written to its lane that it is settled
        if (chain.segments.size() > MAX_ASIDE_SEGMENTS) {
            Segment last = chain.segments.get(chain.segments.size() - MAX_ASIDE_SEGMENTS - 1);
            int forgotten = chain.segments.stream().limit(chain.segments.indexOf(last) + 1L)
                    .mapToInt(each -> each.messages.live()).sum();
            compaction.removeUpTo(chain, last);
            deadLettersForgotten += forgotten;
        }
    }

    // ---- what it holds --------------------------------------------------------------------------------------------

    private void settle(int lane, long index, int count) {
        for (long i = index; i < index + count; i++) {
            Segment holding = chains.all[lane].holding(i);
            if (holding != null) {
                holding.messages.settle(i);
            }
            inFlight.remove(lane, i);
        }
    }

    /** Whether there is a message that is not settled. */
    boolean holds(int lane, long index) {
        return chains.all[lane].holding(index) != null;
    }

    /** The indexes of all messages of a lane that are not settled, in ascending order. */
    long[] indexes(int lane) {
        return chains.all[lane].segments.stream().map(segment -> segment.messages)
                .flatMapToLong(messages -> LongStream.iterate(messages.nextLive(0), index -> index >= 0,
                        index -> messages.nextLive(index + 1)))
                .sorted().toArray();
    }
}
