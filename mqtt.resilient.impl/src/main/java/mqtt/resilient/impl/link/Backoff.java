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

    /** For a cause that somebody must remove: between half of the longest wait and the longest. */
    long nextLong(long min, long max) {
        next(min, max);
        return max / 2 + random.nextLong(max / 2 + 1);
    }

    void reset() {
        last = 0;
    }
}
