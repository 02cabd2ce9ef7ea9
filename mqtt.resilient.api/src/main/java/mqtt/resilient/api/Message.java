package mqtt.resilient.api;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/**
 * A message to publish: immutable, safe from any thread, reusable. The payload is copied when it is set.
 *
 * <pre>
 * Message.to("plant/boiler/temp").payload(reading).qos(Qos.AT_LEAST_ONCE).expiresAfter(Duration.ofHours(6)).build()
 * </pre>
 */
public final class Message {
    /** The lane of alarms: sent before every other lane, and in spite of a full send window. */
    public static final int LANE_ALARM = 0;
    /** The default lane. */
    public static final int LANE_NORMAL = 2;
    /** The lane of bulk data: sent when no other message waits. */
    public static final int LANE_BULK = 3;
    /** The number of lanes, 0 to 3. */
    public static final int LANES = 4;

    private static final byte[] NO_PAYLOAD = new byte[0];

    private final String topic;
    private final byte[] payload;
    private final Qos qos;
    private final char topicLength;
    private final boolean retain;
    private final byte lane;
    private final long expiresAfterNanos;
    private final MessageProperties properties;

    private Message(Builder builder) {
        topic = builder.topic;
        topicLength = builder.topicLength;
        payload = builder.payload;
        qos = builder.qos;
        retain = builder.retain;
        lane = (byte) builder.lane;
        expiresAfterNanos = builder.expiresAfterNanos;
        properties = builder.properties;
    }

    /**
     * Starts a message: QoS 1, not retained, no payload, lane {@link #LANE_NORMAL}, no expiry.
     *
     * @param topic where to publish; no wildcards
     * @return a builder, to be used by one thread
     * @throws IllegalArgumentException if the topic breaks a rule of {@link Topics#requireName(String)}
     */
    public static Builder to(String topic) {
        return new Builder(topic, Topics.checkName(topic));
    }

    /** {@return the topic} */
    public String topic() {
        return topic;
    }

    /** {@return the number of bytes that the topic takes as UTF-8, 1 to 65,535} */
    public int topicLength() {
        return topicLength;
    }

    /**
     * Copies the topic into a buffer, as UTF-8.
     *
     * @param target a buffer with at least {@link #topicLength()} bytes remaining
     */
    public void writeTopic(ByteBuffer target) {
        if (topicLength == topic.length()) { // ASCII alone: no garbage
            for (int i = 0; i < topicLength; i++) {
                target.put((byte) topic.charAt(i));
            }
        } else {
            target.put(topic.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** {@return a copy of the payload} */
    public byte[] payload() {
        return payload.clone();
    }

    /** {@return the length of the payload in bytes} */
    public int payloadLength() {
        return payload.length;
    }

    /**
     * Copies the payload into a buffer.
     *
     * @param target a buffer with at least {@link #payloadLength()} bytes remaining
     */
    public void writePayload(ByteBuffer target) {
        target.put(payload);
    }

    /** {@return the quality of service} */
    public Qos qos() {
        return qos;
    }

    /** {@return whether the broker keeps it as the retained message of its topic} */
    public boolean retain() {
        return retain;
    }

    /** {@return 0 (alarm) to 3 (bulk)} */
    public int lane() {
        return lane;
    }

    /** {@return the time after acceptance at which a message that was never sent expires, in nanoseconds; 0 = never} */
    public long expiresAfterNanos() {
        return expiresAfterNanos;
    }

    /** {@return the MQTT 5 properties; MQTT 3.1.1 does not send them} */
    public MessageProperties properties() {
        return properties;
    }

    /** {@return topic, as one line, size, QoS and lane; never the payload} */
    @Override
    public String toString() {
        return "Message[" + Topics.oneLine(topic) + ", " + payload.length + " B, QoS " + qos.ordinal()
                + (retain ? ", retain" : "")
                + ", lane " + lane + "]";
    }

    /** Collects the parts of a {@link Message}. Not safe for use by several threads at once. */
    public static final class Builder {
        private final String topic;
        private final char topicLength;
        private byte[] payload = NO_PAYLOAD;
        private Qos qos = Qos.AT_LEAST_ONCE;
        private boolean retain;
        private int lane = LANE_NORMAL;
        private long expiresAfterNanos;
        private MessageProperties properties = MessageProperties.NONE;

        private Builder(String topic, int topicLength) {
            this.topic = topic;
            this.topicLength = (char) topicLength;
        }

        /**
         * Sets the payload.
         *
         * @param bytes copied; null = empty
         * @return this
         */
        public Builder payload(byte[] bytes) {
            payload = bytes == null ? NO_PAYLOAD : bytes.clone();
            return this;
        }

        /**
         * Sets the payload to a text as UTF-8.
         *
         * @param text the text
         * @return this
         */
        public Builder payload(String text) {
            payload = text.getBytes(StandardCharsets.UTF_8);
            return this;
        }

        /**
         * Sets the quality of service.
         *
         * @param level not null
         * @return this
         */
        public Builder qos(Qos level) {
            qos = Objects.requireNonNull(level, "qos: null is not allowed");
            return this;
        }

        /**
         * Has the broker keep the message as the retained message of its topic (MQTT 3.1.1 section 3.3.1.3).
         *
         * @param keep whether to
         * @return this
         */
        public Builder retain(boolean keep) {
            retain = keep;
            return this;
        }

        /**
         * Sets the lane. Lanes order QoS 1 and 2; QoS 0 has a queue of its own.
         *
         * @param number 0 (alarm) to 3 (bulk)
         * @return this
         * @throws IllegalArgumentException for any other number
         */
        public Builder lane(int number) {
            if (number < 0 || number >= LANES) {
                throw new IllegalArgumentException("lane: " + number + " is not allowed; allowed are 0 to 3");
            }
            lane = number;
            return this;
        }

        /**
         * Sets the MQTT 5 properties; MQTT 3.1.1 does not send them.
         *
         * @param all not null
         * @return this
         */
        public Builder properties(MessageProperties all) {
            properties = Objects.requireNonNull(all, "properties: null is not allowed");
            return this;
        }

        /**
         * Lets the message expire if it is not sent within this time after its acceptance. With MQTT 5 the broker is
         * told the remaining time, and drops the message then (Message Expiry Interval, section 3.3.2.3.3): in whole
         * seconds, rounded up, at least one and never more than this time.
         *
         * @param time more than zero; at most 292 years
         * @return this
         * @throws IllegalArgumentException if it is zero or negative
         */
        public Builder expiresAfter(Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("expiresAfter: " + time + " is not allowed; more than zero is");
            }
            expiresAfterNanos = time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) >= 0 ? Long.MAX_VALUE : time.toNanos();
            return this;
        }

        /** {@return the message} */
        public Message build() {
            return new Message(this);
        }
    }
}
