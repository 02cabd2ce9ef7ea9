package mqtt.resilient.api;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What became of one {@link ResilientMqttClient#publish(Message)}: a small value, safe from any thread and free to drop.
 * The stages are made only when they are asked for, and are completed on the thread {@code mqtt-complete}, never on an
 * engine thread; dependent code that blocks there delays only other dependents.
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
     * Completes when the message is accepted.
     *
     * @return a stage that completes with the durability the message has, or exceptionally with a
     *         {@link RejectedException}, which stages may wrap in a {@code CompletionException}
     */
    CompletionStage<Durability> stored();

    /**
     * Completes when the message has come to its end.
     *
     * @return a stage that always completes normally; {@link Outcome.Kind#UNKNOWN} if it is asked for after the
     *         client's bounded history (the last 65,536 messages) has passed the message
     */
    CompletionStage<Outcome> delivered();

    /**
     * Withdraws the message if it was never sent.
     *
     * @return a stage with true if it was withdrawn, false if it was too late
     */
    CompletionStage<Boolean> cancel();
}
