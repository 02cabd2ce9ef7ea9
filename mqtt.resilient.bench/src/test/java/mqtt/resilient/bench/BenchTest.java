package mqtt.resilient.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The comparison works with its sink, this client and the limit; what it measures is of no interest here. */
@Timeout(120)
class BenchTest {
    private static final String WORKLOAD = "qos1.publish.100B.w100";
    private static final int MILLIS = 50;

    @TempDir
    private Path directory;

    private Bench.Options options(int rounds, String... clients) {
        return new Bench.Options(null, directory, List.of(clients), List.of(WORKLOAD), false, rounds, 0, MILLIS,
                MILLIS, "Serial");
    }

    @Test
    void theBenchmarksOfJmhAreListed() {
        assertNotNull(SessionBenchmark.class.getResource("/META-INF/BenchmarkList"));
    }

    @Test
    void everyClientHasAProcessOfItsOwnAndTheResultIsATableLinesAndFiles() throws Exception {
        try (Bench bench = new Bench(options(1, "memory", "raw"))) {
            assertTrue(bench.run());
            String printed = printed(bench.report());
            assertTrue(printed.contains("\n" + WORKLOAD + ".ratio.raw "), printed);
            assertTrue(printed.contains("  memory: store=memory"), printed);
        }
        assertTrue(Files.readString(directory.resolve("bench.csv")).contains(WORKLOAD + ",raw,rate,1,"));
        assertTrue(Files.readString(directory.resolve("bench.json"))
                .contains("\"client\": \"raw\", \"metric\": \"rate\""));
        assertTrue(
                Files.readString(directory.resolve("bench-charts").resolve(WORKLOAD + ".svg")).contains(">raw</text>"));
    }

    @Test
    void aRatioIsTheMedianOfTheRatiosOfEachRoundAndTheBestPeerIsTheBestOfEachRound() throws Exception {
        Report report = new Report(options(3));
        double[] ours = { 200, 300, 400 };
        double[][] peers = { { 100, 100, 100 }, { 50, 300, 50 } };
        for (int round = 0; round < ours.length; round++) {
            take(report, "memory", round, ours[round]);
            take(report, "hivemq", round, peers[0][round]);
            take(report, "vertx", round, peers[1][round]);
        }
        report.write();
        List<String> lines = printed(report).lines().toList();
        for (String line : List.of("ratio.hivemq 3.00", "ratio.hivemq.low 2.00", "ratio.hivemq.high 4.00",
                "ratio.vertx 4.00",
                "ratio.vertx.low 1.00", "ratio.best 2.00", "rate.memory 300")) {
            assertTrue(lines.contains(WORKLOAD + "." + line), () -> line + " is not in " + lines);
        }
    }

    @Test
    void whatAClientCannotDoIsSaidAndNotTriedAgain() {
        Report report = new Report(options(1));
        Candidate candidate = Candidate.all().get(0);
        report.take(Workload.named(WORKLOAD), candidate, 0, List.of("failed not today"));
        assertTrue(report.hasFailed(Workload.named(WORKLOAD), candidate));
        assertTrue(!report.isComplete());
        assertTrue(printed(report).contains("FAILED " + WORKLOAD + " memory: not today"));
    }

    private static void take(Report report, String client, int round, double rate) {
        Candidate candidate = Candidate.all().stream().filter(each -> each.name().equals(client)).findFirst()
                .orElseThrow();
        report.take(Workload.named(WORKLOAD), candidate, round, List.of("rate " + rate));
    }

    private static String printed(Report report) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        report.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({ "qos0.publish.100B, memory, rate", "qos2.publish.100B.w1000, memory, rate",
        "qos1.publish.64KB.w100, memory5, rate", "qos1.receive.100B.w100, memory, rate",
        "qos1.receive.100B.w100, memory5, rate", "qos0.receive.100B, memory, rate",
        "watched.qos1.publish.100B.w100, memory, rate", "watched.qos2.publish.100B.w1000, memory, garbage",
        "sync1, power, rate", "sync64, memory, rate", "qos1.roundtrip.100B, power, p99",
        "tls.qos1.publish.100B.w100, memory, rate", "clients.10, memory, rate", "footprint, power, heap" })
    void theSinkServesEveryWorkload(String name, String client, String metric) throws Exception {
        Workload workload = Workload.named(name);
        boolean secure = workload.broker() == Workload.Broker.TLS;
        Path keyStore = secure ? BrokerProcess.keys(directory) : null;
        Sink sink = new Sink(0, keyStore);
        Thread thread = new Thread(sink, "sink");
        thread.start();
        Settings settings = new Settings(client, secure ? "localhost" : "127.0.0.1",
                secure ? sink.tlsPort() : sink.port(),
                secure ? BrokerProcess.authority(keyStore) : null, workload.window(), workload.clients(), false,
                directory);
        Subject subject = new Subject(workload, settings, MILLIS * 1_000_000L, MILLIS * 1_000_000L);
        Map<String, Double> results = subject.run(Ours.class.getName());
        assertTrue(results.get(metric) > 0, results::toString);
        subject.stop();
        sink.close();
        thread.join();
        assertEquals(Thread.State.TERMINATED, thread.getState());
    }
}
