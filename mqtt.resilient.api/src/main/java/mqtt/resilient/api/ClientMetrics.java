package mqtt.resilient.api;

/**
 * The figures of a client at one moment, counted since it was made. At rest
 * {@code accepted = delivered + expired + cancelled + refused + deadLettered + dropped + closed + pending}: every accepted
 * message ends in exactly one way.
 *
 * @param accepted messages admitted
 * @param rejected messages refused at admission, for whatever {@link RejectedException.Reason}; not accepted
 * @param delivered accepted messages acknowledged by the broker, with QoS 0 handed to the network
 * @param expired accepted messages whose time was over before they were sent
 * @param cancelled accepted messages withdrawn before they were sent
 * @param refused accepted messages that the broker refused with a reason
 * @param deadLettered accepted messages that seemed to end connections
 * @param dropped accepted messages dropped by a bound, or QoS 0 lost with the link
 * @param closed accepted messages lost with the stop of the client
 * @param pending accepted messages that have not come to their end
 * @param pendingBytes what they count for against {@code store.max.bytes} and {@code qos0.max.bytes}
 * @param oldestMillis how long the oldest of them has been pending, in milliseconds; 0 = none is
 * @param inFlight messages sent and not acknowledged to the end
 * @param roundTripNanos how long the broker took for the latest answer to messages or a ping that was measured, in
 *        nanoseconds; 0 = none on this connection yet, or no connection
 * @param resent messages sent again on a later connection
 * @param received messages from the broker
 * @param receivedDuplicates QoS 2 messages that came again and were not handed over again
 * @param unhandled received messages that listeners are not done with
 * @param receivedDropped received messages that a listener did not get; not those that it threw at until they were given up
 * @param listenerFailures calls of listeners that threw
 * @param strayAcknowledgements acknowledgements that nothing waited for
 * @param connections connections that the broker accepted
 * @param attempts attempts to connect
 * @param sessionsLost sessions that were lost, by the broker or by a change of the broker or the client id
 * @param subscriptionsRefused subscriptions that the broker refused
 * @param storeBytes the length of the store's files
 * @param storeBytesWritten bytes written to the store since it was opened
 * @param storeForces how often the disk was forced since then
 * @param storeRecordsSkipped records of the store that were damaged
 * @param storeSegmentsQuarantined files of the store that were put aside
 */
public record ClientMetrics(long accepted, long rejected, long delivered, long expired, long cancelled, long refused,
        long deadLettered, long dropped, long closed, long pending, long pendingBytes, long oldestMillis, int inFlight,
        long roundTripNanos, long resent, long received, long receivedDuplicates, int unhandled,
        long receivedDropped, long listenerFailures, long strayAcknowledgements, long connections, long attempts, long sessionsLost, long subscriptionsRefused,
        long storeBytes, long storeBytesWritten, long storeForces, long storeRecordsSkipped,
        long storeSegmentsQuarantined) {
}
