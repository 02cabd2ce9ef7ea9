package mqtt.resilient.impl.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.io.EventLoop;
import mqtt.resilient.impl.io.Threads;

/**
 * The thread on which the host is called, {@code mqtt-osgi} in a framework: every registration, unregistration and
 * event, in order. A framework runs foreign code in these calls; it delays only later ones of them.
 */
public final class HostThread {
    static {
        Handlers.prepare(Throwable.class, OutOfMemoryError.class);
    }

    private static final Log LOG = Log.of(HostThread.class);

    private final String name;
    private final Threads executor;
    private volatile Thread current;

    HostThread(String name, EventLoop loop) {
        this.name = name;
        executor = loop.threads(name, 1, 1).repeating().afterStop(task -> {});
    }

    /**
     * Runs a task behind all others; a task after the end is dropped, and its future never done. A task that fails for
     * want of heap is run again, for a service that is not registered is not there for anybody.
     */
    public Future<?> execute(Runnable task) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        executor.execute(() -> {
            run(task);
            done.complete(null);
        });
        return done;
    }

    private void run(Runnable task) {
        current = Thread.currentThread();
        try {
            task.run();
        } catch (OutOfMemoryError e) {
            throw e; // it is run again
        } catch (Throwable e) { // foreign code may throw anything, and the next task must run
            report(e);
        } finally {
            current = null;
        }
    }

    private void report(Throwable e) {
        try {
            LOG.error("A task on {} failed", name, e);
        } catch (Throwable again) {
            return; // no heap, or a log that cannot be written: the next task must run
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
