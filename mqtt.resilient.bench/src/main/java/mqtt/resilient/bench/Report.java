package mqtt.resilient.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What was measured: a table, lines {@code name value}, bench.csv, bench.json and a chart for each workload. */
final class Report {
    private static final List<String> ABOVE_BARE = List.of("rss", "heap", "threads", "classes");
    private static final String BEST = "best";

    private final Bench.Options options;
    private final Map<Key, TreeMap<Integer, Double>> values = new LinkedHashMap<>();
    private final Map<String, String> configurations = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();
    private final Set<String> notes = new LinkedHashSet<>();

    private record Key(String workload, String client, String metric) {
    }

    /** The median of the rounds, and the lowest and the highest. */
    record Summary(double median, double low, double high, int rounds) {
        static Summary of(double[] values) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (double value : values) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
            return new Summary(Bench.median(values), low, high, values.length);
        }
    }

    Report(Bench.Options options) {
        this.options = options;
    }

    void note(String text) {
        notes.add(text);
    }

    /** Takes what one run printed. */
    void take(Workload workload, Candidate candidate, int round, List<String> lines) {
        for (String line : lines) {
            if (line.startsWith(Subject.CONFIGURATION)) {
                configurations.putIfAbsent(candidate.name() + (workload.window() == 100 ? "" : " (window "
                        + workload.window() + ")"), line.substring(Subject.CONFIGURATION.length()));
            } else if (line.startsWith("failed ")) {
                failures.putIfAbsent(workload.name() + " " + candidate.name(), line.substring("failed ".length()));
            } else if (line.matches("[a-z0-9.]+ -?[0-9.E]+")) {
                String[] words = line.split(" ");
                put(workload.name(), candidate.name(), words[0], round, Double.parseDouble(words[1]));
            }
        }
    }

    private void put(String workload, String client, String metric, int round, double value) {
        values.computeIfAbsent(new Key(workload, client, metric), key -> new TreeMap<>()).put(round, value);
    }

    boolean hasFailed(Workload workload, Candidate candidate) {
        return failures.containsKey(workload.name() + " " + candidate.name());
    }

    boolean isComplete() {
        return failures.isEmpty();
    }

    private TreeMap<Integer, Double> rounds(Workload workload, String client, String metric) {
        return values.getOrDefault(new Key(workload.name(), client, metric), new TreeMap<>());
    }

    private Summary summary(Workload workload, String client, String metric) {
        TreeMap<Integer, Double> rounds = rounds(workload, client, metric);
        return rounds.isEmpty() ? null : Summary.of(array(rounds.values().stream().toList()));
    }

    private static double[] array(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** One client's figure divided by another's of the same round; null if they share no round. */
    private Summary ratio(Workload workload, String metric, String client, String other) {
        TreeMap<Integer, Double> ours = rounds(workload, client, metric);
        TreeMap<Integer, Double> theirs = rounds(workload, other, metric);
        List<Double> ratios = ours.keySet().stream().filter(theirs::containsKey).filter(round -> theirs.get(round) != 0)
                .map(round -> ours.get(round) / theirs.get(round)).toList();
        return ratios.isEmpty() ? null : Summary.of(array(ratios));
    }

    private List<String> metrics(Workload workload) {
        Set<String> metrics = new LinkedHashSet<>();
        values.keySet().stream().filter(key -> key.workload.equals(workload.name()))
                .forEach(key -> metrics.add(key.metric));
        return List.copyOf(metrics);
    }

    private List<String> clients(Workload workload) {
        List<String> clients = new ArrayList<>();
        for (Candidate candidate : options.candidates()) {
            if (values.keySet().stream().anyMatch(key -> key.workload.equals(workload.name())
                    && key.client.equals(candidate.name()))) {
                clients.add(candidate.name());
            }
        }
        return clients;
    }

    /** What follows from several figures of a round: size above a bare JVM, and the best of the others. */
    private void derive() {
        for (Workload workload : options.workloads()) {
            if (workload.kind() == Workload.Kind.FOOTPRINT) {
                for (String metric : ABOVE_BARE) {
                    TreeMap<Integer, Double> bare = rounds(workload, Candidate.BARE, metric);
                    for (String client : clients(workload)) {
                        rounds(workload, client, metric).forEach((round, value) -> {
                            if (bare.containsKey(round) && !client.equals(Candidate.BARE)) {
                                put(workload.name(), client, metric + ".above", round, value - bare.get(round));
                            }
                        });
                    }
                }
            }
            for (String metric : metrics(workload)) {
                boolean more = Workload.MORE_IS_BETTER.contains(metric);
                Map<Integer, Double> best = new TreeMap<>();
                for (Candidate candidate : options.candidates()) {
                    if (candidate.isPeer()) {
                        rounds(workload, candidate.name(), metric).forEach((round, value) -> best.merge(round, value,
                                more ? Math::max : Math::min));
                    }
                }
                best.forEach((round, value) -> put(workload.name(), BEST, metric, round, value));
            }
        }
    }

    /** Writes all files; what they held before is gone. */
    void write() throws IOException {
        derive();
        List<String> csv = new ArrayList<>(List.of(
                "workload,client,metric,rounds,median,low,high,ratio.memory,ratio.memory.low,ratio.memory.high"));
        StringBuilder json = new StringBuilder("{\n  \"machine\": ").append(quote(Bench.machine()))
                .append(",\n  \"flags\": ")
                .append(quote(String.join(" ", options.flags(Bench.FLAGS)))).append(",\n  \"configurations\": {");
        json.append(String.join(",", configurations.entrySet().stream()
                .map(each -> "\n    " + quote(each.getKey()) + ": " + quote(each.getValue())).toList()));
        json.append("\n  },\n  \"failures\": {").append(String.join(",", failures.entrySet().stream()
                .map(each -> "\n    " + quote(each.getKey()) + ": " + quote(each.getValue())).toList()));
        List<String> measured = new ArrayList<>();
        for (Map.Entry<Key, TreeMap<Integer, Double>> each : values.entrySet()) {
            Key key = each.getKey();
            Workload workload = Workload.named(key.workload);
            Summary summary = summary(workload, key.client, key.metric);
            Summary ratio = ratio(workload, key.metric, base(workload), key.client);
            csv.add(String.join(",", key.workload, key.client, key.metric, String.valueOf(summary.rounds),
                    number(summary.median), number(summary.low), number(summary.high),
                    ratio == null ? ",," : number(ratio.median) + "," + number(ratio.low) + "," + number(ratio.high)));
            measured.add("\n    {\"workload\": " + quote(key.workload) + ", \"client\": " + quote(key.client)
                    + ", \"metric\": " + quote(key.metric) + ", \"rounds\": ["
                    + String.join(", ", each.getValue().values().stream().map(Report::number).toList()) + "]}");
        }
        json.append("\n  },\n  \"values\": [").append(String.join(",", measured)).append("\n  ]\n}\n");
        Files.write(options.out().resolve("bench.csv"), csv);
        Files.writeString(options.out().resolve("bench.json"), json);
        Path charts = Files.createDirectories(options.out().resolve("bench-charts"));
        for (Workload workload : options.workloads()) {
            Map<String, Summary> bars = new LinkedHashMap<>();
            for (String client : clients(workload)) {
                Summary summary = summary(workload, client, workload.kind().metric);
                if (summary != null) {
                    bars.put(client, summary);
                }
            }
            if (!bars.isEmpty()) {
                Files.writeString(charts.resolve(workload.name() + ".svg"), Chart.svg(workload.name() + ": "
                        + workload.kind().metric + ", " + workload.kind().unit, bars));
            }
        }
    }

    private static String base(Workload workload) {
        return workload.kind() == Workload.Kind.DURABLE ? Candidate.POWER : Candidate.OURS;
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            quoted.append(each == '"' || each == '\\' ? "\\" + each : each < ' ' ? " " : String.valueOf(each));
        }
        return quoted.append('"').toString();
    }

    /** Prints the tables, and then the lines for scripts. */
    void print(PrintStream out) {
        out.println();
        out.println(Bench.machine());
        out.println("flags of every client: " + String.join(" ", options.flags(Bench.FLAGS)) + "; footprint: "
                + String.join(" ", options.flags(Bench.SMALL_FLAGS)));
        out.println(
                options.warmMillis() + " ms to warm up, " + options.measureMillis() + " ms measured; median (lowest to"
                        + " highest) of the rounds; a ratio is \"memory\" divided by the other in the same round");
        configurations.forEach((client, text) -> out.println("  " + client + ": " + text));
        for (Workload workload : options.workloads()) {
            table(workload, out);
        }
        notes.forEach(note -> out.println("note: " + note));
        failures.forEach((what, why) -> out.println("FAILED " + what + ": " + why));
        out.println();
        for (Workload workload : options.workloads()) {
            lines(workload, out);
        }
    }

    private void table(Workload workload, PrintStream out) {
        List<String> clients = clients(workload);
        if (clients.isEmpty()) {
            return;
        }
        List<String> metrics = new ArrayList<>(metrics(workload));
        String main = workload.kind().metric;
        metrics.remove(main);
        out.printf("%n%s (%s)%n  %-9s %26s %24s", workload.name(), workload.kind().unit, "", main, "ratio");
        metrics.forEach(metric -> out.printf(" %13s", metric));
        out.println();
        for (String client : clients) {
            Summary summary = summary(workload, client, main);
            Summary ratio = ratio(workload, main, base(workload), client);
            out.printf("  %-9s %26s %24s", client, spread(summary), client.equals(base(workload)) ? "" : spread(ratio));
            for (String metric : metrics) {
                Summary each = summary(workload, client, metric);
                out.printf(" %13s", each == null ? "-" : number(each.median));
            }
            out.println();
        }
    }

    private static String spread(Summary summary) {
        return summary == null ? "-" : number(summary.median) + (summary.rounds == 1 ? ""
                : " (" + number(summary.low) + " to " + number(summary.high) + ")");
    }

    /** For example {@code qos1.publish.100B.w100.ratio.hivemq 2.31}; the ratio of another metric has its name. */
    private void lines(Workload workload, PrintStream out) {
        List<String> clients = new ArrayList<>(clients(workload));
        clients.add(BEST);
        String base = base(workload);
        for (String metric : metrics(workload)) {
            for (String client : clients) {
                Summary summary = summary(workload, client, metric);
                if (summary == null) {
                    continue;
                }
                out.println(workload.name() + "." + metric + "." + client + " " + number(summary.median));
                String name = metric.equals(workload.kind().metric) ? "" : "." + metric;
                ratioLines(workload.name() + name, workload, metric, base, client, out);
                if (base.equals(Candidate.OURS) && !client.equals(Candidate.OURS)) {
                    ratioLines(workload.name() + "." + Candidate.POWER + name, workload, metric, Candidate.POWER,
                            client, out);
                }
            }
        }
    }

    private void ratioLines(String name, Workload workload, String metric, String client, String other,
            PrintStream out) {
        Summary ratio = ratio(workload, metric, client, other);
        if (ratio != null && !client.equals(other)) {
            out.println(name + ".ratio." + other + " " + number(ratio.median));
            if (ratio.rounds > 1) {
                out.println(name + ".ratio." + other + ".low " + number(ratio.low));
                out.println(name + ".ratio." + other + ".high " + number(ratio.high));
            }
        }
    }

    /** Three digits that count, no exponent. */
    static String number(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT,
                size >= 100 || size == 0 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f",
                value);
    }
}
