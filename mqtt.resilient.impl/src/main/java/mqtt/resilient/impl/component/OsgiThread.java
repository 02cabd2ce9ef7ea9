package mqtt.resilient.impl.component;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

    /** Runs a task behind all others; a task after the end is dropped, and its future never done. */
    Future<?> execute(Runnable task) {
        return executor.submit(() -> run(task));
    }

    private void run(Runnable task) {
        current = Thread.currentThread();
        try {
            task.run();
        } catch (Throwable e) { // foreign code may throw anything, and the next task must run
            LOG.error("A service or an event could not be passed to the framework", e);
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
        long begun = System.nanoTime();
        try {
            execute(task).get(budget.millisLeft(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) { // the task itself never fails
            LOG.warn("A service was not unregistered in time: a bundle blocks the thread mqtt-osgi");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        budget.spentSince(begun);
    }

    void stop() {
        executor.shutdown();
    }
}
