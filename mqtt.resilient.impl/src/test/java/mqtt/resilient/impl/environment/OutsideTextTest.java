package mqtt.resilient.impl.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What somebody outside wrote is one harmless line. */
class OutsideTextTest {
    @Test
    void whatCouldBeginALineActOnATerminalOrTurnTheWritingIsReplaced() {
        assertEquals("a?b?c??[2Jd?e?f", OutsideText.oneLine("a\nb\u0000c\r\u001B[2Jd\u2028e\u202Ef"));
    }

    @Test
    void lettersOfAnyScriptAndSymbolsStay() {
        String text = "Überhitzt: 90 °C \u6e29\u5ea6 \ud83d\udd25 \"x\"";
        assertEquals(text, OutsideText.oneLine(text));
    }
}
