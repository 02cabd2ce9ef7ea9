package mqtt.resilient.impl.link;

import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt at one broker. The waits grow from twice the shortest to the longest, at
 * first quickly, and each is drawn from the upper part of its bound: so a fleet that has lost its broker asks for it
 * about as seldom as it may, and never all at once. {@code bin/simulate --storm} measures that.
 */
final class Backoff {
    /** Over so long a fleet spreads that loses its broker. */
    static final long SPREAD_NANOS = 6_000_000_000L;
    /** Below, the waits grow quickly. */
    private static final long QUICK_NANOS = 2_000_000_000L;

    private final RandomGenerator random;
    /** What the latest wait was drawn from; 0 = there was none since a connection was stable. */
    private long bound;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /** An attempt has failed, or a connection that the network ended. */
    long failed(LinkSettings.Timing timing) {
        long min = timing.backoffMinNanos();
        bound = Math.min(timing.backoffMaxNanos(),
                bound == 0 ? 2 * min : bound <= QUICK_NANOS ? 4 * bound : bound + bound / 3);
        return between(Math.max(min, bound * 6 / 10), bound * 9 / 10);
    }

    /** The broker has ended a connection: perhaps those of all others too, so not all come back at once. */
    long lost(LinkSettings.Timing timing) {
        long min = timing.backoffMinNanos();
        bound = Math.max(SPREAD_NANOS, bound + bound / 3); // longer with each loss before a connection was stable
        bound = Math.min(timing.backoffMaxNanos(), bound);
        return between(min, Math.min(timing.backoffMaxNanos(), min + bound));
    }

    /** Somebody must remove the cause. */
    long longest(LinkSettings.Timing timing) {
        return between(timing.backoffMaxNanos() / 2, timing.backoffMaxNanos());
    }

    /** From one broker to the next. */
    long shortest(LinkSettings.Timing timing) {
        return between(timing.backoffMinNanos(), 2 * timing.backoffMinNanos());
    }

    /** The broker was not lost alone: the next attempts are as far apart as there. */
    void spread(LinkSettings.Timing timing) {
        bound = Math.min(timing.backoffMaxNanos(), Math.max(bound, SPREAD_NANOS));
    }

    void reset() {
        bound = 0;
    }

    private long between(long least, long most) {
        return most <= least ? least : random.nextLong(least, most + 1);
    }
}
