package mqtt.resilient.api;

/** What a message survives once {@link Publication#stored()} has completed. */
public enum Durability {
    /** QoS 0: nothing, not even the loss of the connection. */
    VOLATILE,
    /** The loss of the connection and a failure of the broker; not the end of this process. */
    MEMORY,
    /** The end of this process, however it comes; a power cut may take the last {@code store.force.ms}. */
    PROCESS,
    /** A power cut: the message was written and forced to the disk. */
    POWER
}
