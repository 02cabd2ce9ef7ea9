package mqtt.resilient.impl.session;

import java.util.zip.CRC32C;
import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.packet.Publish;

/** A message from the broker, from its receipt to its acknowledgement. On the io thread only. */
public final class Incoming {
    private final Publish publish;
    /** The connection on which its acknowledgement is due. */
    int connection;
    boolean handled;
    /** Whether its packet id may mean another message now. */
    boolean doubtful;
    /** Kept instead of the message when it was received before a restart; 0 = not yet asked for. */
    private long digest;

    Incoming(Publish publish, int connection) {
        this.publish = publish;
        this.connection = connection;
    }

    Incoming(int packetId, long digest) {
        this(new Publish("", new byte[0], Qos.EXACTLY_ONCE, false, true, packetId, Publish.Details.NONE), 0);
        this.digest = digest;
        handled = true;
    }

    /** Tells a repetition from another message of the same packet id. */
    long digest() {
        if (digest == 0) {
            CRC32C checksum = new CRC32C();
            checksum.update(publish.payload());
            digest = checksum.getValue() << 32 | publish.topic().hashCode() & 0xFFFF_FFFFL | 1;
        }
        return digest;
    }

    /** The packet. */
    public Publish publish() {
        return publish;
    }
}
