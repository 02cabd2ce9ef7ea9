package mqtt.resilient.console.model;

import java.time.Duration;
import mqtt.resilient.api.ClientMetrics;

/**
 * How fast things go, from the figures at two moments.
 *
 * @param accepted messages accepted per second
 * @param delivered messages delivered per second
 * @param received messages received per second
 * @param backlog messages by which the backlog grows per second; negative = it shrinks
 */
public record Rates(double accepted, double delivered, double received, double backlog) {
    /**
     * Compares.
     *
     * @param before the figures then
     * @param after the figures now, of the same client
     * @param between the time between them, more than zero
     * @return the rates
     */
    public static Rates between(ClientMetrics before, ClientMetrics after, Duration between) {
        double seconds = between.toNanos() / 1e9;
        return new Rates((after.accepted() - before.accepted()) / seconds, (after.delivered() - before.delivered()) / seconds,
                (after.received() - before.received()) / seconds, (after.pending() - before.pending()) / seconds);
    }
}
