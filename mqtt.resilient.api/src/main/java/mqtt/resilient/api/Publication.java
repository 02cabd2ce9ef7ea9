package mqtt.resilient.api;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The result of one {@link ResilientMqttClient#publish(Message)}: a small object, safe from any thread; it need not be
 * kept. The stages are made when they are asked for, each call makes its own. A stage that is not complete then is
 * completed on the thread {@code mqtt-complete}, never on {@code mqtt-io}: dependent code that blocks there delays only
 * other dependent code. Like every thread of the engine it must not call {@link
 * ResilientMqttClient#publish(Message, java.time.Duration)}. A stage that is already complete runs dependent code on
 * the caller's thread, and a thread that waits in {@code get} or {@code join} of {@code toCompletableFuture()} may run
 * what depends on the same stage; it is woken without {@code mqtt-complete}.
 */
@ProviderType
public interface Publication {
    /**
     * The number of the message in its client: given at acceptance, ascending from 1.
     *
     * @return the number; 0 for a message that was rejected
     */
    long id();

    /**
     * Completes when the message has the durability of the client's store: with {@code POWER} after it was forced to
     * the disk. It was accepted before that, when {@code publish} returned.
     *
     * @return a stage that completes with that durability, or exceptionally with a {@link RejectedException} (not
     *         accepted, or not stored after all), which stages may wrap in a {@code CompletionException}
     */
    CompletionStage<Durability> stored();

    /**
     * Completes when the message is settled, in whichever way: {@link Outcome#isDelivered()} says whether it was
     * delivered.
     *
     * @return a stage that always completes normally; {@link Outcome.Kind#UNKNOWN} if it is asked for when more
     *         than 16,384 later messages have been accepted
     */
    CompletionStage<Outcome> delivered();

    /**
     * Cancels the message if it was never sent.
     *
     * @return a stage with true if it was cancelled, which is as durable as the store; false if it was too late, or if
     *         the client was stopped on a disk that it could not write: then the message may be sent after the next
     *         start
     */
    CompletionStage<Boolean> cancel();
}
