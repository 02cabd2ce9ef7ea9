package mqtt.resilient.impl.session;

import mqtt.resilient.api.Outcome;
import mqtt.resilient.spi.packet.Reason;

/**
 * The one message that is being settled. Telling it takes heap; where there is none, this remembers what is still to be told, so that no
 * message is without an end. On the loop only.
 */
public final class Settling {
    private final Receiver receiver;
    /** Null = none is. */
    private Outgoing message;
    private Outcome.Kind kind;
    private Reason reason;

    /** Hears how a message has ended. */
    public interface Receiver {
        void ended(Outgoing message, Outcome.Kind kind, Reason reason);
    }

    public Settling(Receiver receiver) {
        this.receiver = receiver;
    }

    /** Settles a message. */
    public void settle(Outgoing settled, Outcome.Kind how, Reason why) {
        message = settled;
        kind = how;
        reason = why;
        again();
    }

    /** Settles the message that was begun with, if that came to no end. */
    public void again() {
        Outgoing settled = message;
        if (settled != null) {
            receiver.ended(settled, kind, reason);
            settled.end();
            message = null;
            reason = null;
        }
    }
}
