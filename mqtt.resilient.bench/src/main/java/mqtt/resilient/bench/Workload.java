package mqtt.resilient.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * One thing that is measured for every client.
 *
 * @param name its name in all output
 * @param kind what happens
 * @param qos 0 to 2
 * @param bytes the length of a payload
 * @param window how many messages may be unacknowledged on a connection; for {@code SYNC} how many threads wait
 * @param clients how many connections
 * @param broker which broker
 * @param quick whether {@code --quick} has it
 */
record Workload(String name, Kind kind, int qos, int bytes, int window, int clients, Broker broker, boolean quick) {
    private static final int[] SIZES = { 16, 100, 1024, 65_536 };
    private static final int[] WINDOWS = { 100, 1000 };
    private static final int[] THREADS = { 1, 64 };

    /** What happens. */
    enum Kind {
        PUBLISH("rate", "messages/s"), WATCHED("rate", "messages/s"), SYNC("rate", "messages/s"),
        RECEIVE("rate", "messages/s"), CLIENTS("rate", "messages/s"),
        ROUND_TRIP("p50", "µs"), FOOTPRINT("rss.above", "MB"), RECOVERY("restart", "ms"),
        DURABLE("rate", "messages/s");

        /** What the chart shows, and the ratio without a name. */
        final String metric;
        final String unit;

        Kind(String metric, String unit) {
            this.metric = metric;
            this.unit = unit;
        }
    }

    /** Which broker. */
    enum Broker {
        SINK, TLS, MOSQUITTO
    }

    /** Metrics of which more is better; of all others less is. */
    static final Set<String> MORE_IS_BETTER = Set.of("rate");

    /** {@return everything that is measured, in order} */
    static List<Workload> all() {
        List<Workload> all = new ArrayList<>();
        for (int qos : new int[] { 1, 0, 2 }) {
            for (int bytes : SIZES) {
                for (int window : WINDOWS) {
                    if (qos > 0 || window == WINDOWS[1]) { // nothing limits QoS 0
                        boolean quick = bytes == 100 && (qos == 1 || window == WINDOWS[1]);
                        all.add(new Workload("qos" + qos + ".publish." + size(bytes) + (qos == 0 ? "" : ".w" + window),
                                Kind.PUBLISH, qos, bytes, window, 1, Broker.SINK, quick));
                    }
                }
            }
        }
        for (int qos : new int[] { 1, 0, 2 }) {
            for (int window : WINDOWS) {
                if (qos == 1 || window == WINDOWS[1]) {
                    all.add(new Workload("watched.qos" + qos + ".publish.100B" + (qos == 0 ? "" : ".w" + window),
                            Kind.WATCHED, qos, 100, window, 1, Broker.SINK, qos == 1));
                }
            }
        }
        for (int threads : THREADS) {
            all.add(new Workload("sync" + threads, Kind.SYNC, 1, 100, threads, 1, Broker.SINK, true));
            all.add(new Workload("mosquitto.sync" + threads, Kind.SYNC, 1, 100, threads, 1, Broker.MOSQUITTO, false));
        }
        all.add(new Workload("qos0.receive.100B", Kind.RECEIVE, 0, 100, WINDOWS[1], 1, Broker.SINK, false));
        for (int window : WINDOWS) {
            all.add(new Workload("qos1.receive.100B.w" + window, Kind.RECEIVE, 1, 100, window, 1, Broker.SINK,
                    window == WINDOWS[1]));
        }
        all.add(new Workload("qos1.roundtrip.100B", Kind.ROUND_TRIP, 1, 100, 100, 1, Broker.SINK, true));
        all.add(new Workload("tls.qos1.publish.100B.w100", Kind.PUBLISH, 1, 100, 100, 1, Broker.TLS, false));
        all.add(new Workload("tls.qos1.receive.100B.w100", Kind.RECEIVE, 1, 100, 100, 1, Broker.TLS, false));
        all.add(new Workload("mosquitto.qos1.publish.100B.w100", Kind.PUBLISH, 1, 100, 100, 1, Broker.MOSQUITTO,
                false));
        all.add(new Workload("mosquitto.qos1.roundtrip.100B", Kind.ROUND_TRIP, 1, 100, 100, 1, Broker.MOSQUITTO,
                false));
        for (int clients : new int[] { 1, 10, 100, 1000, 10_000 }) {
            all.add(new Workload("clients." + clients, Kind.CLIENTS, 1, 100, 100, clients, Broker.SINK, false));
        }
        all.add(new Workload("footprint", Kind.FOOTPRINT, 1, 100, 100, 1, Broker.SINK, true));
        all.add(new Workload("recovery", Kind.RECOVERY, 1, 100, 100, 1, Broker.SINK, false));
        all.add(new Workload("durable", Kind.DURABLE, 1, 100, 1000, 1, Broker.SINK, false));
        return all;
    }

    private static String size(int bytes) {
        return bytes < 1024 ? bytes + "B" : bytes / 1024 + "KB";
    }

    static boolean isName(String name) {
        return all().stream().anyMatch(each -> each.name.equals(name));
    }

    static Workload named(String name) {
        return all().stream().filter(each -> each.name.equals(name)).findFirst()
                .orElseThrow(() -> new NoSuchElementException("there is no workload " + name));
    }
}
