package mqtt.resilient.api;

/** A message was not accepted. It will not be sent. */
public final class RejectedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** A bound of pending messages is reached, or the disk is full or does not keep up. */
        FULL,
        /** The message is larger than {@code packet.max.bytes} or than the protocol allows. */
        TOO_LARGE,
        /** QoS 0 while there is no connection and {@code qos0.offline} is off. */
        OFFLINE,
        /** The store cannot store it: it is not open, or failed. */
        STORE,
        /** The client has stopped. */
        CLOSED
    }

    /** Why. */
    private final Reason reason;

    /**
     * Made by the client.
     *
     * @param reason why
     * @param message in words: the field, the value, what is allowed and the configuration key
     */
    public RejectedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** {@return why} */
    public Reason reason() {
        return reason;
    }
}
