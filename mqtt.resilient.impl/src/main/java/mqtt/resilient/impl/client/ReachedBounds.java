package mqtt.resilient.impl.client;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Tells that messages are rejected because a bound is reached, as a state: it begins with the first of them, and ends
 * by itself when for a second nothing was rejected and no bound that rejected is nearly reached any more. It decides
 * nothing: {@link Intake} admits or rejects each message by its counters alone, so a full lane blocks no other.
 */
final class ReachedBounds {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final Scheduler scheduler;
    private final IntPredicate near;
    private final IntFunction<String> words;
    private final Consumer<String> changed;
    /** The bounds, as bits, that rejected a message since the last look. */
    private final AtomicInteger rejected = new AtomicInteger();
    /** A look is on its way to the loop, or the state lasts and is looked at once a second. */
    private final AtomicBoolean looking = new AtomicBoolean();
    private volatile boolean stopped;
    /** Made beforehand: it is needed when nothing can be allocated. */
    private final Runnable look;
    /** The bounds that are told to be reached; on the loop only. */
    private int full;
    private String told = "";

    /**
     * Makes the state; it begins empty.
     *
     * @param near whether a bound is reached, or nearly
     * @param words says in words which bounds are reached
     * @param changed is told on the loop why messages are rejected, empty = that is over
     */
    ReachedBounds(Scheduler scheduler, IntPredicate near, IntFunction<String> words, Consumer<String> changed) {
        this.scheduler = scheduler;
        this.near = near;
        this.words = words;
        this.changed = changed;
        look = Repeated.of(scheduler, this::look);
    }

    /** A bound has rejected a message; from any thread. */
    void rejected(int bound) {
        rejected.accumulateAndGet(1 << bound, (before, more) -> before | more);
        if (!looking.get() && looking.compareAndSet(false, true)) {
            scheduler.execute(look);
        }
    }

    /** Looks and tells no more; from any thread. */
    void stop() {
        stopped = true;
    }

    private void look() {
        if (stopped) {
            return;
        }
        int now = rejected.getAndSet(0);
        for (int left = full & ~now; left != 0; left &= left - 1) {
            int bound = Integer.numberOfTrailingZeros(left);
            now |= near.test(bound) ? 1 << bound : 0;
        }
        full = now;
        String why = now == 0 ? "" : words.apply(now);
        if (!why.equals(told)) {
            changed.accept(why);
            told = why;
        }
        if (now != 0) {
            scheduler.at(scheduler.nanoTime() + LOOK_NANOS, look);
            return;
        }
        looking.set(false);
        if (rejected.get() != 0 && looking.compareAndSet(false, true)) { // rejected in this moment
            scheduler.execute(look);
        }
    }
}
