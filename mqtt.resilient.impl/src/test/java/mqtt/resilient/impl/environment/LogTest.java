package mqtt.resilient.impl.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import mqtt.resilient.spi.OutsideText;
import org.junit.jupiter.api.Test;

/** What becomes of somebody else's exceptions in the log. */
class LogTest {
    @Test
    void causesInACircleEnd() {
        Exception one = new Exception("one");
        one.initCause(new Exception("two", one));
        int causes = 0;
        for (Throwable each = OutsideText.harmless(one); each != null; each = each.getCause()) {
            causes++;
        }
        assertEquals(21, causes);
    }
}
