package mqtt.resilient.impl.client;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.link.AuthenticatorCalls;
import mqtt.resilient.impl.link.LinkStatus;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.ProtocolVersion;

/**
 * One client. The methods that say so are safe from any thread; they bring what they have to the loop, where everything
 * else happens. Its users have three parts of it, {@link Publisher}, {@link Subscriber} and {@link Connector}. This
 * class makes them, the {@link Session}, the {@link Supervisor} and the store, and makes them known to each other.
 */
public final class Client implements Supervisor.Listener {
    private final Environment environment;
    private final Scheduler scheduler;
    private final CommandQueue commands;
    private final Counters counters = new Counters();
    private final Publisher publisher;
    private final ClientInspector inspector;
    private final Session session;
    private final Supervisor supervisor;
    private final Subscriber subscriber;
    private final Connector connector;
    private final ReportedHealth reported;
    private final ClientStore store;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private volatile String name;
    private volatile String configurationError = "";
    private boolean stopping;
    private boolean left;

    /**
     * Makes a client that does nothing yet; {@link #configure} starts it.
     *
     * @param stores makes the store that a configuration asks for
     * @param initial bounds and limits until the first configuration
     */
    public Client(Environment environment, String name, ProtocolVersion protocol,
            Function<StoreSettings, MessageStore> stores, ClientSettings initial, ClientEvents events) {
        this.environment = environment;
        this.name = name;
        scheduler = environment.scheduler();
        commands = new CommandQueue(scheduler);
        reported = new ReportedHealth(events::storeHealth);
        MessageStore none = new MemoryStore();
        publisher = new Publisher(environment, none, initial, events, reported);
        subscriber = new Subscriber(environment, commands, counters, events, initial.dispatch());
        session = new Session(none, publisher, subscriber.dispatcher(), subscriber, scheduler, counters,
                initial.session());
        supervisor = new Supervisor(environment.network(), scheduler, environment.random(), protocol, session, this);
        publisher.connect(session, supervisor);
        subscriber.connect(session, supervisor);
        connector = new Connector(environment, commands, supervisor, counters, events, this::status);
        connector.reconfigure(initial);
        inspector = new Inspector(environment, publisher, subscriber::inspect);
        store = new ClientStore(none, stores, publisher, session, subscriber.dispatcher(), supervisor,
                events, reported);
    }

    /** The publishing part. */
    public Publisher publisher() {
        return publisher;
    }

    /** The subscribing part. */
    public Subscriber subscriber() {
        return subscriber;
    }

    /** The connecting part. */
    public Connector connector() {
        return connector;
    }

    /** What an operator looks into. */
    public ClientInspector inspector() {
        return inspector;
    }

    // ---- configuration; safe from any thread ----------------------------------------------------------------------

    /** Takes a configuration and, the first time, starts; its store is the one before, or that was left. */
    public void configure(String newName, ClientSettings newSettings) {
        name = newName;
        configurationError = "";
        connector.reconfigure(newSettings);
        publisher.reconfigure(newSettings);
        commands.execute(() -> {
            if (!stopping) {
                session.reconfigure(newSettings.session());
                subscriber.dispatcher().reconfigure(newSettings.dispatch());
                store.configure(newSettings);
                publisher.dropAtMostOnceOffline();
                publisher.sweepSoon();
                supervisor.wake(false);
            }
        });
    }

    /** The configuration given is not usable; the last one stays in force. */
    public void configurationRejected(String newName, String error) {
        name = newName;
        configurationError = error;
        commands.execute(() -> {
            if (!stopping) {
                supervisor.cannotBegin(error);
                store.configurationRejected(error);
            }
        });
    }

    /** Completes, on the loop, when publishing makes sense: the store is open, or cannot be opened now. */
    public CompletionStage<Void> ready() {
        return store.ready();
    }

    /** Whether nothing is in the store; safe from any thread. */
    public boolean isEmpty() {
        return store.isEmpty();
    }

    /**
     * If nothing is in the store, admits nothing more but QoS 0, and the result is true. Then a configuration with
     * another store is to follow, which opens that, or {@link #stayInStore}. Safe from any thread.
     */
    public boolean leaveStore() {
        return store.leave();
    }

    /** The store that was to be left is the one to use; safe from any thread. */
    public void stayInStore() {
        commands.execute(store::stay);
    }

    /**
     * MQTT 5 is there from now on, or null = is not; safe from any thread. The stage completes, on the loop, when it is
     * so.
     */
    public CompletionStage<Void> offer(ProtocolVersion five) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        commands.execute(() -> {
            try {
                supervisor.useMqtt5(stopping ? null : five);
            } finally {
                done.complete(null); // somebody waits for it
            }
        });
        return done;
    }

    /** Who authenticates the client from now on; null = there is nobody. Safe from any thread. */
    public void authenticator(Authenticator authenticator) {
        onLoop(() -> supervisor.authenticator(authenticator == null ? null
                : new AuthenticatorCalls(() -> name, authenticator, environment.listeners(), scheduler)));
    }

    /** Ends the client. The stage completes, on the loop, when the broker has been told; repeatable. */
    public CompletionStage<Void> stop() {
        publisher.close();
        commands.execute(this::stopNow);
        return stopped.minimalCompletionStage();
    }

    private void stopNow() {
        if (left) {
            return;
        }
        stopping = true;
        store.stop();
        subscriber.stop();
        supervisor.stop(() -> store.close(() -> {
            publisher.kept();
            stopped.complete(null);
        }));
        publisher.stop();
        connector.stop();
        left = true;
    }

    // ---- the state; safe from any thread --------------------------------------------------------------------------

    /** The state now. */
    public ClientStatus status() {
        LinkStatus now = connector.link();
        ReportedHealth.Told told = reported.told();
        return new ClientStatus(name, now.state(), Instant.ofEpochMilli(now.sinceMillis()), now.reason(), now.broker(),
                now.clientId(), now.protocol(), now.attempt(),
                Duration.ofMillis(now.millisToNextAttempt(scheduler.nanoTime())),
                now.sessionPresent(), configurationError, now.reasonCode(), now.limits(),
                told.health(), told.reason(), now.brokers());
    }

    /**
     * The heap was short while the loop worked, so what it did may be half done: connects anew, so that both sides
     * resend what is not acknowledged, and plans everything that somebody waits for. On the loop; repeatable.
     */
    @Override
    public void mend() {
        Mending.run(supervisor::disconnectNow, store::mend, store::mendChange, session::mend, publisher::mend,
                subscriber.dispatcher()::mend, supervisor::mend);
    }

    /** The loop, without which nothing goes on, has ended. */
    public void fail(String reason) {
        store.health(StoreHealth.FAILED, reason);
        supervisor.loopEnded(reason);
    }

    /** Nobody will hear of an event of this client; safe from any thread. */
    public void eventDropped() {
        counters.countAnywhere(Counter.EVENTS_DROPPED);
    }

    /** The network has another state or another way out; safe from any thread. */
    public void networkChanged(NetworkState state) {
        onLoop(() -> supervisor.networkChanged(state));
    }

    /** Who can take the network down and up from now on; safe from any thread. */
    public void bouncer(Runnable bounce) {
        onLoop(() -> supervisor.bouncer(bounce));
    }

    /** The end is near: whoever leaves from now on leaves with the client, and nothing is unsubscribed. */
    public void prepareStop() {
        onLoop(subscriber.dispatcher()::keepSubscriptions);
    }

    /** The clocks have jumped; safe from any thread. */
    public void clockJumped() {
        onLoop(supervisor::clockJumped);
    }

    @Override
    public boolean isDrained() {
        return publisher.pending() == 0 && subscriber.dispatcher().unhandled() == 0;
    }

    /** The figures now; safe from any thread. */
    public ClientMetrics metrics() {
        StoreFigures figures = store.figures();
        return new ClientMetrics(publisher.accepted(), publisher.rejected(), publisher.ended(Outcome.Kind.DELIVERED),
                publisher.ended(Outcome.Kind.EXPIRED), publisher.ended(Outcome.Kind.CANCELLED),
                publisher.ended(Outcome.Kind.REFUSED), publisher.ended(Outcome.Kind.DEAD_LETTERED),
                publisher.ended(Outcome.Kind.DROPPED), publisher.ended(Outcome.Kind.CLOSED),
                publisher.pending(), publisher.pendingBytes(), publisher.oldestMillis(),
                (int) counters.get(Counter.IN_FLIGHT),
                counters.get(Counter.ROUND_TRIP_NANOS), counters.get(Counter.RESENT), counters.get(Counter.RECEIVED),
                counters.get(Counter.RECEIVED_DUPLICATES), (int) counters.get(Counter.UNHANDLED),
                counters.get(Counter.RECEIVED_DROPPED), counters.get(Counter.LISTENER_FAILURES),
                counters.get(Counter.STRAY_ACKNOWLEDGEMENTS), counters.get(Counter.CONNECTIONS),
                counters.get(Counter.ATTEMPTS), counters.get(Counter.SESSIONS_LOST),
                counters.get(Counter.SUBSCRIPTIONS_REFUSED), counters.get(Counter.EVENTS_DROPPED), figures.bytes(),
                figures.bytesWritten(), figures.forces(),
                figures.recordsSkipped(), figures.segmentsQuarantined());
    }

    private void onLoop(Runnable task) {
        commands.execute(() -> {
            if (!stopping) {
                task.run();
            }
        });
    }

    @Override
    public void reasonChanged(LinkStatus now) {
        connector.reasonChanged(now);
    }

    @Override
    public void statusChanged(LinkStatus now) {
        publisher.online(now.state() == ConnectionState.ONLINE);
        connector.changed(now);
    }
}
