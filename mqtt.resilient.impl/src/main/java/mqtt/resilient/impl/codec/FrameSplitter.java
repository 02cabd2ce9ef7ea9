package mqtt.resilient.impl.codec;

import java.nio.ByteBuffer;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;

/**
 * Cuts the byte stream of one connection into packets (MQTT 3.1.1 section 2.2) and has each decoded in place. Only a
 * packet that arrives in pieces is copied; the memory for it grows with what has arrived, not with what is announced.
 */
public final class FrameSplitter {
    private static final int MAX_HEADER_BYTES = 5;
    private static final int FIRST_PIECE_BYTES = 256;

    private final Codec codec;
    private final int maxPacketBytes;
    private ByteBuffer partial;

    public FrameSplitter(Codec codec, int maxPacketBytes) {
        this.codec = codec;
        this.maxPacketBytes = maxPacketBytes;
    }

    /** Takes all bytes of {@code in}. */
    public void split(ByteBuffer in, PacketReceiver receiver) throws ProtocolException {
        while (partial != null && in.hasRemaining()) {
            complete(in, receiver);
        }
        while (in.hasRemaining()) {
            int size = packetSize(in);
            if (size < 0 || size > in.remaining()) {
                keep(in, size);
                return;
            }
            decode(in, size, receiver);
        }
    }

    /** The bytes of an unfinished packet that are held back. */
    public int heldBytes() {
        return partial == null ? 0 : partial.position();
    }

    private void complete(ByteBuffer in, PacketReceiver receiver) throws ProtocolException {
        int size = packetSize(partial.duplicate().flip());
        if (size < 0) { // the header was cut: byte by byte until the length is known
            partial.put(in.get());
            size = packetSize(partial.duplicate().flip());
            if (size < 0) {
                return;
            }
        }
        int missing = Math.min(size - partial.position(), in.remaining());
        if (partial.remaining() < missing) {
            int grown = (int) Math.min(size, Math.max(2L * partial.capacity(), partial.position() + (long) missing));
            partial = ByteBuffer.allocate(grown).put(partial.flip());
        }
        partial.put(in.slice(in.position(), missing));
        in.position(in.position() + missing);
        if (partial.position() == size) {
            ByteBuffer whole = partial.flip();
            partial = null;
            decode(whole, size, receiver);
        }
    }

    private void keep(ByteBuffer in, int size) {
        int capacity = Math.max(in.remaining(), FIRST_PIECE_BYTES);
        partial = ByteBuffer.allocate(size < 0 ? capacity : Math.min(size, capacity)).put(in);
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
                if (length + i + 1 > maxPacketBytes) {
                    throw new ProtocolException("a " + PacketType.name((in.get(start) & 0xFF) >> 4) + " of "
                            + (length + i + 1) + " bytes; packet.max.bytes allows " + maxPacketBytes);
                }
                return length + i + 1;
            }
        }
        throw new ProtocolException("a remaining length of more than 4 bytes [MQTT 3.1.1 section 2.2.3]");
    }
}
