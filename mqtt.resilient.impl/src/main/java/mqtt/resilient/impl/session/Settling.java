package mqtt.resilient.impl.session;

import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.spi.packet.Reason;

/**
 * Settles messages: gives each its outcome and reports it, once. Reporting takes heap. If the heap is short, this
 * remembers what is still to be reported, and {@link #resume} goes on. On the io thread.
 */
public final class Settling {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final Outcome.Kind[] KINDS = Outcome.Kind.values();

    private final Outgoing.Listener listener;
    /** Linked by {@link Outgoing#next}: they are in flight no more. Null = none is. */
    private Outgoing first;
    private Outgoing last;
    private boolean reporting;

    public Settling(Outgoing.Listener listener) {
        this.listener = listener;
    }

    /** Settles a message, which is in flight no more; without effect if it has an outcome already. */
    public void settle(Outgoing message, Outcome.Kind kind, Reason reason) {
        if (message.outcome == 0) {
            message.outcome = (byte) (kind.ordinal() + 1);
            message.reason = reason;
            if (last == null) {
                first = message;
            } else {
                last.next = message;
            }
            last = message;
        }
        resume();
    }

    /** Settles what was begun and could not be reported. */
    public void resume() {
        if (reporting) {
            return; // whoever reports goes on
        }
        reporting = true;
        try {
            while (first != null) {
                report(first);
            }
        } finally {
            reporting = false;
        }
    }

    private void report(Outgoing message) {
        boolean again = false;
        try {
            listener.settled(message, KINDS[message.outcome - 1], message.reason);
        } catch (VirtualMachineError e) {
            again = true;
            throw e;
        } finally {
            if (!again) {
                first = message.next;
                last = first == null ? null : last;
                message.next = null;
                message.reason = null;
                message.end();
            }
        }
    }
}
