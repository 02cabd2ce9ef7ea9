package mqtt.resilient.api;

/**
 * The metrics of a client at one moment, counted since the client was made; immutable. While nothing changes
 * {@code accepted = delivered + expired + cancelled + refused + deadLettered + dropped + closed + pending}: every
 * accepted message is settled in exactly one way.
 *
 * @param accepted messages accepted
 * @param rejected messages rejected, for whatever {@link RejectedException.Reason}; not accepted
 * @param delivered accepted messages acknowledged by the broker, with QoS 0 written to the connection
 * @param expired accepted messages whose time was over before they were sent
 * @param cancelled accepted messages withdrawn before they were sent
 * @param refused accepted messages that the broker refused with a reason code
 * @param deadLettered accepted messages that were given up, because the broker closed connections for them, and
 *        answered others
 * @param dropped accepted messages dropped by a bound, or QoS 0 lost with the connection
 * @param closed accepted messages lost with the stop of the client
 * @param pending accepted messages that are not yet settled
 * @param pendingBytes their bytes, as counted for {@code store.max.bytes} and {@code qos0.max.bytes}
 * @param oldestMillis how long the oldest of them has been pending, in milliseconds; 0 = none is pending
 * @param inFlight messages sent and not acknowledged to the end
 * @param roundTripNanos how long the broker took for the latest measured answer to messages or a ping, in nanoseconds;
 *        0 = none on this connection yet, or no connection
 * @param resent messages resent on a later connection
 * @param received messages received from the broker
 * @param receivedDuplicates QoS 2 messages that the broker resent; listeners got them once
 * @param unhandled received messages that are not yet handled
 * @param receivedDropped received messages that did not reach a listener; without those for which a listener threw
 * @param listenerFailures calls of listeners that threw
 * @param strayAcknowledgements acknowledgements for no message in flight
 * @param connections connections that the broker accepted
 * @param attempts attempts to connect
 * @param sessionsLost sessions that were lost, by the broker or by a change of the broker or the client identifier
 * @param subscriptionsRefused subscriptions that the broker refused
 * @param eventsDropped events of this client that were dropped, because a handler of events blocked the thread that
 *        posts them
 * @param storeBytes the size of the journal
 * @param storeBytesWritten bytes written to the store since it was opened
 * @param storeForces how often the disk was forced since the store was opened
 * @param storeRecordsSkipped damaged records of the journal, which are skipped
 * @param storeSegmentsQuarantined damaged segments of the journal, which are quarantined
 */
public record ClientMetrics(long accepted, long rejected, long delivered, long expired, long cancelled, long refused,
        long deadLettered, long dropped, long closed, long pending, long pendingBytes, long oldestMillis, int inFlight,
        long roundTripNanos, long resent, long received, long receivedDuplicates, int unhandled,
        long receivedDropped, long listenerFailures, long strayAcknowledgements, long connections, long attempts,
        long sessionsLost, long subscriptionsRefused, long eventsDropped,
        long storeBytes, long storeBytesWritten, long storeForces, long storeRecordsSkipped,
        long storeSegmentsQuarantined) {
}
