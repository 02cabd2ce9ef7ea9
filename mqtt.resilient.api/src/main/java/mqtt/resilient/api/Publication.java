package mqtt.resilient.api;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What became of one {@link ResilientMqttClient#publish(Message)}: a small value, safe from any thread and free to drop.
 * The stages are made only when they are asked for. One that has to wait is completed on the thread {@code mqtt-complete},
 * never on {@code mqtt-io}: dependent code that blocks there delays only other dependents. Like every thread of the engine it
 * must not call {@link ResilientMqttClient#publish(Message, java.time.Duration)}. A stage that is complete already runs
 * dependent code on the caller's thread.
 */
@ProviderType
public interface Publication {
    /**
     * The number of the message in its client: taken at admission, ascending from 1.
     *
     * @return the number; 0 for a message that was rejected at admission
     */
    long id();

    /**
     * Completes when the message has the durability of the client's store: with {@code POWER} after it was forced to the disk.
     * It was accepted before that, when {@code publish} returned.
     *
     * @return a stage that completes with that durability, or exceptionally with a {@link RejectedException} (not accepted,
     *         or not stored after all), which stages may wrap in a {@code CompletionException}
     */
    CompletionStage<Durability> stored();

    /**
     * Completes when the message is settled, in whichever way: {@link Outcome#isDelivered()} says whether it was delivered.
     *
     * @return a stage that always completes normally; {@link Outcome.Kind#UNKNOWN} if it is asked for after the
     *         client's bounded history (the last 65,536 messages) has passed the message
     */
    CompletionStage<Outcome> settled();

    /**
     * Withdraws the message if it was never sent.
     *
     * @return a stage with true if it was withdrawn, false if it was too late
     */
    CompletionStage<Boolean> cancel();
}
