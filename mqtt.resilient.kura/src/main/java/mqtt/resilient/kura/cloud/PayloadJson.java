package mqtt.resilient.kura.cloud;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.kura.message.KuraPayload;

/** A payload without a body as JSON, with the names that Kura uses: what a wire graph publishes. */
final class PayloadJson {
    private final StringBuilder text = new StringBuilder();

    private PayloadJson() {
    }

    static byte[] encode(KuraPayload payload) {
        PayloadJson json = new PayloadJson();
        json.text.append('{');
        if (payload.getTimestamp() != null) {
            json.text.append("\"sentOn\":").append(payload.getTimestamp().getTime()).append(',');
        }
        json.text.append("\"metrics\":{");
        String comma = "";
        for (Map.Entry<String, Object> metric : new TreeMap<>(payload.metrics()).entrySet()) {
            json.text.append(comma);
            json.string(metric.getKey()).append(':');
            json.value(metric.getValue());
            comma = ",";
        }
        return json.text.append("}}").toString().getBytes(StandardCharsets.UTF_8);
    }

    private void value(Object value) {
        boolean notANumber = value instanceof Double number && !Double.isFinite(number)
                || value instanceof Float small && !Float.isFinite(small);
        if (value == null || notANumber) { // JSON knows neither NaN nor infinity
            text.append("null");
        } else if (value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else if (value instanceof byte[] bytes) {
            string(Base64.getEncoder().encodeToString(bytes));
        } else {
            string(value.toString());
        }
    }

    private StringBuilder string(String value) {
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
        return text.append('"');
    }
}
