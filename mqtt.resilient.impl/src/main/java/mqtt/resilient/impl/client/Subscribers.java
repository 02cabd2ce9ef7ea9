package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import mqtt.resilient.api.Subscription.Grant;
import mqtt.resilient.api.Subscription.Removal;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.session.Session;

/**
 * The subscriptions of a client by their filters, and those that have ended and wait for their result. On the loop
 * only.
 */
final class Subscribers {
    private final Session session;
    private final Dispatcher dispatcher;
    private final Executor completions;
    private final Map<String, List<ClientSubscription>> subscriptions = new HashMap<>();
    private final Leaving leaving;

    /** Tells answers on an executor. */
    Subscribers(Session session, Dispatcher dispatcher, Executor completions) {
        this.session = session;
        this.dispatcher = dispatcher;
        this.completions = completions;
        leaving = new Leaving(completions);
    }

    void add(ClientSubscription subscription, int options, List<UserProperty> userProperties) {
        if (subscription.hasEnded()) { // before it could begin, for want of heap
            end(subscription);
            return;
        }
        String filter = subscription.filter();
        List<ClientSubscription> same = subscriptions.computeIfAbsent(filter, key -> new ArrayList<>(1));
        if (!same.contains(subscription)) { // else it comes again, for something failed for want of heap
            same.add(subscription);
        }
        if (same.size() == 1 || !userProperties.isEmpty()) { // else those of the others stay
            session.describe(filter, userProperties);
        }
        dispatcher.add(filter, options, subscription.queue());
        // what another has serves this one as well
        if (same.get(0).granted().isGranted() && session.isGranted(filter)) {
            subscription.answer(same.get(0).granted(), completions);
        }
    }

    /**
     * Ends a subscription.
     *
     * @param grace whether its listener may come back
     */
    void remove(ClientSubscription subscription, boolean grace) {
        String filter = subscription.filter();
        subscription.ends();
        List<ClientSubscription> same = subscriptions.get(filter);
        if (same != null && same.contains(subscription)) {
            leaving.add(subscription);
            if (!dispatcher.remove(filter, subscription.queue(), grace)) {
                leaving.kept(subscription);
            }
            subscription.answer(Grant.CLOSED, completions);
            same.remove(subscription); // last: without heap all of this comes again
            if (same.isEmpty()) {
                subscriptions.remove(filter);
            }
        }
    }

    /** A subscription of a client that has stopped. */
    void end(ClientSubscription subscription) {
        subscription.answer(Grant.CLOSED, completions);
        subscription.removed(Removal.CLOSED, completions);
    }

    /** The client has stopped. */
    void stop() {
        subscriptions.values().forEach(all -> all.forEach(this::end));
        subscriptions.clear();
        leaving.close();
    }

    /** Nobody wants a filter any more. */
    void unsubscribe(String filter) {
        session.unsubscribe(filter, leaving.userProperties(filter));
    }

    /** It is settled what became of a filter that nobody wants. */
    void removed(String filter, Removal removal) {
        leaving.removed(filter, removal);
    }

    void granted(String filter, Grant grant) {
        subscriptions.getOrDefault(filter, List.of()).forEach(subscription -> subscription.answer(grant, completions));
    }

    /** The latest answer of the broker for a filter. */
    Grant grant(String filter) {
        return subscriptions.containsKey(filter) ? subscriptions.get(filter).get(0).granted() : Grant.PENDING;
    }
}
