package mqtt.resilient.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * This client beside others: each in a process of its own, with the same flags, against the same broker, one after the
 * other, round after round, so that what the machine does meanwhile happens to all. {@code bin/bench} calls it.
 */
public final class Bench implements AutoCloseable {
    /** The same for every client; the heap is as large as the largest workload needs. */
    static final List<String> FLAGS = List.of("-Xms512m", "-Xmx512m");
    /** Where size is measured. */
    static final List<String> SMALL_FLAGS = List.of("-Xms16m", "-Xmx64m");
    private static final String SERIAL = "Serial";
    private static final int ROUNDS = 5;
    private static final int QUICK_SECONDS = 160;
    private static final int RUN_LIMIT_SECONDS = 120;

    private final Options options;
    private final Path directory;
    private final Map<Workload.Broker, BrokerProcess> brokers = new ConcurrentHashMap<>();
    private final Report report;
    private final long startedAt = System.nanoTime();
    private long longestNanos;

    /**
     * What is asked for.
     *
     * @param root the project; null = everything is in the class path
     * @param out where results go
     * @param clients which clients; empty = all
     * @param only parts of names of workloads; empty = all
     * @param quick only what is marked as quick
     * @param rounds at most
     * @param limitSeconds no run begins that would end later; 0 = no limit
     * @param warmMillis before each measurement
     * @param measureMillis of each measurement
     * @param collector of garbage, as in {@code -XX:+UseSerialGC}
     */
    record Options(Path root, Path out, List<String> clients, List<String> only, boolean quick, int rounds,
            int limitSeconds, int warmMillis, int measureMillis, String collector) {

        static Options parse(String[] arguments) {
            Path root = System.getProperty("bench.root") == null ? null : Path.of(System.getProperty("bench.root"));
            boolean quick = List.of(arguments).contains("--quick");
            Path out = root == null ? Path.of("target") : root.resolve("target");
            List<String> clients = List.of();
            List<String> only = new ArrayList<>();
            int rounds = ROUNDS;
            int limit = quick ? QUICK_SECONDS : 0;
            int warm = quick ? 1500 : 4000;
            int measure = quick ? 800 : 3000;
            String collector = SERIAL;
            for (int i = 0; i < arguments.length; i++) {
                switch (arguments[i]) {
                    case "--quick" -> {}
                    case "--only" -> only.add(value(arguments, ++i));
                    case "--clients" -> clients = List.of(value(arguments, ++i).split(","));
                    case "--rounds" -> rounds = Integer.parseInt(value(arguments, ++i));
                    case "--out" -> out = Path.of(value(arguments, ++i));
                    case "--seconds" -> limit = Integer.parseInt(value(arguments, ++i));
                    case "--warm" -> warm = Integer.parseInt(value(arguments, ++i));
                    case "--measure" -> measure = Integer.parseInt(value(arguments, ++i));
                    case "--gc" -> collector = value(arguments, ++i);
                    default -> throw new IllegalArgumentException(arguments[i] + " is not known");
                }
            }
            return new Options(root, out, clients, only, quick, rounds, limit, warm, measure, collector);
        }

        private static String value(String[] arguments, int at) {
            if (at >= arguments.length) {
                throw new IllegalArgumentException(arguments[at - 1] + " needs a value");
            }
            return arguments[at];
        }

        List<String> flags(List<String> sizes) {
            return Stream.concat(sizes.stream(), Stream.of("-XX:+Use" + collector + "GC")).toList();
        }

        List<Workload> workloads() {
            return Workload.all().stream().filter(each -> only.isEmpty() ? !quick || each.quick()
                    : only.stream().anyMatch(name -> Workload.isName(name) ? each.name().equals(name)
                            : each.name().contains(name)))
                    .toList();
        }

        List<Candidate> candidates() {
            return Candidate.all().stream().filter(each -> clients.isEmpty() ? !quick || each.quick()
                    : clients.contains(each.name()) || each.name().equals(Candidate.BARE)).toList();
        }
    }

    Bench(Options options) throws IOException {
        this.options = options;
        Files.createDirectories(options.out);
        directory = Files.createTempDirectory(options.out, "bench");
        report = new Report(options);
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /** Arguments as in {@code bin/bench --help}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (List.of(arguments).contains("--list")) {
            Workload.all().forEach(workload -> System.out.println(workload.name()));
            return;
        }
        Options options;
        try {
            options = Options.parse(arguments);
            if (options.workloads().isEmpty()) {
                throw new IllegalArgumentException("there is no workload " + options.only + "; there are "
                        + Workload.all().stream().map(Workload::name).collect(Collectors.joining(" ")));
            }
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(1);
            return;
        }
        boolean complete;
        try (Bench bench = new Bench(options)) {
            complete = bench.run();
        }
        System.exit(complete ? 0 : 1);
    }

    /** {@return whether every client did what it was asked} */
    boolean run() throws IOException, InterruptedException {
        List<Candidate> candidates = new ArrayList<>();
        for (Candidate each : options.candidates()) {
            if (each.isBuilt(options.root)) {
                candidates.add(each);
            } else {
                report.note(each.name() + " is not built");
            }
        }
        for (int round = 0; round < options.rounds && !isLate(); round++) {
            for (Workload workload : options.workloads()) {
                if (workload.kind() == Workload.Kind.DURABLE) {
                    durable(workload, round);
                } else {
                    round(workload, candidates, round);
                }
                report.write(); // what there is stays when somebody ends it
            }
        }
        report.print(System.out);
        return report.isComplete();
    }

    Report report() {
        return report;
    }

    private boolean isLate() {
        return options.limitSeconds > 0
                && System.nanoTime() - startedAt + longestNanos > options.limitSeconds * 1_000_000_000L;
    }

    private void round(Workload workload, List<Candidate> candidates, int round)
            throws IOException, InterruptedException {
        if (!hasBroker(workload)) {
            report.note(workload.name() + ": Mosquitto is not installed");
            return;
        }
        List<Candidate> able = candidates.stream().filter(each -> each.does(workload)
                && !report.hasFailed(workload, each)).toList();
        for (int i = 0; i < able.size() && !isLate(); i++) {
            long since = System.nanoTime();
            System.err.printf("round %d  %-34s %s%n", round + 1, workload.name(), able.get(i).name());
            measure(workload, able.get(i), round);
            longestNanos = Math.max(longestNanos, System.nanoTime() - since);
        }
    }

    private boolean hasBroker(Workload workload) throws IOException, InterruptedException {
        Workload.Broker kind = workload.broker();
        if (!brokers.containsKey(kind)) {
            BrokerProcess broker = switch (kind) {
                case SINK -> BrokerProcess.sink(null);
                case TLS -> BrokerProcess.sink(BrokerProcess.keys(directory));
                case MOSQUITTO -> BrokerProcess.mosquitto(directory);
            };
            if (broker == null) {
                return false;
            }
            brokers.put(kind, broker);
        }
        return true;
    }

    private void measure(Workload workload, Candidate candidate, int round) throws IOException, InterruptedException {
        BrokerProcess broker = brokers.get(workload.broker());
        boolean secure = workload.broker() == Workload.Broker.TLS;
        Path place = Files.createTempDirectory(directory, candidate.name());
        List<String> command = new ArrayList<>(List.of(java()));
        command.addAll(options.flags(workload.kind() == Workload.Kind.FOOTPRINT ? SMALL_FLAGS : FLAGS));
        command.addAll(List.of("-D" + BrokerProcess.CLASS_PATH + "=" + System.getProperty("java.class.path"),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", candidate.classPath(options.root),
                Subject.class.getName(), candidate.className(), candidate.name(), workload.name(),
                secure ? "localhost" : "127.0.0.1", String.valueOf(secure ? broker.tlsPort() : broker.port()),
                secure ? BrokerProcess.authority(BrokerProcess.keys(directory)).toString() : "-", place.toString(),
                String.valueOf(options.warmMillis), String.valueOf(options.measureMillis)));
        report.take(workload, candidate, round, run(command, place));
        delete(place);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static List<String> run(List<String> command, Path place) throws IOException, InterruptedException {
        File said = place.resolve("stdout").toFile();
        File log = place.resolve("stderr").toFile();
        Process process = new ProcessBuilder(command).redirectOutput(said).redirectError(log).start();
        List<String> lines = new ArrayList<>();
        if (!process.waitFor(RUN_LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            lines.add("failed after " + RUN_LIMIT_SECONDS + " s");
        }
        lines.addAll(Files.readAllLines(said.toPath()));
        if (process.waitFor() != 0 && lines.stream().noneMatch(line -> line.startsWith("failed"))) {
            lines.add("failed " + Files.readAllLines(log.toPath()).stream().findFirst().orElse("without a word"));
        }
        return lines;
    }

    private void durable(Workload workload, int round) throws IOException, InterruptedException {
        if (isLate()) {
            return;
        }
        System.err.printf("round %d  %s%n", round + 1, workload.name());
        Path place = Files.createTempDirectory(directory, "durable");
        String classPath = System.getProperty("java.class.path");
        List<String> lines = run(List.of(java(), "-Xms512m", "-Xmx512m", "-XX:+UseSerialGC",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classPath, Durable.class.getName(), "waiting",
                place.toString(), "1"), place);
        for (String client : List.of("power", "paho")) {
            Candidate candidate = Candidate.all().stream().filter(each -> each.name().equals(client)).findFirst()
                    .orElseThrow();
            report.take(workload, candidate, round, lines.stream()
                    .filter(line -> line.startsWith("waiting64." + client + " ") || line.startsWith("failed"))
                    .map(line -> line.replace("waiting64." + client, "rate")).toList());
        }
        delete(place);
    }

    private static void delete(Path place) {
        if (!Files.exists(place)) {
            return;
        }
        try (Stream<Path> files = Files.walk(place)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            System.err.println("bench: " + e);
        }
    }

    /** Ends the brokers and removes what was only for the time; also when the process is ended from outside. */
    @Override
    public void close() {
        brokers.values().forEach(BrokerProcess::close);
        delete(directory);
    }

    static String machine() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch")
                + ", " + Runtime.getRuntime().availableProcessors() + " processors, "
                + System.getProperty("java.vm.name")
                + " " + System.getProperty("java.runtime.version");
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
