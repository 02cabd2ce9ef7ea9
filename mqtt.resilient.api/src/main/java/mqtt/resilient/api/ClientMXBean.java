package mqtt.resilient.api;

/**
 * The figures of {@link ClientMetrics} for JMX, and the state; one MXBean for each client, with the object name
 * {@code mqtt.resilient:type=Client,name="<client>"}. Safe from any thread.
 */
public interface ClientMXBean {
    /** {@return the state} */
    String getState();

    /** {@return why the client is in that state} */
    String getReason();

    /** {@return when it entered that state, in milliseconds since 1970} */
    long getSinceMillis();

    /** {@return attempts since the last connection, 0 while connected} */
    int getAttempt();

    /** {@return the time until the next attempt, in milliseconds; 0 = none is planned} */
    long getNextAttemptMillis();

    /** {@return what is wrong with the configuration given last; empty = nothing} */
    String getConfigurationError();

    /** {@return the broker in use or tried last} */
    String getBroker();

    /** {@return messages admitted} */
    long getAccepted();

    /** {@return messages refused at admission, for whatever reason; not accepted} */
    long getRejected();

    /** {@return accepted messages acknowledged by the broker, with QoS 0 handed to the network} */
    long getDelivered();

    /** {@return accepted messages whose time was over before they were sent} */
    long getExpired();

    /** {@return accepted messages withdrawn before they were sent} */
    long getCancelled();

    /** {@return accepted messages that the broker refused with a reason} */
    long getRefused();

    /** {@return accepted messages that seemed to end connections} */
    long getDeadLettered();

    /** {@return accepted messages dropped by a bound, or QoS 0 lost with the link} */
    long getDropped();

    /** {@return accepted messages lost with the stop of the client; the MXBean is mostly gone before they are counted} */
    long getClosed();

    /** {@return accepted messages that have not come to their end} */
    long getPending();

    /** {@return what they count for against {@code store.max.bytes} and {@code qos0.max.bytes}} */
    long getPendingBytes();

    /** {@return how long the oldest pending message has been pending, in milliseconds; 0 = none is} */
    long getOldestMillis();

    /** {@return messages sent and not acknowledged to the end} */
    int getInFlight();

    /**
     * {@return how long the broker took for the latest answer that was measured, in nanoseconds; 0 = none on this connection
     * yet, or no connection}
     */
    long getRoundTripNanos();

    /** {@return messages sent again on a later connection} */
    long getResent();

    /** {@return messages from the broker} */
    long getReceived();

    /** {@return QoS 2 messages that came again and were not handed over again} */
    long getReceivedDuplicates();

    /** {@return received messages that listeners are not done with} */
    int getUnhandled();

    /** {@return received messages that a listener did not get; not those that it threw at} */
    long getReceivedDropped();

    /** {@return calls of listeners that threw} */
    long getListenerFailures();

    /** {@return acknowledgements that nothing waited for} */
    long getStrayAcknowledgements();

    /** {@return connections that the broker accepted} */
    long getConnections();

    /** {@return attempts to connect} */
    long getAttempts();

    /** {@return sessions that the broker had lost} */
    long getSessionsLost();

    /** {@return subscriptions that the broker refused} */
    long getSubscriptionsRefused();

    /** {@return how it is with the store: the name of a {@link StoreHealth}} */
    String getStore();

    /** {@return why it is not well with the store; empty = it is} */
    String getStoreReason();

    /** {@return the length of the store's files} */
    long getStoreBytes();

    /** {@return bytes written to the store since it was opened} */
    long getStoreBytesWritten();

    /** {@return how often the disk was forced since then} */
    long getStoreForces();

    /** {@return records of the store that were damaged} */
    long getStoreRecordsSkipped();

    /** {@return files of the store that were put aside} */
    long getStoreSegmentsQuarantined();
}
