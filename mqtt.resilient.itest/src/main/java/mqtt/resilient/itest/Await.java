package mqtt.resilient.itest;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition, never for a time. */
final class Await {
    /** Long enough on a slow machine; nothing waits for it that goes well. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(10);

    private Await() {
    }

    /** As {@link #until(String, BooleanSupplier, Duration)}, within {@link #LIMIT}. */
    static void until(String description, BooleanSupplier condition) {
        until(description, condition, LIMIT);
    }

    /** {@return what a stage completes with, within {@link #LIMIT}} */
    static <T> T result(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        until("the completion of a stage", future::isDone);
        return future.join();
    }

    /**
     * Returns as soon as the condition is true.
     *
     * @param description what is waited for, for the failure message
     * @param condition asked every 10 ms on the calling thread
     * @param limit the time after which the test fails
     * @throws AssertionError if the condition is not true within the limit
     */
    static void until(String description, BooleanSupplier condition, Duration limit) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > limit.toNanos()) {
                throw new AssertionError("not within " + limit.toMillis() + " ms: " + description);
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("interrupted while waiting for: " + description);
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
    }
}
