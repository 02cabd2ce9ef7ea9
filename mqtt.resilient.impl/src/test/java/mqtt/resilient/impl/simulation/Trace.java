package mqtt.resilient.impl.simulation;

import java.util.ArrayDeque;
import java.util.Locale;
import java.util.function.Consumer;

/** What happened, line by line: the last ones, or all of them as they come. */
final class Trace {
    private final int kept;
    private final Consumer<String> reader;
    private final ArrayDeque<String> lines = new ArrayDeque<>();

    private Trace(int kept, Consumer<String> reader) {
        this.kept = kept;
        this.reader = reader;
    }

    static Trace off() {
        return new Trace(0, null);
    }

    static Trace last(int lines) {
        return new Trace(lines, null);
    }

    static Trace to(Consumer<String> reader) {
        return new Trace(0, reader);
    }

    boolean isOn() {
        return kept > 0 || reader != null;
    }

    void add(long nanos, String who, String what) {
        String line = String.format(Locale.ROOT, "%12.6f  %-10s %s", nanos / 1e9, who, what);
        if (reader != null) {
            reader.accept(line);
        } else {
            lines.add(line);
            if (lines.size() > kept) {
                lines.remove();
            }
        }
    }

    Iterable<String> lines() {
        return lines;
    }
}
