package mqtt.resilient.impl.session;

import java.util.ArrayDeque;
import mqtt.resilient.api.Message;

/**
 * QoS 2 messages that wait to be sent, in the order of their sending: each until its packet identifier is written down.
 * A message that is resent may not pass one that was accepted before it; alarms wait only for alarms. On the io thread.
 * Valid for the connection.
 */
final class PreparedQueue {
    private final ArrayDeque<Outgoing> alarms = new ArrayDeque<>();
    private final ArrayDeque<Outgoing> others = new ArrayDeque<>();

    void add(Outgoing message) {
        behind(message).add(message);
    }

    /** Where a message waits, or would. */
    ArrayDeque<Outgoing> behind(Outgoing message) {
        return message.lane() == Message.LANE_ALARM ? alarms : others;
    }

    ArrayDeque<Outgoing> alarms() {
        return alarms;
    }

    ArrayDeque<Outgoing> others() {
        return others;
    }

    void clear() {
        alarms.clear();
        others.clear();
    }
}
