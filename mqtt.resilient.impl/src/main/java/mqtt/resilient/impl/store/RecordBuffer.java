package mqtt.resilient.impl.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mqtt.resilient.api.Message;

/** Builds one record after the other in the same memory: a type, then numbers of variable length, texts and bytes. */
final class RecordBuffer {
    private static final int KEPT_BYTES = 1 << 16;

    private byte[] bytes = new byte[256];
    private int length;

    /** Begins a new record. */
    RecordBuffer begin(int type) {
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[256]; // one large message does not cost memory for ever
        }
        length = 0;
        room(1);
        bytes[length++] = (byte) type;
        return this;
    }

    /** Adds a number that is not negative: seven bits per byte, the lowest first. */
    RecordBuffer number(long value) {
        room(9);
        long rest = value;
        while (rest > 0x7F) {
            bytes[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[length++] = (byte) rest;
        return this;
    }

    /** Adds a number of eight bytes. */
    RecordBuffer fixed(long value) {
        room(8);
        ByteBuffer.wrap(bytes, length, 8).putLong(value);
        length += 8;
        return this;
    }

    /** Takes a whole record. */
    RecordBuffer copy(ByteBuffer source) {
        length = 0;
        int count = source.remaining();
        room(count);
        source.get(bytes, 0, count);
        length = count;
        return this;
    }

    /** Adds a text with its length. */
    RecordBuffer text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        number(utf8.length);
        room(utf8.length);
        System.arraycopy(utf8, 0, bytes, length, utf8.length);
        length += utf8.length;
        return this;
    }

    /** Adds a message's properties and payload, to the end of the record. */
    RecordBuffer rest(Message message) {
        int count = message.properties().length() + message.payloadLength();
        room(count);
        ByteBuffer target = ByteBuffer.wrap(bytes, length, count);
        message.properties().writeTo(target);
        message.writePayload(target);
        length += count;
        return this;
    }

    private void room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    /** The record; valid until the next one begins. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** Reads what {@link #number} wrote. */
    static long number(ByteBuffer record) {
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            byte next = record.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of more than nine bytes");
    }

    /** Reads what {@link #text} wrote. */
    static String text(ByteBuffer record) {
        return text(record, textLength(record));
    }

    /** Reads the length of a text that follows. */
    static int textLength(ByteBuffer record) {
        long length = number(record);
        if (length > record.remaining()) {
            throw new IllegalArgumentException("a text of " + length + " bytes, of which there are "
                    + record.remaining());
        }
        return (int) length;
    }

    /** Reads a text of a length. */
    static String text(ByteBuffer record, int length) {
        byte[] utf8 = new byte[length];
        record.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
