package mqtt.resilient.impl.dispatch;

import mqtt.resilient.impl.session.Incoming;

/** A received message while listeners work on it; acknowledged when the last of them is done. On the loop only. */
final class Reception {
    private static final int OVERHEAD_BYTES = 200;

    final Incoming incoming;
    /** The listeners that are not done with it, and the places in which it is held. */
    int open;

    Reception(Incoming incoming) {
        this.incoming = incoming;
    }

    int size() {
        return incoming.publish().payload().length + incoming.publish().topic().length()
                + incoming.publish().details().properties().length() + OVERHEAD_BYTES;
    }
}
