package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A fleet that loses its broker does not come back in one second, and not later than it may. */
class StormTest {
    private static final int GATEWAYS = 10_000;

    /** When 99 % were back while all waits were decorrelated, up to three times the last one. */
    private static final double[] BEFORE = { Double.NaN, 6.8, 12.4, 35.5, 51.1, 52.0, 52.2 };

    @Test
    void lessThanAQuarterOfAFleetComesInOneSecondAndNearlyAllAreBackNoLaterThanBefore() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<Storm.Result> results = Storm.table(GATEWAYS, new PrintStream(bytes, true, StandardCharsets.UTF_8));
        String text = bytes.toString(StandardCharsets.UTF_8);
        int peak = results.stream().mapToInt(Storm.Result::peak).max().getAsInt();
        assertTrue(peak < GATEWAYS / 4, text);
        assertTrue(text.endsWith("peak in one second " + peak + "\n"), text);
        for (int i = 1; i < BEFORE.length; i++) {
            assertTrue(results.get(i).most() < BEFORE[i] + 0.5, text);
        }
        assertTrue(results.get(0).all() < 6.3, text);
        assertTrue(results.get(6).later() < GATEWAYS * 0.025, text);
        assertEquals(9, results.size());
    }
}
