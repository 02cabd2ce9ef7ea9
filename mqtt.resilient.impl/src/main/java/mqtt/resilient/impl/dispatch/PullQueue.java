package mqtt.resilient.impl.dispatch;

import java.util.List;
import mqtt.resilient.api.ReceivedMessage;

/** The messages for a receiver that fetches them. The caller brings its own way to wait. */
public final class PullQueue extends InboundQueue {
    private final Runnable signal;

    PullQueue(String description, boolean manual, int capacity, Runnable signal, Dispatcher dispatcher) {
        super(description, manual, () -> capacity, dispatcher);
        this.signal = signal;
    }

    @Override
    void arrived() {
        signal.run();
    }

    /** The next message, acknowledged unless the receiver does that; null if there is none now. */
    public ReceivedMessage next() {
        Delivery next = poll();
        if (next != null && !manual) {
            done(next);
        }
        return next;
    }

    @Override
    List<Delivery> close() {
        List<Delivery> left = super.close();
        signal.run();
        return left;
    }
}
