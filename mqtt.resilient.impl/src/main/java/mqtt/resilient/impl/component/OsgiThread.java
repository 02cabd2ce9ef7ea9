package mqtt.resilient.impl.component;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.impl.io.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread {@code mqtt-osgi}: every registration, unregistration and event of the bundle, in order. The framework runs
 * foreign code in these calls; here it holds up nothing but the next of them.
 */
final class OsgiThread {
    private static final Logger LOG = LoggerFactory.getLogger(OsgiThread.class);

    private final ThreadPoolExecutor executor = Threads.pool("mqtt-osgi", 1);
    private volatile Thread current;

    OsgiThread() {
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Runs a task behind all others; a task after the end is dropped. */
    void execute(Runnable task) {
        executor.execute(() -> run(task));
    }

    private void run(Runnable task) {
        current = Thread.currentThread();
        try {
            task.run();
        } catch (Throwable e) { // foreign code may throw anything, and the next task must run
            LOG.error("A service or event could not be handed to the framework", e);
        } finally {
            current = null;
        }
    }

    /** Runs a task behind all others and waits for it within a budget; at once when called on the thread itself. */
    void executeAndWait(Runnable task, StopBudget budget) {
        if (Thread.currentThread() == current) {
            task.run();
            return;
        }
        CountDownLatch done = new CountDownLatch(1);
        execute(() -> {
            try {
                task.run();
            } finally {
                done.countDown();
            }
        });
        long begun = System.nanoTime();
        try {
            if (!done.await(budget.millisLeft(), TimeUnit.MILLISECONDS)) {
                LOG.warn("A service is not unregistered in time: some bundle holds up the thread mqtt-osgi");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        budget.spentSince(begun);
    }

    void stop() {
        executor.shutdown();
    }
}
