package mqtt.resilient.api;

import java.time.Duration;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Received messages to be fetched, in order of receipt. Safe from any thread; several consumers share the messages, and
 * who has waited longest gets the next. A message is acknowledged to the broker when it is taken, or by
 * {@link ReceivedMessage#acknowledge()} if the options say so.
 *
 * <p>QoS 0 beyond the capacity pushes out the oldest of its kind, which {@link #discards()} counts. QoS 1 and 2 are never
 * discarded: what is not taken is not acknowledged, and the broker holds back the rest.
 */
@ProviderType
public interface MessageQueue extends AutoCloseable {
    /**
     * Waits for the next message.
     *
     * @return the message
     * @throws InterruptedException if the thread is interrupted
     * @throws IllegalStateException if the queue is closed, also while waiting
     */
    ReceivedMessage take() throws InterruptedException;

    /**
     * Waits for the next message, at most so long.
     *
     * @param timeout zero = not at all
     * @return the message, or null if the time is over
     * @throws InterruptedException if the thread is interrupted
     * @throws IllegalStateException if the queue is closed, also while waiting
     */
    ReceivedMessage poll(Duration timeout) throws InterruptedException;

    /** {@return how many QoS 0 messages were pushed out since the queue was opened} */
    long discards();

    /** {@return how many messages wait now} */
    int size();

    /** {@return the subscription behind the queue: what the broker granted} */
    Subscription subscription();

    /** Ends the subscription; messages that wait are given up. Repeatable. */
    @Override
    void close();
}
