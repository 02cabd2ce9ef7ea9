package mqtt.resilient.kura.cloud;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.message.KuraPosition;

/**
 * Reads what {@link PayloadJson} and Kura's {@code CloudPayloadJsonEncoder} write, and takes and rejects the same as
 * Kura's decoder. The text says no types: a whole number comes back as a Long, another one as a Double, bytes as text.
 */
final class PayloadJsonReader {
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    private static final int HEX_DIGITS = 4;
    private static final int HEX = 16;

    private final String text;
    private int at;

    private PayloadJsonReader(String text) {
        this.text = text;
    }

    /** {@return the payload that the bytes stand for; null if they are not JSON of this form} */
    static KuraPayload decode(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            PayloadJsonReader reader = new PayloadJsonReader(text);
            KuraPayload payload = reader.payload();
            reader.require(reader.next() == 0 && reader.at == text.length());
            return payload;
        } catch (CharacterCodingException | IllegalArgumentException | ArithmeticException e) {
            return null;
        }
    }

    private KuraPayload payload() {
        KuraPayload payload = new KuraPayload();
        object((name, key) -> {
            if (key.equals("senton")) {
                payload.setTimestamp(new Date(whole(scalar())));
            } else if (key.equals(PayloadJson.BODY)) {
                payload.setBody(Base64.getDecoder().decode(typed(String.class, scalar())));
            } else if (key.equals(PayloadJson.POSITION)) {
                KuraPosition position = new KuraPosition();
                payload.setPosition(position);
                object((ignored, field) -> set(position, field, typed(Number.class, scalar())));
            } else if (key.equals(PayloadJson.METRICS)) {
                object((metric, ignored) -> payload.addMetric(metric, scalar()));
            } else {
                throw new IllegalArgumentException(name);
            }
        });
        return payload;
    }

    private static void set(KuraPosition position, String field, Number value) {
        switch (field) {
            case "latitude" -> position.setLatitude(value.doubleValue());
            case "longitude" -> position.setLongitude(value.doubleValue());
            case "altitude" -> position.setAltitude(value.doubleValue());
            case "heading" -> position.setHeading(value.doubleValue());
            case "precision" -> position.setPrecision(value.doubleValue());
            case "speed" -> position.setSpeed(value.doubleValue());
            case "satellites" -> position.setSatellites(Math.toIntExact(whole(value)));
            case "status" -> position.setStatus(Math.toIntExact(whole(value)));
            case "timestamp" -> position.setTimestamp(new Date(whole(value)));
            default -> throw new IllegalArgumentException(field);
        }
    }

    private static long whole(Object value) {
        return typed(Long.class, value);
    }

    private static <T> T typed(Class<T> type, Object value) {
        if (type.isInstance(value)) {
            return type.cast(value);
        }
        throw new IllegalArgumentException(type + " expected: " + value);
    }

    // ---- JSON (RFC 8259), as far as it is needed: nothing is nested ------------------------------------------------

    /** Reads an object; each member is given with its name as it is and in lower case, and its value is read then. */
    private void object(BiConsumer<String, String> member) {
        skip('{');
        if (next() == '}') {
            skip('}');
            return;
        }
        while (true) {
            require(next() == '"');
            String name = string();
            skip(':');
            member.accept(name, name.toLowerCase(Locale.ROOT));
            if (next() == '}') {
                skip('}');
                return;
            }
            skip(',');
        }
    }

    /** A text, a number or a truth value. */
    private Object scalar() {
        char first = next();
        if (first == '"') {
            return string();
        }
        for (Boolean each : new Boolean[] { true, false }) {
            if (text.startsWith(each.toString(), at)) {
                at += each.toString().length();
                return each;
            }
        }
        Matcher number = NUMBER.matcher(text).region(at, text.length());
        require(number.lookingAt());
        at = number.end();
        try {
            return Long.valueOf(number.group());
        } catch (NumberFormatException e) {
            return Double.valueOf(number.group());
        }
    }

    private String string() {
        skip('"');
        StringBuilder value = new StringBuilder();
        while (true) {
            require(at < text.length());
            char c = text.charAt(at++);
            if (c == '"') {
                return value.toString();
            }
            require(c >= ' ');
            value.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        require(at < text.length());
        char c = text.charAt(at++);
        if (c == 'u') {
            require(at + HEX_DIGITS <= text.length());
            String digits = text.substring(at, at + HEX_DIGITS);
            at += HEX_DIGITS;
            require(digits.matches("[0-9A-Fa-f]{4}"));
            return (char) Integer.parseInt(digits, HEX);
        }
        int which = "\"\\/bfnrt".indexOf(c);
        require(which >= 0);
        return "\"\\/\b\f\n\r\t".charAt(which);
    }

    /** The next character that is no white space; 0 at the end. */
    private char next() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void skip(char expected) {
        require(next() == expected);
        at++;
    }

    private void require(boolean well) {
        if (!well) {
            throw new IllegalArgumentException("at " + at);
        }
    }
}
