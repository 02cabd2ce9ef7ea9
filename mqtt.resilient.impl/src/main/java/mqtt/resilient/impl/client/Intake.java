package mqtt.resilient.impl.client;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
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
 * it to the loop. Pending is what was admitted less what has ended.
 */
final class Intake {
    private static final int AT_MOST_ONCE = ClientInspector.AT_MOST_ONCE;
    private static final int KINDS = Message.LANES + 1;
    private static final int MAX_PACKET_OVERHEAD = 9;

    private final Scheduler scheduler;
    private final Mailbox<Outgoing> mailbox;
    private final AtomicLongArray endedMessages = new AtomicLongArray(KINDS);
    private final AtomicLongArray endedBytes = new AtomicLongArray(KINDS);
    private final long[] admittedMessages = new long[KINDS];
    private final long[] admittedBytes = new long[KINDS];
    private final LongAdder rejected = new LongAdder();
    private volatile StoreBounds bounds;
    private volatile int packetMaxBytes;
    private volatile boolean online;
    private volatile long lastId;
    /** Why nothing but QoS 0 is taken now; null = it is. */
    private Refusal refusal;
    /** Accepted before this process, and the ids that were given for it. */
    private volatile long inherited;
    private boolean closed;

    /** Why messages are refused. */
    record Refusal(Reason reason, String message) {
    }

    Intake(Scheduler scheduler, ClientSettings settings, Consumer<Outgoing> receiver) {
        this.scheduler = scheduler;
        mailbox = new Mailbox<>(scheduler, receiver);
        reconfigure(settings);
    }

    void reconfigure(ClientSettings settings) {
        bounds = settings.bounds();
        packetMaxBytes = settings.packetMaxBytes();
    }

    /** Refuses everything but QoS 0 from now on; null = nothing. */
    synchronized void refuse(Refusal newRefusal) {
        refusal = newRefusal;
    }

    /** Takes up what a store held; before anything is admitted. */
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
     * @throws RejectedException if it is not accepted
     */
    Outgoing admit(Message message) throws RejectedException {
        int size = Outgoing.sizeOf(message);
        if (size - Outgoing.OVERHEAD_BYTES + MAX_PACKET_OVERHEAD > packetMaxBytes) {
            throw new RejectedException(Reason.TOO_LARGE, "message: topic and payload take "
                    + (size - Outgoing.OVERHEAD_BYTES) + " bytes; allowed are " + (packetMaxBytes - MAX_PACKET_OVERHEAD)
                    + " (packet.max.bytes)");
        }
        boolean atMostOnce = message.qos() == Qos.AT_MOST_ONCE;
        if (atMostOnce && !online && !bounds.qos0Offline()) {
            throw new RejectedException(Reason.OFFLINE,
                    "message: QoS 0 without a connection; allowed only with qos0.offline=true");
        }
        int kind = atMostOnce ? AT_MOST_ONCE : message.lane();
        Outgoing admitted;
        boolean wake;
        synchronized (this) {
            if (closed) {
                throw new RejectedException(Reason.CLOSED, "client: stopped");
            }
            if (refusal != null && !atMostOnce) {
                throw new RejectedException(refusal.reason, refusal.message);
            }
            requireSpace(kind, size);
            admittedMessages[kind]++;
            admittedBytes[kind] += size;
            lastId++;
            admitted = new Outgoing(lastId, message, scheduler.nanoTime());
            wake = mailbox.add(admitted);
        }
        if (wake) {
            mailbox.wake();
        }
        return admitted;
    }

    private void requireSpace(int kind, int size) throws RejectedException {
        StoreBounds limits = bounds;
        // with drop-oldest the loop brings it back below the bound; twice the bound is where even that waits
        int slack = limits.dropOldest() ? 2 : 1;
        if (kind == AT_MOST_ONCE) {
            long bytes = admittedBytes[kind] - endedBytes.get(kind) + size;
            if (bytes > slack * limits.qos0MaxBytes()) {
                throw new RejectedException(Reason.FULL, "message: " + bytes
                        + " bytes of QoS 0 would wait; allowed are " + limits.qos0MaxBytes() + " (qos0.max.bytes)");
            }
            return;
        }
        StoreBounds.Lane lane = limits.lanes().get(kind);
        long laneBytes = admittedBytes[kind] - endedBytes.get(kind) + size;
        long laneMessages = admittedMessages[kind] - endedMessages.get(kind) + 1;
        if (lane.isExceeded((laneBytes + slack - 1) / slack, (laneMessages + slack - 1) / slack)) {
            throw new RejectedException(Reason.FULL, "message: " + laneMessages + " messages with " + laneBytes
                    + " bytes would be pending in lane " + kind + "; allowed are " + lane.maxMessages() + " and "
                    + lane.maxBytes() + " (store.lanes)");
        }
        long bytes = pendingBytes() + size;
        if (bytes > slack * limits.maxBytes()) {
            throw new RejectedException(Reason.FULL, "message: " + bytes + " bytes would be pending; allowed are "
                    + limits.maxBytes() + " (store.max.bytes)");
        }
        long messages = pendingMessages() + 1;
        if (limits.maxMessages() > 0 && messages > slack * limits.maxMessages()) {
            throw new RejectedException(Reason.FULL, "message: " + messages
                    + " messages would be pending; allowed are " + limits.maxMessages() + " (store.max.messages)");
        }
    }

    /** A message has come to its end; on the loop, before it lets go of its message. */
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
        return bounds.lanes().get(lane).isExceeded(admittedBytes[lane] - endedBytes.get(lane),
                admittedMessages[lane] - endedMessages.get(lane));
    }

    /** Whether more QoS 0 is pending than the bounds allow; on the loop. */
    synchronized boolean isOverfullAtMostOnce() {
        return admittedBytes[AT_MOST_ONCE] - endedBytes.get(AT_MOST_ONCE) > bounds.qos0MaxBytes();
    }

    private long pendingBytes() {
        return sum(admittedBytes, endedBytes);
    }

    private long pendingMessages() {
        return sum(admittedMessages, endedMessages);
    }

    private static long sum(long[] admitted, AtomicLongArray ended) {
        long sum = 0;
        for (int lane = 0; lane < Message.LANES; lane++) {
            sum += admitted[lane] - ended.get(lane);
        }
        return sum;
    }

    /** Messages of a lane, or of {@link ClientInspector#AT_MOST_ONCE}, that have not come to their end. */
    synchronized long pending(int kind) {
        return admittedMessages[kind] - endedMessages.get(kind);
    }

    /** What they count for. */
    synchronized long pendingBytes(int kind) {
        return admittedBytes[kind] - endedBytes.get(kind);
    }

    /** Messages but for QoS 0 that have not come to their end. */
    synchronized long pendingInStore() {
        return pendingMessages();
    }

    /** Messages of every kind that have not come to their end. */
    synchronized long pending() {
        return pendingMessages() + admittedMessages[AT_MOST_ONCE] - endedMessages.get(AT_MOST_ONCE);
    }

    /** Bytes of every kind that have not come to their end. */
    synchronized long pendingBytesOfAll() {
        return pendingBytes() + admittedBytes[AT_MOST_ONCE] - endedBytes.get(AT_MOST_ONCE);
    }

    /** A message was refused for good. */
    void countRejection() {
        rejected.increment();
    }

    /** Messages refused so far. */
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
    }
}
