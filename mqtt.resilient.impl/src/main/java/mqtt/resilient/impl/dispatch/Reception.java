package mqtt.resilient.impl.dispatch;

import mqtt.resilient.impl.session.Incoming;

/** A received message while listeners work on it; acknowledged when the last of them is done. On the loop only. */
final class Reception {
    private static final int OVERHEAD_BYTES = 200;

    private final Incoming incoming;
    private int open;

    Reception(Incoming incoming) {
        this.incoming = incoming;
    }

    Incoming incoming() {
        return incoming;
    }

    /** One more listener, or a place in which it is held. */
    void add() {
        open++;
    }

    /** One of them is done; whether it was the last. */
    boolean done() {
        open--;
        return open == 0;
    }

    int size() {
        return incoming.publish().payload().length + incoming.publish().topic().length() + OVERHEAD_BYTES;
    }
}
