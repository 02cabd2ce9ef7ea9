package mqtt.resilient.spi;

import java.nio.ByteBuffer;
import mqtt.resilient.api.Message;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Subscribe;
import mqtt.resilient.spi.packet.Unsubscribe;
import org.osgi.annotation.versioning.ProviderType;

/** Encodes and decodes the packets of one connection. Used by the io thread alone. */
@ProviderType
public interface Codec {
    /** The most bytes that {@link #encodeAcknowledgement} writes. */
    int MAX_ACKNOWLEDGEMENT_BYTES = 8;

    /**
     * The size of a message as a PUBLISH packet.
     *
     * @param message the message
     * @return bytes
     */
    int publishSize(Message message);

    /**
     * Writes a PUBLISH packet.
     *
     * @param message the message
     * @param packetId the packet id; ignored with QoS 0
     * @param duplicate the DUP flag
     * @param out has {@link #publishSize} bytes remaining
     */
    void encodePublish(Message message, int packetId, boolean duplicate, ByteBuffer out);

    /**
     * Writes a PUBACK, PUBREC, PUBREL or PUBCOMP packet.
     *
     * @param type a number of {@link mqtt.resilient.spi.packet.PacketType}
     * @param packetId the packet id
     * @param out has {@link #MAX_ACKNOWLEDGEMENT_BYTES} bytes remaining
     */
    void encodeAcknowledgement(int type, int packetId, ByteBuffer out);

    /**
     * Encodes a packet.
     *
     * @param connect the packet
     * @return its bytes
     */
    byte[] encode(Connect connect);

    /**
     * Encodes a packet.
     *
     * @param subscribe the packet
     * @return its bytes
     */
    byte[] encode(Subscribe subscribe);

    /**
     * Encodes a packet.
     *
     * @param unsubscribe the packet
     * @return its bytes
     */
    byte[] encode(Unsubscribe unsubscribe);

    /** {@return the bytes of a PINGREQ packet} */
    byte[] pingreq();

    /** {@return the bytes of a DISCONNECT packet} */
    byte[] disconnect();

    /**
     * Decodes one packet and hands it to the receiver.
     *
     * @param header the first byte of the packet
     * @param body exactly the rest behind the remaining length; not kept
     * @param receiver takes the packet
     * @throws ProtocolException if the packet breaks the protocol; nothing else is thrown, whatever the bytes are
     */
    void decode(int header, ByteBuffer body, PacketReceiver receiver) throws ProtocolException;
}
