package mqtt.resilient.demo;

import java.util.Locale;
import java.util.Map;

/** Writes JSON (RFC 8259): objects of numbers, texts and further objects. */
final class Json {
    private Json() {
    }

    /**
     * An object.
     *
     * @param members names and values; a value is a Number, Boolean, String, Map or null
     * @return the JSON text
     */
    static String object(Map<String, ?> members) {
        StringBuilder json = new StringBuilder(32 + 24 * members.size());
        append(json, members);
        return json.toString();
    }

    private static void append(StringBuilder json, Object value) {
        if (value instanceof Map<?, ?> members) {
            char separator = '{';
            for (Map.Entry<?, ?> member : members.entrySet()) {
                appendText(json.append(separator), String.valueOf(member.getKey()));
                append(json.append(':'), member.getValue());
                separator = ',';
            }
            json.append(members.isEmpty() ? "{}" : "}");
        } else if (value instanceof Double number) {
            // JSON has no NaN and no infinity.
            json.append(Double.isFinite(number) ? trimmed(number) : "null");
        } else if (value instanceof Number || value instanceof Boolean || value == null) {
            json.append(value);
        } else {
            appendText(json, value.toString());
        }
    }

    private static String trimmed(double number) {
        String text = String.format(Locale.ROOT, "%.3f", number);
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }

    private static void appendText(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < 0x20 || Character.isSurrogate(c)) {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
