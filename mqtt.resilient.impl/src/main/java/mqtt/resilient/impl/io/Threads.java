package mqtt.resilient.impl.io;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Pools of named daemon threads that end when they are idle. */
public final class Threads {
    private static final long IDLE_SECONDS = 10;

    private Threads() {
    }

    /** At most so many threads; tasks beyond wait. */
    public static ThreadPoolExecutor pool(String name, int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), factory(name, threads > 1));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** A thread for each task that runs; the users bound the number of tasks. */
    public static ThreadPoolExecutor cached(String name) {
        return new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(),
                factory(name, true));
    }

    private static ThreadFactory factory(String name, boolean numbered) {
        AtomicInteger number = new AtomicInteger();
        return task -> new EngineThread(task, numbered ? name + "-" + number.incrementAndGet() : name);
    }
}
