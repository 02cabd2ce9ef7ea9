package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreFigures;

/**
 * What queued up for a journal while the batch before was written, and how writing it went. Filled on the io thread,
 * then the store thread's alone, then the io thread's again.
 */
final class Batch {
    static {
        Handlers.prepare(OutOfMemoryError.class);
    }

    /** A note on the state of the session. */
    interface Note {
        void write(Journal journal) throws IOException;
    }

    final List<Outgoing> outgoing = new ArrayList<>();
    /** The messages of {@link #outgoing}, which may forget them meanwhile. */
    final List<Message> messages = new ArrayList<>();
    final List<Note> notes = new ArrayList<>();
    final List<Runnable> whenDurable = new ArrayList<>();
    final SettledMessages settled;
    /** Messages of this batch that the heap does not keep, by lane. */
    final int[] spilled = new int[Message.LANES];
    /** What is to be read with it. */
    ReadRequest reads = new ReadRequest();
    boolean force;
    /** The bytes for which its messages count. */
    long bytes;
    /** Whether those who wait for its messages to be stored were told. */
    boolean storedTold;
    /** Whether it could not be written, for the reason in {@link #error}. */
    boolean failed;
    /** Whether a segment was compacted, so that there may be more to compact. */
    boolean compacted;
    /** What went wrong, perhaps only in compacting. */
    Throwable error;
    final AwaitedAnswer.Begun begun = new AwaitedAnswer.Begun();
    /** Below this much space on the disk, what is dead goes at once. */
    long floorBytes;
    long usableBytes = Long.MAX_VALUE;
    StoreFigures figures;
    /** Whether its messages were told as written. */
    boolean counted;
    private int durableRun;

    Batch() {
        this(new SettledMessages());
    }

    /** A batch that has something to write already. */
    Batch(SettledMessages settled) {
        this.settled = settled;
    }

    boolean isEmpty() {
        return isIdle() && settled.isEmpty();
    }

    /** Whether it can wait until more is to be written with it. */
    boolean isIdle() {
        return outgoing.isEmpty() && notes.isEmpty() && whenDurable.isEmpty() && !force && reads.isEmpty();
    }

    /** Whether it only reads. */
    boolean isReadOnly() {
        return !hasSomethingToWrite() && whenDurable.isEmpty() && !force;
    }

    boolean hasSomethingToWrite() {
        return !outgoing.isEmpty() || !notes.isEmpty() || !settled.isEmpty();
    }

    void add(Outgoing message) {
        messages.add(message.message());
        try {
            outgoing.add(message);
        } catch (OutOfMemoryError e) { // the batch is as it was
            messages.remove(messages.size() - 1);
            throw e;
        }
        bytes += message.size();
    }

    /** It could not be written, for any reason. Allocates nothing: a shortage of heap may be the reason. */
    void gaveUp(Throwable reason) {
        failed = true;
        error = reason;
        reads.gaveUp(reason);
    }

    /** Exchanges what is to be read with another batch. */
    void swapReads(Batch other) {
        ReadRequest own = reads;
        reads = other.reads;
        other.reads = own;
    }

    /** Tells the latest id of its messages, if it has any. */
    void ifStored(LongConsumer stored) {
        if (!outgoing.isEmpty()) {
            stored.accept(outgoing.get(outgoing.size() - 1).id());
        }
    }

    /** This batch, which could not be written, with a later one behind it; without heap both are as they were. */
    Batch append(Batch later) {
        Batch both = new Batch();
        both.addAll(this);
        both.addAll(later);
        both.swapReads(later);
        return both;
    }

    private void addAll(Batch other) {
        outgoing.addAll(other.outgoing);
        messages.addAll(other.messages);
        bytes += other.bytes;
        notes.addAll(other.notes);
        whenDurable.addAll(other.whenDurable);
        settled.addAll(other.settled);
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
