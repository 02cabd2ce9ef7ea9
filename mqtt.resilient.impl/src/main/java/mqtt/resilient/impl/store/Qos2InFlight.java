package mqtt.resilient.impl.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.Message;

/**
 * The QoS 2 messages in flight with their packet identifiers, as the records ASSIGNED and RELEASED of the lanes say.
 * On the store's thread only.
 */
final class Qos2InFlight {
    /** One of them. */
    static final class Assignment {
        final int lane;
        final long index;
        final int packetId;
        /** Counts assignments: of two messages with the same packet identifier the earlier one was settled. */
        final long order;
        private boolean released;

        private Assignment(int lane, long index, int packetId, long order) {
            this.lane = lane;
            this.index = index;
            this.packetId = packetId;
            this.order = order;
        }

        /** Whether the broker has sent PUBREC. */
        boolean isReleased() {
            return released;
        }
    }

    /** By lane and index. */
    private final List<Map<Long, Assignment>> lanes = new ArrayList<>();
    private long latestOrder;

    Qos2InFlight() {
        for (int lane = 0; lane < Message.LANES; lane++) {
            lanes.add(new LinkedHashMap<>());
        }
    }

    boolean contains(int lane, long index) {
        return lanes.get(lane).containsKey(index);
    }

    /** A message was given a packet identifier, or is to be sent as new with it; the order of the assignment. */
    long assign(int lane, long index, int packetId) {
        Assignment before = lanes.get(lane).get(index);
        long order = before == null ? ++latestOrder : before.order;
        lanes.get(lane).put(index, new Assignment(lane, index, packetId, order));
        return order;
    }

    /** An assignment was read. */
    void restore(int lane, long index, int packetId, long order) {
        lanes.get(lane).put(index, new Assignment(lane, index, packetId, order));
        latestOrder = Math.max(latestOrder, order);
    }

    /** There were at most so many assignments: later ones follow all of them, also those that a disk brings back. */
    void follow(long assignments) {
        latestOrder = Math.max(latestOrder, assignments);
    }

    /** It was read that the broker has sent PUBREC. */
    void restoreReleased(int lane, long index) {
        Assignment assignment = lanes.get(lane).get(index);
        if (assignment != null) {
            assignment.released = true;
        }
    }

    void remove(int lane, long index) {
        Map<Long, Assignment> inFlight = lanes.get(lane);
        if (!inFlight.isEmpty()) {
            inFlight.remove(index);
        }
    }

    /** Removes those from an index on, up to another one. */
    void removeRange(int lane, long from, long to) {
        lanes.get(lane).keySet().removeIf(index -> index >= from && index < to);
    }

    /** All of them, the latest assignment first. */
    List<Assignment> latestFirst() {
        return lanes.stream().flatMap(each -> each.values().stream())
                .sorted(Comparator.comparingLong((Assignment assignment) -> assignment.order).reversed()).toList();
    }
}
