package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import mqtt.resilient.api.Subscription.Removal;
import mqtt.resilient.api.UserProperty;

/** Subscriptions that were ended, until it is settled what became of their filters at the broker. On the loop only. */
final class Leaving {
    private final Executor completions;
    private final Map<String, List<ClientSubscription>> waiting = new HashMap<>();

    /** Tells the results on an executor. */
    Leaving(Executor completions) {
        this.completions = completions;
    }

    void add(ClientSubscription subscription) {
        waiting.computeIfAbsent(subscription.filter(), key -> new ArrayList<>(1)).add(subscription);
    }

    /** One of them waits for nothing: the filter is still wanted. */
    void kept(ClientSubscription subscription) {
        List<ClientSubscription> same = waiting.get(subscription.filter());
        if (same != null && same.remove(subscription)) {
            if (same.isEmpty()) {
                waiting.remove(subscription.filter());
            }
            subscription.removed(Removal.KEPT, completions);
        }
    }

    /** What the latest of them has for the broker. */
    List<UserProperty> userProperties(String filter) {
        List<ClientSubscription> same = waiting.getOrDefault(filter, List.of());
        return same.isEmpty() ? List.of() : same.get(same.size() - 1).farewell();
    }

    /** It is settled for a filter. */
    void removed(String filter, Removal removal) {
        List<ClientSubscription> same = waiting.remove(filter);
        if (same != null) {
            same.forEach(subscription -> subscription.removed(removal, completions));
        }
    }

    /** The client has stopped. */
    void close() {
        waiting.values()
                .forEach(same -> same.forEach(subscription -> subscription.removed(Removal.CLOSED, completions)));
        waiting.clear();
    }
}
