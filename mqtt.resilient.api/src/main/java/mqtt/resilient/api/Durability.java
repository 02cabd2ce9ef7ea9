package mqtt.resilient.api;

/** What a message survives once {@link Publication#stored()} has completed. */
public enum Durability {
    /** QoS 0: not even the loss of the link. */
    VOLATILE,
    /** The loss of the link and of the broker; not the end of this process. */
    MEMORY,
    /** The end of this process, however it comes; a power cut may take the last {@code store.force.ms}. */
    PROCESS,
    /** A power cut: the message is on the disk, forced. */
    POWER
}
