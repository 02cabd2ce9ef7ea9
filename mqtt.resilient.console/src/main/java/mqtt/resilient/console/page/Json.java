package mqtt.resilient.console.page;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import mqtt.resilient.api.UserProperty;

/**
 * Writes JSON that is safe wherever it ends up, also within HTML and as a line of an event stream: everything but
 * printable ASCII is escaped, and so are the characters of markup. For use by one thread.
 */
final class Json {
    private final StringBuilder text = new StringBuilder(512);
    private boolean comma;

    Json object() {
        return open('{');
    }

    Json array() {
        return open('[');
    }

    Json end() {
        return close('}');
    }

    Json endArray() {
        return close(']');
    }

    Json name(String name) {
        string(name);
        text.append(':');
        comma = false;
        return this;
    }

    Json put(String name, String value) {
        return name(name).string(value);
    }

    Json put(String name, long value) {
        return name(name).number(value);
    }

    Json put(String name, boolean value) {
        name(name);
        text.append(value);
        comma = true;
        return this;
    }

    Json number(long value) {
        separate();
        text.append(value);
        return this;
    }

    /** What is JSON already. */
    Json raw(String json) {
        separate();
        text.append(json);
        return this;
    }

    /** A string, or null. */
    Json string(String value) {
        separate();
        if (value == null) {
            text.append("null");
            return this;
        }
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' || c == '\'') {
                text.append("\\u").append(Character.forDigit(c >> 12, 16)).append(Character.forDigit(c >> 8 & 15, 16))
                        .append(Character.forDigit(c >> 4 & 15, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                text.append(c);
            }
        }
        text.append('"');
        return this;
    }

    /**
     * A value: a record as an object of its components, a time in milliseconds, an enumeration by its name. Of user
     * properties only the name, for the value may be a secret.
     */
    Json value(Object value) {
        if (value instanceof UserProperty property) {
            return string(property.name());
        } else if (value instanceof Record record) {
            object();
            for (RecordComponent component : record.getClass().getRecordComponents()) {
                name(component.getName()).value(of(component, record));
            }
            return end();
        } else if (value instanceof Collection<?> all) {
            array();
            all.forEach(this::value);
            return endArray();
        } else if (value instanceof Number number) {
            return number(number.longValue());
        } else if (value instanceof Boolean) {
            return raw(value.toString());
        } else if (value instanceof Instant instant) {
            return number(instant.toEpochMilli());
        } else if (value instanceof Duration duration) {
            return number(duration.toMillis());
        }
        return string(value == null ? null : value.toString());
    }

    private static Object of(RecordComponent component, Record record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " of a public record cannot be read", e);
        }
    }

    private Json open(char bracket) {
        separate();
        text.append(bracket);
        comma = false;
        return this;
    }

    private Json close(char bracket) {
        text.append(bracket);
        comma = true;
        return this;
    }

    private void separate() {
        if (comma) {
            text.append(',');
        }
        comma = true;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
