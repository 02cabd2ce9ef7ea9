package mqtt.resilient.impl.environment;

import java.util.regex.Pattern;

/** Text that somebody outside wrote (a broker, a certificate, whoever chose a topic), made safe to show and to log. */
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
        return UNSAFE.matcher(text).replaceAll("?");
    }
}
