package mqtt.resilient.console.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.UserProperty;
import org.junit.jupiter.api.Test;

class JsonTest {
    record Sample(String text, long count, boolean yes, Qos qos, Instant at, Duration left,
            List<UserProperty> properties) {
    }

    @Test
    void everythingThatCouldBeMarkupOrALineIsEscaped() {
        assertEquals("\"\\u003cscript\\u003e\\u0026\\u0027\\\"\\\\\\u000a\\u0000\\u202e\\ud800\\u2028\\u00e9 ok\"",
                new Json().string("<script>&'\"\\\n\0\u202e\ud800\u2028\u00e9 ok").toString());
    }

    @Test
    void aRecordIsAnObjectOfItsComponentsWithoutTheValuesOfUserProperties() {
        assertEquals(
                "{\"text\":null,\"count\":7,\"yes\":true,\"qos\":\"AT_LEAST_ONCE\","
                        + "\"at\":5,\"left\":2000,\"properties\":[\"token\"]}",
                new Json().value(
                        new Sample(null, 7, true, Qos.AT_LEAST_ONCE, Instant.ofEpochMilli(5), Duration.ofSeconds(2),
                                List.of(new UserProperty("token", "secret"))))
                        .toString());
    }

    @Test
    void valuesAreSeparatedHoweverTheyAreNested() {
        assertEquals("{\"a\":[1,{\"b\":2},[]],\"c\":[{},{}]}",
                new Json().object().name("a").array().number(1).object().put("b", 2).end()
                        .array().endArray().endArray().name("c").array().raw("{}").raw("{}").endArray().end()
                        .toString());
    }

    @Test
    void aPayloadIsTextOnlyIfAllOfWhatIsShownIs() {
        assertEquals("h\u00e9", Tail.text("h\u00e9".getBytes(StandardCharsets.UTF_8)));
        assertEquals("", Tail.text(new byte[0]));
        assertNull(Tail.text(new byte[] { 'a', (byte) 0xff }));
        assertNull(Tail.text(new byte[] { 'a', 0, 'b' }));
        assertNull(Tail.text(new byte[] { 'a', (byte) 0xc3 }), "half a character at the end");
        byte[] cut = ("x".repeat(Tail.MOST_BYTES - 1) + "\u00e9 and more").getBytes(StandardCharsets.UTF_8);
        assertEquals("x".repeat(Tail.MOST_BYTES - 1), Tail.text(cut), "half a character at the cut");
    }

    @Test
    void whatIsCutSaysSo() {
        Json json = new Json().array();
        Tail.write(json, "t".repeat(600), new byte[1_048_576], 1, false, 0);
        Tail.write(json, "t", "short".getBytes(StandardCharsets.UTF_8), 1, false, 0);
        String text = json.endArray().toString();
        assertTrue(text.contains("\"topicLength\":600") && text.contains("\"bytes\":1048576")
                && text.contains("\"whole\":false"));
        assertTrue(text.contains("\"text\":\"short\",\"whole\":true"));
        assertTrue(text.length() < 3000);
        assertFalse(text.contains("t".repeat(513)));
    }
}
