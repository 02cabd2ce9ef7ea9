package mqtt.resilient.impl.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;

/**
 * The store of a client: opens it, restores what it held, and puts another in its place, after {@link #leave}, when the
 * configuration asks for one. Only while it is open are messages admitted. On the loop only, but for what says
 * otherwise.
 */
final class ClientStore implements MessageStore.Listener {
    private final Function<StoreSettings, MessageStore> stores;
    private final Publisher publisher;
    private final Session session;
    private final Dispatcher dispatcher;
    private final Supervisor supervisor;
    private final ClientEvents events;
    private final ReportedHealth reported;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private volatile MessageStore store;
    /** Where the store in use is. */
    private String place = "";
    /** What is configured; null = nothing yet. */
    private ClientSettings settings;
    private boolean open;
    private StoredState restored;
    private boolean stopping;

    /**
     * Makes what has an empty store until there is a configuration.
     *
     * @param stores makes the store that a configuration asks for
     */
    ClientStore(MessageStore none, Function<StoreSettings, MessageStore> stores, Publisher publisher, Session session,
            Dispatcher dispatcher, Supervisor supervisor, ClientEvents events, ReportedHealth reported) {
        this.stores = stores;
        store = none;
        this.publisher = publisher;
        this.session = session;
        this.dispatcher = dispatcher;
        this.supervisor = supervisor;
        this.events = events;
        this.reported = reported;
    }

    // ---- from any thread ------------------------------------------------------------------------------------------

    /** Completes, on the loop, when publishing makes sense: the store is open, or cannot be opened now. */
    CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    /** Whether nothing is pending in it. */
    boolean isEmpty() {
        return reported.told().health() != StoreHealth.OPENING && publisher.pending() == 0;
    }

    /** Whether it may be another one from now on: nothing is pending in it, and nothing is admitted any more. */
    boolean leave() {
        return reported.told().health() != StoreHealth.OPENING && publisher.leaveStore();
    }

    StoreFigures figures() {
        return store.figures();
    }

    // ---- configuration --------------------------------------------------------------------------------------------

    /** Opens the store that is configured, or takes its new settings; then the link may connect. */
    void configure(ClientSettings newSettings) {
        if (settings == null && !newSettings.link().schedule().onStart()) {
            supervisor.pause("connect.on.start is false, and nobody has had it connect yet");
        }
        settings = newSettings;
        reported.place(settings.store().volatility());
        if (!isConfigured()) {
            change();
            return;
        }
        store.configure(settings.store(), this);
        if (open) {
            supervisor.configure(settings.link());
        }
    }

    /** There is no usable configuration, and was none. */
    void configurationRejected(String error) {
        if (settings == null) {
            reported.quietly(new ReportedHealth.Told(StoreHealth.FAILED, "no usable configuration: " + error));
            publisher.health(reported.own());
            ready.complete(null);
        }
    }

    /** It is not left after all. */
    void stay() {
        publisher.stayInStore(reported.own());
    }

    /** Closes one store, which is empty, and opens another. */
    private void change() {
        if (stopping || isConfigured()) {
            publisher.health(reported.own());
            return;
        }
        publisher.opening();
        reported.quietly(ReportedHealth.OPENING); // until the new one is open
        supervisor.forget();
        open = false;
        store.close(() -> {
            if (!stopping && !isConfigured()) {
                MessageStore made = stores.apply(settings.store());
                publisher.use(made);
                session.use(made);
                store = made;
                made.configure(settings.store(), this);
                place = settings.store().place(); // last: without heap all of this comes again
            }
        });
    }

    /** Whether the store in use is the one that is configured. */
    private boolean isConfigured() {
        return place.equals(settings.store().place());
    }

    /** The heap was short: has the store do what could not be done then. */
    void mend() {
        store.mend();
    }

    /** The heap was short: finishes a change of the store that may have stopped half way. */
    void mendChange() {
        if (!stopping && settings != null) {
            change();
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
        ReportedHealth.Told healthy = new ReportedHealth.Told(StoreHealth.OK, "");
        publisher.health(healthy);
        reported.quietly(healthy); // now that messages are admitted
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
    public void deadLettersForgotten(int count) {
        events.deadLettersForgotten(count);
    }

    @Override
    public void health(StoreHealth health, String reason) {
        // before it is told: who reads that it is OK may publish
        publisher.health(new ReportedHealth.Told(health, reason));
        reported.health(health, reason);
        if (!open && health == StoreHealth.FAILED) {
            supervisor.cannotBegin(reason);
            ready.complete(null);
        }
    }
}
