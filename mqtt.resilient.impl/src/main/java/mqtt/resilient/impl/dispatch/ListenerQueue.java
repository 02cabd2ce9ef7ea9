package mqtt.resilient.impl.dispatch;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Qos;

/**
 * The messages for one listener: one call at a time, in order, on a thread of the pool that is taken only while there is
 * something to do. QoS 0 messages beyond the bound push out the oldest of their kind.
 */
public final class ListenerQueue {
    /** Serves several listeners in turn; then another queue gets the thread. */
    private static final int CALLS_PER_TURN = 100;

    private final MessageListener listener;
    private final String description;
    private final boolean manual;
    private final Dispatcher dispatcher;

    private final ArrayDeque<Delivery> waiting = new ArrayDeque<>();
    private int waitingAtMostOnce;
    /** A thread is at work or on its way. */
    private boolean running;
    /** A retry is planned. */
    private boolean backingOff;
    private boolean closed;
    /** Since when a call lasts, 0 = none. */
    private volatile long busySince;

    ListenerQueue(MessageListener listener, String description, boolean manual, Dispatcher dispatcher) {
        this.listener = listener;
        this.description = description;
        this.manual = manual;
        this.dispatcher = dispatcher;
    }

    /** Who listens, for logs and events. */
    public String description() {
        return description;
    }

    long busySince() {
        return busySince;
    }

    /** Takes a message; the result is one that it pushed out, or null. */
    Delivery offer(Delivery delivery, int maxAtMostOnce) {
        Delivery dropped = null;
        boolean start;
        synchronized (this) {
            if (closed) {
                return delivery;
            }
            waiting.add(delivery);
            if (delivery.qos() == Qos.AT_MOST_ONCE && ++waitingAtMostOnce > maxAtMostOnce) {
                dropped = removeOldestAtMostOnce();
            }
            start = !running && !backingOff;
            running |= start;
        }
        if (start) {
            dispatcher.executor().execute(this::work);
        }
        return dropped;
    }

    private Delivery removeOldestAtMostOnce() {
        for (Iterator<Delivery> all = waiting.iterator(); all.hasNext();) {
            Delivery candidate = all.next();
            if (candidate.qos() == Qos.AT_MOST_ONCE) {
                all.remove();
                waitingAtMostOnce--;
                return candidate;
            }
        }
        throw new IllegalStateException("the count of waiting QoS 0 messages is wrong");
    }

    private void work() {
        for (int calls = 0;; calls++) {
            Delivery delivery;
            synchronized (this) {
                delivery = waiting.peek();
                if (delivery == null || closed || backingOff) {
                    running = false;
                    return;
                }
                if (calls == CALLS_PER_TURN) {
                    break;
                }
                waiting.remove();
                if (delivery.qos() == Qos.AT_MOST_ONCE) {
                    waitingAtMostOnce--;
                }
            }
            call(delivery);
        }
        dispatcher.executor().execute(this::work);
    }

    private void call(Delivery delivery) {
        busySince = dispatcher.busySince();
        try {
            listener.onMessage(delivery);
            if (!manual) {
                done(delivery);
            }
        } catch (Throwable e) { // whatever it is, it is the listener's
            delivery.failures++;
            if (dispatcher.mayRetry(delivery, e)) {
                putBack(delivery);
            } else {
                done(delivery);
            }
        } finally {
            busySince = 0;
        }
    }

    private void putBack(Delivery delivery) {
        synchronized (this) {
            waiting.addFirst(delivery);
            if (delivery.qos() == Qos.AT_MOST_ONCE) {
                waitingAtMostOnce++;
            }
            backingOff = true;
        }
        dispatcher.retryLater(this, delivery.failures);
    }

    /** The back-off is over. */
    void resume() {
        boolean start;
        synchronized (this) {
            backingOff = false;
            start = !running && !closed && !waiting.isEmpty();
            running |= start;
        }
        if (start) {
            dispatcher.executor().execute(this::work);
        }
    }

    /** The listener is done with a message, or has acknowledged it. Repeatable. */
    void done(Delivery delivery) {
        if (delivery.finish()) {
            dispatcher.done(delivery);
        }
    }

    /** No further call begins; the result is what was not handed over. */
    List<Delivery> close() {
        synchronized (this) {
            closed = true;
            List<Delivery> left = List.copyOf(waiting);
            waiting.clear();
            waitingAtMostOnce = 0;
            return left;
        }
    }
}
