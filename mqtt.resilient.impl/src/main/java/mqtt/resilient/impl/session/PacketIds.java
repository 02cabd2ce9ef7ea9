package mqtt.resilient.impl.session;

import java.util.Arrays;

/**
 * The one allocator of packet identifiers [MQTT-2.3.1-2]: a small range, each id with its owner, freed ids reused last,
 * so that a late acknowledgement rarely meets a new owner. The last ones are for births. All but {@link #take} is O(1).
 * On the io thread.
 */
final class PacketIds {
    private static final int LARGEST = 65_535;
    /** Ids beyond the send window, for SUBSCRIBE and UNSUBSCRIBE. */
    private static final int SPARE = 16;

    private Object[] owners = new Object[1];
    private char[] free = new char[0];
    private int first;
    private int count;

    PacketIds(int window) {
        require(window);
    }

    /** Makes room for a window; never takes ids away. */
    void require(int window) {
        int range = Math.min(LARGEST + 1, Integer.highestOneBit(window + SPARE) << 1);
        if (range <= owners.length) {
            return;
        }
        char[] larger = new char[range];
        for (int i = 0; i < count; i++) {
            larger[i] = free[(first + i) % free.length];
        }
        for (int id = owners.length; id < Math.min(range, BirthIds.FIRST); id++) {
            larger[count++] = (char) id;
        }
        free = larger;
        first = 0;
        owners = Arrays.copyOf(owners, range);
    }

    /** A free id for an owner, or 0 if there is none. */
    int allocate(Object owner) {
        if (count == 0) {
            return 0;
        }
        int id = free[first];
        first = first + 1 == free.length ? 0 : first + 1;
        count--;
        owners[id] = owner;
        return id;
    }

    /** Gives an id that is in use to another owner. */
    void transfer(int id, Object owner) {
        assert owners[id] != null : "packet identifier " + id + " is free";
        owners[id] = owner;
    }

    /** Takes a certain id, which is free. */
    void take(int id, Object owner) {
        require(id);
        if (id >= BirthIds.FIRST) { // of a store from before these were the ids of births
            owners[id] = owner;
            return;
        }
        for (int i = 0; free[first] != id; i++) {
            assert i < count : "packet identifier " + id + " is not free";
            free(allocate(owner)); // the next one goes to the end
        }
        allocate(owner);
    }

    /** All ids are below this. */
    int range() {
        return owners.length;
    }

    /** Whose id this is; null if it is nobody's. */
    Object owner(int id) {
        return id < owners.length ? owners[id] : null;
    }

    void free(int id) {
        assert owners[id] != null : "packet identifier " + id + " is free already";
        owners[id] = null;
        if (id >= BirthIds.FIRST) {
            return;
        }
        int last = first + count;
        free[last >= free.length ? last - free.length : last] = (char) id;
        count++;
    }
}
