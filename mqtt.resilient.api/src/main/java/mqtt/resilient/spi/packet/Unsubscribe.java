package mqtt.resilient.spi.packet;

import java.util.List;

/**
 * UNSUBSCRIBE (MQTT 3.1.1 section 3.10).
 *
 * @param packetId 1 to 65,535
 * @param filters at least one
 */
public record Unsubscribe(int packetId, List<String> filters) {
}
