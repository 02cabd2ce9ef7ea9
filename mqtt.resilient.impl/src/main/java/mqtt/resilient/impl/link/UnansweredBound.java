package mqtt.resilient.impl.link;

/**
 * How many bytes of messages may be unanswered, so that a slow link answers in time: TCP would take a minute's worth of
 * them, and the answers, which a broker may send only once for each round trip (RFC 896), would come after the
 * deadline. As much as fits into two thirds of the response time at the pace last measured, but at most twice what was
 * measured.
 */
final class UnansweredBound {
    /** Two segments, as TCP begins in RFC 2581. */
    private static final long FIRST_BYTES = 2920;

    private long allowed = FIRST_BYTES;
    /** The bytes that were unanswered when the measurement began; 0 = nothing is measured. */
    private long measured;
    private long missing;
    private long since;
    private long roundTrip;

    /** The bytes that may be unanswered; little after a pause, because the network may be another. */
    long allowed(boolean afterPause) {
        allowed = afterPause ? FIRST_BYTES : allowed;
        return allowed;
    }

    /** A ping was answered after so long. */
    void answeredAfter(long nanos) {
        roundTrip = nanos;
    }

    /** How long the latest answer took; 0 = none has come yet. */
    long roundTrip() {
        return roundTrip;
    }

    /** A message was sent; so many bytes are unanswered now. */
    void sent(long unanswered, long now) {
        if (measured == 0) {
            measured = unanswered;
            missing = unanswered;
            since = now;
        }
    }

    /** So many bytes are answered. Returns whether answers come within the response time, as far as that is known. */
    boolean answered(long bytes, long now, long response) {
        missing -= bytes;
        if (measured == 0 || missing > 0) {
            return measured == 0;
        }
        double pace = response / 1.5 / Math.max(1, now - since);
        long fitting = (long) (measured * Math.max(0.5, Math.min(2, pace)));
        allowed = pace < 1 ? fitting : Math.max(allowed, fitting);
        measured = 0;
        roundTrip = now - since;
        return roundTrip < response;
    }
}
