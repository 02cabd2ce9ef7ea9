package mqtt.resilient.spi;

import java.nio.ByteBuffer;
import mqtt.resilient.api.Message;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Subscribe;
import mqtt.resilient.spi.packet.Unsubscribe;
import org.osgi.annotation.versioning.ProviderType;

/** Encodes and decodes the packets of one connection. Used by the io thread only. */
@ProviderType
public interface Codec {
    /** The most bytes that {@link #encodeAcknowledgement} writes. */
    int MAX_ACKNOWLEDGEMENT_BYTES = 8;

    /**
     * The size of a message as a PUBLISH packet of its own quality of service, with its whole topic.
     *
     * @param message the message
     * @return bytes; the packet is never larger
     */
    int publishSize(Message message);

    /**
     * Writes a PUBLISH packet.
     *
     * @param message the message
     * @param flags the lower half of the first byte: DUP 8, QoS 2 and 4, RETAIN 1; not always what the message says
     * @param packetId the packet identifier; ignored with QoS 0
     * @param expirySeconds the remaining time until the message expires; 0 = it does not expire
     * @param out has {@link #publishSize} bytes remaining
     */
    void encodePublish(Message message, int flags, int packetId, long expirySeconds, ByteBuffer out);

    /**
     * Writes a PUBACK, PUBREC, PUBREL or PUBCOMP packet.
     *
     * @param type a number of {@link mqtt.resilient.spi.packet.PacketType}
     * @param packetId the packet identifier
     * @param reasonCode 0 = success; left out in 3.1.1
     * @param out has {@link #MAX_ACKNOWLEDGEMENT_BYTES} bytes remaining
     */
    void encodeAcknowledgement(int type, int packetId, int reasonCode, ByteBuffer out);

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

    /**
     * Encodes a packet.
     *
     * @param auth the packet
     * @return its bytes
     * @throws UnsupportedOperationException if the version has no such packet
     */
    byte[] encode(Auth auth);

    /** {@return the bytes of a PINGREQ packet} */
    byte[] pingreq();

    /**
     * Encodes a DISCONNECT packet.
     *
     * @param reasonCode why; 0 = a normal end
     * @param sessionExpirySeconds how long the broker keeps the session from now on; -1 = as the CONNECT said
     * @return its bytes; none if the version has no such packet for that reason
     */
    byte[] disconnect(int reasonCode, long sessionExpirySeconds);

    /**
     * Decodes one packet and hands it to the receiver.
     *
     * @param header the first byte of the packet
     * @param body exactly the bytes after the remaining length; not kept
     * @param receiver takes the packet
     * @throws ProtocolException if the packet breaks the protocol; nothing else is thrown, whatever the bytes are
     */
    void decode(int header, ByteBuffer body, PacketReceiver receiver) throws ProtocolException;
}
