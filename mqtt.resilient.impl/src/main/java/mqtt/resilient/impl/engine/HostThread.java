package mqtt.resilient.impl.engine;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.io.Threads;

/**
 * The thread on which the host is called, {@code mqtt-osgi} in a framework: every registration, unregistration and event, in
 * order. A framework runs foreign code in these calls; here it holds up nothing but the next of them.
 */
public final class HostThread {
    private static final Log LOG = Log.of(HostThread.class);

    private final String name;
    private final ThreadPoolExecutor executor;
    private volatile Thread current;

    HostThread(String name) {
        this.name = name;
        executor = Threads.pool(name, 1);
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Runs a task behind all others; a task after the end is dropped, and its future never done. */
    public Future<?> execute(Runnable task) {
        return executor.submit(() -> run(task));
    }

    private void run(Runnable task) {
        current = Thread.currentThread();
        try {
            task.run();
        } catch (Throwable e) { // foreign code may throw anything, and the next task must run
            LOG.error("A task on {} failed", name, e);
        } finally {
            current = null;
        }
    }

    /** Runs a task behind all others and waits for it within a budget; at once when called on the thread itself. */
    public void executeAndWait(Runnable task, StopBudget budget) {
        if (Thread.currentThread() == current) {
            task.run();
            return;
        }
        long begun = System.nanoTime();
        try {
            execute(task).get(budget.millisLeft(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) { // the task itself never fails
            LOG.warn("A service was not unregistered in time: other code blocks the thread {}", name);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        budget.spentSince(begun);
    }

    void stop() {
        executor.shutdown();
    }
}
