package mqtt.resilient.spi.packet;

/**
 * AUTH (MQTT 5 section 3.15), and the authentication fields of CONNECT and CONNACK.
 *
 * @param code {@link #SUCCESS}, {@link #CONTINUE} or {@link #AGAIN}
 * @param method the Authentication Method; empty = none
 * @param data the Authentication Data; empty = none
 */
public record Auth(int code, String method, byte[] data) {
    /** The broker has accepted. */
    public static final int SUCCESS = 0;
    /** Another step follows. */
    public static final int CONTINUE = 0x18;
    /** The client authenticates again. */
    public static final int AGAIN = 0x19;
    /** No authentication method. */
    public static final Auth NONE = new Auth(SUCCESS, "", new byte[0]);

    /** {@return everything but the data, which may be secret} */
    @Override
    public String toString() {
        return "AUTH[code=" + code + ", method=" + method + "]";
    }
}
