package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Scheduler;

/** Brings things from any thread to the loop, in order, with one wake-up for as many as queue up. */
public final class Mailbox<T> {
    private static final int KEPT_CAPACITY = 1024;

    private final Scheduler scheduler;
    private final Consumer<T> receiver;
    private List<T> filling = new ArrayList<>();
    /** On the loop only. */
    private List<T> draining = new ArrayList<>();
    private int drained;

    public Mailbox(Scheduler scheduler, Consumer<T> receiver) {
        this.scheduler = scheduler;
        this.receiver = receiver;
    }

    /** Brings one thing. Safe from any thread. */
    public void put(T thing) {
        if (add(thing)) {
            wake();
        }
    }

    /** Adds one thing; if the result is true, the caller must {@link #wake} as soon as it holds no lock. */
    public synchronized boolean add(T thing) {
        filling.add(thing);
        return filling.size() == 1;
    }

    /** Has the loop take what was added. */
    public void wake() {
        scheduler.execute(this::drain);
    }

    private void drain() {
        if (draining.isEmpty()) {
            synchronized (this) {
                List<T> empty = filling.size() > KEPT_CAPACITY ? new ArrayList<>() : draining;
                draining = filling;
                filling = empty;
            }
        }
        try {
            while (drained < draining.size()) {
                receiver.accept(draining.get(drained++));
            }
        } finally {
            if (drained < draining.size()) { // one that failed takes nothing with it
                scheduler.execute(this::drain);
            } else {
                draining.clear();
                drained = 0;
            }
        }
    }
}
