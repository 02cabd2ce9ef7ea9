package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Brings things from any thread to the loop, in order, with one wake-up for as many as queue up. Where the heap has no
 * room for one more, adding it fails and changes nothing (an {@code ArrayDeque} that cannot grow would lose what it
 * holds). If the receiver fails for want of heap, it is called again with the same thing: it must either have done all
 * of its work or be able to begin it once more.
 */
public final class Mailbox<T> {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private static final int KEPT_CAPACITY = 1024;

    private final Scheduler scheduler;
    private final Consumer<T> receiver;
    /** Made beforehand: it is needed when nothing can be allocated. */
    private final Runnable drain = this::drain;
    private List<T> filling = new ArrayList<>(1);
    /** On the loop only. */
    private List<T> draining = new ArrayList<>(1);
    /** How many of {@link #draining} the loop has taken. */
    private int taken;
    /** The loop is about to take what was added. */
    private boolean woken;

    public Mailbox(Scheduler scheduler, Consumer<T> receiver) {
        this.scheduler = scheduler;
        this.receiver = receiver;
    }

    /** Adds one thing; if the result is true, {@link #wake} is to follow. Safe from any thread. */
    public synchronized boolean add(T thing) {
        filling.add(thing);
        return !woken;
    }

    /** Has the loop take what was added. Safe from any thread; not under a lock. */
    public void wake() {
        synchronized (this) {
            if (woken || filling.isEmpty()) {
                return;
            }
            woken = true;
        }
        scheduler.execute(drain);
    }

    /** Takes what was added; on the loop. */
    void drain() {
        if (taken == draining.size()) {
            List<T> empty = draining.size() > KEPT_CAPACITY ? new ArrayList<>(1) : draining;
            empty.clear();
            taken = 0;
            synchronized (this) {
                woken = false;
                draining = filling;
                filling = empty;
            }
        }
        try {
            while (taken < draining.size()) {
                receive(draining.get(taken));
            }
        } finally {
            if (taken < draining.size()) { // one that failed takes nothing with it
                scheduler.execute(drain);
            }
        }
    }

    private void receive(T thing) {
        boolean again = false;
        try {
            receiver.accept(thing);
        } catch (VirtualMachineError e) {
            again = true;
            throw e;
        } finally {
            if (!again) {
                draining.set(taken++, null);
            }
        }
    }
}
