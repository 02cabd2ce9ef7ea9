package mqtt.resilient.impl.session;

/**
 * Finds the message that makes a broker hang up: a 3.1.1 broker has no other answer to a publish it does not allow.
 * After a number of connections in a row that the broker ended (or let starve) with the same oldest message
 * unacknowledged and no progress, that message is sent alone; if the broker hangs up again, it is poison.
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

    /** A connection has ended; whether the oldest message in flight is to be set aside. */
    boolean isPoison(Outgoing oldest, boolean sentOnIt, boolean byBroker) {
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
