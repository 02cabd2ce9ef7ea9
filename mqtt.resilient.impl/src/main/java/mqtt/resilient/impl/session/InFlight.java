package mqtt.resilient.impl.session;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;

/** The messages that were sent and not yet acknowledged to the end, in the order of their first sending. */
final class InFlight {
    private Outgoing first;
    private Outgoing last;
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
