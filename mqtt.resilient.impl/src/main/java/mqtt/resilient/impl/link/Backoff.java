package mqtt.resilient.impl.link;

import java.util.random.RandomGenerator;

/** Decorrelated jitter: each wait is random between the shortest and three times the last one, up to the longest. */
final class Backoff {
    private final RandomGenerator random;
    private long last;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    long next(long min, long max) {
        long bound = Math.min(max, Math.max(last, min) * 3);
        last = bound <= min ? min : random.nextLong(min, bound + 1);
        return last;
    }

    /** The next wait, or, for a cause that somebody must remove, one between half of the longest and the longest. */
    long next(LinkSettings.Timing timing, boolean longest) {
        long wait = next(timing.backoffMinNanos(), timing.backoffMaxNanos());
        long half = timing.backoffMaxNanos() / 2;
        return longest ? half + random.nextLong(half + 1) : wait;
    }

    void reset() {
        last = 0;
    }
}
