package mqtt.resilient.impl.session;

import java.util.function.Consumer;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;

/**
 * The messages in flight as a list in the order of their first sending, with what counts against the send window, and
 * how far resending is on the present connection. On the io thread.
 */
final class InFlightList {
    private Outgoing first;
    private Outgoing last;
    /** The first that is still to be resent on the present connection; null = none. */
    private Outgoing resend;
    private int count;
    private int alarms;
    private int exactlyOnce;
    private long bytes;

    void add(Outgoing message) {
        message.previous = last;
        if (last == null) {
            first = message;
        } else {
            last.next = message;
        }
        last = message;
        count(message, 1);
    }

    void remove(Outgoing message) {
        if (message == resend) {
            resend = message.next;
        }
        if (message.previous == null) {
            first = message.next;
        } else {
            message.previous.next = message.next;
        }
        if (message.next == null) {
            last = message.previous;
        } else {
            message.next.previous = message.previous;
        }
        message.previous = null;
        message.next = null;
        count(message, -1);
    }

    void visit(Consumer<Outgoing> visitor) {
        for (Outgoing message = first; message != null; message = message.next) {
            visitor.accept(message);
        }
    }

    boolean contains(long id) {
        for (Outgoing message = first; message != null; message = message.next) {
            if (message.id() == id) {
                return true;
            }
        }
        return false;
    }

    void resendAll() {
        resend = first;
    }

    void resendNone() {
        resend = null;
    }

    /** The first that is still to be resent; null = none. */
    Outgoing toResend() {
        return resend;
    }

    /** {@link #toResend} is sent, or need not be. */
    void resent() {
        resend = resend.next;
    }

    /** Lowers QoS and RETAIN of a message that is counted here. */
    void limit(Outgoing message, BrokerLimits limits) {
        count(message, -1);
        message.limit(limits);
        count(message, 1);
    }

    /** How many there are but for alarms. */
    int ordinary() {
        return count - alarms;
    }

    private void count(Outgoing message, int sign) {
        count += sign;
        bytes += (long) sign * message.size();
        if (message.lane() == Message.LANE_ALARM) {
            alarms += sign;
        }
        if (message.isExactlyOnce()) {
            exactlyOnce += sign;
        }
    }

    Outgoing first() {
        return first;
    }

    int count() {
        return count;
    }

    int alarms() {
        return alarms;
    }

    int exactlyOnce() {
        return exactlyOnce;
    }

    long bytes() {
        return bytes;
    }
}
