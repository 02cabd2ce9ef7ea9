package mqtt.resilient.console.model;

import java.time.Duration;
import java.time.Instant;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;

/**
 * How long a client has been connected, or has not been. The attempts of an outage are one stretch.
 *
 * @param connected whether it is
 * @param since since when, by the gateway's clock
 * @param nanoTime the same by the clock that does not step
 */
public record Stretch(boolean connected, Instant since, long nanoTime) {
    /** {@return the one that begins with the state that a client is in} */
    static Stretch of(ClientStatus status) {
        return new Stretch(isConnected(status), status.since(),
                System.nanoTime() - Math.max(0, Duration.between(status.since(), Instant.now()).toMillis()) * 1_000_000);
    }

    static boolean isConnected(ClientStatus status) {
        return status.state() == ConnectionState.ONLINE;
    }

    /** {@return how long it has lasted} */
    public Duration lasts() {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }
}
