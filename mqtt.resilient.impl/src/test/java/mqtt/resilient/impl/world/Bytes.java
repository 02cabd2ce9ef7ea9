package mqtt.resilient.impl.world;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bytes as a text that reads like the specification: hexadecimal digits, and 'text' as UTF-8. */
public final class Bytes {
    private static final Pattern WORD = Pattern.compile("'([^']*)'|([0-9a-fA-F]+)|\\S");

    private Bytes() {
    }

    /** The bytes of a text such as {@code 30 05 0001 'a' ff}. */
    public static byte[] of(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Matcher word = WORD.matcher(text); word.find();) {
            if (word.group(1) != null) {
                bytes.writeBytes(word.group(1).getBytes(StandardCharsets.UTF_8));
            } else if (word.group(2) != null) {
                bytes.writeBytes(HexFormat.of().parseHex(word.group(2)));
            } else {
                throw new IllegalArgumentException(word.group() + " in " + text);
            }
        }
        return bytes.toByteArray();
    }

    /** The same bytes as hexadecimal digits. */
    public static String hex(byte[] bytes) {
        return HexFormat.ofDelimiter(" ").formatHex(bytes);
    }

    /** Several pieces as one. */
    public static byte[] join(byte[]... pieces) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] piece : pieces) {
            bytes.writeBytes(piece);
        }
        return bytes.toByteArray();
    }
}
