package mqtt.resilient.spi.packet;

import mqtt.resilient.api.Qos;

/**
 * An incoming PUBLISH (MQTT 3.1.1 section 3.3).
 *
 * @param topic the topic
 * @param payload the payload, not shared with anybody
 * @param qos the quality of service
 * @param retained whether the broker kept it from before the subscription
 * @param duplicate the DUP flag
 * @param packetId the packet id, 0 with QoS 0
 */
public record Publish(String topic, byte[] payload, Qos qos, boolean retained, boolean duplicate, int packetId) {

    /** {@return everything but the payload} */
    @Override
    public String toString() {
        return "PUBLISH[" + topic + ", " + payload.length + " B, QoS " + qos.ordinal() + ", id " + packetId + "]";
    }
}
