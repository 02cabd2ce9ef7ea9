package mqtt.resilient.api;

import java.time.Instant;

/**
 * What a client knows of one broker of its list since it was started; immutable.
 *
 * @param broker the broker, without user or password
 * @param lastConnected when it last accepted a connection; {@link Instant#EPOCH} = it has not
 * @param lastFailure when an attempt at it, or a connection to it, last ended by itself; {@link Instant#EPOCH} = none
 *        has
 * @param failure how, in words; empty = there was no failure
 */
public record BrokerStatus(String broker, Instant lastConnected, Instant lastFailure, String failure) {
}
