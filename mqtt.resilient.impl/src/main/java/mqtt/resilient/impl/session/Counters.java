package mqtt.resilient.impl.session;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts what happens. Written on the loop, except where a method says otherwise; read from any thread. */
public final class Counters {
    /** What is counted. */
    public enum Counter {
        RESENT, RECEIVED, RECEIVED_DUPLICATES, RECEIVED_DROPPED, LISTENER_FAILURES, STRAY_ACKNOWLEDGEMENTS,
        CONNECTIONS, ATTEMPTS, SESSIONS_LOST, SUBSCRIPTIONS_REFUSED, EVENTS_DROPPED, IN_FLIGHT, UNHANDLED,
        ROUND_TRIP_NANOS
    }

    private final AtomicLongArray values = new AtomicLongArray(Counter.values().length);

    /** Adds one; on the loop. */
    public void count(Counter counter) {
        set(counter, get(counter) + 1);
    }

    /** Adds one from any thread; for what is counted in this way only. */
    public void countAnywhere(Counter counter) {
        values.incrementAndGet(counter.ordinal());
    }

    /** Sets a figure that is no count; on the loop. */
    public void set(Counter counter, long value) {
        values.lazySet(counter.ordinal(), value);
    }

    /** The figure now. */
    public long get(Counter counter) {
        return values.get(counter.ordinal());
    }
}
