package mqtt.resilient.impl.world;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import mqtt.resilient.impl.environment.Scheduler;

/** Time that stands still until a test moves it, and a loop that runs when a test says so. */
public final class VirtualScheduler implements Scheduler {
    private static final int ENDLESS = 1_000_000;

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Planned> timers = new PriorityQueue<>();
    private long now = 1_000_000_000_000L;
    private long number;
    private int depth;
    private Runnable beforeExecute = () -> {};

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

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public long wallClockMillis() {
        return 1_700_000_000_000L + now / 1_000_000;
    }

    @Override
    public void execute(Runnable task) {
        beforeExecute.run();
        tasks.add(task);
    }

    /** What another thread does in the moment before a task is handed to the loop. */
    public void beforeExecute(Runnable action) {
        beforeExecute = action;
    }

    @Override
    public Timer at(long nanoTime, Runnable task) {
        Planned planned = new Planned(nanoTime, task);
        timers.add(planned);
        return planned;
    }

    /** The process is gone: nothing that was planned happens any more. */
    public void forget() {
        tasks.clear();
        timers.clear();
    }

    /** Whether a task of the loop is running. */
    public boolean isLoop() {
        return depth > 0;
    }

    /** Runs a task as the loop does, before all tasks that wait. */
    public void runAsLoop(Runnable task) {
        depth++;
        try {
            task.run();
        } finally {
            depth--;
        }
    }

    /** Runs all tasks and timers whose time has come. */
    public void run() {
        runAsLoop(this::runAll);
    }

    private void runAll() {
        for (int i = 0; i < ENDLESS; i++) {
            Planned next = timers.peek();
            if (!tasks.isEmpty()) {
                tasks.remove().run();
            } else if (next != null && next.time <= now) {
                timers.remove().task.run();
            } else {
                return;
            }
        }
        throw new AssertionError("the loop spins");
    }

    /** Lets time pass until something falls due, at most so long; false if nothing did. */
    public boolean advanceToNext(Duration most) {
        run();
        Planned next = timers.peek();
        long end = now + most.toNanos();
        if (next == null || next.time > end) {
            now = end;
            return false;
        }
        now = Math.max(now, next.time);
        run();
        return true;
    }

    /** Lets time pass, running what falls due on the way at its time. */
    public void advance(Duration time) {
        long end = now + time.toNanos();
        run();
        for (Planned next = timers.peek(); next != null && next.time <= end; next = timers.peek()) {
            now = Math.max(now, next.time);
            run();
        }
        now = end;
        run();
    }
}
