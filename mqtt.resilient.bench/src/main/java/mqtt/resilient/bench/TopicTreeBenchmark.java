package mqtt.resilient.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.impl.dispatch.TopicTree;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Matches one topic against 10,000 filters of which one in ten has a wildcard. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TopicTreeBenchmark {
    private static final int FILTERS = 10_000;

    private final TopicTree<Integer> tree = new TopicTree<>();
    private final List<Integer> found = new ArrayList<>();
    private int next;

    @Setup
    public void fill() {
        for (int i = 0; i < FILTERS; i++) {
            String line = "plant/line" + i % 100;
            tree.add(switch (i % 20) {
                case 0 -> line + "/+/sensor" + i + "/value";
                case 1 -> line + "/cell" + i + "/#";
                default -> line + "/cell" + i / 100 + "/sensor" + i + "/value";
            }, i);
        }
    }

    @Benchmark
    public int match() {
        next = (next + 7919) % FILTERS;
        found.clear();
        tree.match("plant/line" + next % 100 + "/cell" + next / 100 + "/sensor" + next + "/value", found);
        return found.size();
    }
}
