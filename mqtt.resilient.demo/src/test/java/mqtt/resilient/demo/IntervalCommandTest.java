package mqtt.resilient.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalCommandTest {
    @Test
    void wholeAndBrokenSecondsAreTaken() {
        assertEquals(Duration.ofSeconds(5), IntervalCommand.parse("5"));
        assertEquals(Duration.ofMillis(250), IntervalCommand.parse(" .25\n"));
    }

    @Test
    void bothEndsOfTheRangeAreTaken() {
        assertEquals(Duration.ofMillis(100), IntervalCommand.parse("0.1"));
        assertEquals(Duration.ofHours(1), IntervalCommand.parse("3600.0"));
    }

    @ParameterizedTest
    @ValueSource(strings = { "", "0", "0.09", "3600.1", "-1", "1e3", "NaN", "1d", "one", "1 2",
        "000000000000000000000000000000001" })
    void everythingElseIsRefused(String payload) {
        assertThrows(IllegalArgumentException.class, () -> IntervalCommand.parse(payload));
    }

    @Test
    void theErrorNamesFieldValueAndRangeOnOneLine() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> IntervalCommand.parse("fast\nnow"));
        assertEquals("interval: \"fast?now\" is not allowed; allowed: seconds from 0.1 to 3600", e.getMessage());
    }
}
