package mqtt.resilient.impl.client;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How much may be pending.
 *
 * @param maxBytes bytes of topics, payloads and overhead
 * @param maxMessages messages, 0 = any number
 * @param maxAgeNanos age at which a never-sent message is dropped, 0 = none
 * @param lanes the bounds of each lane within these
 * @param dropOldest whether a new message pushes out the oldest never-sent one, instead of being rejected
 * @param qos0MaxBytes bytes of QoS 0 messages
 * @param qos0Offline whether QoS 0 is taken without a connection
 */
public record StoreBounds(long maxBytes, long maxMessages, long maxAgeNanos, List<Lane> lanes, boolean dropOldest,
        long qos0MaxBytes, boolean qos0Offline) {

    /**
     * The bounds of one lane; 0 = none of its own.
     *
     * @param maxBytes bytes
     * @param maxMessages messages
     * @param maxAgeNanos age at which a never-sent message is dropped
     */
    public record Lane(long maxBytes, long maxMessages, long maxAgeNanos) {
        /** No bounds. */
        public static final Lane UNBOUNDED = new Lane(0, 0, 0);

        boolean isExceeded(long bytes, long messages) {
            return maxBytes > 0 && bytes > maxBytes || maxMessages > 0 && messages > maxMessages;
        }

        String describe() {
            return (maxMessages > 0 ? maxMessages + " messages" : "") + (maxMessages > 0 && maxBytes > 0 ? " or " : "")
                    + (maxBytes > 0 ? maxBytes + " bytes" : "");
        }
    }

    /** Whether any message can become too old. */
    boolean hasAge() {
        boolean age = maxAgeNanos > 0;
        for (int lane = 0; lane < lanes.size() && !age; lane++) { // asked for every message: no iterator
            age = lanes.get(lane).maxAgeNanos > 0;
        }
        return age;
    }

    /** For each lane the age at which a message is too old; 0 = none. */
    long[] maxAgesNanos() {
        return IntStream.range(0, lanes.size()).mapToLong(this::maxAgeNanos).toArray();
    }

    /** The age at which a message of a lane is too old; 0 = none. */
    long maxAgeNanos(int lane) {
        long own = lanes.get(lane).maxAgeNanos;
        return own == 0 || maxAgeNanos == 0 ? Math.max(own, maxAgeNanos) : Math.min(own, maxAgeNanos);
    }
}
