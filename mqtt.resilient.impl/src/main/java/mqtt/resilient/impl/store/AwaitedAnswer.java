package mqtt.resilient.impl.store;

import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Scheduler;

/** Waits for the answer of a store's thread that was given a task, and reports it if that takes long. */
final class AwaitedAnswer {
    private static final long SECOND = 1_000_000_000L;
    private static final long LONG_NANOS = 5 * SECOND;
    private static final String NO_THREAD = "there has been no thread for the store for " + LONG_NANOS / SECOND
            + " s: all threads mqtt-store are busy, or the system gives no more threads";

    /** When a thread began with it; from any thread. */
    static final class Begun {
        private volatile boolean begun;
        private volatile long nanos;

        void now(Scheduler clock) {
            nanos = clock.nanoTime();
            begun = true;
        }
    }

    private final Scheduler scheduler;
    /** Is told what is waited for; empty = nothing any more. */
    private final Consumer<String> waiting;
    private Scheduler.Timer timer;
    private boolean told;

    AwaitedAnswer(Scheduler scheduler, Consumer<String> waiting) {
        this.scheduler = scheduler;
        this.waiting = waiting;
    }

    /**
     * Something was handed over.
     *
     * @param slow what is said when a thread has begun with it long ago; a number of seconds follows
     */
    void await(Begun begun, String slow) {
        Scheduler.cancel(timer);
        boolean asked = begun.begun;
        timer = scheduler.at((asked ? begun.nanos : scheduler.nanoTime()) + LONG_NANOS, () -> {
            timer = null;
            if (asked == begun.begun) {
                tell(asked ? slow + LONG_NANOS / SECOND + " s" : NO_THREAD);
            } else if (told) {
                tell("");
            }
            if (!asked) {
                await(begun, slow);
            }
        });
    }

    /** The answer is there: nothing is waited for. */
    void came() {
        Scheduler.cancel(timer);
        timer = null;
        told = false;
    }

    private void tell(String what) {
        told = !what.isEmpty();
        waiting.accept(what);
    }
}
