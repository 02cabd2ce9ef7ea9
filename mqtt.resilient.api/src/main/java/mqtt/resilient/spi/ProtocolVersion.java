package mqtt.resilient.spi;

import org.osgi.annotation.versioning.ProviderType;

/** One version of MQTT. Stateless and safe from any thread. */
@ProviderType
public interface ProtocolVersion {
    /** {@return the name, for example {@code 3.1.1}} */
    String name();

    /** What the client does after a reason code of the broker. */
    enum Reaction {
        /** Try again after the usual back-off: a temporary cause. */
        BACK_OFF,
        /** The same; a message that was sent, or a filter that was asked for, may be the cause. */
        SUSPECT,
        /** An operator must remove the cause: try again with the longest back-off. */
        SLOW_RETRY,
        /** Another client has taken the session over. */
        TAKEN_OVER,
        /** Connect to the server that is named (Server Reference). */
        REDIRECT,
        /** The broker does not speak this version. */
        FALL_BACK
    }

    /**
     * The text of the specification for a reason code.
     *
     * @param code the code of a CONNACK or DISCONNECT
     * @return the reason in words
     */
    String reason(int code);

    /**
     * The reaction to a reason code.
     *
     * @param code the code of a CONNACK that refused, or of a DISCONNECT
     * @return what to do
     */
    Reaction reaction(int code);

    /**
     * Whether a refused message may be accepted later.
     *
     * @param code the code of a PUBACK or PUBREC that refused
     * @return false if the refusal is final
     */
    boolean mayTakeLater(int code);

    /** {@return whether a clean start may begin a session that lasts: MQTT 5} */
    boolean hasSessionExpiry();

    /** {@return a codec for one connection} */
    Codec newCodec();
}
