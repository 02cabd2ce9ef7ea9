package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Subscription.Grant;
import mqtt.resilient.api.Subscription.Removal;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.dispatch.InboundQueue;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.dispatch.PullQueue;
import mqtt.resilient.impl.link.Supervisor;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.SubscriptionListener;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.spi.packet.Subscribe;

/**
 * The subscribing half of a client: its subscriptions by their filters, and those that have ended and wait for their
 * result. The public methods that say so are safe from any thread; the others are for the loop.
 */
public final class Subscriber implements SubscriptionListener, Dispatcher.SessionAccess {
    private final CommandQueue commands;
    private final Executor completions;
    private final Counters counters;
    private final ClientEvents events;
    private final Dispatcher dispatcher;
    private final Map<String, List<ClientSubscription>> subscriptions = new HashMap<>();
    /** Those that were ended, until it is settled what became of their filters at the broker. */
    private final Map<String, List<ClientSubscription>> leaving = new HashMap<>();
    private Session session;
    private Supervisor supervisor;
    private boolean stopped;

    /** Makes what {@link #connect} completes. */
    Subscriber(Environment environment, CommandQueue commands, Counters counters, ClientEvents events,
            DispatchSettings settings) {
        this.commands = commands;
        this.counters = counters;
        this.events = events;
        completions = environment.completions();
        dispatcher = new Dispatcher(environment.scheduler(), environment.listeners(), this, counters, events, settings);
    }

    void connect(Session newSession, Supervisor newSupervisor) {
        session = newSession;
        supervisor = newSupervisor;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    // ---- from any thread ------------------------------------------------------------------------------------------

    /** Makes the queue that serves one listener for any number of filters; safe from any thread. */
    public ListenerQueue queue(MessageListener listener, String description, boolean manual) {
        return dispatcher.queue(listener, description, manual);
    }

    /** Makes the queue of a receiver that fetches; {@code signal} runs when something is new. Safe from any thread. */
    public PullQueue pullQueue(String description, boolean manual, int capacity, IntConsumer signal) {
        return dispatcher.pullQueue(description, manual, capacity, signal);
    }

    /** Subscribes, with {@link Subscribe.Request#options()}; safe from any thread. */
    public ClientSubscription subscribe(String filter, int options, InboundQueue queue) {
        return subscribe(filter, options, List.of(), queue);
    }

    /** The same with user properties for the broker. */
    public ClientSubscription subscribe(String filter, int options, List<UserProperty> userProperties,
            InboundQueue queue) {
        return subscribe(List.of(filter), options, userProperties, queue).get(0);
    }

    /** The same for several filters, in one packet where that is possible. */
    public List<ClientSubscription> subscribe(List<String> filters, int options, List<UserProperty> userProperties,
            InboundQueue queue) {
        List<ClientSubscription> all = filters.stream().map(filter -> new ClientSubscription(this, filter, queue))
                .toList();
        commands.execute(() -> all.forEach(stopped ? this::end : each -> add(each, options, userProperties)));
        return all;
    }

    /** Has a listener take what no subscription matches; safe from any thread. */
    public void addUnmatched(InboundQueue queue) {
        commands.execute(() -> {
            if (!stopped) {
                dispatcher.addUnmatched(queue);
            }
        });
    }

    /** Removes such a listener, and ends it if it has no subscription either; safe from any thread. */
    public void removeUnmatched(InboundQueue queue) {
        commands.execute(() -> {
            dispatcher.removeUnmatched(queue);
            dispatcher.close(queue);
        });
    }

    /** Ends one of several subscriptions of a listener, for good; safe from any thread. */
    public void unsubscribe(ClientSubscription subscription) {
        commands.execute(() -> remove(subscription, false));
    }

    /** Ends a subscription, and its listener if that has no other; safe from any thread. */
    void close(ClientSubscription subscription, boolean grace) {
        close(List.of(subscription), subscription.queue(), grace);
    }

    /**
     * Ends all subscriptions of a listener; safe from any thread.
     *
     * @param grace whether it may come back soon
     */
    public void close(Collection<ClientSubscription> all, InboundQueue queue, boolean grace) {
        commands.execute(() -> {
            all.forEach(subscription -> remove(subscription, grace));
            dispatcher.close(queue);
        });
    }

    // ---- on the loop ----------------------------------------------------------------------------------------------

    private void add(ClientSubscription subscription, int options, List<UserProperty> userProperties) {
        if (subscription.hasEnded()) { // before it could begin, for want of heap
            end(subscription);
            return;
        }
        String filter = subscription.filter();
        List<ClientSubscription> same = subscriptions.computeIfAbsent(filter, key -> new ArrayList<>(1));
        if (!same.contains(subscription)) { // else this call is repeated, after a shortage of heap
            same.add(subscription);
        }
        if (same.size() == 1 || !userProperties.isEmpty()) { // else the properties of the other subscriptions stay
            session.describe(filter, userProperties);
        }
        dispatcher.add(filter, options, subscription.queue());
        // the grant of another subscription with this filter is also that of this one
        if (same.get(0).granted().isGranted() && session.isGranted(filter)) {
            subscription.answer(same.get(0).granted(), completions);
        }
    }

    /**
     * Ends a subscription.
     *
     * @param grace whether its listener may come back
     */
    private void remove(ClientSubscription subscription, boolean grace) {
        String filter = subscription.filter();
        subscription.ends();
        List<ClientSubscription> same = subscriptions.get(filter);
        if (same != null && same.contains(subscription)) {
            leaving.computeIfAbsent(filter, key -> new ArrayList<>(1)).add(subscription);
            if (!dispatcher.remove(filter, subscription.queue(), grace)) {
                kept(subscription);
            }
            subscription.answer(Grant.CLOSED, completions);
            same.remove(subscription); // last: without heap all of this comes again
            if (same.isEmpty()) {
                subscriptions.remove(filter);
            }
        }
    }

    /** It waits for nothing: the filter is still wanted. */
    private void kept(ClientSubscription subscription) {
        List<ClientSubscription> same = leaving.get(subscription.filter());
        if (same != null && same.remove(subscription)) {
            if (same.isEmpty()) {
                leaving.remove(subscription.filter());
            }
            subscription.removed(Removal.KEPT, completions);
        }
    }

    /** A subscription of a client that has stopped. */
    private void end(ClientSubscription subscription) {
        subscription.answer(Grant.CLOSED, completions);
        subscription.removed(Removal.CLOSED, completions);
    }

    /** The client has stopped. */
    void stop() {
        stopped = true;
        dispatcher.stop();
        subscriptions.values().forEach(all -> all.forEach(this::end));
        subscriptions.clear();
        leaving.values().forEach(all -> all.forEach(each -> each.removed(Removal.CLOSED, completions)));
        leaving.clear();
    }

    List<ClientInspector.Subscribed> inspect() {
        return dispatcher.inspect(ClientInspector.MAX_RESULTS,
                filter -> subscriptions.containsKey(filter) ? subscriptions.get(filter).get(0).granted()
                        : Grant.PENDING);
    }

    // ---- what the dispatcher asks for -----------------------------------------------------------------------------

    @Override
    public void subscribe(String filter, int options, boolean anew) {
        session.subscribe(filter, options, anew);
        supervisor.wake(false);
    }

    @Override
    public void unsubscribe(String filter) {
        List<ClientSubscription> same = leaving.getOrDefault(filter, List.of());
        session.unsubscribe(filter, same.isEmpty() ? List.of() : same.get(same.size() - 1).farewell());
        supervisor.wake(false);
    }

    @Override
    public void handled(Incoming message) {
        session.handled(message);
        supervisor.wake(false);
    }

    @Override
    public void pauseReading(boolean pause) {
        supervisor.pauseReading(pause);
    }

    // ---- what the session tells -----------------------------------------------------------------------------------

    @Override
    public void granted(String filter, Reason reason) {
        Grant grant = new Grant(reason.code(), reason.text(), reason.userProperties());
        subscriptions.getOrDefault(filter, List.of()).forEach(subscription -> subscription.answer(grant, completions));
        if (!grant.isGranted()) {
            counters.count(Counter.SUBSCRIPTIONS_REFUSED);
            events.subscriptionRefused(filter, grant.code());
        }
    }

    @Override
    public void removed(String filter, Removal removal) {
        List<ClientSubscription> same = leaving.remove(filter);
        if (same != null) {
            same.forEach(subscription -> subscription.removed(removal, completions));
        }
    }
}
