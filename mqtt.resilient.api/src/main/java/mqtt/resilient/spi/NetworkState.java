package mqtt.resilient.spi;

/** Whether the machine has a network to try. */
public enum NetworkState {
    /** There is a way out: an attempt is worth making now. */
    UP,
    /** There is none: only the machine itself and its neighbours can be reached. */
    DOWN,
    /** Nobody knows: try. */
    UNKNOWN
}
