package mqtt.resilient.impl.io;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.environment.SafeQueue;

/**
 * A pool of named daemon threads that takes every task until it is stopped: a hand-over never fails for want of a
 * thread or of heap. While no further thread can be made, the task waits for one of those that are there, and new
 * threads are tried for again every second. While the heap has no room for the task, the caller waits. So code may note
 * that a task is planned and then hand it over: it will run. Safe from any thread.
 *
 * <p>Standing threads are made at once and stay. The others are made when a task finds no idle one, and end when they
 * have been idle for ten seconds. Nothing here allocates while its state is between two others, and no lock of the JDK
 * is used that allocates for those that wait.
 */
public final class Threads implements Executor {
    static {
        Handlers.prepare(Throwable.class, OutOfMemoryError.class, InterruptedException.class);
        Handlers.words("A task on {} failed", "-");
    }

    private static final Log LOG = Log.of(Threads.class);
    private static final long IDLE_MILLIS = 10_000;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long START_MILLIS = 30_000;
    private static final long HEAP_MILLIS = 20;
    private static final long REPEAT_MILLIS = 100;
    private static final int MAX_REPEATS = 50;

    /** Makes a thread that is not started. */
    interface Maker {
        Thread make(Runnable task, String name);
    }

    private final String name;
    private final int standing;
    private final int most;
    private final Consumer<Runnable> later;
    private final Maker maker;
    private final Heap heap = new Heap();
    /** Both made beforehand: they are needed where nothing can be allocated. */
    private final Runnable work = this::work;
    private final Runnable retry = this::retry;
    private volatile Consumer<Runnable> afterStop = task -> {
        throw new RejectedExecutionException("stopped");
    };
    /** This and what follows under the lock of this object. */
    private final SafeQueue<Runnable> tasks = new SafeQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private int number;
    private int idle;
    private int starting;
    private boolean retryPlanned;
    private volatile boolean repeats;
    private boolean stopped;

    /**
     * Makes a pool.
     *
     * @param name of its threads, with a number behind it if there may be several
     * @param standing how many threads are there from the beginning and always
     * @param most how many there are at most; tasks beyond wait
     * @param later runs a task in about a second, from any thread
     */
    public Threads(String name, int standing, int most, Consumer<Runnable> later) {
        this(name, standing, most, later, EngineThread::new);
    }

    Threads(String name, int standing, int most, Consumer<Runnable> later, Maker maker) {
        this.name = name;
        this.standing = standing;
        this.most = most;
        this.later = later;
        this.maker = maker;
        startMissing();
    }

    /** What becomes of a task that comes after the end; without a call of this it is rejected as executors do. */
    public Threads afterStop(Consumer<Runnable> receiver) {
        afterStop = receiver;
        return this;
    }

    /**
     * Tasks that fail for want of heap are run again, as long as the heap is full, and then for five seconds: a task
     * that needs more than there is at all must not hold up the others. They must do no harm when they begin again.
     */
    public Threads repeating() {
        repeats = true;
        return this;
    }

    @Override
    public void execute(Runnable task) {
        while (!add(task)) {
            sleep(HEAP_MILLIS);
        }
    }

    /** False if the heap has no room for it now. */
    private boolean add(Runnable task) {
        boolean taken;
        synchronized (this) {
            taken = !stopped;
            if (taken) {
                try {
                    tasks.add(task);
                } catch (OutOfMemoryError e) {
                    return false;
                }
                notify();
            }
        }
        if (taken) {
            startMissing();
        } else {
            afterStop.accept(task);
        }
        return true;
    }

    private void retry() {
        synchronized (this) {
            retryPlanned = false;
        }
        startMissing();
    }

    /** Starts threads for tasks that find none; what is not possible now is tried again later. */
    private void startMissing() {
        boolean failed = false;
        synchronized (this) {
            while (!retryPlanned && isThreadMissing()) {
                failed = !start();
                retryPlanned = failed;
            }
        }
        while (failed) {
            failed = !planRetry();
        }
    }

    /** False, after a moment, if the heap has no room for it now. */
    private boolean planRetry() {
        try {
            later.accept(retry);
            return true;
        } catch (OutOfMemoryError e) {
            sleep(HEAP_MILLIS);
            return false;
        }
    }

    private boolean isThreadMissing() {
        int count = threads.size();
        return !stopped && count < most && (count < standing || tasks.size() > idle + starting);
    }

    private boolean start() {
        Thread thread = null;
        try {
            thread = maker.make(work, most > 1 ? name + "-" + (number + 1) : name);
            threads.add(thread);
            thread.start();
            number++;
            starting++;
            return true;
        } catch (Throwable e) { // the machine allows no more, or the heap is full
            threads.remove(thread);
            return false;
        }
    }

    private void work() {
        synchronized (this) {
            starting--;
        }
        for (Runnable task = next(); task != null; task = next()) {
            run(task);
            Thread.interrupted(); // it was for the task
        }
    }

    private void run(Runnable task) {
        for (int left = MAX_REPEATS; left >= 0; left -= heap.hasRoom() ? 1 : 0) {
            try {
                task.run();
                return;
            } catch (Throwable e) { // a thread is not to be had at any time: it stays
                if (!repeats || left == 0 || !(e instanceof OutOfMemoryError)) {
                    report(e);
                    return;
                }
            }
            sleep(REPEAT_MILLIS);
        }
    }

    private void report(Throwable e) {
        try {
            LOG.error("A task on {} failed", name, e);
        } catch (Throwable again) {
            return; // not even that is possible
        }
    }

    /** Waits for a task; null when this thread is to end. */
    private synchronized Runnable next() {
        idle++;
        long since = System.nanoTime();
        while (tasks.size() == 0) {
            boolean stays = threads.size() <= standing;
            long left = stays ? 0 : IDLE_MILLIS - (System.nanoTime() - since) / NANOS_PER_MILLI; // 0 = for ever
            if (stopped || !stays && left <= 0) {
                idle--;
                threads.remove(Thread.currentThread());
                notifyAll(); // who waits for the end
                return null;
            }
            try {
                wait(left);
            } catch (Throwable e) { // interrupted by somebody, or no heap to say so: it stays
                continue;
            }
        }
        idle--;
        return tasks.poll();
    }

    /** Takes no more tasks; those that wait are still run. */
    public synchronized void shutdown() {
        stopped = true;
        notifyAll();
    }

    /** Takes no more tasks, forgets those that wait, and interrupts those that run. */
    public synchronized void shutdownNow() {
        stopped = true;
        tasks.clear();
        threads.forEach(Thread::interrupt);
        notifyAll();
    }

    /** Waits, at most so long, until all threads have ended after a shutdown; whether they have. */
    public synchronized boolean awaitTermination(long millis) throws InterruptedException {
        long since = System.nanoTime();
        long left = millis;
        while (!threads.isEmpty() && left > 0) {
            wait(left);
            left = millis - (System.nanoTime() - since) / NANOS_PER_MILLI;
        }
        return threads.isEmpty();
    }

    /**
     * Starts a thread without which nothing goes on, and waits for that: a machine that has none now may have one soon.
     */
    static void start(Thread thread) {
        long since = System.nanoTime();
        while (true) {
            try {
                thread.start();
                return;
            } catch (OutOfMemoryError e) {
                if (System.nanoTime() - since > START_MILLIS * NANOS_PER_MILLI) {
                    throw e;
                }
                sleep(HEAP_MILLIS);
            }
        }
    }

    /** Waits a moment for heap or a thread, without allocating anything; an interrupt stays. */
    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            Thread.onSpinWait();
        } catch (OutOfMemoryError e) { // interrupted, and not even that can be said
            Thread.onSpinWait();
        }
    }
}
