package mqtt.resilient.impl.session;

/** Acknowledgements to send, in order, as reason code, packet type and id in one int each. */
final class AcknowledgementQueue {
    private int[] ring = new int[16];
    private int first;
    private int count;

    void add(int type, int packetId) {
        add(type, packetId, 0);
    }

    void add(int type, int packetId, int reasonCode) {
        if (count == ring.length) {
            int[] larger = new int[2 * count];
            for (int i = 0; i < count; i++) {
                larger[i] = ring[first + i & count - 1];
            }
            ring = larger;
            first = 0;
        }
        ring[first + count & ring.length - 1] = reasonCode << 20 | type << 16 | packetId;
        count++;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int type() {
        return ring[first] >>> 16 & 15;
    }

    int reasonCode() {
        return ring[first] >>> 20;
    }

    int packetId() {
        return ring[first] & 0xFFFF;
    }

    void remove() {
        first = first + 1 & ring.length - 1;
        count--;
    }

    void clear() {
        count = 0;
    }
}
