package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.Settling;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.store.JournalStore;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.spi.packet.Reason;
import org.junit.jupiter.api.Test;

/** What is taken back where the heap is full in the moment in which its outcome is told. */
class WithdrawalsTest implements MessageStore.Listener {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<String> told = new ArrayList<>();
    private boolean full = true;
    private final Settling settling = new Settling(this::settled);
    private final Withdrawals withdrawals = new Withdrawals(scheduler, scheduler::execute, settling);
    private MessageStore store;
    private Session session;

    private void settled(Outgoing message, Outcome.Kind kind, Reason reason) {
        if (full) {
            full = false;
            throw new OutOfMemoryError("Java heap space");
        }
        told.add(message.id() + " " + kind);
    }

    private void use(MessageStore newStore) {
        store = newStore;
        session = new Session(store, this::settled, null, null, scheduler, new Counters(), Keys.settings().session());
        withdrawals.use(store);
        withdrawals.session(session);
    }

    private static Outgoing message(int qos) {
        return new Outgoing(1, Message.to("t").qos(Qos.of(qos)).payload("x").build(), 0);
    }

    /** Cancels a message; the loop comes upon a full heap once, and has the client mend itself. */
    private boolean cancelled() {
        CompletableFuture<Boolean> done = withdrawals.cancel(1).toCompletableFuture();
        assertThrows(OutOfMemoryError.class, scheduler::run);
        scheduler.runAsLoop(() -> {
            settling.resume();
            store.mend();
        });
        scheduler.run();
        assertEquals(List.of("1 CANCELLED"), told);
        assertTrue(done.isDone());
        return done.join();
    }

    @Test
    void aMessageOfQos0IsSaidToBeCancelled() {
        use(new MemoryStore());
        session.atMostOnce().add(message(0));
        assertTrue(cancelled());
        assertTrue(session.atMostOnce().isEmpty());
    }

    @Test
    void aMessageInTheHeapIsSaidToBeCancelled() {
        use(new MemoryStore());
        store.append(message(1));
        assertTrue(cancelled());
        assertEquals(0, store.queued());
    }

    @Test
    void aMessageOnTheDiskIsSaidToBeCancelledWhenThatIsWritten() {
        StoreSettings settings = new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 4096);
        DiskModel disk = new DiskModel();
        use(new JournalStore(scheduler, scheduler::execute, disk, "store", "boot", settings));
        store.configure(settings, this);
        scheduler.run();
        store.append(message(1));
        scheduler.run();
        assertTrue(cancelled());
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        full = false;
        use(new JournalStore(scheduler, scheduler::execute, disk, "store", "boot", settings));
        store.configure(settings, this);
        scheduler.run();
        assertEquals(0, store.queued());
    }

    // ---- what the store tells -------------------------------------------------------------------------------------

    @Override
    public void opened(StoredState state) {
        // the tests look at the store
    }

    @Override
    public void stored(long id) {
        // nobody waits for it
    }

    @Override
    public void written(int messages, long bytes) {
        // nothing is bounded
    }

    @Override
    public void available() {
        // nothing is sent
    }

    @Override
    public void lost(int lane, long messages, long bytes) {
        throw new AssertionError(messages + " are lost");
    }

    @Override
    public void health(StoreHealth health, String reason) {
        assertEquals("", reason);
    }
}
