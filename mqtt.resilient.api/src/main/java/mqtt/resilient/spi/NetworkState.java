package mqtt.resilient.spi;

/** Whether the gateway has a network. */
public enum NetworkState {
    /** There is a route to other networks: an attempt may succeed. */
    UP,
    /** There is none: only the gateway itself and its neighbours can be reached. */
    DOWN,
    /** Not known: attempts are made. */
    UNKNOWN
}
