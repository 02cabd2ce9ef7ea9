package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;

/** Those who wait until no message is pending. On the loop, but for {@link #await}. */
final class Drains {
    private record Drain(CompletableFuture<Boolean> done, Scheduler.Timer timeout) {
    }

    private final Scheduler scheduler;
    private final Executor completions;
    private final List<Drain> drains = new ArrayList<>();
    private boolean stopped;

    /** Tells the results on an executor. */
    Drains(Scheduler scheduler, Executor completions) {
        this.scheduler = scheduler;
        this.completions = completions;
    }

    /** Waits; safe from any thread. The result is whether nothing is pending. */
    CompletionStage<Boolean> await(long nanos, BooleanSupplier isEmpty) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Repeated.execute(scheduler, () -> {
            if (stopped || isEmpty.getAsBoolean()) {
                boolean empty = isEmpty.getAsBoolean();
                completions.execute(() -> done.complete(empty));
            } else {
                Drain[] drain = new Drain[1];
                drain[0] = new Drain(done, scheduler.at(scheduler.nanoTime() + nanos, () -> end(drain[0], false)));
                drains.add(drain[0]);
            }
        });
        return done.minimalCompletionStage();
    }

    /** Nothing is pending. */
    void empty() {
        if (!drains.isEmpty()) {
            List.copyOf(drains).forEach(drain -> end(drain, true));
        }
    }

    /** Nobody waits any more. */
    void stop(boolean empty) {
        stopped = true;
        List.copyOf(drains).forEach(drain -> end(drain, empty));
    }

    private void end(Drain drain, boolean empty) {
        drains.remove(drain);
        drain.timeout().cancel();
        completions.execute(() -> drain.done().complete(empty));
    }
}
