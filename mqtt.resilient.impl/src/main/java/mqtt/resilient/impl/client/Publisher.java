package mqtt.resilient.impl.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLongArray;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.Settling;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.packet.Reason;

/**
 * The publishing half of a client: accepts messages ({@link Intake}), brings them to the store or to the queue of QoS
 * 0, and reports how each was settled ({@link Outcomes}). The public methods are safe from any thread; the others are
 * for the loop.
 */
public final class Publisher implements Outgoing.Listener {
    private static final long NANOS_PER_MILLI = 1_000_000L;
    /** Reasons made beforehand, so that a message that is in no queue any more can be settled without heap. */
    private static final Reason CLOSED = new Reason(0, "the client has stopped");
    private static final Reason QOS0_BEYOND = new Reason(0, "QoS 0 beyond qos0.max.bytes");
    private static final Reason QOS0_OFFLINE = new Reason(0, "QoS 0 without a connection (qos0.offline)");
    private static final Reason PUSHED_OUT = new Reason(0, "pushed out by newer messages (store.overflow)");
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final Environment environment;
    private final Scheduler scheduler;
    private volatile MessageStore store;
    private final ClientEvents events;
    private final Intake intake;
    private final Outcomes outcomes;
    private final Settling settling = new Settling(this);
    private final AtomicLongArray ends = new AtomicLongArray(Outcome.Kind.values().length);
    private final Drains drains;
    private final Expiry expiry;
    private final Withdrawals withdrawals;
    private final DeadLetters deadLetters;
    private final Queue<Runnable> spaceWaiters = new ConcurrentLinkedQueue<>();
    /** Made beforehand: after a loss was counted nothing may fail, or the loss would be counted twice. */
    private final Runnable afterLoss;
    private Session session;
    private Supervisor supervisor;
    /** When the oldest pending message was accepted; meaningless while none is. */
    private volatile long oldestNanos;
    private boolean idle = true;
    private boolean online;
    private boolean stopping;
    /** The latest message that was put into the store or the queue of QoS 0. */
    private Outgoing taken;

    /**
     * Makes a publisher; {@link #connect} completes it.
     *
     * @param reported is told when a bound rejects messages
     */
    Publisher(Environment environment, MessageStore store, ClientSettings initial, ClientEvents events,
            ReportedHealth reported) {
        this.environment = environment;
        this.events = events;
        scheduler = environment.scheduler();
        afterLoss = Repeated.of(scheduler, this::afterLoss);
        drains = new Drains(scheduler, environment.completions());
        outcomes = new Outcomes(scheduler::execute, environment.completions());
        intake = new Intake(scheduler, initial, this::append, reported::full);
        expiry = new Expiry(scheduler, intake, settling);
        deadLetters = new DeadLetters(scheduler, environment.completions(), this);
        withdrawals = new Withdrawals(scheduler, environment.completions(), settling);
        use(store);
        if (initial.store().durability() != Durability.MEMORY) {
            opening();
        }
    }

    void connect(Session newSession, Supervisor newSupervisor) {
        session = newSession;
        supervisor = newSupervisor;
        expiry.session(newSession);
        withdrawals.session(newSession);
    }

    /** Takes new bounds; from any thread. */
    void reconfigure(ClientSettings settings) {
        intake.reconfigure(settings);
    }

    /** There is a connection now, or there is none. */
    void online(boolean isOnline) {
        online = isOnline;
        intake.online(isOnline);
        dropAtMostOnceOffline();
    }

    /** Admits nothing more; from any thread. */
    void close() {
        intake.close();
    }

    /** Nothing is admitted until a store is open. */
    void opening() {
        health(ReportedHealth.OPENING);
    }

    /** The same, if nothing is pending: the client may change to another store then. From any thread. */
    boolean leaveStore() {
        return intake.leave(rejection(ReportedHealth.OPENING));
    }

    /** The client keeps its store, which has this health. */
    void stayInStore(ReportedHealth.Told store) {
        intake.stay();
        health(store);
    }

    /** Takes another store than the one before, which was empty. */
    void use(MessageStore newStore) {
        store = newStore;
        intake.use(newStore.durability());
        expiry.use(newStore);
        withdrawals.use(newStore);
        deadLetters.use(newStore);
    }

    /** Counts what the store held: once, and if the heap is short nothing of it. {@link #sweepSoon} is to follow. */
    void restore(StoredState state) {
        oldestNanos = scheduler.nanoTime();
        long before = intake.lastId();
        intake.restore(state);
        if (before == 0 || state.lastId > 0) { // else the history of the store before is continued
            outcomes.begin(intake.lastId());
        }
        expiry.restore(state);
    }

    /** All messages up to this id are stored; from any thread, one call at a time. */
    void stored(long id) {
        outcomes.stored(id, store.durability());
    }

    /** Messages that were accepted cannot be read any more. */
    void lost(int lane, long messages, long bytes) {
        for (long i = 0; i < messages; i++) {
            events.dropped("", Outcome.Kind.DROPPED, "damaged record in the store");
        }
        intake.lost(lane, messages, bytes); // last of what may fail: without heap the call is repeated
        int kind = Outcome.Kind.DROPPED.ordinal();
        ends.lazySet(kind, ends.get(kind) + messages);
        scheduler.execute(afterLoss);
    }

    private void afterLoss() {
        tellSpace();
        lookForOldest();
        endDrainsIfEmpty();
    }

    /** The store has written so many more messages, which free that many bytes of the heap. */
    void written(int messages, long bytes) {
        intake.written(messages, bytes);
        tellSpace(messages);
    }

    /** The store has another health: while it cannot take messages, they are rejected. */
    void health(ReportedHealth.Told store) {
        intake.reject(rejection(store));
        tellSpace(Integer.MAX_VALUE);
    }

    private static Intake.Rejection rejection(ReportedHealth.Told store) {
        return switch (store.health()) {
            case OK, DEGRADED -> null;
            case FULL -> new Intake.Rejection(RejectedException.Reason.FULL, "store: " + store.reason());
            case OPENING, FAILED -> new Intake.Rejection(RejectedException.Reason.STORE, "store: " + store.reason());
        };
    }

    private void tellSpace(int most) {
        for (int waiters = Math.min(most, spaceWaiters.size()); waiters > 0; waiters--) {
            tellSpace();
        }
    }

    /** The store is closed, and has written what it could: what is pending is kept in it. */
    void kept() {
        outcomes.kept();
    }

    /** Settles what is pending and not kept in a store. */
    void stop() {
        stopping = true;
        expiry.stop();
        withdrawals.stop();
        drains.stop(intake.pending() == 0);
        for (Outgoing left = session.atMostOnce().poll(); left != null; left = session.atMostOnce().poll()) {
            close(left);
        }
        if (store.durability() != Durability.MEMORY) {
            return; // the store keeps them
        }
        for (Outgoing left = session.pollInFlight(); left != null; left = session.pollInFlight()) {
            close(left);
        }
        for (Outgoing left = store.removeOldest(); left != null; left = store.removeOldest()) {
            close(left);
        }
    }

    private void close(Outgoing message) {
        settling.settle(message, Outcome.Kind.CLOSED, CLOSED);
    }

    /** What is pending in a lane or with QoS 0; on the loop. */
    ClientInspector.Lane lane(int lane) {
        boolean atMostOnce = lane == ClientInspector.AT_MOST_ONCE;
        int[] inFlight = new int[1];
        long now = scheduler.nanoTime();
        Outgoing next = atMostOnce ? session.atMostOnce().peek() : store.next(lane);
        long[] oldest = { next == null ? now : next.acceptedNanos() };
        session.visitInFlight(message -> {
            if (message.lane() == lane) {
                inFlight[0]++;
                oldest[0] = Math.min(message.acceptedNanos() - now, oldest[0] - now) + now;
            }
        });
        return new ClientInspector.Lane(lane, Math.max(0, intake.pending(lane) - inFlight[0]), inFlight[0],
                intake.pendingBytes(lane), (now - oldest[0]) / NANOS_PER_MILLI);
    }

    /** Some of the oldest messages of a lane or of QoS 0 that were never sent; on the loop. */
    List<ClientInspector.Waiting> waiting(int lane, int most) {
        long now = scheduler.nanoTime();
        return (lane == ClientInspector.AT_MOST_ONCE ? session.atMostOnce().view() : store.oldest(lane, most)).stream()
                .limit(most)
                .map(message -> new ClientInspector.Waiting(message.id(), message.message().topic(),
                        message.message().qos(),
                        message.message().payloadLength(), (now - message.acceptedNanos()) / NANOS_PER_MILLI))
                .toList();
    }

    /** The messages that were given up, and are kept. */
    DeadLetters deadLetters() {
        return deadLetters;
    }

    /** Messages that are not settled. */
    long pending() {
        return intake.pending();
    }

    /** What they count for against the bounds. */
    long pendingBytes() {
        return intake.pendingBytesOfAll();
    }

    /** How long the oldest pending message has been pending; 0 = none is. */
    long oldestMillis() {
        return intake.pending() == 0 ? 0 : Math.max(0, scheduler.nanoTime() - oldestNanos) / NANOS_PER_MILLI;
    }

    /** Messages admitted so far. */
    long accepted() {
        return intake.accepted();
    }

    /** Messages rejected so far. */
    long rejected() {
        return intake.rejected();
    }

    /** Messages that were settled with this outcome so far. */
    long ended(Outcome.Kind kind) {
        return ends.get(kind.ordinal());
    }

    /** Publishes; safe from any thread. */
    public Publication publish(Message message) {
        try {
            return admit(message, false);
        } catch (RejectedException e) {
            intake.countRejection();
            return new RejectedPublication(e);
        }
    }

    /** Publishes unless the client is full; safe from any thread. */
    public Optional<Publication> offer(Message message) {
        try {
            return Optional.of(admit(message, true));
        } catch (RejectedException e) {
            if (e.reason() == RejectedException.Reason.FULL) {
                return Optional.empty();
            }
            intake.countRejection();
            return Optional.of(new RejectedPublication(e));
        }
    }

    private Publication admit(Message message, boolean waits) {
        Outgoing admitted = intake.admit(message, waits);
        return new ClientPublication(this, admitted.id(),
                message.qos() == Qos.AT_MOST_ONCE ? Durability.VOLATILE : store.durability());
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
        Repeated.execute(scheduler, () -> {
            if (!stopping && !session.isInFlight(id) && !session.atMostOnce().holds(id)) {
                store.find(id, found -> {
                    if (found == null && !session.isInFlight(id)) {
                        outcomes.unknown(id);
                    }
                });
            }
        });
    }

    /**
     * Runs a waiter once when there may be space again; safe from any thread. For each message that is settled one
     * waiter is run, on the loop; it must not block.
     */
    public void whenSpace(Runnable waiter) {
        spaceWaiters.add(waiter);
    }

    /**
     * Removes a waiter; if it was run already and does not need the space, {@code tellNext} has the next one run. From
     * any thread.
     */
    public void forgetSpace(Runnable waiter, boolean tellNext) {
        if (!spaceWaiters.remove(waiter) && tellNext) {
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
        return withdrawals.cancel(id);
    }

    /**
     * Withdraws the messages of a lane, or of QoS 0, that were accepted before now and never sent; safe from any
     * thread.
     */
    CompletionStage<Long> drop(int lane) {
        return withdrawals.drop(lane, intake.lastId());
    }

    /** How a message ended; safe from any thread. */
    public Outcome outcome(long id) {
        return outcomes.get(id, intake.lastId());
    }

    private void append(Outgoing message) {
        if (stopping) {
            outcomes.notStored(message.id(), new RejectedException(RejectedException.Reason.CLOSED, "client: stopped"));
            if (!message.hasEnded()) { // else this call is repeated, after a shortage of heap
                close(message);
            }
            return;
        }
        long acceptedNanos = message.acceptedNanos();
        int lane = message.hasEnded() ? 0 : message.lane(); // it may be settled here
        if (message != taken) { // else this call is repeated: after it was taken, the heap was short
            take(message);
            taken = message;
        }
        dropAtMostOnceOffline();
        while (!session.atMostOnce().isEmpty() && intake.isOverfullAtMostOnce()) {
            settling.settle(session.atMostOnce().poll(), Outcome.Kind.DROPPED, QOS0_BEYOND);
        }
        if (store.durability() == Durability.MEMORY) {
            outcomes.stored(message.id(), Durability.MEMORY);
        }
        dropBeyondBounds(lane);
        if (idle) {
            idle = false;
            oldestNanos = acceptedNanos;
        }
        sweepSoon();
        supervisor.wake(lane == Message.LANE_ALARM);
    }

    /** Puts a message into the store, or the queue of QoS 0; if it throws, nothing has changed. */
    private void take(Outgoing message) {
        expiry.taken(message);
        if (message.message().qos() == Qos.AT_MOST_ONCE) {
            session.atMostOnce().add(message);
        } else {
            store.append(message);
        }
    }

    /** The heap was short: does what could not be planned or told then, so that nothing waits for good. */
    void mend() {
        settling.resume();
        outcomes.mend();
        lookForOldest();
        dropAtMostOnceOffline();
        dropBeyondBounds();
        expiry.mend();
        tellSpace(Integer.MAX_VALUE);
        endDrainsIfEmpty();
    }

    /** Drops what is beyond the bounds, and was on the disk only when that was tried before. */
    void dropBeyondBounds() {
        for (int lane = 0; lane < Message.LANES; lane++) {
            dropBeyondBounds(lane);
        }
    }

    /** The store may have messages at hand that it had not before. */
    void lookForOldest() {
        Outgoing oldest = session.oldest();
        idle = oldest == null;
        oldestNanos = idle ? oldestNanos : oldest.acceptedNanos();
    }

    private void dropBeyondBounds(int lane) {
        if (!intake.bounds().dropOldest()) {
            return;
        }
        while (intake.isOverfull(lane) && dropped(store.removeOldest(lane))) {
            continue;
        }
        while (intake.isOverfull() && dropped(store.removeOldest())) {
            continue;
        }
    }

    /** Settles a message that was pushed out; false if there was none, because all messages are in flight. */
    private boolean dropped(Outgoing oldest) {
        if (oldest != null) {
            settling.settle(oldest, Outcome.Kind.DROPPED, PUSHED_OUT);
        }
        return oldest != null;
    }

    /** Looks for messages that are too old from now on, as long as there can be any. */
    void sweepSoon() {
        expiry.sweepSoon();
    }

    @Override
    public void settled(Outgoing message, Outcome.Kind kind, Reason reason) {
        // this may fail for want of heap: what is counted comes after it, once
        outcomes.ended(message.id(), kind, reason);
        if (message.settle()) {
            intake.ended(message);
            ends.lazySet(kind.ordinal(), ends.get(kind.ordinal()) + 1);
        }
        tellSpace();
        lookForOldest();
        if (kind == Outcome.Kind.DEAD_LETTERED) {
            events.deadLettered(message.id(), message.message().topic(), reason.text());
        } else if (kind != Outcome.Kind.DELIVERED && kind != Outcome.Kind.CANCELLED) {
            events.dropped(message.message().topic(), kind, reason.text());
        }
        endDrainsIfEmpty();
    }

    @Override
    public void birthMissing(String topic, Reason reason) {
        events.dropped(topic, Outcome.Kind.REFUSED, "birth message: " + reason.text());
    }

    @Override
    public void brokerDeviates(String topic, String how) {
        events.brokerDeviates(topic, how);
    }

    private void endDrainsIfEmpty() {
        if (intake.pending() == 0) {
            drains.empty();
        }
    }

    /** Waits until nothing is pending; safe from any thread. */
    public CompletionStage<Boolean> drain(Duration timeout) {
        return drains.await(nanos(timeout), () -> intake.pending() == 0);
    }

    /** A timeout in nanoseconds that can be added to the clock: at most a century. */
    public static long nanos(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout: null is not allowed");
        return timeout.compareTo(LONGEST) < 0 ? timeout.toNanos() : LONGEST.toNanos();
    }

    void dropAtMostOnceOffline() {
        if (!online && !intake.bounds().qos0Offline()) {
            for (Outgoing left = session.atMostOnce().poll(); left != null; left = session.atMostOnce().poll()) {
                settling.settle(left, Outcome.Kind.DROPPED, QOS0_OFFLINE);
            }
        }
    }
}
