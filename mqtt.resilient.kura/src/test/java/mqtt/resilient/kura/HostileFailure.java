package mqtt.resilient.kura;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.function.Executable;

/** The failure of a listener that quotes what a device has sent, to forge a line of the log. */
public final class HostileFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HostileFailure() {
        super("7\nERROR forged\u001b[2J", new NumberFormatException("8\nERROR forged\u2028"));
    }

    /** Runs what makes a listener fail, and checks that the log has the failure and its cause, and no forged line. */
    public static void assertLoggedHarmless(Executable task) throws Throwable {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            task.execute();
        } finally {
            System.setErr(before);
        }
        String log = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(log.contains(" failed") && log.contains("HostileFailure: 7?ERROR forged?[2J"), log);
        assertTrue(log.contains("Caused by: java.lang.NumberFormatException: 8?ERROR forged?"), log);
        assertTrue(log.contains("\tat " + HostileFailure.class.getPackageName()), log);
        assertFalse(log.lines().anyMatch(line -> line.startsWith("ERROR")), log);
    }
}
