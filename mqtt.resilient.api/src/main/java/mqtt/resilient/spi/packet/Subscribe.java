package mqtt.resilient.spi.packet;

import java.util.List;

/**
 * SUBSCRIBE (MQTT 3.1.1 section 3.8).
 *
 * @param packetId 1 to 65,535
 * @param requests at least one
 */
public record Subscribe(int packetId, List<Request> requests) {
    /**
     * One filter.
     *
     * @param filter the topic filter
     * @param qos the highest quality of service wanted, 0 to 2
     */
    public record Request(String filter, int qos) {
    }
}
