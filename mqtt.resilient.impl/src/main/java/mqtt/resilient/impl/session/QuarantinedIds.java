package mqtt.resilient.impl.session;

import java.util.ArrayList;
import mqtt.resilient.spi.packet.PacketType;

/**
 * Packet identifiers of QoS 2 messages that were taken out of flight, and that the broker may still hold: no other
 * message gets one of them until the broker has answered its PUBREL, or the session is lost. On the io thread. Valid
 * for the session.
 */
final class QuarantinedIds {
    private final PacketIds ids;
    private final ArrayList<Integer> quarantined = new ArrayList<>();

    QuarantinedIds(PacketIds ids) {
        this.ids = ids;
    }

    int count() {
        return quarantined.size();
    }

    /** Makes room for one more: the next {@link #add} needs no heap. */
    Integer prepare(int packetId) {
        quarantined.ensureCapacity(quarantined.size() + 1);
        return packetId;
    }

    /** Quarantines a prepared packet identifier; the message no longer has it. */
    void add(Integer packetId) {
        ids.transfer(packetId, this);
        quarantined.add(packetId);
    }

    /** A PUBCOMP arrived: frees its packet identifier; false if that is not one of these. */
    boolean pubcompReceived(int packetId) {
        boolean removed = ids.owner(packetId) == this && quarantined.remove((Integer) packetId);
        if (removed) {
            ids.free(packetId);
        }
        return removed;
    }

    /** The broker is told on each connection to release them. */
    void connected(AcknowledgementQueue acknowledgements) {
        quarantined.forEach(id -> acknowledgements.add(PacketType.PUBREL, id));
    }

    /** The broker holds none of them any more. */
    void sessionLost() {
        quarantined.forEach(ids::free);
        quarantined.clear();
    }
}
