package mqtt.resilient.api;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** A message from the broker. Safe from any thread. */
@ProviderType
public interface ReceivedMessage {
    /** {@return the topic it was published to} */
    String topic();

    /**
     * The payload. The array is the receiver's own and may be changed: no other listener sees it. Where several
     * listeners get the message, each call makes a copy, so call it once.
     *
     * @return the payload
     */
    byte[] payload();

    /** {@return the quality of service it was delivered with} */
    Qos qos();

    /** {@return whether it is a retained message of before the subscription (RETAIN)} */
    boolean retained();

    /** {@return whether the broker marked it as possibly resent (DUP)} */
    boolean duplicate();

    /** {@return its MQTT 5 properties; {@link MessageProperties#NONE} with MQTT 3.1.1} */
    MessageProperties properties();

    /** {@return the remaining seconds until it expires, at its arrival; -1 = it does not expire} */
    long expirySeconds();

    /** {@return the identifiers of the subscriptions that it arrived for ({@link SubscribeOptions#identifier})} */
    List<Integer> subscriptionIdentifiers();

    /**
     * Acknowledges the message to the broker; needed only with {@link SubscribeOptions#manualAcknowledgement()}.
     * Repeatable. When its connection has ended before, the broker resends the message: with QoS 1 the listener gets it
     * again, with QoS 2 it is acknowledged then without another call of the listener.
     */
    void acknowledge();
}
