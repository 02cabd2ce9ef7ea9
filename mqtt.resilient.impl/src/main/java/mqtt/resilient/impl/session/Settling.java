package mqtt.resilient.impl.session;

import mqtt.resilient.api.Outcome;
import mqtt.resilient.spi.packet.Reason;

/**
 * The one message that is being settled. Telling it takes heap; where there is none, this remembers what is still to be told, so that no
 * message is without an end. On the loop only.
 */
final class Settling {
    /** Null = none is. */
    private Outgoing message;
    private Outcome.Kind kind;
    private Reason reason;

    /** Settles a message. */
    void settle(Outgoing settled, Outcome.Kind how, Reason why, SessionEvents events) {
        message = settled;
        kind = how;
        reason = why;
        again(events);
    }

    /** Settles the message that was begun with, if that came to no end. */
    void again(SessionEvents events) {
        Outgoing settled = message;
        if (settled != null) {
            events.ended(settled, kind, reason);
            settled.end();
            message = null;
            reason = null;
        }
    }
}
