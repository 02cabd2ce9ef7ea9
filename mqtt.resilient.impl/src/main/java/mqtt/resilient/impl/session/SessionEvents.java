package mqtt.resilient.impl.session;

import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.spi.packet.Reason;

/** What the session reports. Called on the io thread. */
public interface SessionEvents {
    /** A message is settled; called exactly once for each. */
    void settled(Outgoing message, Outcome.Kind kind, Reason reason);

    /** The birth message is not there on this connection: the broker has refused it, or it was left out. */
    default void birthMissing(String topic, Reason reason) {
        // without one there is none to miss
    }

    /** A message arrived for the listeners; {@link Session#handled} must follow when they are done, with QoS 0 too. */
    void received(Incoming message);

    /** A message arrived that is larger than {@code packet.max.bytes}; nobody gets it. */
    void oversized(String topic, int size);

    /** The broker answered for a filter: the code of its SUBACK, and its words. */
    void granted(String filter, Reason reason);

    /** What became of a filter that is not wanted any more; nobody may have waited for it. */
    default void removed(String filter, Subscription.Removal removal) {
        // whoever does not unsubscribe need not know
    }
}
