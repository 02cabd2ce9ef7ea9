package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Who waits for the next connection. On the loop only. */
final class Connecting {
    private static final int MOST_WAITING = 1000;

    private final Executor completions;
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();

    /** Completes on an executor. */
    Connecting(Executor completions) {
        this.completions = completions;
    }

    void add(CompletableFuture<Void> stage) {
        if (waiting.size() == MOST_WAITING) {
            fail(stage, MOST_WAITING + " calls wait for a connection already");
        } else {
            waiting.add(stage);
        }
    }

    /** There is a connection. */
    void connected() {
        end(this::succeed);
    }

    /** There will be none for now. */
    void failed(String reason) {
        end(stage -> fail(stage, reason));
    }

    private void end(Consumer<CompletableFuture<Void>> how) {
        List<CompletableFuture<Void>> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(how);
    }

    void succeed(CompletableFuture<Void> stage) {
        completions.execute(() -> stage.complete(null));
    }

    void fail(CompletableFuture<Void> stage, String reason) {
        completions.execute(() -> stage.completeExceptionally(new IllegalStateException("not connected: " + reason)));
    }
}
