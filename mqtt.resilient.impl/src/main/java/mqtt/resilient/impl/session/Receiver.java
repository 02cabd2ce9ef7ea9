package mqtt.resilient.impl.session;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Publish;

/**
 * The receiving half of the session (MQTT 3.1.1 and 5 section 4.3): what is still to be acknowledged, in the order of
 * receipt [MQTT-4.6.0-2, MQTT-4.6.0-3], and the packet identifiers of QoS 2 messages that were received and not
 * released [MQTT-4.3.3-2]. On the io thread.
 */
final class Receiver {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final int PACKET_IDENTIFIER_NOT_FOUND = 0x92;

    private final CurrentConnection connection;
    private final AcknowledgementQueue acknowledgements;
    private final Incoming.Listener events;
    private final Counters counters;
    private MessageStore store;

    // ---- valid for the session
    private final Map<Integer, Incoming> exactlyOnce = new HashMap<>();

    // ---- valid for the connection
    private final ArrayDeque<Incoming> unacknowledged = new ArrayDeque<>();

    Receiver(CurrentConnection connection, AcknowledgementQueue acknowledgements, MessageStore store,
            Incoming.Listener events, Counters counters) {
        this.connection = connection;
        this.acknowledgements = acknowledgements;
        this.store = store;
        this.events = events;
        this.counters = counters;
    }

    void use(MessageStore newStore) {
        store = newStore;
    }

    /** A PUBLISH arrived: the listeners get it, unless it is a duplicate. */
    void publishReceived(Publish publish) {
        Incoming incoming = accept(publish);
        counters.count(Counters.Counter.RECEIVED);
        if (incoming != null) {
            handOver(incoming);
        } else {
            counters.count(Counters.Counter.RECEIVED_DUPLICATES);
        }
    }

    private void handOver(Incoming incoming) {
        try {
            events.received(incoming);
        } catch (VirtualMachineError e) {
            if (!incoming.isHandedOver()) { // the broker is to send it again, and it is no duplicate then
                forget(incoming);
            }
            throw e;
        }
    }

    /** A PUBLISH arrived that is too large: it is acknowledged in its turn, or the broker would send it for ever. */
    void oversized(String topic, int qos, int packetId, int size) {
        counters.count(Counters.Counter.RECEIVED);
        Incoming incoming = accept(new Publish(topic, new byte[0], Qos.of(qos), false, false, packetId,
                Publish.Details.NONE));
        if (incoming != null) {
            handled(incoming);
            events.oversized(topic, size);
        }
    }

    /** Takes a PUBLISH; the result is for the listeners, or null if it is a duplicate of QoS 2. */
    private Incoming accept(Publish publish) {
        Incoming incoming = new Incoming(publish, connection.number());
        if (publish.qos() == Qos.EXACTLY_ONCE) {
            Incoming before = exactlyOnce.get(publish.packetId());
            if (before != null && (!before.uncertain || isDuplicate(incoming, before))) {
                if (before.connection != connection.number()) {
                    before.connection = connection.number();
                    unacknowledged.add(before);
                    acknowledge();
                } else if (before.handled && !unacknowledged.contains(before)) {
                    acknowledgements.add(PacketType.PUBREC, publish.packetId());
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

    /**
     * Where the session may be a new one, the packet identifier alone makes no duplicate: DUP and the digest must say
     * it too [MQTT-3.3.1-1].
     */
    private static boolean isDuplicate(Incoming incoming, Incoming before) {
        return incoming.publish().duplicate() && incoming.digest() == before.digest();
    }

    /** A message could not be handed over: it counts as never received. */
    void forget(Incoming incoming) {
        exactlyOnce.remove(incoming.packetId(), incoming);
        unacknowledged.remove(incoming);
    }

    /** The listeners are done with a message: its acknowledgement is sent in its turn. */
    void handled(Incoming incoming) {
        incoming.release();
        if (incoming.qos() != Qos.EXACTLY_ONCE || exactlyOnce.get(incoming.packetId()) != incoming) {
            acknowledge(incoming);
            return;
        }
        store.inboundReceived(incoming.packetId(), incoming.digest()); // before PUBREC, or it would come twice
        store.whenDurable(() -> acknowledge(incoming));
    }

    private void acknowledge(Incoming incoming) {
        incoming.handled = true;
        if (incoming.connection == connection.current()) {
            acknowledge();
        }
    }

    private void acknowledge() {
        for (Incoming head = unacknowledged.peek(); head != null && head.handled; head = unacknowledged.peek()) {
            unacknowledged.remove();
            int type = head.qos() == Qos.AT_LEAST_ONCE ? PacketType.PUBACK : PacketType.PUBREC;
            acknowledgements.add(type, head.packetId());
        }
    }

    /** A PUBREL arrived: it is answered with PUBCOMP, also for an id that is not known (any more). */
    void pubrelReceived(int packetId) {
        Incoming incoming = exactlyOnce.get(packetId);
        if (incoming == null) {
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
            acknowledgements.add(PacketType.PUBCOMP, packetId, PACKET_IDENTIFIER_NOT_FOUND);
            return;
        }
        if (!incoming.handled) { // the broker releases what was never acknowledged to it: it awaits no PUBREC
            unacknowledged.remove(incoming);
        }
        int on = connection.number();
        store.pubrelReceived(packetId); // before PUBCOMP, or the id's next message would be taken for a duplicate
        store.whenDurable(() -> {
            if (connection.current() == on) {
                acknowledgements.add(PacketType.PUBCOMP, packetId);
            }
        });
        exactlyOnce.remove(packetId); // last: without heap all of this comes again, and must not find it unknown
    }

    /** Restores what was received before a restart. */
    void restore(Map<Integer, Long> received) {
        received.forEach((packetId, digest) -> exactlyOnce.put(packetId, new Incoming(packetId, digest)));
    }

    /** The broker's session may be a new one. */
    void sessionUncertain() {
        exactlyOnce.values().forEach(incoming -> incoming.uncertain = true);
    }

    /** What was not acknowledged on the connection that is gone, the broker resends on the next one. */
    void connectionLost() {
        unacknowledged.clear();
    }

    /** The broker has lost the session. */
    void sessionLost() {
        unacknowledged.clear();
        exactlyOnce.values().forEach(incoming -> incoming.connection = 0);
        exactlyOnce.clear();
    }
}
