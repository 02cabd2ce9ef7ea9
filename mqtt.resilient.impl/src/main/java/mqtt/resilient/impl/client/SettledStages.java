package mqtt.resilient.impl.client;

import java.util.concurrent.Executor;
import mqtt.resilient.impl.environment.UserStage;

/**
 * Settled stages on their way to users: first whoever waits for them is woken, then the completing thread gets the
 * others, all of a burst at once. Safe from any thread; allocates nothing.
 */
final class SettledStages {
    private final Executor completions;
    /** Made beforehand: they are handed over, and must not fail. */
    private final Runnable deliver = this::deliver;
    private final Queue burst = new Queue();
    private final Queue undelivered = new Queue();

    /** Linked stages, first in first out; under its own lock. */
    private static final class Queue {
        private UserStage<Object> first;
        private UserStage<Object> last;

        /** Adds at the end; whether it was empty before. */
        synchronized boolean add(UserStage<Object> stage) {
            boolean wasEmpty = first == null;
            stage.next(null);
            if (wasEmpty) {
                first = stage;
            } else {
                last.next(stage);
            }
            last = stage;
            return wasEmpty;
        }

        synchronized UserStage<Object> poll() {
            UserStage<Object> stage = first;
            if (stage != null) {
                remove(stage);
            }
            return stage;
        }

        synchronized UserStage<Object> peek() {
            return first;
        }

        /** Takes the first one out, if it is this one. */
        synchronized void remove(UserStage<Object> stage) {
            if (first == stage) {
                first = stage.next();
                stage.next(null);
            }
        }
    }

    SettledStages(Executor completions) {
        this.completions = completions;
    }

    /** Settles linked stages; whether {@link #tell} is to be called soon. */
    @SuppressWarnings("unchecked")
    <T> boolean settle(UserStage<T> linked, Object result) {
        boolean begins = false;
        for (UserStage<T> stage = linked; stage != null;) {
            UserStage<T> rest = stage.next();
            stage.settle(result);
            begins |= burst.add((UserStage<Object>) stage);
            stage = rest;
        }
        return begins;
    }

    /** Tells whoever waits for what was settled so far, or depends on it. */
    void tell() {
        boolean begins = false;
        for (UserStage<Object> stage = burst.poll(); stage != null; stage = burst.poll()) {
            if (!stage.wake()) {
                begins |= undelivered.add(stage);
            }
        }
        if (begins) {
            completions.execute(deliver);
        }
    }

    /** Tells what was not told because something failed. */
    void resume() {
        tell();
        if (undelivered.peek() != null) {
            completions.execute(deliver);
        }
    }

    /** What fails for want of heap comes again: it is taken out only then. */
    private void deliver() {
        for (UserStage<Object> stage = undelivered.peek(); stage != null; stage = undelivered.peek()) {
            stage.deliver();
            undelivered.remove(stage);
        }
    }
}
