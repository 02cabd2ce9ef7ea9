package mqtt.resilient.impl.session;

import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.spi.packet.Reason;

/**
 * The messages that are being settled. Telling one takes heap; where there is none, this remembers what is still to be told, without
 * heap, so that no message is without an end. On the loop only.
 */
public final class Settling {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final Outcome.Kind[] KINDS = Outcome.Kind.values();

    private final Receiver receiver;
    /** Linked by {@link Outgoing#next}: they are in flight no more. Null = none is. */
    private Outgoing first;
    private Outgoing last;
    private boolean telling;

    /** Hears how a message has ended. */
    public interface Receiver {
        void ended(Outgoing message, Outcome.Kind kind, Reason reason);
    }

    public Settling(Receiver receiver) {
        this.receiver = receiver;
    }

    /** Settles a message, which is in flight no more; without effect if that has begun before. */
    public void settle(Outgoing message, Outcome.Kind kind, Reason reason) {
        if (message.endsAs == 0) {
            message.endsAs = (byte) (kind.ordinal() + 1);
            message.received = reason;
            if (last == null) {
                first = message;
            } else {
                last.next = message;
            }
            last = message;
        }
        again();
    }

    /** Settles what was begun with and came to no end. */
    public void again() {
        if (telling) {
            return; // whoever tells goes on
        }
        telling = true;
        try {
            while (first != null) {
                tell(first);
            }
        } finally {
            telling = false;
        }
    }

    private void tell(Outgoing message) {
        boolean again = false;
        try {
            receiver.ended(message, KINDS[message.endsAs - 1], message.received);
        } catch (VirtualMachineError e) {
            again = true;
            throw e;
        } finally {
            if (!again) {
                first = message.next;
                last = first == null ? null : last;
                message.next = null;
                message.received = null;
                message.end();
            }
        }
    }
}
