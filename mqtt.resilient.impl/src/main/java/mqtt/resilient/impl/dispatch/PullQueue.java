package mqtt.resilient.impl.dispatch;

import java.util.List;
import java.util.function.IntConsumer;
import mqtt.resilient.api.ReceivedMessage;

/** The messages for a receiver that fetches them. The caller brings its own way to wait. */
public final class PullQueue extends InboundQueue {
    private final IntConsumer signal;

    PullQueue(String description, boolean manual, int capacity, IntConsumer signal, Dispatcher dispatcher) {
        super(description, manual, () -> capacity, dispatcher);
        this.signal = signal;
    }

    @Override
    void arrived(int messages) {
        signal.accept(messages);
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
        signal.accept(1);
        return left;
    }
}
