package mqtt.resilient.impl.session;

import mqtt.resilient.impl.environment.Scheduler;

/**
 * When messages that the broker has refused for now are sent again on the same connection: after 30 s, and after twice
 * the time where it refuses again. Until then they keep their slots of {@code inflight.max}, so that less is sent, but
 * not those of the Receive Maximum (MQTT 5 section 4.9). On the io thread.
 */
final class PostponedRetry {
    private static final long RETRY_NANOS = 30_000_000_000L;
    private static final int MAX_DOUBLINGS = 5;

    private long at = Scheduler.NEVER;
    private int doublings;
    private int waiting;

    void refused(long now) {
        waiting++;
        if (at == Scheduler.NEVER) {
            at = now + (RETRY_NANOS << doublings);
            doublings = Math.min(doublings + 1, MAX_DOUBLINGS);
        }
    }

    /** How many were refused and are not sent again yet. */
    int waiting() {
        return waiting;
    }

    /** A message that was refused before is delivered. */
    void delivered() {
        doublings = 0;
    }

    /** Whether it is time; true once. */
    boolean takeDue(long now) {
        boolean due = now - at >= 0 && at != Scheduler.NEVER;
        if (due) {
            cancel();
        }
        return due;
    }

    /** A new connection sends everything again anyway. */
    void cancel() {
        waiting = 0;
        at = Scheduler.NEVER;
    }
}
