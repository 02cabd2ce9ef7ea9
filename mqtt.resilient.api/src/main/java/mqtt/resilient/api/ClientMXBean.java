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

    /** {@return why the latest configuration was rejected; empty = it is in force} */
    String getConfigurationError();

    /** {@return the broker of the present connection or of the latest attempt} */
    String getBroker();

    /** {@return messages accepted} */
    long getAccepted();

    /** {@return messages rejected, for whatever reason; not accepted} */
    long getRejected();

    /** {@return accepted messages acknowledged by the broker, with QoS 0 written to the connection} */
    long getDelivered();

    /** {@return accepted messages whose time was over before they were sent} */
    long getExpired();

    /** {@return accepted messages withdrawn before they were sent} */
    long getCancelled();

    /** {@return accepted messages that the broker refused with a reason code} */
    long getRefused();

    /**
     * {@return accepted messages that are dead-lettered: the broker closed connections for them, and answered others}
     */
    long getDeadLettered();

    /** {@return accepted messages dropped by a bound, or QoS 0 lost with the connection} */
    long getDropped();

    /**
     * {@return accepted messages lost with the stop of the client; mostly the MXBean is unregistered before they are
     * counted}
     */
    long getClosed();

    /** {@return accepted messages that are not yet settled} */
    long getPending();

    /** {@return bytes of the pending messages, as counted for {@code store.max.bytes} and {@code qos0.max.bytes}} */
    long getPendingBytes();

    /** {@return how long the oldest pending message has been pending, in milliseconds; 0 = no message is pending} */
    long getOldestMillis();

    /** {@return messages sent and not acknowledged to the end} */
    int getInFlight();

    /**
     * {@return how long the broker took for the latest measured answer, in nanoseconds; 0 = none on this connection
     * yet, or no connection}
     */
    long getRoundTripNanos();

    /** {@return messages resent on a later connection} */
    long getResent();

    /** {@return messages received from the broker} */
    long getReceived();

    /** {@return QoS 2 messages that the broker resent; listeners got them once} */
    long getReceivedDuplicates();

    /** {@return received messages that are not yet handled} */
    int getUnhandled();

    /** {@return received messages that did not reach a listener; without those for which a listener threw} */
    long getReceivedDropped();

    /** {@return calls of listeners that threw} */
    long getListenerFailures();

    /** {@return acknowledgements for no message in flight} */
    long getStrayAcknowledgements();

    /** {@return connections that the broker accepted} */
    long getConnections();

    /** {@return attempts to connect} */
    long getAttempts();

    /** {@return sessions that were lost, by the broker or by a change of the broker or the client identifier} */
    long getSessionsLost();

    /** {@return subscriptions that the broker refused} */
    long getSubscriptionsRefused();

    /**
     * {@return events of this client that were dropped, because a handler of events blocked the thread that posts them}
     */
    long getEventsDropped();

    /** {@return the health of the store: the name of a {@link StoreHealth}} */
    String getStore();

    /** {@return why the store is not healthy; empty = it is healthy} */
    String getStoreReason();

    /** {@return the size of the journal in bytes} */
    long getStoreBytes();

    /** {@return bytes written to the store since it was opened} */
    long getStoreBytesWritten();

    /** {@return how often the disk was forced since the store was opened} */
    long getStoreForces();

    /** {@return damaged records of the journal, which are skipped} */
    long getStoreRecordsSkipped();

    /** {@return damaged segments of the journal, which are quarantined} */
    long getStoreSegmentsQuarantined();
}
