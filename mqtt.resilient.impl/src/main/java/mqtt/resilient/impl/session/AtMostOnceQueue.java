package mqtt.resilient.impl.session;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.SafeQueue;
import mqtt.resilient.spi.packet.Reason;

/**
 * The outgoing messages with QoS 0: they wait here, and once they are written, until the connection has taken the
 * bytes. No store keeps them, and the session does not know them. On the io thread.
 */
public final class AtMostOnceQueue {
    private static final Reason UNFLUSHED = new Reason(0,
            "QoS 0: the connection was lost while the message was written");

    private final CurrentConnection connection;
    private final PublishLimits limits;
    private final Verdict verdict;
    private final TokenBucket rate;
    private final Settling settling;
    private final SafeQueue<Outgoing> waiting = new SafeQueue<>();
    /**
     * Written on the present connection. Those with a packet identifier are in flight: the broker's Maximum QoS is 0.
     */
    private final SafeQueue<Outgoing> unflushed = new SafeQueue<>();

    AtMostOnceQueue(CurrentConnection connection, PublishLimits limits, Verdict verdict, TokenBucket rate,
            Settling settling) {
        this.connection = connection;
        this.limits = limits;
        this.verdict = verdict;
        this.rate = rate;
        this.settling = settling;
    }

    /** Takes an accepted message. */
    public void add(Outgoing message) {
        waiting.add(message);
    }

    /** The oldest that waits; null if there is none. */
    public Outgoing peek() {
        return waiting.peek();
    }

    /** Takes out the oldest that waits; null if there is none. */
    public Outgoing poll() {
        return waiting.poll();
    }

    /** Whether none waits. */
    public boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Those that wait, the oldest first; to look at. */
    public Collection<Outgoing> view() {
        return waiting.view();
    }

    /** Whether a message waits or is being written. */
    public boolean holds(long id) {
        return Stream.concat(waiting.view().stream(), unflushed.view().stream())
                .anyMatch(message -> message.id() == id);
    }

    /** Takes out those that wait and are wanted. */
    public List<Outgoing> remove(Predicate<Outgoing> wanted) {
        List<Outgoing> removed = waiting.view().stream().filter(wanted).toList();
        if (!removed.isEmpty()) {
            waiting.removeIf(wanted);
        }
        return removed;
    }

    /** Writes as many as there is room for; whether any was written. */
    boolean fill(long now, Output out) {
        boolean written = false;
        while (!waiting.isEmpty()) {
            Outgoing message = waiting.peek();
            if (message.isExpired(now)) {
                waiting.poll();
                settling.settle(message, Outcome.Kind.EXPIRED, Reason.SUCCESS);
                continue;
            }
            if (verdict.isTrying() || !rate.admits(message, now)) {
                break;
            }
            Reason refusal = limits.refusal(message);
            if (refusal != null) {
                waiting.poll();
                settling.settle(message, Outcome.Kind.REFUSED, refusal);
                continue;
            }
            ByteBuffer buffer = out.reserve(connection.codec().publishSize(message.message()));
            if (buffer == null) {
                break;
            }
            message.limit(connection.limits());
            connection.codec().encodePublish(message.message(), message.flags(), 0, message.expirySeconds(now), buffer);
            rate.take(message);
            unflushed.add(message);
            waiting.poll();
            written = true;
        }
        return written;
    }

    /** A message in flight was written with QoS 0: no acknowledgement will settle it. */
    void awaitFlush(Outgoing message) {
        unflushed.add(message);
    }

    /** The oldest that is written and not yet flushed; null if there is none. */
    Outgoing peekUnflushed() {
        return unflushed.peek();
    }

    void pollUnflushed() {
        unflushed.poll();
    }

    /** The connection is gone: messages that were not flushed are lost. */
    void dropUnflushed() {
        for (Outgoing lost = unflushed.poll(); lost != null; lost = unflushed.poll()) {
            if (lost.packetId == 0) { // else it is still in flight
                settling.settle(lost, Outcome.Kind.DROPPED, UNFLUSHED);
            }
        }
    }
}
