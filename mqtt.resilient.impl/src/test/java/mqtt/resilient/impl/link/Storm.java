package mqtt.resilient.impl.link;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.spi.ProtocolVersion;

/**
 * A fleet that loses its broker: when each gateway tries to connect again, as the shipped {@link RetryPolicy} has it.
 * Connections take no time, and the broker takes as many as come. {@code bin/simulate --storm}.
 */
public final class Storm {
    private static final long SECOND = 1_000_000_000L;
    private static final long ONLINE = 3600 * SECOND;

    /**
     * What is lost, for how long.
     *
     * @param words what happens
     * @param outageSeconds how long the first broker is away
     * @param brokers how many there are; the others are there all the time
     * @param silentSeconds the first broker dies without a word, and that is noticed within so many seconds; 0 = it
     *        closes all connections at once
     */
    private record Loss(String words, int outageSeconds, int brokers, int silentSeconds) {
    }

    private static final List<Loss> LOSSES = List.of(
            new Loss("restarted at once", 0, 1, 0), new Loss("away for 5 s", 5, 1, 0),
            new Loss("away for 10 s", 10, 1, 0), new Loss("away for 30 s", 30, 1, 0),
            new Loss("away for 1 min", 60, 1, 0), new Loss("away for 5 min", 300, 1, 0),
            new Loss("away for 30 min", 1800, 1, 0), new Loss("frozen for 1 min, noticed within 15 s", 60, 1, 15),
            new Loss("gone for good, another one is there", 1_000_000, 2, 0));

    /** What came of it. */
    record Result(int firstSecond, int peak, long later, double half, double most, double all) {
    }

    private final List<Gateway> gateways = new ArrayList<>();
    private final Loss loss;
    private final int[][] attempts;
    private int back;
    private final double[] backAfter;

    private Storm(Loss loss, int count) {
        this.loss = loss;
        attempts = new int[loss.brokers][4096];
        backAfter = new double[count];
        Object[] keys = { "brokers", List.of("mqtt://first", "mqtt://second").subList(0, loss.brokers) };
        LinkSettings settings = Keys.settings(keys).link();
        ProtocolVersion basic = new Mqtt311();
        SplittableRandom random = new SplittableRandom(count);
        Scheduler clock = new VirtualScheduler();
        for (int i = 0; i < count; i++) {
            gateways.add(new Gateway(settings, basic, random.split(), clock));
        }
    }

    private final class Gateway implements Comparable<Gateway> {
        private final LinkSettings settings;
        private final ProtocolVersion protocol;
        private final BrokerList brokers;
        private final RetryPolicy retries;
        private final long lostAt;
        private long next;

        Gateway(LinkSettings settings, ProtocolVersion protocol, SplittableRandom random, Scheduler clock) {
            this.settings = settings;
            this.protocol = protocol;
            brokers = new BrokerList(random);
            brokers.configure(settings.brokers());
            brokers.accepted(0);
            retries = new RetryPolicy(brokers, new Protocols(protocol, 0), new SessionOwner(),
                    new NetworkAdvice(null, clock));
            lostAt = loss.silentSeconds == 0 ? 0 : random.nextLong(loss.silentSeconds * SECOND);
            Ending ending = loss.silentSeconds == 0 ? new Ending(Ending.Cause.CLOSED, "closed")
                    : new Ending(Ending.Cause.TIMEOUT, "silent");
            next = lostAt + retries.connectionLost(ending, "", false, settings, ONLINE, lostAt).waitNanos();
        }

        /** One attempt; whether it was the last one. */
        boolean attempt() {
            int broker = brokers.isFirst() ? 0 : 1;
            attempts[broker][(int) Math.min(next / SECOND, attempts[broker].length - 1)]++;
            if (broker > 0 || next >= loss.outageSeconds * SECOND) {
                backAfter[back++] = (next - (broker > 0 ? 0 : loss.outageSeconds * SECOND)) / 1e9;
                return true;
            }
            next += retries.attemptFailed(new Ending(Ending.Cause.UNREACHABLE, "refused"), settings, protocol, next)
                    .waitNanos();
            return false;
        }

        @Override
        public int compareTo(Gateway other) {
            return Long.compare(next, other.next);
        }
    }

    private Result run() {
        PriorityQueue<Gateway> queue = new PriorityQueue<>(gateways);
        while (!queue.isEmpty()) {
            Gateway gateway = queue.remove();
            if (!gateway.attempt()) {
                queue.add(gateway);
            }
        }
        int peak = Arrays.stream(attempts).mapToInt(each -> Arrays.stream(each).max().getAsInt()).max().getAsInt();
        int from = loss.outageSeconds - 60;
        long later = from < 60 || from > 10_000 ? 0 : Arrays.stream(attempts[0], from, from + 60).sum() / 60;
        Arrays.sort(backAfter);
        return new Result(attempts[0][0], peak, later, backAfter[backAfter.length / 2],
                backAfter[(int) (backAfter.length * 0.99)], backAfter[backAfter.length - 1]);
    }

    /** Simulates every loss with so many gateways, writes a table, and returns the results. */
    public static List<Result> table(int gateways, PrintStream out) {
        out.println("| the broker is | first second | peak in one second | later, each second | half are back after |"
                + " 99 % | all |\n|---|---|---|---|---|---|---|");
        List<Result> results = new ArrayList<>();
        for (Loss loss : LOSSES) {
            Result result = new Storm(loss, gateways).run();
            results.add(result);
            out.printf(Locale.ROOT, "| %s | %,d | %,d | %s | %.1f s | %.1f s | %.1f s |%n", loss.words,
                    result.firstSecond, result.peak, result.later == 0 ? "" : String.format(Locale.ROOT, "%,d",
                            result.later),
                    result.half, result.most, result.all);
        }
        out.println("peak in one second " + results.stream().mapToInt(Result::peak).max().getAsInt());
        return results;
    }
}
