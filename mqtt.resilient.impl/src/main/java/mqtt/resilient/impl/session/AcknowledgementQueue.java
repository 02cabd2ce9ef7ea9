package mqtt.resilient.impl.session;

import java.nio.ByteBuffer;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.spi.Codec;

/**
 * The acknowledgements to send on the connection, in order: reason code, packet type and id in one int each. On the io
 * thread.
 */
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

    /** Writes them as far as there is room; whether that was all. */
    boolean fill(Codec codec, Output out) {
        while (!isEmpty()) {
            ByteBuffer buffer = out.reserve(Codec.MAX_ACKNOWLEDGEMENT_BYTES);
            if (buffer == null) {
                return false;
            }
            codec.encodeAcknowledgement(type(), packetId(), reasonCode(), buffer);
            remove();
        }
        return true;
    }

    void clear() {
        count = 0;
    }
}
