package mqtt.resilient.api;

/** Where a client stands on its way to a broker. */
public enum ConnectionState {
    /** The client is being started or is stopped. */
    OFFLINE,
    /** The last attempt failed; the next one has its time. */
    WAITING,
    /** The broker's name is being resolved. */
    RESOLVING,
    /** The network connection is being made. */
    CONNECTING,
    /** CONNECT is sent; the broker has not answered. */
    HANDSHAKE,
    /** Connected: messages flow. */
    ONLINE,
    /** {@link ResilientMqttClient#disconnect()} was called, or the schedule waits for its next window. */
    PAUSED,
    /** The configuration is not usable; {@link ClientStatus#reason()} says why. */
    FAILED
}
