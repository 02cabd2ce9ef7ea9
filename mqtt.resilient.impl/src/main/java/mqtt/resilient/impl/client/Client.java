package mqtt.resilient.impl.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.IntConsumer;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.dispatch.InboundQueue;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.dispatch.PullQueue;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.link.AuthenticatorCalls;
import mqtt.resilient.impl.link.LinkStatus;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.SessionEvents;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.spi.packet.Subscribe;

/**
 * One client. The methods that say so are safe from any thread; they bring what they have to the loop, where everything
 * else happens. A message goes {@link Publisher#publish} → {@link Intake} → {@link MessageStore} → {@link Session} →
 * {@link Publisher#ended(Outgoing, Outcome.Kind, int, String)}.
 */
public final class Client implements SessionEvents, MessageStore.Listener, Dispatcher.Events,
        Supervisor.Listener {
    private static final String STORE_CHANGE_WAITS =
            "store, store.directory: messages are pending; the change takes effect when none is pending";
    private static final String STOPPED = "the client has stopped";
    private static final long STORE_CHANGE_LATER_NANOS = 1_000_000_000L;
    private static final long STORE_CHANGE_NANOS = 100_000_000L;
    private static final int STORE_CHANGE_ATTEMPTS = 100;

    private final Environment environment;
    private final Scheduler scheduler;
    private final ClientEvents events;
    private final Counters counters = new Counters();
    private final Function<StoreSettings, MessageStore> stores;
    private final Publisher publisher;
    private final ClientInspector inspector;
    private final Session session;
    private final Supervisor supervisor;
    private final Dispatcher dispatcher;
    private final Subscribers subscribers;
    private final Connecting connecting;
    private final List<StatusNotifier> notifiers = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private volatile String name;
    private volatile ClientSettings.NameServer wanProbe;
    private volatile LinkStatus linkStatus;
    private volatile String configurationError = "";
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final StoreCondition condition;
    private volatile MessageStore store = new MemoryStore();
    private String storePlace = "";
    private Scheduler.Timer storeChange;
    /** Null until there is a usable configuration. */
    private ClientSettings settings;
    private boolean opened;
    private StoredState restored;
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
        this.events = events;
        this.stores = stores;
        wanProbe = initial.wanProbe();
        scheduler = environment.scheduler();
        connecting = new Connecting(environment.completions());
        condition = new StoreCondition(events::storeHealth);
        publisher = new Publisher(environment, store, initial, events, this::wake, condition);
        session = new Session(store, this, scheduler, counters, initial.session());
        publisher.session(session);
        dispatcher = new Dispatcher(scheduler, environment.listeners(), this, initial.dispatch());
        supervisor = new Supervisor(environment.network(), scheduler, environment.random(), protocol, session, this);
        subscribers = new Subscribers(session, dispatcher, environment.completions());
        inspector = new Inspector(environment, publisher, () -> dispatcher.inspect(ClientInspector.MAX_RESULTS, subscribers::grant));
        linkStatus = supervisor.status();
    }

    // ---- configuration; safe from any thread ----------------------------------------------------------------------

    /** Takes a configuration and, the first time, starts. */
    public void configure(String newName, ClientSettings newSettings) {
        name = newName;
        configurationError = "";
        wanProbe = newSettings.wanProbe();
        publisher.reconfigure(newSettings);
        Repeated.execute(scheduler, () -> {
            if (!stopping) {
                settings = newSettings;
                session.reconfigure(settings.session());
                dispatcher.reconfigure(settings.dispatch());
                condition.place(settings.store().volatility());
                if (storePlace.equals(settings.store().place())) {
                    store.configure(settings.store(), this);
                    if (opened) {
                        supervisor.configure(settings.link());
                    }
                } else {
                    changeStore(0);
                }
                publisher.dropAtMostOnceOffline();
                publisher.sweepSoon();
                wake(false);
            }
        });
    }

    /** The configuration given is not usable; the last one stays in force. */
    public void configurationRefused(String newName, String error) {
        name = newName;
        configurationError = error;
        Repeated.execute(scheduler, () -> {
            if (!stopping) {
                supervisor.cannotBegin(error);
                if (settings == null) {
                    condition.quietly(StoreHealth.FAILED, "no usable configuration: " + error);
                    publisher.health(condition.own());
                    ready.complete(null);
                }
            }
        });
    }

    /** Completes, on the loop, when publishing makes sense: the store is open, or cannot be opened now. */
    public CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    // ---- the store ------------------------------------------------------------------------------------------------

    /** Whether nothing is in the store, so that it may be another one; safe from any thread. */
    public boolean isEmpty() {
        return condition.told().health() != StoreHealth.OPENING && publisher.pending() == 0;
    }

    /**
     * Lets go of one store, which is empty, and opens another. What was admitted in the last moment ends in the store that
     * it was promised to; if that takes too long, everything stays as it is.
     */
    private void changeStore(int attempts) {
        if (stopping || storePlace.equals(settings.store().place())) {
            publisher.health(condition.own());
            return;
        }
        publisher.opening();
        if (publisher.pendingInStore() > 0 && attempts < STORE_CHANGE_ATTEMPTS) {
            continueStoreChange(STORE_CHANGE_NANOS, () -> changeStore(attempts + 1));
            return;
        } else if (publisher.pendingInStore() > 0) {
            publisher.health(condition.own());
            configurationError = STORE_CHANGE_WAITS;
            supervisor.configure(settings.link());
            changeStoreLater(settings);
            return;
        }
        condition.quietly(StoreHealth.OPENING, "being opened"); // whoever asks again, this stays until the new one is open
        supervisor.forget();
        opened = false;
        MessageStore before = store;
        before.close(() -> {
            if (!stopping) {
                MessageStore made = stores.apply(settings.store());
                publisher.use(made);
                session.use(made);
                store = made;
                made.configure(settings.store(), this);
                storePlace = settings.store().place(); // last: without heap all of this comes again
            }
        });
    }

    /** One task goes on with the change, whoever began it. */
    private void continueStoreChange(long nanos, Runnable task) {
        Scheduler.cancel(storeChange);
        storeChange = scheduler.at(scheduler.nanoTime() + nanos, task);
    }

    /** Looks now and then whether the store that was asked for can be taken. */
    private void changeStoreLater(ClientSettings wanted) {
        continueStoreChange(STORE_CHANGE_LATER_NANOS, () -> {
            if (settings != wanted || stopping) {
                return; // a newer configuration sees to it
            } else if (publisher.pendingInStore() > 0) {
                changeStoreLater(wanted);
            } else {
                if (configurationError.equals(STORE_CHANGE_WAITS)) { // else a newer configuration was refused
                    configurationError = "";
                }
                changeStore(0);
            }
        });
    }

    @Override
    public void opened(StoredState state) {
        if (stopping) {
            return;
        }
        opened = true;
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
        wake(false);
    }

    @Override
    public void lost(int lane, long messages, long bytes) {
        publisher.lost(lane, messages, bytes);
    }

    @Override
    public void health(StoreHealth health, String reason) {
        publisher.health(new StoreCondition.Told(health, reason)); // before it is told: who reads that it is well may publish
        condition.health(health, reason);
        if (!opened && health == StoreHealth.FAILED) {
            supervisor.cannotBegin(reason);
            ready.complete(null);
        }
    }

    /** MQTT 5 is there from now on, or null = is not; safe from any thread. The stage completes, on the loop, when it is so. */
    public CompletionStage<Void> offer(ProtocolVersion five) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Repeated.execute(scheduler, () -> {
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
        Repeated.execute(scheduler, this::stopNow);
        return stopped.minimalCompletionStage();
    }

    private void stopNow() {
        if (left) {
            return;
        }
        stopping = true;
        dispatcher.stop();
        supervisor.stop(() -> store.close(() -> {
            publisher.kept();
            stopped.complete(null);
        }));
        publisher.stop();
        subscribers.stop();
        connecting.failed(STOPPED);
        notifiers.forEach(StatusNotifier::finish);
        left = true;
    }

    private void wake(boolean urgent) {
        supervisor.wake(urgent);
    }

    // ---- publishing; safe from any thread -------------------------------------------------------------------------

    /** The publishing half. */
    public Publisher publisher() {
        return publisher;
    }

    /** What an operator looks into. */
    public ClientInspector inspector() {
        return inspector;
    }

    /** Publishes. */
    public Publication publish(Message message) {
        return publisher.publish(message);
    }

    /** How a message ended. */
    public Outcome outcome(long id) {
        return publisher.outcome(id);
    }

    /** Waits until nothing is pending. */
    public CompletionStage<Boolean> drain(Duration timeout) {
        return publisher.drain(timeout);
    }

    @Override
    public void ended(Outgoing message, Outcome.Kind kind, Reason reason) {
        publisher.ended(message, kind, reason);
    }

    // ---- subscribing ----------------------------------------------------------------------------------------------

    /** Makes the queue that serves one listener for any number of filters; safe from any thread. */
    public ListenerQueue queue(MessageListener listener, String description, boolean manual) {
        return dispatcher.queue(listener, description, manual);
    }

    /** Makes the queue of a receiver that fetches; {@code signal} runs when something is new. Safe from any thread. */
    public PullQueue pullQueue(String description, boolean manual, int capacity, IntConsumer signal) {
        return dispatcher.pullQueue(description, manual, capacity, signal);
    }

    /** Subscribes, with {@link Subscribe.Request#options()}; safe from any thread. */
    public ClientSubscription subscribe(String filter, int options, InboundQueue queue) {
        return subscribe(filter, options, List.of(), queue);
    }

    /** The same with user properties for the broker. */
    public ClientSubscription subscribe(String filter, int options, List<UserProperty> userProperties, InboundQueue queue) {
        return subscribe(List.of(filter), options, userProperties, queue).get(0);
    }

    /** The same for several filters, in one packet where that is possible. */
    public List<ClientSubscription> subscribe(List<String> filters, int options, List<UserProperty> userProperties,
            InboundQueue queue) {
        List<ClientSubscription> all = filters.stream().map(filter -> new ClientSubscription(this, filter, queue)).toList();
        Repeated.execute(scheduler, () -> all.forEach(stopping ? subscribers::end : each -> subscribers.add(each, options, userProperties)));
        return all;
    }

    /** Has a listener take what no subscription matches; safe from any thread. */
    public void addUnmatched(InboundQueue queue) {
        onLoop(() -> dispatcher.addUnmatched(queue));
    }

    /** Takes that back, and ends the listener if it has no subscription either; safe from any thread. */
    public void removeUnmatched(InboundQueue queue) {
        Repeated.execute(scheduler, () -> {
            dispatcher.removeUnmatched(queue);
            dispatcher.close(queue);
        });
    }

    /** Ends one of several subscriptions of a listener, for good; safe from any thread. */
    public void unsubscribe(ClientSubscription subscription) {
        Repeated.execute(scheduler, () -> subscribers.remove(subscription, false));
    }

    /** Ends a subscription, and its listener if that has no other; safe from any thread. */
    void close(ClientSubscription subscription, boolean grace) {
        close(List.of(subscription), subscription.queue(), grace);
    }

    /**
     * Ends all subscriptions of a listener; safe from any thread.
     *
     * @param grace whether it may come back soon
     */
    public void close(Collection<ClientSubscription> all, InboundQueue queue, boolean grace) {
        Repeated.execute(scheduler, () -> {
            all.forEach(subscription -> subscribers.remove(subscription, grace));
            dispatcher.close(queue);
        });
    }

    @Override
    public void subscribe(String filter, int options, boolean anew) {
        session.subscribe(filter, options, anew);
        wake(false);
    }

    @Override
    public void unsubscribe(String filter) {
        subscribers.unsubscribe(filter);
        wake(false);
    }

    @Override
    public void removed(String filter, Subscription.Removal removal) {
        subscribers.removed(filter, removal);
    }

    @Override
    public void granted(String filter, Reason reason) {
        Subscription.Grant grant = new Subscription.Grant(reason.code(), reason.text(), reason.userProperties());
        subscribers.granted(filter, grant);
        if (!grant.isGranted()) {
            counters.count(Counter.SUBSCRIPTIONS_REFUSED);
            events.subscriptionRefused(filter, grant.code());
        }
    }

    @Override
    public void received(Incoming message) {
        dispatcher.received(message);
        counters.set(Counter.UNHANDLED, dispatcher.unhandled());
    }

    @Override
    public void oversized(String topic, int size) {
        dropped(topic, "larger than packet.max.bytes: " + size + " bytes");
    }

    @Override
    public void handled(Incoming message) {
        counters.set(Counter.UNHANDLED, dispatcher.unhandled());
        session.handled(message);
        wake(false);
    }

    @Override
    public void birthMissing(String topic, Reason reason) {
        events.dropped(topic, Outcome.Kind.REFUSED, "birth message: " + reason.text());
    }

    @Override
    public void pauseReading(boolean pause) {
        supervisor.pauseReading(pause);
    }

    @Override
    public void dropped(String topic, String reason) {
        events.dropped(topic, Outcome.Kind.DROPPED, reason); // first: without heap it may come again
        counters.count(Counter.RECEIVED_DROPPED);
    }

    @Override
    public void failed(String listener, String topic, Throwable error, boolean setAside) {
        events.listenerFailed(listener, topic, error, setAside); // first: without heap it may come again
        counters.count(Counter.LISTENER_FAILURES);
    }

    @Override
    public void slow(String listener, long nanos) {
        events.listenerSlow(listener, nanos);
    }

    /** Makes what sends requests for one user of the client; safe from any thread. */
    public Requests requests() {
        return new Requests(this, environment);
    }

    // ---- the connection; safe from any thread ---------------------------------------------------------------------

    /** The state now. */
    public ClientStatus status() {
        LinkStatus now = linkStatus;
        StoreCondition.Told store = condition.told();
        return new ClientStatus(name, now.state(), Instant.ofEpochMilli(now.sinceMillis()), now.reason(), now.broker(),
                now.clientId(), now.protocol(), now.attempt(),
                Duration.ofMillis(now.millisToNextAttempt(scheduler.nanoTime())),
                now.sessionPresent(), configurationError, now.reasonCode(), now.limits(), store.health(), store.reason());
    }

    public boolean isConnected() {
        return linkStatus.state() == ConnectionState.ONLINE;
    }

    /** Hears of every change, beginning with the present state. */
    public AutoCloseable addConnectionListener(ConnectionListener listener) {
        StatusNotifier notifier = new StatusNotifier(listener, environment.listeners(),
                (failed, error) -> Repeated.execute(scheduler, () -> {
                    counters.count(Counter.LISTENER_FAILURES);
                    events.connectionListenerFailed(failed.getClass().getName(), error);
                }));
        Repeated.execute(scheduler, () -> {
            if (!stopping && !notifiers.contains(notifier)) {
                notifiers.add(notifier);
                notifier.offer(status());
            }
        });
        return () -> {
            notifier.close();
            Repeated.execute(scheduler, () -> notifiers.remove(notifier));
        };
    }

    /**
     * Something was used up (the heap) while the loop was at work, so what it did may be half done: connects anew, so that the
     * broker repeats what is not acknowledged and gets again what it has not acknowledged, and sees to it that everything that waits
     * for something later is planned. On the loop; repeatable.
     */
    @Override
    public void mend() {
        new Mending().add(supervisor::disconnectNow).add(() -> store.mend()).add(this::mendStoreChange).add(session::mend)
                .add(publisher::mend).add(dispatcher::mend).add(() -> counters.set(Counter.UNHANDLED, dispatcher.unhandled()))
                .add(supervisor::mend).run();
    }

    /** A change of the store may have stopped half way. */
    private void mendStoreChange() {
        if (!stopping && settings != null) {
            changeStore(0);
        }
    }

    /** The loop, without which nothing goes on, has ended. */
    public void fail(String reason) {
        health(StoreHealth.FAILED, reason);
        supervisor.loopEnded(reason);
    }

    /** Answers whether the broker is there; safe from any thread. */
    public CompletionStage<Boolean> brokerUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        Repeated.execute(scheduler, () -> supervisor.probe(up -> environment.completions().execute(() -> answer.complete(up))));
        return answer.minimalCompletionStage();
    }

    /** Answers whether the wide area network is there; safe from any thread. */
    public CompletionStage<Boolean> wanUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (isConnected()) {
            answer.complete(true);
        } else {
            ClientSettings.NameServer server = wanProbe;
            Repeated.execute(scheduler, () -> environment.network().queryDns(server.host(), server.port(),
                    up -> environment.completions().execute(() -> answer.complete(up))));
        }
        return answer.minimalCompletionStage();
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
        onLoop(dispatcher::keepSubscriptions);
    }

    /** The clocks have jumped; safe from any thread. */
    public void clockJumped() {
        onLoop(supervisor::clockJumped);
    }

    @Override
    public boolean isDrained() {
        return publisher.pending() == 0 && dispatcher.unhandled() == 0;
    }

    /** The figures now; safe from any thread. */
    public ClientMetrics metrics() {
        StoreFigures figures = store.figures();
        return new ClientMetrics(publisher.accepted(), publisher.rejected(), publisher.ended(Outcome.Kind.DELIVERED),
                publisher.ended(Outcome.Kind.EXPIRED), publisher.ended(Outcome.Kind.CANCELLED),
                publisher.ended(Outcome.Kind.REFUSED), publisher.ended(Outcome.Kind.DEAD_LETTERED),
                publisher.ended(Outcome.Kind.DROPPED), publisher.ended(Outcome.Kind.CLOSED),
                publisher.pending(), publisher.pendingBytes(), publisher.oldestMillis(), (int) counters.get(Counter.IN_FLIGHT),
                counters.get(Counter.ROUND_TRIP_NANOS), counters.get(Counter.REPEATED), counters.get(Counter.RECEIVED),
                counters.get(Counter.RECEIVED_DUPLICATES), (int) counters.get(Counter.UNHANDLED),
                counters.get(Counter.RECEIVED_DROPPED), counters.get(Counter.LISTENER_FAILURES),
                counters.get(Counter.STRAY_ACKNOWLEDGEMENTS), counters.get(Counter.CONNECTIONS),
                counters.get(Counter.ATTEMPTS), counters.get(Counter.SESSIONS_LOST),
                counters.get(Counter.SUBSCRIPTIONS_REFUSED), figures.bytes(), figures.bytesWritten(), figures.forces(),
                figures.recordsSkipped(), figures.segmentsQuarantined());
    }

    /** Pauses; the stage completes when the connection is gone. */
    public CompletionStage<Void> disconnect() {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        Repeated.execute(scheduler, () -> {
            if (!stopping) {
                supervisor.pause();
                connecting.failed(Supervisor.PAUSED);
            }
            supervisor.whenClosed(() -> connecting.succeed(gone));
        });
        return gone.minimalCompletionStage();
    }

    /** Goes on after a pause; the stage completes when there is a connection. */
    public CompletionStage<Void> connect() {
        return connect(supervisor::resume);
    }

    /** Makes a new connection; the stage completes when it is there. */
    public CompletionStage<Void> reconnect() {
        return connect(() -> supervisor.restart("reconnect() was called"));
    }

    private CompletionStage<Void> connect(Runnable begin) {
        CompletableFuture<Void> there = new CompletableFuture<>();
        Repeated.execute(scheduler, () -> {
            if (!stopping) {
                begin.run();
            }
            if (stopping || supervisor.isPaused()) {
                connecting.fail(there, stopping ? STOPPED : Supervisor.PAUSED);
            } else if (isConnected()) {
                connecting.succeed(there);
            } else {
                connecting.add(there);
            }
        });
        return there.minimalCompletionStage();
    }

    private void onLoop(Runnable task) {
        Repeated.execute(scheduler, () -> {
            if (!stopping) {
                task.run();
            }
        });
    }

    @Override
    public void statusChanged(LinkStatus newStatus) {
        linkStatus = newStatus;
        if (newStatus.state() == ConnectionState.RESOLVING) {
            counters.count(Counter.ATTEMPTS);
        } else if (newStatus.state() == ConnectionState.ONLINE) {
            counters.count(Counter.CONNECTIONS);
            if (newStatus.sessionLost()) {
                counters.count(Counter.SESSIONS_LOST);
            }
        }
        publisher.online(isConnected());
        if (isConnected()) {
            connecting.connected();
        }
        ClientStatus status = status();
        notifiers.forEach(notifier -> notifier.offer(status));
        events.changed(status, newStatus.sessionLost(), newStatus.permanent());
    }
}
