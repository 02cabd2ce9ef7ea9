package mqtt.resilient.impl.dispatch;

import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.spi.packet.Publish;

/** A received message while listeners work on it; acknowledged when the last of them is done. On the loop only. */
final class Reception {
    /** What a message costs besides for each listener that it is handed to, or held for. */
    private static final int OPEN_BYTES = 128;
    private static final int OVERHEAD_BYTES = 200;
    /** What objects cost besides their bytes: even an empty property is two strings. */
    private static final int USER_PROPERTY_BYTES = 112;
    private static final int IDENTIFIER_BYTES = 24;

    final Incoming incoming;
    final Publish publish;
    /** The listeners that are not done with it, and the places in which it is held. */
    private int open;
    private boolean unhandled = true;
    private boolean abandoned;

    Reception(Incoming incoming) {
        this.incoming = incoming;
        publish = incoming.publish();
    }

    /** One more listener gets it, or it is held once more; the result is what that costs in memory. */
    int open() {
        return open++ == 0 ? OPEN_BYTES + size() : OPEN_BYTES;
    }

    /** One is done with it; the result is what that frees. */
    int close() {
        if (abandoned) {
            return 0;
        }
        return --open == 0 ? OPEN_BYTES + size() : OPEN_BYTES;
    }

    /** Whether the one that is done with it next is the last one. */
    boolean isLast() {
        return open == 1 && !abandoned;
    }

    /** All are done with it; false if that was said before. */
    boolean handle() {
        boolean before = unhandled;
        unhandled = false;
        return before;
    }

    /** It could not be handed to all: whoever is done with it, it is never handled. The result is what that frees. */
    int abandon() {
        abandoned = true;
        return open * OPEN_BYTES + size();
    }

    /** What it costs in memory, about, whoever it is handed to: its payload is there once. */
    private int size() {
        Publish.Details details = publish.details();
        return publish.payload().length + publish.topic().length()
                + details.properties().length() + details.properties().userProperties().size() * USER_PROPERTY_BYTES
                + details.subscriptionIdentifiers().size() * IDENTIFIER_BYTES + OVERHEAD_BYTES;
    }
}
