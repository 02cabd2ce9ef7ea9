package mqtt.resilient.impl.link;

/**
 * How long an answer may take: doubles with each connection that it has ended, until an answer comes within the time
 * that is configured, because a slow link is not a dead link.
 */
final class ResponseTimeout {
    private static final long MAX_NANOS = 600_000_000_000L;

    private int doublings;

    long nanos(long configured) {
        return Math.max(configured, Math.min(MAX_NANOS, configured << doublings));
    }

    void exceeded() {
        doublings = Math.min(doublings + 1, 10);
    }

    void progress() {
        doublings = 0;
    }
}
