package mqtt.resilient.impl.client;

import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.RejectedException.Reason;
import mqtt.resilient.impl.dispatch.Mailbox;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.spi.ClientInspector;

/**
 * Admission: decides on the caller's thread, on counters, whether a message is accepted, gives it its number and brings
 * it to the loop. What is pending is what was admitted less what was settled.
 */
final class Intake {
    private static final int AT_MOST_ONCE = ClientInspector.AT_MOST_ONCE;
    private static final int KINDS = Message.LANES + 1;
    private static final int MAX_PACKET_OVERHEAD = 9;
    /** The bound of the bytes of accepted messages that are not written yet; a single one may be larger. */
    private static final long MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;
    /** The numbers of the bounds: the bound of a lane has the lane's number; these are the others. */
    private static final int NONE = -1;
    private static final int TOTAL_BYTES = Message.LANES;
    private static final int TOTAL_MESSAGES = Message.LANES + 1;
    private static final int UNWRITTEN = Message.LANES + 2;
    private static final int QOS0_BYTES = Message.LANES + 3;

    private final Scheduler scheduler;
    private final Mailbox<Outgoing> mailbox;
    private final AtomicLongArray endedMessages = new AtomicLongArray(KINDS);
    private final AtomicLongArray endedBytes = new AtomicLongArray(KINDS);
    private final long[] admittedMessages = new long[KINDS];
    private final long[] admittedBytes = new long[KINDS];
    private final LongAdder rejected = new LongAdder();
    private final ReachedBounds reached;
    /** Bytes of all admitted messages that are to be written to a disk, and those that are written. */
    private long toWrite;
    private final AtomicLong written = new AtomicLong();
    private volatile StoreBounds bounds;
    /** Whether the store keeps its messages in the heap. */
    private volatile boolean inHeap;
    private volatile int packetMaxBytes;
    private volatile boolean online;
    private volatile long lastId;
    /** The largest message that was rejected since a bound was reached. */
    private volatile int largestRejected;
    /** Why everything but QoS 0 is rejected now; null = it is not. */
    private Rejection rejection;
    /** Whether the client changes to another store: until that is there, {@link #rejection} stays. */
    private boolean leaving;
    /** Messages from before this process, less the ids that were given then: added to the latest id, all accepted. */
    private volatile long inherited;
    private boolean closed;

    /** Why messages are rejected. */
    record Rejection(Reason reason, String message) {
    }

    /**
     * Makes an admission.
     *
     * @param receiver takes what is admitted, on the loop
     * @param full is told on the loop why messages are rejected for want of space, empty = that is over
     */
    Intake(Scheduler scheduler, ClientSettings settings, Consumer<Outgoing> receiver, Consumer<String> full) {
        this.scheduler = scheduler;
        mailbox = new Mailbox<>(scheduler, receiver);
        reached = new ReachedBounds(scheduler, this::isNearlyReached, this::describe, why -> {
            full.accept(why);
            largestRejected = why.isEmpty() ? 0 : largestRejected;
        });
        reconfigure(settings);
    }

    /**
     * What is admitted from now on goes to a store with this durability; the one before was empty, and has written all.
     */
    synchronized void use(Durability durability) {
        inHeap = durability == Durability.MEMORY;
        written.set(toWrite);
        leaving = false;
    }

    /** Rejects everything but QoS 0 until there is another store, if nothing is pending: then the result is true. */
    synchronized boolean leave(Rejection newRejection) {
        if (leaving || pending() > 0) {
            return false;
        }
        rejection = newRejection;
        leaving = true;
        return true;
    }

    /** The store stays after all; {@link #reject} is to follow. */
    synchronized void stay() {
        leaving = false;
    }

    /** So many messages, of so many bytes, are written; on the loop. */
    void written(int messages, long bytes) {
        written.lazySet(written.get() + bytes + (long) messages * Outgoing.HEAP_BYTES);
    }

    void reconfigure(ClientSettings settings) {
        bounds = settings.bounds();
        packetMaxBytes = settings.packetMaxBytes();
    }

    /** Rejects everything but QoS 0 from now on; null = nothing. */
    synchronized void reject(Rejection newRejection) {
        rejection = leaving ? rejection : newRejection;
    }

    /** Restores what a store held; before anything is admitted. */
    synchronized void restore(StoredState state) {
        lastId += state.lastId;
        inherited -= state.lastId;
        for (int lane = 0; lane < Message.LANES; lane++) {
            admittedMessages[lane] += state.messages[lane];
            admittedBytes[lane] += state.bytes[lane];
            inherited += state.messages[lane];
        }
    }

    /** Messages of a lane that are pending cannot be read any more; on the loop. */
    void lost(int lane, long messages, long bytes) {
        endedMessages.lazySet(lane, endedMessages.get(lane) + messages);
        endedBytes.lazySet(lane, endedBytes.get(lane) + bytes);
    }

    void online(boolean isOnline) {
        online = isOnline;
    }

    /**
     * Admits a message.
     *
     * @param waits whether the caller waits for space, so that it is not rejected for good by a bound
     * @throws RejectedException if it is not accepted
     */
    Outgoing admit(Message message, boolean waits) throws RejectedException {
        int length = Outgoing.lengthOf(message);
        if (length + MAX_PACKET_OVERHEAD > packetMaxBytes) {
            throw new RejectedException(Reason.TOO_LARGE, "message: topic and payload take " + length
                    + " bytes; allowed are " + (packetMaxBytes - MAX_PACKET_OVERHEAD) + " (packet.max.bytes)");
        }
        boolean atMostOnce = message.qos() == Qos.AT_MOST_ONCE;
        if (atMostOnce && !online && !bounds.qos0Offline()) {
            throw new RejectedException(Reason.OFFLINE,
                    "message: QoS 0 without a connection; allowed only with qos0.offline=true");
        }
        int kind = atMostOnce ? AT_MOST_ONCE : message.lane();
        int size = Outgoing.sizeOf(message);
        Outgoing admitted = null;
        boolean wake = false;
        int exceeded;
        synchronized (this) {
            if (closed) {
                throw new RejectedException(Reason.CLOSED, "client: stopped");
            }
            if (rejection != null && !atMostOnce) {
                throw new RejectedException(rejection.reason, rejection.message);
            }
            exceeded = exceeded(kind, size);
            if (exceeded == NONE) {
                admitted = new Outgoing(lastId + 1, message, scheduler.nanoTime());
                wake = mailbox.add(admitted); // the last that may fail for want of heap: nothing is counted before it
                lastId++;
                admittedMessages[kind]++;
                admittedBytes[kind] += size;
                toWrite += isWritten(kind) ? size + Outgoing.HEAP_BYTES : 0;
            }
        }
        if (exceeded != NONE) {
            if (!waits && exceeded != QOS0_BYTES) {
                largestRejected = Math.max(largestRejected, size + Outgoing.HEAP_BYTES);
                reached.rejected(exceeded);
            }
            throw new RejectedException(Reason.FULL, rejection(exceeded, kind, size));
        }
        if (wake) {
            mailbox.wake();
        }
        return admitted;
    }

    private boolean isWritten(int kind) {
        return kind != AT_MOST_ONCE && !inHeap;
    }

    /** The bound that one more message would exceed; under the lock. */
    private int exceeded(int kind, int size) {
        StoreBounds limits = bounds;
        int slack = slack(limits);
        long cost = size + (isWritten(kind) ? 0 : Outgoing.HEAP_BYTES);
        if (kind == AT_MOST_ONCE) {
            return bytes(kind) + cost > slack * limits.qos0MaxBytes() ? QOS0_BYTES : NONE;
        }
        StoreBounds.Lane lane = limits.lanes().get(kind);
        if (lane.isExceeded((bytes(kind) + cost + slack - 1) / slack, (messages(kind) + slack) / slack)) {
            return kind;
        } else if (pendingBytes() + cost > slack * limits.maxBytes()) {
            return TOTAL_BYTES;
        } else if (limits.maxMessages() > 0 && pendingMessages() + 1 > slack * limits.maxMessages()) {
            return TOTAL_MESSAGES;
        }
        long unwritten = toWrite - written.get();
        return unwritten > 0 && unwritten + size + Outgoing.HEAP_BYTES > MAX_UNWRITTEN_BYTES ? UNWRITTEN : NONE;
    }

    /** With drop-oldest a bound may be exceeded until the loop has dropped the oldest, but not by more than itself. */
    private static int slack(StoreBounds limits) {
        return limits.dropOldest() ? 2 : 1;
    }

    /** Why a message is rejected: what would be pending, what is allowed, and by which key. */
    private synchronized String rejection(int bound, int kind, int size) {
        StoreBounds limits = bounds;
        long cost = size + (isWritten(kind) ? 0 : Outgoing.HEAP_BYTES);
        return switch (bound) {
            case QOS0_BYTES -> "message: " + (bytes(kind) + cost) + " bytes of QoS 0 would wait; allowed are "
                    + limits.qos0MaxBytes() + " (qos0.max.bytes)";
            case TOTAL_BYTES -> "message: " + (pendingBytes() + cost) + " bytes would be pending; allowed are "
                    + limits.maxBytes() + " (store.max.bytes)";
            case TOTAL_MESSAGES -> "message: " + (pendingMessages() + 1) + " messages would be pending; allowed are "
                    + limits.maxMessages() + " (store.max.messages)";
            case UNWRITTEN -> "store: " + describe(1 << UNWRITTEN);
            default -> "message: " + (messages(kind) + 1) + " messages with " + (bytes(kind) + cost)
                    + " bytes would be pending in lane " + kind + "; allowed are "
                    + limits.lanes().get(kind).maxMessages()
                    + " and " + limits.lanes().get(kind).maxBytes() + " (store.lanes)";
        };
    }

    /** Which bounds reject messages, as long as they do. */
    private String describe(int full) {
        StoreBounds limits = bounds;
        StringJoiner words = new StringJoiner("; ");
        for (int left = full; left != 0; left &= left - 1) {
            int bound = Integer.numberOfTrailingZeros(left);
            words.add(switch (bound) {
                case TOTAL_BYTES -> "messages are rejected: " + limits.maxBytes()
                        + " bytes are pending, store.max.bytes allows no more" + (inHeap ? ", or the heap" : "");
                case TOTAL_MESSAGES -> "messages are rejected: " + limits.maxMessages()
                        + " messages are pending, store.max.messages allows no more";
                case UNWRITTEN -> "the disk does not keep up: " + MAX_UNWRITTEN_BYTES
                        + " bytes in the heap wait to be written, no more are allowed";
                default -> "messages of lane " + bound + " are rejected: " + limits.lanes().get(bound).describe()
                        + " are pending, store.lanes allows no more";
            });
        }
        return words.toString();
    }

    /** Whether nine tenths of a bound are reached, or the largest rejected message would reach it; on the loop. */
    private synchronized boolean isNearlyReached(int bound) {
        StoreBounds limits = bounds;
        int slack = slack(limits);
        return switch (bound) {
            case TOTAL_BYTES -> isNear(pendingBytes(), slack * limits.maxBytes(), largestRejected);
            case TOTAL_MESSAGES -> isNear(pendingMessages(), slack * limits.maxMessages(), 0);
            case UNWRITTEN -> isNear(toWrite - written.get(), MAX_UNWRITTEN_BYTES, largestRejected);
            default -> isNear(bytes(bound), slack * limits.lanes().get(bound).maxBytes(), largestRejected)
                    || isNear(messages(bound), slack * limits.lanes().get(bound).maxMessages(), 0);
        };
    }

    /** Of the size of a message at most half a bound counts: a larger one may never fit. */
    private static boolean isNear(long value, long max, int next) {
        return max > 0 && value >= max - Math.max(max / 10, Math.min(next, max / 2));
    }

    /** A message is settled; on the loop, while its message is still there. */
    void ended(Outgoing message) {
        int kind = message.message().qos() == Qos.AT_MOST_ONCE ? AT_MOST_ONCE : message.lane();
        endedMessages.lazySet(kind, endedMessages.get(kind) + 1);
        endedBytes.lazySet(kind, endedBytes.get(kind) + message.size());
    }

    /** Whether more is pending than the bounds allow; on the loop. */
    synchronized boolean isOverfull() {
        return pendingBytes() > bounds.maxBytes()
                || bounds.maxMessages() > 0 && pendingMessages() > bounds.maxMessages();
    }

    /** Whether more is pending in a lane than its own bounds allow; on the loop. */
    synchronized boolean isOverfull(int lane) {
        return bounds.lanes().get(lane).isExceeded(bytes(lane), messages(lane));
    }

    /** Whether more QoS 0 is pending than the bounds allow; on the loop. */
    synchronized boolean isOverfullAtMostOnce() {
        return bytes(AT_MOST_ONCE) > bounds.qos0MaxBytes();
    }

    private long messages(int kind) {
        return admittedMessages[kind] - endedMessages.get(kind);
    }

    /** What the pending messages of a kind take where they are kept: on the disk, or in the heap. */
    private long bytes(int kind) {
        return admittedBytes[kind] - endedBytes.get(kind)
                + (isWritten(kind) ? 0 : messages(kind) * Outgoing.HEAP_BYTES);
    }

    private long pendingBytes() {
        long sum = inHeap ? pendingMessages() * Outgoing.HEAP_BYTES : 0;
        for (int lane = 0; lane < Message.LANES; lane++) {
            sum += admittedBytes[lane] - endedBytes.get(lane);
        }
        return sum;
    }

    private long pendingMessages() {
        long sum = 0;
        for (int lane = 0; lane < Message.LANES; lane++) {
            sum += messages(lane);
        }
        return sum;
    }

    /** Messages of a lane, or of {@link ClientInspector#AT_MOST_ONCE}, that are not settled. */
    synchronized long pending(int kind) {
        return messages(kind);
    }

    /** The bytes for which these messages count. */
    synchronized long pendingBytes(int kind) {
        return bytes(kind);
    }

    /** Messages of every kind that are not settled. */
    synchronized long pending() {
        return pendingMessages() + messages(AT_MOST_ONCE);
    }

    /** Bytes of every kind that are not settled. */
    synchronized long pendingBytesOfAll() {
        return pendingBytes() + bytes(AT_MOST_ONCE);
    }

    /** A message was rejected, and nobody waits for space. */
    void countRejection() {
        rejected.increment();
    }

    /** Messages rejected so far. */
    long rejected() {
        return rejected.sum();
    }

    /** Messages accepted so far, with those that a store held. */
    long accepted() {
        return lastId + inherited;
    }

    /** The number of the latest message. */
    long lastId() {
        return lastId;
    }

    StoreBounds bounds() {
        return bounds;
    }

    /** Admits nothing more. */
    synchronized void close() {
        closed = true;
        reached.stop();
    }
}
