package mqtt.resilient.api;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Answers requests, see {@link ResilientMqttClient#respond}. Called on a listener thread, one call at a time and in
 * order of receipt; it may block and may use the client.
 */
@ConsumerType
@FunctionalInterface
public interface Responder {
    /**
     * A request arrived.
     *
     * @param request the request
     * @return the payload of the answer; null = there is none
     * @throws Exception to have the request offered again later, up to {@code inbound.attempts} times
     */
    byte[] onRequest(ReceivedMessage request) throws Exception;
}
