package mqtt.resilient.impl.link;

import mqtt.resilient.impl.environment.Scheduler;

/** The PINGREQ of a connection: to be written, or written and not answered, or neither. On the loop only. */
final class Ping {
    private boolean due;
    /** Since when the PINGRESP is awaited, or has reason to come later; NEVER = none is. */
    private long awaitedSince = Scheduler.NEVER;
    private long sentAt;

    /** Whether none is to be written and none is unanswered. */
    boolean isIdle() {
        return !due && awaitedSince == Scheduler.NEVER;
    }

    boolean isAwaited() {
        return awaitedSince != Scheduler.NEVER;
    }

    long awaitedSince() {
        return awaitedSince;
    }

    /** A PINGREQ is to be written. */
    void request() {
        due = true;
    }

    boolean isDue() {
        return due;
    }

    /** The PINGREQ is written. */
    void sent(long now) {
        due = false;
        awaitedSince = now;
        sentAt = now;
    }

    /** The PINGRESP may take as long again from now on. */
    void awaitAnew(long now) {
        awaitedSince = awaitedSince == Scheduler.NEVER ? Scheduler.NEVER : now;
    }

    /** A PINGRESP came: how long it took; only while it is awaited. */
    long answered(long now) {
        awaitedSince = Scheduler.NEVER;
        return now - sentAt;
    }
}
