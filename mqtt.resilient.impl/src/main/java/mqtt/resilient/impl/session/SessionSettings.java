package mqtt.resilient.impl.session;

import mqtt.resilient.api.Message;

/**
 * The session's part of the configuration.
 *
 * @param inflightMax 1 to 65,000 messages
 * @param inflightMaxBytes at least 1
 * @param ratePerSecond messages per second, 0 = no limit
 * @param rateBurst at least 1
 * @param strict whether a message is refused where the broker takes only a lower QoS or no retained messages
 * @param poisonAttempts connections in a row that one message may seem to end, 0 = no dead letters
 * @param birth sent on each connection before anything else; null = nothing is
 */
public record SessionSettings(int inflightMax, long inflightMaxBytes, double ratePerSecond, int rateBurst,
        boolean strict, int poisonAttempts, Message birth) {
}
