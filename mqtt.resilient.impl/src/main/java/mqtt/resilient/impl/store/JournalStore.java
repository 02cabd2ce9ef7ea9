package mqtt.resilient.impl.store;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;

/**
 * Keeps messages on the disk: the io thread's side of a {@link Journal}. What queues up while a batch is written is the
 * next batch, so that many publishers share one force. Of each lane only the oldest messages are in memory.
 */
public final class JournalStore implements MessageStore {
    static {
        Handlers.prepare(Throwable.class, RuntimeException.class);
    }

    private static final long SECOND = 1_000_000_000L;
    private static final long ENDED_DELAY_NANOS = SECOND / 10;
    private static final int FAILURES_TO_FAIL = 3;
    private static final int LONGEST_RETRY_SECONDS = 10;

    private final Scheduler scheduler;
    private final Executor executor;
    private final FileSystem files;
    private final String directory;
    private final String bootId;
    private final BacklogLane[] lanes = new BacklogLane[Message.LANES];
    private final LaneVisitor visitor;
    private volatile StoreSettings settings;
    /** Used on the store's thread only. */
    private Journal journal;
    private Listener listener;
    private Batch pending = new Batch();
    private boolean open;
    private boolean opening;
    private boolean busy;
    private boolean planned;
    /** Made beforehand, as all that is handed over: that is certain then. */
    private final Runnable pump = this::pump;
    /** What follows from a thread's answer, until all of it is done; null = nothing. Until then nothing more is handed over. */
    private Runnable result;
    private boolean unforced;
    private int failures;
    private final Condition condition = new Condition();
    private final Answer answer;
    private final Rereading rereading;
    private Runnable closing;
    private Consumer<Outgoing> foundOld = message -> { };
    private Scheduler.Timer endedTimer;
    private Scheduler.Timer forceTimer;
    private Scheduler.Timer retryTimer;
    private volatile StoreFigures figures = StoreFigures.NONE;

    /**
     * Makes a store that {@link #configure} opens.
     *
     * @param executor runs what blocks; tasks of one store never overlap
     * @param directory below the file system's root; of this store alone
     * @param bootId tells one run of the machine from another
     */
    public JournalStore(Scheduler scheduler, Executor executor, FileSystem files, String directory, String bootId,
            StoreSettings initial) {
        this.scheduler = scheduler;
        this.executor = executor;
        this.bootId = bootId;
        settings = initial;
        this.files = files;
        this.directory = directory;
        LaneQueue[] windows = new LaneQueue[Message.LANES];
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane] = new BacklogLane();
            windows[lane] = lanes[lane].window;
        }
        visitor = new LaneVisitor(windows);
        rereading = new Rereading(scheduler, this::readAgain);
        answer = new Answer(scheduler, waiting -> {
            condition.waiting(waiting);
            tell();
        });
    }

    // ---- opening and closing --------------------------------------------------------------------------------------

    @Override
    public void configure(StoreSettings newSettings, Listener newListener) {
        settings = newSettings;
        listener = newListener;
        if (open) {
            pending.force |= unforced;
            plan();
        } else if (!opening) {
            tryToOpen();
        }
    }

    private void tryToOpen() {
        cancelRetry();
        Journal fresh = new Journal(files, directory, scheduler);
        StoreSettings now = settings;
        Opening came = new Opening();
        Runnable end = () -> take(() -> opened(came));
        Runnable task = () -> {
            try {
                came.begun.now(scheduler);
                fresh.configure(now.durability().name(), now.segmentBytes());
                came.state = fresh.open(bootId);
            } catch (Throwable e) { // the answer comes in any case
                came.error = e;
            } finally {
                scheduler.execute(end);
            }
        };
        answer.await(came.begun, "opening the store takes longer than ");
        journal = fresh;
        opening = true;
        executor.execute(task);
    }

    /** Takes what a thread came to; if the heap does not suffice for all of it, {@link #mend} goes on. */
    private void take(Runnable newResult) {
        result = newResult;
        try {
            newResult.run();
        } catch (RuntimeException e) { // a bug of ours, which is told; to begin it once more would not help
            result = null;
            busy = false;
            throw e;
        }
        result = null;
    }

    private void retryLater(Runnable task) {
        retryTimer = scheduler.at(scheduler.nanoTime() + Math.min(failures, LONGEST_RETRY_SECONDS) * SECOND, () -> {
            retryTimer = null;
            task.run();
        });
    }

    private void cancelRetry() {
        Scheduler.cancel(retryTimer);
        retryTimer = null;
    }

    private void opened(Opening came) {
        answer.came();
        condition.waiting("");
        opening = false;
        if (came.state == null) {
            openFailed(came.error);
            return;
        }
        StoredState state = came.state;
        open = true;
        failures = 0;
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane].restore(state.messages[lane], state.bytes[lane], state.latestIndex[lane]);
        }
        for (Outgoing message : state.inFlight) {
            lanes[message.lane()].diskMessages--;
            lanes[message.lane()].diskBytes -= message.size();
        }
        if (closing == null) {
            listener.opened(state);
            writing(StoreHealth.OK, "");
            pending.force = true; // a first look at the disk
        }
        plan();
    }

    private void openFailed(Throwable error) {
        if (closing != null) {
            closing.run();
            return;
        }
        failures++;
        writing(StoreHealth.FAILED, "the store cannot be opened (store.directory): " + Condition.describe(error));
        retryLater(this::tryToOpen);
    }

    @Override
    public void close(Runnable then) {
        closing = then;
        cancelRetry();
        if (open) {
            pump();
        } else if (!opening) {
            then.run();
        }
    }

    private void finish() {
        Batch last = pending;
        Batch none = new Batch();
        Throwable[] error = new Throwable[1];
        Runnable end = () -> take(() -> finished(last, error[0]));
        Runnable task = () -> {
            try {
                last.force = true;
                journal.run(last);
            } catch (Throwable e) {
                last.gaveUp(e);
            }
            try {
                error[0] = last.failed ? last.error : null;
                Throwable second = journal.close(!last.failed);
                error[0] = error[0] == null ? second : error[0];
            } finally { // the answer comes in any case
                scheduler.execute(end);
            }
        };
        pending = none;
        busy = true;
        executor.execute(task);
    }

    private void finished(Batch last, Throwable error) {
        open = false;
        busy = false;
        if (error != null) {
            writing(StoreHealth.FAILED, "the last write failed: " + Condition.describe(error));
        } else {
            last.ifStored(listener::stored);
        }
        last.runWhenDurable();
        closing.run();
    }

    // ---- batches --------------------------------------------------------------------------------------------------

    /** Has a batch written soon: after what else is done in this turn of the loop. */
    private void plan() {
        if (!planned && !busy) {
            planned = true;
            scheduler.execute(pump);
        }
    }

    private void pump() {
        planned = false;
        if (busy || !open || result != null) {
            return;
        }
        if (closing != null) {
            finish();
        } else if (retryTimer != null) {
            if (pending.isReading()) {
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
        Runnable follows = () -> written(batch);
        Runnable end = () -> take(follows);
        Runnable task = () -> {
            try {
                run(batch, now);
                tellStored(batch); // whoever waits for it waits for nothing else
            } finally { // the answer comes in any case, also when there is no heap for what is to be told
                scheduler.execute(end);
            }
        };
        answer.await(batch.begun, "the disk has not answered for ");
        if (next == pending) {
            batch.takeReads(next);
        }
        if (!batch.isReadOnly()) { // else what was removed is not in it, and the journal still has it
            for (BacklogLane lane : lanes) {
                lane.removed.clear();
            }
        }
        pending = next;
        busy = true;
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

    @Override
    public void mend() {
        if (result != null) {
            take(result);
        } else if (!open && !opening && retryTimer == null && closing == null && listener != null) {
            tryToOpen();
        }
        for (BacklogLane lane : lanes) {
            lane.reading &= busy; // what was not asked for is asked for again
        }
        pending.force |= open;
        plan();
        tell();
    }

    private void written(Batch batch) {
        answer.came();
        condition.waiting("");
        tellStored(batch);
        figures = batch.figures == null ? figures : batch.figures;
        boolean more = !batch.failed && !batch.whenDurable.isEmpty();
        for (int lane = 0; lane < lanes.length; lane++) {
            if (batch.readBehind[lane] >= 0) {
                loaded(lane, batch);
                more |= !batch.unread[lane] || !batch.loaded.get(lane).isEmpty();
            }
        }
        batch.searches.stream().filter(search -> !search.failed).forEach(search -> search.result.accept(search.found));
        for (Outgoing message : batch.old) {
            if (lanes[message.lane()].isOnDisk(message)) {
                foundOld.accept(message);
            }
        }
        busy = false;
        rereading.ended(batch);
        condition.reading(rereading.isDue() ? "stored messages cannot be read, which is retried: " + Condition.describe(rereading.reason()) : "");
        if (batch.failed) {
            failed(batch);
        } else if (failures == 0 || !batch.isReadOnly()) { // reading says nothing about writing
            succeeded(batch);
            more |= Arrays.stream(batch.spilled).anyMatch(count -> count > 0);
        }
        tell();
        result = null;
        if (more) {
            listener.available();
        }
        if (closing != null || !pending.isIdle()) {
            plan();
        } else if (!pending.isEmpty()) {
            writeLater();
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
            writing(StoreHealth.DEGRADED, "messages are stored, compacting failed and is retried: " + Condition.describe(batch.error));
        } else {
            writing(StoreHealth.OK, "");
        }
        batch.runWhenDurable();
        boolean look = condition.health() != StoreHealth.OK;
        if (forceTimer == null && (look || unforced && settings.durability() == Durability.PROCESS)) {
            forceTimer = scheduler.at(scheduler.nanoTime() + (look ? SECOND : settings.forceNanos()), () -> {
                forceTimer = null;
                pending.force = true;
                plan();
            });
        }
    }

    private void failed(Batch batch) {
        failures++;
        cancelRetry();
        String error = Condition.describe(batch.error);
        boolean full = error.contains("No space left") || error.contains("quota")
                || batch.usableBytes < settings.floorBytes();
        pending = batch.append(pending);
        result = null;
        if (closing == null) {
            writing(full ? StoreHealth.FULL : failures < FAILURES_TO_FAIL ? StoreHealth.DEGRADED : StoreHealth.FAILED,
                    "writing failed and is retried: " + error);
            retryLater(this::plan);
        }
    }

    /** What has ended is written after a while, with whatever comes until then. */
    private void writeLater() {
        if (endedTimer == null) {
            endedTimer = scheduler.at(scheduler.nanoTime() + ENDED_DELAY_NANOS, () -> {
                endedTimer = null;
                plan();
            });
        }
    }

    private void readAgain() {
        rereading.addTo(pending, lanes);
        plan();
    }

    private void writing(StoreHealth health, String reason) {
        condition.writing(health, reason);
        tell();
    }

    private void tell() {
        if (condition.isNews()) {
            listener.health(condition.health(), condition.reason());
            condition.told();
        }
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    @Override
    public Durability durability() {
        return settings.durability();
    }

    @Override
    public StoreFigures figures() {
        return figures;
    }

    @Override
    public void append(Outgoing message) {
        BacklogLane lane = lanes[message.lane()];
        lane.window.makeRoom(); // what may fail for want of heap comes first
        pending.add(message);
        message.index(++lane.latestIndex);
        pending.force |= settings.durability() == Durability.POWER;
        if (!lane.append(message)) {
            pending.spilled[message.lane()]++;
        }
        plan();
    }

    @Override
    public Outgoing next(int number) {
        Outgoing first = lanes[number].window.first();
        if (first == null) {
            readAhead(number);
        }
        return first;
    }

    private void readAhead(int number) {
        BacklogLane lane = lanes[number];
        if (lane.wantsMore(pending.spilled[number])) {
            lane.reading = true;
            pending.readBehind(number, lane.loadedIndex);
            plan();
        }
    }

    private void loaded(int number, Batch batch) {
        BacklogLane lane = lanes[number];
        lane.loaded(batch.loaded.get(number));
        lane.reading = batch.unread[number]; // nobody else asks for it meanwhile
        for (long[] range : batch.unreadable) {
            for (long index = range[1]; range[0] == number && index < range[2]; index++) {
                pending.ended(number, index); // what is told to be lost is never sent, whatever the disk finds later
            }
        }
        long unwritten = pending.spilled[number] + (batch.failed ? batch.spilled[number] : 0);
        long missing = lane.diskMessages - unwritten;
        if (batch.readToEnd[number] && missing > 0) {
            long bytes = unwritten == 0 ? lane.diskBytes : lane.diskBytes / lane.diskMessages * missing;
            pending.whenDurable.add(() -> listener.lost(number, missing, bytes));
            pending.force = true;
            lane.diskMessages -= missing;
            lane.diskBytes -= bytes;
        }
    }

    @Override
    public void sent(Outgoing message) {
        BacklogLane lane = lanes[message.lane()];
        lane.sent(message);
        readAhead(message.lane());
    }

    @Override
    public void ended(Outgoing message) {
        if (!busy && pending.isIdle()) {
            writeLater(); // before it is noted, for this may fail for want of heap
        }
        pending.ended(message.lane(), message.index());
    }

    @Override
    public void remove(Outgoing message) {
        BacklogLane lane = lanes[message.lane()];
        ended(message);
        if (!lane.removeFromWindow(message)) {
            lane.removeFromDisk(message);
            pending.spilled[message.lane()] -= pending.find(message.id()) == null ? 0 : 1;
        }
    }

    @Override
    public void find(long id, Consumer<Outgoing> found) {
        pending.search(id, onDisk -> {
            Outgoing inMemory = inMemory(id);
            found.accept(inMemory != null ? inMemory : onDisk != null && lanes[onDisk.lane()].isOnDisk(onDisk) ? onDisk : null);
        });
        plan();
    }

    private Outgoing inMemory(long id) {
        for (BacklogLane lane : lanes) {
            int slot = lane.window.find(id);
            if (slot >= 0) {
                return lane.window.at(slot);
            }
        }
        return pending.find(id);
    }

    @Override
    public Outgoing removeOldest() {
        for (int lane = lanes.length - 1; lane >= 0; lane--) {
            if (lanes[lane].queued() > 0) {
                return removeOldest(lane);
            }
        }
        return null;
    }

    @Override
    public Outgoing removeOldest(int lane) {
        Outgoing oldest = next(lane);
        if (oldest != null) {
            ended(oldest);
            sent(oldest);
        }
        return oldest;
    }

    @Override
    public void visitSome(Consumer<Outgoing> receiver) {
        visitor.visitSome(receiver);
    }

    @Override
    public void findOld(long[] maxAgeNanos, Consumer<Outgoing> old) {
        foundOld = old;
        for (BacklogLane lane : lanes) {
            if (lane.diskMessages > 0) {
                pending.findOld(maxAgeNanos);
                plan();
            }
        }
    }

    @Override
    public List<Outgoing> oldest(int lane, int most) {
        return lanes[lane].window.oldest(most);
    }

    @Override
    public long queued(int lane) {
        return lanes[lane].queued();
    }

    // ---- the session ----------------------------------------------------------------------------------------------

    private void note(Batch.Note note) {
        pending.notes.add(note);
        pending.force |= settings.durability() == Durability.POWER;
        plan();
    }

    @Override
    public void assigned(Outgoing message) {
        int lane = message.lane();
        long index = message.index();
        int packetId = message.packetId();
        note(to -> to.assigned(lane, index, packetId));
    }

    @Override
    public void released(Outgoing message) {
        int lane = message.lane();
        long index = message.index();
        note(to -> to.released(lane, index));
    }

    @Override
    public void received(int packetId, long digest) {
        note(to -> to.session.received(packetId, digest));
    }

    @Override
    public void completed(int packetId) {
        note(to -> to.session.completed(packetId));
    }

    @Override
    public void subscribed(String filter, int qos) {
        note(to -> to.session.subscribed(filter, qos));
    }

    @Override
    public void unsubscribed(String filter) {
        note(to -> to.session.unsubscribed(filter));
    }

    @Override
    public void session(String key) {
        note(to -> to.session.begin(key));
    }

    @Override
    public void setAside(Outgoing message) {
        long id = message.id();
        Message aside = message.message();
        long now = scheduler.wallClockMillis();
        note(to -> to.aside(id, now, aside));
    }

    @Override
    public void whenDurable(Runnable task) {
        if (!busy && pending.isEmpty()) {
            task.run();
        } else {
            pending.whenDurable.add(task);
            pending.force |= settings.durability() == Durability.POWER && pending.hasSomethingToWrite();
            plan();
        }
    }
}
