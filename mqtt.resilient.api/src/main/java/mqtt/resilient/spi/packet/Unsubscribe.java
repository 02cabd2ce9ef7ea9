package mqtt.resilient.spi.packet;

import java.util.List;
import mqtt.resilient.api.UserProperty;

/**
 * UNSUBSCRIBE (MQTT 3.1.1 and 5 section 3.10).
 *
 * @param packetId 1 to 65,535
 * @param filters at least one
 * @param userProperties of the packet, in order
 */
public record Unsubscribe(int packetId, List<String> filters, List<UserProperty> userProperties) {
    /**
     * A packet without user properties.
     *
     * @param packetId 1 to 65,535
     * @param filters at least one
     */
    public Unsubscribe(int packetId, List<String> filters) {
        this(packetId, filters, List.of());
    }
}
