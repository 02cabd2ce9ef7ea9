package mqtt.resilient.spi.packet;

/** The peer broke the protocol; the connection must be closed [MQTT-4.8.0-1]. The message names the rule. */
public final class ProtocolException extends Exception {
    /** MQTT 5 reason code: a packet that cannot be parsed. */
    public static final int MALFORMED = 0x81;
    /** MQTT 5 reason code: a packet or field that is not allowed, or not now. */
    public static final int PROTOCOL_ERROR = 0x82;
    /** MQTT 5 reason code: a topic alias that is not allowed or not known. */
    public static final int TOPIC_ALIAS_INVALID = 0x94;
    /** MQTT 5 reason code: a packet that is larger than allowed. */
    public static final int PACKET_TOO_LARGE = 0x95;

    private static final long serialVersionUID = 1L;

    /** The reason code of the DISCONNECT; 0 = the peer does not speak MQTT. */
    private final int reasonCode;

    /**
     * Made by a decoder or the session for a packet or field that is not allowed, or not now.
     *
     * @param message what was wrong, with the value
     */
    public ProtocolException(String message) {
        this(PROTOCOL_ERROR, message);
    }

    /**
     * Made by a decoder or the session.
     *
     * @param reasonCode the reason code of the DISCONNECT (MQTT 5 section 4.13); 0 = the peer does not speak MQTT
     * @param message what was wrong, with the value
     */
    public ProtocolException(int reasonCode, String message) {
        super(message);
        this.reasonCode = reasonCode;
    }

    /** {@return the reason code of the DISCONNECT; 0 = none is sent} */
    public int reasonCode() {
        return reasonCode;
    }
}
