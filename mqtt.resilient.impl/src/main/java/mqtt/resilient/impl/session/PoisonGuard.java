package mqtt.resilient.impl.session;

/**
 * Finds the message that makes a broker close the connection: a broker of 3.1.1 has no other answer to a publish that
 * it does not allow. After a number of connections in a row that the broker closed, or on which it answered nothing,
 * with the same oldest message unacknowledged, that message is sent alone; if the broker closes that connection too, it
 * becomes a dead letter. On the io thread.
 */
final class PoisonGuard {
    private int attempts;
    private Outgoing suspect;
    private int strikes;

    void configure(int newAttempts) {
        attempts = newAttempts;
    }

    int attempts() {
        return attempts;
    }

    /** Whether a message may be sent: while the suspect is tried alone, nothing else may. */
    boolean admits(Outgoing message) {
        return !isAlone() || message == suspect;
    }

    private boolean isAlone() {
        return attempts > 0 && suspect != null && !suspect.hasEnded() && strikes >= attempts;
    }

    /** Something was acknowledged. */
    void progress() {
        suspect = null;
        strikes = 0;
    }

    /** A connection has ended; whether the oldest message in flight becomes a dead letter. */
    boolean isDeadLetter(Outgoing oldest, boolean sentOnIt, boolean byBroker) {
        if (oldest == null || !sentOnIt || !byBroker) {
            return false; // a dead network says nothing about the message
        }
        if (oldest != suspect) {
            suspect = oldest;
            strikes = 0;
        }
        if (isAlone()) {
            suspect = null;
            strikes = 0;
            return true;
        }
        strikes++;
        return false;
    }
}
