package mqtt.resilient.api;

import java.util.List;

/**
 * How a message ended.
 *
 * @param kind how it ended
 * @param reasonCode the broker's reason code (MQTT 5 section 2.4; 0 in 3.1.1). With {@link Kind#DELIVERED} it is below 0x80, and
 *        what the broker refused with 0x80 or above is {@link Kind#REJECTED}
 * @param reason in words, for a log; empty when there is nothing to say. Code and words are there at least while the message
 *        is one of the latest 1,024; the history keeps the kind for longer
 * @param userProperties of the broker's last acknowledgement (MQTT 5), in order, at most 1,024 characters of them; only from
 *        {@link Publication#delivered()}, the history does not keep them
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
        /** Refused: at admission, or by the broker with a reason code. */
        REJECTED,
        /** Never acknowledged over several connections that it seems to have ended, and put aside. */
        SET_ASIDE,
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
