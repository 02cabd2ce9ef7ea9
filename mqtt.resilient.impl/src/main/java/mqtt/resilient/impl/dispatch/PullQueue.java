package mqtt.resilient.impl.dispatch;

import java.util.List;
import mqtt.resilient.api.ReceivedMessage;

/** The messages for a receiver that fetches them. The caller brings its own way to wait. */
public final class PullQueue extends InboundQueue {
    private final int capacity;
    private final Runnable signal;
    private long discards;

    PullQueue(String description, boolean manual, int capacity, Runnable signal, Dispatcher dispatcher) {
        super(description, manual, dispatcher);
        this.capacity = capacity;
        this.signal = signal;
    }

    @Override
    int capacity() {
        return capacity;
    }

    @Override
    void arrived() {
        signal.run();
    }

    @Override
    long busySince() {
        return 0;
    }

    @Override
    Delivery offer(Delivery delivery) {
        Delivery dropped = super.offer(delivery);
        if (dropped != null && dropped != delivery) {
            synchronized (this) {
                discards++;
            }
        }
        return dropped;
    }

    /** The next message, acknowledged unless the receiver does that; null if there is none now. */
    public ReceivedMessage next() {
        Delivery next = poll();
        if (next != null && !isManual()) {
            done(next);
        }
        return next;
    }

    /** How many messages wait. */
    public int waiting() {
        return size();
    }

    /** Whether it gives out nothing more. */
    public boolean hasEnded() {
        return isClosed();
    }

    /** How many QoS 0 messages were pushed out. */
    public synchronized long discards() {
        return discards;
    }

    @Override
    List<Delivery> close() {
        List<Delivery> left = super.close();
        signal.run();
        return left;
    }
}
