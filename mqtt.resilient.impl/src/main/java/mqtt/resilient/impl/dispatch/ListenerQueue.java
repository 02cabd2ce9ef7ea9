package mqtt.resilient.impl.dispatch;

import mqtt.resilient.api.MessageListener;

/**
 * The messages for one listener: one call at a time, in order, on a thread of the pool that is taken only while there is
 * something to do.
 */
public final class ListenerQueue extends InboundQueue {
    /** Serves several listeners in turn; then another queue gets the thread. */
    private static final int CALLS_PER_TURN = 100;

    private final MessageListener listener;
    /** A thread is at work or on its way. */
    private boolean running;
    /** A retry is planned. */
    private boolean backingOff;
    /** Since when a call lasts, 0 = none. */
    private volatile long busySince;

    ListenerQueue(MessageListener listener, String description, boolean manual, Dispatcher dispatcher) {
        super(description, manual, dispatcher);
        this.listener = listener;
    }

    @Override
    long busySince() {
        return busySince;
    }

    @Override
    int capacity() {
        return dispatcher.settings().queueMessages();
    }

    @Override
    void arrived() {
        start();
    }

    private void start() {
        boolean start;
        synchronized (this) {
            start = !running && !backingOff && peek() != null;
            running |= start;
        }
        if (start) {
            dispatcher.executor().execute(this::work);
        }
    }

    private void work() {
        for (int calls = 0;; calls++) {
            Delivery delivery;
            synchronized (this) {
                if (peek() == null || backingOff) {
                    running = false;
                    return;
                }
                if (calls == CALLS_PER_TURN) {
                    break;
                }
                delivery = poll();
            }
            call(delivery);
        }
        dispatcher.executor().execute(this::work);
    }

    private void call(Delivery delivery) {
        busySince = dispatcher.busySince();
        try {
            listener.onMessage(delivery);
            if (!isManual()) {
                done(delivery);
            }
        } catch (Throwable e) { // whatever it is, it is the listener's
            delivery.failures++;
            if (delivery.isFinished()) {
                dispatcher.failedAfterwards(delivery, e);
            } else if (dispatcher.mayRetry(delivery, e)) {
                putBack(delivery);
            } else {
                done(delivery);
            }
        } finally {
            busySince = 0;
        }
    }

    private void putBack(Delivery delivery) {
        boolean back;
        synchronized (this) {
            back = putFirst(delivery);
            backingOff = back;
        }
        if (back) {
            dispatcher.retryLater(this, delivery.failures);
        } else {
            dispatcher.leftBehind(delivery);
        }
    }

    /** The back-off is over. */
    void resume() {
        synchronized (this) {
            backingOff = false;
        }
        start();
    }
}
