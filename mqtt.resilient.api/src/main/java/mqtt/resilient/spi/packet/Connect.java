package mqtt.resilient.spi.packet;

import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.UserProperty;

/**
 * CONNECT (MQTT 3.1.1 and 5 section 3.1).
 *
 * @param clientId the client identifier; empty = the broker assigns one
 * @param cleanStart whether the broker discards its session
 * @param keepAliveSeconds 0 (none) to 65,535
 * @param user the user name, or null
 * @param password the password, or null
 * @param will the will, or null
 * @param options what only MQTT 5 sends
 */
public record Connect(String clientId, boolean cleanStart, int keepAliveSeconds, String user, byte[] password,
        Message will, Options options) {
    /**
     * What only MQTT 5 sends.
     *
     * @param sessionExpirySeconds how long the broker keeps the session without a connection
     * @param receiveMaximum how many QoS 1 and 2 messages may be in flight to this side, 1 to 65,535
     * @param packetMaxBytes the largest packet this side accepts
     * @param topicAliasMaximum how many topic aliases this side accepts, 0 to 65,535, and how many it uses at most
     * @param willDelaySeconds how long the broker waits before it publishes the will
     * @param userProperties in order
     * @param authentication the method and the first data of an enhanced authentication; {@link Auth#NONE} = none
     */
    public record Options(long sessionExpirySeconds, int receiveMaximum, int packetMaxBytes, int topicAliasMaximum,
            long willDelaySeconds, List<UserProperty> userProperties, Auth authentication) {
        /** {@return everything but the values of the user properties, which may be secrets} */
        @Override
        public String toString() {
            return "Options[sessionExpiry=" + sessionExpirySeconds + " s, receiveMaximum=" + receiveMaximum
                    + ", packetMax="
                    + packetMaxBytes + ", topicAliasMaximum=" + topicAliasMaximum + ", willDelay=" + willDelaySeconds
                    + " s, userProperties="
                    + userProperties.stream().map(UserProperty::name).toList() + ", authentication="
                    + authentication.method() + "]";
        }
    }

    /**
     * The same with an enhanced authentication.
     *
     * @param authentication the method and the first data
     * @return the packet
     */
    public Connect with(Auth authentication) {
        return new Connect(clientId, cleanStart, keepAliveSeconds, user, password, will,
                new Options(options.sessionExpirySeconds, options.receiveMaximum, options.packetMaxBytes,
                        options.topicAliasMaximum, options.willDelaySeconds, options.userProperties, authentication));
    }

    /** {@return everything but the user and the password} */
    @Override
    public String toString() {
        return "CONNECT[clientId=" + clientId + ", cleanStart=" + cleanStart + ", keepAlive=" + keepAliveSeconds
                + " s" + (will == null ? "" : ", will=" + will) + "]";
    }
}
