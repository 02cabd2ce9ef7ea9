package mqtt.resilient.spi.packet;

import mqtt.resilient.api.BrokerLimits;

/**
 * CONNACK (MQTT 3.1.1 and 5 section 3.2).
 *
 * @param sessionPresent whether the broker resumed a session
 * @param code 0 = accepted
 * @param limits what the broker granted, with its Reason String
 * @param serverReference the server to use instead (Server Reference); empty = none
 * @param authentication the method and the last data of an enhanced authentication; {@link Auth#NONE} = none
 */
public record Connack(boolean sessionPresent, int code, BrokerLimits limits, String serverReference,
        Auth authentication) {
}
