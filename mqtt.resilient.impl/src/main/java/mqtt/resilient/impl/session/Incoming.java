package mqtt.resilient.impl.session;

import mqtt.resilient.spi.packet.Publish;

/** A message from the broker, from its receipt to its acknowledgement. On the io thread only. */
public final class Incoming {
    private final Publish publish;
    /** The connection on which its acknowledgement is due. */
    int connection;
    boolean handled;
    /** Whether its packet id may mean another message now. */
    boolean doubtful;

    Incoming(Publish publish, int connection) {
        this.publish = publish;
        this.connection = connection;
    }

    /** The packet. */
    public Publish publish() {
        return publish;
    }
}
