package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreFigures;

/**
 * What queued up for a journal while the batch before was written, and what came of it. Filled on the io thread, then the
 * store thread's alone, then the io thread's again.
 */
final class Batch {
    static {
        Handlers.prepare(OutOfMemoryError.class);
    }

    private static final int LANE_SHIFT = 60;

    /** A note on the state of the session. */
    interface Note {
        void write(Journal journal) throws IOException;
    }

    /** A search for a queued message by its id. */
    static final class Search {
        final long id;
        final Consumer<Outgoing> result;
        /** Null if there is none. */
        Outgoing found;
        /** Whether the disk gave no answer. */
        boolean failed;

        Search(long id, Consumer<Outgoing> result) {
            this.id = id;
            this.result = result;
        }
    }

    final List<Outgoing> outgoing = new ArrayList<>();
    /** The messages of {@link #outgoing}, which may let go of them meanwhile. */
    final List<Message> messages = new ArrayList<>();
    final List<Note> notes = new ArrayList<>();
    final List<Runnable> whenDurable = new ArrayList<>();
    final List<Search> searches = new ArrayList<>();
    /** For each lane the index behind which to read, -1 = nothing is to be read. */
    final long[] readBehind = new long[Message.LANES];
    final List<List<Outgoing>> loaded = new ArrayList<>();
    final boolean[] readToEnd = new boolean[Message.LANES];
    /** Lanes that could not be read, for the reason in {@link #readError}; whatever was read before that is loaded. */
    final boolean[] unread = new boolean[Message.LANES];
    /** Ranges of messages that the disk has proved not to have any more: lane, first index, index behind the last one. */
    final List<long[]> unreadable = new ArrayList<>();
    /** Messages of this batch that the heap does not keep, by lane. */
    final int[] spilled = new int[Message.LANES];
    /** For each lane the age at which messages that are only on the disk are looked for, 0 = none; null = not at all. */
    long[] maxAges;
    final List<Outgoing> old = new ArrayList<>();
    /** Whether the look for old messages failed. */
    boolean oldFailed;
    boolean force;
    /** What its messages count for. */
    long bytes;
    /** Whether those who wait for its messages to be stored were told. */
    boolean storedTold;
    /** Whether it could not be written, for the reason in {@link #error}. */
    boolean failed;
    /** What went wrong, perhaps only in tidying up. */
    Throwable error;
    /** Why something could not be read that is to be read again. */
    Throwable readError;
    Answer.Begun begun = new Answer.Begun();
    /** Below this much space on the disk, what is dead goes at once. */
    long floorBytes;
    long usableBytes = Long.MAX_VALUE;
    StoreFigures figures;
    private long[] ended = new long[16];
    private int endedCount;
    /** Its messages are told as written. */
    boolean counted;
    private int durableRun;
    private boolean reads;

    Batch() {
        Arrays.fill(readBehind, -1);
        for (int lane = 0; lane < Message.LANES; lane++) {
            loaded.add(List.of());
        }
    }

    boolean isEmpty() {
        return isIdle() && endedCount == 0;
    }

    /** Whether it can wait for company. */
    boolean isIdle() {
        return outgoing.isEmpty() && notes.isEmpty() && whenDurable.isEmpty() && !force && !reads;
    }

    /** Whether it only reads. */
    boolean isReadOnly() {
        return !hasSomethingToWrite() && whenDurable.isEmpty() && !force;
    }

    boolean hasSomethingToWrite() {
        return !outgoing.isEmpty() || !notes.isEmpty() || endedCount > 0;
    }

    void add(Outgoing message) {
        messages.add(message.message());
        try {
            outgoing.add(message);
        } catch (OutOfMemoryError e) { // it is as it was
            messages.remove(messages.size() - 1);
            throw e;
        }
        bytes += message.size();
    }

    void readBehind(int lane, long index) {
        readBehind[lane] = index;
        loaded.set(lane, List.of());
        reads = true;
    }

    void search(long id, Consumer<Outgoing> result) {
        search(new Search(id, result));
    }

    void search(Search search) {
        searches.add(search); // what may fail for want of heap comes first
        search.failed = false;
        reads = true;
    }

    void findOld(long[] ages) {
        maxAges = ages;
        reads = true;
    }

    /** Nothing came of it, for a reason that nobody had expected. Allocates nothing: want of heap may be the reason. */
    void gaveUp(Throwable reason) {
        failed = true;
        error = reason;
        for (int lane = 0; lane < unread.length; lane++) {
            unread[lane] = readBehind[lane] >= 0;
        }
        for (int i = 0; i < searches.size(); i++) {
            searches.get(i).failed = true;
        }
        oldFailed = maxAges != null;
        readError = reads ? reason : null;
    }

    /** Whether something is to be read. */
    boolean isReading() {
        return reads;
    }

    /** Takes what another batch is to read out of it; without heap for that, both are as they were. */
    void takeReads(Batch from) {
        searches.clear(); // they have their answers
        searches.addAll(from.searches); // the only thing that may fail for want of heap
        from.searches.clear();
        System.arraycopy(from.readBehind, 0, readBehind, 0, readBehind.length);
        Arrays.fill(from.readBehind, -1);
        Arrays.fill(unread, false);
        unreadable.clear();
        readError = null;
        maxAges = from.maxAges;
        from.maxAges = null;
        reads = from.reads;
        from.reads = false;
    }

    /** A message is not on the disk any more. */
    void unreadable(int lane, long index) {
        long[] range = unreadable.isEmpty() ? null : unreadable.get(unreadable.size() - 1);
        if (range != null && range[0] == lane && range[2] == index) {
            range[2]++;
        } else {
            unreadable.add(new long[] { lane, index, index + 1 });
        }
    }

    void ended(int lane, long index) {
        if (endedCount == ended.length) {
            ended = Arrays.copyOf(ended, 2 * endedCount);
        }
        ended[endedCount++] = (long) lane << LANE_SHIFT | index;
    }

    /** Takes what has ended, as ranges. */
    void eachEndedRange(Range range) throws IOException {
        Arrays.sort(ended, 0, endedCount);
        for (int from = 0; from < endedCount;) {
            int to = from + 1;
            while (to < endedCount && ended[to] == ended[to - 1] + 1) {
                to++;
            }
            range.accept((int) (ended[from] >>> LANE_SHIFT), ended[from] & (1L << LANE_SHIFT) - 1, to - from);
            from = to;
        }
    }

    /** A range of messages of one lane. */
    interface Range {
        void accept(int lane, long index, int count) throws IOException;
    }

    /** Tells the latest id of its messages, if it has any. */
    void ifStored(LongConsumer stored) {
        if (!outgoing.isEmpty()) {
            stored.accept(outgoing.get(outgoing.size() - 1).id());
        }
    }

    /** What could not be written, and what came later behind it; without heap for that, both are as they were. */
    Batch append(Batch later) {
        Batch both = new Batch();
        both.addAll(this);
        both.addAll(later);
        both.takeReads(later);
        return both;
    }

    private void addAll(Batch other) {
        outgoing.addAll(other.outgoing);
        messages.addAll(other.messages);
        bytes += other.bytes;
        notes.addAll(other.notes);
        whenDurable.addAll(other.whenDurable);
        for (int i = 0; i < other.endedCount; i++) {
            ended((int) (other.ended[i] >>> LANE_SHIFT), other.ended[i] & (1L << LANE_SHIFT) - 1);
        }
        for (int lane = 0; lane < Message.LANES; lane++) {
            spilled[lane] += other.spilled[lane];
        }
        force |= other.force;
    }

    /** Runs what waits for it; after a failure for want of heap, it goes on where it was. */
    void runWhenDurable() {
        for (; durableRun < whenDurable.size(); durableRun++) {
            whenDurable.get(durableRun).run();
        }
    }

    /** One of its messages that is still queued; null if it is none of them. */
    Outgoing find(long id) {
        int low = 0;
        int high = outgoing.size() - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            Outgoing message = outgoing.get(middle);
            if (message.id() == id) {
                return message.isQueued() ? message : null;
            } else if (message.id() < id) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }
}
