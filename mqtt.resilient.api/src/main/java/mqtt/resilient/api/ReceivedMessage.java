package mqtt.resilient.api;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** A message from the broker. Safe from any thread. */
@ProviderType
public interface ReceivedMessage {
    /** {@return the topic it was published to} */
    String topic();

    /** {@return the payload; the array is the receiver's own} */
    byte[] payload();

    /** {@return the quality of service it was delivered with} */
    Qos qos();

    /** {@return whether it was kept by the broker from before the subscription} */
    boolean retained();

    /** {@return whether the broker marked it as a possible repetition} */
    boolean duplicate();

    /** {@return what travelled with it; {@link MessageProperties#NONE} with MQTT 3.1.1} */
    MessageProperties properties();

    /** {@return the seconds that were left of its time when it arrived; -1 = it does not expire} */
    long expirySeconds();

    /** {@return the identifiers of the subscriptions that it arrived for ({@link SubscribeOptions#identifier})} */
    List<Integer> subscriptionIdentifiers();

    /**
     * Acknowledges the message to the broker; needed only with {@link SubscribeOptions#manualAcknowledgement()}.
     * Repeatable. Once the connection it came over is gone, the broker sends it again: with QoS 1 it is handed over again,
     * with QoS 2 it is then acknowledged without being handed over again.
     */
    void acknowledge();
}
