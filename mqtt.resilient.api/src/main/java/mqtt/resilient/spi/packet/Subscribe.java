package mqtt.resilient.spi.packet;

import java.util.List;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.UserProperty;

/**
 * SUBSCRIBE (MQTT 3.1.1 and 5 section 3.8).
 *
 * @param packetId 1 to 65,535
 * @param requests at least one; those of one packet have the same identifier
 * @param userProperties of the packet, in order
 */
public record Subscribe(int packetId, List<Request> requests, List<UserProperty> userProperties) {
    /**
     * A packet without user properties.
     *
     * @param packetId 1 to 65,535
     * @param requests at least one
     */
    public Subscribe(int packetId, List<Request> requests) {
        this(packetId, requests, List.of());
    }

    /**
     * One filter.
     *
     * @param filter the topic filter
     * @param options as MQTT 5 encodes them in one byte (section 3.8.3.1): QoS 0 to 2, {@link #NO_LOCAL},
     *        {@link #RETAIN_AS_PUBLISHED}, Retain Handling times 16; and the subscription identifier times 64
     */
    public record Request(String filter, int options) {
        /** The quality of service in the options. */
        public static final int QOS = 3;
        /** Option: messages published by this client are not sent to it. */
        public static final int NO_LOCAL = 4;
        /** Option: messages keep the RETAIN flag with which they were published. */
        public static final int RETAIN_AS_PUBLISHED = 8;
        /** Where Retain Handling begins in the options. */
        public static final int RETAIN_HANDLING_SHIFT = 4;
        /** Where the subscription identifier begins in the options. */
        public static final int IDENTIFIER_SHIFT = 6;

        /**
         * Encodes options.
         *
         * @param options how to subscribe
         * @return the same as one number
         */
        public static int encode(SubscribeOptions options) {
            return options.qos().ordinal() | (options.noLocal() ? NO_LOCAL : 0)
                    | (options.retainAsPublished() ? RETAIN_AS_PUBLISHED : 0)
                    | options.retainHandling().ordinal() << RETAIN_HANDLING_SHIFT
                    | options.identifier() << IDENTIFIER_SHIFT;
        }

        /**
         * Finds the options that serve two subscribers of one filter: the higher QoS, local messages if one wants them,
         * the RETAIN flag as published if one wants it, the retained messages of the one that wants more, and the first
         * identifier.
         *
         * @param one options
         * @param other options
         * @return options
         */
        public static int merge(int one, int other) {
            int handling = 3 << RETAIN_HANDLING_SHIFT;
            int identifier = one >> IDENTIFIER_SHIFT != 0 ? one : other;
            return Math.max(one & QOS, other & QOS) | one & other & NO_LOCAL | (one | other) & RETAIN_AS_PUBLISHED
                    | Math.min(one & handling, other & handling) | identifier >> IDENTIFIER_SHIFT << IDENTIFIER_SHIFT;
        }

        /** {@return the highest quality of service wanted, 0 to 2} */
        public int qos() {
            return options & QOS;
        }

        /** {@return the subscription identifier; 0 = none} */
        public int identifier() {
            return options >> IDENTIFIER_SHIFT;
        }
    }
}
