package mqtt.resilient.impl.session;

import mqtt.resilient.api.Message;

/**
 * How many messages may be unacknowledged. One slot in ten, at least one, is kept for alarms (unless there is only one),
 * in the set of messages in flight and, where a repeat is due, on the wire of the present connection.
 *
 * @param messages at least 1
 * @param bytes at least 1; a single larger message goes alone
 */
record SendWindow(int messages, long bytes) {

    /** Whether one more message may be sent for the first time. */
    boolean admits(Outgoing message, InFlight inFlight, Wire wire) {
        return hasSlot(message, inFlight.count(), inFlight.alarms()) && admitsRepeat(message, wire)
                && (inFlight.count() == 0 || message.lane() == Message.LANE_ALARM
                        || inFlight.bytes() + message.size() <= bytes);
    }

    /** Whether one more message of those in flight may be repeated on the present connection. */
    boolean admitsRepeat(Outgoing message, Wire wire) {
        return hasSlot(message, wire.count, wire.alarms)
                && (wire.count == 0 || message.lane() == Message.LANE_ALARM || wire.bytes + message.size() <= wire.allowed);
    }

    private boolean hasSlot(Outgoing message, int used, int usedByAlarms) {
        int kept = messages == 1 ? 0 : Math.max(1, messages / 10);
        return used < messages
                && (message.lane() == Message.LANE_ALARM || used - usedByAlarms < messages - kept);
    }

    /** The messages in flight that were sent on the present connection. */
    static final class Wire {
        private int count;
        private int alarms;
        long bytes;
        /** How many bytes the link lets be unanswered. */
        long allowed = Long.MAX_VALUE;

        void add(Outgoing message, int sign) {
            count += sign;
            bytes += (long) sign * message.size();
            if (message.lane() == Message.LANE_ALARM) {
                alarms += sign;
            }
        }

        void clear() {
            count = 0;
            alarms = 0;
            bytes = 0;
        }

        int count() {
            return count;
        }
    }
}
