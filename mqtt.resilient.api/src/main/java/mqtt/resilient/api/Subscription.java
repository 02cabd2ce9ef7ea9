package mqtt.resilient.api;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** A subscription; the client subscribes again whenever the broker has lost the session. Safe from any thread. */
@ProviderType
public interface Subscription extends AutoCloseable {
    /** {@return the filter} */
    String filter();

    /**
     * The broker's answer to the latest SUBSCRIBE.
     *
     * @return the answer; {@link Grant#PENDING} while there is none
     */
    Grant granted();

    /**
     * Completes with the broker's first answer.
     *
     * @return a stage that completes on {@code mqtt-complete}; with {@link Grant#CLOSED} if the subscription or its
     *         client is closed before
     */
    CompletionStage<Grant> result();

    /**
     * Ends the subscription: the listener gets no further call, and the broker is told when no other listener has the
     * same filter. Received messages that wait for the listener are given up: acknowledged, counted and reported as
     * dropped. Repeatable; returns at once.
     */
    @Override
    void close();

    /**
     * A broker's answer.
     *
     * @param code the code of the SUBACK (MQTT 3.1.1 section 3.9.3: 0, 1, 2 granted, 128 refused; MQTT 5 section 3.9.3), or
     *        -1 while there is none, or -2 after a close
     * @param reason the broker's Reason String; empty = none
     * @param userProperties of the SUBACK (MQTT 5), in order, at most 1,024 characters of them
     */
    record Grant(int code, String reason, List<UserProperty> userProperties) {
        /** No answer yet. */
        public static final Grant PENDING = new Grant(-1, "", List.of());
        /** Closed before an answer. */
        public static final Grant CLOSED = new Grant(-2, "", List.of());

        /** {@return whether the broker accepted the subscription} */
        public boolean isGranted() {
            return code >= 0 && code <= 2;
        }

        /**
         * The granted quality of service, possibly lower than the one asked for.
         *
         * @return the level
         * @throws IllegalStateException if nothing was granted
         */
        public Qos qos() {
            if (!isGranted()) {
                throw new IllegalStateException("the subscription is not granted; its code is " + code);
            }
            return Qos.of(code);
        }
    }
}
