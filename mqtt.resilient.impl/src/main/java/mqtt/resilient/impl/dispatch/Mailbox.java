package mqtt.resilient.impl.dispatch;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Scheduler;

/** Brings things from any thread to the loop, in order, with one wake-up for as many as queue up. */
public final class Mailbox<T> {
    private static final int KEPT_CAPACITY = 1024;

    private final Scheduler scheduler;
    private final Consumer<T> receiver;
    private Queue<T> filling = new ArrayDeque<>(1);
    /** On the loop only. */
    private Queue<T> draining = new ArrayDeque<>(1);
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
        scheduler.execute(this::drain);
    }

    /** Takes what was added; on the loop. */
    void drain() {
        if (draining.isEmpty()) {
            synchronized (this) {
                woken = false;
                Queue<T> empty = filling.size() > KEPT_CAPACITY ? new ArrayDeque<>(1) : draining;
                draining = filling;
                filling = empty;
            }
        }
        try {
            for (T thing = draining.poll(); thing != null; thing = draining.poll()) {
                receiver.accept(thing);
            }
        } finally {
            if (!draining.isEmpty()) { // one that failed takes nothing with it
                scheduler.execute(this::drain);
            }
        }
    }
}
