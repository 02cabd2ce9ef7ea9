package mqtt.resilient.impl.link;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import mqtt.resilient.api.Message;

/**
 * The link's part of the configuration.
 *
 * @param brokers in order; at least one
 * @param clientId the MQTT client identifier
 * @param user the user name, or null
 * @param password the password, or null
 * @param will the will, or null
 * @param keepAliveSeconds 0 to 65,535
 * @param pingNanos at least one second, or 0 = a quarter of the keepalive
 * @param responseNanos how long to wait for an answer of the broker
 * @param connectNanos how long a connection may take to be made
 * @param sessionExpirySeconds 0 = a clean session on every connection
 * @param backoffMinNanos the shortest wait between attempts
 * @param backoffMaxNanos the longest wait between attempts
 * @param stableNanos how long a link must be up for the back-off to begin anew
 * @param packetMaxBytes the largest packet taken from the broker
 */
public record LinkSettings(List<BrokerUri> brokers, String clientId, String user, byte[] password, Message will,
        int keepAliveSeconds, long pingNanos, long responseNanos, long connectNanos, long sessionExpirySeconds,
        long backoffMinNanos, long backoffMaxNanos, long stableNanos, int packetMaxBytes) {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long PING_WITHOUT_KEEPALIVE_NANOS = 20 * NANOS_PER_SECOND;

    /** Idle time after which a ping is due: at most half of the keepalive, also when the user wants longer. */
    long effectivePingNanos() {
        if (keepAliveSeconds == 0) {
            return pingNanos == 0 ? PING_WITHOUT_KEEPALIVE_NANOS : Math.min(pingNanos, PING_WITHOUT_KEEPALIVE_NANOS);
        }
        long keepAlive = keepAliveSeconds * NANOS_PER_SECOND;
        return pingNanos == 0 ? keepAlive / 4 : Math.min(pingNanos, keepAlive / 2);
    }

    /** Whether a link made with these settings cannot serve the others. */
    boolean needsReconnect(LinkSettings other) {
        return !brokers.equals(other.brokers) || !clientId.equals(other.clientId) || !Objects.equals(user, other.user)
                || !Arrays.equals(password, other.password) || !sameWill(other.will)
                || keepAliveSeconds != other.keepAliveSeconds
                || sessionExpirySeconds == 0 != (other.sessionExpirySeconds == 0)
                || packetMaxBytes != other.packetMaxBytes;
    }

    private boolean sameWill(Message other) {
        return will == null || other == null ? will == other
                : will.topic().equals(other.topic()) && Arrays.equals(will.payload(), other.payload())
                        && will.qos() == other.qos() && will.retain() == other.retain();
    }

    /** {@return brokers and client id; no credentials} */
    @Override
    public String toString() {
        return "LinkSettings[" + brokers + ", clientId=" + clientId + "]";
    }
}
