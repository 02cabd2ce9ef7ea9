package mqtt.resilient.impl.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;

/**
 * Cuts the byte stream of one connection into packets (MQTT 3.1.1 section 2.2) and has each decoded in place. Only a
 * packet that arrives in pieces is copied; the memory for it grows with what has arrived, not with what is announced. A
 * PUBLISH that is too large is passed over; any other packet of that size ends the connection.
 */
public final class FrameSplitter {
    private static final int MAX_HEADER_BYTES = 5;
    private static final int FIRST_PIECE_BYTES = 256;
    /** Fixed header, topic and packet identifier at their longest. */
    private static final int MAX_HEAD_BYTES = MAX_HEADER_BYTES + 2 + 65_535 + 2;

    private final Codec codec;
    private final int maxPacketBytes;
    private ByteBuffer partial;
    /** How much of a PUBLISH that is too large is still to be passed over. */
    private long skip;
    private boolean held;

    public FrameSplitter(Codec codec, int maxPacketBytes) {
        this.codec = codec;
        this.maxPacketBytes = maxPacketBytes;
    }

    /** Takes no more packets until {@code false}; for the receiver of one. */
    public void hold(boolean hold) {
        held = hold;
    }

    /** Takes all bytes of {@code in}, or those of the packets until it is to {@link #hold}. */
    public void split(ByteBuffer in, PacketReceiver receiver) throws ProtocolException {
        while (in.hasRemaining() && !held) {
            if (skip > 0) {
                int count = (int) Math.min(skip, in.remaining());
                in.position(in.position() + count);
                skip -= count;
            } else if (partial != null) {
                complete(in, receiver);
            } else {
                int size = packetSize(in);
                if (size < 0 || size > in.remaining() || size > maxPacketBytes) {
                    partial = ByteBuffer.allocate(FIRST_PIECE_BYTES);
                } else {
                    decode(in, size, receiver);
                }
            }
        }
    }

    /** The bytes of an unfinished packet that are held back. */
    int heldBytes() {
        return partial == null ? 0 : partial.position();
    }

    private void complete(ByteBuffer in, PacketReceiver receiver) throws ProtocolException {
        int size = packetSize(partial.duplicate().flip());
        if (size < 0) { // byte by byte until the length is known
            partial.put(in.get());
            size = packetSize(partial.duplicate().flip());
            if (size < 0) {
                return;
            }
        }
        int wanted = size > maxPacketBytes ? Math.min(size, MAX_HEAD_BYTES) : size;
        int missing = Math.min(wanted - partial.position(), in.remaining());
        if (partial.remaining() < missing) {
            int grown = (int) Math.min(wanted, Math.max(2L * partial.capacity(), partial.position() + (long) missing));
            partial = ByteBuffer.allocate(grown).put(partial.flip());
        }
        partial.put(in.slice(in.position(), missing));
        in.position(in.position() + missing);
        if (size > maxPacketBytes) {
            passOver(size, receiver);
        } else if (partial.position() == size) {
            ByteBuffer whole = partial.flip();
            partial = null;
            decode(whole, size, receiver);
        }
    }

    /**
     * Takes what is needed of a PUBLISH that is too large, to acknowledge it: a broker would send it again for ever.
     */
    private void passOver(int size, PacketReceiver receiver) throws ProtocolException {
        ByteBuffer head = partial.duplicate().flip();
        int header = head.get() & 0xFF;
        while (head.get() < 0) { // the remaining length is known to be whole
            continue;
        }
        int qos = header >> 1 & 3;
        int idBytes = qos == 0 ? 0 : 2;
        if (head.remaining() < 2 || head.remaining() < 2 + (head.getShort(head.position()) & 0xFFFF) + idBytes) {
            if (partial.position() == Math.min(size, MAX_HEAD_BYTES)) {
                throw new ProtocolException(ProtocolException.MALFORMED, "a PUBLISH that ends too early");
            }
            return; // more must come
        }
        byte[] topic = new byte[head.getShort() & 0xFFFF];
        head.get(topic);
        int id = qos == 0 ? 0 : head.getShort() & 0xFFFF;
        skip = size - partial.position();
        partial = null;
        receiver.oversized(new String(topic, StandardCharsets.UTF_8), qos, id, size);
    }

    private void decode(ByteBuffer in, int size, PacketReceiver receiver) throws ProtocolException {
        int end = in.position() + size;
        int limit = in.limit();
        int header = in.get() & 0xFF;
        while (in.get() < 0) { // the remaining length is known to be whole
            continue;
        }
        in.limit(end);
        codec.decode(header, in, receiver);
        in.limit(limit).position(end);
    }

    /** The size of the packet that begins at the position, or -1 if its header is not there yet. */
    private int packetSize(ByteBuffer in) throws ProtocolException {
        int start = in.position();
        int length = 0;
        for (int i = 1; i < MAX_HEADER_BYTES; i++) {
            if (in.remaining() <= i) {
                return -1;
            }
            byte b = in.get(start + i);
            length |= (b & 0x7F) << 7 * (i - 1);
            if (b >= 0) {
                if (length + i + 1 > maxPacketBytes && (in.get(start) & 0xF0) >> 4 != PacketType.PUBLISH) {
                    throw new ProtocolException(ProtocolException.PACKET_TOO_LARGE,
                            "a " + PacketType.name((in.get(start) & 0xFF) >> 4) + " of "
                                    + (length + i + 1) + " bytes; packet.max.bytes allows " + maxPacketBytes);
                }
                return length + i + 1;
            }
        }
        throw new ProtocolException(ProtocolException.MALFORMED,
                "a remaining length of more than 4 bytes [MQTT 3.1.1 section 2.2.3]");
    }
}
