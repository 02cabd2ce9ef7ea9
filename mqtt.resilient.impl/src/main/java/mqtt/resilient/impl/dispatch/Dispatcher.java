package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntConsumer;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.SubscribeOptions.RetainHandling;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Counters.Counter;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.packet.Subscribe;

/**
 * Hands each received message to the listeners whose filters match, counts the messages that they have not handled, and
 * keeps the filter of a listener that left for its grace time. On the loop, except where a method says otherwise.
 */
public final class Dispatcher implements Incoming.Listener {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final int MOST_UNANNOUNCED = 256;
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final long SLOW_CALL_NANOS = 30_000_000_000L;
    private static final long CHECK_NANOS = 1_000_000_000L;

    /** What the dispatcher asks of the session and its connection; on the loop. */
    public interface SessionAccess {
        /**
         * A filter is wanted, or wanted with other options.
         *
         * @param anew whether it is subscribed also if nothing changes, for the retained messages
         */
        void subscribe(String filter, int options, boolean anew);

        /** A filter is not wanted any more. */
        void unsubscribe(String filter);

        /** All listeners are done with a message. */
        void handled(Incoming message);

        /** Too many bytes are unhandled, so that reading pauses; or it goes on. */
        void pauseReading(boolean pause);
    }

    /** What the dispatcher tells; on the loop. */
    public interface Events {
        /** A received message was dropped: why. */
        void dropped(String topic, String reason);

        /** A listener threw; the message comes again later, or is dead-lettered. */
        void listenerFailed(String listener, String topic, Throwable error, boolean deadLettered);

        /** A listener's call lasts longer than 30 s. */
        void listenerSlow(String listener, long nanos);
    }

    final Scheduler scheduler;
    final Executor executor;
    private final SessionAccess session;
    private final Counters counters;
    private final Events events;
    private final Filters filters = new Filters();
    /** Who gets unmatched messages. */
    private final Set<InboundQueue> unmatched = new LinkedHashSet<>();
    private final Mailbox<Delivery> doneBox;
    /** The filters that match the message at hand. */
    private List<Filter> matches = List.of();
    volatile DispatchSettings settings;
    private final Unhandled unhandled;
    /** Made beforehand: it is needed when nothing can be allocated. */
    private final Runnable checkLater = this::check;
    private Scheduler.Timer check;
    private boolean keepSubscriptions;
    private boolean stopped;

    /** Makes a dispatcher; {@code executor} calls listeners. */
    public Dispatcher(Scheduler scheduler, Executor executor, SessionAccess session, Counters counters, Events events,
            DispatchSettings settings) {
        this.scheduler = scheduler;
        this.executor = executor;
        this.session = session;
        this.counters = counters;
        this.events = events;
        this.settings = settings;
        doneBox = new Mailbox<>(scheduler, delivery -> finish(delivery.reception));
        unhandled = new Unhandled(scheduler, session, counters, () -> this.settings.maxBytes());
    }

    public void reconfigure(DispatchSettings newSettings) {
        settings = newSettings;
        unhandled.pauseOrResume();
    }

    // ---- listeners ------------------------------------------------------------------------------------------------

    /** Makes the queue of a listener. Safe from any thread. */
    public ListenerQueue queue(MessageListener listener, String description, boolean manual) {
        return new ListenerQueue(listener, description, manual, this);
    }

    /** Makes the queue of a receiver that fetches; {@code signal} gets how many are new. From any thread. */
    public PullQueue pullQueue(String description, boolean manual, int capacity, IntConsumer signal) {
        return new PullQueue(description, manual, capacity, signal, this);
    }

    /** The broker holds a subscription from before a restart: whoever had it may come back, or has come already. */
    public void restore(String filter, int options) {
        Filter entry = filters.get(filter);
        if (entry == null) {
            InboundQueue former = queue(message -> {}, "", false);
            entry = filters.add(filter);
            entry.former = former;
        }
        if (entry.former != null) { // else somebody has come already
            if (entry.listeners.put(entry.former, options) == null) {
                entry.former.filters++;
            }
            remove(filter, entry.former, true);
            entry.former = null; // last: without heap all of this comes again
        }
    }

    /** Adds a listener to a filter; what was held for the filter goes to it. */
    public void add(String filter, int options, InboundQueue queue) {
        Filter entry = filters.getOrAdd(filter);
        Departed predecessor = entry.predecessor(queue, options);
        boolean anew = entry.listeners.isEmpty() || retainHandling(options) == RetainHandling.ALWAYS;
        List<Delivery> taken = new ArrayList<>();
        if (predecessor != null) {
            predecessor.held.view().forEach(held -> taken.add(new Delivery(held, queue, true)));
            queue.makeRoom(taken.size());
        }
        Integer before = entry.listeners.put(queue, options);
        try {
            session.subscribe(filter, entry.options(predecessor), anew);
        } catch (VirtualMachineError e) { // all of this comes again, and is to find what it found
            if (before == null) {
                entry.listeners.remove(queue);
            } else {
                entry.listeners.put(queue, before);
            }
            throw e;
        }
        queue.filters += before == null ? 1 : 0;
        if (predecessor != null) { // from here on nothing takes heap
            predecessor.grace.cancel();
            entry.departed.remove(predecessor);
            predecessor.held.clear();
            for (int i = 0; i < taken.size(); i++) {
                offer(taken.get(i));
                finish(taken.get(i).reception);
            }
        }
    }

    /** Adds a listener for what no filter matches. */
    public void addUnmatched(InboundQueue queue) {
        queue.filters += unmatched.add(queue) ? 1 : 0;
    }

    /** Takes it back; {@link #close} ends it. */
    public void removeUnmatched(InboundQueue queue) {
        queue.filters -= unmatched.remove(queue) ? 1 : 0;
    }

    /** Hands a message to those who take what no filter matches; false if there is nobody. */
    private boolean offerUnmatched(Reception reception) {
        offerAll(reception, unmatched, List.of());
        return !unmatched.isEmpty();
    }

    /**
     * Takes a listener from a filter.
     *
     * @param grace whether it may come back, so that the filter and what it brings is kept for a while
     * @return whether nobody wants the filter any more, and it is unsubscribed
     */
    public boolean remove(String filter, InboundQueue queue, boolean grace) {
        Filter entry = filters.get(filter);
        Integer options = entry == null ? null : entry.listeners.get(queue);
        if (options == null) {
            return false;
        }
        boolean ended = false;
        if (grace && settings.graceNanos() > 0) {
            Departed departed = new Departed(queue, options);
            Runnable forget = Repeated.of(scheduler, () -> forget(filter, entry, departed));
            entry.departed.ensureCapacity(entry.departed.size() + 1);
            departed.grace = scheduler.at(scheduler.nanoTime() + settings.graceNanos(), forget);
            entry.departed.add(departed);
        } else {
            ended = leaves(filter, entry, queue);
        }
        entry.listeners.remove(queue); // last: without heap all of this comes again
        queue.filters--;
        return ended;
    }

    /**
     * A listener leaves a filter, and is taken from it after this. If it was the last one, the filter is unsubscribed.
     * Otherwise, if those that stay or may come back need other options, the filter is subscribed with these; that
     * brings the retained messages again.
     *
     * @return whether the filter is unsubscribed
     */
    private boolean leaves(String filter, Filter entry, Object who) {
        if (!entry.hasOthers(who)) {
            if (!keepSubscriptions) {
                session.unsubscribe(filter);
            }
            filters.remove(filter, entry);
            return !keepSubscriptions;
        }
        int options = entry.options(who);
        boolean listens = entry.listeners.size() > (entry.listeners.containsKey(who) ? 1 : 0);
        if (listens && options != entry.options() && !keepSubscriptions) {
            session.subscribe(filter, options, true);
        }
        return false;
    }

    private static RetainHandling retainHandling(int options) {
        return RetainHandling.values()[options >> Subscribe.Request.RETAIN_HANDLING_SHIFT & 3];
    }

    /** The grace of a listener is over. */
    private void forget(String filter, Filter entry, Departed departed) {
        for (Reception held = departed.held.peek(); held != null; held = departed.held.peek()) {
            if (!offerUnmatched(held)) {
                dropped(held.publish.topic(), "no listener for " + filter
                        + " came back within listener.grace.seconds");
            }
            finish(held);
            departed.held.poll(); // not before: without heap all of this comes again
        }
        leaves(filter, entry, departed);
        entry.departed.remove(departed);
    }

    /**
     * Ends a listener after {@link #remove}, if no filter is left that brings it messages; what it has not begun is
     * held where a filter in its grace matches.
     */
    public void close(InboundQueue queue) {
        if (queue.filters == 0) {
            queue.close().forEach(this::giveUp);
            queue.clear(); // last: without heap all of this comes again
        }
    }

    private void giveUp(Delivery left) {
        if (left.isFinished() || stopped) { // the broker sends it again: it is not acknowledged
            return;
        }
        matches = filters.match(left.topic());
        if (!hold(left.reception, left.queue)) {
            dropped(left.topic(), "its listener has gone: " + left.queue.description);
        }
        if (left.finish()) {
            try {
                finish(left.reception);
            } catch (VirtualMachineError e) { // no heap: it is to be done again
                left.unfinish();
                throw e;
            }
        }
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    /** Hands a message to its listeners. */
    @Override
    public void received(Incoming incoming) {
        Reception reception = new Reception(incoming);
        unhandled.add(reception);
        try {
            offer(reception);
        } catch (VirtualMachineError e) { // no heap: the connection ends, and the broker sends it again
            if (incoming.isHandedOver()) { // those that have it acknowledge it
                finish(reception);
            } else {
                unhandled.remove(reception);
            }
            throw e;
        }
        unhandled.pauseOrResume();
        if (check == null && unhandled.messages() > 0) {
            check = scheduler.at(scheduler.nanoTime() + CHECK_NANOS, checkLater);
        }
    }

    @Override
    public void oversized(String topic, int size) {
        dropped(topic, "larger than packet.max.bytes: " + size + " bytes");
    }

    private void dropped(String topic, String reason) {
        events.dropped(topic, reason); // first: without heap it may come again
        counters.count(Counter.RECEIVED_DROPPED);
    }

    private void offer(Reception reception) {
        matches = filters.match(reception.publish.topic());
        reception.answersSubscribe(matches);
        if (matches.size() == 1 && matches.get(0).listeners.size() == 1 && matches.get(0).departed.isEmpty()) {
            offer(new Delivery(reception, matches.get(0).listeners.keySet().iterator().next(), false));
        } else {
            Set<InboundQueue> queues = new LinkedHashSet<>();
            matches.forEach(filter -> queues.addAll(filter.listeners.keySet()));
            List<Departed> departed = departed(reception, null);
            if (!queues.isEmpty() || !departed.isEmpty()) {
                offerAll(reception, queues, departed);
            } else if (!offerUnmatched(reception)) {
                dropped(reception.publish.topic(), "no listener");
            }
        }
        finish(reception);
    }

    /**
     * Hands a message to listeners and to those that may come back: to all of them, or to none if the heap has no room
     * for it.
     */
    private void offerAll(Reception reception, Set<InboundQueue> queues, List<Departed> departed) {
        List<Delivery> deliveries = new ArrayList<>(queues.size());
        for (InboundQueue queue : queues) {
            queue.makeRoom(1);
            deliveries.add(new Delivery(reception, queue, true));
        }
        hold(reception, departed); // the last that takes heap
        for (int i = 0; i < deliveries.size(); i++) {
            offer(deliveries.get(i));
        }
    }

    private void offer(Delivery delivery) {
        InboundQueue queue = delivery.queue;
        Delivery dropped = queue.offer(delivery);
        if (dropped != delivery) {
            unhandled.open(delivery.reception);
            delivery.reception.incoming.handedOver();
        }
        if (dropped == null) {
            announceSoon(queue);
        } else if (dropped == delivery || dropped.finish()) {
            if (dropped != delivery) {
                finish(dropped.reception);
            }
            dropped(dropped.topic(),
                    "QoS 0 dropped, queue full (inbound.queue, or the capacity of a MessageQueue): "
                            + queue.description);
        }
    }

    /** Wakes a receiver, once for all that is read in this turn of the loop. */
    private void announceSoon(InboundQueue queue) {
        queue.unannounced++;
        if (queue.unannounced == 1) {
            scheduler.execute(queue.announce);
        } else if (queue.unannounced == MOST_UNANNOUNCED) {
            queue.announce();
        }
    }

    /** Keeps a message for a listener that has gone and may come back; false if it may not. */
    private boolean hold(Reception reception, InboundQueue only) {
        List<Departed> departed = departed(reception, only);
        hold(reception, departed);
        return !departed.isEmpty();
    }

    private void hold(Reception reception, List<Departed> all) {
        for (Departed departed : all) {
            departed.held.makeRoom(1);
        }
        for (int i = 0; i < all.size(); i++) {
            all.get(i).held.add(reception);
            unhandled.open(reception);
            reception.incoming.handedOver();
        }
    }

    /**
     * Who has gone and may come back for a message, once for each listener, or for one listener only; from
     * {@link #matches}. QoS 0 is not kept.
     */
    private List<Departed> departed(Reception reception, InboundQueue only) {
        if (reception.publish.qos() == Qos.AT_MOST_ONCE) {
            return List.of();
        }
        List<Departed> found = new ArrayList<>();
        Set<InboundQueue> covered = new HashSet<>();
        for (Filter filter : matches) {
            for (Departed departed : filter.departed) {
                if ((only == null || departed.queue == only) && covered.add(departed.queue)) {
                    found.add(departed);
                }
            }
        }
        return found;
    }

    private void finish(Reception reception) {
        if (reception.open > 1) {
            unhandled.close(reception);
        } else if (reception.open == 1) { // the last one; if this fails for want of heap, it is done once more
            unhandled.remove(reception);
            session.handled(reception.incoming);
            reception.open = 0;
        }
        unhandled.pauseOrResume();
    }

    /** Looks at the filters, in their order. */
    public List<ClientInspector.Subscribed> inspect(int most, Function<String, Subscription.Grant> granted) {
        return filters.inOrder().limit(most).map(each -> {
            Filter filter = each.getValue();
            int options = filter.options();
            Set<InboundQueue> queues = filter.listeners.keySet();
            return new ClientInspector.Subscribed(each.getKey(), Qos.of(options & Subscribe.Request.QOS),
                    granted.apply(each.getKey()),
                    queues.stream().map(queue -> queue.description).toList(),
                    filter.departed.stream().map(departed -> departed.queue.description).toList(),
                    queues.stream().mapToInt(InboundQueue::size).sum(),
                    queues.stream().mapToLong(InboundQueue::discards).sum());
        }).toList();
    }

    /** The number of messages that listeners are not done with. */
    public int unhandled() {
        return unhandled.messages();
    }

    /** The heap was short: plans what could not be planned then, so that nothing waits for good. */
    public void mend() {
        Scheduler.cancel(check);
        check();
        unhandled.pauseOrResume();
    }

    /**
     * Once a second while messages are unhandled: takes what queues have handled and not told, as the queue of a
     * listener that blocks tells nothing, and reports such listeners.
     */
    private void check() {
        check = null;
        doneBox.drain();
        if (unhandled.messages() > 0 && check == null) {
            check = scheduler.at(scheduler.nanoTime() + CHECK_NANOS, checkLater);
        }
        long now = scheduler.nanoTime();
        for (Filter filter : filters.values()) {
            filter.listeners.keySet().forEach(queue -> check(queue, now));
        }
        unmatched.forEach(queue -> check(queue, now));
    }

    private void check(InboundQueue queue, long now) {
        if (queue.size() > 0) {
            queue.announce(); // in case that was not planned for want of heap
        }
        long since = queue.busySince;
        boolean slow = since != 0 && now - since >= SLOW_CALL_NANOS;
        if (slow && !queue.reportedSlow) {
            events.listenerSlow(queue.description, now - since);
        }
        queue.reportedSlow = slow;
    }

    /** From now on nothing is unsubscribed: the session is to outlive this client. */
    public void keepSubscriptions() {
        keepSubscriptions = true;
    }

    /** Ends every listener; nothing more is acknowledged. */
    public void stop() {
        stopped = true;
        if (check != null) {
            check.cancel();
        }
        for (Filter filter : filters.values()) {
            filter.departed.forEach(departed -> departed.grace.cancel());
            filter.listeners.keySet().forEach(Dispatcher::end);
        }
        unmatched.forEach(Dispatcher::end);
        filters.clear();
    }

    private static void end(InboundQueue queue) {
        queue.close();
        queue.clear();
    }

    // ---- for the listeners' threads -------------------------------------------------------------------------------

    /** A listener failed on a message and has ended meanwhile. */
    void leftBehind(Delivery delivery) {
        Repeated.execute(scheduler, () -> giveUp(delivery));
    }

    /** A receiver is done with a message; the loop is told with the next {@link #tell}, or within a second. */
    void done(Delivery delivery) {
        doneBox.add(delivery);
    }

    void tell() {
        doneBox.wake();
    }

    /** A listener threw; it may have acknowledged the message before. */
    void failed(Delivery delivery, Throwable error, boolean deadLettered) {
        Repeated.execute(scheduler, () -> {
            events.listenerFailed(delivery.queue.description, delivery.topic(), error, deadLettered); // first, as above
            counters.count(Counter.LISTENER_FAILURES);
        });
    }

    /** Runs a task of a listener again in a while, which grows with its failures; on the loop. */
    void planRetry(Runnable work, int failures) {
        scheduler.at(scheduler.nanoTime() + (RETRY_NANOS << Math.min(failures - 1, 6)), work);
    }
}
