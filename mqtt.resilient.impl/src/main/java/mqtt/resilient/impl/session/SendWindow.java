package mqtt.resilient.impl.session;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;

/**
 * How many messages may be unacknowledged. One slot in ten is kept for alarms, at least one where there are
 * {@value #SMALLEST_WITH_KEPT} or more, in the set of messages in flight and, for what is resent, on the wire of the
 * present connection.
 *
 * @param messages at least 1
 * @param bytes at least 1; a single larger message goes alone
 */
record SendWindow(int messages, long bytes) {
    private static final int RESUMED_EXACTLY_ONCE = 20;
    /** So many suspects may be in flight beside a full window. */
    private static final int MAX_ASIDE = 100;
    /** A kept slot would take too much of a smaller window. */
    private static final int SMALLEST_WITH_KEPT = 4;

    /**
     * Whether one more message may be sent for the first time.
     *
     * @param postponed how many of those in flight the broker has refused for now: it has given their slots back
     */
    boolean admits(Outgoing message, InFlightList inFlight, int postponed, Aside aside, Wire wire) {
        int count = inFlight.count() - aside.messages;
        return inFlight.count() - Math.min(aside.messages, MAX_ASIDE) < messages
                && hasSlot(message, count - postponed, inFlight.alarms(), wire)
                && admitsResend(message, wire)
                && (!message.isExactlyOnce() || inFlight.exactlyOnce() - aside.exactlyOnce < wire.exactlyOnceMax)
                && (count == 0 || message.lane() == Message.LANE_ALARM
                        || inFlight.bytes() - Math.min(aside.bytes, bytes) + message.size() <= bytes);
    }

    /** Whether one more message of those in flight may be resent on the present connection. */
    boolean admitsResend(Outgoing message, Wire wire) {
        return hasSlot(message, wire.count, wire.alarms, wire)
                && (!message.isExactlyOnce() || wire.exactlyOnce < wire.exactlyOnceMax)
                && (wire.count == 0 || message.lane() == Message.LANE_ALARM
                        || wire.bytes + message.size() <= wire.allowed);
    }

    /**
     * Whether what keeps such a message back is what all messages share, slots and bytes, and not the bound of QoS 2.
     */
    boolean isFull(Outgoing message, InFlightList inFlight, Aside aside, Wire wire) {
        return !message.isExactlyOnce()
                || Math.max(inFlight.exactlyOnce() - aside.exactlyOnce, wire.exactlyOnce) < wire.exactlyOnceMax;
    }

    private boolean hasSlot(Outgoing message, int used, int usedByAlarms, Wire wire) {
        int slots = Math.min(messages, wire.receiveMaximum);
        int kept = slots < SMALLEST_WITH_KEPT ? 0 : Math.max(1, slots / 10);
        return used < slots
                && (message.lane() == Message.LANE_ALARM || used - usedByAlarms < slots - kept);
    }

    /** Messages in flight that hold no slots, because they are left out. */
    record Aside(int messages, long bytes, int exactlyOnce) {
        static final Aside NOTHING = new Aside(0, 0, 0);

        Aside with(Outgoing message) {
            return new Aside(messages + 1, bytes + message.size(), exactlyOnce + (message.isExactlyOnce() ? 1 : 0));
        }
    }

    /** The messages in flight that were sent on the present connection. */
    static final class Wire {
        private int count;
        private int alarms;
        private int exactlyOnce;
        private int exactlyOnceMax = Integer.MAX_VALUE;
        private int receiveMaximum = Integer.MAX_VALUE;
        long bytes;
        /** Those that wait for the disk before their PUBREL, and not for the broker. */
        int releasing;
        /** How many bytes the link lets be unanswered. */
        long allowed = Long.MAX_VALUE;

        void add(Outgoing message, int sign) {
            add(message.size(), message.lane() == Message.LANE_ALARM, message.isExactlyOnce(), sign);
        }

        void add(int size, boolean alarm, boolean isExactlyOnce, int sign) {
            count += sign;
            bytes += (long) sign * size;
            alarms += alarm ? sign : 0;
            exactlyOnce += isExactlyOnce ? sign : 0;
        }

        /**
         * A connection begins. In a session that it resumes Mosquitto 2.0 takes 20 QoS 2 messages at once; it ends the
         * connection at the next one, and then loses it: it acknowledges what is resent and delivers nothing. MQTT
         * 3.1.1 has no way to say so; MQTT 5 has the Receive Maximum.
         */
        void begin(boolean resumed, BrokerLimits limits) {
            exactlyOnceMax = resumed && limits == BrokerLimits.NONE ? RESUMED_EXACTLY_ONCE : Integer.MAX_VALUE;
            receiveMaximum = limits.receiveMaximum();
        }

        void clear() {
            exactlyOnce = 0;
            releasing = 0;
            count = 0;
            alarms = 0;
            bytes = 0;
        }

        int count() {
            return count;
        }
    }
}
