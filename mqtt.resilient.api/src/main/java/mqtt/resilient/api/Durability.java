package mqtt.resilient.api;

/** What an accepted message survives. */
public enum Durability {
    /** QoS 0: not even the loss of the link. */
    VOLATILE,
    /** The loss of the link and of the broker; not the end of this process. */
    MEMORY,
    /** The end of this process, however it comes; a power cut may take the last {@code store.force.ms}. */
    PROCESS,
    /** A power cut: the message was on the disk, forced, before it was accepted. */
    POWER
}
