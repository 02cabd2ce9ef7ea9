package mqtt.resilient.console.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What a stranger has written does nothing to the terminal of who reads it. */
class TextTest {
    @Test
    void noCharacterReachesTheTerminalThatItWouldActOn() {
        StringBuilder all = new StringBuilder();
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            all.appendCodePoint(point);
        }
        all.append('\ud800').append('x').append('\udfff');
        String shown = Text.printable(all.toString(), Integer.MAX_VALUE - 1);
        shown.codePoints().forEach(point -> {
            int type = Character.getType(point);
            assertTrue(!Character.isISOControl(point) && type != Character.FORMAT && type != Character.SURROGATE
                    && type != Character.LINE_SEPARATOR && type != Character.PARAGRAPH_SEPARATOR,
                    () -> "U+" + Integer.toHexString(point));
        });
    }

    @Test
    void whatIsEscapedCannotBeMistaken() {
        assertEquals("\\u001B[2J", Text.printable("\u001b[2J", 100));
        assertEquals("\\\\u001B[2J", Text.printable("\\u001B[2J", 100));
        assertEquals("a\\r\\n\\tb\\u009B\\u202Ec\\u200B", Text.printable("a\r\n\tb\u009b\u202ec\u200b", 100));
        assertEquals("Größe 温度 <script>", Text.printable("Größe 温度 <script>", 100));
    }

    @Test
    void aLongTextIsCutAndSaysHowLongItIs() {
        assertEquals("xxx... (1000000 characters)", Text.printable("x".repeat(1_000_000), 3));
        assertEquals("xxx", Text.printable("xxx", 3));
    }

    @Test
    void aPayloadIsTextOrElseHex() {
        assertEquals("21.5 °C", Text.payload("21.5 °C".getBytes(StandardCharsets.UTF_8), 100));
        assertEquals("0xff00c3", Text.payload(new byte[] { -1, 0, (byte) 0xc3 }, 100));
        assertEquals("0xffffff... (1000000 bytes)", Text.payload(repeated(), 6));
        assertEquals("", Text.payload(new byte[0], 6));
    }

    private static byte[] repeated() {
        byte[] bytes = new byte[1_000_000];
        Arrays.fill(bytes, (byte) -1);
        return bytes;
    }

    @Test
    void numbersHaveUnits() {
        assertEquals("999 B", Text.bytes(999));
        assertEquals("1.0 kB", Text.bytes(1000));
        assertEquals("2.5 MB", Text.bytes(2_500_000));
        assertEquals("250 ms", Text.duration(Duration.ofMillis(250)));
        assertEquals("59 s", Text.duration(Duration.ofSeconds(59)));
        assertEquals("1 min 1 s", Text.duration(Duration.ofSeconds(61)));
        assertEquals("3 h 2 min", Text.duration(Duration.ofMinutes(182)));
        assertEquals("2 d 1 h", Text.duration(Duration.ofHours(49)));
        assertEquals("-", Text.roundTrip(0));
        assertEquals("1,000 messages", Text.count(1000, "message"));
    }
}
