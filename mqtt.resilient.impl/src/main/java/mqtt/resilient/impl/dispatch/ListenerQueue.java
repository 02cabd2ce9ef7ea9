package mqtt.resilient.impl.dispatch;

import mqtt.resilient.api.MessageListener;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Repeated;

/**
 * The messages for one listener: one call at a time, in order, on a thread of the pool that is taken only while there
 * is something to do.
 */
public final class ListenerQueue extends InboundQueue {
    static {
        Handlers.prepare(Throwable.class, VirtualMachineError.class);
    }

    /** How many calls may have ended before the loop is told. */
    private static final int MOST_UNTOLD = 256;
    /** How long ago the first of them may have begun. */
    private static final long UNTOLD_NANOS = 1_000_000L;

    private final MessageListener listener;
    /** These are made beforehand: they are needed when nothing can be allocated. */
    private final Runnable work = this::work;
    private final Runnable begin = this::begin;
    private final Runnable planBegin = Repeated.of(dispatcher.scheduler, () -> dispatcher.planRetry(begin, 1));
    private final Runnable planRetry = Repeated.of(dispatcher.scheduler, this::planRetry);
    /** A thread is at work or on its way, or a retry is planned. */
    private boolean running;
    /** What the thread at work has taken out; used by it alone. */
    private Delivery inHand;
    /** Whether that needs no call any more, and is only to be told as done. */
    private boolean called;
    /** How often the listener has failed on the message that waits for a retry. */
    private volatile int failures;

    ListenerQueue(MessageListener listener, String description, boolean manual, Dispatcher dispatcher) {
        super(description, manual, () -> dispatcher.settings.queueMessages(), dispatcher);
        this.listener = listener;
    }

    @Override
    void arrived(int messages) {
        synchronized (this) {
            if (running) {
                return;
            }
            running = true;
        }
        begin();
    }

    private void begin() {
        dispatcher.executor.execute(work);
    }

    private void work() {
        try {
            callAll();
        } catch (VirtualMachineError e) { // no heap for what surrounds a call: what is in hand stays there
            dispatcher.scheduler.execute(planBegin);
        }
    }

    private void planRetry() {
        dispatcher.planRetry(begin, failures);
    }

    /** Calls for all that waits, and tells what is done once for many calls, if they are short. */
    private void callAll() {
        int untold = 0;
        long toldAt = 0;
        if (inHand != null && !called && isClosed()) { // left by a call that failed for want of heap
            dispatcher.leftBehind(inHand);
            inHand = null;
        }
        while (take()) {
            long now = dispatcher.scheduler.nanoTime();
            if (untold == MOST_UNTOLD || untold > 0 && now - toldAt >= UNTOLD_NANOS) {
                dispatcher.tell();
                untold = 0;
            }
            toldAt = untold++ == 0 ? now : toldAt;
            if (!called && !inHand.isFinished() && !call(inHand, now)) {
                break;
            }
            if (called) {
                finish(inHand);
            }
            called = false;
            inHand = null;
        }
        dispatcher.tell();
    }

    /** Takes the next message in hand, if none is; false if there is none. */
    private synchronized boolean take() {
        if (inHand == null) {
            inHand = poll();
        }
        running = inHand != null;
        return running;
    }

    /** Calls the listener; false if it failed, and the message is back in the queue for a later call. */
    private boolean call(Delivery delivery, long now) {
        busySince = now | 1; // never 0
        try {
            listener.onMessage(delivery);
            called = !manual;
        } catch (Throwable e) { // whatever it is, it is the listener's
            return !putBack(delivery, e);
        } finally {
            busySince = 0;
        }
        return true;
    }

    /** Puts a message that the listener failed on back to the front; false if it is not to be tried again. */
    private boolean putBack(Delivery delivery, Throwable error) {
        boolean last = ++delivery.failures >= dispatcher.settings.attempts();
        boolean acknowledged = delivery.isFinished();
        dispatcher.failed(delivery, error, last && !acknowledged);
        if (last) {
            called = true;
        } else if (!acknowledged && putFirst(delivery)) {
            inHand = null; // from here on nothing takes heap
            failures = delivery.failures;
            dispatcher.scheduler.execute(planRetry);
            return true;
        } else if (!acknowledged) {
            dispatcher.leftBehind(delivery);
        }
        return false;
    }
}
