package mqtt.resilient.impl.dispatch;

import mqtt.resilient.api.MessageListener;

/**
 * The messages for one listener: one call at a time, in order, on a thread of the pool that is taken only while there is
 * something to do.
 */
public final class ListenerQueue extends InboundQueue {
    private final MessageListener listener;
    /** A thread is at work or on its way, or a retry is planned. */
    private boolean running;

    ListenerQueue(MessageListener listener, String description, boolean manual, Dispatcher dispatcher) {
        super(description, manual, () -> dispatcher.settings.queueMessages(), dispatcher);
        this.listener = listener;
    }

    @Override
    void arrived() {
        synchronized (this) {
            if (running) {
                return;
            }
            running = true;
        }
        dispatcher.executor.execute(this::work);
    }

    private void work() {
        Delivery delivery = next();
        while (delivery != null && call(delivery)) {
            delivery = next();
        }
    }

    private synchronized Delivery next() {
        Delivery next = poll();
        running = next != null;
        return next;
    }

    /** Calls the listener; false if it failed and is called again later. */
    private boolean call(Delivery delivery) {
        busySince = dispatcher.scheduler.nanoTime() | 1; // never 0
        try {
            listener.onMessage(delivery);
            if (!manual) {
                done(delivery);
            }
            return true;
        } catch (Throwable e) { // whatever it is, it is the listener's
            return !putBack(delivery, e);
        } finally {
            busySince = 0;
        }
    }

    /** Puts a message that the listener failed on back to the front; false if it is not to be tried again. */
    private boolean putBack(Delivery delivery, Throwable error) {
        boolean last = ++delivery.failures >= dispatcher.settings.attempts();
        boolean acknowledged = delivery.isFinished();
        dispatcher.failed(delivery, error, last && !acknowledged);
        if (last) {
            done(delivery);
        } else if (!acknowledged && putFirst(delivery)) {
            dispatcher.retryLater(this::work, delivery.failures);
            return true;
        } else if (!acknowledged) {
            dispatcher.leftBehind(delivery);
        }
        return false;
    }
}
