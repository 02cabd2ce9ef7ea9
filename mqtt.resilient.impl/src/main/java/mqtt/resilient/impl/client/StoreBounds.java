package mqtt.resilient.impl.client;

/**
 * How much may be pending.
 *
 * @param maxBytes bytes of topics, payloads and overhead
 * @param maxMessages messages, 0 = any number
 * @param maxAgeNanos age at which a never-sent message is dropped, 0 = none
 * @param dropOldest whether a new message pushes out the oldest never-sent one, instead of being rejected
 * @param qos0MaxBytes the same for QoS 0
 * @param qos0Offline whether QoS 0 is taken without a connection
 */
public record StoreBounds(long maxBytes, long maxMessages, long maxAgeNanos, boolean dropOldest, long qos0MaxBytes,
        boolean qos0Offline) {
}
