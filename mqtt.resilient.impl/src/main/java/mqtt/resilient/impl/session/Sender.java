package mqtt.resilient.impl.session;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Reason;

/**
 * The sending half of the session (MQTT 3.1.1 and 5 section 4.3): decides which PUBLISH is written when. First what the
 * last connection left unacknowledged, in order; then the messages of the store, lane by lane, as far as send window
 * and rate limit allow, in turn with those of QoS 0. What is sent is {@link InFlight}. On the io thread.
 */
final class Sender {
    private static final int DUPLICATE = 8;
    private static final int NOT_FULL = Integer.MAX_VALUE;
    /** Which part of a full window must be free before it is filled again: each write is one system call. */
    private static final int RESUME_SHARE = 4;

    private final CurrentConnection connection;
    private final PacketIds ids;
    private final SendWindow.Wire wire;
    private final Scheduler scheduler;
    private final Counters counters;
    private final Settling settling;
    private final PublishLimits limits;
    private final Verdict verdict;
    private final TokenBucket rate = new TokenBucket();
    private final InFlight inFlight;
    private final AtMostOnceQueue atMostOnce;
    private MessageStore store;
    private SendWindow window;
    /** The window was full: how many may be in flight, alarms aside, before more is sent. */
    private int resumeAt = NOT_FULL;
    private boolean atMostOnceFirst;
    /** Counts the packets written. */
    private long written;

    Sender(CurrentConnection connection, PacketIds ids, SendWindow.Wire wire, AcknowledgementQueue acknowledgements,
            MessageStore store, Scheduler scheduler, Counters counters, Outgoing.Listener listener, Verdict verdict) {
        this.connection = connection;
        this.ids = ids;
        this.wire = wire;
        this.store = store;
        this.scheduler = scheduler;
        this.counters = counters;
        settling = new Settling(listener);
        this.verdict = verdict;
        limits = new PublishLimits(connection);
        inFlight = new InFlight(connection, ids, wire, acknowledgements, store, scheduler, counters, settling, limits,
                verdict, listener);
        atMostOnce = new AtMostOnceQueue(connection, limits, verdict, rate, settling);
    }

    void reconfigure(SessionSettings settings) {
        window = new SendWindow(settings.inflightMax(), settings.inflightMaxBytes());
        resumeAt = NOT_FULL;
        inFlight.configure(window.messages());
        rate.configure(settings.ratePerSecond(), settings.rateBurst(), scheduler.nanoTime());
        limits.configure(settings.strict());
    }

    InFlight inFlight() {
        return inFlight;
    }

    AtMostOnceQueue atMostOnce() {
        return atMostOnce;
    }

    void use(MessageStore newStore) {
        store = newStore;
        inFlight.use(newStore);
    }

    /** Everything that was filled so far is written. */
    void flushed() {
        for (Outgoing message = atMostOnce.peekUnflushed(); message != null; message = atMostOnce.peekUnflushed()) {
            String lowered = message.lowered();
            Reason reason = lowered.isEmpty() ? Reason.SUCCESS : new Reason(0, lowered);
            atMostOnce.pollUnflushed();
            if (message.packetId != 0) {
                verdict.needsNoAnswer();
                inFlight.leaveFlight(message);
            }
            settling.settle(message, Outcome.Kind.DELIVERED, reason);
        }
    }

    /** When to fill again although nothing is answered: the rate limit, or a trial, keeps something back. */
    long resumesAt() {
        long trial = verdict.resumesAt(hasMore());
        boolean held = !rate.isUnlimited() && !rate.hasToken(scheduler.nanoTime())
                && (!atMostOnce.isEmpty() || hasMore());
        return !held || trial != Scheduler.NEVER && trial - rate.nextToken() < 0 ? trial : rate.nextToken();
    }

    /** Whether there is more to send than what is left out, QoS 0 aside. */
    boolean hasMore() {
        return inFlight.messages().toResend() != null || !inFlight.prepared().others().isEmpty() || store.queued() > 0;
    }

    /** The message that was accepted first of those at hand; null if there is none. */
    Outgoing oldest() {
        Outgoing oldest = inFlight.messages().first();
        for (int lane = 0; lane < Message.LANES; lane++) {
            Outgoing next = store.next(lane);
            oldest = oldest == null || next != null && next.id() < oldest.id() ? next : oldest;
        }
        return oldest == null ? atMostOnce.peek() : oldest;
    }

    /** Writes what may be sent now, as much as there is room for. */
    void fill(Output out) {
        long now = scheduler.nanoTime();
        inFlight.resendPostponed(now);
        if (fillPrepared(inFlight.prepared().alarms(), now, out)) {
            fillLane(Message.LANE_ALARM, now, out);
        }
        boolean resent = fillResends(now, out) && fillPrepared(inFlight.prepared().others(), now, out);
        boolean first = atMostOnceFirst;
        if (fillOthers(first, resent, now, out)) {
            atMostOnceFirst = !first; // neither starves the other
        }
        fillOthers(!first, resent, now, out);
    }

    /** Writes QoS 0, or the lanes below the alarms; whether anything was written. */
    private boolean fillOthers(boolean qos0, boolean resent, long now, Output out) {
        if (qos0) {
            return atMostOnce.fill(now, out);
        }
        long before = written;
        if (resent) {
            for (int lane = Message.LANE_ALARM + 1; lane < Message.LANES; lane++) {
                fillLane(lane, now, out);
            }
        }
        return written != before;
    }

    /** Resends a single message, if there is room for it. */
    void resend(Outgoing message, Output out) {
        long now = scheduler.nanoTime();
        if (message.sentOn != connection.number() && message.state != DeliveryState.ASSIGNING
                && message.state != DeliveryState.RELEASING && window.admitsResend(message, wire)
                && rate.admits(message, now)) {
            write(message, now, out);
        }
    }

    /** Resends what the last connection left unacknowledged, in order [MQTT-4.4.0-1, MQTT-4.6.0-1]; true when done. */
    private boolean fillResends(long now, Output out) {
        InFlightList messages = inFlight.messages();
        for (Outgoing message = messages.toResend(); message != null; message = messages.toResend()) {
            if (verdict.leavesOut(message)) {
                messages.resent();
                continue;
            }
            if (mustWait(message)) {
                inFlight.prepared().add(message);
            } else if (message.sentOn != connection.number() && message.state != DeliveryState.RELEASING
                    && !(window.admitsResend(message, wire) && verdict.admits(message) && rate.admits(message, now)
                            && write(message, now, out))) {
                return false;
            }
            messages.resent();
        }
        return true;
    }

    /** Whether a QoS 2 message may not be sent yet, or one before it may not. */
    private boolean mustWait(Outgoing message) {
        return message.state == DeliveryState.ASSIGNING
                || message.isExactlyOnce() && isToBePublished(message)
                        && !inFlight.prepared().behind(message).isEmpty();
    }

    private boolean isToBePublished(Outgoing message) {
        return message.state.isToBePublished() && message.sentOn != connection.number();
    }

    /** Sends QoS 2 messages whose packet id is written down; false when more cannot be sent for want of room. */
    private boolean fillPrepared(ArrayDeque<Outgoing> waiting, long now, Output out) {
        for (Outgoing message = waiting.peek(); message != null
                && message.state != DeliveryState.ASSIGNING; message = waiting.peek()) {
            if (isToBePublished(message) && !verdict.leavesOut(message)
                    && !(window.admitsResend(message, wire) && verdict.admits(message) && rate.admits(message, now)
                            && write(message, now, out))) {
                return false;
            }
            waiting.remove();
        }
        return true;
    }

    /**
     * Sends from a lane. Once the window is full a part of it must be free again, so that many messages go in one
     * write, and so that none that is smaller goes past one of a lower lane that needs more bytes than are free.
     */
    private void fillLane(int lane, long now, Output out) {
        if (lane != Message.LANE_ALARM) {
            if (ordinary() > resumeAt) {
                return;
            }
            resumeAt = NOT_FULL;
        }
        for (Outgoing message = store.next(lane); message != null; message = store.next(lane)) {
            if (message.isExpired(now)) {
                store.remove(message);
                settling.settle(message, Outcome.Kind.EXPIRED, Reason.SUCCESS);
                continue;
            }
            if (!hasRoom(message) || !verdict.admits(message) || !rate.admits(message, now)) {
                return;
            }
            Reason refusal = limits.refusal(message);
            if (refusal != null) {
                store.remove(message);
                settling.settle(message, Outcome.Kind.REFUSED, refusal);
            } else if (!sendFirst(message, now, out)) {
                return;
            }
        }
    }

    /** How many but alarms hold a slot of the send window. */
    private int ordinary() {
        return inFlight.messages().ordinary() - inFlight.postponed() - verdict.aside().messages();
    }

    /** Whether the send window has room for a message; if not, more than one must leave it first. */
    private boolean hasRoom(Outgoing message) {
        SendWindow.Aside aside = verdict.aside();
        boolean admits = window.admits(message, inFlight.messages(), inFlight.postponed(), aside, wire);
        int ordinary = ordinary();
        if (!admits && message.lane() != Message.LANE_ALARM && ordinary > 0
                && window.isFull(message, inFlight.messages(), aside, wire)) {
            resumeAt = ordinary - Math.max(1, ordinary / RESUME_SHARE);
        }
        return admits;
    }

    /** Sends the next message of a lane for the first time; false when no more can be sent. */
    private boolean sendFirst(Outgoing message, long now, Output out) {
        message.limit(connection.limits());
        inFlight.requireIds();
        int id = ids.allocate(message);
        if (id == 0) {
            return false;
        }
        message.packetId = (char) id;
        if (!message.isExactlyOnce() && !writeFirst(message, now, out)) {
            return false;
        }
        inFlight.add(message);
        return !message.isExactlyOnce() || fillPrepared(inFlight.prepared().behind(message), now, out);
    }

    /** Writes a message for the first time; without room, or heap, it is as it was. */
    private boolean writeFirst(Outgoing message, long now, Output out) {
        boolean done = false;
        try {
            done = write(message, now, out);
        } finally {
            if (!done) {
                ids.free(message.packetId);
                message.packetId = 0;
            }
        }
        return done;
    }

    /** Writes a message, or its PUBREL when it is that far; false when there was no room. */
    private boolean write(Outgoing message, long now, Output out) {
        assert message.sentOn != connection.number() : "a message is sent at most once on a connection";
        boolean release = message.state.isReleased();
        Codec codec = connection.codec();
        ByteBuffer buffer = out.reserve(
                release ? Codec.MAX_ACKNOWLEDGEMENT_BYTES : codec.publishSize(message.message()));
        if (buffer == null) {
            return false;
        }
        if (release) {
            codec.encodeAcknowledgement(PacketType.PUBREL, message.packetId, 0, buffer);
        } else {
            boolean resent = message.state.isSentInThisSession();
            boolean duplicate = resent || inFlight.mayHaveBeenSent(message);
            int flags = message.flags() | (duplicate && message.qos() > 0 ? DUPLICATE : 0);
            codec.encodePublish(message.message(), flags, message.packetId, message.expirySeconds(now), buffer);
            rate.take(message);
            if (message.qos() == 0) {
                atMostOnce.awaitFlush(message); // the broker's Maximum QoS is 0: there is no acknowledgement
            }
            message.state = switch (message.qos()) {
                case 0 -> DeliveryState.READY;
                case 1 -> DeliveryState.AWAITS_PUBACK;
                default -> resent ? DeliveryState.RESENT_AWAITS_PUBREC : DeliveryState.AWAITS_PUBREC;
            };
        }
        if (message.sentOn != 0) {
            counters.count(Counters.Counter.RESENT);
        }
        message.sentOn = connection.number();
        verdict.begins(message);
        written++;
        wire.add(message, 1);
        return true;
    }

    /** Something failed for want of heap: settles what was begun. */
    void mend() {
        settling.resume();
        atMostOnce.dropUnflushed();
    }
}
