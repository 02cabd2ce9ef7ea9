package mqtt.resilient.spi.packet;

import java.util.List;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;

/** An incoming PUBLISH (MQTT 3.1.1 and 5 section 3.3); immutable. */
public final class Publish {
    /**
     * The fields that only MQTT 5 has.
     *
     * @param properties the properties of the message
     * @param expirySeconds the remaining time until it expires; -1 = it does not expire
     * @param subscriptionIdentifiers of the subscriptions that it matches
     */
    public record Details(MessageProperties properties, long expirySeconds, List<Integer> subscriptionIdentifiers) {
        /** Those of MQTT 3.1.1. */
        public static final Details NONE = new Details(MessageProperties.NONE, -1, List.of());
    }

    private final String topic;
    private final byte[] payload;
    private final Qos qos;
    private final boolean retained;
    private final boolean duplicate;
    private final char packetId; // with an int the object would be eight bytes larger
    private final Details details;

    /**
     * Made by a decoder.
     *
     * @param topic the topic
     * @param payload the payload, not shared with anybody
     * @param qos the quality of service
     * @param retained the RETAIN flag
     * @param duplicate the DUP flag
     * @param packetId the packet identifier, 0 with QoS 0
     * @param details the fields that only MQTT 5 has
     */
    public Publish(String topic, byte[] payload, Qos qos, boolean retained, boolean duplicate, int packetId,
            Details details) {
        this.topic = topic;
        this.payload = payload;
        this.qos = qos;
        this.retained = retained;
        this.duplicate = duplicate;
        this.packetId = (char) packetId;
        this.details = details;
    }

    /** {@return the topic} */
    public String topic() {
        return topic;
    }

    /** {@return the payload, not copied} */
    public byte[] payload() {
        return payload;
    }

    /** {@return the quality of service} */
    public Qos qos() {
        return qos;
    }

    /** {@return the RETAIN flag} */
    public boolean retained() {
        return retained;
    }

    /** {@return the DUP flag} */
    public boolean duplicate() {
        return duplicate;
    }

    /** {@return the packet identifier, 0 with QoS 0} */
    public int packetId() {
        return packetId;
    }

    /** {@return the fields that only MQTT 5 has} */
    public Details details() {
        return details;
    }

    /** {@return everything but the payload} */
    @Override
    public String toString() {
        return "PUBLISH[" + topic + ", " + payload.length + " B, QoS " + qos.ordinal() + ", id " + (int) packetId + "]";
    }
}
