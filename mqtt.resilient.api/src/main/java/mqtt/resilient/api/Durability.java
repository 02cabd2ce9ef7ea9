package mqtt.resilient.api;

/** What an accepted message survives. */
public enum Durability {
    /** QoS 0: not even the loss of the link. */
    VOLATILE,
    /** The loss of the link and of the broker; not the end of this process. */
    MEMORY
}
