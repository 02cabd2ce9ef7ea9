package mqtt.resilient.api;

/** The health of a client's store. Every state but {@link #OK} ends by itself when its cause is gone. */
public enum StoreHealth {
    /** The store is being opened: only QoS 0 is accepted. */
    OPENING,
    /** Healthy. */
    OK,
    /**
     * The disk is very slow, or there is no thread that asks it; a write has failed and is retried in another segment; or
     * reading or compacting has failed and is retried. Messages are accepted.
     */
    DEGRADED,
    /**
     * There is too little disk space, or the disk does not keep up with writing: only QoS 0 is accepted, stored messages are
     * delivered.
     */
    FULL,
    /** The store cannot be opened or written, or there is no valid configuration: only QoS 0 is accepted. */
    FAILED
}
