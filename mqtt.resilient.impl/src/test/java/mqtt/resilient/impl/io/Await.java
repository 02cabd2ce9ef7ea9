package mqtt.resilient.impl.io;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, never for a time. */
final class Await {
    static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long POLL_NANOS = 2_000_000;

    private Await() {
    }

    /** Returns as soon as the condition is true; fails after {@link #LIMIT}. */
    static void until(Supplier<String> description, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                throw new AssertionError("not within " + LIMIT + ": " + description.get());
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
