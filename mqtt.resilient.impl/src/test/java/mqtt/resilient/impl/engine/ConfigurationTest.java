package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.engine.Configuration.EventSubscription;
import mqtt.resilient.impl.engine.Configuration.InvalidException;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a console or a file put there: a valid configuration, or one error that names key, value and what is
 * allowed.
 */
class ConfigurationTest {
    private static final long SECOND = 1_000_000_000L;
    /** The keys of the form that have a range, with the smallest and the largest value. */
    private static final Map<String, long[]> NUMBERS = new TreeMap<>();
    private static final Set<String> FLAGS = new TreeSet<>();
    /** The keys of the form that have only a smallest value. */
    private static final Set<String> OPEN_ENDED = new TreeSet<>();

    static {
        Form.keys().forEach((key, form) -> {
            if (form.type().equals("Boolean")) {
                FLAGS.add(key);
            } else if (form.isWhole() && form.max() == null) {
                OPEN_ENDED.add(key);
            } else if (form.isWhole() && !key.equals("backoff.min.ms")) { // that one has another key as its bound
                NUMBERS.put(key, new long[] { Long.parseLong(form.min()), Long.parseLong(form.max()) });
            }
        });
    }

    private static ClientSettings settings(Object... keysAndValues) throws InvalidException {
        return new Configuration(map(keysAndValues)).settings("id", "/place");
    }

    private static Map<String, Object> map(Object... keysAndValues) {
        Map<String, Object> map = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    private static String error(Object... keysAndValues) {
        return assertThrows(InvalidException.class, () -> {
            Configuration configuration = new Configuration(map(keysAndValues));
            configuration.settings("id", "/place");
            configuration.clientId();
            configuration.subscriptions();
            configuration.networkSource();
            configuration.storeDirectory();
        }).getMessage();
    }

    @Test
    void theDefaultsAreTheShippedOnes() throws InvalidException {
        ClientSettings defaults = settings();
        assertEquals("[mqtt://localhost:1883]", defaults.link().brokers().uris().toString());
        assertEquals(60, defaults.link().login().keepAliveSeconds());
        assertEquals(10 * SECOND, defaults.link().timing().responseNanos());
        assertEquals(604_800, defaults.link().sessionExpirySeconds());
        assertEquals(SECOND / 4, defaults.link().timing().backoffMinNanos());
        assertEquals(60 * SECOND, defaults.link().timing().backoffMaxNanos());
        assertEquals(100, defaults.session().inflightMax());
        assertEquals(262_144, defaults.session().inflightMaxBytes());
        assertEquals(0.0, defaults.session().ratePerSecond());
        assertEquals(5, defaults.session().poisonAttempts());
        assertEquals(1_048_576, defaults.packetMaxBytes());
        assertEquals(16_777_216, defaults.dispatch().maxBytes());
        assertEquals(300 * SECOND, defaults.dispatch().graceNanos());
        assertEquals(268_435_456, defaults.bounds().maxBytes());
        assertFalse(defaults.bounds().dropOldest());
        assertNull(defaults.link().login().user());
        assertNull(defaults.link().login().will());
        assertEquals("id", defaults.link().login().clientId());
    }

    static Set<String> numbers() {
        return NUMBERS.keySet();
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void aNumberMayHaveAnyTypeWithinItsRange(String key) throws InvalidException {
        long[] range = NUMBERS.get(key);
        List<Object> good = new ArrayList<>(List.of(range[0], range[1], "" + range[0], " " + range[1] + " ",
                "+" + range[1], (double) range[0], (double) range[1], (float) range[0], List.of((double) range[1]),
                new String[] { "" + range[0] }, List.of("" + range[1]), List.of(range[0])));
        if (range[1] <= Integer.MAX_VALUE) {
            good.add((int) range[1]);
        }
        if (range[0] <= Byte.MAX_VALUE) {
            good.add((byte) range[0]);
            good.add((short) range[0]);
        }
        for (Object value : good) {
            settings(key, value, "backoff.min.ms", 10);
        }
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void aNumberThatIsNoneOrOutOfRangeIsNamedWithWhatIsAllowed(String key) {
        long[] range = NUMBERS.get(key);
        for (Object value : new Object[] { range[0] - 1, range[1] + 1, "" + (range[1] + 1), "x", "", " ", "1.5", "1e3",
            range[1] + 1.0, range[0] - 1.0, 1.0e300, Double.POSITIVE_INFINITY, "1.", "0x10", "١", Long.MAX_VALUE,
            Long.MIN_VALUE, "99999999999999999999999", true, 'c', 1.5, Double.NaN,
            new String[] { "1", "2" }, List.of("1", "2"), new Object() {
                @Override
                public String toString() {
                    return "an object";
                }
            } }) {
            String error = error(key, value, "backoff.min.ms", 10);
            assertTrue(error.startsWith(key + ": \""), error);
            assertTrue(error.contains("is not allowed; allowed: "), error);
            if (!(value instanceof Object[]) && !(value instanceof List)) {
                assertTrue(error.contains("a whole number from " + range[0] + " to " + range[1]), error);
                assertTrue(error.contains("\"" + String.valueOf(value).strip() + "\""), error);
            }
        }
    }

    static Stream<String> openEnded() {
        return OPEN_ENDED.stream();
    }

    @ParameterizedTest
    @MethodSource("openEnded")
    void aLargeNumberIsTakenWithoutOverflow(String key) throws InvalidException {
        for (Object value : new Object[] { 1_000_000_000L, "9000000000", 9_000_000_000L }) {
            settings(key, value);
        }
        for (Object value : new Object[] { -1, "x", "-9223372036854775808", "1000000000000000000000" }) {
            assertTrue(error(key, value).startsWith(key + ": "));
        }
    }

    static Stream<String> flags() {
        return FLAGS.stream();
    }

    @ParameterizedTest
    @MethodSource("flags")
    void aFlagIsTrueOrFalse(String key) throws InvalidException {
        for (Object value : new Object[] { true, false, "true", "FALSE", " True ", new String[] { "true" } }) {
            settings(key, value);
        }
        for (Object value : new Object[] { "yes", "1", 1, "", new String[] { "true", "false" } }) {
            String error = error(key, value);
            assertTrue(error.startsWith(key + ": \"") && error.contains("allowed: "), error);
        }
    }

    @Test
    void whatOnlyMqtt5HasIsReadAndTheRestIsRefused() throws InvalidException {
        assertEquals(LinkSettings.Protocol.AUTO, settings().link().version().protocol());
        assertEquals(LinkSettings.Protocol.MQTT_3_1_1, settings("protocol", " 3.1.1 ").link().version().protocol());
        assertEquals("protocol: \"4\" is not allowed; allowed: auto, 5 or 3.1.1", error("protocol", 4));
        assertTrue(
                error("client.id", "*").startsWith("client.id: \"*\" is not allowed; allowed: * only with protocol=5"));
        assertEquals("", new Configuration(map("protocol", "5", "client.id", "*")).settings("*", "/p").link().login()
                .clientId());
        settings("protocol", "5", ".password", "p");
        assertTrue(error(".password", "p").contains("only with protocol=5"));
        assertEquals(List.of(new UserProperty("a", "b=c"), new UserProperty("a", "")),
                settings("connect.user.properties", new String[] { "a=b=c", "a=" }).link().version().userProperties());
        assertEquals("will.user.properties: a line is not allowed; allowed: name=value in each line",
                error("will.user.properties", "secret"));
        LinkSettings.Version version = settings("connect.user.properties", "token=secret").link().version();
        assertFalse((version + "" + new Connect.Options(0, 1, 1, 0, 0, version.userProperties(), Auth.NONE))
                .contains("secret"));
        Message will = settings("will.topic", "w", "will.expiry.seconds", 5, "will.content.type", "t",
                "will.response.topic",
                "r", "will.correlation", "c", "will.user.properties", "a=b").link().login().will();
        assertEquals(5 * SECOND, will.expiresAfterNanos());
        assertEquals(MessageProperties.builder().contentType("t").responseTopic("r")
                .correlationData(new byte[] { 'c' }).userProperty("a", "b").build(), will.properties());
        assertTrue(error("will.response.topic", "a/#").startsWith("will.response.topic: "));
        assertTrue(settings("qos.strict", true).session().strict());
    }

    @Test
    void enhancedAuthenticationIsNeverLeftOutForAnOlderVersion() throws InvalidException {
        assertEquals("", settings().link().version().authMethod());
        LinkSettings.Version version = settings("auth.method", "SCRAM-SHA-256").link().version();
        assertEquals("SCRAM-SHA-256", version.authMethod());
        assertEquals(LinkSettings.Protocol.MQTT_5, version.protocol());
        assertEquals(
                "auth.method: \"M\" is not allowed with protocol=3.1.1, which has no enhanced authentication; allowed "
                        + "with it: empty",
                error("auth.method", "M", "protocol", "3.1.1"));
        assertTrue(error("auth.method", "x".repeat(65_536)).startsWith("auth.method: "));
    }

    @Test
    void everyKeyIsCoveredByATestHere() {
        Set<String> others = Set.of("mqtt.client", "brokers", "brokers.order", "client.id", "user", ".password",
                "will.topic",
                "will.payload", "will.payload.format", "birth.topic", "birth.payload", "backoff.min.ms",
                "network.source", "wan.probe", "tls.keystore",
                ".tls.keystore.password", "tls.key.alias", ".tls.key.password", "tls.truststore",
                ".tls.truststore.password", "tls.protocols", "tls.ciphers", "proxy", "proxy.user", ".proxy.password",
                ".ws.headers", "rate.messages", "store", "store.directory", "store.lanes", "store.overflow",
                "subscriptions",
                "protocol", "will.content.type", "will.response.topic", "will.correlation", "will.user.properties",
                "connect.user.properties", "auth.method", "network.interfaces");
        List<String> covered = Stream.of(NUMBERS.keySet().stream(), FLAGS.stream(), OPEN_ENDED.stream(),
                others.stream()).flatMap(all -> all).sorted().toList();
        assertEquals(Configuration.keys().stream().sorted().toList(), covered);
    }

    @Test
    void interfaces() throws InvalidException {
        assertEquals(List.of("wlan0", "eth0.100"),
                List.copyOf(settings("network.interfaces", " wlan0 , eth0.100 ").link().network().interfaces()));
        assertEquals(Set.of(), settings().link().network().interfaces());
        for (String wrong : List.of("eth0 wlan0", "eth0,", "a/b", "sixteen-letters-")) {
            InvalidException e = assertThrows(InvalidException.class, () -> settings("network.interfaces", wrong));
            assertTrue(e.getMessage().contains("network.interfaces: \"" + wrong + "\""), e.getMessage());
        }
    }

    @Test
    void theBirthMessage() throws InvalidException {
        assertNull(settings("birth.payload", "x", "birth.qos", 2).session().birth());
        Message birth = settings("birth.topic", "state/7", "birth.payload", "on", "birth.qos", "2", "birth.retain",
                "true").session()
                .birth();
        assertEquals("state/7", birth.topic());
        assertEquals("on", new String(birth.payload(), StandardCharsets.UTF_8));
        assertEquals(Qos.EXACTLY_ONCE, birth.qos());
        assertTrue(birth.retain());
        assertEquals(Qos.AT_LEAST_ONCE, settings("birth.topic", "a").session().birth().qos());
        assertTrue(error("birth.topic", "a/#").startsWith("birth.topic: "));
        assertTrue(error("birth.topic", "a", "birth.payload", "x".repeat(200), "packet.max.bytes", 128)
                .startsWith("birth.payload: "));
    }

    @Test
    void aRateMayHaveAnyTypeOfNumber() throws InvalidException {
        for (Object value : new Object[] { 0, 5, 5L, 2.5, 2.5f, "2.5", "0.001", "1000000000", 0.0005, 10_000_000.0,
            1e9 }) {
            assertEquals(Double.parseDouble(value.toString()), settings("rate.messages", value).session()
                    .ratePerSecond());
        }
        for (Object value : new Object[] { -1, -0.5, "x", "", "1e3x", "NaN", Double.NaN, Double.POSITIVE_INFINITY, 1e10,
            "1000000001" }) {
            assertTrue(error("rate.messages", value).startsWith("rate.messages: "), String.valueOf(value));
        }
    }

    @Test
    void theClientsName() throws InvalidException {
        for (String name : new String[] { "plant", "a", "A.b-c_9", " plant ", "x".repeat(100) }) {
            assertEquals(name.strip(), new Configuration(map("mqtt.client", name)).name());
        }
        for (Object name : new Object[] { "", " ", "a b", "a/b", "ü", "x".repeat(101), new String[] { "a", "b" } }) {
            InvalidException error = assertThrows(InvalidException.class,
                    () -> new Configuration(map("mqtt.client", name)).name());
            assertTrue(error.getMessage().startsWith("mqtt.client: "), error.getMessage());
        }
        assertThrows(InvalidException.class, () -> new Configuration(Map.of()).name());
    }

    @Test
    void brokersAsTextArrayOrList() throws InvalidException {
        for (Object value : new Object[] { "mqtt://a,mqtt://b:1884", "mqtt://a\nmqtt://b:1884",
            " mqtt://a , mqtt://b:1884 ",
            new String[] { "mqtt://a", "mqtt://b:1884" }, List.of("mqtt://a", " mqtt://b:1884"),
            new String[] { "mqtt://a", "", "mqtt://b:1884" } }) {
            assertEquals("[mqtt://a:1883, mqtt://b:1884]", settings("brokers", value).link().brokers().uris()
                    .toString());
        }
        for (Object value : new Object[] { "", new String[0], List.of(), "x", "mqtt://a,tcp://b",
            new String[] { "mqtt://a:99999" } }) {
            assertTrue(error("brokers", value).startsWith("brokers: "));
        }
    }

    @Test
    void userAndPassword() throws InvalidException {
        assertEquals("u", settings("user", "u").link().login().user());
        assertNull(settings("user", "u").link().login().password(), "a user alone");
        assertArrayEquals("pä".getBytes(StandardCharsets.UTF_8), settings("user", "u", ".password", "pä").link().login()
                .password());
        assertTrue(error(".password", "geheim").startsWith("user: "));
        assertTrue(error("user", "a\0b").contains("\\u0000"));
        assertTrue(error("user", "x".repeat(65_536)).startsWith("user: "));
        assertTrue(error("user", "\uD800").startsWith("user: "));
    }

    @Test
    void theClientId() throws InvalidException {
        assertEquals("gw-7", new Configuration(map("client.id", "gw-7")).clientId());
        assertEquals("", new Configuration(Map.of()).clientId());
        assertTrue(error("client.id", "a\0").startsWith("client.id: "));
        assertTrue(error("client.id", "€".repeat(21_846)).startsWith("client.id: "));
    }

    @Test
    void theWill() throws InvalidException {
        assertNull(settings("will.payload", "x", "will.qos", 2, "will.retain", true).link().login().will());
        var will = settings("will.topic", "gone/x", "will.payload", "bye", "will.qos", "2", "will.retain", "true")
                .link()
                .login().will();
        assertEquals("gone/x", will.topic());
        assertEquals("bye", new String(will.payload(), StandardCharsets.UTF_8));
        assertEquals(Qos.EXACTLY_ONCE, will.qos());
        assertTrue(will.retain());
        assertTrue(error("will.topic", "a/#").startsWith("will.topic: "));
        assertTrue(error("will.topic", "a\0").startsWith("will.topic: "));
        assertTrue(error("will.topic", "a", "will.payload", "x".repeat(65_536)).startsWith("will.payload: "));
        assertFalse(will.properties().isText());
        assertTrue(
                settings("will.topic", "a", "will.payload.format", "text").link().login().will().properties().isText());
        Message binary = settings("will.topic", "a", "will.payload", "AP8B", "will.payload.format", "base64").link()
                .login().will();
        assertArrayEquals(new byte[] { 0, -1, 1 }, binary.payload());
        assertFalse(binary.properties().isText());
        assertEquals("will.payload: the text is not Base64; allowed: Base64, because will.payload.format is base64",
                error("will.topic", "a", "will.payload", "a b", "will.payload.format", "base64"));
        assertTrue(error("will.topic", "a", "will.payload.format", "utf-8").startsWith("will.payload.format: "));
    }

    @Test
    void theBackOffsEndsMustFit() throws InvalidException {
        settings("backoff.min.ms", 1000, "backoff.max.seconds", 1);
        assertTrue(error("backoff.min.ms", 1001, "backoff.max.seconds", 1).startsWith("backoff.min.ms: \"1001\""));
        assertTrue(error("backoff.min.ms", 9).startsWith("backoff.min.ms: "));
        assertTrue(error("backoff.min.ms", 3_600_001).startsWith("backoff.min.ms: "));
    }

    @Test
    void theOverflow() throws InvalidException {
        assertTrue(settings("store.overflow", " drop-oldest ").bounds().dropOldest());
        assertFalse(settings("store.overflow", "reject").bounds().dropOldest());
        assertTrue(error("store.overflow", "drop").contains("reject or drop-oldest"));
    }

    @Test
    void theLanes() throws InvalidException {
        var lanes = settings("store.lanes", "3;1000;20;30\n0 ; 5 ; 0 ; 0").bounds().lanes();
        assertEquals(1000, lanes.get(3).maxBytes());
        assertEquals(20, lanes.get(3).maxMessages());
        assertEquals(30 * SECOND, lanes.get(3).maxAgeNanos());
        assertEquals(5, lanes.get(0).maxBytes());
        assertEquals(0, lanes.get(1).maxBytes());
        for (String line : new String[] { "4;1;1;1", "-1;1;1;1", "1;1;1", "x", "1;1;1;1;1", "1;-1;1;1" }) {
            String error = error("store.lanes", line);
            assertTrue(error.startsWith("store.lanes: \"" + line + "\""), error);
        }
    }

    @ParameterizedTest
    @CsvSource({ "a/+/cmd;1, a/+/cmd, 1", "a, a, 1", "' a ; 0 ', a, 0", "#;2, #, 2", "$share/g/a;1, $share/g/a, 1",
        "a;b;2, a;b, 2" })
    void aSubscription(String line, String filter, int qos) throws InvalidException {
        assertEquals(List.of(new EventSubscription(filter, qos)),
                new Configuration(map("subscriptions", new String[] { line })).subscriptions());
    }

    @ParameterizedTest
    @CsvSource({ "a;3", "a;", "a;x", "a#;1", "'#/a;1'", "';1'", "$share/g;1", "a/b;-1" })
    void isNoSubscription(String line) {
        assertTrue(error("subscriptions", new String[] { line }).startsWith("subscriptions: "));
    }

    @Test
    void severalSubscriptionsAsTextArrayOrList() throws InvalidException {
        for (Object value : new Object[] { "a;1,b;2", "a;1\nb;2\n", new String[] { "a;1", "b;2" },
            List.of("a;1", "b;2") }) {
            assertEquals(List.of(new EventSubscription("a", 1), new EventSubscription("b", 2)),
                    new Configuration(map("subscriptions", value)).subscriptions());
        }
        assertEquals(List.of(), new Configuration(Map.of()).subscriptions());
    }

    @Test
    void theProxy() throws InvalidException {
        var proxy = settings("proxy", "socks5://[::1]:1080", "proxy.user", "u", ".proxy.password", "p").link()
                .transport().proxy();
        assertEquals("::1", proxy.host());
        assertEquals(1080, proxy.port());
        assertNull(settings().link().transport().proxy());
        for (String text : new String[] { "x", "http://proxy", "ftp://proxy:1", "http://proxy:0", "http://proxy:65536",
            "http://proxy:99999", "http://u:p@proxy:1" }) {
            assertTrue(error("proxy", text).startsWith("proxy: "), text);
        }
        assertTrue(error("proxy", "socks5://p:1", "proxy.user", "x".repeat(256)).startsWith("proxy.user"));
    }

    @Test
    void theWanProbe() throws InvalidException { // the address is configurable
        assertEquals("8.8.8.8", settings().wanProbe().host());
        assertEquals(53, settings().wanProbe().port());
        assertEquals("::1", settings("wan.probe", "[::1]:5353").wanProbe().host());
        for (String text : new String[] { "", "8.8.8.8", "8.8.8.8:", "8.8.8.8:0", "8.8.8.8:65536", "a b:53" }) {
            assertTrue(error("wan.probe", text).startsWith("wan.probe: "), text);
        }
    }

    @Test
    void theOthers() throws InvalidException {
        assertEquals("/var/x", new Configuration(map("store.directory", " /var/x ")).storeDirectory());
        assertEquals("auto", new Configuration(Map.of()).networkSource());
        assertTrue(error("network.source", "a b").startsWith("network.source: "));
        assertTrue(error("brokers.order", "spread").startsWith("brokers.order: "));
        assertTrue(error("tls.keystore", "a\0b").startsWith("tls.keystore: "));
        assertTrue(error(".ws.headers", "no header").startsWith(".ws.headers: "));
    }

    @Test
    void aMisspeltKeyIsFoundAndTheFrameworksAreNot() {
        Map<String, Object> properties = map("mqtt.client", "x", "keepalive", 60, "Brokers", "x", "password", "x",
                "service.pid", "p", "component.name", "c", "felix.fileinstall.filename", "f", "kura.service.pid", "k");
        assertEquals(Set.of("keepalive", "Brokers", "password"), new Configuration(properties).unknownKeys());
    }

    @Test
    void aWholeDoubleIsTheNumberItStandsFor() throws InvalidException {
        assertEquals(30, settings("keepalive.seconds", 30.0).link().login().keepAliveSeconds());
        assertEquals(268_435_455, settings("packet.max.bytes", 268_435_455.0).packetMaxBytes());
        assertEquals(5_000_000_000L, settings("store.max.bytes", 5e9).bounds().maxBytes());
        assertEquals("keepalive.seconds: \"30.5\" is not allowed; allowed: a whole number from 0 to 65535",
                error("keepalive.seconds", 30.5));
    }

    @Test
    void aLineBreakAtTheEndIsFoundWhereItWouldBeSent() throws InvalidException {
        assertEquals(Set.of("user", ".password", "client.id", "will.topic", "will.payload"),
                new Configuration(map("user", "u\n", ".password", "geheim\r\n".toCharArray(), "client.id", "c\r",
                        "will.topic", "t\n\n", "will.payload", "\n", "birth.payload", "b\n", "proxy.user", "p\n"))
                        .lineBreaksAtTheEnd());
        assertEquals(Set.of(), new Configuration(map("user", "u", "will.payload", "a\nb", ".password",
                new int[0])).lineBreaksAtTheEnd());
        assertEquals("u\n", settings("user", "u\n").link().login().user());
    }

    @Test
    void aSecretIsInNoError() {
        String secret = "geheim";
        for (String key : Configuration.keys()) {
            if (key.startsWith(".")) {
                for (Object value : new Object[] { secret + "\0", new String[] { secret, secret + "2" },
                    List.of(secret, secret), secret + "\n" + secret, secret.repeat(20_000), secret + "\uD800",
                    "\u0001" + secret, "X-Token " + secret, secret + ": a\r\nb: " + secret }) {
                    for (Map<String, Object> others : List.of(
                            map("user", "u", "proxy", "socks5://p:1", "proxy.user", "u"),
                            map("user", "u", "keepalive.seconds", "x"), map("brokers", "x"), map())) {
                        others.put(key, value);
                        Configuration configuration = new Configuration(others);
                        for (Check check : new Check[] { () -> configuration.settings("c", "/place"),
                            configuration::name,
                            configuration::subscriptions, configuration::clientId }) {
                            try {
                                check.run();
                            } catch (InvalidException e) {
                                assertFalse(e.getMessage().contains(secret), key + ": " + e.getMessage());
                            }
                        }
                    }
                }
            }
        }
    }

    private interface Check {
        void run() throws InvalidException;
    }

    @Test
    void theSettingsTextShowsNoSecret() throws InvalidException {
        String text = settings("user", "u", ".password", "geheim", "proxy", "http://p:1", "proxy.user", "u",
                ".proxy.password", "geheim", ".ws.headers", "X: geheim", ".tls.keystore.password", "geheim",
                ".tls.key.password", "geheim", ".tls.truststore.password", "geheim", "brokers",
                "wss://b/p?token=geheim").toString();
        assertFalse(text.contains("geheim"), text);
    }

    @Test
    void nullValuesAreDefaults() throws InvalidException {
        Map<String, Object> properties = new HashMap<>();
        Configuration.keys().forEach(key -> properties.put(key, null));
        new Configuration(properties).settings("c", "/place");
    }

    @Test
    void charactersAreText() throws InvalidException {
        assertArrayEquals("geheim".getBytes(StandardCharsets.UTF_8),
                settings("user", "u", ".password", "geheim".toCharArray()).link().login().password());
        assertEquals("[mqtt://a:1883, mqtt://b:1883]",
                settings("brokers", "mqtt://a,mqtt://b".toCharArray()).link().brokers().uris().toString());
        assertEquals("[mqtt://a:1883]",
                settings("brokers", List.of("mqtt://a".toCharArray())).link().brokers().uris().toString());
    }

    @Test
    void anArrayThatIsNoTextIsNotTakenForOne() {
        assertEquals(".password: a value of type byte[] is not allowed; allowed: text, char[], a number, true or false",
                error("user", "u", ".password", new byte[] { 1 }));
        assertEquals(
                "keepalive.seconds: a value of type int[] is not allowed; allowed: text, char[], a number, true or "
                        + "false",
                error("keepalive.seconds", new int[] { 60 }));
        for (String key : Configuration.keys()) {
            for (Object value : new Object[] { new byte[] { 1 }, new int[] { 1 }, List.of(new byte[] { 1 }),
                new Object[] { new long[1] } }) {
                Configuration configuration = new Configuration(map("mqtt.client", "x", "client.id", "c", key, value));
                String message = assertThrows(InvalidException.class, () -> {
                    configuration.name();
                    configuration.storeDirectory();
                    configuration.clientId();
                    configuration.subscriptions();
                    configuration.networkSource();
                    configuration.settings("c", "/place");
                    if (key.equals("will.payload")) { // read only with a topic
                        new Configuration(map("will.topic", "t", key, value)).settings("c", "/place");
                    }
                }, key).getMessage();
                assertTrue(message.matches(Pattern.quote(key) + ": a value of type [a-z]+\\[\\] is not allowed.*"),
                        message);
            }
        }
    }

    @Test
    void aPasswordInAnAddressIsInNoError() {
        for (Object proxy : new Object[] { "user:geheim@proxy:3128", "http:/user:geheim@proxy:3128",
            "http://user:geheim@proxy:3128",
            "http://user:geh@eim@proxy:3128", "user:geheim\n@proxy:3128", List.of("a:geheim@p:1", "b:geheim@p:1") }) {
            String error = error("proxy", proxy);
            assertFalse(error.contains("eim"), error);
            assertFalse(error.contains("user:"), error);
        }
        for (Object brokers : new Object[] { "mqtt://user:ge,heim@h", "mqtt://a,mqtt://user:ge,heim@h,mqtt://b",
            "user:ge\nheim@h",
            "mqtt://user:ge,heim@h".toCharArray(), "ws://user:ge,heim@h/path",
            new String[] { "mqtt://user:ge,heim@h" } }) {
            String error = error("brokers", brokers);
            assertTrue(error.startsWith("brokers: ") && error.contains("user and .password"), error);
            assertFalse(error.contains(":ge") || error.contains("heim"), error);
        }
        assertEquals("[ws://h:80/a@b]",
                assertDoesNotThrow(() -> settings("brokers", "ws://h/a@b")).link().brokers().uris().toString());
    }

    @Test
    void aKeyThatIsNullIsRefused() {
        Map<String, Object> properties = map("mqtt.client", "x", null, "y");
        Configuration configuration = new Configuration(properties);
        assertEquals("configuration: the key null is not allowed; allowed: the keys of docs/configuration.md",
                assertThrows(InvalidException.class, configuration::name).getMessage());
        assertEquals(Set.of(), configuration.unknownKeys());
    }

    @Test
    void anErrorIsOneLine() {
        assertFalse(error("protocol", "4\nERROR forged\r\u2028\u202e").matches("(?s).*[\n\r\u2028\u202e].*"));
    }
}
