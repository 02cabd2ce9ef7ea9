package mqtt.resilient.impl.engine;

import static mqtt.resilient.impl.engine.ConfigurationValues.MAX_STRING_BYTES;
import static mqtt.resilient.impl.engine.ConfigurationValues.invalid;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Topics;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.StoreBounds;
import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.io.TlsFiles;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.TlsMaterial;

/**
 * Which values each key of a client may have, and what settings they make. Whatever a console or a file put there: the
 * result is a valid configuration or one {@link InvalidException} that names key, value and what is allowed, never a
 * secret.
 */
public final class Configuration {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long SECONDS_PER_MINUTE = 60;
    /** What a PUBLISH has besides its topic and payload, at most. */
    private static final int PUBLISH_BYTES = 10;
    private static final int MAX_SOCKS_BYTES = 255;
    private static final int LARGEST_PORT = 65_535;
    private static final Pattern HOST_AND_PORT = Pattern
            .compile("(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):(?<port>[0-9]{1,5})");
    private static final Pattern PROXY = Pattern.compile("(http|socks5)://" + HOST_AND_PORT + "/?");
    private static final int SEGMENTS = 16;
    /** The part of the heap that one bound of what is kept in it may be. */
    private static final int HEAP_SHARE = 4;
    private static final int SMALLEST_SEGMENT_BYTES = 64 * 1024;
    private static final int LARGEST_SEGMENT_BYTES = 4 * 1024 * 1024;
    private static final long MAX_SECONDS = 4_294_967_295L;
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

    /** The client identifier that stands for one that the broker gives. */
    static final String ASSIGNED = "*";

    private final ConfigurationValues values;
    private final TlsMaterial material;

    /** Reads these properties, with the material of the files that they name. */
    public Configuration(Map<String, ?> properties) {
        this(properties, null);
    }

    /** {@code material} is taken instead of that of the files; null = that of the files. */
    Configuration(Map<String, ?> properties, TlsMaterial material) {
        values = new ConfigurationValues(properties);
        this.material = material;
    }

    /** Every key there is. */
    static Set<String> keys() {
        return ConfigurationValues.keys();
    }

    /** Keys that are unknown, most likely misspelt. */
    Set<String> unknownKeys() {
        return values.unknownKeys();
    }

    /** Keys whose value ends with a line break: it is sent as it is, and mostly slipped in from a file or a form. */
    Set<String> lineBreaksAtTheEnd() {
        Set<String> found = new TreeSet<>();
        for (String key : List.of("user", ".password", "client.id", "will.topic", "will.payload")) {
            try {
                if (values.text(key).matches("(?s).*[\\r\\n]")) {
                    found.add(key);
                }
            } catch (InvalidException e) {
                continue; // it is rejected for another reason
            }
        }
        return found;
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
        values.requireNoNullKey();
        String name = values.text("mqtt.client").strip();
        if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
            throw invalid("mqtt.client", name, "1 to 100 letters, digits, dots, underscores and hyphens");
        }
        return name;
    }

    /** Where the client keeps its state; empty = the default. */
    String storeDirectory() throws InvalidException {
        return values.text("store.directory").strip();
    }

    /** The configured client identifier; empty = derived, {@link #ASSIGNED} = the broker gives one. */
    String clientId() throws InvalidException {
        String id = values.string("client.id");
        if (id.equals(ASSIGNED) && protocol() != LinkSettings.Protocol.MQTT_5) {
            throw invalid("client.id", id,
                    "* only with protocol=5, because a broker of 3.1.1 assigns no client identifier");
        }
        return id;
    }

    LinkSettings.Protocol protocol() throws InvalidException {
        return switch (values.choice("protocol", "auto", "5", "3.1.1")) {
            case "auto" -> LinkSettings.Protocol.AUTO;
            case "5" -> LinkSettings.Protocol.MQTT_5;
            default -> LinkSettings.Protocol.MQTT_3_1_1;
        };
    }

    List<EventSubscription> subscriptions() throws InvalidException {
        Map<String, Integer> all = new LinkedHashMap<>();
        for (String line : values.texts("subscriptions")) {
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
     * @param clientId the client identifier to use
     * @param place the directory of the store, if it is to be one on disk
     */
    public ClientSettings settings(String clientId, String place) throws InvalidException {
        int packetMaxBytes = (int) values.number("packet.max.bytes", 128, 268_435_455);
        return new ClientSettings(link(clientId, packetMaxBytes), session(packetMaxBytes), dispatch(), bounds(),
                store(place), packetMaxBytes, wanProbe());
    }

    private StoreSettings store(String place) throws InvalidException {
        Durability durability = Durability
                .valueOf(values.choice("store", "power", "process", "memory").toUpperCase(Locale.ROOT));
        long share = values.number("store.max.bytes", 1024, Long.MAX_VALUE / 4) / SEGMENTS;
        return new StoreSettings(durability == Durability.MEMORY ? "" : place, durability,
                values.number("store.force.ms", 1, 3_600_000) * NANOS_PER_MILLI,
                values.number("store.floor.bytes", 0, Long.MAX_VALUE),
                (int) Math.max(SMALLEST_SEGMENT_BYTES, Math.min(share, LARGEST_SEGMENT_BYTES)));
    }

    private LinkSettings link(String clientId, int packetMaxBytes) throws InvalidException {
        String user = values.string("user");
        String password = values.text(".password");
        byte[] passwordBytes = password.getBytes(StandardCharsets.UTF_8);
        if (passwordBytes.length > MAX_STRING_BYTES) {
            throw new InvalidException(".password: " + passwordBytes.length
                    + " bytes are not allowed; allowed: at most " + MAX_STRING_BYTES);
        }
        LinkSettings.Protocol protocol = protocol();
        String method = values.text("auth.method");
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
        long backoffMin = values.number("backoff.min.ms", 10, 3_600_000) * NANOS_PER_MILLI;
        long backoffMax = values.seconds("backoff.max.seconds", 1, 86_400);
        if (backoffMin > backoffMax) {
            throw invalid("backoff.min.ms", backoffMin / NANOS_PER_MILLI, "at most backoff.max.seconds");
        }
        LinkSettings.Login login = new LinkSettings.Login(clientId.equals(ASSIGNED) ? "" : clientId,
                user.isEmpty() ? null : user,
                password.isEmpty() ? null : passwordBytes, will(), values.flag("will.on.stop"),
                (int) values.number("keepalive.seconds", 0, 65_535));
        LinkSettings.Timing timing = new LinkSettings.Timing(values.seconds("ping.seconds", 0, 65_535),
                values.seconds("response.seconds", 1, 600), values.seconds("acknowledge.seconds", 1, 3600),
                values.seconds("connect.seconds", 1, 600), backoffMin,
                backoffMax, values.seconds("stable.seconds", 0, 86_400));
        LinkSettings.Network network = new LinkSettings.Network(values.seconds("network.settle.seconds", 0, 3600),
                values.seconds("network.distrust.seconds", 0, 86_400),
                (int) values.number("network.bounce.after", 0, 1_000_000), interfaces());
        LinkSettings.Schedule schedule = new LinkSettings.Schedule(
                values.number("schedule.every.minutes", 0, 525_600) * SECONDS_PER_MINUTE * NANOS_PER_SECOND,
                values.seconds("schedule.stay.seconds", 1, 86_400), values.flag("connect.on.start"));
        return new LinkSettings(brokers(clientId), login, transport(), timing, network, schedule,
                values.number("session.expiry.seconds", 0, MAX_SECONDS), values.flag("clean.start"), packetMaxBytes,
                new LinkSettings.Version(protocol, (int) values.number("inflight.max", 1, 65_000),
                        values.number("will.delay.seconds", 0, MAX_SECONDS),
                        values.userProperties("connect.user.properties"), method,
                        (int) values.number("topic.alias.maximum", 0, 1000), values.flag("packet.strict")));
    }

    private LinkSettings.Transport transport() throws InvalidException {
        List<String> headers = values.texts(".ws.headers");
        for (String header : headers) {
            if (!header.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \\t]*[\\x21-\\x7E]([\\x20-\\x7E\\t]*)")) {
                throw new InvalidException(".ws.headers: a line is not allowed; allowed: Name: value in each line");
            }
        }
        return new LinkSettings.Transport(proxy(), tls(), headers);
    }

    /** The same object as long as nothing has changed, so that a change of other keys does not reconnect. */
    private Route.Tls tls() throws InvalidException {
        TlsFiles.Settings files = new TlsFiles.Settings(values.path("tls.keystore"),
                values.text(".tls.keystore.password"), values.text("tls.key.alias"),
                values.text(".tls.key.password"), values.path("tls.truststore"),
                values.text(".tls.truststore.password"));
        return new Route.Tls(material == null ? new TlsFiles(files) : material, values.texts("tls.protocols"),
                values.texts("tls.ciphers"), values.flag("tls.verify.hostname"));
    }

    private Route.Proxy proxy() throws InvalidException {
        String text = values.text("proxy").strip();
        String user = values.string("proxy.user");
        String password = values.text(".proxy.password");
        if (text.isEmpty()) {
            return null;
        }
        Matcher matcher = match(PROXY, "proxy", text, "http://host:port or socks5://host:port; user and "
                + "password belong in proxy.user and .proxy.password");
        boolean http = text.startsWith("http:");
        int limit = http ? MAX_STRING_BYTES : MAX_SOCKS_BYTES;
        if (user.getBytes(StandardCharsets.UTF_8).length > limit
                || password.getBytes(StandardCharsets.UTF_8).length > limit) {
            throw new InvalidException("proxy.user, .proxy.password: at most " + limit + " bytes are allowed");
        }
        return new Route.Proxy(http ? Route.Proxy.Kind.HTTP : Route.Proxy.Kind.SOCKS5, host(matcher), port(matcher),
                user.isEmpty() ? null : user, user.isEmpty() ? null : password);
    }

    /** A text with a {@link #HOST_AND_PORT}. */
    private static Matcher match(Pattern pattern, String key, String text, String allowed) throws InvalidException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.matches() || port(matcher) < 1 || port(matcher) > LARGEST_PORT) {
            throw invalid(key, text, allowed);
        }
        return matcher;
    }

    private static String host(Matcher matcher) {
        return matcher.group("host").replaceAll("[\\[\\]]", "");
    }

    private static int port(Matcher matcher) {
        return Integer.parseInt(matcher.group("port"));
    }

    private Set<String> interfaces() throws InvalidException {
        String text = values.text("network.interfaces").strip();
        if (!text.matches("([^,\\s/]{1,15}(\\s*,\\s*[^,\\s/]{1,15}){0,31})?")) {
            throw invalid("network.interfaces", text,
                    "empty, or up to 32 names of interfaces with commas between, for example eth0,wlan0");
        }
        return text.isEmpty() ? Set.of() : new LinkedHashSet<>(List.of(text.split("\\s*,\\s*")));
    }

    /** Which source of the network's state is asked for. */
    String networkSource() throws InvalidException {
        String source = values.text("network.source").strip();
        if (!source.matches("[A-Za-z0-9._-]{1,100}")) {
            throw invalid("network.source", source, "auto, system, kura or none");
        }
        return source;
    }

    private ClientSettings.NameServer wanProbe() throws InvalidException {
        String text = values.text("wan.probe").strip();
        Matcher matcher = match(HOST_AND_PORT, "wan.probe", text, "host:port");
        return new ClientSettings.NameServer(host(matcher), port(matcher));
    }

    private LinkSettings.Brokers brokers(String clientId) throws InvalidException {
        List<BrokerUri> brokers = new ArrayList<>();
        List<String> texts = values.texts("brokers");
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
        boolean random = values.choice("brokers.order", "configured", "random").equals("random");
        String self = clientId.equals(ASSIGNED) ? values.text("mqtt.client") : clientId;
        return new LinkSettings.Brokers(
                random ? LinkSettings.Brokers.inOrderOf(self, brokers) : List.copyOf(brokers),
                values.flag("brokers.cluster"),
                values.seconds("failback.seconds", 0, 31_536_000));
    }

    private Message will() throws InvalidException {
        String topic = values.text("will.topic");
        String format = values.choice("will.payload.format", "bytes", "text", "base64");
        int qos = (int) values.number("will.qos", 0, 2);
        boolean retain = values.flag("will.retain");
        MessageProperties properties = willProperties(format.equals("text"));
        long expiry = values.number("will.expiry.seconds", 0, MAX_SECONDS);
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
            return base64 ? Base64.getDecoder().decode(values.text(key).strip())
                    : values.text(key).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new InvalidException(
                    key + ": the text is not Base64; allowed: Base64, because will.payload.format is base64");
        }
    }

    private MessageProperties willProperties(boolean isText) throws InvalidException {
        MessageProperties.Builder properties = MessageProperties.builder().text(isText);
        set("will.content.type", properties::contentType);
        set("will.response.topic", properties::responseTopic);
        set("will.correlation", text -> properties.correlationData(text.getBytes(StandardCharsets.UTF_8)));
        values.userProperties("will.user.properties")
                .forEach(each -> properties.userProperty(each.name(), each.value()));
        return properties.build();
    }

    private void set(String key, Consumer<String> setter) throws InvalidException {
        try {
            if (!values.text(key).isEmpty()) {
                setter.accept(values.text(key));
            }
        } catch (IllegalArgumentException e) {
            throw new InvalidException(key + ": " + e.getMessage());
        }
    }

    private SessionSettings session(int packetMaxBytes) throws InvalidException {
        return new SessionSettings((int) values.number("inflight.max", 1, 65_000),
                values.number("inflight.max.bytes", 1, Long.MAX_VALUE), values.decimal("rate.messages"),
                (int) values.number("rate.burst", 1, 1_000_000), values.flag("qos.strict"),
                (int) values.number("poison.attempts", 0, 1000), birth(packetMaxBytes));
    }

    private Message birth(int packetMaxBytes) throws InvalidException {
        String topic = values.text("birth.topic");
        byte[] payload = values.text("birth.payload").getBytes(StandardCharsets.UTF_8);
        int qos = (int) values.number("birth.qos", 0, 2);
        boolean retain = values.flag("birth.retain");
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
        return new DispatchSettings((int) values.number("inbound.queue", 1, 10_000_000),
                inHeap(values.number("inbound.max.bytes", 65_536, Long.MAX_VALUE)),
                (int) values.number("inbound.attempts", 1, 1000), values.seconds("listener.grace.seconds", 0, 86_400));
    }

    private StoreBounds bounds() throws InvalidException {
        String overflow = values.choice("store.overflow", "reject", "drop-oldest");
        long maxBytes = values.number("store.max.bytes", 1024, Long.MAX_VALUE / 4);
        return new StoreBounds(values.text("store").strip().equals("memory") ? inHeap(maxBytes) : maxBytes,
                values.number("store.max.messages", 0, Long.MAX_VALUE / 4),
                values.seconds("store.max.age.seconds", 0, Long.MAX_VALUE / NANOS_PER_SECOND),
                lanes(), overflow.equals("drop-oldest"),
                inHeap(values.number("qos0.max.bytes", 1024, Long.MAX_VALUE / 4)), values.flag("qos0.offline"));
    }

    private List<StoreBounds.Lane> lanes() throws InvalidException {
        StoreBounds.Lane[] lanes = new StoreBounds.Lane[Message.LANES];
        Arrays.fill(lanes, StoreBounds.Lane.UNBOUNDED);
        for (String line : values.texts("store.lanes")) {
            if (!line.matches("[0-3] *; *[0-9]{1,15} *; *[0-9]{1,15} *; *[0-9]{1,9}")) {
                throw invalid("store.lanes", line, "lane;bytes;messages;seconds with lane 0 to 3");
            }
            String[] parts = line.split(" *; *");
            lanes[Integer.parseInt(parts[0])] = new StoreBounds.Lane(Long.parseLong(parts[1]),
                    Long.parseLong(parts[2]), Long.parseLong(parts[3]) * NANOS_PER_SECOND);
        }
        return List.of(lanes);
    }
}
