package mqtt.resilient.impl.client;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Tells that messages are refused because a bound is reached, as a state: it begins with the first refusal, and ends by itself
 * when for a second nothing was refused and no bound that refused is nearly reached any more. It decides nothing: each message
 * is admitted or refused by the counters alone, so a lane that is full holds up no other.
 */
final class Fullness {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final Scheduler scheduler;
    private final IntPredicate near;
    private final IntFunction<String> words;
    private final Consumer<String> changed;
    /** The bounds, as bits, that refused a message since the last look. */
    private final AtomicInteger refused = new AtomicInteger();
    /** A look is on its way to the loop, or the state lasts and is looked at once a second. */
    private final AtomicBoolean looking = new AtomicBoolean();
    /** The bounds that are told to be reached; on the loop only. */
    private int full;
    private String told = "";

    /**
     * Makes the state; it begins empty.
     *
     * @param near whether a bound is reached, or nearly
     * @param words says in words which bounds refuse
     * @param changed is told on the loop why messages are refused, empty = that is over
     */
    Fullness(Scheduler scheduler, IntPredicate near, IntFunction<String> words, Consumer<String> changed) {
        this.scheduler = scheduler;
        this.near = near;
        this.words = words;
        this.changed = changed;
    }

    /** A bound has refused a message; from any thread. */
    void refused(int bound) {
        refused.accumulateAndGet(1 << bound, (before, more) -> before | more);
        if (!looking.get() && looking.compareAndSet(false, true)) {
            Repeated.execute(scheduler, this::look);
        }
    }

    private void look() {
        int now = refused.getAndSet(0);
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
            scheduler.at(scheduler.nanoTime() + LOOK_NANOS, Repeated.of(scheduler, this::look));
            return;
        }
        looking.set(false);
        if (refused.get() != 0 && looking.compareAndSet(false, true)) { // refused in this moment
            Repeated.execute(scheduler, this::look);
        }
    }
}
