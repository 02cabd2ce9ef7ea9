package mqtt.resilient.impl.store;

import java.nio.ByteBuffer;
import java.time.Duration;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.session.Outgoing;

/**
 * A MESSAGE record: the only place that knows how one is written and read. Valid as long as the bytes that it was read
 * from.
 *
 * @param content the topic, the properties and the payload
 */
record MessageRecord(long index, long id, long acceptedMillis, int flags, long expiresNanos, int propertyBytes,
        int topicBytes, ByteBuffer content) {
    private static final int QOS = 0x03;
    private static final int RETAIN = 0x04;
    private static final int EXPIRES = 0x08;
    private static final int PROPERTIES = 0x10;
    /** Of a dead letter, whose chain does not say it. */
    private static final int LANE_SHIFT = 5;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long MAX_AGE_MILLIS = Long.MAX_VALUE / 4 / NANOS_PER_MILLI;
    /** 2020: a wall clock before this was never set. */
    private static final long PLAUSIBLE_MILLIS = 1_577_836_800_000L;

    static RecordBuffer write(RecordBuffer buffer, long index, long id, long acceptedMillis, Message message) {
        return write(buffer, index, id, acceptedMillis, 0, message);
    }

    /** Writes a dead letter, since when it is one. */
    static RecordBuffer writeDead(RecordBuffer buffer, long index, long id, long sinceMillis, Message message) {
        return write(buffer, index, id, sinceMillis, message.lane() << LANE_SHIFT, message);
    }

    private static RecordBuffer write(RecordBuffer buffer, long index, long id, long acceptedMillis, int lane,
            Message message) {
        long expires = message.expiresAfterNanos();
        buffer.begin(Records.MESSAGE).number(index).number(id).number(Math.max(0, acceptedMillis));
        MessageProperties properties = message.properties();
        buffer.number(message.qos().ordinal() | (message.retain() ? RETAIN : 0) | (expires > 0 ? EXPIRES : 0)
                | (properties.length() > 0 ? PROPERTIES : 0) | lane);
        if (expires > 0) {
            buffer.number(expires);
        }
        if (properties.length() > 0) {
            buffer.number(properties.length());
        }
        return buffer.text(message.topic()).rest(message);
    }

    /**
     * Reads the rest of a record, behind its type.
     *
     * @throws RuntimeException if it is not one: the checksum was right, so another program wrote it
     */
    static MessageRecord read(ByteBuffer record) {
        long index = Records.serial(record);
        long id = Records.serial(record);
        long acceptedMillis = RecordBuffer.number(record);
        int flags = (int) RecordBuffer.number(record);
        long expires = (flags & EXPIRES) != 0 ? RecordBuffer.number(record) : 0;
        int properties = (flags & PROPERTIES) != 0 ? Records.length(record) : 0;
        int topic = RecordBuffer.textLength(record);
        return new MessageRecord(index, id, acceptedMillis, flags, expires, properties, topic, record);
    }

    int qos() {
        return flags & QOS;
    }

    String topic() {
        return RecordBuffer.text(content.duplicate(), topicBytes);
    }

    int payloadBytes() {
        return content.remaining() - topicBytes - propertyBytes;
    }

    /** What the message counts for against the bounds. */
    int size() {
        return Outgoing.sizeOf(message(content.duplicate()).build()) + payloadBytes();
    }

    /**
     * The message.
     *
     * @param chain the lane, or {@link Chains#ASIDE}
     * @param now the monotonic clock
     * @param wallNow the wall clock
     * @throws RuntimeException if no release writes such a message
     */
    Outgoing outgoing(int chain, long now, long wallNow) {
        ByteBuffer bytes = content.duplicate();
        int lane = chain == Chains.ASIDE ? flags >> LANE_SHIFT & Message.LANES - 1 : chain;
        Message.Builder message = message(bytes).lane(lane);
        byte[] payload = new byte[bytes.remaining()];
        bytes.get(payload);
        return new Outgoing(id, index, message.payload(payload).build(), acceptedNanos(now, wallNow));
    }

    /** All but the payload, which is what remains in the bytes. */
    private Message.Builder message(ByteBuffer bytes) {
        Message.Builder message = Message.to(RecordBuffer.text(bytes, topicBytes)).qos(Qos.of(qos()))
                .retain((flags & RETAIN) != 0);
        if (propertyBytes > 0) {
            message.properties(MessageProperties.read(bytes.slice(bytes.position(), propertyBytes)));
            bytes.position(bytes.position() + propertyBytes);
        }
        return expiresNanos > 0 ? message.expiresAfter(Duration.ofNanos(expiresNanos)) : message;
    }

    /** When the message was accepted, by the monotonic clock. */
    long acceptedNanos(long now, long wallNow) {
        return now - age(acceptedMillis, wallNow);
    }

    /** How long ago a message was accepted, in nanoseconds; 0 if the wall clock does not tell. */
    static long age(long acceptedMillis, long wallNow) {
        boolean plausible = acceptedMillis >= PLAUSIBLE_MILLIS && wallNow >= acceptedMillis;
        return plausible ? Math.min(wallNow - acceptedMillis, MAX_AGE_MILLIS) * NANOS_PER_MILLI : 0;
    }
}
