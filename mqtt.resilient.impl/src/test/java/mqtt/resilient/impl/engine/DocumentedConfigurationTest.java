package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** The table of docs/configuration.md tells the truth about the annotation, the parser and a running client. */
class DocumentedConfigurationTest {
    private static final Path PAGE = Path.of(System.getProperty("basedir", "."), "..", "docs", "configuration.md");
    private static final Path CORRECTED = Path.of(System.getProperty("basedir", "."), "target", "docs",
            "configuration.md");
    private static final String HEADER = "| key | default | type | range | acts | help |";
    private static final Pattern RANGE = Pattern.compile("(\\d+) to (\\d+)|at least (\\d+)");

    /** A configuration in which no key is without effect. */
    private static final Map<String, Object> COMPLETE = Map.of("mqtt.client", "test", "brokers",
            "mqtt://broker,mqtt://second",
            "user", "u", ".password", "p", "will.topic", "w", "proxy", "http://proxy:3128", "proxy.user", "u",
            ".proxy.password", "p");
    /** Another value for each key for which none can be derived from its default. */
    private static final Map<String, Object> OTHER = Map.ofEntries(Map.entry("mqtt.client", "other"),
            Map.entry("brokers", "mqtt://other"), Map.entry("brokers.order", "random"), Map.entry("client.id", "other"),
            Map.entry("user", "other"),
            Map.entry(".password", "other"), Map.entry("session.expiry.seconds", 0), Map.entry("will.topic", "other"),
            Map.entry("will.payload", "other"), Map.entry("birth.topic", "other"), Map.entry("birth.payload", "other"),
            Map.entry("will.payload.format", "text"), Map.entry("store", "memory"),
            Map.entry("store.directory", "other"),
            Map.entry("store.lanes", "3;10;0;10"), Map.entry("store.overflow", "drop-oldest"),
            Map.entry("subscriptions", "other;1"), Map.entry("network.source", "none"),
            Map.entry("wan.probe", "other:53"), Map.entry("tls.keystore", "other"),
            Map.entry(".tls.keystore.password", "other"), Map.entry("tls.key.alias", "other"),
            Map.entry(".tls.key.password", "other"), Map.entry("tls.truststore", "other"),
            Map.entry(".tls.truststore.password", "other"), Map.entry("tls.protocols", "TLSv1.3"),
            Map.entry("tls.ciphers", "TLS_AES_256_GCM_SHA384"), Map.entry("proxy", "socks5://other:1080"),
            Map.entry("protocol", "3.1.1"), Map.entry("auth.method", "other"),
            Map.entry("will.content.type", "other"), Map.entry("will.response.topic", "other"),
            Map.entry("will.correlation", "other"), Map.entry("will.user.properties", "a=b"),
            Map.entry("connect.user.properties", "a=b"), Map.entry("proxy.user", "other"),
            Map.entry(".proxy.password", "other"),
            Map.entry(".ws.headers", "X-Token: other"), Map.entry("network.interfaces", "eth0"));

    private record Row(String key, String defaultValue, String type, String range, String acts) {
    }

    private static Map<String, Row> table() throws IOException {
        List<String> lines = Files.readAllLines(PAGE);
        int header = lines.indexOf(HEADER);
        assertTrue(header >= 0, () -> PAGE + " has no line " + HEADER);
        Map<String, Row> rows = new TreeMap<>();
        for (String line : lines.subList(header + 2, lines.size())) {
            if (!line.startsWith("|")) {
                break;
            }
            String[] cells = line.split("\\|", -1);
            assertEquals(8, cells.length, line);
            Row row = new Row(code(cells[1]), code(cells[2]), cells[3].strip(), cells[4].strip(), cells[5].strip());
            assertNull(rows.put(row.key(), row), () -> row.key() + " has two rows");
        }
        return rows;
    }

    private static String code(String cell) {
        String text = cell.strip();
        assertTrue(text.isEmpty() || text.matches("`[^`]+`"), () -> text + " is neither empty nor in backticks");
        return text.replace("`", "");
    }

    private static Map<String, Method> annotation() {
        Map<String, Method> methods = new TreeMap<>();
        for (Method method : ClientConfig.class.getDeclaredMethods()) {
            if (!method.isSynthetic()) {
                methods.put(method.getName().replace('_', '.'), method);
            }
        }
        return methods;
    }

    private static <T, R> Map<String, R> values(Map<String, T> map, Function<T, R> part) {
        Map<String, R> values = new TreeMap<>();
        map.forEach((key, value) -> values.put(key, part.apply(value)));
        return values;
    }

    private static String defaultOf(Method method) {
        Object value = method.getDefaultValue();
        if (value instanceof String[] lines) {
            return String.join(",", lines);
        }
        return value == null ? "" : value instanceof Number ? decimal(value) : value.toString();
    }

    private static String decimal(Object number) {
        BigDecimal value = new BigDecimal(number.toString());
        return (value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros()).toPlainString();
    }

    @Test
    void everyKeyIsDocumentedWithItsDefaultAndNoOtherKeyIs() throws IOException {
        assertEquals(values(annotation(), DocumentedConfigurationTest::defaultOf), values(table(), Row::defaultValue));
    }

    @Test
    void everyTypeIsTheOneOfTheAnnotation() throws IOException {
        assertEquals(values(annotation(), method -> method.getReturnType().getSimpleName()),
                values(table(), Row::type));
    }

    @Test
    void everyNumberIsAcceptedUpToTheEndsOfItsRangeAndNotBeyond() throws IOException {
        for (Row row : table().values()) {
            Matcher range = RANGE.matcher(row.range());
            boolean number = List.of("int", "long", "double").contains(row.type());
            assertEquals(number, range.matches(), () -> row.key() + " is " + row.type() + ", its range " + row.range());
            if (number) {
                BigInteger min = new BigInteger(range.group(1) == null ? range.group(3) : range.group(1));
                assertAccepted(true, row, min);
                assertAccepted(false, row, min.subtract(BigInteger.ONE));
                if (range.group(2) != null) {
                    BigInteger max = new BigInteger(range.group(2));
                    assertAccepted(true, row, max);
                    assertAccepted(false, row, max.add(BigInteger.ONE));
                }
            }
        }
    }

    private static void assertAccepted(boolean expected, Row row, BigInteger value) {
        Map<String, Object> properties = new HashMap<>(COMPLETE);
        properties.put("backoff.min.ms", 10); // these two bound each other
        properties.put("backoff.max.seconds", 86_400);
        properties.put(row.key(), value.toString());
        String refusal = "";
        try {
            new Configuration(properties).settings("c", "/place");
        } catch (Configuration.InvalidException e) {
            refusal = e.getMessage();
        }
        assertEquals(expected, refusal.isEmpty(), row.key() + " = " + value + " " + refusal);
        assertTrue(expected || refusal.startsWith(row.key() + ":"), refusal);
    }

    @Test
    void aChangeOfEveryKeyDoesToAConnectedClientWhatIsDocumented() throws Exception {
        Map<String, String> observed = new TreeMap<>();
        for (Map.Entry<String, Method> key : annotation().entrySet()) {
            observed.put(key.getKey(), effectOf(key.getKey(), another(key.getKey(), key.getValue())));
        }
        if (!observed.equals(values(table(), Row::acts))) {
            Files.createDirectories(CORRECTED.getParent());
            Files.writeString(CORRECTED, withActs(Files.readString(PAGE), observed));
        }
        assertEquals(observed, values(table(), Row::acts),
                "cp mqtt.resilient.impl/target/docs/configuration.md docs/configuration.md");
    }

    /** The page with what a change of each key does. */
    private static String withActs(String page, Map<String, String> acts) {
        return Pattern.compile("(?m)^(\\| `([^`]+)` \\|(?:[^|\\n]*\\|){3})[^|\\n]*\\|").matcher(page)
                .replaceAll(row -> Matcher.quoteReplacement(acts.containsKey(row.group(2))
                        ? row.group(1) + " " + acts.get(row.group(2)) + " |" : row.group()));
    }

    @Test
    void whatAChangeOfAKeyDoesIsWrittenIntoItsRow() {
        assertEquals("| `a.b` | `1` | int | 0 to 2 | at once | *A* |\n| `c` | | | | x | |\n",
                withActs("| `a.b` | `1` | int | 0 to 2 |  | *A* |\n| `c` | | | | x | |\n", Map.of("a.b", "at once")));
    }

    private static Object another(String key, Method method) {
        if (OTHER.containsKey(key)) {
            return OTHER.get(key);
        }
        Object value = method.getDefaultValue();
        assertTrue(value instanceof Boolean || value instanceof Number, () -> "OTHER has no value for " + key);
        return value instanceof Boolean flag ? !flag : new BigDecimal(value.toString()).add(BigDecimal.ONE).toString();
    }

    private static String effectOf(String key, Object value) throws Configuration.InvalidException {
        World world = World.connected();
        world.client.configure("test", settings(COMPLETE));
        world.broker.expects("DISCONNECT").acceptsNewClient().expectsNothing();
        Map<String, Object> changed = new HashMap<>(COMPLETE);
        changed.put(key, value);
        world.client.configure("test", settings(changed));
        List<String> sent = world.broker.takeAll();
        if (sent.isEmpty()) {
            return "at once";
        }
        assertEquals("DISCONNECT", sent.get(0), key);
        return sent.size() > 1 && sent.get(1).startsWith("CONNECT clean ") ? "new session" : "reconnects";
    }

    /** As {@link ManagedClient} does it; without files, a derived client id is what it is derived from. */
    private static ClientSettings settings(Map<String, Object> properties) throws Configuration.InvalidException {
        Configuration configuration = new Configuration(properties);
        configuration.subscriptions();
        configuration.networkSource();
        String clientId = configuration.clientId();
        return configuration.settings(clientId.isEmpty()
                ? configuration.name() + " of " + configuration.storeDirectory() : clientId,
                configuration.storeDirectory() + "/" + configuration.name());
    }
}
