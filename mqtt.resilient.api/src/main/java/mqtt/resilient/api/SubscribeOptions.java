package mqtt.resilient.api;

import java.util.Objects;

/**
 * How to subscribe.
 *
 * @param qos the highest quality of service wanted
 * @param manualAcknowledgement whether the listener calls {@link ReceivedMessage#acknowledge()} itself
 */
public record SubscribeOptions(Qos qos, boolean manualAcknowledgement) {
    /**
     * Checks the options.
     *
     * @param qos not null
     * @param manualAcknowledgement whether the listener acknowledges itself
     */
    public SubscribeOptions {
        Objects.requireNonNull(qos, "qos: null is not allowed");
    }

    /**
     * Options with automatic acknowledgement.
     *
     * @param qos the highest quality of service wanted
     * @return the options
     */
    public static SubscribeOptions qos(Qos qos) {
        return new SubscribeOptions(qos, false);
    }

    /** {@return the same with acknowledgement by the listener} */
    public SubscribeOptions acknowledgedManually() {
        return new SubscribeOptions(qos, true);
    }
}
