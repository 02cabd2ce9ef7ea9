package mqtt.resilient.impl.engine;

/**
 * How long stops may wait: those in a row share the time, because the stop of the bundle must not take longer with
 * every client. What was spent comes back while nothing waits. Safe from any thread.
 */
public final class StopBudget {
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final long nanos;
    private long spent;
    private long since = System.nanoTime();

    /** Makes one of so many milliseconds. */
    public StopBudget(long millis) {
        nanos = millis * NANOS_PER_MILLI;
    }

    /** How long the next wait may take. */
    synchronized long millisLeft() {
        long now = System.nanoTime();
        spent = Math.max(0, spent - (now - since));
        since = now;
        return Math.max(0, nanos - spent) / NANOS_PER_MILLI;
    }

    /** A wait is over that began at a {@link System#nanoTime()}. */
    synchronized void spentSince(long begun) {
        since = System.nanoTime();
        spent += since - begun;
    }
}
