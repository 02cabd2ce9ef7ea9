package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** A store goes on where a task of the loop ended in the middle, be it for want of heap or for a bug. */
class StoreMendTest implements MessageStore.Listener, Scheduler {
    private static final String NO_HEAP = "Java heap space";

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final DiskModel disk = new DiskModel();
    private final List<Runnable> threads = new ArrayList<>();
    private boolean hangs;
    private Error inHealth;
    private RuntimeException inWritten;
    private Error inTimer;
    private StoreHealth health = StoreHealth.OPENING;
    private long stored;
    private long nextId = 1;
    private JournalStore store = new JournalStore(this, this::onThread, disk, "store", "boot", settings());

    private static StoreSettings settings() {
        return new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 100_000);
    }

    private void onThread(Runnable task) {
        threads.add(task);
        if (!hangs) {
            scheduler.execute(this::answer);
        }
    }

    private void answer() {
        threads.remove(0).run();
    }

    /** Lets time pass; a shortage ends what the loop does, and then the store is mended. */
    private void advance(int seconds) {
        try {
            scheduler.advance(Duration.ofSeconds(seconds));
        } catch (OutOfMemoryError e) {
            scheduler.runAsLoop(store::mend);
            scheduler.advance(Duration.ofSeconds(seconds));
        }
    }

    private Outgoing publish() {
        return publish(10);
    }

    private Outgoing publish(int bytes) {
        Message message = Message.to("t").payload(new byte[bytes]).build();
        Outgoing outgoing = new Outgoing(nextId++, message, nanoTime());
        store.append(outgoing);
        return outgoing;
    }

    @Test
    void aHealthThatCouldNotBeToldIsToldWhenTheHeapHasRoom() {
        inHealth = new OutOfMemoryError(NO_HEAP);
        store.configure(settings(), this);
        advance(0);
        assertEquals(StoreHealth.OK, health);
        inHealth = new OutOfMemoryError(NO_HEAP);
        hangs = true;
        publish();
        advance(6); // said by a timer
        assertEquals(StoreHealth.DEGRADED, health);
    }

    @Test
    void aMessageThatIsNotYetWrittenIsTakenOutOnceAlsoIfItsOutcomeFindsNoHeap() { // seed 1796098113796
        store.configure(settings(), this);
        advance(0);
        Outgoing large = null;
        for (int i = 0; i < 3; i++) { // more than is kept in memory
            large = publish(600_000);
            advance(0);
        }
        disk.failWrites(3);
        Outgoing late = publish();
        scheduler.run(); // a retry waits
        List<Outgoing> found = new ArrayList<>();
        store.find(late.id(), message -> {
            found.add(message);
            if (message != null) {
                store.remove(message);
                throw new OutOfMemoryError(NO_HEAP);
            }
        });
        assertThrows(OutOfMemoryError.class, scheduler::run);
        scheduler.runAsLoop(store::mend);
        advance(60);
        assertEquals(2, found.size());
        assertSame(late, found.get(0));
        assertSame(null, found.get(1), "it is taken out twice");
        assertEquals(3, store.queued(large.lane()));
    }

    @Test
    void aSearchStaysWhenItsBatchCannotBeHandedOver() {
        store.configure(settings(), this);
        advance(0);
        disk.failWrites(3);
        Outgoing message = publish();
        scheduler.run(); // a retry waits
        assertEquals(0, stored);
        List<Outgoing> found = new ArrayList<>();
        store.find(7, found::add);
        inTimer = new OutOfMemoryError(NO_HEAP);
        assertThrows(OutOfMemoryError.class, scheduler::run);
        scheduler.runAsLoop(store::mend);
        advance(60);
        assertEquals(1, found.size(), "the search is gone");
        assertEquals(message.id(), stored);
        assertEquals(StoreHealth.OK, health);
    }

    @Test
    void afterABugTheStoreGoesOnAndNeverUsesTwoThreadsAtOnce() {
        store.configure(settings(), this);
        advance(1);
        inWritten = new IllegalStateException("a bug");
        publish();
        assertThrows(IllegalStateException.class, scheduler::run);
        hangs = true;
        publish();
        scheduler.run();
        assertEquals(1, threads.size());
        scheduler.runAsLoop(store::mend); // for a shortage that comes later
        publish();
        scheduler.run();
        assertEquals(1, threads.size(), "two threads in one journal");
        hangs = false;
        answer();
        advance(1);
        assertEquals(3, stored);
    }

    @Test
    void readingAgainIsTriedUntilThereIsHeapForThat() {
        int[] tried = { 0 };
        Rereading rereading = new Rereading(scheduler, () -> {
            if (++tried[0] == 1) {
                throw new OutOfMemoryError(NO_HEAP);
            }
        });
        ReadRequest reads = new ReadRequest();
        reads.search(new ReadRequest.Search(1, false, found -> {}));
        reads.gaveUp(new java.io.IOException("no"));
        rereading.noteRead(reads);
        assertThrows(OutOfMemoryError.class, () -> scheduler.advance(Duration.ofSeconds(1)));
        scheduler.run();
        assertEquals(2, tried[0]);
    }

    @Test
    void howItDoesIsSaidWithoutAnythingNew() {
        JournalHealth health = new JournalHealth();
        String reason = new String("slow");
        health.writing(StoreHealth.OK, "");
        assertSame("", health.reason());
        health.waiting(reason);
        assertSame(reason, health.reason());
        assertTrue(health.isNews());
        assertTrue(health.isNews(), "it was not told");
        health.told();
        assertFalse(health.isNews());
        health.reading("unread");
        assertEquals("unread; slow", health.reason());
    }

    // ---- what the store is told and tells -------------------------------------------------------------------------

    @Override
    public long nanoTime() {
        return scheduler.nanoTime();
    }

    @Override
    public long wallClockMillis() {
        return scheduler.wallClockMillis();
    }

    @Override
    public void execute(Runnable task) {
        scheduler.execute(task);
    }

    @Override
    public Timer at(long nanoTime, Runnable task) {
        Error thrown = inTimer;
        inTimer = null;
        if (thrown != null) {
            throw thrown;
        }
        return scheduler.at(nanoTime, task);
    }

    @Override
    public void opened(StoredState state) {
        // nothing is in it
    }

    @Override
    public void stored(long id) {
        stored = id;
    }

    @Override
    public void written(int messages, long bytes) {
        RuntimeException thrown = inWritten;
        inWritten = null;
        if (thrown != null) {
            throw thrown;
        }
    }

    @Override
    public void available() {
        // nobody sends
    }

    @Override
    public void lost(int lane, long messages, long bytes) {
        throw new AssertionError(messages + " are lost");
    }

    @Override
    public void health(StoreHealth newHealth, String reason) {
        Error thrown = inHealth;
        inHealth = null;
        if (thrown != null) {
            throw thrown;
        }
        health = newHealth;
    }
}
