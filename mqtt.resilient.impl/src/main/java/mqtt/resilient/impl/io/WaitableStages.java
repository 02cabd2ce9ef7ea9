package mqtt.resilient.impl.io;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import mqtt.resilient.impl.environment.Completions;
import mqtt.resilient.impl.environment.UserStage;

/**
 * Stages whose waiting thread is woken by the thread that has the result, without the completing thread between them.
 */
public final class WaitableStages implements Completions {
    private final Executor completing;

    /** Dependent code runs on this executor, one task at a time. */
    public WaitableStages(Executor completing) {
        this.completing = completing;
    }

    @Override
    public void execute(Runnable task) {
        completing.execute(task);
    }

    @Override
    public <T> UserStage<T> stage(long id) {
        return new Stage<>(id);
    }

    /**
     * The first thread that waits has a place of its own; the others wait as for any future, and the first completes
     * it. Who leaves the place looks for the result once more: who settled it has woken nobody else.
     */
    private static final class Stage<T> extends UserStage<T> {
        private volatile Thread waiting;

        Stage(long id) {
            super(id);
        }

        @Override
        public boolean wake() {
            Thread thread = waiting;
            LockSupport.unpark(thread);
            return thread != null;
        }

        private synchronized boolean take(Thread thread) {
            boolean free = waiting == null;
            waiting = free ? thread : waiting;
            return free;
        }

        /** Waits until it is settled, completed by a user, or its time is over, or until this thread is interrupted. */
        private void await(long deadline, boolean limited) {
            Thread thread = Thread.currentThread();
            if (isDone() || thread instanceof ForkJoinWorkerThread // whose pool wants to know that it waits
                    || !take(thread)) {
                return;
            }
            try {
                long left = limited ? deadline - System.nanoTime() : 1;
                while (!isSettled() && !isDone() && left > 0 && !thread.isInterrupted()) {
                    if (limited) {
                        LockSupport.parkNanos(this, left);
                        left = deadline - System.nanoTime();
                    } else {
                        LockSupport.park(this);
                    }
                }
            } finally {
                waiting = null;
                deliver();
            }
        }

        @Override
        public T get() throws InterruptedException, ExecutionException {
            await(0, false);
            return super.get();
        }

        @Override
        public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
            long deadline = System.nanoTime() + unit.toNanos(timeout);
            await(deadline, true);
            return super.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        }

        @Override
        public T join() {
            await(0, false);
            return super.join();
        }

        @Override
        public boolean complete(T value) {
            boolean first = super.complete(value);
            wake();
            return first;
        }

        @Override
        public boolean completeExceptionally(Throwable error) {
            boolean first = super.completeExceptionally(error);
            wake();
            return first;
        }

        @Override
        public boolean cancel(boolean interrupt) {
            boolean cancelled = super.cancel(interrupt);
            wake();
            return cancelled;
        }
    }
}
