package mqtt.resilient.impl.engine;

import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Topics;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.StoreBounds;
import mqtt.resilient.impl.environment.OutsideText;
import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.io.TlsFiles;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.spi.TlsMaterial;

/**
 * Reads and checks the properties of a client. Whatever a console or a file put there: the result is a valid
 * configuration or one {@link InvalidException} that names key, value and what is allowed, never a secret.
 */
public final class Configuration {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long SECONDS_PER_MINUTE = 60;
    private static final int MAX_STRING_BYTES = 65_535;
    /** What a PUBLISH has besides its topic and payload, at most. */
    private static final int PUBLISH_BYTES = 10;
    private static final int MAX_SOCKS_BYTES = 255;
    private static final int LARGEST_PORT = 65_535;
    private static final Pattern PROXY = Pattern.compile(
            "(http|socks5)://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):([0-9]{1,5})/?");
    private static final Pattern HOST_AND_PORT = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):([0-9]{1,5})");
    /** All that may be a user or a password in an address, however it is written. */
    private static final Pattern LOGIN = Pattern.compile("(?s)^((?:http|socks5|mqtt|mqtts|ws|wss)://)?.*@");
    private static final int SEGMENTS = 16;
    /** The part of the heap that one bound of what is kept in it may be. */
    private static final int HEAP_SHARE = 4;
    private static final int SMALLEST_SEGMENT_BYTES = 64 * 1024;
    private static final int LARGEST_SEGMENT_BYTES = 4 * 1024 * 1024;
    private static final long MAX_SECONDS = 4_294_967_295L;
    private static final Set<String> FRAMEWORK_PREFIXES = Set.of("service.", "component.", "felix.", "kura.",
            "osgi.", "config.", ".config.", "org.apache.felix.");

    /** A configuration that cannot be used. */
    public static final class InvalidException extends Exception {
        private static final long serialVersionUID = 1L;

        /** Names key, value and what is allowed; never a secret. */
        public InvalidException(String message) {
            super(OutsideText.oneLine(message)); // it goes into a log
        }
    }

    /** One line of the key {@code subscriptions}. */
    public record EventSubscription(String filter, int qos) {
    }

    /** The client id that stands for one that the broker gives. */
    static final String ASSIGNED = "*";

    private static final Map<String, Object> DEFAULTS = defaults();

    private final Map<String, ?> properties;
    private final TlsMaterial material;

    /** Reads these properties, with the material of the files that they name. */
    public Configuration(Map<String, ?> properties) {
        this(properties, null);
    }

    /** {@code material} is taken instead of that of the files; null = that of the files. */
    Configuration(Map<String, ?> properties, TlsMaterial material) {
        this.properties = properties;
        this.material = material;
    }

    private static Map<String, Object> defaults() {
        Map<String, Object> all = new LinkedHashMap<>();
        for (Method method : ClientConfig.class.getDeclaredMethods()) {
            if (method.getParameterCount() == 0 && !method.isSynthetic()) {
                all.put(method.getName().replace('_', '.'), method.getDefaultValue() == null ? ""
                        : method.getDefaultValue());
            }
        }
        return Map.copyOf(all);
    }

    /** Every key there is. */
    static Set<String> keys() {
        return new TreeSet<>(DEFAULTS.keySet());
    }

    /** Keys that mean nothing here, most likely misspelt. */
    Set<String> unknownKeys() {
        return properties.keySet().stream().filter(key -> key != null && !DEFAULTS.containsKey(key)
                && FRAMEWORK_PREFIXES.stream().noneMatch(key::startsWith))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The settings until there is a valid configuration. */
    static ClientSettings initial() {
        try {
            return new Configuration(Map.of()).settings("", "");
        } catch (InvalidException e) {
            throw new IllegalStateException("the defaults must be valid", e);
        }
    }

    String name() throws InvalidException {
        if (properties.keySet().stream().anyMatch(Objects::isNull)) {
            throw new InvalidException(
                    "configuration: the key null is not allowed; allowed: the keys of docs/configuration.md");
        }
        String name = text("mqtt.client").strip();
        if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
            throw invalid("mqtt.client", name, "1 to 100 letters, digits, dots, underscores and hyphens");
        }
        return name;
    }

    /** Where the client keeps its state; empty = the default. */
    String storeDirectory() throws InvalidException {
        return text("store.directory").strip();
    }

    /** The configured client id; empty = derived, {@link #ASSIGNED} = the broker gives one. */
    String clientId() throws InvalidException {
        String id = string("client.id");
        if (id.equals(ASSIGNED) && protocol() != LinkSettings.Protocol.MQTT_5) {
            throw invalid("client.id", id, "* only with protocol=5, because a broker of 3.1.1 assigns no client id");
        }
        return id;
    }

    LinkSettings.Protocol protocol() throws InvalidException {
        String text = text("protocol").strip();
        return switch (text) {
            case "auto" -> LinkSettings.Protocol.AUTO;
            case "5" -> LinkSettings.Protocol.MQTT_5;
            case "3.1.1" -> LinkSettings.Protocol.MQTT_3_1_1;
            default -> throw invalid("protocol", text, "auto, 5 or 3.1.1");
        };
    }

    List<EventSubscription> subscriptions() throws InvalidException {
        Map<String, Integer> all = new LinkedHashMap<>();
        for (String line : texts("subscriptions")) {
            int semicolon = line.lastIndexOf(';');
            String filter = (semicolon < 0 ? line : line.substring(0, semicolon)).strip();
            String qos = semicolon < 0 ? "1" : line.substring(semicolon + 1).strip();
            if (!qos.matches("[012]")) {
                throw invalid("subscriptions", line, "filter;qos with qos 0, 1 or 2");
            }
            try {
                all.merge(Topics.requireFilter(filter), Integer.parseInt(qos), Math::max);
            } catch (IllegalArgumentException e) {
                throw new InvalidException("subscriptions: " + e.getMessage());
            }
        }
        return all.entrySet().stream().map(each -> new EventSubscription(each.getKey(), each.getValue())).toList();
    }

    /**
     * The settings.
     *
     * @param clientId the client id to use
     * @param place the directory of the store, if it is to be one on disk
     */
    public ClientSettings settings(String clientId, String place) throws InvalidException {
        int packetMaxBytes = (int) number("packet.max.bytes", 128, 268_435_455);
        return new ClientSettings(link(clientId, packetMaxBytes), session(packetMaxBytes), dispatch(), bounds(),
                store(place), packetMaxBytes, wanProbe());
    }

    private StoreSettings store(String place) throws InvalidException {
        String text = text("store").strip();
        if (!text.matches("power|process|memory")) {
            throw invalid("store", text, "power, process or memory");
        }
        Durability durability = Durability.valueOf(text.toUpperCase(Locale.ROOT));
        long share = number("store.max.bytes", 1024, Long.MAX_VALUE / 4) / SEGMENTS;
        return new StoreSettings(durability == Durability.MEMORY ? "" : place, durability,
                number("store.force.ms", 1, 3_600_000) * NANOS_PER_MILLI,
                number("store.floor.bytes", 0, Long.MAX_VALUE),
                (int) Math.max(SMALLEST_SEGMENT_BYTES, Math.min(share, LARGEST_SEGMENT_BYTES)));
    }

    private LinkSettings link(String clientId, int packetMaxBytes) throws InvalidException {
        String user = string("user");
        String password = text(".password");
        byte[] passwordBytes = password.getBytes(StandardCharsets.UTF_8);
        if (passwordBytes.length > MAX_STRING_BYTES) {
            throw new InvalidException(".password: " + passwordBytes.length
                    + " bytes are not allowed; allowed: at most " + MAX_STRING_BYTES);
        }
        LinkSettings.Protocol protocol = protocol();
        String method = text("auth.method");
        if (!method.isEmpty() && protocol == LinkSettings.Protocol.MQTT_3_1_1) {
            throw new InvalidException(
                    "auth.method: \"" + method + "\" is not allowed with protocol=3.1.1, which has no enhanced "
                            + "authentication; allowed with it: empty");
        }
        if (method.getBytes(StandardCharsets.UTF_8).length > MAX_STRING_BYTES || method.indexOf(0) >= 0) {
            throw invalid("auth.method", method.length() + " characters",
                    "at most 65535 bytes of UTF-8 without U+0000");
        }
        protocol = method.isEmpty() ? protocol : LinkSettings.Protocol.MQTT_5; // falling back would leave it out
        if (user.isEmpty() && !password.isEmpty() && protocol != LinkSettings.Protocol.MQTT_5) {
            throw new InvalidException(
                    "user: empty with a .password is not allowed by MQTT 3.1.1 [MQTT-3.1.2-22], only with protocol=5");
        }
        long backoffMin = number("backoff.min.ms", 10, 3_600_000) * NANOS_PER_MILLI;
        long backoffMax = seconds("backoff.max.seconds", 1, 86_400);
        if (backoffMin > backoffMax) {
            throw invalid("backoff.min.ms", backoffMin / NANOS_PER_MILLI, "at most backoff.max.seconds");
        }
        LinkSettings.Login login = new LinkSettings.Login(clientId.equals(ASSIGNED) ? "" : clientId,
                user.isEmpty() ? null : user,
                password.isEmpty() ? null : passwordBytes, will(), flag("will.on.stop"),
                (int) number("keepalive.seconds", 0, 65_535));
        LinkSettings.Timing timing = new LinkSettings.Timing(seconds("ping.seconds", 0, 65_535),
                seconds("response.seconds", 1, 600), seconds("connect.seconds", 1, 600), backoffMin, backoffMax,
                seconds("stable.seconds", 0, 86_400));
        LinkSettings.Network network = new LinkSettings.Network(seconds("network.settle.seconds", 0, 3600),
                seconds("network.distrust.seconds", 0, 86_400), (int) number("network.bounce.after", 0, 1_000_000));
        LinkSettings.Schedule schedule = new LinkSettings.Schedule(
                number("schedule.every.minutes", 0, 525_600) * SECONDS_PER_MINUTE * NANOS_PER_SECOND,
                seconds("schedule.stay.seconds", 1, 86_400));
        return new LinkSettings(brokers(), login, transport(), timing, network, schedule,
                number("session.expiry.seconds", 0, MAX_SECONDS), flag("clean.start"), packetMaxBytes,
                new LinkSettings.Version(protocol, (int) number("inflight.max", 1, 65_000),
                        number("will.delay.seconds", 0, MAX_SECONDS), userProperties("connect.user.properties"),
                        method, (int) number("topic.alias.maximum", 0, 1000)));
    }

    private List<UserProperty> userProperties(String key) throws InvalidException {
        List<UserProperty> all = new ArrayList<>();
        for (String line : texts(key)) {
            int equals = line.indexOf('=');
            if (equals < 0) {
                // it may be a secret
                throw new InvalidException(key + ": a line is not allowed; allowed: name=value in each line");
            }
            try {
                all.add(new UserProperty(line.substring(0, equals), line.substring(equals + 1)));
            } catch (IllegalArgumentException e) {
                throw new InvalidException(key + ": " + e.getMessage());
            }
        }
        return all;
    }

    private LinkSettings.Transport transport() throws InvalidException {
        List<String> headers = texts(".ws.headers");
        for (String header : headers) {
            if (!header.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \\t]*[\\x21-\\x7E]([\\x20-\\x7E\\t]*)")) {
                throw new InvalidException(".ws.headers: a line is not allowed; allowed: Name: value in each line");
            }
        }
        return new LinkSettings.Transport(proxy(), tls(), headers);
    }

    /** The same object as long as nothing has changed, so that a change of other keys does not reconnect. */
    private Route.Tls tls() throws InvalidException {
        TlsFiles.Settings files = new TlsFiles.Settings(path("tls.keystore"), text(".tls.keystore.password"),
                text("tls.key.alias"), text(".tls.key.password"), path("tls.truststore"),
                text(".tls.truststore.password"));
        return new Route.Tls(material == null ? new TlsFiles(files) : material, texts("tls.protocols"),
                texts("tls.ciphers"), flag("tls.verify.hostname"));
    }

    private Path path(String key) throws InvalidException {
        String text = text(key).strip();
        try {
            return text.isEmpty() ? null : Path.of(text);
        } catch (InvalidPathException e) {
            throw invalid(key, text.replace("\0", "\\u0000"), "the path of a file");
        }
    }

    private Route.Proxy proxy() throws InvalidException {
        String text = text("proxy").strip();
        String user = string("proxy.user");
        String password = text(".proxy.password");
        if (text.isEmpty()) {
            return null;
        }
        Matcher matcher = PROXY.matcher(text);
        if (!matcher.matches() || Integer.parseInt(matcher.group(3)) < 1
                || Integer.parseInt(matcher.group(3)) > LARGEST_PORT) {
            throw invalid("proxy", text, "http://host:port or socks5://host:port; user and "
                    + "password belong in proxy.user and .proxy.password");
        }
        int limit = matcher.group(1).equals("http") ? MAX_STRING_BYTES : MAX_SOCKS_BYTES;
        if (user.getBytes(StandardCharsets.UTF_8).length > limit
                || password.getBytes(StandardCharsets.UTF_8).length > limit) {
            throw new InvalidException("proxy.user, .proxy.password: at most " + limit + " bytes are allowed");
        }
        String host = matcher.group(2);
        return new Route.Proxy(matcher.group(1).equals("http") ? Route.Proxy.Kind.HTTP : Route.Proxy.Kind.SOCKS5,
                host.startsWith("[") ? host.substring(1, host.length() - 1) : host, Integer.parseInt(matcher.group(3)),
                user.isEmpty() ? null : user, user.isEmpty() ? null : password);
    }

    /** Which source of the network's state is asked for. */
    String networkSource() throws InvalidException {
        String source = text("network.source").strip();
        if (!source.matches("[A-Za-z0-9._-]{1,100}")) {
            throw invalid("network.source", source, "auto, system, kura or none");
        }
        return source;
    }

    private ClientSettings.NameServer wanProbe() throws InvalidException {
        String text = text("wan.probe").strip();
        Matcher matcher = HOST_AND_PORT.matcher(text);
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) < 1
                || Integer.parseInt(matcher.group(2)) > LARGEST_PORT) {
            throw invalid("wan.probe", text, "host:port");
        }
        String host = matcher.group(1);
        return new ClientSettings.NameServer(host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
                Integer.parseInt(matcher.group(2)));
    }

    private LinkSettings.Brokers brokers() throws InvalidException {
        List<BrokerUri> brokers = new ArrayList<>();
        List<String> texts = texts("brokers");
        for (String text : texts) {
            try {
                brokers.add(BrokerUri.parse(text));
            } catch (IllegalArgumentException e) {
                String all = String.join(",", texts); // a password with a comma has been split
                throw texts.size() == 1 || !all.contains("@") ? new InvalidException("brokers: " + e.getMessage())
                        : invalid("brokers", all.replaceAll("(?s)(.*@[^?]*)\\?.*", "$1?…"),
                                "a list of mqtt://host[:port]; user and "
                                        + "password belong in the keys user and .password");
            }
        }
        if (brokers.isEmpty()) {
            throw new InvalidException("brokers: an empty list is not allowed; at least one mqtt://host[:port] is");
        }
        return new LinkSettings.Brokers(List.copyOf(brokers), flag("brokers.cluster"),
                seconds("failback.seconds", 0, 31_536_000));
    }

    private Message will() throws InvalidException {
        String topic = text("will.topic");
        String format = text("will.payload.format").strip();
        if (!format.matches("bytes|text|base64")) {
            throw invalid("will.payload.format", format, "bytes, text or base64");
        }
        int qos = (int) number("will.qos", 0, 2);
        boolean retain = flag("will.retain");
        MessageProperties properties = willProperties(format.equals("text"));
        long expiry = number("will.expiry.seconds", 0, MAX_SECONDS);
        if (topic.isEmpty()) {
            return null;
        }
        byte[] payload = payload("will.payload", format.equals("base64"));
        if (payload.length > MAX_STRING_BYTES) {
            throw new InvalidException("will.payload: " + payload.length + " bytes are not allowed; allowed: at most "
                    + MAX_STRING_BYTES);
        }
        try {
            Message.Builder will = Message.to(topic).payload(payload).qos(Qos.of(qos)).retain(retain)
                    .properties(properties);
            return (expiry > 0 ? will.expiresAfter(Duration.ofSeconds(expiry)) : will).build();
        } catch (IllegalArgumentException e) {
            throw new InvalidException("will.topic: " + e.getMessage());
        }
    }

    private byte[] payload(String key, boolean base64) throws InvalidException {
        try {
            return base64 ? Base64.getDecoder().decode(text(key).strip()) : text(key).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new InvalidException(
                    key + ": the text is not Base64; allowed: Base64, because will.payload.format is base64");
        }
    }

    private MessageProperties willProperties(boolean isText) throws InvalidException {
        MessageProperties.Builder properties = MessageProperties.builder().text(isText);
        String key = "will.content.type";
        try {
            if (!text(key).isEmpty()) {
                properties.contentType(text(key));
            }
            key = "will.response.topic";
            if (!text(key).isEmpty()) {
                properties.responseTopic(text(key));
            }
            key = "will.correlation";
            if (!text(key).isEmpty()) {
                properties.correlationData(text(key).getBytes(StandardCharsets.UTF_8));
            }
        } catch (IllegalArgumentException e) {
            throw new InvalidException(key + ": " + e.getMessage());
        }
        userProperties("will.user.properties").forEach(each -> properties.userProperty(each.name(), each.value()));
        return properties.build();
    }

    private SessionSettings session(int packetMaxBytes) throws InvalidException {
        return new SessionSettings((int) number("inflight.max", 1, 65_000),
                number("inflight.max.bytes", 1, Long.MAX_VALUE), decimal("rate.messages"),
                (int) number("rate.burst", 1, 1_000_000), flag("qos.strict"),
                (int) number("poison.attempts", 0, 1000), birth(packetMaxBytes));
    }

    private Message birth(int packetMaxBytes) throws InvalidException {
        String topic = text("birth.topic");
        byte[] payload = text("birth.payload").getBytes(StandardCharsets.UTF_8);
        int qos = (int) number("birth.qos", 0, 2);
        boolean retain = flag("birth.retain");
        if (topic.isEmpty()) {
            return null;
        }
        try {
            Message birth = Message.to(topic).payload(payload).qos(Qos.of(qos)).retain(retain).build();
            int bytes = PUBLISH_BYTES + birth.topicLength() + payload.length;
            if (bytes > packetMaxBytes) {
                throw new InvalidException(
                        "birth.payload: " + bytes + " bytes with the topic are not allowed; allowed: at most "
                                + packetMaxBytes + " (packet.max.bytes)");
            }
            return birth;
        } catch (IllegalArgumentException e) {
            throw new InvalidException("birth.topic: " + e.getMessage());
        }
    }

    /** A bound of what is kept in the heap: whatever was configured, no more than a quarter of the heap. */
    private static long inHeap(long bytes) {
        return Math.min(bytes, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }

    private DispatchSettings dispatch() throws InvalidException {
        return new DispatchSettings((int) number("inbound.queue", 1, 10_000_000),
                inHeap(number("inbound.max.bytes", 65_536, Long.MAX_VALUE)), (int) number("inbound.attempts", 1, 1000),
                seconds("listener.grace.seconds", 0, 86_400));
    }

    private StoreBounds bounds() throws InvalidException {
        String overflow = text("store.overflow").strip();
        if (!overflow.equals("reject") && !overflow.equals("drop-oldest")) {
            throw invalid("store.overflow", overflow, "reject or drop-oldest");
        }
        long maxBytes = number("store.max.bytes", 1024, Long.MAX_VALUE / 4);
        return new StoreBounds(text("store").strip().equals("memory") ? inHeap(maxBytes) : maxBytes,
                number("store.max.messages", 0, Long.MAX_VALUE / 4),
                seconds("store.max.age.seconds", 0, Long.MAX_VALUE / NANOS_PER_SECOND),
                lanes(), overflow.equals("drop-oldest"), inHeap(number("qos0.max.bytes", 1024, Long.MAX_VALUE / 4)),
                flag("qos0.offline"));
    }

    private List<StoreBounds.Lane> lanes() throws InvalidException {
        StoreBounds.Lane[] lanes = new StoreBounds.Lane[Message.LANES];
        Arrays.fill(lanes, StoreBounds.Lane.UNBOUNDED);
        for (String line : texts("store.lanes")) {
            if (!line.matches("[0-3] *; *[0-9]{1,15} *; *[0-9]{1,15} *; *[0-9]{1,9}")) {
                throw invalid("store.lanes", line, "lane;bytes;messages;seconds with lane 0 to 3");
            }
            String[] parts = line.split(" *; *");
            lanes[Integer.parseInt(parts[0])] = new StoreBounds.Lane(Long.parseLong(parts[1]),
                    Long.parseLong(parts[2]), Long.parseLong(parts[3]) * NANOS_PER_SECOND);
        }
        return List.of(lanes);
    }

    // ---- values of any type ---------------------------------------------------------------------------------------

    private Object value(String key) {
        Object value = properties.get(key);
        return value == null ? DEFAULTS.get(key) : value;
    }

    private String text(String key) throws InvalidException {
        Object value = value(key);
        if (value instanceof Object[] || value instanceof Collection) {
            List<String> all = texts(key);
            if (all.size() > 1) {
                throw invalid(key, key.startsWith(".") ? "…" : all, "one value");
            }
            return all.isEmpty() ? "" : all.get(0);
        }
        return one(key, value);
    }

    /** One value as a text, of any type that has one; the others' toString() would be taken for what was meant. */
    private static String one(String key, Object value) throws InvalidException {
        if (value instanceof char[] characters) {
            return new String(characters);
        }
        if (value != null && value.getClass().isArray()) {
            throw new InvalidException(
                    key + ": a value of type " + value.getClass().getSimpleName() + " is not allowed; allowed: text, "
                            + "char[], a number, true or false");
        }
        return String.valueOf(value);
    }

    /** A text that MQTT can send. */
    private String string(String key) throws InvalidException {
        String text = text(key);
        int length = Topics.utf8Length(text);
        if (length < 0 || length > MAX_STRING_BYTES) {
            throw invalid(key, text.replace("\0", "\\u0000"), "at most " + MAX_STRING_BYTES
                    + " bytes of UTF-8 without U+0000");
        }
        return text;
    }

    private List<String> texts(String key) throws InvalidException {
        Object value = value(key);
        Collection<?> values = value instanceof Object[] array ? Arrays.asList(array)
                : value instanceof Collection<?> collection ? collection
                        : List.of(one(key, value).split("[,\n]"));
        List<String> all = new ArrayList<>();
        for (Object each : values) {
            String text = one(key, each).strip();
            if (!text.isEmpty()) {
                all.add(text);
            }
        }
        return List.copyOf(all);
    }

    private long number(String key, long min, long max) throws InvalidException {
        String text = text(key).strip();
        if (text.matches("[+-]?[0-9]{1,18}")) {
            long number = Long.parseLong(text);
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw invalid(key, text, "a whole number from " + min + " to " + max);
    }

    private long seconds(String key, long min, long max) throws InvalidException {
        return number(key, min, max) * NANOS_PER_SECOND;
    }

    private double decimal(String key) throws InvalidException {
        String text = text(key).strip();
        if (text.matches("[0-9]{1,10}([.][0-9]{1,17})?([eE]-?[0-9]{1,2})?") && Double.parseDouble(text) <= 1e9) {
            return Double.parseDouble(text);
        }
        throw invalid(key, text, "a number from 0 to 1000000000");
    }

    private boolean flag(String key) throws InvalidException {
        String text = text(key).strip();
        if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
            throw invalid(key, text, "true or false");
        }
        return Boolean.parseBoolean(text);
    }

    private static InvalidException invalid(String key, Object value, String allowed) {
        String shown = String.valueOf(value);
        if (key.equals("proxy") || key.equals("brokers")) {
            shown = LOGIN.matcher(shown).replaceFirst("$1…@");
        }
        return new InvalidException(key + ": \"" + shown + "\" is not allowed; allowed: " + allowed);
    }
}
