package mqtt.resilient.spi.packet;

import mqtt.resilient.api.Message;

/**
 * CONNECT (MQTT 3.1.1 section 3.1).
 *
 * @param clientId the client identifier; empty = the broker assigns one
 * @param cleanStart whether the broker discards its session
 * @param keepAliveSeconds 0 (none) to 65,535
 * @param user the user name, or null
 * @param password the password, or null
 * @param will the will, or null
 */
public record Connect(String clientId, boolean cleanStart, int keepAliveSeconds, String user, byte[] password,
        Message will) {

    /** {@return everything but the user and the password} */
    @Override
    public String toString() {
        return "CONNECT[clientId=" + clientId + ", cleanStart=" + cleanStart + ", keepAlive=" + keepAliveSeconds
                + " s" + (will == null ? "" : ", will=" + will) + "]";
    }
}
