package mqtt.resilient.impl.session;

import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;

/**
 * The session of one client with one broker (MQTT 3.1.1 and 5 section 4): what was sent and not acknowledged, what was
 * received and not acknowledged, and the subscriptions. It outlives connections. This class passes what happens to its
 * parts: {@link Sender} and {@link InFlight} have the outgoing messages, {@link Receiver} the incoming ones, {@link
 * Subscriptions} the filters, {@link Birth} the birth message. On the io thread.
 */
public final class Session {
    static {
        DeliveryState.values(); // initialized now: where the heap is short it would fail for good
    }

    private static final Reason DEAD_LETTER = new Reason(0,
            "the broker closed the connection each time that only this message was unanswered, and answered others");

    private final Counters counters;
    private final CurrentConnection connection = new CurrentConnection();
    private final AcknowledgementQueue acknowledgements = new AcknowledgementQueue();
    private final SendWindow.Wire wire = new SendWindow.Wire();
    private final Sender sender;
    private final InFlight inFlight;
    private final Receiver receiver;
    private final Subscriptions subscriptions;
    private final Birth birth;
    private final Verdict verdict;
    private MessageStore store;
    private String broker = "";
    /** The number of answers so far that the birth message or a subscription waited for. */
    private long otherProgress;

    /** Makes a session; the listeners are told of messages to and from the broker, and of filters. */
    public Session(MessageStore store, Outgoing.Listener outgoing, Incoming.Listener incoming,
            SubscriptionListener filters, Scheduler scheduler, Counters counters, SessionSettings settings) {
        this.store = store;
        this.counters = counters;
        PacketIds ids = new PacketIds(settings.inflightMax());
        verdict = new Verdict(wire, scheduler);
        sender = new Sender(connection, ids, wire, acknowledgements, store, scheduler, counters, outgoing, verdict);
        inFlight = sender.inFlight();
        receiver = new Receiver(connection, acknowledgements, store, incoming, counters);
        subscriptions = new Subscriptions(ids, filters, store, scheduler, verdict);
        birth = new Birth(ids, wire, acknowledgements, outgoing);
        reconfigure(settings);
    }

    /** Takes new settings; they act at once. */
    public void reconfigure(SessionSettings settings) {
        sender.reconfigure(settings);
        if (verdict.configure(settings.poisonAttempts())) { // what a trial has left out is sent on this connection
            inFlight.messages().resendAll();
            subscriptions.enqueueAll();
        }
        if (settings.poisonAttempts() == 0) {
            subscriptions.forgetGuilty();
        }
        birth.configure(settings.birth(), settings.poisonAttempts());
    }

    /** Takes another store than the one before, which was empty; without a connection. */
    public void use(MessageStore newStore) {
        store = newStore;
        sender.use(newStore);
        receiver.use(newStore);
        subscriptions.use(newStore);
    }

    /** Restores what a store held of the session; before anything else. */
    public void restore(StoredState state) {
        inFlight.restore(state.inFlight, state.lastId);
        receiver.restore(state.received);
        subscriptions.restore(state.subscriptions);
    }

    // ---- the connection -------------------------------------------------------------------------------------------

    /**
     * A connection is up: the broker sent a CONNACK that accepts.
     *
     * @param key whose session it is: broker and client identifier; empty = it ends with the connection
     * @param uncertain whether the session that is present may be another one than ours, because an earlier CONNACK was
     * lost
     * @param limits what the broker accepts
     */
    public void connected(Codec codec, String key, boolean sessionPresent, boolean uncertain, BrokerLimits limits) {
        connection.begin(codec, limits);
        verdict.connected();
        inFlight.begin(sessionPresent);
        subscriptions.begin(limits);
        if (!sessionPresent) {
            store.session(key);
            sessionLost();
        } else if (uncertain) {
            subscriptions.renewAll();
            receiver.sessionUncertain();
        }
        birth.connected(progress());
        inFlight.connected();
    }

    private void sessionLost() {
        birth.sessionLost();
        receiver.sessionLost();
        subscriptions.sessionLost();
        inFlight.sessionLost();
    }

    /**
     * The broker answers pings, but has not acknowledged in time what was sent before them; {@link #disconnected}
     * follows.
     */
    public void overdue() {
        birth.overdue();
    }

    /** The connection is gone; {@code byBroker} if the broker closed it or did not answer in time. */
    public void disconnected(boolean byBroker) {
        if (!connection.isUp()) {
            return;
        }
        boolean alone = awaited() == 1;
        boolean disliked = byBroker && !birth.isSuspect(progress());
        connection.end();
        counters.set(Counters.Counter.ROUND_TRIP_NANOS, 0);
        inFlight.connectionLost();
        acknowledgements.clear();
        receiver.connectionLost();
        verdict.connectionEnded(disliked, alone, inFlight.firstUnanswered(), subscriptions.firstPending());
        if (verdict.isTrialDue()) {
            subscriptions.suspectPending();
            inFlight.suspectUnanswered();
        }
        subscriptions.connectionLost();
        sender.atMostOnce().dropUnflushed();
        birth.disconnected(byBroker, progress(), verdict.hasFailed());
    }

    /** Writes what may be sent now, as much as there is room for. */
    public void fill(Output out) {
        if (connection.isUp() && birth.fill(connection.codec(), connection.limits(), out)
                && acknowledgements.fill(connection.codec(), out)) {
            giveUpGuilty();
            if (verdict.takeFreed()) {
                inFlight.messages().resendAll();
                subscriptions.enqueueAll();
            }
            tryAccused(out);
            if (subscriptions.fill(connection.codec(), out)) {
                sender.fill(out);
            }
        }
    }

    private void giveUpGuilty() {
        Object guilty = verdict.guilty();
        if (guilty instanceof Outgoing message) {
            inFlight.deadLetter(message, DEAD_LETTER);
        } else if (guilty instanceof FilterState filter) {
            subscriptions.guilty(filter);
        }
    }

    private void tryAccused(Output out) {
        Object accused = verdict.toTry(sender.hasMore()); // asked for in any case: everything else waits for its turn
        if (awaited() > 0 || birth.isSuspect(progress())) {
            return;
        }
        if (accused instanceof Outgoing message) {
            sender.resend(message, out);
        } else if (accused instanceof FilterState filter) {
            subscriptions.askAgain(filter, connection.codec(), out);
        }
    }

    /**
     * Which broker the next {@link #connected} is about.
     *
     * @param newBroker its name: a filter for which another broker closed connections is tried again with this one
     * @param othersFailed whether every other broker was tried before: only then may a message or filter be the reason
     * why this one closes connections
     */
    public void broker(String newBroker, boolean othersFailed) {
        verdict.judges(othersFailed);
        if (!newBroker.equals(broker)) {
            broker = newBroker;
            subscriptions.forgetGuilty();
        }
    }

    /** Why the broker ends every connection, as far as that is known; empty = there is nothing to say. */
    public String impasse() {
        return verdict.impasse();
    }

    /** Whether the birth message, with which a connection begins, is written. */
    public boolean hasBegun() {
        return !birth.isDue();
    }

    /** Everything that was filled so far is written. */
    public void flushed() {
        sender.flushed();
    }

    /** The number of packets that wait for an answer on this connection. */
    public int awaited() {
        return connection.isUp() ? inFlight.awaited() + subscriptions.pending() : 0;
    }

    /** The bytes of the messages that were sent on this connection and are not acknowledged to the end. */
    public long unanswered() {
        return wire.bytes;
    }

    /** How many bytes may be {@link #unanswered} from now on; alarms and a single message always may. */
    public void allow(long unanswered) {
        wire.allowed = unanswered;
    }

    /** How long the latest answer of the broker took; 0 = not known on this connection. */
    public void roundTrip(long nanos) {
        if (nanos > 0) {
            counters.set(Counters.Counter.ROUND_TRIP_NANOS, nanos);
        }
    }

    /** The number of answers so far that a message, a subscription or the birth message waited for. */
    public long progress() {
        return otherProgress + inFlight.progress();
    }

    /**
     * When to call {@link #fill} again although nothing is answered, because the rate limit or a trial keeps something
     * back, or a refused filter is to be asked for again; {@link Scheduler#NEVER} = need not be.
     */
    public long resumesAt() {
        if (!connection.isUp()) {
            return Scheduler.NEVER;
        }
        long sending = sender.resumesAt();
        long asking = subscriptions.retryAt();
        return sending == Scheduler.NEVER || asking != Scheduler.NEVER && asking - sending < 0 ? asking : sending;
    }

    /** Whether only the answer to a ping can show that a birth message is not what the broker dislikes. */
    public boolean needsPing() {
        return connection.isUp() && verdict.hasTurn() && awaited() == 0 && birth.isSuspect(progress());
    }

    /** Whether the broker closed the latest connection in a trial, so that what comes of it is to be seen soon. */
    public boolean isTried() {
        return verdict.isTried();
    }

    // ---- packets of the broker ------------------------------------------------------------------------------------

    /** A PUBLISH arrived. */
    public void publishReceived(Publish publish) {
        receiver.publishReceived(publish);
    }

    /** A PUBLISH arrived that is too large. */
    public void oversized(String topic, int qos, int packetId, int size) {
        receiver.oversized(topic, qos, packetId, size);
    }

    /** The listeners are done with a message; its acknowledgement is sent in its turn. */
    public void handled(Incoming incoming) {
        receiver.handled(incoming);
    }

    /**
     * A PUBACK, PUBREC, PUBREL or PUBCOMP arrived that does not refuse. Those that nothing waits for are counted and
     * harmless.
     */
    public void acknowledgement(int type, int packetId, Reason reason) {
        if (type == PacketType.PUBREL) {
            receiver.pubrelReceived(packetId);
        } else if (!answersBirth(type, packetId, reason)) {
            inFlight.acknowledged(type, packetId, reason);
        }
    }

    /**
     * A PUBACK or PUBREC arrived that refuses a message.
     *
     * @param mayTakeLater whether the broker may accept it later
     */
    public void refused(int type, int packetId, Reason reason, boolean mayTakeLater) {
        if (!answersBirth(type, packetId, reason)) {
            inFlight.refused(type, packetId, reason, mayTakeLater);
        }
    }

    private boolean answersBirth(int type, int packetId, Reason reason) {
        boolean answers = birth.answered(type, packetId, reason);
        otherProgress += answers ? 1 : 0;
        return answers;
    }

    /** A SUBACK or UNSUBACK arrived. */
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) throws ProtocolException {
        if (subscriptions.answered(type, packetId, codes, reason)) {
            otherProgress++;
        } else {
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
        }
    }

    /** A PINGRESP arrived. */
    public void pingAnswered() {
        verdict.pingAnswered();
        birth.pingAnswered();
    }

    // ---- outgoing messages ----------------------------------------------------------------------------------------

    /** The QoS 0 messages that were not sent. */
    public AtMostOnceQueue atMostOnce() {
        return sender.atMostOnce();
    }

    /** Hands over the messages that are in flight, to look at. */
    public void visitInFlight(Consumer<Outgoing> visitor) {
        inFlight.messages().visit(visitor);
    }

    /** Whether a message is in flight. */
    public boolean isInFlight(long id) {
        return inFlight.messages().contains(id);
    }

    /** Takes the oldest message out of flight, null if there is none; for the end of the client. */
    public Outgoing pollInFlight() {
        return inFlight.poll();
    }

    /** The message that was accepted first of those at hand; null if there is none. */
    public Outgoing oldest() {
        return sender.oldest();
    }

    // ---- subscriptions --------------------------------------------------------------------------------------------

    /**
     * Subscribes, and renews the subscription whenever the broker has lost it.
     *
     * @param anew whether also if nothing changes, for the retained messages
     */
    public void subscribe(String filter, int options, boolean anew) {
        subscriptions.want(filter, options, anew);
    }

    /** Whether the broker has granted a filter as it is wanted now. */
    public boolean isGranted(String filter) {
        return subscriptions.isGranted(filter);
    }

    /** With which user properties a filter is subscribed from now on; before {@link #subscribe}. */
    public void describe(String filter, List<UserProperty> userProperties) {
        subscriptions.describe(filter, userProperties);
    }

    /**
     * Ends a subscription, with user properties for the broker; {@link SubscriptionListener#removed} tells what came of
     * it.
     */
    public void unsubscribe(String filter, List<UserProperty> userProperties) {
        subscriptions.unwant(filter, userProperties);
    }

    // ---- without heap ---------------------------------------------------------------------------------------------

    /**
     * Something failed for want of heap: finishes what was begun; without a connection, on the next one all is
     * repeated.
     */
    public void mend() {
        sender.mend();
        subscriptions.mend();
        inFlight.mend();
    }
}
