package mqtt.resilient.impl.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Supplier;

/** The time of everything: a queue of what happens when, and the processes, each of which has a clock of its own. */
final class Timeline {
    static final long MILLI = 1_000_000L;
    static final long SECOND = 1_000_000_000L;
    static final long NEVER = Long.MAX_VALUE;

    private static final class Event implements Comparable<Event> {
        private final long time;
        private final long order;
        private final Runnable task;

        Event(long time, long order, Runnable task) {
            this.time = time;
            this.order = order;
            this.task = task;
        }

        @Override
        public int compareTo(Event other) {
            return time == other.time ? Long.compare(order, other.order) : Long.compare(time, other.time);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<Process> processes = new ArrayList<>();
    private final Trace trace;
    private long order;
    private long now;

    Timeline(Trace trace) {
        this.trace = trace;
    }

    /** Nanoseconds since the world began. */
    long now() {
        return now;
    }

    void at(long time, Runnable task) {
        events.add(new Event(Math.max(now, time), order++, task));
    }

    void after(long nanos, Runnable task) {
        at(now + nanos, task);
    }

    void add(Process process) {
        processes.add(process);
    }

    void remove(Process process) {
        processes.remove(process);
    }

    /** Does what comes next, if it comes before a time. */
    boolean step(long end) {
        Process next = null;
        long time = events.isEmpty() ? NEVER : events.peek().time;
        for (int i = 0; i < processes.size(); i++) {
            long due = processes.get(i).nextTime();
            if (due <= time && due != NEVER) {
                next = processes.get(i);
                time = due;
            }
        }
        if (time > end) {
            now = end;
            return false;
        }
        now = Math.max(now, time);
        if (next == null) {
            events.remove().task.run();
        } else {
            next.run();
        }
        return true;
    }

    /** Notes what happens, if somebody reads it. */
    void trace(String who, Supplier<String> what) {
        if (trace.isOn()) {
            trace.add(now, who, what.get());
        }
    }
}
