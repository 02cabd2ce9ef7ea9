package mqtt.resilient.spi.packet;

import java.util.List;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.spi.OutsideText;

/**
 * The reason that the broker gives with an answer (MQTT 5 section 2.4).
 *
 * @param code the reason code; 0 in 3.1.1
 * @param text the Reason String; empty = none. A broker may write anything: control and format characters and line
 *        separators become {@code ?}, so that it is one harmless line wherever it is shown
 * @param userProperties in order
 */
public record Reason(int code, String text, List<UserProperty> userProperties) {
    /** Success, without a Reason String. */
    public static final Reason SUCCESS = new Reason(0, "", List.of());

    /**
     * Makes the text one line.
     *
     * @param code see above
     * @param text see above
     * @param userProperties see above
     */
    public Reason {
        text = OutsideText.oneLine(text);
    }

    /**
     * A reason of the client itself.
     *
     * @param code the reason code; 0 = none
     * @param text in words
     */
    public Reason(int code, String text) {
        this(code, text, List.of());
    }

    /** {@return everything but the values of the user properties, which may be secrets} */
    @Override
    public String toString() {
        return "Reason[code=" + code + ", text=" + text + ", userProperties="
                + userProperties.stream().map(UserProperty::name).toList() + "]";
    }
}
