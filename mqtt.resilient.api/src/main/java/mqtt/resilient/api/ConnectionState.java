package mqtt.resilient.api;

/** The state of a client's connection. */
public enum ConnectionState {
    /** The client is starting or stopped, or its store is being changed. */
    OFFLINE,
    /** Back-off: the latest attempt or connection has ended, or attempts are suspended; the next one is planned. */
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
     * The client cannot work: there is no valid configuration, the store cannot be opened, or something that the
     * configuration requires (MQTT 5, an {@link Authenticator}) is missing. {@link ClientStatus#reason()} says which;
     * the client goes on by itself when the cause is gone.
     */
    FAILED
}
