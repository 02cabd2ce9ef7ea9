package mqtt.resilient.api;

/** How it is with the store of a client. Every state but {@link #OK} is left by itself when its cause is gone. */
public enum StoreHealth {
    /** The store is being opened. */
    OPENING,
    /** All is well. */
    OK,
    /** The disk is very slow, or a write has failed and is being tried again elsewhere. */
    DEGRADED,
    /** There is too little disk space: nothing more is accepted, what is stored is delivered. */
    FULL,
    /** The store cannot be opened or written: nothing is accepted. */
    FAILED
}
