package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a client tells the log. */
class ClientReporterTest {

    private static String logged(Runnable task) {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            task.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aDeviceCannotForgeLinesOfTheLog() {
        ClientReporter reporter = new ClientReporter(null, null, "plant");
        String forged = "no number: 7\nERROR forged\r\u2028ERROR forged";
        Exception error = new IllegalStateException(forged, new NumberFormatException(forged));
        error.addSuppressed(new IllegalArgumentException(forged));
        for (Runnable report : new Runnable[] { () -> reporter.connectionListenerFailed("mine", error),
            () -> reporter.listenerFailed("mine", "plant/a", error, false) }) {
            String log = logged(report);
            assertTrue(log.contains("java.lang.IllegalStateException: no number: 7?ERROR forged??ERROR forged"), log);
            assertTrue(log.contains("Caused by: java.lang.NumberFormatException: no number: 7?ERROR"), log);
            assertTrue(log.contains("at " + ClientReporterTest.class.getName()), log);
            assertFalse(log.lines().anyMatch(line -> line.startsWith("ERROR")) || log.contains("\u2028"), log);
        }
    }
}
