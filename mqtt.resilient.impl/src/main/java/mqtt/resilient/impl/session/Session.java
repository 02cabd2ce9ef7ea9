package mqtt.resilient.impl.session;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.SafeQueue;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;

/**
 * The session of one client with one broker (MQTT 3.1.1 and 5 section 4): what was sent and not acknowledged, what was received
 * and not acknowledged, and the subscriptions. It outlives connections. A message goes
 * {@link #available} → {@link #fill} → {@link #acknowledgement} → {@link SessionEvents#ended}.
 */
public final class Session {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final int DUPLICATE = 8;
    private static final int PACKET_IDENTIFIER_IN_USE = 0x91;
    private static final int PACKET_IDENTIFIER_NOT_FOUND = 0x92;
    private static final int PACKET_TOO_LARGE = 0x95;
    private static final int RETAIN_NOT_SUPPORTED = 0x9A;
    private static final int QOS_NOT_SUPPORTED = 0x9B;
    private static final long NEVER = Long.MAX_VALUE;
    private static final long RETRY_NANOS = 30_000_000_000L;
    private static final int MOST_DOUBLINGS = 5;
    private static final int NOT_FULL = Integer.MAX_VALUE;
    /** Which part of a full window must be free before it is filled again: each write is one system call. */
    private static final int RESUME_SHARE = 4;
    /** Of a broker that lets go of nothing; the range of packet ids has more to spare. */
    private static final int MOST_SET_ASIDE = 8;
    private static final Reason UNFLUSHED = new Reason(0, "QoS 0: the connection was lost while the message was written");

    private MessageStore store;
    private final SessionEvents events;
    private final Scheduler scheduler;
    private final Counters counters;
    private final PacketIds ids;
    private final InFlight inFlight = new InFlight();
    private final SendWindow.Wire wire = new SendWindow.Wire();
    private final AcknowledgementQueue acknowledgements = new AcknowledgementQueue();
    private final Receiver receiver = new Receiver(acknowledgements);
    private final Subscriptions subscriptions;
    private final Birth birth;
    private final TokenBucket rate = new TokenBucket();
    private final PoisonGuard poison = new PoisonGuard();
    private final Settling settling;
    private final SafeQueue<Outgoing> atMostOnce = new SafeQueue<>();
    private final SafeQueue<Outgoing> unflushed = new SafeQueue<>();
    /**
     * QoS 2 messages that wait to be sent, in the order of their sending: each until its packet id is written down. A repeat
     * may not pass one that was accepted before it.
     */
    private final ArrayDeque<Outgoing> prepared = new ArrayDeque<>();
    private final ArrayDeque<Outgoing> preparedAlarms = new ArrayDeque<>();

    /** Packet ids of QoS 2 messages that were set aside and that the broker may still hold; it is told to let go. */
    private final ArrayList<Integer> setAside = new ArrayList<>();

    private SendWindow window;
    private Codec codec;
    private int connection;
    private boolean connected;
    private boolean atMostOnceFirst;
    /** Counts the messages that were filled. */
    private long written;
    /** The first message in flight that is still to be repeated on this connection; null = none. */
    private Outgoing repeat;
    private long progress;
    private boolean strict;
    private BrokerLimits limits = BrokerLimits.NONE;
    /** The window was full: how many may be in flight, alarms aside, before more is sent. */
    private int resumeAt = NOT_FULL;
    /** When messages that the broker could not take are sent again; they keep their slots until then. */
    private long retryAt = NEVER;
    private int retries;

    public Session(MessageStore store, SessionEvents events, Scheduler scheduler, Counters counters,
            SessionSettings settings) {
        this.store = store;
        this.counters = counters;
        this.events = events;
        settling = new Settling(events::ended);
        this.scheduler = scheduler;
        ids = new PacketIds(settings.inflightMax());
        subscriptions = new Subscriptions(ids, events, store);
        birth = new Birth(ids, wire, acknowledgements, events);
        reconfigure(settings);
    }

    /** Takes new settings; they act at once. */
    public void reconfigure(SessionSettings settings) {
        window = new SendWindow(settings.inflightMax(), settings.inflightMaxBytes());
        resumeAt = NOT_FULL;
        ids.require(window.messages());
        rate.configure(settings.ratePerSecond(), settings.rateBurst(), scheduler.nanoTime());
        poison.configure(settings.poisonAttempts());
        strict = settings.strict();
        birth.configure(settings.birth(), settings.poisonAttempts());
    }

    /** Takes another store than the one before, which was empty; without a connection. */
    public void use(MessageStore newStore) {
        store = newStore;
        subscriptions.use(newStore);
    }

    /** Takes up what a store held of the session; before anything else. */
    public void restore(StoredState state) {
        for (Outgoing message : state.inFlight) {
            if (ids.owner(message.packetId) != message) { // else this is done again
                ids.take(message.packetId, message);
                inFlight.add(message);
            }
        }
        counters.set(Counters.Counter.IN_FLIGHT, inFlight.count());
        receiver.restore(state.received);
        subscriptions.restore(state.subscriptions);
    }

    // ---- the link -------------------------------------------------------------------------------------------------

    /**
     * A connection is up: the broker sent a CONNACK that accepts.
     *
     * @param key whose session it is: broker and client id; empty = it ends with the connection
     * @param doubtful whether the session that is present may be another one than ours, because an earlier CONNACK was lost
     * @param newLimits what the broker takes
     */
    public void connected(Codec newCodec, String key, boolean sessionPresent, boolean doubtful, BrokerLimits newLimits) {
        codec = newCodec;
        connection++;
        connected = true;
        limits = newLimits;
        retryAt = NEVER;
        wire.begin(sessionPresent, limits);
        subscriptions.begin(limits);
        if (!sessionPresent) {
            store.session(key);
            sessionLost();
        } else if (doubtful) {
            subscriptions.doubt();
            receiver.doubt();
        }
        birth.connected(progress);
        limitInFlight();
        setAside.forEach(id -> acknowledgements.add(PacketType.PUBREL, id));
        prepared.clear(); // the repeat meets them again
        preparedAlarms.clear();
        for (Outgoing message = inFlight.first(); message != null; message = message.next) {
            if (message.lane() == Message.LANE_ALARM && !message.known && message.isExactlyOnce()) {
                preparedAlarms.add(message); // before later alarms, which do not wait for the repeat
            }
        }
        repeat = inFlight.first();
    }

    /** What is to be repeated must keep to what this broker takes. */
    private void limitInFlight() {
        for (Outgoing message = inFlight.first(), next; message != null; message = next) {
            next = message.next;
            if (message.doubted && message.state == Outgoing.AWAITS_PUBCOMP) {
                message.state = Outgoing.AWAITS_PUBREC; // as it is written down
            }
            message.doubted = false;
            if (message.state == Outgoing.AWAITS_PUBCOMP || message.state == Outgoing.RELEASING) {
                continue;
            }
            int refusal = refusal(message);
            if (refusal != 0) {
                Reason reason = refused(message, refusal); // before it is taken out: this may fail for want of heap
                forsake(message);
                end(message, Outcome.Kind.REFUSED, reason);
                continue;
            }
            boolean exactlyOnce = message.isExactlyOnce();
            inFlight.limit(message, limits);
            if (exactlyOnce && !message.isExactlyOnce()) {
                message.state = Outgoing.AWAITS_PUBACK;
                if (message.known) {
                    renumber(message); // the broker may hold it under the id that it has
                }
            } else if (!exactlyOnce && message.isExactlyOnce()) {
                assign(message);
            }
        }
    }

    /** Gives a message another packet id; the broker is told to let go of what it may hold under the one before. */
    private boolean renumber(Outgoing message) {
        ids.require(window.messages() + setAside.size());
        int id = ids.allocate(message);
        if (id != 0) { // else all are in use, and it keeps the one that it has
            ids.free(message.packetId);
            ids.claim(message.packetId, setAside);
            setAside.add((int) message.packetId);
            message.packetId = (char) id;
            message.known = false;
        }
        return id != 0;
    }

    /** The reason code for which a message cannot be sent to this broker at all; 0 = it can. */
    private int refusal(Outgoing message) {
        if (limits.maximumPacketBytes() < BrokerLimits.NONE.maximumPacketBytes()
                && codec.publishSize(message.message()) > limits.maximumPacketBytes()) {
            return PACKET_TOO_LARGE;
        }
        return !strict || !message.exceeds(limits) ? 0
                : message.message().qos().compareTo(limits.maximumQos()) > 0 ? QOS_NOT_SUPPORTED : RETAIN_NOT_SUPPORTED;
    }

    /** Why a message cannot be sent to this broker. */
    private Reason refused(Outgoing message, int code) {
        return new Reason(code, switch (code) {
            case PACKET_TOO_LARGE -> "message: " + codec.publishSize(message.message()) + " bytes as a packet; the broker allows "
                    + limits.maximumPacketBytes();
            case QOS_NOT_SUPPORTED -> "qos: " + message.message().qos().ordinal() + "; the broker allows "
                    + limits.maximumQos().ordinal() + ", and qos.strict forbids a lower QoS";
            default -> "retain: true; the broker keeps no retained messages, and qos.strict forbids sending without RETAIN";
        });
    }

    /** Takes a message out of flight of which the broker may hold the packet id. */
    private void forsake(Outgoing message) {
        boolean held = message.isExactlyOnce() && message.known;
        setAside.ensureCapacity(setAside.size() + 1);
        Integer id = (int) message.packetId;
        leaveFlight(message);
        if (held) {
            ids.claim(id, setAside);
            setAside.add(id);
        }
    }

    private void sessionLost() {
        setAside.forEach(ids::free);
        setAside.clear();
        birth.sessionLost();
        receiver.sessionLost();
        subscriptions.sessionLost();
        for (Outgoing message = inFlight.first(); message != null; message = message.next) {
            message.known = false;
            if (message.state == Outgoing.AWAITS_PUBCOMP || message.state == Outgoing.RELEASING) {
                message.received = null;
                assign(message); // the broker's word for it is gone with the session
            }
        }
    }

    /** The broker answers pings, and not in time what is awaited; {@link #disconnected} follows. */
    public void overdue() {
        birth.overdue();
    }

    /** The connection is gone; {@code byBroker} if the broker hung up or did not answer in time. */
    public void disconnected(boolean byBroker) {
        if (!connected) {
            return;
        }
        connected = false;
        counters.set(Counters.Counter.ROUND_TRIP_NANOS, 0);
        codec = null;
        repeat = null;
        wire.clear();
        acknowledgements.clear();
        receiver.connectionLost();
        subscriptions.connectionLost();
        dropUnflushed();
        Outgoing oldest = inFlight.first();
        boolean suspect = oldest != null && oldest.sentOn == connection && !birth.isSuspect(progress);
        boolean isPoison = poison.isPoison(oldest, suspect, byBroker);
        birth.disconnected(byBroker, progress, isPoison);
        if (isPoison) {
            Reason reason = new Reason(0, "the broker closed " + poison.attempts()
                    + " connections while this message was unacknowledged, and one more while it was the only one");
            store.setAside(oldest);
            forsake(oldest); // last: what fails for want of heap leaves it in flight
            end(oldest, Outcome.Kind.DEAD_LETTERED, reason);
        }
    }

    private void dropUnflushed() {
        for (Outgoing lost = unflushed.poll(); lost != null; lost = unflushed.poll()) {
            if (lost.packetId == 0) { // else only sent with QoS 0: it is still in flight
                end(lost, Outcome.Kind.DROPPED, UNFLUSHED);
            }
        }
    }

    /** Everything that was filled so far is written. */
    public void flushed() {
        for (Outgoing written = unflushed.peek(); written != null; written = unflushed.peek()) {
            String lowered = written.lowered();
            Reason reason = lowered.isEmpty() ? Reason.SUCCESS : new Reason(0, lowered);
            unflushed.poll();
            if (written.packetId != 0) {
                leaveFlight(written);
            }
            end(written, Outcome.Kind.DELIVERED, reason);
        }
    }

    /** The number of packets that wait for an answer on this connection. */
    public int awaited() {
        return connected ? wire.count() - wire.releasing + subscriptions.pending() : 0;
    }

    /** The bytes of the messages that were sent on this connection and are not answered to the end. */
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

    /** Counts the answers that moved something on. */
    public long progress() {
        return progress;
    }

    /** Whether the rate limit holds something back now; if so, the time when {@link #fill} should be called. */
    public boolean isHeldByRate() {
        return connected && !rate.isUnlimited() && !rate.hasToken(scheduler.nanoTime()) && hasPublishDue();
    }

    private boolean hasPublishDue() {
        return repeat != null || !atMostOnce.isEmpty() || store.queued() > 0;
    }

    /** The time at which the rate limit lets the next message through. */
    public long rateResumesAt() {
        return rate.nextToken();
    }

    // ---- outgoing -------------------------------------------------------------------------------------------------

    /** Takes an accepted QoS 0 message. */
    public void offerAtMostOnce(Outgoing message) {
        atMostOnce.add(message);
    }

    /** Takes out the oldest QoS 0 message that was not sent; null if there is none. */
    public Outgoing pollAtMostOnce() {
        return atMostOnce.poll();
    }

    /** Whether a QoS 0 message waits or is being written. */
    public boolean holdsAtMostOnce(long id) {
        return Stream.concat(atMostOnce.view().stream(), unflushed.view().stream()).anyMatch(message -> message.id() == id);
    }

    /** Whether QoS 0 messages wait. */
    public boolean hasAtMostOnce() {
        return !atMostOnce.isEmpty();
    }

    /** Takes out the QoS 0 messages that were not sent and that a caller wants. */
    public List<Outgoing> removeAtMostOnce(Predicate<Outgoing> wanted) {
        List<Outgoing> removed = atMostOnce.view().stream().filter(wanted).toList();
        if (!removed.isEmpty()) {
            atMostOnce.removeIf(wanted);
        }
        return removed;
    }

    /** The QoS 0 messages that were not sent, the oldest first; to look at. */
    public Collection<Outgoing> atMostOnce() {
        return atMostOnce.view();
    }

    /** Hands over the messages that were sent and not acknowledged to the end, to look at. */
    public void visitInFlight(Consumer<Outgoing> visitor) {
        for (Outgoing message = inFlight.first(); message != null; message = message.next) {
            visitor.accept(message);
        }
    }

    /** Whether a message was sent and not acknowledged to the end. */
    public boolean isInFlight(long id) {
        for (Outgoing message = inFlight.first(); message != null; message = message.next) {
            if (message.id() == id) {
                return true;
            }
        }
        return false;
    }

    /** The message that was accepted first of those at hand; null if there is none. */
    public Outgoing oldest() {
        Outgoing oldest = inFlight.first();
        for (int lane = 0; lane < Message.LANES; lane++) {
            Outgoing next = store.next(lane);
            oldest = oldest == null || next != null && next.id() < oldest.id() ? next : oldest;
        }
        return oldest == null ? atMostOnce.peek() : oldest;
    }

    /** Whether the birth message, with which a connection begins, is written. */
    public boolean hasBegun() {
        return !birth.isDue();
    }

    /** Writes what may be sent now, as much as there is room for. */
    public void fill(Output out) {
        if (connected && birth.fill(codec, limits, out) && fillAcknowledgements(out) && subscriptions.fill(codec, out)) {
            long now = scheduler.nanoTime();
            if (now - retryAt >= 0 && retryAt != NEVER) {
                retryAt = NEVER;
                repeat = inFlight.first();
            }
            if (fillPrepared(preparedAlarms, now, out)) {
                fillLane(Message.LANE_ALARM, now, out);
            }
            boolean repeated = fillRepeats(now, out) && fillPrepared(prepared, now, out);
            boolean first = atMostOnceFirst;
            long before = written;
            fillOthers(first, repeated, now, out);
            if (written != before) {
                atMostOnceFirst = !first; // neither starves the other
            }
            fillOthers(!first, repeated, now, out);
        }
    }

    private void fillOthers(boolean atMostOnce, boolean repeated, long now, Output out) {
        if (atMostOnce) {
            fillAtMostOnce(now, out);
        } else if (repeated) {
            for (int lane = Message.LANE_ALARM + 1; lane < Message.LANES; lane++) {
                fillLane(lane, now, out);
            }
        }
    }

    private boolean fillAcknowledgements(Output out) {
        while (!acknowledgements.isEmpty()) {
            ByteBuffer buffer = out.reserve(Codec.MAX_ACKNOWLEDGEMENT_BYTES);
            if (buffer == null) {
                return false;
            }
            codec.encodeAcknowledgement(acknowledgements.type(), acknowledgements.packetId(),
                    acknowledgements.reasonCode(), buffer);
            acknowledgements.remove();
        }
        return true;
    }

    /** Repeats what the last connection left unacknowledged, in order [MQTT-4.4.0-1, MQTT-4.6.0-1]; true when done. */
    private boolean fillRepeats(long now, Output out) {
        while (repeat != null) {
            Outgoing message = repeat;
            if (mustQueue(message)) {
                preparedIn(message).add(message);
            } else if (message.sentOn != connection && !message.isBeingWrittenDown()) {
                if (!window.admitsRepeat(message, wire) || !poison.admits(message)
                        || !hasToken(message, now)) {
                    return false;
                }
                if (!write(message, message.known, now, out)) {
                    return false;
                }
            }
            repeat = message.next;
        }
        return true;
    }

    /** Whether a QoS 2 message may not be sent yet, or one before it may not. */
    private boolean mustQueue(Outgoing message) {
        return message.state == Outgoing.ASSIGNING
                || message.state == Outgoing.AWAITS_PUBREC && message.sentOn != connection && !preparedIn(message).isEmpty();
    }

    /**
     * Sends from a lane. Once the window is full a part of it must be free again, so that many messages go in one write, and
     * so that none that is smaller goes past one of a lower lane that needs more bytes than are free.
     */
    private void fillLane(int lane, long now, Output out) {
        if (lane != Message.LANE_ALARM) {
            if (inFlight.ordinary() > resumeAt) {
                return;
            }
            resumeAt = NOT_FULL;
        }
        for (Outgoing message = store.next(lane); message != null; message = store.next(lane)) {
            if (message.isExpired(now)) {
                store.remove(message);
                end(message, Outcome.Kind.EXPIRED, Reason.SUCCESS);
                continue;
            }
            if (!window.admits(message, inFlight, wire)) {
                int ordinary = inFlight.ordinary();
                if (lane != Message.LANE_ALARM && ordinary > 0 && window.isFull(message, inFlight, wire)) {
                    resumeAt = ordinary - Math.max(1, ordinary / RESUME_SHARE);
                }
                return;
            }
            if (!poison.admits(message) || !hasToken(message, now)) {
                return;
            }
            int refusal = refusal(message);
            if (refusal != 0) {
                Reason reason = refused(message, refusal);
                store.remove(message);
                end(message, Outcome.Kind.REFUSED, reason);
                continue;
            }
            message.limit(limits);
            int id = ids.allocate(message);
            if (id == 0) {
                return;
            }
            message.packetId = (char) id;
            if (!message.isExactlyOnce()) {
                message.state = Outgoing.AWAITS_PUBACK;
                if (!writeFirst(message, now, out)) {
                    return;
                }
            }
            inFlight.add(message);
            store.sent(message);
            counters.set(Counters.Counter.IN_FLIGHT, inFlight.count());
            if (message.isExactlyOnce()) {
                assign(message);
                preparedIn(message).add(message);
                if (!fillPrepared(preparedIn(message), now, out)) {
                    return;
                }
            }
        }
    }

    /** Writes a message for the first time; without room, or heap, it is as it was. */
    private boolean writeFirst(Outgoing message, long now, Output out) {
        boolean done = false;
        try {
            done = write(message, false, now, out);
        } finally {
            if (!done) {
                message.state = Outgoing.QUEUED;
                ids.free(message.packetId);
                message.packetId = 0;
            }
        }
        return done;
    }

    /** Has the packet id of a QoS 2 message written down before its PUBLISH, or a restart would send it with another. */
    private void assign(Outgoing message) {
        message.state = Outgoing.ASSIGNING;
        store.assigned(message);
        store.whenDurable(() -> {
            if (message.state == Outgoing.ASSIGNING) {
                message.state = Outgoing.AWAITS_PUBREC;
            }
        });
    }

    private ArrayDeque<Outgoing> preparedIn(Outgoing message) {
        return message.lane() == Message.LANE_ALARM ? preparedAlarms : prepared;
    }

    /** Sends QoS 2 messages whose packet id is written down; false when more cannot be sent for want of room. */
    private boolean fillPrepared(ArrayDeque<Outgoing> waiting, long now, Output out) {
        for (Outgoing message = waiting.peek(); message != null && message.state != Outgoing.ASSIGNING;
                message = waiting.peek()) {
            boolean due = message.state == Outgoing.AWAITS_PUBREC && message.sentOn != connection;
            if (due && (!window.admitsRepeat(message, wire) || !poison.admits(message)
                    || !write(message, message.known, now, out))) {
                return false;
            }
            waiting.remove();
        }
        return true;
    }

    private void fillAtMostOnce(long now, Output out) {
        while (!atMostOnce.isEmpty()) {
            Outgoing message = atMostOnce.peek();
            if (message.isExpired(now)) {
                atMostOnce.poll();
                end(message, Outcome.Kind.EXPIRED, Reason.SUCCESS);
                continue;
            }
            if (!poison.admits(message) || !hasToken(message, now)) {
                return;
            }
            int refusal = refusal(message);
            if (refusal != 0) {
                Reason reason = refused(message, refusal);
                atMostOnce.poll();
                end(message, Outcome.Kind.REFUSED, reason);
                continue;
            }
            ByteBuffer buffer = out.reserve(codec.publishSize(message.message()));
            if (buffer == null) {
                return;
            }
            message.limit(limits);
            codec.encodePublish(message.message(), message.flags(), 0, message.expirySeconds(now), buffer);
            takeToken(message);
            unflushed.add(message);
            atMostOnce.poll();
            written++;
        }
    }

    /** Writes a message, or its PUBREL when it is that far; false when there was no room. */
    private boolean write(Outgoing message, boolean duplicate, long now, Output out) {
        boolean release = message.state == Outgoing.AWAITS_PUBCOMP;
        ByteBuffer buffer = out.reserve(release ? Codec.MAX_ACKNOWLEDGEMENT_BYTES
                : codec.publishSize(message.message()));
        if (buffer == null) {
            return false;
        }
        if (release) {
            codec.encodeAcknowledgement(PacketType.PUBREL, message.packetId, 0, buffer);
        } else {
            int flags = message.flags() | (duplicate && message.qos() > 0 ? DUPLICATE : 0);
            codec.encodePublish(message.message(), flags, message.packetId, message.expirySeconds(now), buffer);
            takeToken(message);
            message.repeated = duplicate;
            if (message.qos() == 0) {
                unflushed.add(message); // the broker's Maximum QoS is 0: there is no acknowledgement
            }
        }
        assert message.sentOn != connection : "a message is sent at most once on a connection";
        if (message.sentOn != 0) {
            counters.count(Counters.Counter.REPEATED);
        }
        message.sentOn = connection;
        message.known = message.qos() > 0;
        written++;
        wire.add(message, 1);
        return true;
    }

    private boolean hasToken(Outgoing message, long now) {
        return message.lane() == Message.LANE_ALARM || rate.hasToken(now);
    }

    private void takeToken(Outgoing message) {
        if (message.lane() != Message.LANE_ALARM && !rate.isUnlimited()) {
            rate.take();
        }
    }

    // ---- incoming -------------------------------------------------------------------------------------------------

    /** A PUBLISH arrived. */
    public void publish(Publish publish) {
        Incoming incoming = receiver.received(publish, connection);
        counters.count(Counters.Counter.RECEIVED);
        if (incoming != null) {
            hand(incoming);
        } else {
            counters.count(Counters.Counter.RECEIVED_DUPLICATES);
        }
    }

    private void hand(Incoming incoming) {
        try {
            events.received(incoming);
        } catch (VirtualMachineError e) {
            if (!incoming.isHandedOver()) { // the broker is to send it again, and it is no repetition then
                receiver.forget(incoming);
            }
            throw e;
        }
    }

    /** A PUBLISH arrived that is too large: it is acknowledged in its turn, or the broker would send it for ever. */
    public void oversized(String topic, int qos, int packetId, int size) {
        counters.count(Counters.Counter.RECEIVED);
        Incoming incoming = receiver.received(new Publish(topic, new byte[0], Qos.of(qos), false, false, packetId,
                Publish.Details.NONE), connection);
        if (incoming != null) {
            handled(incoming);
            events.oversized(topic, size);
        }
    }

    /** The listeners are done with a message; its acknowledgement goes out in its turn. */
    public void handled(Incoming incoming) {
        if (!receiver.letGo(incoming)) {
            receiver.handled(incoming, connected ? connection : -1);
            return;
        }
        store.received(incoming.packetId(), incoming.digest()); // before PUBREC, or it would come twice
        store.whenDurable(() -> receiver.handled(incoming, connected ? connection : -1));
    }

    /** A PUBACK, PUBREC, PUBREL or PUBCOMP arrived. Those that nothing waits for are counted and harmless. */
    public void acknowledgement(int type, int packetId) {
        acknowledgement(type, packetId, Reason.SUCCESS);
    }

    /** The same with the broker's reason, which does not refuse. */
    public void acknowledgement(int type, int packetId, Reason reason) {
        if (type == PacketType.PUBREL) {
            release(packetId);
            return;
        }
        if (answersBirth(type, packetId, reason)) {
            return;
        }
        Object owner = ids.owner(packetId);
        Outgoing message = owner instanceof Outgoing outgoing && outgoing.known ? outgoing : null;
        if (message != null && message.state == awaiting(type)) {
            progress++;
            poison.progress();
            if (type == PacketType.PUBREC) {
                message.received = reason;
                message.state = Outgoing.RELEASING;
                wire.releasing += message.sentOn == connection ? 1 : 0;
                noteReleased(message);
            } else if (message.doubted && reason.code() == PACKET_IDENTIFIER_NOT_FOUND) { // the broker does not have it
                sendAnew(message);
            } else {
                retries = message.postponed ? 0 : retries;
                Reason last = message.delivered(reason);
                leaveFlight(message);
                end(message, Outcome.Kind.DELIVERED, last);
            }
        } else {
            if (owner == setAside && type == PacketType.PUBCOMP && setAside.remove((Integer) packetId)) {
                ids.free(packetId);
                return;
            }
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
            if (type == PacketType.PUBREC && owner == null) {
                acknowledgements.add(PacketType.PUBREL, packetId, PACKET_IDENTIFIER_NOT_FOUND); // or the broker would keep the id for ever
            }
        }
    }

    private void noteReleased(Outgoing message) {
        store.released(message);
        store.whenDurable(() -> sendRelease(message));
    }

    private boolean answersBirth(int type, int packetId, Reason reason) {
        boolean answers = birth.answered(type, packetId, reason);
        progress += answers ? 1 : 0;
        return answers;
    }

    /** The broker has answered a ping. */
    public void pingAnswered() {
        birth.pingAnswered();
    }

    private void sendAnew(Outgoing message) {
        if (message.sentOn == connection) {
            wire.add(message, -1);
        }
        message.sentOn = 0;
        message.doubted = false;
        message.known = false;
        assign(message);
        preparedIn(message).add(message);
    }

    /**
     * A PUBACK or PUBREC arrived that refuses a message.
     *
     * @param again whether the broker may take it later: it keeps its slot, so that less is sent until then
     */
    public void refused(int type, int packetId, Reason reason, boolean again) {
        if (answersBirth(type, packetId, reason)) {
            return;
        }
        Outgoing message = ids.owner(packetId) instanceof Outgoing outgoing && outgoing.known ? outgoing : null;
        if (message == null || message.state != awaiting(type)) {
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
            return;
        }
        if (reason.code() == PACKET_IDENTIFIER_IN_USE && type == PacketType.PUBREC && message.repeated) {
            progress++;
            poison.progress();
            message.doubted = true; // the id is perhaps in use by this very message: the answer to PUBREL tells
            message.state = Outgoing.AWAITS_PUBCOMP;
            acknowledgements.add(PacketType.PUBREL, packetId);
            return;
        }
        progress++;
        poison.progress();
        message.known = false;
        if (!again) {
            leaveFlight(message);
            end(message, Outcome.Kind.REFUSED, reason);
            return;
        }
        if (message.sentOn == connection) {
            wire.add(message, -1);
        }
        message.sentOn = 0;
        message.postponed = true;
        int inUse = message.packetId;
        if (reason.code() == PACKET_IDENTIFIER_IN_USE && setAside.size() < MOST_SET_ASIDE && renumber(message)) {
            acknowledgements.add(PacketType.PUBREL, inUse);
            if (message.isExactlyOnce()) {
                assign(message);
            }
        }
        if (retryAt == NEVER) {
            retryAt = scheduler.nanoTime() + (RETRY_NANOS << retries);
            retries = Math.min(retries + 1, MOST_DOUBLINGS);
        }
    }

    private void sendRelease(Outgoing message) {
        if (message.state == Outgoing.RELEASING) {
            message.state = Outgoing.AWAITS_PUBCOMP;
            if (connected) {
                wire.releasing -= message.sentOn == connection ? 1 : 0;
                if (message.sentOn != connection) { // the PUBREC answered the last connection's PUBLISH
                    message.sentOn = connection;
                    wire.add(message, 1);
                }
                acknowledgements.add(PacketType.PUBREL, message.packetId);
            }
        }
    }

    /** A PUBREL came; its PUBCOMP is due also for an id that is not known (any more). */
    private void release(int packetId) {
        if (!receiver.released(packetId)) {
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
            acknowledgements.add(PacketType.PUBCOMP, packetId, PACKET_IDENTIFIER_NOT_FOUND);
            return;
        }
        int on = connection;
        store.completed(packetId); // before PUBCOMP, or the id's next message would be taken for a repetition
        store.whenDurable(() -> {
            if (connected && connection == on) {
                acknowledgements.add(PacketType.PUBCOMP, packetId);
            }
        });
    }

    private static byte awaiting(int type) {
        return switch (type) {
            case PacketType.PUBACK -> Outgoing.AWAITS_PUBACK;
            case PacketType.PUBREC -> Outgoing.AWAITS_PUBREC;
            default -> Outgoing.AWAITS_PUBCOMP;
        };
    }

    private void leaveFlight(Outgoing message) {
        if (message == repeat) {
            repeat = message.next;
        }
        if (connected && message.sentOn == connection) {
            wire.add(message, -1);
            wire.releasing -= message.state == Outgoing.RELEASING ? 1 : 0;
        }
        store.ended(message); // first: without heap it stays in flight
        inFlight.remove(message);
        counters.set(Counters.Counter.IN_FLIGHT, inFlight.count());
        ids.free(message.packetId);
    }

    private void end(Outgoing message, Outcome.Kind kind, Reason reason) {
        settling.settle(message, kind, reason);
    }

    /** Something failed for want of heap: finishes what was begun; without a connection, on the next one all is repeated. */
    public void mend() {
        settling.again();
        dropUnflushed();
        subscriptions.mend();
        for (Outgoing message = inFlight.first(); message != null; message = message.next) {
            if (store.next(message.lane()) == message) {
                store.sent(message);
            }
            if (message.state == Outgoing.ASSIGNING || message.isQueued() && message.isExactlyOnce()) {
                assign(message);
            } else if (message.isQueued()) {
                message.state = Outgoing.AWAITS_PUBACK;
            } else if (message.state == Outgoing.RELEASING) {
                noteReleased(message);
            }
        }
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

    /** Ends a subscription, with user properties for the broker; {@link SessionEvents#removed} tells what came of it. */
    public void unsubscribe(String filter, List<UserProperty> userProperties) {
        subscriptions.unwant(filter, userProperties);
    }

    /** A SUBACK or UNSUBACK arrived. */
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) throws ProtocolException {
        if (subscriptions.answered(type, packetId, codes, reason)) {
            progress++;
        } else {
            counters.count(Counters.Counter.STRAY_ACKNOWLEDGEMENTS);
        }
    }

    /** Takes out every message in flight; for the end of the client. */
    public Outgoing pollInFlight() {
        Outgoing first = inFlight.first();
        if (first != null) {
            leaveFlight(first);
        }
        return first;
    }
}
