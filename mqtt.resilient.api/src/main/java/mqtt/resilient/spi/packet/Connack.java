package mqtt.resilient.spi.packet;

/**
 * CONNACK (MQTT 3.1.1 section 3.2).
 *
 * @param sessionPresent whether the broker resumed a session
 * @param code 0 = accepted
 */
public record Connack(boolean sessionPresent, int code) {
}
