package mqtt.resilient.api;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Receives messages. Registered as an OSGi service with the property {@link MqttConstants#FILTER} it needs no subscribe
 * call. Called on a listener thread, one call at a time and in order of receipt; it may block and may use the client.
 * The message is acknowledged when the call returns.
 */
@ConsumerType
@FunctionalInterface
public interface MessageListener {
    /**
     * A message arrived.
     *
     * @param message the message
     * @throws Exception to have the message offered again later, up to {@code inbound.attempts} times
     */
    void onMessage(ReceivedMessage message) throws Exception;
}
