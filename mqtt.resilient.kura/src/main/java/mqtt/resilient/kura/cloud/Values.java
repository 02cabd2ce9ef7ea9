package mqtt.resilient.kura.cloud;

import java.util.Map;

/** Reads values of any type as the one that is meant. */
final class Values {
    private Values() {
    }

    static String text(Map<String, ?> values, String key, String other) {
        Object value = values.get(key);
        return value == null ? other : value.toString().strip();
    }

    /** A text that must be there. */
    static String require(Map<String, ?> values, String key) {
        String text = text(values, key, "");
        if (text.isEmpty()) {
            throw invalid(key, text, "at least one character");
        }
        return text;
    }

    static int number(Map<String, ?> values, String key, int other, int most) {
        String text = text(values, key, String.valueOf(other));
        if (text.matches("[0-9]{1,9}") && Integer.parseInt(text) <= most) {
            return Integer.parseInt(text);
        }
        throw invalid(key, text, "a whole number from 0 to " + most);
    }

    static boolean flag(Map<String, ?> values, String key) {
        String text = text(values, key, "false");
        if (text.matches("(?i)true|false")) {
            return Boolean.parseBoolean(text);
        }
        throw invalid(key, text, "true or false");
    }

    static IllegalArgumentException invalid(String key, String value, String allowed) {
        return new IllegalArgumentException(key + ": \"" + value + "\" is not allowed; allowed: " + allowed);
    }
}
