package mqtt.resilient.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How to subscribe; immutable. Options of MQTT 5 have no effect with 3.1.1, except as said below. When several
 * listeners have the same filter, the broker is asked for options that serve all of them.
 *
 * @param qos the highest quality of service wanted
 * @param manualAcknowledgement whether the listener calls {@link ReceivedMessage#acknowledge()} itself
 * @param noLocal MQTT 5: whether messages published by this client are not sent to it; not allowed with shared
 *        subscriptions
 * @param retainAsPublished MQTT 5: whether messages keep the RETAIN flag with which they were published
 * @param retainHandling MQTT 5: when the broker sends retained messages. With 3.1.1 too: unless it is {@code ALWAYS}, a
 *        further listener of a filter does not make the broker send them again
 * @param identifier MQTT 5: 1 to 33,554,431, which each message has
 *        ({@link ReceivedMessage#subscriptionIdentifiers()}); 0 = none
 * @param userProperties MQTT 5: for the broker, in order; of several listeners of one filter those of the latest
 *        that gave any
 */
public record SubscribeOptions(Qos qos, boolean manualAcknowledgement, boolean noLocal, boolean retainAsPublished,
        RetainHandling retainHandling, int identifier, List<UserProperty> userProperties) {
    private static final int LARGEST_IDENTIFIER = (1 << 25) - 1;

    /** When the broker sends retained messages (MQTT 5 section 3.8.3.1); the ordinal is the number on the wire. */
    public enum RetainHandling {
        /** With every SUBSCRIBE, also when the client subscribes again. */
        ALWAYS,
        /** Only if the broker did not have the subscription before. */
        IF_NEW,
        /** Never. */
        NEVER
    }

    /**
     * Checks the options.
     *
     * @param qos see above
     * @param manualAcknowledgement see above
     * @param noLocal see above
     * @param retainAsPublished see above
     * @param retainHandling see above
     * @param identifier see above
     * @param userProperties see above
     * @throws NullPointerException if qos, retainHandling or userProperties is null
     * @throws IllegalArgumentException if the identifier is not allowed
     */
    public SubscribeOptions {
        Objects.requireNonNull(qos, "qos: null is not allowed");
        Objects.requireNonNull(retainHandling, "retainHandling: null is not allowed");
        if (identifier < 0 || identifier > LARGEST_IDENTIFIER) {
            throw new IllegalArgumentException("identifier: " + identifier + " is not allowed; allowed are 0 (none) to "
                    + LARGEST_IDENTIFIER);
        }
        userProperties = List.copyOf(userProperties);
    }

    /**
     * Options with automatic acknowledgement and the defaults.
     *
     * @param qos the highest quality of service wanted
     * @return the options
     */
    public static SubscribeOptions qos(Qos qos) {
        return new SubscribeOptions(qos, false, false, false, RetainHandling.ALWAYS, 0, List.of());
    }

    /** {@return the same with acknowledgement by the listener} */
    public SubscribeOptions acknowledgedManually() {
        return new SubscribeOptions(qos, true, noLocal, retainAsPublished, retainHandling, identifier, userProperties);
    }

    /** {@return the same without messages published by this client} */
    public SubscribeOptions withoutLocal() {
        return new SubscribeOptions(qos, manualAcknowledgement, true, retainAsPublished, retainHandling, identifier,
                userProperties);
    }

    /** {@return the same with the RETAIN flag as it was published} */
    public SubscribeOptions retainedAsPublished() {
        return new SubscribeOptions(qos, manualAcknowledgement, noLocal, true, retainHandling, identifier,
                userProperties);
    }

    /**
     * The same with another handling of retained messages.
     *
     * @param which not null
     * @return the options
     */
    public SubscribeOptions retained(RetainHandling which) {
        return new SubscribeOptions(qos, manualAcknowledgement, noLocal, retainAsPublished, which, identifier,
                userProperties);
    }

    /**
     * The same with an identifier.
     *
     * @param number 0 (none) to 33,554,431
     * @return the options
     */
    public SubscribeOptions identifiedBy(int number) {
        return new SubscribeOptions(qos, manualAcknowledgement, noLocal, retainAsPublished, retainHandling, number,
                userProperties);
    }

    /**
     * The same with one more user property.
     *
     * @param name may repeat
     * @param value its value
     * @return the options
     * @throws IllegalArgumentException if one of them is too long or holds what is not allowed
     */
    public SubscribeOptions userProperty(String name, String value) {
        List<UserProperty> more = new ArrayList<>(userProperties);
        more.add(new UserProperty(name, value));
        return new SubscribeOptions(qos, manualAcknowledgement, noLocal, retainAsPublished, retainHandling, identifier,
                more);
    }
}
