package mqtt.resilient.impl.environment;

/**
 * Time and the one thread on which all session state lives. A hand-over is certain until that thread is stopped: while
 * the heap has no room for it, {@link #execute} and {@link #at} wait instead of failing. So code may note that a task
 * is planned and then hand over one that was made before: it will run. The same holds for the executors of a client.
 */
public interface Scheduler {
    /** The time of what is not planned. */
    long NEVER = Long.MAX_VALUE;

    /** The monotonic clock in nanoseconds; only differences mean something. Safe from any thread. */
    long nanoTime();

    /** The wall clock in milliseconds since 1970; may jump. Safe from any thread. */
    long wallClockMillis();

    /** Runs a task on the loop, in the order of the calls. Safe from any thread. */
    void execute(Runnable task);

    /** Runs a task on the loop when the monotonic clock has reached a time. On the loop only. */
    Timer at(long nanoTime, Runnable task);

    /** Takes a task back, if there is one. */
    static void cancel(Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }

    /** A planned task. */
    interface Timer {
        /** Takes the task back; without effect when it has run. On the loop only. */
        void cancel();
    }
}
