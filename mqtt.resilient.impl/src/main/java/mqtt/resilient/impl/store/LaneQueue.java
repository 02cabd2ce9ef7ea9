package mqtt.resilient.impl.store;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import mqtt.resilient.impl.session.Outgoing;

/**
 * The never-sent messages of one lane, ascending by id. A ring with holes: a message is taken out of the middle by a
 * binary search and stays behind, ended, as a hole; the ring is packed when half of it is holes.
 */
final class LaneQueue {
    private static final int SMALLEST = 16;
    private static final Outgoing[] NONE = {};

    private Outgoing[] ring = NONE;
    private int head;
    /** Used slots, holes included. */
    private int used;
    private int live;

    /** Makes room for one message more: the next {@link #add} allocates nothing. */
    void makeRoom() {
        if (used == ring.length) {
            pack(Math.max(SMALLEST, 2 * live));
        }
    }

    void add(Outgoing message) {
        makeRoom();
        ring[index(used++)] = message;
        live++;
    }

    /** The oldest, or null. */
    Outgoing first() {
        while (used > 0 && at(0) == null) {
            dropSlot();
        }
        return used == 0 ? null : ring[head];
    }

    /** Some of the oldest. */
    List<Outgoing> oldest(int most) {
        return IntStream.range(0, used).mapToObj(this::at).filter(Objects::nonNull).limit(most).toList();
    }

    /** Takes out what {@link #first} gave. */
    void removeFirst() {
        dropSlot();
        live--;
        if (live == 0) {
            ring = ring.length > SMALLEST || used > 0 ? NONE : ring; // a backlog that is gone costs nothing
            head = 0;
            used = 0;
        }
    }

    private void dropSlot() {
        ring[head] = null;
        head = head + 1 == ring.length ? 0 : head + 1;
        used--;
    }

    /** Takes out the message with this id, null if it is not here. */
    Outgoing remove(long id) {
        int slot = find(id);
        if (slot < 0) {
            return null;
        }
        Outgoing found = ring[index(slot)];
        if (slot == 0) {
            removeFirst();
        } else {
            live--;
        }
        found.leaveQueue();
        return found;
    }

    /** The slot of the message with this id, or -1. */
    int find(long id) {
        int slot = slotAfter(id) - 1;
        return slot >= 0 && idAt(slot) == id && at(slot) != null ? slot : -1;
    }

    /** The first slot behind the message with this id, which need not be here. */
    int slotAfter(long id) {
        int low = 0;
        int high = used;
        while (low < high) {
            int middle = low + high >>> 1;
            if (ring[index(middle)].id() <= id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The number of messages. */
    int size() {
        return live;
    }

    /** The number of slots, with holes. */
    int slots() {
        return used;
    }

    /** What is in a slot; null if it is a hole. */
    Outgoing at(int slot) {
        Outgoing message = ring[index(slot)];
        return message.isQueued() ? message : null;
    }

    /** The id of what is in a slot, or was. */
    long idAt(int slot) {
        return ring[index(slot)].id();
    }

    private int index(int slot) {
        int index = head + slot;
        return index < ring.length ? index : index - ring.length;
    }

    /** Closes the holes when they are more than half. */
    void tidy() {
        if (used > SMALLEST && live < used / 2) {
            pack(Math.max(SMALLEST, 2 * live));
        }
    }

    private void pack(int length) {
        Outgoing[] packed = new Outgoing[length];
        int kept = 0;
        for (int slot = 0; slot < used; slot++) {
            Outgoing message = at(slot);
            if (message != null) {
                packed[kept++] = message;
            }
        }
        ring = packed;
        head = 0;
        used = kept;
    }
}
