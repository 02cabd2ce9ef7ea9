package mqtt.resilient.impl.dispatch;

import java.util.List;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.spi.packet.Publish;

/** A received message while listeners work on it; acknowledged when the last of them is done. On the loop only. */
final class Reception {
    /** What each listener that a message is handed to, or held for, adds to its cost. */
    private static final int OPEN_BYTES = 128;
    private static final int OVERHEAD_BYTES = 200;
    /** What objects cost besides their bytes: even an empty property is two strings. */
    private static final int USER_PROPERTY_BYTES = 112;
    private static final int IDENTIFIER_BYTES = 24;

    final Incoming incoming;
    final Publish publish;
    /** The listeners that are not done with it, and the places in which it is held. */
    int open;
    /** Whether it is a retained message that answers a SUBSCRIBE: the broker sends it only once. */
    boolean answersSubscribe;
    /** Whether it counts as unhandled. */
    boolean counted;
    /** The bytes for which it counts as unhandled. */
    private long bytes;

    Reception(Incoming incoming) {
        this.incoming = incoming;
        publish = incoming.publish();
    }

    /** It is about to be handed to the listeners of these filters. */
    void answersSubscribe(List<Filter> filters) {
        answersSubscribe = publish.retained() && filters.stream().noneMatch(Filter::retainsAsPublished);
    }

    /** One more listener gets it, or it is held once more; returns the bytes that are taken by that. */
    long open() {
        long more = open == 0 ? OPEN_BYTES + size() : OPEN_BYTES;
        open++;
        bytes += more;
        return more;
    }

    /** One listener is done with it, and others are not; returns the bytes that are freed by that. */
    long close() {
        open--;
        long less = Math.min(bytes, OPEN_BYTES); // nothing if it does not count any more
        bytes -= less;
        return less;
    }

    /** It does not count as unhandled any more; returns the bytes that are freed by that. */
    long uncount() {
        long all = bytes;
        counted = false;
        bytes = 0;
        return all;
    }

    /** About its bytes in the heap, for any number of listeners: they share the payload. */
    private int size() {
        Publish.Details details = publish.details();
        return publish.payload().length + publish.topic().length()
                + details.properties().length() + details.properties().userProperties().size() * USER_PROPERTY_BYTES
                + details.subscriptionIdentifiers().size() * IDENTIFIER_BYTES + OVERHEAD_BYTES;
    }
}
