package mqtt.resilient.impl.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The matching rules of MQTT 3.1.1 section 4.7, example by example and against a naive matcher. */
class TopicTreeTest {

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource({
        // 4.7.1.2
        "sport/tennis/player1/#, sport/tennis/player1, true",
        "sport/tennis/player1/#, sport/tennis/player1/ranking, true",
        "sport/tennis/player1/#, sport/tennis/player1/score/wimbledon, true",
        "sport/tennis/player1/#, sport/tennis/player12, false",
        "sport/#, sport, true",
        "#, a, true",
        "#, a/b/c, true",
        "#, /, true",
        // 4.7.1.3
        "sport/tennis/+, sport/tennis/player1, true",
        "sport/tennis/+, sport/tennis/player2, true",
        "sport/tennis/+, sport/tennis/player1/ranking, false",
        "sport/+, sport, false",
        "sport/+, sport/, true",
        "+, finance, true",
        "+, /finance, false",
        "/+, /finance, true",
        "+/+, /finance, true",
        "+/tennis/#, sport/tennis, true",
        "+/tennis/#, sport/tennis/x/y, true",
        "+/tennis/#, sport/golf, false",
        "sport/+/player1, sport/tennis/player1, true",
        "sport/+/player1, sport/tennis/player2, false",
        "sport/+/+, sport/a/b, true",
        "+/+/#, a/b, true",
        "+/+/#, a, false",
        // 4.7.2
        "#, $SYS/broker, false",
        "+/monitor/Clients, $SYS/monitor/Clients, false",
        "+, $SYS, false",
        "$SYS/#, $SYS/monitor/Clients, true",
        "$SYS/#, $SYS, true",
        "$SYS/monitor/+, $SYS/monitor/Clients, true",
        "$SYS/+/Clients, $SYS/monitor/Clients, true",
        "a/#, a/$SYS, true",
        "a/+, a/$b, true",
        "$a, $a, true",
        // 4.7.3
        "ACCOUNTS, Accounts, false",
        "a, /a, false",
        "a/, a, false",
        "a//b, a//b, true",
        "a/+/b, a//b, true",
        "/, /, true",
        "//, //, true",
        "'Accounts payable', 'Accounts payable', true",
        "ü/+/€, ü/😀/€, true",
        // shared subscriptions match like their filter
        "$share/g/a/+, a/b, true",
        "$share/g/#, a/b, true",
        "$share/g/#, $SYS/x, false",
        "$share/g/$SYS/#, $SYS/x, true",
        "$share/g/a, $share/g/a, false" })
    void theStandardsExamples(String filter, String topic, boolean matches) {
        TopicTree<String> tree = new TopicTree<>();
        tree.add(filter, "x");
        List<String> found = new ArrayList<>();
        tree.match(topic, found);
        assertEquals(matches ? List.of("x") : List.of(), found);
    }

    @Test
    void everyMatchingFilterIsFoundOnce() {
        TopicTree<String> tree = new TopicTree<>();
        List<String> filters = List.of("a/b", "a/+", "+/b", "+/+", "a/#", "+/#", "#", "a/b/#", "+/b/#", "a/+/#");
        filters.forEach(filter -> tree.add(filter, filter));
        List.of("b", "a", "b/#", "a/b/c", "$SYS/#", "a/b/+").forEach(filter -> tree.add(filter, filter));
        List<String> found = new ArrayList<>();
        tree.match("a/b", found);
        assertEquals(filters.stream().sorted().toList(), found.stream().sorted().toList());
    }

    @Test
    void aValueMayBeUnderSeveralFiltersAndSeveralTimesUnderOne() {
        TopicTree<String> tree = new TopicTree<>();
        tree.add("a", "x");
        tree.add("a", "x");
        tree.add("+", "x");
        assertEquals(3, match(tree, "a").size());
        assertTrue(tree.remove("a", "x"));
        assertEquals(2, match(tree, "a").size());
        assertTrue(tree.remove("a", "x"));
        assertFalse(tree.remove("a", "x"));
        assertEquals(1, match(tree, "a").size());
    }

    @Test
    void removingWhatIsNotThereChangesNothing() {
        TopicTree<String> tree = new TopicTree<>();
        assertFalse(tree.remove("a/b", "x"));
        tree.add("a/b/c", "x");
        assertFalse(tree.remove("a/b", "x"));
        assertFalse(tree.remove("a/b/c/d", "x"));
        assertFalse(tree.remove("a/b/c", "y"));
        assertEquals(List.of("x"), match(tree, "a/b/c"));
    }

    private static List<String> match(TopicTree<String> tree, String topic) {
        List<String> found = new ArrayList<>();
        tree.match(topic, found);
        return found;
    }
}
