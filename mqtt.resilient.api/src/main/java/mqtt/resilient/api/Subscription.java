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
     * dropped. Repeatable; returns at once. {@link #unsubscribe()} does the same and reports the result.
     */
    @Override
    void close();

    /**
     * Ends the subscription like {@link #close()}, and reports what becomes of its filter at the broker.
     *
     * @return as with {@link #unsubscribe(List)}
     */
    default CompletionStage<Removal> unsubscribe() {
        return unsubscribe(List.of());
    }

    /**
     * The same with user properties for the broker (MQTT 5 section 3.10.2.1.2). They are left out with MQTT 3.1.1,
     * where the packet would be larger than the broker takes, and when the UNSUBSCRIBE is sent again after a restart of
     * the client.
     *
     * <p>Without a connection the UNSUBSCRIBE is sent on the next one. When a connection ends before the answer, it is
     * sent again on the next. Repeatable, also after {@link #close()}: the result is that of the first call.
     *
     * @param userProperties in order
     * @return a stage that completes on {@code mqtt-complete}, never exceptionally: with the answer of the broker
     *         [MQTT-3.10.4-4], at once if none is needed, and with {@link Removal#CLOSED} if the client stops before
     */
    CompletionStage<Removal> unsubscribe(List<UserProperty> userProperties);

    /**
     * What became of a filter at the broker when its subscription ended; immutable.
     *
     * @param how in which way
     * @param code the code of the UNSUBACK (MQTT 5 section 3.11.3: 0 removed, 0x11 there was no subscription, 0x80 and
     *        above refused; always 0 with MQTT 3.1.1, section 3.11), or 0 without an answer. After a refusal the
     *        UNSUBSCRIBE is sent again once on each connection
     * @param reason the broker's Reason String; empty = none
     * @param userProperties of the UNSUBACK (MQTT 5), in order, at most 1,024 characters of them
     */
    record Removal(How how, int code, String reason, List<UserProperty> userProperties) {
        private static final int FAILURE = 0x80;
        /** See {@link How#KEPT}. */
        public static final Removal KEPT = new Removal(How.KEPT, 0, "", List.of());
        /** See {@link How#NOTHING_THERE}. */
        public static final Removal NOTHING_THERE = new Removal(How.NOTHING_THERE, 0, "", List.of());
        /** See {@link How#CLOSED}. */
        public static final Removal CLOSED = new Removal(How.CLOSED, 0, "", List.of());

        /** In which way. */
        public enum How {
            /** The broker answered the UNSUBSCRIBE with {@link Removal#code()}. */
            ANSWERED,
            /**
             * No UNSUBSCRIBE was sent, because the filter is still needed: by another subscription, by a listener that
             * may come back within {@code listener.grace.seconds}, or by a subscription that was made before the
             * UNSUBSCRIBE was sent.
             */
            KEPT,
            /**
             * No UNSUBSCRIBE was sent, because the broker has no such subscription: it never got the SUBSCRIBE or
             * refused it, or the session has ended.
             */
            NOTHING_THERE,
            /** The client stopped before the broker answered; it unsubscribes after its next start. */
            CLOSED
        }

        /** {@return whether the broker is known to have no subscription for the filter any more} */
        public boolean isRemoved() {
            return how == How.NOTHING_THERE || how == How.ANSWERED && code < FAILURE;
        }

        /** {@return everything but the values of the user properties, which may be secrets} */
        @Override
        public String toString() {
            return "Removal[how=" + how + ", code=" + code + ", reason=" + reason + ", userProperties="
                    + userProperties.stream().map(UserProperty::name).toList() + "]";
        }
    }

    /**
     * A broker's answer.
     *
     * @param code the code of the SUBACK (MQTT 3.1.1 section 3.9.3: 0, 1, 2 granted, 128 refused; MQTT 5 section
     *        3.9.3), or -1 while there is none, or -2 after a close
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
