package mqtt.resilient.impl.dispatch;

/**
 * The dispatcher's part of the configuration.
 *
 * @param queueMessages QoS 0 messages that wait for one listener at most
 * @param maxBytes bytes of all unhandled messages beyond which reading pauses
 * @param attempts calls of a listener that throws
 * @param graceNanos how long a filter outlives its last listener
 */
public record DispatchSettings(int queueMessages, long maxBytes, int attempts, long graceNanos) {
}
