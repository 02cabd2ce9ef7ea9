package mqtt.resilient.console.model;

import java.time.Duration;
import java.time.Instant;

/**
 * How long a client has been connected, or has not been. The attempts of an outage are one stretch.
 *
 * @param connected whether it is
 * @param since since when, by the gateway's clock
 * @param nanoTime the same by the clock that does not step
 */
public record Stretch(boolean connected, Instant since, long nanoTime) {
    static Stretch of(boolean connected, Instant since) {
        return new Stretch(connected, since,
                System.nanoTime() - Math.max(0, Duration.between(since, Instant.now()).toMillis()) * 1_000_000);
    }

    /** {@return how long it has lasted} */
    public Duration lasts() {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }
}
