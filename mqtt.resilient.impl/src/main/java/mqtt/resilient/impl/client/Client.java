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
public final class Client implements SessionEvents, Dispatcher.Events, Supervisor.Listener {
    private static final String STOPPED = "the client has stopped";

    private final Environment environment;
    private final Scheduler scheduler;
    private final Commands commands;
    private final ClientEvents events;
    private final Counters counters = new Counters();
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
    private final StoreCondition condition;
    private final ClientStore store;
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
        wanProbe = initial.wanProbe();
        scheduler = environment.scheduler();
        commands = new Commands(scheduler);
        connecting = new Connecting(environment.completions());
        condition = new StoreCondition(events::storeHealth);
        MessageStore none = new MemoryStore();
        publisher = new Publisher(environment, none, initial, events, this::wake, condition);
        session = new Session(none, this, scheduler, counters, initial.session());
        publisher.session(session);
        dispatcher = new Dispatcher(scheduler, environment.listeners(), this, initial.dispatch());
        supervisor = new Supervisor(environment.network(), scheduler, environment.random(), protocol, session, this);
        subscribers = new Subscribers(session, dispatcher, environment.completions());
        inspector = new Inspector(environment, publisher,
                () -> dispatcher.inspect(ClientInspector.MAX_RESULTS, subscribers::grant));
        store = new ClientStore(scheduler, none, stores, publisher, session, dispatcher, supervisor, events, condition);
        linkStatus = supervisor.status();
    }

    // ---- configuration; safe from any thread ----------------------------------------------------------------------

    /** Takes a configuration and, the first time, starts. */
    public void configure(String newName, ClientSettings newSettings) {
        name = newName;
        configurationError = "";
        wanProbe = newSettings.wanProbe();
        publisher.reconfigure(newSettings);
        commands.execute(() -> {
            if (!stopping) {
                session.reconfigure(newSettings.session());
                dispatcher.reconfigure(newSettings.dispatch());
                store.configure(newSettings);
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
        commands.execute(() -> {
            if (!stopping) {
                supervisor.cannotBegin(error);
                store.refuse(error);
            }
        });
    }

    /** Completes, on the loop, when publishing makes sense: the store is open, or cannot be opened now. */
    public CompletionStage<Void> ready() {
        return store.ready();
    }

    /** Whether nothing is in the store, so that it may be another one; safe from any thread. */
    public boolean isEmpty() {
        return store.isEmpty();
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
    public void settled(Outgoing message, Outcome.Kind kind, Reason reason) {
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
    public ClientSubscription subscribe(String filter, int options, List<UserProperty> userProperties,
            InboundQueue queue) {
        return subscribe(List.of(filter), options, userProperties, queue).get(0);
    }

    /** The same for several filters, in one packet where that is possible. */
    public List<ClientSubscription> subscribe(List<String> filters, int options, List<UserProperty> userProperties,
            InboundQueue queue) {
        List<ClientSubscription> all = filters.stream().map(filter -> new ClientSubscription(this, filter, queue))
                .toList();
        commands.execute(() -> all
                .forEach(stopping ? subscribers::end : each -> subscribers.add(each, options, userProperties)));
        return all;
    }

    /** Has a listener take what no subscription matches; safe from any thread. */
    public void addUnmatched(InboundQueue queue) {
        onLoop(() -> dispatcher.addUnmatched(queue));
    }

    /** Takes that back, and ends the listener if it has no subscription either; safe from any thread. */
    public void removeUnmatched(InboundQueue queue) {
        commands.execute(() -> {
            dispatcher.removeUnmatched(queue);
            dispatcher.close(queue);
        });
    }

    /** Ends one of several subscriptions of a listener, for good; safe from any thread. */
    public void unsubscribe(ClientSubscription subscription) {
        commands.execute(() -> subscribers.remove(subscription, false));
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
        commands.execute(() -> {
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
        StoreCondition.Told told = condition.told();
        String error = configurationError;
        return new ClientStatus(name, now.state(), Instant.ofEpochMilli(now.sinceMillis()), now.reason(), now.broker(),
                now.clientId(), now.protocol(), now.attempt(),
                Duration.ofMillis(now.millisToNextAttempt(scheduler.nanoTime())),
                now.sessionPresent(), error.isEmpty() ? store.changeError() : error, now.reasonCode(), now.limits(),
                told.health(), told.reason(), now.brokers());
    }

    public boolean isConnected() {
        return linkStatus.state() == ConnectionState.ONLINE;
    }

    /** Hears of every change, beginning with the present state. */
    public AutoCloseable addConnectionListener(ConnectionListener listener) {
        StatusNotifier notifier = new StatusNotifier(listener, environment.listeners(),
                (failed, error) -> commands.execute(() -> {
                    counters.count(Counter.LISTENER_FAILURES);
                    events.connectionListenerFailed(failed.getClass().getName(), error);
                }));
        commands.execute(() -> {
            if (!stopping && !notifiers.contains(notifier)) {
                notifiers.add(notifier);
                notifier.offer(status());
            }
        });
        return () -> {
            notifier.close();
            commands.execute(() -> notifiers.remove(notifier));
        };
    }

    /**
     * Something was used up (the heap) while the loop was at work, so what it did may be half done: connects anew, so
     * that the broker repeats what is not acknowledged and gets again what it has not acknowledged, and sees to it that
     * everything that waits for something later is planned. On the loop; repeatable.
     */
    @Override
    public void mend() {
        new Mending().add(supervisor::disconnectNow).add(store::mend).add(store::mendChange).add(session::mend)
                .add(publisher::mend).add(dispatcher::mend)
                .add(() -> counters.set(Counter.UNHANDLED, dispatcher.unhandled()))
                .add(supervisor::mend).run();
    }

    /** The loop, without which nothing goes on, has ended. */
    public void fail(String reason) {
        store.health(StoreHealth.FAILED, reason);
        supervisor.loopEnded(reason);
    }

    /** Answers whether the broker is there; safe from any thread. */
    public CompletionStage<Boolean> brokerUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        commands.execute(() -> supervisor.probe(up -> environment.completions().execute(() -> answer.complete(up))));
        return answer.minimalCompletionStage();
    }

    /** Answers whether the wide area network is there; safe from any thread. */
    public CompletionStage<Boolean> wanUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (isConnected()) {
            answer.complete(true);
        } else {
            ClientSettings.NameServer server = wanProbe;
            commands.execute(() -> environment.network().queryDns(server.host(), server.port(),
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
                publisher.pending(), publisher.pendingBytes(), publisher.oldestMillis(),
                (int) counters.get(Counter.IN_FLIGHT),
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
        commands.execute(() -> {
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
        commands.execute(() -> {
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
        commands.execute(() -> {
            if (!stopping) {
                task.run();
            }
        });
    }

    @Override
    public void reasonChanged(LinkStatus newStatus) {
        linkStatus = newStatus;
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
