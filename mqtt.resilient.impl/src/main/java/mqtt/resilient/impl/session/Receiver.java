package mqtt.resilient.impl.session;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Publish;

/**
 * The receiving half of the session: what is still to be acknowledged, in the order of receipt [MQTT-4.6.0-2,
 * MQTT-4.6.0-3], and the packet ids of QoS 2 messages that were received and not released [MQTT-4.3.3-2].
 */
final class Receiver {
    private final AcknowledgementQueue out;
    private final ArrayDeque<Incoming> unacknowledged = new ArrayDeque<>();
    private final Map<Integer, Incoming> exactlyOnce = new HashMap<>();

    Receiver(AcknowledgementQueue out) {
        this.out = out;
    }

    /** Takes a PUBLISH; the result is to be handled by a listener, or null if it was handed over before. */
    Incoming received(Publish publish, int connection) {
        Incoming incoming = new Incoming(publish, connection);
        if (publish.qos() == Qos.EXACTLY_ONCE) {
            Incoming before = exactlyOnce.get(publish.packetId());
            if (before != null && (!before.doubtful || isRepetition(incoming, before))) {
                if (before.connection != connection) {
                    before.connection = connection;
                    unacknowledged.add(before);
                    acknowledge();
                } else if (before.handled && !unacknowledged.contains(before)) {
                    out.add(PacketType.PUBREC, publish.packetId());
                }
                return null;
            }
        }
        if (publish.qos() != Qos.AT_MOST_ONCE) {
            unacknowledged.add(incoming);
            if (publish.qos() == Qos.EXACTLY_ONCE) {
                exactlyOnce.put(publish.packetId(), incoming);
            }
        }
        return incoming;
    }

    /** A message could not be handed over: it counts as never received. */
    void forget(Incoming incoming) {
        exactlyOnce.remove(incoming.packetId(), incoming);
        unacknowledged.remove(incoming);
    }

    /** The listeners are done with a message. */
    void handled(Incoming incoming, int connection) {
        incoming.handled = true;
        if (incoming.connection == connection) {
            acknowledge();
        }
    }

    private void acknowledge() {
        for (Incoming head = unacknowledged.peek(); head != null && head.handled; head = unacknowledged.peek()) {
            unacknowledged.remove();
            out.add(head.qos() == Qos.AT_LEAST_ONCE ? PacketType.PUBACK : PacketType.PUBREC, head.packetId());
        }
    }

    /** A PUBREL came; false if the id is not known (any more). */
    boolean released(int packetId) {
        Incoming incoming = exactlyOnce.remove(packetId);
        if (incoming == null) {
            return false;
        }
        if (!incoming.handled) { // a broker that releases what was never confirmed to it: nothing is due any more
            unacknowledged.remove(incoming);
        }
        return true;
    }

    /** In a session that may be a new one, the packet id alone does not tell [MQTT-3.3.1-1]. */
    private static boolean isRepetition(Incoming incoming, Incoming before) {
        return incoming.publish().duplicate() && incoming.digest() == before.digest();
    }

    /** Lets go of a message that the listeners are done with; tells whether its acknowledgement is due, and is a PUBREC. */
    boolean letGo(Incoming incoming) {
        incoming.letGo();
        return incoming.qos() == Qos.EXACTLY_ONCE && exactlyOnce.get(incoming.packetId()) == incoming;
    }

    /** Takes up what was received before a restart. */
    void restore(Map<Integer, Long> received) {
        received.forEach((packetId, digest) -> exactlyOnce.put(packetId, new Incoming(packetId, digest)));
    }

    /** The broker's session may be a new one. */
    void doubt() {
        exactlyOnce.values().forEach(incoming -> incoming.doubtful = true);
    }

    /** Nothing is due on a connection that is gone; the broker repeats on the next one. */
    void connectionLost() {
        unacknowledged.clear();
    }

    /** The broker has forgotten the session. */
    void sessionLost() {
        unacknowledged.clear();
        exactlyOnce.values().forEach(incoming -> incoming.connection = 0);
        exactlyOnce.clear();
    }
}
