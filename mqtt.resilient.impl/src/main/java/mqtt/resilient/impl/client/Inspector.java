package mqtt.resilient.impl.client;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import mqtt.resilient.spi.ClientInspector;

/** Brings the questions of an operator to the loop, and the answers back. */
final class Inspector implements ClientInspector {
    private final Environment environment;
    private final Publisher publisher;
    private final Supplier<List<Subscribed>> subscriptions;

    /** Makes an inspector; {@code subscriptions} is asked on the loop. */
    Inspector(Environment environment, Publisher publisher, Supplier<List<Subscribed>> subscriptions) {
        this.environment = environment;
        this.publisher = publisher;
        this.subscriptions = subscriptions;
    }

    private <T> CompletionStage<T> ask(Supplier<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        environment.scheduler().execute(() -> {
            try {
                T found = question.get();
                environment.completions().execute(() -> answer.complete(found));
            } catch (RuntimeException e) { // whoever asked would wait for ever
                environment.completions().execute(() -> answer.completeExceptionally(e));
            }
        });
        return answer.minimalCompletionStage();
    }

    @Override
    public CompletionStage<List<Subscribed>> subscriptions() {
        return ask(subscriptions);
    }

    @Override
    public CompletionStage<List<Lane>> lanes() {
        return ask(() -> IntStream.rangeClosed(0, AT_MOST_ONCE).mapToObj(publisher::lane).toList());
    }

    @Override
    public CompletionStage<List<Waiting>> waiting(int lane, int max) {
        requireWithin("lane", lane, 0, AT_MOST_ONCE);
        requireWithin("max", max, 1, MAX_RESULTS);
        return ask(() -> publisher.waiting(lane, max));
    }

    @Override
    public CompletionStage<Long> cancel(int lane) {
        requireWithin("lane", lane, 0, AT_MOST_ONCE);
        return publisher.drop(lane);
    }

    @Override
    public CompletionStage<List<DeadLetter>> deadLetters(int max) {
        requireWithin("max", max, 1, MAX_RESULTS);
        return publisher.deadLetters().list(max);
    }

    @Override
    public CompletionStage<Long> resendDeadLetter(long id) {
        return publisher.deadLetters().resend(requireId(id));
    }

    @Override
    public CompletionStage<Boolean> dropDeadLetter(long id) {
        return publisher.deadLetters().drop(requireId(id));
    }

    private static long requireId(long id) {
        if (id < 1) {
            throw new IllegalArgumentException("id: " + id + " is not allowed; allowed are 1 and above");
        }
        return id;
    }

    private static void requireWithin(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + ": " + value + " is not allowed; allowed are " + least + " to " + most);
        }
    }
}
