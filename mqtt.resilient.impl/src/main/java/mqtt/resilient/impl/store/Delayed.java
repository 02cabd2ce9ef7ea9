package mqtt.resilient.impl.store;

import mqtt.resilient.impl.environment.Scheduler;

/** Runs a task once after a while, however often that is asked for meanwhile. On the io thread only. */
final class Delayed {
    private final Scheduler scheduler;
    private final Runnable task;
    private Scheduler.Timer timer;

    Delayed(Scheduler scheduler, Runnable task) {
        this.scheduler = scheduler;
        this.task = task;
    }

    /** Has the task run, if it is not to run already. */
    void start(long nanos) {
        if (timer == null) {
            timer = scheduler.at(scheduler.nanoTime() + nanos, () -> {
                timer = null;
                task.run();
            });
        }
    }

    boolean isStarted() {
        return timer != null;
    }

    void cancel() {
        Scheduler.cancel(timer);
        timer = null;
    }
}
