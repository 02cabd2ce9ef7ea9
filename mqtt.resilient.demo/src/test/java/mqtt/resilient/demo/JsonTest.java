package mqtt.resilient.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void membersKeepTheirOrder() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("b", 1L);
        members.put("a", true);
        members.put("c", null);
        assertEquals("{\"b\":1,\"a\":true,\"c\":null}", Json.object(members));
    }

    @Test
    void objectsNest() {
        assertEquals("{\"eth0\":{\"bytes\":7}}", Json.object(Map.of("eth0", Map.of("bytes", 7))));
        assertEquals("{\"none\":{}}", Json.object(Map.of("none", Map.of())));
    }

    @Test
    void fractionsAreShortAndNeverInScientificNotation() {
        assertEquals("{\"n\":48.312}", Json.object(Map.of("n", 48.312)));
        assertEquals("{\"n\":100}", Json.object(Map.of("n", 100.0)));
        assertEquals("{\"n\":0}", Json.object(Map.of("n", 0.0)));
        assertEquals("{\"n\":12345678901}", Json.object(Map.of("n", 12_345_678_901.0)));
    }

    @Test
    void numbersThatJsonDoesNotHaveAreNull() {
        assertEquals("{\"n\":null}", Json.object(Map.of("n", Double.NaN)));
        assertEquals("{\"n\":null}", Json.object(Map.of("n", Double.POSITIVE_INFINITY)));
    }

    @Test
    void textsAreEscaped() {
        assertEquals("{\"t\":\"a\\\"b\\\\c\\u000a\\u0000é\"}", Json.object(Map.of("t", "a\"b\\c\n\0é")));
        assertEquals("{\"t\":\"\\ud83d\"}", Json.object(Map.of("t", "\ud83d")));
    }
}
