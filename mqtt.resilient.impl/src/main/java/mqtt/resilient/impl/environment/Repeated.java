package mqtt.resilient.impl.environment;

/**
 * A task for the loop that is done in any case: what fails for want of heap is done again when there is some. The task
 * must do no harm when it begins once more.
 */
public final class Repeated implements Runnable {
    static {
        Handlers.prepare(VirtualMachineError.class, StackOverflowError.class);
    }

    private final Scheduler scheduler;
    private final Runnable task;

    private Repeated(Scheduler scheduler, Runnable task) {
        this.scheduler = scheduler;
        this.task = task;
    }

    /** Has a task done on the loop. */
    public static void execute(Scheduler scheduler, Runnable task) {
        scheduler.execute(new Repeated(scheduler, task));
    }

    /** Such a task for a timer. */
    public static Runnable of(Scheduler scheduler, Runnable task) {
        return new Repeated(scheduler, task);
    }

    @Override
    public void run() {
        try {
            task.run();
        } catch (StackOverflowError e) { // a fault of ours, which comes again
            throw e;
        } catch (VirtualMachineError e) {
            scheduler.execute(this);
            throw e;
        }
    }
}
