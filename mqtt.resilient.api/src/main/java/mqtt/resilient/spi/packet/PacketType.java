package mqtt.resilient.spi.packet;

/** The numbers of the control packets (MQTT 3.1.1 table 2.1, MQTT 5 table 2-1). */
public final class PacketType {
    /** Client to server: request to connect. */
    public static final int CONNECT = 1;
    /** Server to client: answer to CONNECT. */
    public static final int CONNACK = 2;
    /** A message. */
    public static final int PUBLISH = 3;
    /** QoS 1: acknowledged. */
    public static final int PUBACK = 4;
    /** QoS 2, first answer: received. */
    public static final int PUBREC = 5;
    /** QoS 2, second request: release. */
    public static final int PUBREL = 6;
    /** QoS 2, second answer: complete. */
    public static final int PUBCOMP = 7;
    /** Client to server: subscribe. */
    public static final int SUBSCRIBE = 8;
    /** Server to client: answer to SUBSCRIBE. */
    public static final int SUBACK = 9;
    /** Client to server: unsubscribe. */
    public static final int UNSUBSCRIBE = 10;
    /** Server to client: answer to UNSUBSCRIBE. */
    public static final int UNSUBACK = 11;
    /** Client to server: ping. */
    public static final int PINGREQ = 12;
    /** Server to client: answer to PINGREQ. */
    public static final int PINGRESP = 13;
    /** The sender closes. */
    public static final int DISCONNECT = 14;
    /** MQTT 5: a step of an enhanced authentication. */
    public static final int AUTH = 15;

    private static final String[] NAMES = { "reserved packet type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK",
        "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP",
        "DISCONNECT", "AUTH" };

    private PacketType() {
    }

    /**
     * The name of a packet type.
     *
     * @param type 0 to 15
     * @return the name in the specification
     */
    public static String name(int type) {
        return NAMES[type];
    }
}
