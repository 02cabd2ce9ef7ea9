package mqtt.resilient.impl.session;

import static mqtt.resilient.impl.environment.Scheduler.NEVER;
import static mqtt.resilient.impl.session.FilterState.NOT_WANTED;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.Topics;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.FilterState.Asking;
import mqtt.resilient.impl.session.FilterState.Held;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.spi.packet.Subscribe;
import mqtt.resilient.spi.packet.Unsubscribe;

/**
 * The subscriptions of the session: brings what the broker holds to what is wanted. What it is known to hold is
 * recorded from its answers, and every difference is one SUBSCRIBE or UNSUBSCRIBE away. What it may hold is written
 * down when it is asked for, not when it is granted: after a crash nobody else would know what to unsubscribe. The
 * SUBSCRIBE does not wait for the disk: what is published next would overtake it, and its answers would find nobody. On
 * the io thread.
 */
final class Subscriptions {
    /** Some cloud brokers refuse a SUBSCRIBE with more than eight filters. */
    private static final int MAX_FILTERS_PER_PACKET = 8;
    private static final int MAX_PENDING_PACKETS = 8;
    /** What a SUBSCRIBE or UNSUBSCRIBE has besides its filters, and each filter besides its text; at most. */
    private static final int PACKET_BYTES = 16;
    private static final int FILTER_BYTES = 3;
    private static final int PROPERTY_BYTES = 8;
    /** Reason codes from here on refuse. */
    private static final int FAILURE = 0x80;
    private static final int PACKET_TOO_LARGE = 0x95;
    private static final int SHARED_NOT_SUPPORTED = 0x9E;
    private static final int WILDCARDS_NOT_SUPPORTED = 0xA2;
    private static final Reason REFUSED_FOR_CLOSING = new Reason(FAILURE, "the broker closes the connection when it is "
            + "asked for this filter alone, and answers others; it is asked again after five minutes, then after "
            + "twice the time, at last once a day");

    static {
        FilterState.prepare(); // now: where the heap is short it would fail for good
    }

    /** A SUBSCRIBE or UNSUBSCRIBE that waits for its answer; the owner of a packet id. */
    private record Request(boolean subscribe, List<FilterState> entries) {
    }

    private final PacketIds ids;
    private final SubscriptionListener events;
    private final Scheduler scheduler;
    private final Verdict verdict;
    private MessageStore store;

    // ---- valid for the session
    private final Map<String, FilterState> entries = new LinkedHashMap<>();
    /** When the first of those that the broker closed connections for is asked for again. */
    private long retryAt = NEVER;

    // ---- valid for the connection
    /** The filters to ask for next. */
    private final ArrayDeque<FilterState> queue = new ArrayDeque<>();
    private final Map<Integer, Request> pending = new LinkedHashMap<>();
    private BrokerLimits limits = BrokerLimits.NONE;

    Subscriptions(PacketIds ids, SubscriptionListener events, MessageStore store, Scheduler scheduler,
            Verdict verdict) {
        this.store = store;
        this.scheduler = scheduler;
        this.verdict = verdict;
        this.ids = ids;
        this.events = events;
    }

    /**
     * Subscribes; if {@code anew}, also to what is granted already: only a new SUBSCRIBE brings the retained messages.
     */
    void want(String filter, int options, boolean anew) {
        FilterState entry = entries.computeIfAbsent(filter, FilterState::new);
        if (entry.wanted == NOT_WANTED && !entry.isBeingRemoved()) {
            events.removed(filter, Subscription.Removal.KEPT); // whoever left before has not been asked for
        }
        if (!anew && entry.wanted == options && (entry.held == Held.GRANTED || entry.held == Held.PERHAPS)) {
            return; // the answer is there, or will be
        }
        entry.wanted = options;
        if (entry.isGuilty()) {
            entry.requested = options;
            events.granted(filter, REFUSED_FOR_CLOSING);
            return; // whoever asks for it now has the answer as well
        }
        entry.forgetRefusal();
        entry.held = entry.held == Held.NOTHING ? Held.NOTHING : Held.PERHAPS;
        entry.askAgain();
        enqueue(entry);
    }

    /** Whether the broker has granted a filter as it is wanted now. */
    boolean isGranted(String filter) {
        FilterState entry = entries.get(filter);
        return entry != null && entry.held == Held.GRANTED && entry.wanted == entry.requested;
    }

    /**
     * With which user properties a filter is asked for from now on, and anew if they are others; before {@link #want}.
     */
    void describe(String filter, List<UserProperty> userProperties) {
        FilterState entry = entries.computeIfAbsent(filter, FilterState::new);
        if (!entry.userProperties.equals(userProperties)) {
            entry.userProperties = userProperties;
            entry.askAgain();
            if (entry.held == Held.GRANTED && entry.wanted != NOT_WANTED) {
                entry.held = Held.PERHAPS;
                enqueue(entry);
            }
        }
    }

    /** Unsubscribes, with user properties that go along with it. */
    void unwant(String filter, List<UserProperty> userProperties) {
        FilterState entry = entries.get(filter);
        if (entry != null) {
            verdict.gone(entry); // UNSUBSCRIBE is another packet
            entry.wanted = NOT_WANTED;
            entry.refusedUntil = NEVER;
            entry.userProperties = userProperties;
            enqueue(entry);
        }
        if (entry == null || entry.held == Held.NOTHING) {
            events.removed(filter, Subscription.Removal.NOTHING_THERE);
        }
    }

    private void enqueue(FilterState entry) {
        if (entry.asking.isPending()) {
            return; // looked at again when the answer is there
        }
        if (entry.wanted == NOT_WANTED) {
            entry.forgetRefusal();
        }
        if (entry.isSettled()) {
            verdict.gone(entry);
            if (entry.wanted == NOT_WANTED && entry.asking == Asking.NOT) {
                noteRemoved(entry); // if it was taken back before it was asked for
                // for whoever left while a SUBSCRIBE was pending that is refused; others were told the answer before
                events.removed(entry.filter, Subscription.Removal.NOTHING_THERE);
                entries.remove(entry.filter, entry);
            }
        } else if (entry.asking == Asking.NOT) {
            noteWanted(entry); // first: this may fail for want of heap
            entry.asking = Asking.QUEUED;
            queue.add(entry);
        }
    }

    private void noteWanted(FilterState entry) {
        if (entry.wanted != NOT_WANTED && entry.wanted != entry.noted) {
            store.subscribed(entry.filter, entry.wanted);
            entry.noted = entry.wanted;
        }
    }

    private void noteRemoved(FilterState entry) {
        if (entry.noted != NOT_WANTED) {
            store.unsubscribed(entry.filter); // first: this may fail for want of heap
            entry.noted = NOT_WANTED;
        }
    }

    int pending() {
        return pending.size();
    }

    /** Writes the SUBSCRIBEs and UNSUBSCRIBEs that are queued; false when there was no room. */
    boolean fill(Codec codec, Output out) {
        askAgainForGuilty();
        while (!queue.isEmpty() && pending.size() < MAX_PENDING_PACKETS) {
            FilterState first = queue.peek();
            boolean subscribe = first.wanted != NOT_WANTED;
            if (first.isSettled() || refusal(first, subscribe) == 0 && verdict.leavesOut(first)) {
                FilterState passed = takeFirst();
                if (passed.isSettled()) {
                    enqueue(passed);
                }
            } else if (refusal(first, subscribe) != 0) {
                refuse(first, subscribe, refusal(first, subscribe));
            } else if (!verdict.admits(first) || verdict.isOneAtATime() && !pending.isEmpty()) {
                return true; // it has to be alone
            } else {
                Request request = new Request(subscribe, nextBatch(subscribe));
                int id = ids.allocate(request);
                if (id == 0) {
                    return true; // an acknowledgement will free one
                }
                if (!write(request, id, codec, out)) {
                    ids.free(id);
                    return false;
                }
                verdict.begins(first);
            }
        }
        return true;
    }

    /** This broker does not take such a filter, or so many user properties. */
    private void refuse(FilterState first, boolean subscribe, int refusal) {
        if (!subscribe && !first.userProperties.isEmpty()) {
            first.userProperties = List.of(); // the filter matters more
        } else if (subscribe) {
            refuse(takeFirst(), refusal);
        } else { // it is asked for again on the next connection
            verdict.gone(first);
            answer(takeFirst(), new Reason(refusal, "the CONNACK said so"));
        }
    }

    /** Asks for a single filter that was left out, if there is room for it; while nothing is pending. */
    void askAgain(FilterState entry, Codec codec, Output out) {
        queue.remove(entry); // it may stand behind others, which wait for it
        entry.asking = Asking.NOT;
        noteWanted(entry);
        Request request = new Request(entry.wanted != NOT_WANTED, List.of(entry));
        int id = ids.allocate(request);
        queue.addFirst(entry);
        if (id != 0 && write(request, id, codec, out)) {
            verdict.begins(entry);
        } else {
            queue.remove();
            if (id != 0) {
                ids.free(id);
            }
        }
    }

    /** What the broker closed connections for is asked for again after a day, alone. */
    private void askAgainForGuilty() {
        long now = scheduler.nanoTime();
        if (retryAt == NEVER || now - retryAt < 0) {
            return;
        }
        retryAt = NEVER;
        for (FilterState entry : entries.values()) {
            if (entry.isGuilty() && now - entry.refusedUntil >= 0) {
                verdict.accuse(entry);
                entry.refusedUntil = NEVER;
                entry.forgetRefusal();
            } else if (entry.isGuilty()) {
                retryAt = retryAt == NEVER || entry.refusedUntil - retryAt < 0 ? entry.refusedUntil : retryAt;
            }
        }
    }

    /** The broker closes connections for a filter: it counts as refused. */
    void guilty(FilterState entry) {
        verdict.gone(entry);
        if (entry.wanted == NOT_WANTED) {
            answer(entry, REFUSED_FOR_CLOSING);
            entry.held = Held.NOTHING;
            enqueue(entry);
            return;
        }
        events.granted(entry.filter, REFUSED_FOR_CLOSING); // first: without heap it is only tried again
        entry.refuse(scheduler.nanoTime());
        retryAt = retryAt == NEVER || entry.refusedUntil - retryAt < 0 ? entry.refusedUntil : retryAt;
        entry.held = Held.REFUSED;
        entry.requested = entry.wanted;
        if (!entry.heldBefore) {
            noteRemoved(entry);
        }
    }

    /** The broker is another one, or closes connections for something else. */
    void forgetGuilty() {
        retryAt = NEVER;
        for (FilterState entry : List.copyOf(entries.values())) {
            if (entry.isGuilty()) {
                entry.refusedUntil = NEVER;
                entry.forgetRefusal();
                enqueue(entry);
            }
        }
    }

    /** When the first refused filter is asked for again; {@link Scheduler#NEVER} = none is. */
    long retryAt() {
        return retryAt;
    }

    /** The first filter for which nothing has come; null = none. */
    Object firstPending() {
        return pending.isEmpty() ? null : pending.values().iterator().next().entries.get(0);
    }

    /** Everything for which nothing has come is a suspect. */
    void suspectPending() {
        pending.values().forEach(request -> request.entries.forEach(verdict::suspect));
    }

    private FilterState takeFirst() {
        FilterState entry = queue.remove();
        entry.asking = Asking.NOT;
        return entry;
    }

    private boolean write(Request request, int id, Codec codec, Output out) {
        List<UserProperty> userProperties = request.entries.get(0).userProperties;
        byte[] packet = request.subscribe
                ? codec.encode(new Subscribe(id, request.entries.stream()
                        .map(entry -> new Subscribe.Request(entry.filter, entry.wanted)).toList(), userProperties))
                : codec.encode(new Unsubscribe(id, request.entries.stream().map(entry -> entry.filter).toList(),
                        userProperties));
        ByteBuffer buffer = out.reserve(packet.length);
        if (buffer == null) {
            return false;
        }
        buffer.put(packet);
        pending.put(id, request);
        for (FilterState entry : request.entries) {
            queue.remove();
            entry.asking = Asking.PENDING;
            entry.heldBefore = request.subscribe && entry.held != Held.NOTHING;
            entry.held = Held.PERHAPS;
            entry.requested = entry.wanted;
        }
        return true;
    }

    /** A connection begins, with a broker that may not take every filter. */
    void begin(BrokerLimits newLimits) {
        limits = newLimits;
    }

    /** The code with which the broker would refuse a filter, or end the connection; 0 = it takes it. */
    private int refusal(FilterState entry, boolean subscribe) {
        String filter = entry.filter;
        if (PACKET_BYTES + bytes(entry) > limits.maximumPacketBytes()) {
            return PACKET_TOO_LARGE;
        }
        return !subscribe ? 0 : !limits.sharedSubscriptions() && filter.startsWith("$share/") ? SHARED_NOT_SUPPORTED
                : !limits.wildcardSubscriptions() && (filter.indexOf('+') >= 0 || filter.indexOf('#') >= 0)
                        ? WILDCARDS_NOT_SUPPORTED : 0;
    }

    private static int bytes(FilterState entry) {
        return Topics.utf8Length(entry.filter) + FILTER_BYTES + entry.userProperties.stream()
                .mapToInt(each -> Topics.utf8Length(each.name()) + Topics.utf8Length(each.value()) + PROPERTY_BYTES)
                .sum();
    }

    private void answer(FilterState entry, Reason reason) {
        events.removed(entry.filter, new Subscription.Removal(Subscription.Removal.How.ANSWERED, reason.code(),
                reason.text(), reason.userProperties()));
    }

    private void refuse(FilterState entry, int code) {
        entry.held = Held.REFUSED;
        entry.heldBefore = false;
        entry.requested = entry.wanted;
        noteRemoved(entry);
        verdict.gone(entry);
        events.granted(entry.filter, new Reason(code, "not available on this broker (CONNACK)"));
    }

    private List<FilterState> nextBatch(boolean subscribe) {
        List<FilterState> batch = new ArrayList<>();
        int bytes = PACKET_BYTES;
        for (FilterState entry : queue) {
            bytes += bytes(entry);
            if (bytes > limits.maximumPacketBytes() || verdict.isOneAtATime() && !batch.isEmpty()
                    || batch.size() == MAX_FILTERS_PER_PACKET || entry.isSettled() || verdict.leavesOut(entry)
                    || subscribe != (entry.wanted != NOT_WANTED) || refusal(entry, subscribe) != 0
                    || subscribe && !batch.isEmpty()
                    // a packet has one identifier
                            && (entry.wanted ^ batch.get(0).wanted) >> Subscribe.Request.IDENTIFIER_SHIFT != 0
                    || !batch.isEmpty() && !entry.userProperties.equals(batch.get(0).userProperties)) {
                break;
            }
            batch.add(entry);
        }
        return batch;
    }

    /** Takes a SUBACK or UNSUBACK; false if nothing waits for it. */
    boolean answered(int type, int packetId, int[] codes, Reason reason) throws ProtocolException {
        Request request = pending.get(packetId);
        if (request == null || request.subscribe != (type == PacketType.SUBACK)) {
            return false;
        }
        boolean none = codes.length == 0 && !request.subscribe; // the UNSUBACK of 3.1.1 has no codes
        if (codes.length != request.entries.size() && !none) {
            throw new ProtocolException("a " + PacketType.name(type) + " with " + codes.length + " codes for "
                    + request.entries.size() + " filters [MQTT-3.8.4-5]");
        }
        pending.remove(packetId);
        ids.free(packetId);
        for (int i = 0; i < request.entries.size(); i++) {
            boolean refused = !none && codes[i] >= FAILURE;
            answered(request.entries.get(i), request.subscribe, refused,
                    new Reason(none ? 0 : codes[i], reason.text(), reason.userProperties()));
        }
        return true;
    }

    private void answered(FilterState entry, boolean subscribe, boolean refused, Reason answer) {
        if (subscribe) {
            events.granted(entry.filter, answer);
        } else {
            answer(entry, answer);
        }
        if (verdict.isAccused(entry)) { // the broker closes connections for something else
            forgetGuilty();
        }
        verdict.answered(entry);
        boolean again = entry.asking == Asking.PENDING_AND_AGAIN;
        entry.asking = Asking.NOT; // not before: without heap all of this comes again
        if (subscribe) {
            entry.held = again ? Held.PERHAPS : refused ? Held.REFUSED : Held.GRANTED;
        } else {
            entry.held = refused ? Held.PERHAPS : Held.NOTHING;
        }
        if (entry.held == Held.NOTHING || entry.held == Held.REFUSED && !entry.heldBefore) {
            noteRemoved(entry);
        }
        if (subscribe || !refused || entry.wanted != NOT_WANTED) {
            enqueue(entry);
        } // else it is asked for again on the next connection
    }

    /** It does not stand in {@link #queue} any more. */
    private static void forgetQueued(FilterState entry) {
        entry.asking = entry.asking == Asking.QUEUED ? Asking.NOT : entry.asking;
    }

    /** Something failed for want of heap: without a connection, all is asked for again on the next one. */
    void mend() {
        for (int id = 1; id < ids.range(); id++) {
            if (ids.owner(id) instanceof Request request && pending.get(id) != request) {
                ids.free(id);
            }
        }
        queue.clear();
        entries.values().forEach(Subscriptions::forgetQueued);
        connectionLost(); // this may have stopped half way
        renewAll();
    }

    void use(MessageStore newStore) {
        store = newStore;
    }

    /** Restores what the broker held before a restart. */
    void restore(Map<String, Integer> subscriptions) {
        subscriptions.forEach((filter, qos) -> {
            FilterState entry = entries.computeIfAbsent(filter, FilterState::new);
            entry.wanted = entry.wanted == NOT_WANTED ? qos : entry.wanted; // a listener may have come before
            entry.requested = qos;
            entry.noted = qos;
            entry.held = Held.GRANTED;
            enqueue(entry);
        });
    }

    /** Requests without an answer are repeated on the next connection; what they did is not known. */
    void connectionLost() {
        for (FilterState entry : List.copyOf(entries.values())) {
            entry.forgetRefusal(); // worth one try on each connection
            boolean wasBeingRemoved = entry.isBeingRemoved();
            entry.asking = entry.asking.isPending() ? Asking.NOT : entry.asking;
            if (wasBeingRemoved && entry.wanted != NOT_WANTED) {
                events.removed(entry.filter, Subscription.Removal.KEPT);
            }
            enqueue(entry);
        }
        pending.keySet().forEach(ids::free);
        pending.clear();
    }

    /** What was left out is asked for. */
    void enqueueAll() {
        List.copyOf(entries.values()).forEach(this::enqueue);
    }

    /** It is not known what the broker holds: everything is subscribed again. */
    void renewAll() {
        entries.values().forEach(entry -> entry.held = entry.held == Held.GRANTED ? Held.PERHAPS : entry.held);
        enqueueAll();
    }

    /** The broker holds nothing any more, and nothing is written down. */
    void sessionLost() {
        queue.clear();
        for (FilterState entry : List.copyOf(entries.values())) {
            forgetQueued(entry);
            entry.noted = NOT_WANTED;
            entry.held = entry.isGuilty() ? Held.REFUSED : Held.NOTHING;
            entry.heldBefore = false;
            enqueue(entry);
        }
    }
}
