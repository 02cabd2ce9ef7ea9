package mqtt.resilient.impl.session;

import mqtt.resilient.api.Subscription;
import mqtt.resilient.spi.packet.Reason;

/** Is told what became of filters. Called on the io thread. */
public interface SubscriptionListener {
    /** The broker answered for a filter: the code of its SUBACK, and its words. */
    void granted(String filter, Reason reason);

    /** What became of a filter that is not wanted any more; nobody may have waited for it. */
    default void removed(String filter, Subscription.Removal removal) {
        // whoever does not unsubscribe need not know
    }
}
