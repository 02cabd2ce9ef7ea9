package mqtt.resilient.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for topic names and filters (MQTT 3.1.1 sections 1.5.3 and 4.7). */
class TopicsTest {

    @ParameterizedTest
    @ValueSource(strings = { "a", "/", "//", "a/b", "/a", "a/", " ", "a b", "$SYS/x", "ü/€/😀", "$share", "$share/g/a",
        "\uFEFFa", "\u0001" })
    void isATopicName(String topic) {
        assertEquals(topic, Topics.requireName(topic));
    }

    @ParameterizedTest
    @CsvSource({ "a/+, wildcard", "#, wildcard", "a+b, wildcard", "a#, wildcard", "'', an empty text",
        ", null is not allowed" })
    void isNoTopicName(String topic, String why) {
        assertError("topic: ", why, topic, () -> Topics.requireName(topic));
    }

    @Test
    void aNulCharacterIsNamedAndMadeVisible() {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class,
                () -> Topics.requireName("a\0b"));
        assertTrue(error.getMessage().contains("a\\u0000b") && error.getMessage().contains("U+0000"),
                error.getMessage());
    }

    @Test
    void halfOfASurrogatePairIsRefused() {
        for (String topic : new String[] { "a\uD83D", "\uDE00b", "\uD83Dx", "\uDE00\uD83D" }) {
            assertThrows(IllegalArgumentException.class, () -> Topics.requireName(topic));
            assertThrows(IllegalArgumentException.class, () -> Topics.requireFilter(topic));
        }
    }

    @Test
    void theLengthIsCountedInBytes() {
        assertEquals(65_535, Topics.requireName("x".repeat(65_535)).length());
        assertThrows(IllegalArgumentException.class, () -> Topics.requireName("x".repeat(65_536)));
        Topics.requireName("€".repeat(21_845));
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class,
                () -> Topics.requireName("€".repeat(21_845) + "x"));
        assertTrue(error.getMessage().contains("65536") && error.getMessage().contains("65535"), error.getMessage());
        assertTrue(error.getMessage().length() < 300, "a long topic is shortened");
    }

    @ParameterizedTest
    @ValueSource(strings = { "#", "+", "/", "a/#", "a/+", "+/a/+", "a/+/#", "/#", "/+", "+/#", "$SYS/#", "a//b", "ü/+",
        "$share/g/a", "$share/g/#", "$share/g/+/a", "$share/g//a", "$share", "$shared/+", "a/$share/g" })
    void isAFilter(String filter) {
        assertEquals(filter, Topics.requireFilter(filter));
    }

    @ParameterizedTest
    @CsvSource({ "a#, mixes", "a/b#, mixes", "#a, mixes", "+a, mixes", "a+/b, mixes", "##, mixes", "++, mixes",
        "'#/a', goes on", "'a/#/b', goes on", "'#/', goes on", "'', an empty text", ", null is not allowed",
        "$share/, not a shared subscription", "$share/g, not a shared subscription",
        "$share/g/, not a shared subscription", "$share//a, not a shared subscription",
        "$share/+/a, not a shared subscription", "$share/g#/a, not a shared subscription",
        "$share/g/a#, mixes", "'$share/g/#/a', goes on" })
    void isNoFilter(String filter, String why) {
        assertError("filter: ", why, filter, () -> Topics.requireFilter(filter));
    }

    private static void assertError(String field, String why, String value, Runnable action) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(error.getMessage().startsWith(field) && error.getMessage().contains(why), error.getMessage());
        assertTrue(error.getMessage().contains("allowed") || error.getMessage().contains("must be"),
                "it says what is allowed: " + error.getMessage());
        assertTrue(value == null || value.isEmpty() || error.getMessage().contains("\"" + value + "\""),
                error.getMessage());
    }

    @Test
    void theSharesPartIsCutOff() {
        assertEquals("a/+", Topics.withoutShare("$share/g/a/+"));
        assertEquals("/a", Topics.withoutShare("$share/g//a"));
        assertEquals("a", Topics.withoutShare("a"));
        assertEquals("$shared/a", Topics.withoutShare("$shared/a"));
    }
}
