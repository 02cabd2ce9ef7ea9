package mqtt.resilient.impl.client;

import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.SafeQueue;

/** Tells one connection listener every change, in order, one call at a time; a listener that lags misses the oldest. */
final class StatusNotifier {
    static {
        Handlers.prepare(Throwable.class, VirtualMachineError.class);
    }

    private static final int MAX_WAITING = 100;

    private final ConnectionListener listener;
    private final Executor executor;
    private final BiConsumer<ConnectionListener, Throwable> failed;
    private final SafeQueue<ClientStatus> waiting = new SafeQueue<>();
    private final Runnable work = this::work;
    private boolean running;
    private boolean closed;
    private boolean finished;

    StatusNotifier(ConnectionListener listener, Executor executor, BiConsumer<ConnectionListener, Throwable> failed) {
        this.listener = listener;
        this.executor = executor;
        this.failed = failed;
    }

    void offer(ClientStatus status) {
        boolean start;
        synchronized (this) {
            if (closed || finished) {
                return;
            }
            if (waiting.size() == MAX_WAITING) {
                waiting.poll();
            }
            waiting.add(status);
            start = !running;
            running = true;
        }
        if (start) {
            executor.execute(work);
        }
    }

    private void work() {
        for (ClientStatus status = next(); status != null; status = next()) {
            try {
                listener.onChange(status);
            } catch (Throwable e) { // whatever it is, it is the listener's
                tellFailure(e);
            }
        }
    }

    private void tellFailure(Throwable e) {
        try {
            failed.accept(listener, e);
        } catch (VirtualMachineError again) {
            return; // the heap is full: the next change is notified
        }
    }

    private synchronized ClientStatus next() {
        ClientStatus status = closed ? null : waiting.poll();
        running = status != null;
        return status;
    }

    /** Takes nothing more; what waits is still told. */
    synchronized void finish() {
        finished = true;
    }

    synchronized void close() {
        closed = true;
        waiting.clear();
    }
}
