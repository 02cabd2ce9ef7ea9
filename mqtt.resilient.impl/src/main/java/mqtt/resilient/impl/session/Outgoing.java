package mqtt.resilient.impl.session;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.spi.packet.Reason;

/** One accepted message on its way to the broker. Made on the caller's thread, then confined to the io thread. */
public final class Outgoing {
    /** Is told what became of messages. Called on the io thread. */
    public interface Listener {
        /** A message is settled; called exactly once for each. */
        void settled(Outgoing message, Outcome.Kind kind, Reason reason);

        /** The birth message is not there on this connection: the broker has refused it, or it was left out. */
        default void birthMissing(String topic, Reason reason) {
            // without one there is none to miss
        }

        /** The broker answers a PUBLISH in another way than MQTT says; told once on each connection. */
        default void brokerDeviates(String topic, String how) {
            // the message is settled all the same
        }
    }

    /**
     * The bytes of objects and references that a message takes in the heap, beyond those of {@link #sizeOf} that it
     * takes on a disk too.
     */
    public static final int HEAP_BYTES = 128;

    private static final int OVERHEAD_BYTES = 64;
    /**
     * What properties cost in the heap besides their texts, which are there twice: the object, and each user property.
     */
    private static final int PROPERTIES_BYTES = 160;
    private static final int USER_PROPERTY_BYTES = 120;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    /** Reason codes from here on refuse. */
    private static final int FAILURE = 0x80;

    private final long id;
    private final long acceptedNanos;
    private final int size;
    private Message message;
    /** Its place in its lane, from 1; given by a store that needs one. */
    private long index;

    DeliveryState state = DeliveryState.QUEUED;
    /** The ordinal of its outcome + 1, from the beginning of {@link Settling#settle}; 0 = it has none yet. */
    byte outcome;
    /** QoS and RETAIN as they are in the PUBLISH: lower than in the message where the broker takes no more. */
    private byte flags;
    /** The reason of its PUBREC, and once it has an outcome that of the outcome; null = none. */
    Reason reason;
    char packetId;
    /** The connection that it was last sent on, 0 = none. */
    int sentOn;
    /**
     * Whether the broker has refused it for now, at any time: its delivery shows that the broker accepts messages
     * again.
     */
    boolean postponed;
    private boolean settled;
    Outgoing previous;
    Outgoing next;

    public Outgoing(long id, Message message, long acceptedNanos) {
        this.id = id;
        this.message = message;
        this.acceptedNanos = acceptedNanos;
        flags = flagsOf(message);
        size = sizeOf(message);
    }

    /** A message as a store gives it back. */
    public Outgoing(long id, long index, Message message, long acceptedNanos) {
        this(id, message, acceptedNanos);
        this.index = index;
    }

    /** It was in flight with a packet identifier when the process ended. */
    public void resume(int resumedPacketId, boolean released) {
        packetId = (char) resumedPacketId;
        state = released ? DeliveryState.AWAITS_PUBCOMP : DeliveryState.AWAITS_PUBREC;
    }

    /** How many bytes topic, payload and properties take in a packet. */
    public static int lengthOf(Message message) {
        return message.payloadLength() + message.topicLength() + message.properties().length();
    }

    /** What a message counts for against the byte bounds; in the heap, {@link #HEAP_BYTES} more. */
    public static int sizeOf(Message message) {
        int size = lengthOf(message) + OVERHEAD_BYTES;
        if (message.topicLength() != message.topic().length()) { // not ASCII alone: two bytes for each character
            size += Math.max(0, 2 * message.topic().length() - message.topicLength());
        }
        MessageProperties properties = message.properties();
        if (properties.length() > 0) {
            size += properties.length() + PROPERTIES_BYTES + properties.userProperties().size() * USER_PROPERTY_BYTES;
        }
        return size;
    }

    /** The number taken at admission. */
    public long id() {
        return id;
    }

    /** When it was accepted, by the monotonic clock. */
    public long acceptedNanos() {
        return acceptedNanos;
    }

    /** Its place in its lane; only a store gives one. */
    public long index() {
        return index;
    }

    public void index(long newIndex) {
        index = newIndex;
    }

    /** Its packet identifier, 0 = none. */
    public int packetId() {
        return packetId;
    }

    /** The message; null once it is settled. */
    public Message message() {
        return message;
    }

    /** What it counts for against the byte bounds. */
    public int size() {
        return size;
    }

    /** The lane, 0 to 3. */
    public int lane() {
        return message.lane();
    }

    /** Whether it was accepted before the given time. */
    public boolean isOlderThan(long ageNanos, long now) {
        return ageNanos > 0 && now - acceptedNanos >= ageNanos;
    }

    /** Whether the sender's own expiry is over. */
    public boolean isExpired(long now) {
        return isOlderThan(message.expiresAfterNanos(), now);
    }

    /** Whether it is queued and was never sent: the state in which bounds, expiry and cancel apply. */
    public boolean isQueued() {
        return state == DeliveryState.QUEUED;
    }

    /** Whether it has left the queue and the messages in flight, to be settled. */
    public boolean hasEnded() {
        return state == DeliveryState.ENDED;
    }

    private static byte flagsOf(Message message) {
        return (byte) (message.qos().ordinal() << 1 | (message.retain() ? 1 : 0));
    }

    /** QoS and RETAIN as in the first byte of its PUBLISH. */
    int flags() {
        return flags;
    }

    /** The quality of service that it is sent with. */
    int qos() {
        return flags >> 1;
    }

    boolean isExactlyOnce() {
        return qos() == 2;
    }

    /** Whether a broker takes less than the message says. */
    boolean exceeds(BrokerLimits limits) {
        return message.qos().compareTo(limits.maximumQos()) > 0 || message.retain() && !limits.retainAvailable();
    }

    /** Lowers QoS and RETAIN to what a broker takes; what its session may know of is never raised again. */
    void limit(BrokerLimits limits) {
        byte most = state.isSentInThisSession() ? flags : flagsOf(message);
        int qos = Math.min(most >> 1, limits.maximumQos().ordinal());
        flags = (byte) (qos << 1 | (limits.retainAvailable() ? most & 1 : 0));
    }

    /** What was lowered, in words; empty = nothing. */
    String lowered() {
        if (flags == flagsOf(message)) {
            return "";
        }
        return "sent with QoS " + qos() + (message.retain() && (flags & 1) == 0 ? " and not retained" : "")
                + ": the broker allows no more";
    }

    /**
     * The reason with which it is delivered: that of the last acknowledgement that has something to say, and what was
     * lowered. A PUBCOMP that does not know the packet identifier is no failure: the broker has owned the message since
     * its PUBREC, and has freed the id already.
     */
    Reason delivered(Reason reason) {
        Reason answer = reason.code() < FAILURE ? reason : Reason.SUCCESS;
        Reason last = answer.equals(Reason.SUCCESS) && this.reason != null ? this.reason : answer;
        String lowered = lowered();
        return lowered.isEmpty() ? last
                : new Reason(last.code(), last.text().isEmpty() ? lowered : last.text() + "; " + lowered,
                        last.userProperties());
    }

    /**
     * What is left of its time in whole seconds (MQTT 5 section 3.3.2.3.3): rounded up, so that a moment in the queue
     * costs nothing, at least one, and never more than its sender gave it; 0 = it does not expire.
     */
    long expirySeconds(long now) {
        long nanos = message.expiresAfterNanos();
        long left = (nanos - (now - acceptedNanos));
        long up = left / NANOS_PER_SECOND + (left % NANOS_PER_SECOND > 0 ? 1 : 0);
        return nanos == 0 ? 0 : Math.max(1, Math.min(up, nanos / NANOS_PER_SECOND));
    }

    /** Marks it as counted among those that are settled; false if it was before. */
    public boolean settle() {
        boolean first = !settled;
        settled = true;
        return first;
    }

    /** It is taken out of the queue, to be settled. */
    public void leaveQueue() {
        state = DeliveryState.ENDED;
    }

    /** It is settled and reported: the message is no longer kept in the heap. */
    public void end() {
        state = DeliveryState.ENDED;
        message = null;
    }
}
