package mqtt.resilient.impl.client;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.spi.ClientInspector;

/** The dead letters that the store keeps: shows them, sends them again, or forgets them. Safe from any thread. */
final class DeadLetters {
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Scheduler scheduler;
    private final Executor completions;
    private final Publisher publisher;
    /** Changed on the loop. */
    private MessageStore store;

    /** Tells the results on an executor; {@link #use} completes it. */
    DeadLetters(Scheduler scheduler, Executor completions, Publisher publisher) {
        this.scheduler = scheduler;
        this.completions = completions;
        this.publisher = publisher;
    }

    void use(MessageStore newStore) {
        store = newStore;
    }

    /** The oldest of them. */
    CompletionStage<List<ClientInspector.DeadLetter>> list(int most) {
        CompletableFuture<List<ClientInspector.DeadLetter>> done = new CompletableFuture<>();
        find(0, found -> {
            long now = scheduler.nanoTime();
            Set<Long> ids = new HashSet<>();
            complete(done, found.stream().filter(each -> ids.add(each.id())).limit(most)
                    .map(each -> new ClientInspector.DeadLetter(each.id(), each.message().topic(), each.message().qos(),
                            each.message().payloadLength(),
                            Math.max(0, now - each.acceptedNanos()) / NANOS_PER_MILLI))
                    .toList());
        });
        return done.minimalCompletionStage();
    }

    /** Publishes one anew; it is forgotten when that is stored, so that none is lost in between. */
    CompletionStage<Long> resend(long id) {
        CompletableFuture<Long> done = new CompletableFuture<>();
        find(id, found -> {
            if (found.isEmpty()) {
                complete(done, 0L);
                return;
            }
            Publication again = publisher.publish(found.get(0).message());
            again.stored().whenComplete((durability, failure) -> {
                if (failure == null) {
                    remove(found, () -> complete(done, again.id()));
                } else {
                    completions.execute(() -> done.completeExceptionally(failure));
                }
            });
        });
        return done.minimalCompletionStage();
    }

    /** Forgets one. */
    CompletionStage<Boolean> drop(long id) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        find(id, found -> remove(found, () -> complete(done, !found.isEmpty())));
        return done.minimalCompletionStage();
    }

    private void find(long id, Consumer<List<Outgoing>> found) {
        Repeated.execute(scheduler, () -> store.deadLetters(id, found));
    }

    private void remove(List<Outgoing> found, Runnable then) {
        Repeated.execute(scheduler, () -> {
            found.forEach(store::removeDeadLetter);
            store.whenDurable(then);
        });
    }

    private <T> void complete(CompletableFuture<T> done, T value) {
        completions.execute(() -> done.complete(value));
    }
}
