package mqtt.resilient.spi;

import java.util.regex.Pattern;

/**
 * Text that somebody outside wrote (a broker, a certificate, whoever chose a topic), made safe to show and to log. Safe
 * from any thread.
 */
public final class OutsideText {
    private static final Pattern UNSAFE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private OutsideText() {
    }

    /**
     * Replaces control and format characters and line separators by {@code ?}, so that the text cannot begin a line of
     * its own in a log, act on a terminal, or turn the direction of writing.
     *
     * @param text any text
     * @return one line
     */
    public static String oneLine(String text) {
        return text.isEmpty() ? text : UNSAFE.matcher(text).replaceAll("?");
    }

    /**
     * Makes the failure of somebody's listener safe to log: its messages may quote what a device has sent.
     *
     * @param error any failure
     * @return another one with the same stack trace and causes, each with a message of one line; without what was
     *         suppressed
     */
    public static Throwable harmless(Throwable error) {
        return new LoggedFailure(error);
    }
}
