package mqtt.resilient.console.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.console.model.Figures;
import org.junit.jupiter.api.Test;

/** The text that Prometheus reads. */
class PrometheusTest {
    private static final Pattern LINE = Pattern.compile(
            "mqtt_resilient_[a-z_]+\\{client=\"([^\"\\\\\n]|\\\\[\\\\\"n])*\"(,[a-z]+=\"[A-Za-z_]+\")?} "
                    + "-?[0-9]+(\\.[0-9]+)?");

    private static Prometheus.Sample sample(ClientStatus status, ClientMetrics metrics) {
        return new Prometheus.Sample(status, metrics);
    }

    private static String write(ClientStatus status, ClientMetrics metrics) {
        return Prometheus.write(List.of(sample(status, metrics)));
    }

    /** Every figure has another value. */
    private static ClientMetrics distinct() {
        long[] next = { 1000 };
        return Figures.metrics(Stream.of(ClientMetrics.class.getRecordComponents())
                .collect(Collectors.toMap(each -> each.getName(), each -> next[0]++)));
    }

    @Test
    void everyFigureOfAClientIsThere() throws ReflectiveOperationException {
        ClientMetrics metrics = distinct();
        String text = write(Figures.status(ConnectionState.ONLINE, "", Duration.ZERO), metrics);
        for (var component : ClientMetrics.class.getRecordComponents()) {
            double value = ((Number) component.getAccessor().invoke(metrics)).doubleValue();
            double shown = component.getName().endsWith("Nanos") ? value / 1e9
                    : component.getName().endsWith("Millis") ? value / 1e3 : value;
            assertTrue(text.lines().anyMatch(line -> !line.startsWith("#")
                    && Math.abs(Double.parseDouble(line.substring(line.lastIndexOf(' '))) - shown) < 1e-9),
                    component + " in\n" + text);
        }
    }

    @Test
    void everyLineIsInTheFormatAndEveryNameHasOneTypeAndAHelp() {
        ClientStatus status = Figures.status(ConnectionState.WAITING, "", Duration.ofMillis(1500));
        String text = Prometheus.write(List.of(sample(status, distinct()), sample(status, distinct())));
        assertTrue(text.endsWith("\n"));
        Set<String> typed = new HashSet<>();
        Set<String> helped = new HashSet<>();
        String current = "";
        for (String line : text.lines().toList()) {
            if (line.startsWith("# HELP ")) {
                current = line.split(" ")[2];
                assertTrue(helped.add(current), line);
            } else if (line.startsWith("# TYPE ")) {
                assertEquals(current, line.split(" ")[2]);
                assertTrue(typed.add(current), line);
                assertEquals(current.endsWith("_total") ? "counter" : "gauge", line.split(" ")[3], line);
            } else {
                assertTrue(LINE.matcher(line).matches(), line);
                assertEquals(current, line.substring(0, line.indexOf('{')));
            }
        }
        assertEquals(typed, helped);
    }

    @Test
    void stateAndStoreAreOneOfAll() {
        String text = write(
                Figures.status(ConnectionState.WAITING, "", Duration.ofMillis(1500), "wrong", StoreHealth.DEGRADED,
                        "slow"),
                Figures.metrics(Map.of()));
        assertEquals(Map.of("WAITING", "1"), set(text, "state", ConnectionState.values()));
        assertEquals(Map.of("DEGRADED", "1"), set(text, "store_health", StoreHealth.values()));
        assertTrue(text.contains("mqtt_resilient_connected{client=\"plant\"} 0\n"));
        assertTrue(text.contains("mqtt_resilient_configuration_valid{client=\"plant\"} 0\n"));
        assertTrue(text.contains("mqtt_resilient_next_attempt_seconds{client=\"plant\"} 1.500000000\n"));
    }

    private static Map<String, String> set(String text, String name, Enum<?>[] values) {
        Map<String, String> all = text.lines().filter(line -> line.startsWith("mqtt_resilient_" + name + "{"))
                .collect(Collectors.toMap(
                        line -> line.replaceAll(".*=\"(.*)\"}.*", "$1"),
                        (Function<String, String>) line -> line.substring(line.lastIndexOf(' ') + 1)));
        assertEquals(Stream.of(values).map(Enum::name).collect(Collectors.toSet()), all.keySet());
        all.values().removeIf("0"::equals);
        return all;
    }

    @Test
    void aNameThatIsNoNameIsEscaped() {
        ClientStatus status = Figures.status(ConnectionState.ONLINE, "", Duration.ZERO);
        ClientStatus hostile = new ClientStatus("a\"} 1\n\\\r\u001b", status.state(), status.since(), "", "", "", "", 0,
                Duration.ZERO, false, "", 0,
                status.limits(), status.store(), "", List.of());
        String text = write(hostile, Figures.metrics(Map.of()));
        assertTrue(text.contains("mqtt_resilient_connected{client=\"a\\\"} 1\\n\\\\??\"} 1\n"), text);
        assertTrue(text.lines().filter(line -> !line.startsWith("#")).allMatch(line -> LINE.matcher(line).matches()));
    }
}
