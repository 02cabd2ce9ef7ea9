package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.SafeQueue;

/**
 * The messages that wait for one receiver, in order of receipt. QoS 0 beyond the capacity pushes out the oldest of its
 * kind; QoS 1 and 2 are bounded by what the broker sends unacknowledged, retained messages that answer a SUBSCRIBE by
 * the bytes of all that is unhandled. Safe from any thread.
 */
public abstract class InboundQueue {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    final Dispatcher dispatcher;
    /** Who receives, for logs and events. */
    final String description;
    /** Whether the receiver acknowledges. */
    final boolean manual;
    /** Since when a call of the receiver lasts, 0 = none. */
    volatile long busySince;
    /** A call that lasts too long was reported; on the loop only. */
    boolean reportedSlow;
    /** How many messages it took since {@link #announce}; on the loop only. */
    int unannounced;
    /** How many filters bring it messages; on the loop only. */
    int filters;
    /** How many messages that may be dropped may wait. */
    private final IntSupplier capacity;
    private final SafeQueue<Delivery> waiting = new SafeQueue<>();
    /** Made beforehand: it is needed when the heap is full. */
    final Runnable announce = this::announce;
    /** With manual acknowledgement: handed over and not yet acknowledged. */
    private final Set<Delivery> handedOver = new LinkedHashSet<>();
    private int waitingDroppable;
    private long discards;
    private boolean closed;

    InboundQueue(String description, boolean manual, IntSupplier capacity, Dispatcher dispatcher) {
        this.description = description;
        this.manual = manual;
        this.capacity = capacity;
        this.dispatcher = dispatcher;
    }

    /** So many messages were added. */
    abstract void arrived(int messages);

    /** Tells the receiver that messages were added; on the loop. */
    final void announce() {
        int messages = unannounced;
        if (messages > 0) {
            arrived(messages);
            unannounced = 0; // not before: without heap this comes again
        }
    }

    /** Makes sure that so many messages can be taken without heap, also if one comes back meanwhile. */
    final synchronized void makeRoom(int messages) {
        waiting.makeRoom(messages + 1);
    }

    /** Takes a message, for {@link #announce} to follow; the result is one that it pushed out, or null. */
    final Delivery offer(Delivery delivery) {
        Delivery dropped = null;
        synchronized (this) {
            if (closed) {
                return delivery;
            }
            waiting.add(delivery);
            if (delivery.droppable && ++waitingDroppable > capacity.getAsInt()) {
                dropped = waiting.removeFirst(each -> each.droppable);
                waitingDroppable--;
                discards++;
            }
        }
        return dropped;
    }

    final synchronized Delivery poll() {
        Delivery next = closed ? null : waiting.peek();
        if (next != null) {
            if (manual) {
                handedOver.add(next);
            }
            waiting.poll();
            waitingDroppable -= next.droppable ? 1 : 0;
        }
        return next;
    }

    /** Puts a message back to the front; false if the queue is closed. */
    final synchronized boolean putFirst(Delivery delivery) {
        if (!closed) {
            waiting.addFirst(delivery);
            handedOver.remove(delivery);
            if (delivery.droppable) {
                waitingDroppable++;
            }
        }
        return !closed;
    }

    /** How many messages wait. */
    public final synchronized int size() {
        return waiting.size();
    }

    /** How many QoS 0 messages were pushed out. */
    public final synchronized long discards() {
        return discards;
    }

    /** Whether it gives out nothing more. */
    public final synchronized boolean isClosed() {
        return closed;
    }

    /** The receiver is done with a message, or has acknowledged it. Repeatable. */
    final void done(Delivery delivery) {
        finish(delivery);
        dispatcher.tell();
    }

    /** As {@link #done}, but {@link Dispatcher#tell} is to follow. */
    final void finish(Delivery delivery) {
        if (delivery.finish()) {
            try {
                dispatcher.done(delivery);
            } catch (VirtualMachineError e) { // no heap: it is to be done again
                delivery.unfinish();
                throw e;
            }
            if (manual) {
                synchronized (this) {
                    handedOver.remove(delivery);
                }
            }
        }
    }

    /**
     * Takes nothing more and gives nothing out; the result is what was not handed over, or not acknowledged, until
     * {@link #clear}.
     */
    synchronized List<Delivery> close() {
        closed = true;
        List<Delivery> left = new ArrayList<>(handedOver);
        left.addAll(waiting.view());
        return left;
    }

    /** Empties a closed queue. */
    final synchronized void clear() {
        handedOver.clear();
        waiting.clear();
        waitingDroppable = 0;
    }
}
