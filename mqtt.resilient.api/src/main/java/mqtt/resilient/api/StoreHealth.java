package mqtt.resilient.api;

/** How it is with the store of a client. Every state but {@link #OK} is left by itself when its cause is gone. */
public enum StoreHealth {
    /** The store is being opened: nothing but QoS 0 is accepted. */
    OPENING,
    /** All is well. */
    OK,
    /**
     * The disk is very slow, a write has failed and is being tried again elsewhere, or reading or tidying up has failed.
     * Messages are accepted.
     */
    DEGRADED,
    /**
     * There is too little disk space, or too much waits for a disk that does not keep up: nothing but QoS 0 is accepted, what
     * is stored is delivered.
     */
    FULL,
    /** The store cannot be opened or written, or there is no usable configuration: nothing but QoS 0 is accepted. */
    FAILED
}
