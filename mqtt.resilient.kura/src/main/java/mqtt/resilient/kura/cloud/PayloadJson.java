package mqtt.resilient.kura.cloud;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import java.util.TreeMap;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.message.KuraPosition;

/**
 * A payload as JSON, in the form of Kura's {@code CloudPayloadJsonEncoder}: {@code sentOn}, {@code position},
 * {@code metrics} and {@code body}. {@link PayloadJsonReader} is the way back.
 */
final class PayloadJson {
    static final String SENT_ON = "sentOn";
    static final String POSITION = "position";
    static final String METRICS = "metrics";
    static final String BODY = "body";

    private final StringBuilder text = new StringBuilder();
    /** Whether the object that is being written has a member already. */
    private boolean begun;

    private PayloadJson() {
    }

    static byte[] encode(KuraPayload payload) {
        PayloadJson json = new PayloadJson();
        json.open();
        json.member(SENT_ON, millis(payload.getTimestamp()));
        if (payload.getPosition() != null) {
            json.name(POSITION).open();
            json.position(payload.getPosition());
            json.close();
        }
        json.name(METRICS).open();
        new TreeMap<>(payload.metrics()).forEach(json::member);
        json.close();
        json.member(BODY, payload.getBody());
        json.close();
        return json.text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void position(KuraPosition position) {
        member("latitude", position.getLatitude());
        member("longitude", position.getLongitude());
        member("altitude", position.getAltitude());
        member("heading", position.getHeading());
        member("precision", position.getPrecision());
        member("satellites", position.getSatellites());
        member("speed", position.getSpeed());
        member("timestamp", millis(position.getTimestamp()));
        member("status", position.getStatus());
    }

    private static Long millis(Date date) {
        return date == null ? null : date.getTime();
    }

    private void open() {
        text.append('{');
        begun = false;
    }

    private void close() {
        text.append('}');
        begun = true;
    }

    private PayloadJson name(String name) {
        if (begun) {
            text.append(',');
        }
        begun = true;
        string(name);
        text.append(':');
        return this;
    }

    /** Writes a member, but none for what JSON has no value for: Kura's decoder takes nothing that holds a null. */
    private void member(String name, Object value) {
        boolean notANumber = value instanceof Double number && !Double.isFinite(number)
                || value instanceof Float small && !Float.isFinite(small);
        if (value == null || notANumber) {
            return;
        }
        name(name);
        if (value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else if (value instanceof byte[] bytes) {
            string(Base64.getEncoder().encodeToString(bytes));
        } else {
            string(value.toString());
        }
    }

    private void string(String value) {
        text.append('"');
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
