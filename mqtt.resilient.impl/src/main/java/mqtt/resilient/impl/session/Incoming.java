package mqtt.resilient.impl.session;

import java.util.zip.CRC32C;
import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.packet.Publish;

/**
 * A message from the broker, from its receipt to its acknowledgement. On the io thread only. The packet is released
 * when the listeners are done with it: what remains waits for earlier ones to be acknowledged, or for PUBREL, and is
 * not counted as held.
 */
public final class Incoming {
    /** Is told what arrived. Called on the io thread. */
    public interface Listener {
        /** A message arrived; {@link Session#handled} must follow when it is handled, with QoS 0 too. */
        void received(Incoming message);

        /** A message arrived that is larger than {@code packet.max.bytes}; nobody gets it. */
        void oversized(String topic, int size);
    }

    private Publish publish;
    private final int packetId;
    private final Qos qos;
    /** The connection on which it is to be acknowledged. */
    int connection;
    boolean handled;
    /** Whether a listener has it, or gets it when it comes back. */
    private boolean handedOver;
    /** Whether its packet identifier may mean another message now. */
    boolean uncertain;
    /** With QoS 2, of payload and topic: two messages with one packet identifier and one digest are the same. */
    private final long digest;

    Incoming(Publish publish, int connection) {
        this.publish = publish;
        this.connection = connection;
        packetId = publish.packetId();
        qos = publish.qos();
        digest = qos == Qos.EXACTLY_ONCE ? digest(publish) : 0; // now: a listener may change the array
    }

    /** A QoS 2 message that was received before a restart. */
    Incoming(int packetId, long digest) {
        this.packetId = packetId;
        this.digest = digest;
        qos = Qos.EXACTLY_ONCE;
        handled = true;
    }

    private static long digest(Publish publish) {
        CRC32C checksum = new CRC32C();
        checksum.update(publish.payload());
        return checksum.getValue() << 32 | publish.topic().hashCode() & 0xFFFF_FFFFL | 1;
    }

    /** A listener has it, or gets it when it comes back: where the heap is short it is not forgotten any more. */
    public void handedOver() {
        handedOver = true;
    }

    /** Whether a listener has it, or gets it when it comes back. */
    public boolean isHandedOver() {
        return handedOver;
    }

    int packetId() {
        return packetId;
    }

    Qos qos() {
        return qos;
    }

    long digest() {
        return digest;
    }

    /** The packet; null once the listeners are done with it. */
    public Publish publish() {
        return publish;
    }

    /** The listeners are done with the packet: it is no longer kept in the heap. */
    void release() {
        publish = null;
    }
}
