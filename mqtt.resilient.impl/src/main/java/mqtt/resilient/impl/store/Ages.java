package mqtt.resilient.impl.store;

/**
 * How old messages of a segment are: when the first was accepted, and when the first expires, by the monotonic clock.
 */
final class Ages {
    private long oldest = Long.MAX_VALUE;
    private long expires = Long.MAX_VALUE;

    void add(long accepted, long expiresAfter) {
        oldest = Math.min(oldest, accepted);
        if (expiresAfter > 0) {
            expires = Math.min(expires, accepted + Math.min(expiresAfter, Long.MAX_VALUE / 2));
        }
    }

    /** Whether one of them may be too old by now. */
    boolean isDue(long now, long maxAge) {
        return now >= expires || maxAge > 0 && oldest != Long.MAX_VALUE && now - oldest >= maxAge;
    }
}
