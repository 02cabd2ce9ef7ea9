package mqtt.resilient.spi.packet;

/** The peer broke the protocol; the connection must be closed [MQTT-4.8.0-1]. The message names the rule. */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Made by a decoder or the session.
     *
     * @param message what was wrong, with the value
     */
    public ProtocolException(String message) {
        super(message);
    }
}
