package mqtt.resilient.impl.link;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.impl.environment.Handlers;

/** Connections that are being closed, and the tasks that wait until the broker has closed the last of them. */
final class PendingCloses {
    static {
        Handlers.prepare(VirtualMachineError.class);
    }

    private int open;
    /** The number of connections that are waited for. */
    private int generation;
    /** What the supervisor does next; a later decision takes its place. */
    private Runnable next;
    private final List<Runnable> waiting = new ArrayList<>();

    /** One more is being closed; the result is to be run when it is. */
    Runnable add() {
        int began = generation;
        Runnable closed = () -> {
            if (began == generation) {
                open--;
                tellIfClosed();
            }
        };
        open++;
        return closed;
    }

    private void tellIfClosed() {
        if (open == 0) {
            while (!waiting.isEmpty()) {
                Runnable task = waiting.remove(0);
                try {
                    task.run();
                } catch (VirtualMachineError e) {
                    waiting.add(0, task); // it is told again
                    throw e;
                }
            }
            tellNext();
        }
    }

    private void tellNext() {
        Runnable task = next;
        next = null;
        try {
            if (task != null) {
                task.run();
            }
        } catch (VirtualMachineError e) {
            next = next == null ? task : next;
            throw e;
        }
    }

    /** The heap was short: waits for none of them any more, as the end of some may never be told. */
    void mend() {
        generation++;
        open = 0;
        tellIfClosed();
    }

    /** The next task is not to be run any more. */
    void forgetNext() {
        next = null;
    }

    /** Runs a task when no connection is being closed, in place of an earlier such task that has not run. */
    void next(Runnable task) {
        if (open == 0) {
            task.run();
        } else {
            next = task;
        }
    }

    /** Runs a task when no connection is being closed; all such tasks are run, before the next one. */
    void whenClosed(Runnable task) {
        if (open == 0) {
            task.run();
        } else {
            waiting.add(task);
        }
    }
}
