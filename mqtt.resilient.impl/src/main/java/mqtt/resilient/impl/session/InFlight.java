package mqtt.resilient.impl.session;

import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Reason;

/**
 * The messages in flight, and what PUBACK, PUBREC and PUBCOMP do to them (MQTT 3.1.1 and 5 section 4.3): each is a
 * state machine with the states of {@link DeliveryState}. {@link Sender} decides what is written when. On the io
 * thread.
 */
final class InFlight {
    private static final int PACKET_IDENTIFIER_IN_USE = 0x91;
    private static final int PACKET_IDENTIFIER_NOT_FOUND = 0x92;
    /** Of a broker that frees no packet id; the range of packet ids has more to spare. */
    private static final int MAX_QUARANTINED = 8;

    private final CurrentConnection connection;
    private final PacketIds ids;
    private final SendWindow.Wire wire;
    private final AcknowledgementQueue acknowledgements;
    private final Scheduler scheduler;
    private final Counters counters;
    private final Settling settling;
    private final PublishLimits limits;
    private final Verdict verdict;
    private final Outgoing.Listener listener;
    private MessageStore store;
    /** The send window in messages. */
    private int window;

    // ---- valid for the session
    private final InFlightList messages = new InFlightList();
    private final QuarantinedIds quarantined;
    /** The last message of the run before this one, as long as the session is that of then; 0 = it is not. */
    private long lastRestored;
    /** Counts the answers that moved a message on. */
    private long progress;

    // ---- valid for the connection
    private final PreparedQueue prepared = new PreparedQueue();
    private final PostponedRetry retry = new PostponedRetry();
    private boolean deviationTold;

    InFlight(CurrentConnection connection, PacketIds ids, SendWindow.Wire wire, AcknowledgementQueue acknowledgements,
            MessageStore store, Scheduler scheduler, Counters counters, Settling settling, PublishLimits limits,
            Verdict verdict, Outgoing.Listener listener) {
        this.connection = connection;
        this.ids = ids;
        this.wire = wire;
        this.acknowledgements = acknowledgements;
        this.store = store;
        this.scheduler = scheduler;
        this.counters = counters;
        this.settling = settling;
        this.limits = limits;
        this.verdict = verdict;
        this.listener = listener;
        quarantined = new QuarantinedIds(ids);
    }

    void configure(int newWindow) {
        window = newWindow;
        ids.require(window);
    }

    void use(MessageStore newStore) {
        store = newStore;
    }

    /** Those that are in flight, in the order of their first sending. */
    InFlightList messages() {
        return messages;
    }

    /** QoS 2 messages whose PUBLISH waits for the store. */
    PreparedQueue prepared() {
        return prepared;
    }

    /**
     * The next message of the store is being sent for the first time: it has its packet id, and with QoS 0 and 1 is
     * written.
     */
    void add(Outgoing message) {
        messages.add(message);
        store.sent(message);
        countInFlight();
        if (message.isExactlyOnce()) {
            assign(message);
            prepared.add(message);
        }
    }

    /** Those that the broker has refused for now are sent again when it is time. */
    void resendPostponed(long now) {
        if (retry.takeDue(now)) {
            messages.resendAll();
        }
    }

    /**
     * Has the packet id of a QoS 2 message written down before its PUBLISH, or a restart would send it with another.
     */
    private void assign(Outgoing message) {
        message.state = DeliveryState.ASSIGNING;
        store.assigned(message);
        store.whenDurable(() -> {
            if (message.state == DeliveryState.ASSIGNING) {
                message.state = DeliveryState.READY;
            }
        });
    }

    /** Takes a message out of flight, to be settled. */
    void leaveFlight(Outgoing message) {
        takeOutOfFlight(message);
        ids.free(message.packetId);
    }

    private void takeOutOfFlight(Outgoing message) {
        if (message.sentOn == connection.current()) {
            wire.add(message, -1);
            wire.releasing -= message.state == DeliveryState.RELEASING ? 1 : 0;
        }
        store.settled(message); // first: without heap it stays in flight
        messages.remove(message);
        verdict.gone(message);
        countInFlight();
    }

    /** Takes the oldest message out of flight; null if there is none. */
    Outgoing poll() {
        Outgoing first = messages.first();
        if (first != null) {
            leaveFlight(first);
        }
        return first;
    }

    /** Takes the messages that were in flight before a restart; no message from before has a later id than the last. */
    void restore(Iterable<Outgoing> stored, long lastId) {
        lastRestored = lastId;
        for (Outgoing message : stored) {
            if (ids.owner(message.packetId) != message) { // else this is done again
                ids.take(message.packetId, message);
                messages.add(message);
            }
        }
        countInFlight();
    }

    /**
     * Whether the run before this one may have sent a message in this session, so that it has DUP [MQTT-3.3.1-1]:
     * nothing is noted of QoS 1, also where QoS 2 was lowered to it.
     */
    boolean mayHaveBeenSent(Outgoing message) {
        return message.qos() == 1 && message.id() <= lastRestored;
    }

    private void countInFlight() {
        counters.set(Counters.Counter.IN_FLIGHT, messages.count());
    }

    // ---- the connection -------------------------------------------------------------------------------------------

    /** A connection begins; before {@link #sessionLost} and {@link #connected}. */
    void begin(boolean sessionPresent) {
        retry.cancel();
        deviationTold = false;
        wire.begin(sessionPresent, connection.limits());
    }

    /** The broker has lost the session: what was sent in it is sent anew, and the PUBRECs became void with it. */
    void sessionLost() {
        lastRestored = 0;
        quarantined.sessionLost();
        for (Outgoing message = messages.first(); message != null; message = message.next) {
            if (message.state == DeliveryState.RELEASING || message.state.isReleased()) {
                message.reason = null;
                assign(message);
            } else if (message.state.isSentInThisSession()) {
                message.state = DeliveryState.READY;
            }
        }
    }

    /** Everything in flight is to be resent on this connection. */
    void connected() {
        for (Outgoing message = messages.first(), next; message != null; message = next) {
            next = message.next;
            limit(message);
        }
        quarantined.connected(acknowledgements);
        prepared.clear(); // resending meets them again
        for (Outgoing message = messages.first(); message != null; message = message.next) {
            if (message.lane() == Message.LANE_ALARM && !message.state.isSentInThisSession()) {
                prepared.add(message); // before later alarms, which do not wait for what is resent
            }
        }
        messages.resendAll();
    }

    /** What is to be resent must keep to what this broker accepts. */
    private void limit(Outgoing message) {
        if (message.state == DeliveryState.PROBING_PUBREL) {
            message.state = DeliveryState.RESENT_AWAITS_PUBREC; // as it is written down
        }
        if (message.state == DeliveryState.RELEASING || message.state.isReleased()) {
            return;
        }
        Reason refusal = limits.refusal(message); // before it is taken out: this may fail for want of heap
        if (refusal != null) {
            quarantinePacketId(message);
            settling.settle(message, Outcome.Kind.REFUSED, refusal);
            return;
        }
        boolean exactlyOnce = message.isExactlyOnce();
        messages.limit(message, connection.limits());
        if (exactlyOnce && !message.isExactlyOnce()) {
            boolean sent = message.state.isSentInThisSession();
            message.state = sent ? DeliveryState.AWAITS_PUBACK : DeliveryState.READY;
            if (sent) {
                renumber(message); // the broker may hold it under the id that it has
            }
        } else if (!exactlyOnce && message.isExactlyOnce()) {
            assign(message);
        }
    }

    /** There are to be packet ids for a whole window, whatever else holds some. */
    void requireIds() {
        ids.require(window + quarantined.count() + verdict.aside().messages());
    }

    /** Gives a message another packet id; the broker is told to release the one before. */
    private boolean renumber(Outgoing message) {
        requireIds();
        Integer before = quarantined.prepare(message.packetId);
        int id = ids.allocate(message);
        if (id != 0) { // else all are in use, and it keeps the one that it has
            quarantined.add(before);
            message.packetId = (char) id;
            message.state = DeliveryState.READY;
        }
        return id != 0;
    }

    /** Takes a message out of flight; returns whether the broker may still hold its packet id. */
    private boolean quarantinePacketId(Outgoing message) {
        boolean held = message.isExactlyOnce() && message.state.isSentInThisSession();
        Integer id = held ? quarantined.prepare(message.packetId) : null;
        takeOutOfFlight(message);
        if (id != null) {
            quarantined.add(id);
        } else {
            ids.free(message.packetId);
        }
        return id != null;
    }

    /** The connection is gone. */
    void connectionLost() {
        messages.resendNone();
        wire.clear();
    }

    /** The first message that was unanswered on the connection that has ended; null = none was. */
    Outgoing firstUnanswered() {
        Outgoing message = messages.first();
        while (message != null && message.sentOn != connection.number()) {
            message = message.next;
        }
        return message;
    }

    /** Everything that was unanswered on the connection that has ended is a suspect. */
    void suspectUnanswered() {
        for (Outgoing message = messages.first(); message != null; message = message.next) {
            if (message.sentOn == connection.number()) {
                verdict.suspect(message);
            }
        }
    }

    /** The client gives up on a message, which is not on its way. Where that fails for want of heap it is repeated. */
    void deadLetter(Outgoing message, Reason reason) {
        verdict.givenUp(message);
        store.deadLettered(new Outgoing(message.id(), message.message(), scheduler.nanoTime()));
        if (quarantinePacketId(message)) {
            acknowledgements.add(PacketType.PUBREL, message.packetId);
        }
        settling.settle(message, Outcome.Kind.DEAD_LETTERED, reason);
    }

    /** How many of the messages the broker has refused for now, so that they wait to be resent. */
    int postponed() {
        return retry.waiting();
    }

    /** The number of packets that wait for an answer of the broker on this connection, and not for the store. */
    int awaited() {
        return wire.count() - wire.releasing;
    }

    long progress() {
        return progress;
    }

    // ---- PUBACK, PUBREC, PUBCOMP ----------------------------------------------------------------------------------

    /**
     * The message that such an acknowledgement answers; null if there is none. A PUBACK where PUBREC is due, or the
     * other way round, is an answer too: some brokers take QoS 2 as QoS 1. A PUBCOMP in their place is none: it may be
     * for the PUBREL with which {@link #strayReceived} answered.
     */
    private Outgoing answeredBy(int type, int packetId) {
        return ids.owner(packetId) instanceof Outgoing message
                && (message.state.awaited == type || isOfOtherQos(type, message)) ? message : null;
    }

    private static boolean isOfOtherQos(int type, Outgoing message) {
        int awaited = message.state.awaited;
        return type == PacketType.PUBACK && awaited == PacketType.PUBREC
                || type == PacketType.PUBREC && awaited == PacketType.PUBACK;
    }

    /**
     * A PUBACK, PUBREC or PUBCOMP arrived that does not refuse. Those that nothing waits for are counted and harmless.
     */
    void acknowledged(int type, int packetId, Reason reason) {
        Outgoing message = answeredBy(type, packetId);
        if (message == null) {
            strayReceived(type, packetId);
            return;
        }
        progress++;
        if (isOfOtherQos(type, message)) {
            takenWithOtherQos(message, type, reason);
            return;
        }
        switch (type) {
            case PacketType.PUBREC -> pubrecReceived(message, reason);
            case PacketType.PUBCOMP -> pubcompReceived(message, reason);
            default -> delivered(message, reason);
        }
    }

    /** The broker answered a PUBLISH of QoS 2 with PUBACK, or one of QoS 1 with PUBREC: it has it, with that QoS. */
    private void takenWithOtherQos(Outgoing message, int type, Reason reason) {
        boolean lower = type == PacketType.PUBACK;
        String how = "the broker took it as QoS " + (lower ? 1 : 2) + " (" + PacketType.name(type)
                + " for a PUBLISH with QoS " + (lower ? 2 : 1) + ")";
        if (!deviationTold) {
            listener.brokerDeviates(message.message().topic(), how);
            deviationTold = true;
        }
        if (!lower) { // or the broker would keep the id for ever
            acknowledgements.add(PacketType.PUBREL, message.packetId);
        }
        if (lower && limits.isStrict()) {
            verdict.answered(message);
            leaveFlight(message);
            settling.settle(message, Outcome.Kind.REFUSED, new Reason(PublishLimits.QOS_NOT_SUPPORTED,
                    how + ", and qos.strict forbids a lower QoS"));
        } else {
            delivered(message, new Reason(reason.code(), reason.text().isEmpty() ? how : reason.text() + "; " + how,
                    reason.userProperties()));
        }
    }

    private void pubrecReceived(Outgoing message, Reason reason) {
        message.reason = reason;
        message.state = DeliveryState.RELEASING;
        wire.releasing += message.sentOn == connection.number() ? 1 : 0;
        notePubrec(message);
    }

    private void pubcompReceived(Outgoing message, Reason reason) {
        if (message.state == DeliveryState.PROBING_PUBREL && reason.code() == PACKET_IDENTIFIER_NOT_FOUND) {
            sendAnew(message); // the broker does not have it
        } else {
            delivered(message, reason);
        }
    }

    private void delivered(Outgoing message, Reason reason) {
        if (message.postponed) {
            retry.delivered();
        }
        Reason last = message.delivered(reason);
        verdict.answered(message);
        leaveFlight(message);
        settling.settle(message, Outcome.Kind.DELIVERED, last);
    }

    private void strayReceived(int type, int packetId) {
        if (type == PacketType.PUBCOMP && quarantined.pubcompReceived(packetId)) {
            return;
        }
        counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
        if (type == PacketType.PUBREC && ids.owner(packetId) == null) { // or the broker would keep the id for ever
            acknowledgements.add(PacketType.PUBREL, packetId, PACKET_IDENTIFIER_NOT_FOUND);
        }
    }

    /** Has it written down that PUBREC arrived before PUBREL is sent, or a restart would send the PUBLISH again. */
    private void notePubrec(Outgoing message) {
        store.pubrecReceived(message);
        store.whenDurable(() -> sendPubrel(message));
    }

    private void sendPubrel(Outgoing message) {
        if (message.state == DeliveryState.RELEASING) {
            message.state = DeliveryState.AWAITS_PUBCOMP;
            if (connection.isUp()) {
                if (message.sentOn == connection.number()) {
                    wire.releasing--;
                } else { // the PUBREC answered the last connection's PUBLISH
                    message.sentOn = connection.number();
                    wire.add(message, 1);
                }
                acknowledgements.add(PacketType.PUBREL, message.packetId);
            }
        }
    }

    private void sendAnew(Outgoing message) {
        leaveWire(message);
        assign(message);
        prepared.add(message);
    }

    /** It is to be sent again on this connection. */
    private void leaveWire(Outgoing message) {
        if (message.sentOn == connection.number()) {
            wire.add(message, -1);
        }
        message.sentOn = 0;
    }

    /**
     * A PUBACK or PUBREC arrived that refuses a message.
     *
     * @param mayTakeLater whether the broker may accept it later: it keeps its slot, so that less is sent until then
     */
    void refused(int type, int packetId, Reason reason, boolean mayTakeLater) {
        Outgoing message = answeredBy(type, packetId);
        if (message == null) {
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
            return;
        }
        progress++;
        boolean idInUse = reason.code() == PACKET_IDENTIFIER_IN_USE;
        if (idInUse && message.state == DeliveryState.RESENT_AWAITS_PUBREC) {
            message.state = DeliveryState.PROBING_PUBREL;
            acknowledgements.add(PacketType.PUBREL, packetId);
            return;
        }
        message.state = DeliveryState.READY;
        verdict.answered(message);
        if (mayTakeLater) {
            postpone(message, idInUse);
        } else {
            leaveFlight(message);
            settling.settle(message, Outcome.Kind.REFUSED, reason);
        }
    }

    private void postpone(Outgoing message, boolean idInUse) {
        leaveWire(message);
        message.postponed = true;
        int before = message.packetId;
        if (idInUse && quarantined.count() < MAX_QUARANTINED && renumber(message)) {
            acknowledgements.add(PacketType.PUBREL, before);
            if (message.isExactlyOnce()) {
                assign(message);
            }
        }
        retry.refused(scheduler.nanoTime());
    }

    // ---- without heap ---------------------------------------------------------------------------------------------

    /**
     * Something failed for want of heap: writes down what was begun; without a connection, all is resent on the next
     * one.
     */
    void mend() {
        for (Outgoing message = messages.first(); message != null; message = message.next) {
            if (store.next(message.lane()) == message) {
                store.sent(message);
            }
            if (message.state == DeliveryState.ASSIGNING || message.isQueued() && message.isExactlyOnce()) {
                assign(message);
            } else if (message.isQueued()) {
                message.state = DeliveryState.READY;
            } else if (message.state == DeliveryState.RELEASING) {
                notePubrec(message);
            }
        }
    }
}
