package mqtt.resilient.api;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The state of a client at one moment; immutable.
 *
 * @param client the client's name
 * @param state the state
 * @param since when the client entered that state
 * @param reason why the client is in that state, in words
 * @param broker the broker of the present connection or of the latest attempt, without user or password; empty before
 *        the first attempt
 * @param clientId the MQTT client identifier in use
 * @param protocol the protocol in use, for example {@code 3.1.1}
 * @param attempt the number of attempts since the last connection, 0 while connected
 * @param nextAttempt the time until the next attempt; zero = none is planned
 * @param sessionPresent whether the broker resumed a session on the present connection
 * @param configurationError why the latest configuration was rejected; empty = it is in force
 * @param reasonCode the broker's code of the refusal or DISCONNECT that led to this state: MQTT 5 section 2.4, with
 *        3.1.1 the return code of CONNACK (1 protocol version, 2 client identifier, 3 server unavailable, 4 user name
 *        or password, 5 not authorized); 0 = none
 * @param limits what the broker granted on the present or latest connection
 * @param store the health of the store
 * @param storeReason why the store is not healthy, in words; empty = it is healthy
 * @param brokers what the client knows of each broker of its list, in the order of preference
 */
public record ClientStatus(String client, ConnectionState state, Instant since, String reason, String broker,
        String clientId, String protocol, int attempt, Duration nextAttempt, boolean sessionPresent,
        String configurationError, int reasonCode, BrokerLimits limits, StoreHealth store, String storeReason,
        List<BrokerStatus> brokers) {
}
