package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientMXBean;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.MqttConstants;
import org.junit.jupiter.api.Test;

/**
 * The pages about operations, the console and events name the metrics, commands, log lines and events that there are.
 */
class OperationsTest {
    private static final Pattern PROMETHEUS = Pattern.compile("\\bmqtt_resilient_[a-z_]+");
    private static final Pattern ATTRIBUTE = Pattern.compile("(?m)^\\| [^|]*\\| `([A-Z]\\w+)` \\|");
    private static final Pattern ALERT = Pattern.compile("alert: (\\w+)");
    private static final Pattern EXPLAINED = Pattern.compile("\\bMqtt\\w+(?=[,.*])");
    private static final Pattern COMMAND = Pattern.compile("`([a-z]+)[^`]*`");
    private static final Pattern DROPPED = Pattern.compile("(?m)^\\| `DROPPED: ([^`]*)` \\|");
    private static final Pattern LINE = Pattern.compile("(?m)^\\| `([^`]*)` \\| (?:info|warn|error) \\|");

    private static String page() throws IOException {
        return GuidePage.of("docs/operations.md").text();
    }

    private static Set<String> all(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(each -> each.groupCount() == 0 ? each.group() : each.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void theTableAndTheAlertsNameTheMetricsOfPrometheusThatThereAre() throws Exception {
        String metrics = metrics();
        Set<String> there = all(Pattern.compile("(?m)^# TYPE (\\w+)"), metrics);
        assertTrue(there.size() > 20, there::toString);
        String table = page().substring(page().indexOf("<!-- metrics -->"), page().indexOf("## Alerts"));
        assertEquals(there, all(PROMETHEUS, table));
        Set<String> alerted = all(PROMETHEUS, page());
        alerted.removeAll(there);
        assertEquals(Set.of(), alerted);
        Set<String> ends = all(Pattern.compile("outcome=\"(\\w+)\""), metrics);
        assertEquals(ends, all(Pattern.compile("`outcome=\"(\\w+)\"`"), table));
    }

    @Test
    void theTableNamesTheAttributesOfTheMXBeanThatThereAre() throws IOException {
        Set<String> named = all(ATTRIBUTE, page());
        String others = page().lines().filter(line -> line.startsWith("Only in the MXBean")).findFirst().orElseThrow();
        named.addAll(all(Pattern.compile("`([A-Z]\\w+)`"), others));
        assertEquals(Stream.of(ClientMXBean.class.getMethods()).map(method -> method.getName().substring(3))
                .collect(Collectors.toCollection(TreeSet::new)), named);
    }

    @Test
    void everyAlertIsExplainedAndNoOtherIs() throws IOException {
        String text = page().substring(page().indexOf("## What to do"));
        assertEquals(all(ALERT, page()), all(EXPLAINED, text));
    }

    @Test
    void theCommandsAreThoseOfTheConsole() throws IOException {
        Set<String> there = new TreeSet<>();
        try (Stream<Path> files = Files
                .list(GuidePage.root().resolve("mqtt.resilient.console/target/classes/OSGI-INF"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".xml")).toList()) {
                for (String value : List.of("[^>/]*>([^<]*)<", "[^>]*value=\"([^\"]*)\"/>")) { // several, or one
                    all(Pattern.compile("(?s)osgi\\.command\\.function\"" + value), Files.readString(file))
                            .forEach(names -> there.addAll(names.lines().map(String::strip).toList()));
                }
            }
        }
        String shell = GuidePage.of("docs/console.md").text().split("## The shell")[1].split("## ")[0];
        Set<String> named = new TreeSet<>();
        shell.lines().filter(line -> line.startsWith("| `"))
                .forEach(line -> named.addAll(all(COMMAND, line.split(" \\| ")[0])));
        assertEquals(there, named);
        Set<String> used = all(Pattern.compile("mqtt:([a-z]+)"), page() + GuidePage.of("docs/karaf.md").text() + shell);
        used.removeAll(there);
        assertEquals(Set.of(), used);
    }

    @Test
    void everyLogLineIsOneOfTheCode() throws IOException {
        String code = code();
        Set<String> lines = all(LINE, page());
        assertTrue(lines.size() > 15, lines::toString);
        lines.removeIf(line -> code.indexOf('"' + line.replace("…", "{}").replaceAll("\\{}$", "")) >= 0);
        assertEquals(Set.of(), lines);
    }

    @Test
    void everyReasonForWhichMessagesAreDroppedIsOneOfTheCode() throws IOException {
        String code = code();
        Set<String> reasons = all(DROPPED, GuidePage.of("docs/events.md").text());
        assertTrue(reasons.size() > 8, reasons::toString);
        reasons.removeIf(
                reason -> Stream.of(reason.split("…")).map(String::strip).allMatch(part -> code.indexOf(part) >= 0));
        assertEquals(Set.of(), reasons);
    }

    /** What a user can be told, with the literals of one expression as one. */
    private static String code() throws IOException {
        StringBuilder code = new StringBuilder();
        for (String module : List.of("impl", "console")) {
            try (Stream<Path> files = Files
                    .walk(GuidePage.root().resolve("mqtt.resilient." + module + "/src/main/java"))) {
                for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                    code.append(Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", "").replace("\\\"", "\""));
                }
            }
        }
        return code.toString();
    }

    @Test
    void thePageOfEventsNamesEveryTopicAndPropertyThatThereIs() throws Exception {
        String events = GuidePage.of("docs/events.md").text();
        Set<String> missing = new TreeSet<>();
        for (Field constant : MqttConstants.class.getFields()) {
            String value = String.valueOf(constant.get(null));
            missing.add(value.substring(value.lastIndexOf('/') + 1));
        }
        assertTrue(missing.size() > 35, missing::toString);
        missing.removeIf(value -> events.contains("`" + value + "`"));
        assertEquals(Set.of(), missing);
    }

    /** What the console would answer for one client; the class that writes it is not public. */
    private static String metrics() throws ReflectiveOperationException {
        Class<?> prometheus = Class.forName("mqtt.resilient.console.metrics.Prometheus");
        Class<?> sample = Class.forName("mqtt.resilient.console.metrics.Prometheus$Sample");
        Constructor<?> constructor = sample.getDeclaredConstructor(ClientStatus.class, ClientMetrics.class);
        constructor.setAccessible(true);
        Method write = prometheus.getDeclaredMethod("write", List.class);
        write.setAccessible(true);
        return (String) write.invoke(null,
                List.of(constructor.newInstance(empty(ClientStatus.class), empty(ClientMetrics.class))));
    }

    private static Object empty(Class<?> type) throws ReflectiveOperationException {
        Map<Class<?>, Object> values = Map.of(long.class, 0L, int.class, 0, boolean.class, false, String.class, "",
                Instant.class, Instant.EPOCH, Duration.class, Duration.ZERO, BrokerLimits.class, BrokerLimits.NONE);
        Class<?>[] types = Stream.of(type.getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
        return type.getDeclaredConstructor(types).newInstance(Stream.of(types)
                .map(each -> each.isEnum() ? each.getEnumConstants()[0] : values.get(each)).toArray());
    }
}
