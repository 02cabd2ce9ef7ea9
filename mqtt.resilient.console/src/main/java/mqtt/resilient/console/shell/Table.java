package mqtt.resilient.console.shell;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.console.model.Text;

/**
 * Lines with columns as wide as what is in them, but not wider than they may be; the last column goes on in the next
 * line, after a space if it has one. What is in it is made harmless for a terminal.
 */
final class Table {
    private static final int WIDTH = 100;
    private static final int LEAST_LAST = 20;
    private static final int MOST_LAST = 600;
    private static final int GAP = 2;

    private final List<String[]> rows = new ArrayList<>();
    private final int[] widest;

    /** A table; {@code widest} says how wide each column but the last may be. */
    Table(int[] widest, Object... heading) {
        this.widest = widest.clone();
        row(heading);
    }

    /** Adds a line; it must have as many cells as the heading. */
    Table row(Object... cells) {
        String[] row = new String[cells.length];
        for (int i = 0; i < cells.length; i++) {
            row[i] = Text.printable(String.valueOf(cells[i]), i < widest.length ? widest[i] : MOST_LAST);
        }
        rows.add(row);
        return this;
    }

    @Override
    public String toString() {
        int[] widths = new int[widest.length];
        int indent = 0;
        for (int i = 0; i < widths.length; i++) {
            for (String[] row : rows) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
            indent += widths[i] + GAP;
        }
        int last = Math.max(LEAST_LAST, WIDTH - indent);
        StringBuilder lines = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row[i]).append(" ".repeat(widths[i] - row[i].length() + GAP));
            }
            String text = row[widths.length];
            for (int cut; text.length() > last; text = text.substring(cut)) {
                cut = text.lastIndexOf(' ', last - 1) + 1;
                cut = cut == 0 ? last : cut;
                lines.append(line).append(text, 0, cut).append(System.lineSeparator());
                line = new StringBuilder(" ".repeat(indent));
            }
            lines.append(line.append(text).toString().stripTrailing()).append(System.lineSeparator());
        }
        return lines.toString();
    }
}
