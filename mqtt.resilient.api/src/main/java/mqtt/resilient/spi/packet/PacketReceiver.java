package mqtt.resilient.spi.packet;

import org.osgi.annotation.versioning.ConsumerType;

/** Takes the packets that a {@link mqtt.resilient.spi.Codec} decodes; called on the io thread. */
@ConsumerType
public interface PacketReceiver {
    /**
     * CONNACK.
     *
     * @param connack the packet
     * @throws ProtocolException if it must not come now
     */
    void connack(Connack connack) throws ProtocolException;

    /**
     * PUBLISH.
     *
     * @param publish the packet
     * @throws ProtocolException if it must not come now
     */
    void publish(Publish publish) throws ProtocolException;

    /**
     * A PUBLISH that is larger than this side accepts; its payload was skipped.
     *
     * @param topic the topic
     * @param qos 0, 1 or 2
     * @param packetId the packet identifier, 0 with QoS 0
     * @param size the size of the packet in bytes
     * @throws ProtocolException if it must not come now
     */
    void oversized(String topic, int qos, int packetId, int size) throws ProtocolException;

    /**
     * PUBACK, PUBREC, PUBREL or PUBCOMP.
     *
     * @param type a number of {@link PacketType}
     * @param packetId 1 to 65,535
     * @param reason why; {@link Reason#SUCCESS} in 3.1.1
     * @throws ProtocolException if it must not come now
     */
    void acknowledgement(int type, int packetId, Reason reason) throws ProtocolException;

    /**
     * SUBACK or UNSUBACK.
     *
     * @param type a number of {@link PacketType}
     * @param packetId 1 to 65,535
     * @param codes a code per filter; empty with the UNSUBACK of 3.1.1
     * @param reason for all of them; its code is not used
     * @throws ProtocolException if it must not come now
     */
    void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) throws ProtocolException;

    /**
     * AUTH; MQTT 5 only.
     *
     * @param auth the packet
     * @throws ProtocolException if it must not come now
     */
    void auth(Auth auth) throws ProtocolException;

    /**
     * PINGRESP.
     *
     * @throws ProtocolException if it must not come now
     */
    void pingresp() throws ProtocolException;

    /**
     * DISCONNECT of the broker; MQTT 5 only.
     *
     * @param reason why
     * @param serverReference the server to use instead (Server Reference); empty = none
     * @throws ProtocolException if it must not come now
     */
    void disconnected(Reason reason, String serverReference) throws ProtocolException;
}
