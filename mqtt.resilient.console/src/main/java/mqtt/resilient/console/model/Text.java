package mqtt.resilient.console.model;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import mqtt.resilient.spi.ClientInspector;

/** How things are said in plain text. What comes from outside never reaches a terminal as it is. */
public final class Text {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);
    private static final long KILO = 1000;

    private Text() {
    }

    /**
     * Makes a text harmless for a terminal: what is no letter, digit, mark, punctuation, symbol or plain space is
     * written as {@code \}{@code uXXXX}; so are marks that change the direction of writing, which would hide what is
     * there.
     *
     * @param text any text
     * @param most how many characters of it to show at most
     * @return one line
     */
    public static String printable(String text, int most) {
        StringBuilder line = new StringBuilder();
        int[] points = text.codePoints().limit(most + 1L).toArray();
        for (int i = 0; i < Math.min(points.length, most); i++) {
            append(line, points[i]);
        }
        return points.length > most ? line + "... (" + text.length() + " characters)" : line.toString();
    }

    private static void append(StringBuilder line, int point) {
        if (point == '\n') {
            line.append("\\n");
        } else if (point == '\r') {
            line.append("\\r");
        } else if (point == '\t') {
            line.append("\\t");
        } else if (point == '\\') {
            line.append("\\\\");
        } else if (point == ' ' || isVisible(point)) {
            line.appendCodePoint(point);
        } else {
            for (char unit : Character.toChars(point)) {
                line.append(String.format(Locale.ROOT, "\\u%04X", (int) unit));
            }
        }
    }

    private static boolean isVisible(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR ->
                false;
            default -> true;
        };
    }

    /**
     * Shows a payload: as text where it is UTF-8, else as hex.
     *
     * @param payload the bytes
     * @param most how many characters, or bytes as hex, to show at most
     * @return one line
     */
    public static String payload(byte[] payload, int most) {
        try {
            return printable(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString(), most);
        } catch (CharacterCodingException e) {
            int shown = Math.min(payload.length, Math.max(1, most / 2));
            return "0x" + HexFormat.of().formatHex(payload, 0, shown)
                    + (shown < payload.length ? "... (" + payload.length + " bytes)" : "");
        }
    }

    /** {@return a number of bytes with a unit, in powers of ten} */
    public static String bytes(long bytes) {
        if (bytes < KILO) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = 0;
        for (; value >= KILO; value /= KILO) {
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %cB", value, " kMGTPE".charAt(unit));
    }

    /** {@return a duration with the two largest units that it has} */
    public static String duration(Duration duration) {
        long seconds = duration.toSeconds();
        if (duration.toMillis() < KILO) {
            return duration.toMillis() + " ms";
        } else if (seconds < 60) {
            return seconds + " s";
        } else if (seconds < 3600) {
            return seconds / 60 + " min " + seconds % 60 + " s";
        } else if (seconds < 86_400) {
            return seconds / 3600 + " h " + seconds / 60 % 60 + " min";
        }
        return seconds / 86_400 + " d " + seconds / 3600 % 24 + " h";
    }

    /** {@return a time that the broker took; "-" = it is not known} */
    public static String roundTrip(long nanos) {
        return nanos == 0 ? "-" : String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }

    /** {@return the name of a lane of {@link ClientInspector}} */
    public static String lane(int lane) {
        return lane == ClientInspector.AT_MOST_ONCE ? "QoS 0" : "lane " + lane;
    }

    /** {@return a moment in the gateway's time zone} */
    public static String time(Instant time) {
        return TIME.format(time.atZone(ZoneId.systemDefault()));
    }

    /** {@return a number with separators between thousands, and what is counted} */
    public static String count(long count, String one) {
        return String.format(Locale.ROOT, "%,d %s%s", count, one, count == 1 ? "" : "s");
    }
}
