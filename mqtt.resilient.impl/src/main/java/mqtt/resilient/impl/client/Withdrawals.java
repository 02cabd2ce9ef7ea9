package mqtt.resilient.impl.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.AtMostOnceQueue;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.Settling;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.packet.Reason;

/** Cancels messages that were never sent: one, or those of a lane. On the loop, but for what says otherwise. */
final class Withdrawals {
    private static final int DROPPED_AT_ONCE = 1000;
    private static final long DROP_WAIT_NANOS = 10_000_000L;
    private static final int DROP_WAITS = 500;

    private final Scheduler scheduler;
    private final Executor completions;
    private final Settling settling;
    private Session session;
    private MessageStore store;
    private boolean stopped;

    /** Tells the results on an executor; {@link #session} and {@link #use} complete it. */
    Withdrawals(Scheduler scheduler, Executor completions, Settling settling) {
        this.scheduler = scheduler;
        this.completions = completions;
        this.settling = settling;
    }

    void session(Session newSession) {
        session = newSession;
    }

    void use(MessageStore newStore) {
        store = newStore;
    }

    void stop() {
        stopped = true;
    }

    /** Withdraws a message that was never sent; safe from any thread. */
    CompletionStage<Boolean> cancel(long id) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Repeated.execute(scheduler, new Cancelling(id, done));
        return done.minimalCompletionStage();
    }

    /**
     * Completes the stage with the result when it is durable, so that no restart brings the messages back; with
     * {@code otherwise} if it cannot be written any more.
     */
    private <T> void completeWhenDurable(CompletableFuture<T> done, T result, T otherwise) {
        MessageStore noted = store;
        store.whenDurable(() -> {
            T told = noted.hasFailed() ? otherwise : result;
            completions.execute(() -> done.complete(told));
        });
    }

    /**
     * Withdraws the messages of a lane, or of QoS 0, that were accepted up to an id and never sent; safe from any
     * thread.
     */
    CompletionStage<Long> drop(int lane, long last) {
        CompletableFuture<Long> done = new CompletableFuture<>();
        Repeated.execute(scheduler, new Dropping(lane, last, done));
        return done.minimalCompletionStage();
    }

    /** Takes out one message; repeated after a shortage of heap, it knows what it has taken out before. */
    private final class Cancelling implements Runnable {
        private final long id;
        private final CompletableFuture<Boolean> done;
        private Outgoing atMostOnce;
        private Outgoing stored;

        Cancelling(long id, CompletableFuture<Boolean> done) {
            this.id = id;
            this.done = done;
        }

        @Override
        public void run() {
            for (Outgoing removed : session.atMostOnce().remove(message -> message.id() == id)) {
                atMostOnce = removed;
            }
            if (atMostOnce != null) {
                settling.settle(atMostOnce, Outcome.Kind.CANCELLED, Reason.SUCCESS);
                completions.execute(() -> done.complete(true));
            } else if (stopped && stored == null) {
                completions.execute(() -> done.complete(false));
            } else {
                store.find(id, this::found);
            }
        }

        private void found(Outgoing queued) {
            if (queued != null) {
                stored = queued;
                store.remove(queued);
            }
            if (stored != null) {
                settling.settle(stored, Outcome.Kind.CANCELLED, Reason.SUCCESS);
            }
            completeWhenDurable(done, stored != null, false);
        }
    }

    /**
     * Drops a part of a lane, so that the loop does other things too; then the rest, which the store may have to read
     * first.
     */
    private final class Dropping implements Runnable {
        private final int lane;
        private final long last;
        private final CompletableFuture<Long> done;
        /** Kept across the parts, and where one of them is done again for want of heap. */
        private long count;
        private int waits;

        Dropping(int lane, long last, CompletableFuture<Long> done) {
            this.lane = lane;
            this.last = last;
            this.done = done;
        }

        @Override
        public void run() {
            long before = count;
            if (lane == ClientInspector.AT_MOST_ONCE) {
                AtMostOnceQueue queue = session.atMostOnce();
                for (Outgoing next = queue.peek(); next != null && next.id() <= last; next = queue.peek()) {
                    drop(queue.poll());
                }
            } else if (!stopped) {
                Outgoing oldest = store.next(lane);
                for (; oldest != null && oldest.id() <= last
                        && count < before + DROPPED_AT_ONCE; oldest = store.next(lane)) {
                    drop(store.removeOldest(lane));
                }
                boolean more = oldest == null ? store.queued(lane) > 0 : oldest.id() <= last;
                waits = count > before ? 0 : waits + 1;
                if (more && waits < DROP_WAITS) {
                    scheduler.at(scheduler.nanoTime() + (oldest == null ? DROP_WAIT_NANOS : 0),
                            Repeated.of(scheduler, this));
                    return;
                }
            }
            completeWhenDurable(done, count, 0L);
        }

        private void drop(Outgoing message) {
            count++;
            settling.settle(message, Outcome.Kind.CANCELLED, Reason.SUCCESS);
        }
    }
}
