package mqtt.resilient.impl.world;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.StoreBounds;
import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;
import mqtt.resilient.impl.session.StoreSettings;

/** The settings of a client under test: the shipped defaults, changed one by one. */
public record Settings(List<String> brokers, String clientId, String user, String password, Message will,
        boolean willOnStop, int keepAliveSeconds, int responseSeconds, long sessionExpirySeconds, int inflightMax, long inflightMaxBytes,
        double rate, int burst, int poisonAttempts, long storeMaxBytes, long storeMaxMessages, int maxAgeSeconds,
        boolean dropOldest, boolean qos0Offline, long qos0MaxBytes, int packetMaxBytes, int inboundQueue,
        long inboundMaxBytes, int inboundAttempts, int graceSeconds, boolean cluster, int failbackSeconds,
        int settleSeconds, int bounceAfter, int everyMinutes, int staySeconds) {
    private static final long SECOND = 1_000_000_000L;

    public static final Settings DEFAULT = new Settings(List.of("mqtt://broker"), "c", null, null, null, false, 60, 10, 604_800,
            100, 262_144, 0, 1, 5, 268_435_456, 0, 0, false, false, 4_194_304, 1_048_576, 1000, 16_777_216, 3, 300, false, 300, 0, 0, 0, 30);

    public ClientSettings build() {
        LinkSettings link = new LinkSettings(
                new LinkSettings.Brokers(brokers.stream().map(BrokerUri::parse).toList(), cluster, failbackSeconds * SECOND),
                new LinkSettings.Login(clientId, user, password == null ? null
                        : password.getBytes(StandardCharsets.UTF_8), will, willOnStop, keepAliveSeconds),
                new LinkSettings.Transport(null, null, List.of()),
                new LinkSettings.Timing(0, responseSeconds * SECOND, 10 * SECOND, SECOND / 4, 60 * SECOND, 30 * SECOND),
                new LinkSettings.Network(settleSeconds * SECOND, 300 * SECOND, bounceAfter),
                new LinkSettings.Schedule(everyMinutes * 60 * SECOND, staySeconds * SECOND), sessionExpirySeconds, false,
                packetMaxBytes, LinkSettings.Version.MQTT_3_1_1);
        return new ClientSettings(link, new SessionSettings(inflightMax, inflightMaxBytes, rate, burst, false, poisonAttempts),
                new DispatchSettings(inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds * SECOND),
                new StoreBounds(storeMaxBytes, storeMaxMessages, maxAgeSeconds * SECOND,
                        Collections.nCopies(4, StoreBounds.Lane.UNBOUNDED), dropOldest, qos0MaxBytes,
                        qos0Offline), StoreSettings.MEMORY, packetMaxBytes, new ClientSettings.NameServer("8.8.8.8", 53));
    }

    public Settings willOnStop(boolean newWillOnStop) {
        return new Settings(brokers, clientId, user, password, will, newWillOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings brokers(List<String> newBrokers) {
        return new Settings(newBrokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings clientId(String newClientId) {
        return new Settings(brokers, newClientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings user(String newUser) {
        return new Settings(brokers, clientId, newUser, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings password(String newPassword) {
        return new Settings(brokers, clientId, user, newPassword, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings will(Message newWill) {
        return new Settings(brokers, clientId, user, password, newWill, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings keepAliveSeconds(int newKeepAliveSeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, newKeepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings responseSeconds(int newResponseSeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, newResponseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings sessionExpirySeconds(long newSessionExpirySeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                newSessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings inflightMax(int newInflightMax) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, newInflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings inflightMaxBytes(long newInflightMaxBytes) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, newInflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings rate(double newRate) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, newRate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings burst(int newBurst) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, newBurst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings poisonAttempts(int newPoisonAttempts) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, newPoisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings storeMaxBytes(long newStoreMaxBytes) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, newStoreMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, staySeconds);
    }

    public Settings storeMaxMessages(long newStoreMaxMessages) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                newStoreMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes,
                inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings maxAgeSeconds(int newMaxAgeSeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, newMaxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes,
                inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings dropOldest(boolean newDropOldest) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, newDropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes,
                inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings qos0Offline(boolean newQos0Offline) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, newQos0Offline, qos0MaxBytes, packetMaxBytes,
                inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings qos0MaxBytes(long newQos0MaxBytes) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, newQos0MaxBytes, packetMaxBytes,
                inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings packetMaxBytes(int newPacketMaxBytes) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, newPacketMaxBytes,
                inboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings inboundQueue(int newInboundQueue) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes,
                newInboundQueue, inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds,
                settleSeconds, bounceAfter, everyMinutes, staySeconds);
    }

    public Settings inboundMaxBytes(long newInboundMaxBytes) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                newInboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds,
                bounceAfter, everyMinutes, staySeconds);
    }

    public Settings inboundAttempts(int newInboundAttempts) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, newInboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds,
                bounceAfter, everyMinutes, staySeconds);
    }

    public Settings graceSeconds(int newGraceSeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, newGraceSeconds, cluster, failbackSeconds, settleSeconds,
                bounceAfter, everyMinutes, staySeconds);
    }

    public Settings cluster(boolean newCluster) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, newCluster, failbackSeconds, settleSeconds,
                bounceAfter, everyMinutes, staySeconds);
    }

    public Settings failbackSeconds(int newFailbackSeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, newFailbackSeconds, settleSeconds,
                bounceAfter, everyMinutes, staySeconds);
    }

    public Settings settleSeconds(int newSettleSeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, newSettleSeconds,
                bounceAfter, everyMinutes, staySeconds);
    }

    public Settings bounceAfter(int newBounceAfter) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds,
                newBounceAfter, everyMinutes, staySeconds);
    }

    public Settings everyMinutes(int newEveryMinutes) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                newEveryMinutes, staySeconds);
    }

    public Settings staySeconds(int newStaySeconds) {
        return new Settings(brokers, clientId, user, password, will, willOnStop, keepAliveSeconds, responseSeconds,
                sessionExpirySeconds, inflightMax, inflightMaxBytes, rate, burst, poisonAttempts, storeMaxBytes,
                storeMaxMessages, maxAgeSeconds, dropOldest, qos0Offline, qos0MaxBytes, packetMaxBytes, inboundQueue,
                inboundMaxBytes, inboundAttempts, graceSeconds, cluster, failbackSeconds, settleSeconds, bounceAfter,
                everyMinutes, newStaySeconds);
    }
}
