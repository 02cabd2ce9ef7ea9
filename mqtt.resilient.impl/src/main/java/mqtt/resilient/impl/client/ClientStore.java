package mqtt.resilient.impl.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;

/**
 * The store of a client: opens it, restores what it held, and puts another in its place when the configuration asks for
 * one and nothing is pending. Only while it is open are messages admitted. On the loop only, but for what says
 * otherwise.
 */
final class ClientStore implements MessageStore.Listener {
    private static final String CHANGE_WAITS = "store, store.directory: messages are pending; the change takes effect "
            + "when none is pending";
    private static final long CHANGE_LATER_NANOS = 1_000_000_000L;
    private static final long CHANGE_NANOS = 100_000_000L;
    private static final int CHANGE_ATTEMPTS = 100;

    private final Scheduler scheduler;
    private final Function<StoreSettings, MessageStore> stores;
    private final Publisher publisher;
    private final Session session;
    private final Dispatcher dispatcher;
    private final Supervisor supervisor;
    private final ClientEvents events;
    private final StoreCondition condition;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private volatile MessageStore store;
    /** Why the configured store is not the one in use; empty = it is. */
    private volatile String changeError = "";
    /** Where the store in use is. */
    private String place = "";
    /** What is configured; null = nothing yet. */
    private ClientSettings settings;
    private Scheduler.Timer change;
    private boolean open;
    private StoredState restored;
    private boolean stopping;

    /**
     * Makes what has an empty store until there is a configuration.
     *
     * @param stores makes the store that a configuration asks for
     */
    ClientStore(Scheduler scheduler, MessageStore none, Function<StoreSettings, MessageStore> stores,
            Publisher publisher,
            Session session, Dispatcher dispatcher, Supervisor supervisor, ClientEvents events,
            StoreCondition condition) {
        this.scheduler = scheduler;
        this.stores = stores;
        store = none;
        this.publisher = publisher;
        this.session = session;
        this.dispatcher = dispatcher;
        this.supervisor = supervisor;
        this.events = events;
        this.condition = condition;
    }

    // ---- from any thread ------------------------------------------------------------------------------------------

    /** Completes, on the loop, when publishing makes sense: the store is open, or cannot be opened now. */
    CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    /** Whether nothing is pending, so that it may be another one. */
    boolean isEmpty() {
        return condition.told().health() != StoreHealth.OPENING && publisher.pending() == 0;
    }

    /** Why the configured store is not the one in use; empty = it is. */
    String changeError() {
        return changeError;
    }

    StoreFigures figures() {
        return store.figures();
    }

    // ---- configuration --------------------------------------------------------------------------------------------

    /** Opens the store that is configured, or takes its new settings; then the link may connect. */
    void configure(ClientSettings newSettings) {
        settings = newSettings;
        changeError = "";
        condition.place(settings.store().volatility());
        if (!place.equals(settings.store().place())) {
            change(0);
            return;
        }
        store.configure(settings.store(), this);
        if (open) {
            supervisor.configure(settings.link());
        }
    }

    /** There is no usable configuration, and was none. */
    void refuse(String error) {
        if (settings == null) {
            condition.quietly(StoreHealth.FAILED, "no usable configuration: " + error);
            publisher.health(condition.own());
            ready.complete(null);
        }
    }

    /**
     * Closes one store, which is empty, and opens another. What was admitted in the last moment is settled in the store
     * that it was promised to; if that takes too long, everything stays as it is.
     */
    private void change(int attempts) {
        if (stopping || place.equals(settings.store().place())) {
            publisher.health(condition.own());
            return;
        }
        publisher.opening();
        if (publisher.pendingInStore() > 0 && attempts < CHANGE_ATTEMPTS) {
            continueChange(CHANGE_NANOS, () -> change(attempts + 1));
            return;
        } else if (publisher.pendingInStore() > 0) {
            publisher.health(condition.own());
            changeError = CHANGE_WAITS;
            supervisor.configure(settings.link());
            changeLater(settings);
            return;
        }
        condition.quietly(StoreHealth.OPENING, "being opened"); // until the new one is open
        supervisor.forget();
        open = false;
        MessageStore before = store;
        before.close(() -> {
            if (!stopping) {
                MessageStore made = stores.apply(settings.store());
                publisher.use(made);
                session.use(made);
                store = made;
                made.configure(settings.store(), this);
                place = settings.store().place(); // last: without heap all of this comes again
            }
        });
    }

    /** One task goes on with the change, whoever began it. */
    private void continueChange(long nanos, Runnable task) {
        Scheduler.cancel(change);
        change = scheduler.at(scheduler.nanoTime() + nanos, task);
    }

    /** Looks each second whether the store that is configured can be taken. */
    private void changeLater(ClientSettings wanted) {
        continueChange(CHANGE_LATER_NANOS, () -> {
            if (settings != wanted || stopping) {
                return; // a newer configuration sees to it
            } else if (publisher.pendingInStore() > 0) {
                changeLater(wanted);
            } else {
                changeError = "";
                change(0);
            }
        });
    }

    /** Something failed for want of heap: sees to it that nothing waits for good. */
    void mend() {
        store.mend();
    }

    /** The same of a change of the store, which may have stopped half way. */
    void mendChange() {
        if (!stopping && settings != null) {
            change(0);
        }
    }

    /** From now on nothing is opened or changed. */
    void stop() {
        stopping = true;
    }

    /** Ends the use of the store when everything is written. */
    void close(Runnable then) {
        store.close(then);
    }

    // ---- what the store tells -------------------------------------------------------------------------------------

    @Override
    public void opened(StoredState state) {
        if (stopping) {
            return;
        }
        open = true;
        if (restored != state) { // once, also if the rest has to begin again
            publisher.restore(state);
            restored = state;
        }
        publisher.sweepSoon();
        publisher.health(new StoreCondition.Told(StoreHealth.OK, ""));
        condition.quietly(StoreHealth.OK, ""); // now that messages are admitted
        session.restore(state);
        state.subscriptions.forEach(dispatcher::restore);
        supervisor.restore(state.session, state.incomplete.isEmpty());
        events.storeOpened(state);
        supervisor.configure(settings.link());
        ready.complete(null);
    }

    @Override
    public void stored(long id) {
        publisher.stored(id);
    }

    @Override
    public void written(int messages, long bytes) {
        publisher.written(messages, bytes);
    }

    @Override
    public void available() {
        publisher.lookForOldest();
        publisher.dropBeyondBounds();
        supervisor.wake(false);
    }

    @Override
    public void lost(int lane, long messages, long bytes) {
        publisher.lost(lane, messages, bytes);
    }

    @Override
    public void health(StoreHealth health, String reason) {
        // before it is told: who reads that it is OK may publish
        publisher.health(new StoreCondition.Told(health, reason));
        condition.health(health, reason);
        if (!open && health == StoreHealth.FAILED) {
            supervisor.cannotBegin(reason);
            ready.complete(null);
        }
    }
}
