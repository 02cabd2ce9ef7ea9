package mqtt.resilient.impl.client;

import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * What callers want of a client, done on the loop in the order in which it was asked for. A command that fails for want
 * of heap is done again, and those behind it wait for it: or an older configuration would take the place of a newer
 * one. A command must do no harm when it begins once more.
 */
final class CommandQueue {
    static {
        Handlers.prepare(RuntimeException.class, StackOverflowError.class);
    }

    private final Scheduler scheduler;
    private final Runnable drain;
    /** The command that is being done, or is to be done again; null = none is. On the loop only. */
    private Command first;
    private Command last;

    CommandQueue(Scheduler scheduler) {
        this.scheduler = scheduler;
        drain = Repeated.of(scheduler, this::drain);
    }

    /** Has a command done; safe from any thread. */
    void execute(Runnable task) {
        scheduler.execute(new Command(task));
    }

    private void drain() {
        while (first != null) {
            try {
                first.task.run();
            } catch (RuntimeException | StackOverflowError e) { // a fault of ours, which would come again
                first = first.next;
                scheduler.execute(drain);
                throw e;
            }
            first = first.next;
        }
    }

    private final class Command implements Runnable {
        private final Runnable task;
        private Command next;

        Command(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            boolean idle = first == null;
            if (idle) {
                first = this;
            } else {
                last.next = this;
            }
            last = this;
            if (idle) {
                drain.run();
            }
        }
    }
}
