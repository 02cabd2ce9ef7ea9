package mqtt.resilient.api;

import java.util.List;

/**
 * How a message ended.
 *
 * @param kind how it ended
 * @param reasonCode the broker's reason code (MQTT 5; 0 in 3.1.1)
 * @param reason in words, for a log; empty when there is nothing to say. Code and words are there at least while the message
 *        is one of the latest 1,024; the history keeps the kind for longer
 * @param userProperties of the broker's last acknowledgement (MQTT 5), in order, at most 1,024 characters of them; only from
 *        {@link Publication#settled()}, the history does not keep them
 */
public record Outcome(Kind kind, int reasonCode, String reason, List<UserProperty> userProperties) {

    /**
     * Without user properties.
     *
     * @param kind how it ended
     * @param reasonCode the broker's reason code
     * @param reason in words
     */
    public Outcome(Kind kind, int reasonCode, String reason) {
        this(kind, reasonCode, reason, List.of());
    }

    /** The ways in which a message can end. Every accepted message ends in exactly one of them. */
    public enum Kind {
        /** QoS 1 and 2: acknowledged by the broker. QoS 0: handed to the network. */
        DELIVERED,
        /** Its time was over before it was sent. */
        EXPIRED,
        /** Withdrawn by {@link Publication#cancel()} before it was sent. */
        CANCELLED,
        /** Not accepted: {@code publish} did not take the message; {@link Publication#stored()} says why. */
        REJECTED,
        /**
         * The broker refused it with a reason code of 0x80 or above, or its limits rule the message out: too large, or with
         * {@code qos.strict} a QoS or RETAIN that it does not have.
         */
        REFUSED,
        /** The client gave up on it: connections ended again and again while it was the oldest unacknowledged message. */
        DEAD_LETTERED,
        /** Dropped by a bound. */
        DROPPED,
        /** The client stopped; the message is lost with it. */
        CLOSED,
        /** The client stopped; the message is in its store and goes out after the next start. */
        KEPT_IN_STORE,
        /** Too long ago to say. */
        UNKNOWN,
        /** Not yet at its end. Only from {@link ResilientMqttClient#outcome(long)}. */
        PENDING
    }

    /** {@return everything but the values of the user properties, which may be secrets} */
    @Override
    public String toString() {
        return "Outcome[kind=" + kind + ", reasonCode=" + reasonCode + ", reason=" + reason + (userProperties.isEmpty() ? ""
                : ", userProperties=" + userProperties.stream().map(UserProperty::name).toList()) + "]";
    }

    /** {@return whether the message was delivered} */
    public boolean isDelivered() {
        return kind == Kind.DELIVERED;
    }
}
