package mqtt.resilient.api;

/** The health of a client's store. Every state but {@link #OK} ends by itself when its cause is gone. */
public enum StoreHealth {
    /** The store is being opened: only QoS 0 is accepted. */
    OPENING,
    /** Healthy. */
    OK,
    /**
     * The disk is very slow, or there is no thread that asks it; a write has failed and is retried in another segment;
     * reading or compacting has failed and is retried; or its directory is in a place that does not keep what is in it.
     * Messages are accepted.
     */
    DEGRADED,
    /**
     * There is too little disk space, so that only QoS 0 is accepted; or messages are rejected because a bound of the
     * backlog is reached ({@code store.max.bytes}, {@code store.max.messages}, {@code store.lanes}), or because the
     * disk does not keep up with writing: then each message is accepted for which there is space. The reason tells
     * which. Stored messages are delivered.
     */
    FULL,
    /** The store cannot be opened or written, or there is no valid configuration: only QoS 0 is accepted. */
    FAILED
}
