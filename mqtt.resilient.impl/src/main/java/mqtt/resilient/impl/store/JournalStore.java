package mqtt.resilient.impl.store;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;

/**
 * Keeps messages on the disk: the io thread's side of a {@link Journal}. Of each lane only the oldest messages are in
 * memory; what is to be written and read goes into the next batch of a {@link GroupCommit}.
 */
public final class JournalStore implements MessageStore {
    private final Scheduler scheduler;
    private final BacklogLane[] lanes = new BacklogLane[Message.LANES];
    private final LaneVisitor visitor;
    private final JournalHealth health = new JournalHealth();
    private final Rereading rereading;
    private final GroupCommit commit;
    private Listener listener;
    private Consumer<Outgoing> foundOld = message -> {};

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
        LaneQueue[] windows = new LaneQueue[Message.LANES];
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane] = new BacklogLane();
            windows[lane] = lanes[lane].window;
        }
        visitor = new LaneVisitor(windows);
        rereading = new Rereading(scheduler, this::readAgain);
        commit = new GroupCommit(this, scheduler, executor, () -> new Journal(files, directory, scheduler), bootId,
                health, initial);
    }

    @Override
    public void configure(StoreSettings newSettings, Listener newListener) {
        listener = newListener;
        commit.configure(newSettings, newListener);
    }

    @Override
    public void close(Runnable then) {
        commit.close(then);
    }

    @Override
    public void mend() {
        commit.mend();
    }

    @Override
    public Durability durability() {
        return commit.settings().durability();
    }

    @Override
    public StoreFigures figures() {
        return commit.figures();
    }

    // ---- what comes of a batch ------------------------------------------------------------------------------------

    /** The journal is open. */
    void restore(StoredState state) {
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane].restore(state.messages[lane], state.bytes[lane], state.latestIndex[lane]);
        }
        for (Outgoing message : state.inFlight) {
            lanes[message.lane()].diskMessages--;
            lanes[message.lane()].diskBytes -= message.size();
        }
    }

    /** A batch with everything that was removed so far is handed over: what it reads is without that. */
    void removalsHandedOver() {
        for (BacklogLane lane : lanes) {
            lane.removed.clear();
        }
    }

    /** No thread reads: what is wanted from the disk is to be asked for again. */
    void nothingIsRead() {
        for (BacklogLane lane : lanes) {
            lane.reading = false;
        }
    }

    /** Takes what a batch has read; whether there may be something to send that was not there before. */
    boolean read(Batch batch) {
        ReadRequest reads = batch.reads;
        boolean more = false;
        for (int lane = 0; lane < lanes.length; lane++) {
            if (reads.hasLane(lane)) {
                loaded(lane, batch);
                more |= !reads.unread[lane] || !reads.loaded.get(lane).isEmpty();
            }
        }
        reads.searches.stream().filter(search -> !search.failed)
                .forEach(search -> search.result.accept(search.found));
        for (Outgoing message : reads.old) {
            if (!message.hasEnded() && lanes[message.lane()].isOnDisk(message)) { // else it was told before
                foundOld.accept(message);
            }
        }
        rereading.noteRead(reads);
        health.reading(rereading.isDue()
                ? "stored messages cannot be read, which is retried: " + JournalHealth.describe(rereading.reason())
                : "");
        return more;
    }

    /** The store is closed: what is looked for stays where it is. */
    void closed(Batch last) {
        last.reads.searches.forEach(ReadRequest.Search::giveUp);
        rereading.unanswered().forEach(ReadRequest.Search::giveUp);
    }

    private void loaded(int number, Batch batch) {
        BacklogLane lane = lanes[number];
        ReadRequest reads = batch.reads;
        lane.loaded(reads.loaded.get(number));
        lane.reading = reads.unread[number]; // nobody else asks for it meanwhile
        Batch pending = commit.pending();
        for (long[] range : reads.unreadable) {
            for (long index = range[1]; range[0] == number && index < range[2]; index++) {
                pending.settled.add(number, index); // what was reported as lost is never sent, also if found later
            }
        }
        long unwritten = pending.spilled[number] + (batch.failed ? batch.spilled[number] : 0);
        long missing = lane.diskMessages - unwritten;
        if (reads.readToEnd[number] && missing > 0) {
            long bytes = unwritten == 0 ? lane.diskBytes : lane.diskBytes / lane.diskMessages * missing;
            pending.whenDurable.add(() -> listener.lost(number, missing, bytes));
            pending.force = true;
            lane.diskMessages -= missing;
            lane.diskBytes -= bytes;
        }
    }

    private void readAgain() {
        rereading.addTo(commit.pending().reads, lanes);
        commit.plan();
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    @Override
    public void append(Outgoing message) {
        BacklogLane lane = lanes[message.lane()];
        lane.window.makeRoom(); // what may fail for want of heap comes first
        commit.pending().add(message);
        message.index(++lane.latestIndex);
        if (!lane.append(message)) {
            commit.pending().spilled[message.lane()]++;
        }
        commit.added();
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
        if (lane.wantsMore(commit.pending().spilled[number])) {
            lane.reading = true;
            commit.pending().reads.readBehind(number, lane.loadedIndex);
            commit.plan();
        }
    }

    @Override
    public void sent(Outgoing message) {
        BacklogLane lane = lanes[message.lane()];
        lane.sent(message);
        readAhead(message.lane());
    }

    @Override
    public void settled(Outgoing message) {
        commit.settled(message.lane(), message.index());
    }

    @Override
    public void remove(Outgoing message) {
        BacklogLane lane = lanes[message.lane()];
        settled(message);
        if (!lane.removeFromWindow(message)) {
            int unwritten = commit.pending().find(message.id()) == null ? 0 : 1;
            lane.removeFromDisk(message);
            commit.pending().spilled[message.lane()] -= unwritten;
        }
    }

    @Override
    public void find(long id, Consumer<Outgoing> found) {
        search(id, false,
                onDisk -> found.accept(onDisk == null ? null : queued(id, onDisk.isEmpty() ? null : onDisk.get(0))));
    }

    private void search(long id, boolean deadLetters, Consumer<List<Outgoing>> found) {
        commit.pending().reads.search(new ReadRequest.Search(id, deadLetters, found));
        commit.plan();
    }

    /** What a search is for, in memory or on the disk; null if it is not queued. */
    private Outgoing queued(long id, Outgoing onDisk) {
        for (BacklogLane lane : lanes) {
            int slot = lane.window.find(id);
            if (slot >= 0) {
                return lane.window.at(slot);
            }
        }
        Outgoing unwritten = commit.pending().find(id);
        boolean queued = onDisk != null && !onDisk.hasEnded() // else it was told before
                && lanes[onDisk.lane()].isOnDisk(onDisk);
        return unwritten == null && queued ? onDisk : unwritten;
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
            settled(oldest);
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
                commit.pending().reads.findOld(maxAgeNanos);
                commit.plan();
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
        commit.pending().notes.add(note);
        commit.added();
    }

    @Override
    public void assigned(Outgoing message) {
        int lane = message.lane();
        long index = message.index();
        int packetId = message.packetId();
        note(to -> to.assigned(lane, index, packetId));
    }

    @Override
    public void pubrecReceived(Outgoing message) {
        int lane = message.lane();
        long index = message.index();
        note(to -> to.released(lane, index));
    }

    @Override
    public void inboundReceived(int packetId, long digest) {
        note(to -> to.session.received(packetId, digest));
    }

    @Override
    public void pubrelReceived(int packetId) {
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
    public void deadLettered(Outgoing message) {
        long id = message.id();
        Message kept = message.message();
        long now = scheduler.wallClockMillis();
        note(to -> to.deadLettered(id, now, kept));
    }

    @Override
    public void deadLetters(long id, Consumer<List<Outgoing>> found) {
        search(id, true, found);
    }

    @Override
    public void removeDeadLetter(Outgoing deadLetter) {
        commit.settled(Chains.ASIDE, deadLetter.index());
    }

    @Override
    public void whenDurable(Runnable task) {
        commit.whenDurable(task);
    }

    @Override
    public boolean hasFailed() {
        return health.health() == StoreHealth.FAILED;
    }
}
