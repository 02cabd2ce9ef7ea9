package mqtt.resilient.console.metrics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.spi.OutsideText;

/** Writes figures in the text format of Prometheus, version 0.0.4. */
final class Prometheus {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final String PREFIX = "mqtt_resilient_";
    private static final double NANOS = 1e9;
    private static final double MILLIS = 1e3;

    /** One client at one moment. */
    record Sample(ClientStatus status, ClientMetrics metrics) {
    }

    private final List<Sample> samples;
    private final StringBuilder text = new StringBuilder();

    private Prometheus(List<Sample> samples) {
        this.samples = samples;
    }

    /** Writes all figures of all clients. */
    static String write(List<Sample> samples) {
        return new Prometheus(samples).all();
    }

    private String all() {
        gauge("connected", "1 if the client is connected, 0 if not",
                each -> each.status.state() == ConnectionState.ONLINE ? 1 : 0);
        labelled("state", "1 for the state of the client, 0 for the others", "gauge", "state",
                each -> flags(ConnectionState.values(), each.status.state()));
        gauge("state_since_timestamp_seconds", "When the client entered its state, in seconds since 1970",
                each -> each.status.since().toEpochMilli() / MILLIS);
        gauge("attempt", "Attempts since the last connection, 0 while connected", each -> each.status.attempt());
        gauge("next_attempt_seconds", "Time until the next attempt; 0 = none is planned",
                each -> each.status.nextAttempt().toMillis() / MILLIS);
        gauge("configuration_valid", "1 if the latest configuration is in force, 0 if it was rejected",
                each -> each.status.configurationError().isEmpty() ? 1 : 0);
        gauge("round_trip_seconds",
                "How long the broker took for the latest measured answer; 0 = none on this connection yet",
                each -> each.metrics.roundTripNanos() / NANOS);

        counter("accepted_messages", "Messages accepted for delivery", each -> each.metrics.accepted());
        counter("rejected_messages", "Messages rejected: not accepted", each -> each.metrics.rejected());
        labelled("settled_messages_total", "Settled messages by outcome", "counter", "outcome",
                each -> ends(each.metrics));
        gauge("pending_messages", "Accepted messages that are not yet settled", each -> each.metrics.pending());
        gauge("pending_bytes", "Bytes of pending messages, as counted for store.max.bytes and qos0.max.bytes",
                each -> each.metrics.pendingBytes());
        gauge("oldest_pending_seconds", "Age of the oldest pending message; 0 = none is pending",
                each -> each.metrics.oldestMillis() / MILLIS);
        gauge("in_flight_messages", "Messages sent and not acknowledged to the end", each -> each.metrics.inFlight());
        counter("resent_messages", "Messages resent on a later connection", each -> each.metrics.resent());

        counter("received_messages", "Messages received from the broker", each -> each.metrics.received());
        counter("received_duplicates", "QoS 2 messages that the broker resent; listeners get them once",
                each -> each.metrics.receivedDuplicates());
        gauge("unhandled_messages", "Received messages that are not yet handled by their listeners",
                each -> each.metrics.unhandled());
        counter("received_dropped", "Received messages that did not reach a listener",
                each -> each.metrics.receivedDropped());
        counter("listener_failures", "Calls of listeners that threw", each -> each.metrics.listenerFailures());
        counter("stray_acknowledgements", "Acknowledgements for no message in flight",
                each -> each.metrics.strayAcknowledgements());

        counter("connections", "Connections that the broker accepted", each -> each.metrics.connections());
        counter("attempts", "Attempts to connect", each -> each.metrics.attempts());
        counter("sessions_lost", "Sessions lost, by the broker or by a change of the broker or the client identifier",
                each -> each.metrics.sessionsLost());
        counter("subscriptions_refused", "Subscriptions that the broker refused",
                each -> each.metrics.subscriptionsRefused());
        counter("events_dropped", "Events that were dropped, because a handler of events blocked",
                each -> each.metrics.eventsDropped());

        labelled("store_health", "1 for the health of the store, 0 for the others", "gauge", "health",
                each -> flags(StoreHealth.values(), each.status.store()));
        gauge("store_bytes", "Size of the journal", each -> each.metrics.storeBytes());
        counter("store_written_bytes", "Bytes written to the store since it was opened",
                each -> each.metrics.storeBytesWritten());
        counter("store_forces", "How often the disk was forced since the store was opened",
                each -> each.metrics.storeForces());
        counter("store_records_skipped", "Damaged records of the journal that were skipped",
                each -> each.metrics.storeRecordsSkipped());
        counter("store_segments_quarantined", "Damaged segments of the journal that were quarantined",
                each -> each.metrics.storeSegmentsQuarantined());
        return text.toString();
    }

    private static Map<String, Double> ends(ClientMetrics metrics) {
        Map<String, Double> ends = new LinkedHashMap<>();
        ends.put("delivered", (double) metrics.delivered());
        ends.put("expired", (double) metrics.expired());
        ends.put("cancelled", (double) metrics.cancelled());
        ends.put("refused", (double) metrics.refused());
        ends.put("dead_lettered", (double) metrics.deadLettered());
        ends.put("dropped", (double) metrics.dropped());
        ends.put("closed", (double) metrics.closed());
        return ends;
    }

    private static <E extends Enum<E>> Map<String, Double> flags(E[] values, E set) {
        Map<String, Double> flags = new LinkedHashMap<>();
        Stream.of(values).forEach(value -> flags.put(value.name(), value == set ? 1.0 : 0));
        return flags;
    }

    private void counter(String name, String help, ToDoubleFunction<Sample> figure) {
        plain(name + "_total", help, "counter", figure);
    }

    private void gauge(String name, String help, ToDoubleFunction<Sample> figure) {
        plain(name, help, "gauge", figure);
    }

    private void plain(String name, String help, String type, ToDoubleFunction<Sample> figure) {
        labelled(name, help, type, null, each -> Map.of("", figure.applyAsDouble(each)));
    }

    /** One figure for each value of a label; null = it has no label but the client. */
    private void labelled(String name, String help, String type, String label, Figures figures) {
        text.append("# HELP ").append(PREFIX).append(name).append(' ').append(help).append('\n')
                .append("# TYPE ").append(PREFIX).append(name).append(' ').append(type).append('\n');
        for (Sample sample : samples) {
            figures.of(sample).forEach((value, figure) -> {
                text.append(PREFIX).append(name).append("{client=\"").append(escape(sample.status.client()));
                if (label != null) {
                    text.append("\",").append(label).append("=\"").append(escape(value));
                }
                text.append("\"} ").append(number(figure)).append('\n');
            });
        }
    }

    /** The figures of one client by the value of a label. */
    private interface Figures {
        Map<String, Double> of(Sample sample);
    }

    private static String number(double figure) {
        return figure == Math.rint(figure) && Math.abs(figure) < 1L << 53 ? String.valueOf((long) figure)
                : String.format(Locale.ROOT, "%.9f", figure);
    }

    private static String escape(String label) {
        return OutsideText.oneLine(label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
    }
}
