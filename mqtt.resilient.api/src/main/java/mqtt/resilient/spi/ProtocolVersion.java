package mqtt.resilient.spi;

import org.osgi.annotation.versioning.ProviderType;

/** One version of MQTT. Stateless and safe from any thread. */
@ProviderType
public interface ProtocolVersion {
    /** {@return the name, for example {@code 3.1.1}} */
    String name();

    /** What a reason code of the broker asks of the client. */
    enum Reaction {
        /** Try again after the usual back-off, which begins anew after a stable connection: it will pass. */
        BACK_OFF,
        /** The same, but what was sent may be the cause. */
        SUSPECT,
        /** Somebody must remove the cause: try again seldom. */
        SLOW_RETRY,
        /** Another client has taken the session over. */
        TAKEN_OVER,
        /** Go to the server that is named. */
        REDIRECT,
        /** The broker does not speak this version. */
        FALL_BACK
    }

    /**
     * The words of the specification for a reason code.
     *
     * @param code the code of a CONNACK or DISCONNECT
     * @return the reason in words
     */
    String reason(int code);

    /**
     * What a reason code asks for.
     *
     * @param code the code of a CONNACK that refused, or of a DISCONNECT
     * @return what to do
     */
    Reaction reaction(int code);

    /**
     * Whether a message that was refused may be taken later.
     *
     * @param code the code of a PUBACK or PUBREC that refused
     * @return false if it is refused for good
     */
    boolean mayTakeLater(int code);

    /** {@return whether a clean start may begin a session that lasts: MQTT 5} */
    boolean hasSessionExpiry();

    /** {@return a codec for one connection} */
    Codec newCodec();
}
