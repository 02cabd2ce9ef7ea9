package mqtt.resilient.api;

import java.util.List;

/**
 * What a broker granted with its CONNACK (MQTT 5 section 3.2.2.3); immutable. The client observes the limits by itself.
 *
 * @param sessionExpirySeconds how long the broker keeps the session without a connection; -1 = as asked for
 * @param receiveMaximum how many QoS 1 and 2 messages may be in flight to it, 1 to 65,535
 * @param maximumQos the highest quality of service it accepts
 * @param retainAvailable whether it keeps retained messages
 * @param maximumPacketBytes the largest packet it accepts, in bytes
 * @param topicAliasMaximum how many topic aliases it accepts, 0 to 65,535
 * @param wildcardSubscriptions whether it accepts filters with wildcards
 * @param subscriptionIdentifiers whether it accepts subscription identifiers
 * @param sharedSubscriptions whether it accepts shared subscriptions
 * @param keepAliveSeconds the keepalive that it requires instead of the configured one; -1 = the configured one
 * @param assignedClientId the client identifier that it assigned; empty = it uses the one of the client
 * @param responseInformation Response Information, from which response topics can be made; empty = none
 * @param reason its Reason String; empty = none
 * @param userProperties its user properties, in order
 */
public record BrokerLimits(long sessionExpirySeconds, int receiveMaximum, Qos maximumQos, boolean retainAvailable,
        long maximumPacketBytes, int topicAliasMaximum, boolean wildcardSubscriptions, boolean subscriptionIdentifiers,
        boolean sharedSubscriptions, int keepAliveSeconds, String assignedClientId, String responseInformation,
        String reason, List<UserProperty> userProperties) {
    /** The limits of a broker that names none: MQTT 3.1.1, or no connection. */
    public static final BrokerLimits NONE = new BrokerLimits(-1, 65_535, Qos.EXACTLY_ONCE, true, 268_435_460, 0, true,
            false, true, -1, "", "", "", List.of());

    /** {@return everything but the values of the user properties, which may be secrets} */
    @Override
    public String toString() {
        return "BrokerLimits[sessionExpiry=" + sessionExpirySeconds + " s, receiveMaximum=" + receiveMaximum
                + ", maximumQos="
                + maximumQos + ", retainAvailable=" + retainAvailable + ", maximumPacket=" + maximumPacketBytes
                + " bytes, topicAliasMaximum=" + topicAliasMaximum + ", wildcardSubscriptions=" + wildcardSubscriptions
                + ", subscriptionIdentifiers=" + subscriptionIdentifiers + ", sharedSubscriptions="
                + sharedSubscriptions
                + ", keepAlive=" + keepAliveSeconds + " s, assignedClientId=" + assignedClientId
                + ", responseInformation="
                + responseInformation + ", reason=" + reason + ", userProperties="
                + userProperties.stream().map(UserProperty::name).toList() + "]";
    }
}
