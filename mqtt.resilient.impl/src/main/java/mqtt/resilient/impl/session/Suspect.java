package mqtt.resilient.impl.session;

/** What {@link Verdict} knows of a message, or filter, that may be what makes the broker close the connection. */
final class Suspect {
    /** Before a message is tried that may get its first strike. */
    static final long PAUSE_NANOS = 10_000_000_000L;
    /** For one that is accused, while there is nothing else to send. */
    static final long LONGEST_REST_NANOS = 600_000_000_000L;
    private static final int MAX_PAUSE_DOUBLINGS = 3;
    private static final int MAX_DOUBLINGS = 12;

    int strikes;
    boolean accused;
    /** Whether it is accused because others with its topic are; it was not tried itself. */
    boolean presumed;
    /** How often it was tried with the best place, or missed that again. */
    private int tries;
    /** Whether it had not the best place when it was tried last. */
    private boolean missed;
    long failedAt;

    /** The time before a try that may be a strike, in which nothing else is sent. */
    long pauseNanos() {
        return PAUSE_NANOS << Math.min(strikes, MAX_PAUSE_DOUBLINGS);
    }

    /** One after the other: who has strikes first, then who has waited longest. */
    boolean comesBefore(Suspect other) {
        return strikes == other.strikes ? failedAt - other.failedAt < 0 : strikes > other.strikes;
    }

    void failed(boolean best, long now) {
        accused = true;
        presumed = false;
        tries += best || missed ? 1 : 0;
        missed = !best;
        failedAt = now;
    }

    /** It is to be tried as if nothing had been. */
    void beginAnew() {
        strikes = 0;
        accused = false;
        presumed = false;
        tries = 0;
        missed = false;
    }

    long restNanos() {
        return Math.min(LONGEST_REST_NANOS, PAUSE_NANOS << Math.min(tries, MAX_DOUBLINGS));
    }
}
