package mqtt.resilient.impl.simulation;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * One life of a gateway's process: its loop, and the clocks that it sees. The monotonic clock stands still while the
 * machine is suspended; the wall clock shows what somebody has set.
 */
final class Process implements Scheduler {
    private static final int ENDLESS = 200_000;

    private final Timeline timeline;
    private final PriorityQueue<Planned> timers = new PriorityQueue<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    /** World time less the monotonic clock. */
    private long offset;
    private long wallMillis;
    private long number;
    private boolean alive = true;
    private boolean suspended;
    private long suspendedAt;
    private long sleptNanos;
    private final Heap heap;
    private final Runnable mend;
    /** An allocation has failed: nothing else is done until there is heap again and everything is mended. */
    private boolean isShort;
    private long looksAt;

    private final class Planned implements Timer, Comparable<Planned> {
        private final long time;
        private final long order = number++;
        private final Runnable task;

        Planned(long time, Runnable task) {
            this.time = time;
            this.task = task;
        }

        @Override
        public void cancel() {
            timers.remove(this);
        }

        @Override
        public int compareTo(Planned other) {
            return time == other.time ? Long.compare(order, other.order) : Long.compare(time, other.time);
        }
    }

    /**
     * Starts a process.
     *
     * @param monotonic what the monotonic clock shows now
     * @param wallMillis what the wall clock showed when the world began
     * @param mend what the loop does when an allocation has failed and there is heap again
     */
    Process(Timeline timeline, long monotonic, long wallMillis, Heap heap, Runnable mend) {
        this.timeline = timeline;
        this.heap = heap;
        this.mend = mend;
        this.wallMillis = wallMillis;
        offset = timeline.now() - monotonic;
        timeline.add(this);
    }

    @Override
    public long nanoTime() {
        return (suspended ? suspendedAt : timeline.now()) - offset;
    }

    @Override
    public long wallClockMillis() {
        return wallMillis + timeline.now() / Timeline.MILLI;
    }

    void setWallClock(long millisAtTheBeginning) {
        wallMillis = millisAtTheBeginning;
    }

    @Override
    public void execute(Runnable task) {
        if (alive) {
            tasks.add(task);
        }
    }

    @Override
    public Timer at(long nanoTime, Runnable task) {
        Planned planned = new Planned(nanoTime, task);
        if (alive) {
            timers.add(planned);
        }
        return planned;
    }

    /** Runs a task of another thread of the process after a while. */
    void later(long nanos, Runnable task) {
        at(nanoTime() + nanos, task);
    }

    boolean isAlive() {
        return alive;
    }

    /** Whether the loop waits for heap. */
    boolean isShort() {
        return isShort;
    }

    boolean isSuspended() {
        return suspended;
    }

    /** Nothing of it ever runs again, and its clock stands still. */
    void kill() {
        if (!suspended) {
            suspend();
        }
        alive = false;
        tasks.clear();
        timers.clear();
        timeline.remove(this);
    }

    /** How long the machine has slept, in all: the monotonic clock does not show it, the wall clock does. */
    long sleptNanos() {
        return sleptNanos;
    }

    void suspend() {
        suspended = true;
        suspendedAt = timeline.now();
    }

    void resume() {
        suspended = false;
        offset += timeline.now() - suspendedAt;
        sleptNanos += timeline.now() - suspendedAt;
    }

    /** The number of timers and tasks that wait. */
    int waiting() {
        return timers.size() + tasks.size();
    }

    /** The world's time when there is something to do. */
    long nextTime() {
        if (suspended) {
            return Timeline.NEVER;
        }
        if (isShort) {
            return Math.max(timeline.now(), looksAt);
        }
        if (!tasks.isEmpty()) {
            return timeline.now();
        }
        return timers.isEmpty() ? Timeline.NEVER : Math.max(timeline.now(), timers.peek().time + offset);
    }

    /** Runs all tasks and timers whose time has come. */
    void run() {
        for (int i = 0; i < ENDLESS && alive && !suspended; i++) {
            Planned next = timers.peek();
            if (isShort) {
                if (!hasHeapAgain()) {
                    return;
                }
            } else if (!tasks.isEmpty()) {
                guard(tasks.remove());
            } else if (next != null && next.time - nanoTime() <= 0) {
                guard(timers.remove().task);
            } else {
                return;
            }
        }
        if (alive && !suspended) {
            throw new Violation("no spinning", "the loop does not come to rest");
        }
    }

    /** Runs a task as the loop does: one that finds no heap leaves something half done. */
    private void guard(Runnable task) {
        try {
            heap.run(task);
        } catch (OutOfMemoryError e) {
            isShort = true;
            looksAt = timeline.now() + heap.pauseNanos();
        }
    }

    private boolean hasHeapAgain() {
        if (timeline.now() < looksAt) {
            return false;
        }
        if (!heap.hasRoom()) {
            looksAt = timeline.now() + heap.pauseNanos();
            return false;
        }
        isShort = false;
        timeline.trace("gateway", () -> "mends its clients");
        guard(mend);
        return true;
    }

    /** A task of a pool: whatever it throws, its thread goes on. */
    Runnable onPool(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (OutOfMemoryError e) {
                timeline.trace("gateway", () -> "a task of a pool has ended for want of heap");
            }
        };
    }
}
