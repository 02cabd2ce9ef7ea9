package mqtt.resilient.bench;

import java.util.Locale;
import java.util.Map;

/** A bar chart as SVG: the median as a bar, the lowest and the highest as a line across its end. */
final class Chart {
    private static final int LEFT = 90;
    private static final int BARS = 520;
    private static final int RIGHT = 130;
    private static final int TOP = 40;
    private static final int STEP = 26;
    private static final int BAR = 18;

    private Chart() {
    }

    static String svg(String title, Map<String, Report.Summary> bars) {
        double largest = bars.values().stream().mapToDouble(each -> Math.max(each.high(), 0)).max().orElse(1);
        double scale = largest > 0 ? BARS / largest : 1;
        int width = LEFT + BARS + RIGHT;
        int height = TOP + STEP * bars.size() + 10;
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"13\">%n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n"
                        + "<text x=\"10\" y=\"22\" font-size=\"15\">%s</text>%n",
                width, height, width, height, title));
        int y = TOP;
        for (Map.Entry<String, Report.Summary> each : bars.entrySet()) {
            Report.Summary bar = each.getValue();
            boolean ours = each.getKey().startsWith(Candidate.OURS) || each.getKey().equals(Candidate.POWER);
            boolean limit = each.getKey().equals(Candidate.RAW) || each.getKey().equals(Candidate.BARE);
            double end = LEFT + Math.max(0, bar.median()) * scale;
            double low = LEFT + Math.max(0, bar.low()) * scale;
            double high = LEFT + Math.max(0, bar.high()) * scale;
            int middle = y + BAR / 2;
            svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n", LEFT - 8,
                    middle + 5, each.getKey()));
            svg.append(String.format(Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n", LEFT,
                    y, end - LEFT, BAR, ours ? "#1f6fb4" : limit ? "#c8c8c8" : "#8a8f98"));
            svg.append(
                    String.format(Locale.ROOT, "<path d=\"M%.1f %d H%.1f\" stroke=\"#111\" stroke-width=\"2\"/>%n", low,
                            middle, high));
            svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\">%s</text>%n", high + 8, middle + 5,
                    Report.number(bar.median())));
            y += STEP;
        }
        return svg.append("</svg>\n").toString();
    }
}
