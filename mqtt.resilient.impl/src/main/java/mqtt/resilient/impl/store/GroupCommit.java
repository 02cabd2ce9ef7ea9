package mqtt.resilient.impl.store;

import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.MessageStore.Listener;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;

/**
 * Opens the {@link Journal} of a {@link JournalStore} and hands one batch after the other to the store's threads: what
 * queues up while one is written is the next, so that many publishers share one force. On the io thread only.
 */
final class GroupCommit {
    static {
        Handlers.prepare(Throwable.class, RuntimeException.class);
    }

    private static final long SECOND = 1_000_000_000L;
    private static final long SETTLED_DELAY_NANOS = SECOND / 10;
    private static final int FAILURES_TO_FAIL = 3;
    private static final int LONGEST_RETRY_SECONDS = 10;

    private enum State {
        /** The journal was not opened so far, or it was closed. */
        CLOSED,
        /** A thread opens it. */
        OPENING,
        /** It is open, and no thread has it. */
        IDLE,
        /** A batch is handed over after what else is done in this turn of the loop. */
        PLANNED,
        /** A thread has a batch. */
        BUSY
    }

    private final JournalStore store;
    private final Scheduler scheduler;
    private final Executor executor;
    private final Supplier<Journal> journals;
    private final String bootId;
    private final JournalHealth health;
    private final AwaitedAnswer answer;
    private final Delayed retry;
    private final Delayed nextForce;
    private final Delayed settledLater;
    /** Made beforehand, like everything that is handed over: handing over needs no heap then. */
    private final Runnable pump = this::pump;
    private volatile StoreSettings settings;
    private volatile StoreFigures figures = StoreFigures.NONE;
    private Listener listener;
    /** Used on the store's threads only. */
    private Journal journal;
    private State state = State.CLOSED;
    private Batch pending = new Batch();
    /**
     * What is to be done on the io thread when a thread has answered, until all of it is done; null = nothing. Until
     * then no further batch is handed over.
     */
    private Runnable result;
    /** Whether something was written that is not forced. */
    private boolean unforced;
    private int failures;
    private Runnable closing;

    GroupCommit(JournalStore store, Scheduler scheduler, Executor executor, Supplier<Journal> journals, String bootId,
            JournalHealth health, StoreSettings initial) {
        this.store = store;
        this.scheduler = scheduler;
        this.executor = executor;
        this.journals = journals;
        this.bootId = bootId;
        this.health = health;
        settings = initial;
        retry = new Delayed(scheduler, this::retry);
        nextForce = new Delayed(scheduler, this::force);
        settledLater = new Delayed(scheduler, this::plan);
        answer = new AwaitedAnswer(scheduler, waiting -> {
            health.waiting(waiting);
            health.tell(listener);
        });
    }

    StoreSettings settings() {
        return settings;
    }

    StoreFigures figures() {
        return figures;
    }

    // ---- what is to be written ------------------------------------------------------------------------------------

    /** The next batch, to add to. */
    Batch pending() {
        return pending;
    }

    /** Something was added to the batch, and somebody waits until it is written. */
    void added() {
        pending.force |= settings.durability() == Durability.POWER;
        plan();
    }

    /** A message was settled: that is written after a while, with whatever comes until then. */
    void settled(int lane, long index) {
        if (state != State.BUSY && pending.isIdle()) {
            settledLater.start(SETTLED_DELAY_NANOS); // before it is noted, for this may fail for want of heap
        }
        pending.settled.add(lane, index);
    }

    /** Runs a task when everything that was added so far is durable: at once, if it is. */
    void whenDurable(Runnable task) {
        if (state != State.BUSY && pending.isEmpty()) {
            task.run();
        } else {
            pending.whenDurable.add(task);
            pending.force |= settings.durability() == Durability.POWER && pending.hasSomethingToWrite();
            plan();
        }
    }

    // ---- opening and closing --------------------------------------------------------------------------------------

    void configure(StoreSettings newSettings, Listener newListener) {
        settings = newSettings;
        listener = newListener;
        if (isOpen()) {
            pending.force |= unforced;
            plan();
        } else if (state != State.OPENING) {
            open();
        }
    }

    private boolean isOpen() {
        return state != State.CLOSED && state != State.OPENING;
    }

    private void open() {
        retry.cancel();
        Journal fresh = journals.get();
        StoreSettings now = settings;
        OpenResult came = new OpenResult();
        Runnable task = task(() -> {
            try {
                came.begun.now(scheduler);
                fresh.configure(now.durability().name(), now.segmentBytes());
                came.state = fresh.open(bootId);
            } catch (Throwable e) {
                came.error = e;
            }
        }, () -> opened(came));
        answer.await(came.begun, "opening the store takes longer than ");
        journal = fresh;
        state = State.OPENING;
        executor.execute(task);
    }

    /** A task for a thread, and what follows on the io thread: that comes in any case, also without heap. */
    private Runnable task(Runnable work, Runnable follows) {
        Runnable end = () -> take(follows);
        return () -> {
            try {
                work.run();
            } finally {
                scheduler.execute(end);
            }
        };
    }

    /** Does what follows when a thread has answered; if the heap is too short for all of it, {@link #mend} goes on. */
    private void take(Runnable newResult) {
        result = newResult;
        try {
            newResult.run();
        } catch (RuntimeException e) { // a bug of ours, which is told; to begin it once more would not help
            result = null;
            answered();
            throw e;
        }
        result = null;
    }

    /** No thread has a batch any more. */
    private void answered() {
        if (state == State.BUSY) {
            state = State.IDLE;
        }
    }

    private void opened(OpenResult came) {
        answer.came();
        health.waiting("");
        if (came.state == null) {
            state = State.CLOSED;
            openFailed(came.error);
            return;
        }
        StoredState stored = came.state;
        if (state == State.OPENING) {
            state = State.IDLE;
        }
        failures = 0;
        store.restore(stored);
        if (closing == null) {
            listener.opened(stored);
            writing(StoreHealth.OK, "");
            pending.force = true; // a first look at the disk
        }
        plan();
    }

    private void openFailed(Throwable error) {
        if (closing != null) {
            end(pending);
            closing.run();
            return;
        }
        failures++;
        writing(StoreHealth.FAILED, "the store cannot be opened (store.directory): " + JournalHealth.describe(error));
        retryLater();
    }

    private void retryLater() {
        retry.start(Math.min(failures, LONGEST_RETRY_SECONDS) * SECOND);
    }

    private void retry() {
        if (isOpen()) {
            plan();
        } else {
            open();
        }
    }

    void close(Runnable then) {
        closing = then;
        retry.cancel();
        if (isOpen()) {
            pump();
        } else if (state != State.OPENING) {
            end(pending);
            then.run();
        }
    }

    private void finish() {
        Batch last = pending;
        Batch none = new Batch();
        Throwable[] error = new Throwable[1];
        Runnable task = task(() -> {
            try {
                last.force = true;
                journal.run(last);
            } catch (Throwable e) {
                last.gaveUp(e);
            }
            error[0] = last.failed ? last.error : null;
            Throwable second = journal.close(!last.failed);
            error[0] = error[0] == null ? second : error[0];
        }, () -> finished(last, error[0]));
        pending = none;
        state = State.BUSY;
        executor.execute(task);
    }

    private void finished(Batch last, Throwable error) {
        state = State.CLOSED;
        if (error != null) {
            writing(StoreHealth.FAILED, "the last write failed: " + JournalHealth.describe(error));
        } else {
            last.ifStored(listener::stored);
        }
        end(last);
        end(pending);
        closing.run();
    }

    /** Nothing more is written: answers whoever waits for this batch. */
    private void end(Batch batch) {
        store.closed(batch);
        batch.runWhenDurable();
    }

    // ---- batches --------------------------------------------------------------------------------------------------

    /** Has a batch written soon: after what else is done in this turn of the loop. */
    void plan() {
        if (state == State.IDLE) {
            state = State.PLANNED;
            scheduler.execute(pump);
        }
    }

    private void pump() {
        if (state == State.PLANNED) {
            state = State.IDLE;
        }
        if (state != State.IDLE || result != null) {
            return;
        }
        if (closing != null) {
            finish();
        } else if (retry.isStarted()) {
            if (!pending.reads.isEmpty()) {
                write(new Batch(), pending); // draining goes on
            }
        } else if (!pending.isEmpty()) {
            write(pending, new Batch());
        }
    }

    /** Hands a batch over, or one with what the next is to read; what may fail for want of heap comes first. */
    private void write(Batch batch, Batch next) {
        StoreSettings now = settings;
        batch.floorBytes = now.floorBytes();
        Runnable task = task(() -> {
            run(batch, now);
            tellStored(batch); // whoever waits for it waits for nothing else
        }, () -> written(batch));
        answer.await(batch.begun, "the disk has not answered for ");
        if (next == pending) {
            batch.swapReads(next);
        }
        if (!batch.isReadOnly()) { // else what was removed is not in it, and the journal still has it
            store.removalsHandedOver();
        }
        pending = next;
        state = State.BUSY;
        executor.execute(task);
    }

    private void run(Batch batch, StoreSettings now) {
        try {
            batch.begun.now(scheduler);
            journal.configure(now.durability().name(), now.segmentBytes());
            journal.run(batch);
        } catch (Throwable e) {
            batch.gaveUp(e);
        }
    }

    private void tellStored(Batch batch) {
        if (!batch.failed && !batch.storedTold) {
            batch.ifStored(listener::stored);
            batch.storedTold = true;
        }
    }

    /** The heap was short: does what could not be done then, so that nothing waits for good. */
    void mend() {
        if (result != null) {
            take(result);
        } else if (state == State.CLOSED && !retry.isStarted() && closing == null && listener != null) {
            open();
        }
        if (state != State.BUSY) {
            store.nothingIsRead();
        }
        pending.force |= isOpen();
        plan();
        health.tell(listener);
    }

    private void written(Batch batch) {
        answer.came();
        health.waiting("");
        tellStored(batch);
        tellFigures(batch.figures == null ? figures : batch.figures);
        boolean more = store.read(batch) || !batch.failed && !batch.whenDurable.isEmpty();
        answered();
        if (batch.failed) {
            failed(batch);
        } else if (failures == 0 || !batch.isReadOnly()) { // reading says nothing about writing
            succeeded(batch);
            more |= Arrays.stream(batch.spilled).anyMatch(count -> count > 0);
        }
        health.tell(listener);
        result = null;
        if (more) {
            listener.available();
        }
        if (closing != null || !pending.isIdle()) {
            plan();
        } else if (!pending.isEmpty()) {
            settledLater.start(SETTLED_DELAY_NANOS);
        }
    }

    private void tellFigures(StoreFigures now) {
        int forgotten = now.deadLettersForgotten() - figures.deadLettersForgotten();
        figures = now;
        if (forgotten > 0) {
            listener.deadLettersForgotten(forgotten);
        }
    }

    private void succeeded(Batch batch) {
        failures = 0;
        unforced = !batch.force && (unforced || batch.hasSomethingToWrite());
        if (!batch.outgoing.isEmpty() && !batch.counted) {
            batch.counted = true;
            listener.written(batch.outgoing.size(), batch.bytes);
        }
        if (batch.usableBytes < settings.floorBytes()) {
            writing(StoreHealth.FULL, batch.usableBytes + " bytes of disk space are left; needed are "
                    + settings.floorBytes() + " (store.floor.bytes)");
        } else if (batch.error != null) {
            writing(StoreHealth.DEGRADED, "messages are stored, compacting failed and is retried: "
                    + JournalHealth.describe(batch.error));
        } else {
            writing(StoreHealth.OK, "");
        }
        batch.runWhenDurable();
        boolean look = health.health() != StoreHealth.OK;
        if (batch.compacted) {
            nextForce.start(SETTLED_DELAY_NANOS); // one after the other, also if nothing is written any more
        } else if (look || unforced && settings.durability() == Durability.PROCESS) {
            nextForce.start(look ? SECOND : settings.forceNanos());
        }
    }

    private void force() {
        pending.force = true;
        plan();
    }

    private void failed(Batch batch) {
        failures++;
        retry.cancel();
        String error = JournalHealth.describe(batch.error);
        boolean full = error.contains("No space left") || error.contains("quota")
                || batch.usableBytes < settings.floorBytes();
        pending = batch.append(pending);
        result = null;
        if (closing == null) {
            writing(full ? StoreHealth.FULL : failures < FAILURES_TO_FAIL ? StoreHealth.DEGRADED : StoreHealth.FAILED,
                    "writing failed and is retried: " + error);
            retryLater();
        }
    }

    /** How opening or writing went. */
    private void writing(StoreHealth now, String reason) {
        health.writing(now, reason);
        health.tell(listener);
    }
}
