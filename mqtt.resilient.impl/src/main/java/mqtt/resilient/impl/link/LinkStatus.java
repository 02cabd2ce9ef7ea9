package mqtt.resilient.impl.link;

import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.BrokerStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.spi.OutsideText;

/**
 * Where a client stands; immutable.
 *
 * @param state the state
 * @param sinceMillis when it was entered, wall clock
 * @param reason why, in words
 * @param broker the broker in use or tried last
 * @param clientId the client identifier in use
 * @param protocol the version of MQTT in use; empty = none was
 * @param attempt the attempts since the last connection
 * @param nextAttempt when the next attempt begins, monotonic; 0 = none is planned
 * @param reasonCode the broker's code for the latest refusal or DISCONNECT; 0 = none
 * @param limits what the broker granted on the present or latest connection
 * @param sessionPresent whether the broker resumed the session
 * @param sessionLost whether the broker had lost it
 * @param permanent whether the last failure is one that somebody must remove
 * @param brokers what is known of each broker of the list, in its order
 */
public record LinkStatus(ConnectionState state, long sinceMillis, String reason, String broker, String clientId,
        String protocol, int attempt, long nextAttempt, int reasonCode, BrokerLimits limits, boolean sessionPresent,
        boolean sessionLost, boolean permanent, List<BrokerStatus> brokers) {
    private static final long NANOS_PER_MILLI = 1_000_000L;

    /** Makes the reason one line. */
    public LinkStatus {
        reason = OutsideText.oneLine(reason); // the broker's words, or those of the network or the configuration
    }

    /** The same for another reason. */
    LinkStatus with(String newReason) {
        return new LinkStatus(state, sinceMillis, newReason, broker, clientId, protocol, attempt, nextAttempt,
                reasonCode, limits, sessionPresent, sessionLost, permanent, brokers);
    }

    /** Milliseconds until the next attempt; 0 when it begins or none is planned. */
    public long millisToNextAttempt(long now) {
        return nextAttempt == 0 ? 0 : Math.max(0, (nextAttempt - now) / NANOS_PER_MILLI);
    }
}
