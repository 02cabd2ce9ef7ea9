package mqtt.resilient.impl.dispatch;

import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.spi.packet.Publish;

/** A received message while listeners work on it; acknowledged when the last of them is done. On the loop only. */
final class Reception {
    private static final int OVERHEAD_BYTES = 200;
    /** What objects cost besides their bytes: even an empty property is two strings. */
    private static final int USER_PROPERTY_BYTES = 112;
    private static final int IDENTIFIER_BYTES = 24;

    final Incoming incoming;
    /** The listeners that are not done with it, and the places in which it is held. */
    int open;
    /** Whether it counts as unhandled. */
    boolean counted;

    Reception(Incoming incoming) {
        this.incoming = incoming;
    }

    /** What it costs in memory, about. */
    int size() {
        Publish.Details details = incoming.publish().details();
        return incoming.publish().payload().length + incoming.publish().topic().length()
                + details.properties().length() + details.properties().userProperties().size() * USER_PROPERTY_BYTES
                + details.subscriptionIdentifiers().size() * IDENTIFIER_BYTES + OVERHEAD_BYTES;
    }
}
