package mqtt.resilient.impl.link;

/**
 * How many bytes of messages may be unanswered, so that a slow link answers in time: TCP would take a minute's worth of
 * them, and the answers, which a broker may send only once for each round trip (RFC 896), would come after the deadline.
 * As much as was answered at the last measured pace within two thirds of the response time, but at most twice as much as
 * was measured; and little again after a pause, when the network may be another.
 */
final class Flight {
    /** Two segments, as TCP begins in RFC 2581. */
    private static final long FIRST_BYTES = 2920;
    private static final long PAUSE_NANOS = 1_000_000_000L;

    private long allowed = FIRST_BYTES;
    /** What was unanswered when the measurement began; 0 = none is under way. */
    private long measured;
    private long missing;
    private long since;

    /** The bytes that may be unanswered; a single message always may. */
    long allowed() {
        return allowed;
    }

    /** So much is unanswered after something was sent, and so much was before. */
    void sent(long before, long unanswered, long now) {
        if (measured == 0 && unanswered > before) {
            measured = unanswered;
            missing = unanswered;
            since = now;
        }
    }

    /** Nothing is unanswered; the last byte came at the given time. */
    void idle(long lastReceived, long now) {
        if (now - lastReceived >= PAUSE_NANOS) {
            allowed = FIRST_BYTES;
        }
    }

    /** So many bytes are answered. Tells whether answers come within the response time, as far as that is known. */
    boolean answered(long bytes, long now, long response) {
        if (measured == 0) {
            return true;
        }
        missing -= bytes;
        if (missing > 0) {
            return false;
        }
        double pace = response / 1.5 / Math.max(1, now - since);
        long fitting = (long) (measured * Math.max(0.5, Math.min(2, pace)));
        allowed = pace < 1 ? fitting : Math.max(allowed, fitting);
        measured = 0;
        return now - since < response;
    }
}
