package mqtt.resilient.v5;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import mqtt.resilient.api.MessageProperties;

/** Puts a packet, or the properties of one, together (MQTT 5 section 1.5); for packets that are rare. */
final class PacketWriter {
    private static final long LARGEST_INT = 0xFFFF_FFFFL;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    PacketWriter octet(int value) {
        bytes.write(value);
        return this;
    }

    /** Writes the lowest bytes of a number, the highest of them first. */
    PacketWriter number(int count, long value) {
        for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
            bytes.write((int) (value >> shift));
        }
        return this;
    }

    PacketWriter varint(int value) {
        ByteBuffer encoded = ByteBuffer.allocate(varintSize(value));
        putVarint(value, encoded);
        bytes.writeBytes(encoded.array());
        return this;
    }

    PacketWriter text(String text) {
        return binary(text.getBytes(StandardCharsets.UTF_8));
    }

    PacketWriter binary(byte[] value) {
        number(2, value.length);
        bytes.writeBytes(value);
        return this;
    }

    PacketWriter properties(MessageProperties properties) {
        ByteBuffer encoded = ByteBuffer.allocate(properties.length());
        properties.writeTo(encoded);
        bytes.writeBytes(encoded.array());
        return this;
    }

    /** Writes another one with its length. */
    PacketWriter block(PacketWriter other) {
        varint(other.bytes.size());
        bytes.writeBytes(other.bytes.toByteArray());
        return this;
    }

    /** The packet with this as its body. */
    byte[] packet(int header) {
        return new PacketWriter().octet(header).block(this).bytes.toByteArray();
    }

    /** A number of seconds in four bytes; more is as good as for ever. */
    static int unsigned(long seconds) {
        return (int) Math.min(seconds, LARGEST_INT);
    }

    static int varintSize(int value) {
        return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;
    }

    static void putVarint(int value, ByteBuffer out) {
        int rest = value;
        while (rest > 127) {
            out.put((byte) (rest & 127 | 128));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }
}
