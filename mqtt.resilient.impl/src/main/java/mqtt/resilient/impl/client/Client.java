package mqtt.resilient.impl.client;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.dispatch.InboundQueue;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.dispatch.PullQueue;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.link.LinkStatus;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.SessionEvents;
import mqtt.resilient.spi.NetworkStateSource;
import mqtt.resilient.spi.ProtocolVersion;

/**
 * One client. The methods that say so are safe from any thread; they bring what they have to the loop, where everything
 * else happens. A message goes {@link #publish} → {@link Intake} → {@link #append} → {@link MessageStore} →
 * {@link Session} → {@link #ended}.
 */
public final class Client implements SessionEvents, Dispatcher.Events, Supervisor.Listener {
    private static final long SWEEP_NANOS = 1_000_000_000L;

    private final Environment environment;
    private final Scheduler scheduler;
    private final ProtocolVersion protocol;
    private final ClientEvents events;
    private final Counters counters = new Counters();
    private final AtomicLongArray ends = new AtomicLongArray(Outcome.Kind.values().length);
    private final Intake intake;
    private final Outcomes outcomes;
    private final MessageStore store;
    private final Session session;
    private final Supervisor supervisor;
    private final Dispatcher dispatcher;
    private final Map<String, List<ClientSubscription>> subscriptions = new HashMap<>();
    private final List<StatusNotifier> notifiers = new CopyOnWriteArrayList<>();
    private final List<Drain> drains = new ArrayList<>();
    private final Queue<Runnable> spaceWaiters = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private volatile String name;
    private volatile ClientSettings.NameServer wanProbe;
    /** On the loop only. */
    private AutoCloseable networkListener;
    private volatile LinkStatus linkStatus;
    private volatile String configurationError = "";
    private Scheduler.Timer sweep;
    private boolean expiryUsed;
    private boolean stopping;

    /** A wait for the end of all messages. */
    private record Drain(CompletableFuture<Boolean> done, Scheduler.Timer timeout) {
    }

    /**
     * Makes a client that does nothing yet; {@link #configure} starts it.
     *
     * @param initial bounds and limits until the first configuration
     */
    public Client(Environment environment, String name, ProtocolVersion protocol, MessageStore store,
            ClientSettings initial, ClientEvents events) {
        this.environment = environment;
        this.name = name;
        this.protocol = protocol;
        this.store = store;
        this.events = events;
        wanProbe = initial.wanProbe();
        scheduler = environment.scheduler();
        outcomes = new Outcomes(environment.completions());
        intake = new Intake(scheduler, initial, this::append);
        session = new Session(store, this, scheduler, counters, initial.session());
        dispatcher = new Dispatcher(scheduler, environment.listeners(), this, initial.dispatch());
        supervisor = new Supervisor(environment.network(), scheduler, environment.random(), protocol, session, this);
        linkStatus = supervisor.status();
    }

    // ---- configuration; safe from any thread ----------------------------------------------------------------------

    /** Takes a configuration and, the first time, starts. */
    public void configure(String newName, ClientSettings settings) {
        name = newName;
        configurationError = "";
        wanProbe = settings.wanProbe();
        intake.reconfigure(settings);
        scheduler.execute(() -> {
            if (!stopping) {
                session.reconfigure(settings.session());
                dispatcher.reconfigure(settings.dispatch());
                supervisor.configure(settings.link());
                dropAtMostOnceOffline();
                supervisor.wake(false);
                sweepSoon();
            }
        });
    }

    /** The configuration given is not usable; the last one stays in force. */
    public void configurationRefused(String newName, String error) {
        name = newName;
        configurationError = error;
        scheduler.execute(() -> {
            if (!stopping) {
                supervisor.fail(error);
            }
        });
    }

    /** Ends the client. The stage completes, on the loop, when the broker has been told; repeatable. */
    public CompletionStage<Void> stop() {
        intake.close();
        scheduler.execute(this::stopNow);
        return stopped.minimalCompletionStage();
    }

    private void stopNow() {
        if (stopping) {
            return;
        }
        stopping = true;
        if (sweep != null) {
            sweep.cancel();
        }
        closeNetworkListener();
        dispatcher.stop();
        supervisor.stop(() -> stopped.complete(null));
        for (Outgoing left = session.pollInFlight(); left != null; left = session.pollInFlight()) {
            close(left);
        }
        for (Outgoing left = store.removeOldest(); left != null; left = store.removeOldest()) {
            close(left);
        }
        for (Outgoing left = session.pollAtMostOnce(); left != null; left = session.pollAtMostOnce()) {
            close(left);
        }
        subscriptions.values().forEach(all -> all.forEach(
                one -> one.answer(Subscription.Grant.CLOSED, environment.completions())));
        subscriptions.clear();
        List.copyOf(drains).forEach(drain -> endDrain(drain, intake.pending() == 0));
        notifiers.forEach(StatusNotifier::close);
    }

    private void close(Outgoing message) {
        ended(message, Outcome.Kind.CLOSED, "the client has stopped");
        message.end();
    }

    // ---- publishing -----------------------------------------------------------------------------------------------

    /** Publishes; safe from any thread. */
    public Publication publish(Message message) {
        try {
            return admit(message);
        } catch (RejectedException e) {
            intake.countRejection();
            return new RejectedPublication(e);
        }
    }

    /** Publishes unless the client is full; safe from any thread. */
    public Optional<Publication> offer(Message message) {
        try {
            return Optional.of(admit(message));
        } catch (RejectedException e) {
            if (e.reason() == RejectedException.Reason.FULL) {
                return Optional.empty();
            }
            intake.countRejection();
            return Optional.of(new RejectedPublication(e));
        }
    }

    private Publication admit(Message message) {
        Outgoing admitted = intake.admit(message);
        return new ClientPublication(this, admitted.id(),
                message.qos() == Qos.AT_MOST_ONCE ? Durability.VOLATILE : Durability.MEMORY);
    }

    CompletionStage<Durability> stored(ClientPublication publication) {
        return publication.durability() == Durability.VOLATILE
                ? CompletableFuture.completedStage(Durability.VOLATILE)
                : outcomes.watchStored(publication.id(), publication.durability());
    }

    CompletionStage<Outcome> delivered(long id) {
        return outcomes.watch(id, intake.lastId(), this::lookFor);
    }

    /** The history does not reach back to a watched message: it may be pending all the same. */
    private void lookFor(long id) {
        scheduler.execute(() -> {
            if (!store.contains(id) && !session.isInFlight(id)) {
                outcomes.unknown(id);
            }
        });
    }

    /**
     * Hears once when there is space again; safe from any thread. One waiter is told for each message that ends, on the
     * loop; it must not block.
     */
    public void whenSpace(Runnable waiter) {
        spaceWaiters.add(waiter);
    }

    /** Takes a waiter back; if it was told already, the next one is. Safe from any thread. */
    public void forgetSpace(Runnable waiter) {
        if (!spaceWaiters.remove(waiter)) {
            tellSpace();
        }
    }

    private void tellSpace() {
        Runnable waiter = spaceWaiters.poll();
        if (waiter != null) {
            waiter.run();
        }
    }

    /** Withdraws a message that was never sent; safe from any thread. */
    CompletionStage<Boolean> cancel(long id) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        scheduler.execute(() -> {
            Outgoing queued = store.remove(id);
            List<Outgoing> found = queued != null ? List.of(queued)
                    : session.removeAtMostOnce(message -> message.id() == id);
            found.forEach(message -> end(message, Outcome.Kind.CANCELLED, ""));
            environment.completions().execute(() -> done.complete(!found.isEmpty()));
        });
        return done.minimalCompletionStage();
    }

    /** How a message ended; safe from any thread. */
    public Outcome outcome(long id) {
        return outcomes.get(id, intake.lastId());
    }

    private void append(Outgoing message) {
        if (stopping) {
            outcomes.notStored(message.id(), new RejectedException(RejectedException.Reason.CLOSED,
                    "client: it has stopped"));
            close(message);
            return;
        }
        expiryUsed |= message.message().expiresAfterNanos() > 0;
        int lane = message.lane(); // it may come to its end here
        if (message.message().qos() == Qos.AT_MOST_ONCE) {
            session.offerAtMostOnce(message);
            dropAtMostOnceOffline();
            while (intake.isOverfullAtMostOnce() && session.hasAtMostOnce()) {
                end(session.pollAtMostOnce(), Outcome.Kind.DROPPED, "QoS 0 beyond qos0.max.bytes");
            }
        } else {
            store.append(message);
            outcomes.stored(message.id(), Durability.MEMORY);
            if (intake.bounds().dropOldest()) {
                dropBeyondBounds(lane);
            }
        }
        sweepSoon();
        supervisor.wake(lane == Message.LANE_ALARM);
    }

    private void dropBeyondBounds(int lane) {
        while (intake.isOverfull(lane) && dropped(store.removeOldest(lane))) {
            continue;
        }
        while (intake.isOverfull() && dropped(store.removeOldest())) {
            continue;
        }
    }

    /** Ends a message that was pushed out; false if there was none, because all of it is under way. */
    private boolean dropped(Outgoing oldest) {
        if (oldest != null) {
            end(oldest, Outcome.Kind.DROPPED, "pushed out by newer messages (store.overflow)");
        }
        return oldest != null;
    }

    /** Looks once a second for messages that are too old, as long as there can be any. */
    private void sweepSoon() {
        if (sweep == null && (store.queued() > 0 || session.hasAtMostOnce()) && (expiryUsed || intake.bounds().hasAge())) {
            sweep = scheduler.at(scheduler.nanoTime() + SWEEP_NANOS, () -> {
                sweep = null;
                long now = scheduler.nanoTime();
                store.visitSome(message -> {
                    if (isTooOld(message, now)) {
                        store.remove(message.id());
                        endTooOld(message, now);
                    }
                });
                session.removeAtMostOnce(message -> isTooOld(message, now))
                        .forEach(message -> endTooOld(message, now));
                sweepSoon();
            });
        }
    }

    private boolean isTooOld(Outgoing message, long now) {
        return message.isExpired(now) || message.isOlderThan(intake.bounds().maxAgeNanos(message.lane()), now);
    }

    private void endTooOld(Outgoing message, long now) {
        boolean expired = message.isExpired(now);
        end(message, expired ? Outcome.Kind.EXPIRED : Outcome.Kind.DROPPED,
                expired ? "" : "older than store.max.age.seconds or store.lanes allow");
    }

    private void end(Outgoing message, Outcome.Kind kind, String reason) {
        ended(message, kind, reason);
        message.end();
    }

    @Override
    public void ended(Outgoing message, Outcome.Kind kind, String reason) {
        intake.ended(message);
        ends.lazySet(kind.ordinal(), ends.get(kind.ordinal()) + 1);
        outcomes.ended(message.id(), kind, reason);
        tellSpace();
        if (kind == Outcome.Kind.SET_ASIDE) {
            events.setAside(message.id(), message.message().topic(), reason);
        } else if (kind != Outcome.Kind.DELIVERED && kind != Outcome.Kind.CANCELLED) {
            events.dropped(message.message().topic(), kind, reason);
        }
        if (!drains.isEmpty() && intake.pending() == 0) {
            List.copyOf(drains).forEach(drain -> endDrain(drain, true));
        }
    }

    /** Waits until nothing is pending; safe from any thread. */
    public CompletionStage<Boolean> drain(Duration timeout) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        scheduler.execute(() -> {
            if (intake.pending() == 0 || stopping) {
                boolean empty = intake.pending() == 0;
                environment.completions().execute(() -> done.complete(empty));
            } else {
                Drain[] drain = new Drain[1];
                drain[0] = new Drain(done, scheduler.at(scheduler.nanoTime() + timeout.toNanos(),
                        () -> endDrain(drain[0], false)));
                drains.add(drain[0]);
            }
        });
        return done.minimalCompletionStage();
    }

    private void endDrain(Drain drain, boolean empty) {
        drains.remove(drain);
        drain.timeout().cancel();
        environment.completions().execute(() -> drain.done().complete(empty));
    }

    // ---- subscribing ----------------------------------------------------------------------------------------------

    /** Makes the queue that serves one listener for any number of filters; safe from any thread. */
    public ListenerQueue queue(MessageListener listener, String description, boolean manual) {
        return dispatcher.queue(listener, description, manual);
    }

    /** Makes the queue of a receiver that fetches; {@code signal} runs when something is new. Safe from any thread. */
    public PullQueue pullQueue(String description, boolean manual, int capacity, Runnable signal) {
        return dispatcher.pullQueue(description, manual, capacity, signal);
    }

    /** Subscribes; safe from any thread. */
    public ClientSubscription subscribe(String filter, int qos, InboundQueue queue) {
        ClientSubscription subscription = new ClientSubscription(this, filter, qos, queue);
        scheduler.execute(() -> {
            if (stopping) {
                subscription.answer(Subscription.Grant.CLOSED, environment.completions());
            } else {
                subscriptions.computeIfAbsent(filter, key -> new ArrayList<>(1)).add(subscription);
                dispatcher.add(filter, qos, queue);
            }
        });
        return subscription;
    }

    /** Ends one of several subscriptions of a listener, for good; safe from any thread. */
    public void unsubscribe(ClientSubscription subscription) {
        scheduler.execute(() -> remove(subscription, false));
    }

    private void remove(ClientSubscription subscription, boolean grace) {
        List<ClientSubscription> same = subscriptions.get(subscription.filter());
        if (same != null && same.remove(subscription)) {
            if (same.isEmpty()) {
                subscriptions.remove(subscription.filter());
            }
            dispatcher.remove(subscription.filter(), subscription.queue(), grace);
            subscription.answer(Subscription.Grant.CLOSED, environment.completions());
        }
    }

    /** Ends a subscription and its listener; safe from any thread. */
    void close(ClientSubscription subscription, boolean grace) {
        close(List.of(subscription), subscription.queue(), grace);
    }

    /**
     * Ends all subscriptions of a listener; safe from any thread.
     *
     * @param grace whether it may come back soon
     */
    public void close(Collection<ClientSubscription> all, InboundQueue queue, boolean grace) {
        scheduler.execute(() -> {
            all.forEach(subscription -> remove(subscription, grace));
            dispatcher.close(queue);
        });
    }

    @Override
    public void subscribe(String filter, int qos) {
        session.subscribe(filter, qos);
        supervisor.wake(false);
    }

    @Override
    public void unsubscribe(String filter) {
        session.unsubscribe(filter);
        supervisor.wake(false);
    }

    @Override
    public void granted(String filter, int code) {
        Subscription.Grant grant = new Subscription.Grant(code);
        for (ClientSubscription subscription : subscriptions.getOrDefault(filter, List.of())) {
            subscription.answer(grant, environment.completions());
        }
        if (!grant.isGranted()) {
            counters.count(Counter.SUBSCRIPTIONS_REFUSED);
            events.subscriptionRefused(filter, code);
        }
    }

    @Override
    public void received(Incoming message) {
        dispatcher.received(message);
        counters.set(Counter.UNHANDLED, dispatcher.unhandled());
    }

    @Override
    public void handled(Incoming message) {
        counters.set(Counter.UNHANDLED, dispatcher.unhandled());
        session.handled(message);
        supervisor.wake(false);
    }

    @Override
    public void pauseReading(boolean pause) {
        supervisor.pauseReading(pause);
    }

    @Override
    public void dropped(String topic, String reason) {
        counters.count(Counter.RECEIVED_DROPPED);
        events.dropped(topic, Outcome.Kind.DROPPED, reason);
    }

    @Override
    public void failed(String listener, String topic, Throwable error, boolean setAside) {
        counters.count(Counter.LISTENER_FAILURES);
        events.listenerFailed(listener, topic, error, setAside);
    }

    @Override
    public void slow(String listener, long nanos) {
        events.listenerSlow(listener, nanos);
    }

    // ---- the connection; safe from any thread ---------------------------------------------------------------------

    /** The state now. */
    public ClientStatus status() {
        LinkStatus now = linkStatus;
        return new ClientStatus(name, now.state(), Instant.ofEpochMilli(now.sinceMillis()), now.reason(), now.broker(),
                now.clientId(), protocol.name(), now.attempt(),
                Duration.ofMillis(Supervisor.millisUntil(now.nextAttempt(), scheduler.nanoTime())),
                now.sessionPresent(), configurationError);
    }

    public boolean isConnected() {
        return linkStatus.state() == ConnectionState.ONLINE;
    }

    /** Hears of every change, beginning with the present state. */
    public AutoCloseable addConnectionListener(ConnectionListener listener) {
        StatusNotifier notifier = new StatusNotifier(listener, environment.listeners(),
                (failed, error) -> scheduler.execute(() -> {
                    counters.count(Counter.LISTENER_FAILURES);
                    events.connectionListenerFailed(failed.getClass().getName(), error);
                }));
        scheduler.execute(() -> {
            if (!stopping) {
                notifiers.add(notifier);
                notifier.offer(status());
            }
        });
        return () -> {
            notifier.close();
            scheduler.execute(() -> notifiers.remove(notifier));
        };
    }

    /** Answers whether the broker is there; safe from any thread. */
    public CompletionStage<Boolean> brokerUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        scheduler.execute(() -> supervisor.probe(up -> environment.completions().execute(() -> answer.complete(up))));
        return answer.minimalCompletionStage();
    }

    /** Answers whether the wide area network is there; safe from any thread. */
    public CompletionStage<Boolean> wanUp() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (isConnected()) {
            answer.complete(true);
        } else {
            ClientSettings.NameServer server = wanProbe;
            environment.network().queryDns(server.host(), server.port(),
                    up -> environment.completions().execute(() -> answer.complete(up)));
        }
        return answer.minimalCompletionStage();
    }

    /** Takes the source of the network's state from now on; null for none. Safe from any thread. */
    public void networkSource(NetworkStateSource source) {
        scheduler.execute(() -> {
            closeNetworkListener();
            if (!stopping) {
                networkListener = source == null ? null
                        : source.listen(state -> onLoop(() -> supervisor.networkChanged(state)));
                supervisor.networkSource(source);
            }
        });
    }

    private void closeNetworkListener() {
        if (networkListener != null) {
            try {
                networkListener.close();
            } catch (Exception e) {
                events.connectionListenerFailed("network source", e);
            }
            networkListener = null;
        }
    }

    /** The clocks have jumped; safe from any thread. */
    public void clockJumped() {
        onLoop(supervisor::clockJumped);
    }

    @Override
    public boolean isDrained() {
        return intake.pending() == 0 && dispatcher.unhandled() == 0;
    }

    /** The figures now; safe from any thread. */
    public ClientMetrics metrics() {
        return new ClientMetrics(intake.lastId(), intake.rejected(), ended(Outcome.Kind.DELIVERED),
                ended(Outcome.Kind.EXPIRED), ended(Outcome.Kind.CANCELLED), ended(Outcome.Kind.REJECTED),
                ended(Outcome.Kind.SET_ASIDE), ended(Outcome.Kind.DROPPED), ended(Outcome.Kind.CLOSED),
                intake.pending(), intake.pendingBytesOfAll(), (int) counters.get(Counter.IN_FLIGHT),
                counters.get(Counter.REPEATED), counters.get(Counter.RECEIVED),
                counters.get(Counter.RECEIVED_DUPLICATES), (int) counters.get(Counter.UNHANDLED),
                counters.get(Counter.RECEIVED_DROPPED), counters.get(Counter.LISTENER_FAILURES),
                counters.get(Counter.STRAY_ACKNOWLEDGEMENTS), counters.get(Counter.CONNECTIONS),
                counters.get(Counter.ATTEMPTS), counters.get(Counter.SESSIONS_LOST),
                counters.get(Counter.SUBSCRIPTIONS_REFUSED));
    }

    private long ended(Outcome.Kind kind) {
        return ends.get(kind.ordinal());
    }

    public void disconnect() {
        onLoop(() -> supervisor.pause("disconnect() was called"));
    }

    public void connect() {
        onLoop(supervisor::resume);
    }

    public void reconnect() {
        onLoop(() -> supervisor.restart("reconnect() was called"));
    }

    private void onLoop(Runnable task) {
        scheduler.execute(() -> {
            if (!stopping) {
                task.run();
            }
        });
    }

    private void dropAtMostOnceOffline() {
        if (!isConnected() && !intake.bounds().qos0Offline()) {
            for (Outgoing left = session.pollAtMostOnce(); left != null; left = session.pollAtMostOnce()) {
                end(left, Outcome.Kind.DROPPED, "QoS 0 without a connection (qos0.offline)");
            }
        }
    }

    @Override
    public void changed(LinkStatus newStatus) {
        boolean wasOnline = isConnected();
        linkStatus = newStatus;
        if (newStatus.state() == ConnectionState.RESOLVING) {
            counters.count(Counter.ATTEMPTS);
        } else if (newStatus.state() == ConnectionState.ONLINE) {
            counters.count(Counter.CONNECTIONS);
            if (newStatus.sessionLost()) {
                counters.count(Counter.SESSIONS_LOST);
            }
        }
        intake.online(isConnected());
        if (wasOnline) {
            dropAtMostOnceOffline();
        }
        ClientStatus status = status();
        notifiers.forEach(notifier -> notifier.offer(status));
        events.changed(status, newStatus.sessionLost(), newStatus.permanent());
    }
}
