package mqtt.resilient.api;

import java.util.List;

/**
 * How a message was settled; immutable.
 *
 * @param kind how
 * @param reasonCode the broker's reason code (MQTT 5 section 2.4; 0 in 3.1.1). With {@link Kind#DELIVERED} it is below
 *        0x80; a message that the broker answered with 0x80 or above is {@link Kind#REFUSED}
 * @param reason in words, for a log; empty = none. Code and words are kept at least for the latest 1,024 messages, the
 *        kind for longer
 * @param userProperties of the broker's last acknowledgement (MQTT 5), in order, at most 1,024 characters of them; only
 *        from {@link Publication#delivered()}, the history does not keep them
 */
public record Outcome(Kind kind, int reasonCode, String reason, List<UserProperty> userProperties) {

    /**
     * Without user properties.
     *
     * @param kind how it was settled
     * @param reasonCode the broker's reason code
     * @param reason in words
     */
    public Outcome(Kind kind, int reasonCode, String reason) {
        this(kind, reasonCode, reason, List.of());
    }

    /** The ways in which a message can be settled. Every accepted message is settled in exactly one of them. */
    public enum Kind {
        /** QoS 1 and 2: acknowledged by the broker. QoS 0: written to the connection. */
        DELIVERED,
        /** It expired before it was sent ({@link Message.Builder#expiresAfter}). */
        EXPIRED,
        /** Withdrawn by {@link Publication#cancel()} before it was sent. */
        CANCELLED,
        /** Not accepted: {@code publish} did not take the message; {@link Publication#stored()} says why. */
        REJECTED,
        /**
         * The broker refused it with a reason code of 0x80 or above, or its limits rule the message out: too large, or
         * with {@code qos.strict} a QoS or RETAIN that it does not have.
         */
        REFUSED,
        /**
         * The client gave up on it: the broker closed the connection each time that only this message was unanswered,
         * and answered others in between. The store keeps it, as far as its bound allows.
         */
        DEAD_LETTERED,
        /** Removed by a bound (bytes, count, age), or QoS 0 lost with the connection. */
        DROPPED,
        /** Lost with the stop of the client. */
        CLOSED,
        /** The client stopped; the message is in its store and is sent after the next start. */
        KEPT_IN_STORE,
        /** No longer known: too many messages ago. */
        UNKNOWN,
        /** Not yet settled. Only from {@link ResilientMqttClient#outcome(long)}. */
        PENDING
    }

    /** {@return everything but the values of the user properties, which may be secrets} */
    @Override
    public String toString() {
        return "Outcome[kind=" + kind + ", reasonCode=" + reasonCode + ", reason=" + reason
                + (userProperties.isEmpty() ? ""
                        : ", userProperties=" + userProperties.stream().map(UserProperty::name).toList())
                + "]";
    }

    /** {@return whether the message was delivered} */
    public boolean isDelivered() {
        return kind == Kind.DELIVERED;
    }
}
