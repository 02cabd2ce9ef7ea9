package mqtt.resilient.api;

/** Where a client stands on its way to a broker. */
public enum ConnectionState {
    /** The client is being started or is stopped, or its store is being changed. */
    OFFLINE,
    /** The last attempt or connection has ended, or attempts are held back; the next one has its time. */
    WAITING,
    /** The broker's name is being resolved. */
    RESOLVING,
    /** The network connection is being made. */
    CONNECTING,
    /** CONNECT is sent; the broker has not answered. */
    HANDSHAKE,
    /** Connected: messages flow. */
    ONLINE,
    /**
     * {@link ResilientMqttClient#disconnect()} was called, or the schedule waits for its next window; then
     * {@link ClientStatus#nextAttempt()} says when that is.
     */
    PAUSED,
    /**
     * It cannot work: there is no usable configuration, the store cannot be opened, or something it needs (MQTT 5, an
     * {@link Authenticator}) is not there. {@link ClientStatus#reason()} says which; it goes on when that is there.
     */
    FAILED
}
