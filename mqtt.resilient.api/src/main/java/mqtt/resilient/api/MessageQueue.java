package mqtt.resilient.api;

import java.time.Duration;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A queue of received messages, in order of receipt. Safe from any thread; several consumers share the messages, and
 * the one that has waited longest gets the next. A message is acknowledged to the broker when it is taken, or by
 * {@link ReceivedMessage#acknowledge()} if the options say so.
 *
 * <p>When the queue is full, a QoS 0 message drops the oldest QoS 0 message, which {@link #discards()} counts. QoS 1
 * and 2 are never dropped: a message that is not taken is not acknowledged, and the broker sends only as many as may be
 * unacknowledged. Retained messages that answer a SUBSCRIBE are never dropped either, and do not fill the queue, unless
 * the options ask for RETAIN as published; {@code inbound.max.bytes} bounds them.
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
     * Waits for the next message, at most for the timeout.
     *
     * @param timeout zero = not at all
     * @return the message, or null when the time is up
     * @throws InterruptedException if the thread is interrupted
     * @throws IllegalStateException if the queue is closed, also while waiting
     */
    ReceivedMessage poll(Duration timeout) throws InterruptedException;

    /** {@return how many QoS 0 messages were dropped since the queue was opened} */
    long discards();

    /** {@return how many messages are in the queue} */
    int size();

    /** {@return the subscription behind the queue: what the broker granted} */
    Subscription subscription();

    /**
     * Ends the subscription; the messages in the queue are given up: acknowledged and counted as dropped. Repeatable.
     */
    @Override
    void close();
}
