package mqtt.resilient.impl.store;

import java.nio.ByteBuffer;
import java.time.Duration;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.session.Outgoing;

/** The records of a journal; docs/store-format.md describes them. */
final class Records {
    static final int MESSAGE = 1;
    static final int ASSIGNED = 2;
    static final int RELEASED = 3;
    static final int DONE = 4;
    static final int FORCED = 5;
    static final int OPENED = 6;
    static final int SESSION = 7;
    static final int RECEIVED = 8;
    static final int COMPLETED = 9;
    static final int SUBSCRIBED = 10;
    static final int UNSUBSCRIBED = 11;
    static final int CLOSED = 12;
    static final int BEGUN = 13;
    static final int GONE = 14;

    static final int QOS = 0x03;
    /** Indexes, ids and orders are smaller: see {@link Batch}. */
    static final long END = 1L << 60;
    private static final int RETAIN = 0x04;
    private static final int EXPIRES = 0x08;
    private static final int PROPERTIES = 0x10;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    /** 2020: a wall clock before this was never set. */
    private static final long PLAUSIBLE_MILLIS = 1_577_836_800_000L;

    private Records() {
    }

    static RecordBuffer message(RecordBuffer buffer, long index, long id, long acceptedMillis, Message message) {
        long expires = message.expiresAfterNanos();
        buffer.begin(MESSAGE).number(index).number(id).number(Math.max(0, acceptedMillis));
        MessageProperties properties = message.properties();
        buffer.number(message.qos().ordinal() | (message.retain() ? RETAIN : 0) | (expires > 0 ? EXPIRES : 0)
                | (properties.length() > 0 ? PROPERTIES : 0));
        if (expires > 0) {
            buffer.number(expires);
        }
        if (properties.length() > 0) {
            buffer.number(properties.length());
        }
        return buffer.text(message.topic()).rest(message);
    }

    /**
     * Reads the rest of a MESSAGE, behind its index.
     *
     * @param now the monotonic clock
     * @param wallNow the wall clock
     * @throws RuntimeException if it is not one: the checksum was right, so another program wrote it
     */
    static Outgoing outgoing(ByteBuffer record, int lane, long index, long now, long wallNow) {
        long id = serial(record);
        long age = age(RecordBuffer.number(record), wallNow);
        Message.Builder message = builder(record).lane(lane);
        byte[] payload = new byte[record.remaining()];
        record.get(payload);
        return new Outgoing(id, index, message.payload(payload).build(), now - age);
    }

    /** Reads a MESSAGE's flags, its expiry and its topic. */
    private static Message.Builder builder(ByteBuffer record) {
        int flags = record.get(record.position());
        long expires = expires(record);
        int properties = properties(flags, record);
        Message.Builder message = Message.to(RecordBuffer.text(record)).qos(Qos.of(flags & QOS))
                .retain((flags & RETAIN) != 0);
        if (properties > 0) {
            message.properties(MessageProperties.read(record.slice(record.position(), properties)));
            record.position(record.position() + properties);
        }
        return expires > 0 ? message.expiresAfter(Duration.ofNanos(expires)) : message;
    }

    /**
     * Reads a MESSAGE, behind its index, up to its payload: what it counts for against the bounds.
     *
     * @throws RuntimeException if it is not one
     */
    static int size(ByteBuffer record) {
        serial(record);
        RecordBuffer.number(record);
        return Outgoing.sizeOf(builder(record).build()) + record.remaining();
    }

    /** Reads what is counted from 1: an index, an id, the order of an assignment. */
    static long serial(ByteBuffer record) {
        return require(RecordBuffer.number(record), 1, END - 1);
    }

    static int packetId(ByteBuffer record) {
        return (int) require(RecordBuffer.number(record), 1, 65_535);
    }

    /** Reads how a filter is subscribed: see {@link mqtt.resilient.spi.packet.Subscribe.Request#options()}. */
    static int options(ByteBuffer record) {
        long options = require(RecordBuffer.number(record), 0, Integer.MAX_VALUE);
        require(options & QOS, 0, 2);
        require(options >> 4 & 3, 0, 2); // retain handling
        return (int) options;
    }

    private static long require(long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(value + " in a record; possible are " + least + " to " + most);
        }
        return value;
    }

    /** How long ago a message was accepted, in nanoseconds; 0 if the wall clock does not tell. */
    static long age(long acceptedMillis, long wallNow) {
        boolean plausible = acceptedMillis >= PLAUSIBLE_MILLIS && wallNow >= acceptedMillis;
        return plausible ? Math.min(wallNow - acceptedMillis, Long.MAX_VALUE / 4 / NANOS_PER_MILLI) * NANOS_PER_MILLI : 0;
    }

    /** Reads a MESSAGE's flags, and after how many nanoseconds it expires; 0 = never. */
    static long expires(ByteBuffer record) {
        return (RecordBuffer.number(record) & EXPIRES) != 0 ? RecordBuffer.number(record) : 0;
    }

    /** Reads the length of a MESSAGE's properties, which is behind its expiry. */
    static int properties(int flags, ByteBuffer record) {
        return (flags & PROPERTIES) != 0 ? (int) require(RecordBuffer.number(record), 1, Integer.MAX_VALUE) : 0;
    }
}
