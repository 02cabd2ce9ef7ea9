package mqtt.resilient.impl.simulation;

import java.util.ArrayDeque;

/** The pools of threads of a process, for which no further thread can be made for a while. */
final class Pools {
    private final Timeline timeline;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    /** How many reasons there are for no thread to be made. */
    private int withoutThreads;

    Pools(Timeline timeline) {
        this.timeline = timeline;
    }

    /**
     * Hands a task over to a pool: it is taken at any time, and runs when there is a thread for it, in the order of the
     * calls.
     */
    void handOver(Runnable task) {
        if (withoutThreads == 0 && waiting.isEmpty()) {
            task.run();
        } else {
            waiting.add(task);
        }
    }

    /** No thread can be made from now on, or one reason for that is gone. */
    void threads(boolean there) {
        withoutThreads += there ? -1 : 1;
        timeline.trace("gateway", () -> withoutThreads == 0 ? "can make threads" : "cannot make threads");
        while (withoutThreads == 0 && !waiting.isEmpty()) {
            waiting.remove().run();
        }
    }

    boolean hasThreads() {
        return withoutThreads == 0;
    }

    /** The process is gone, with all that waits in it. */
    void processGone() {
        waiting.clear();
    }
}
