package mqtt.resilient.kura.transport;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A configuration of Kura's MQTT transport, read as one of the engine's. Values may have any type that can be read as
 * the one that is meant; the engine checks what only passes through.
 *
 * @param engine the engine's properties
 * @param topicContext what the names behind # in topics stand for
 * @param timeoutSeconds how long one operation may take
 * @param maxInFlight messages that may be unconfirmed
 * @param brokerUrl as it was configured
 */
record TransportSettings(Map<String, Object> engine, Map<String, String> topicContext, int timeoutSeconds,
        int maxInFlight,
        String brokerUrl) {
    private static final String ACCOUNT = "topic.context.account-name";
    private static final String CLIENT_ID = "client-id";
    private static final String CLEAN_SESSION = "clean-session";
    private static final String PROTOCOL = "protocol-version";
    private static final long SESSION_SECONDS = 604_800;
    /** The engine's key for a key of Kura's whose value passes through. */
    private static final Map<String, String> SAME = Map.of("username", "user", "keep-alive", "keepalive.seconds",
            "timeout", "response.seconds", "lwt.payload", "will.payload", "lwt.qos", "will.qos", "lwt.retain",
            "will.retain");
    /** The engine's keys in the reasons that it gives, and whose values they are here. */
    private static final Map<String, String> KURA_KEYS = Map.of("user", "username", ".password", "password",
            "keepalive.seconds", "keep-alive", "response.seconds", "timeout", "connect.seconds", "timeout",
            "will.topic",
            "lwt.topic", "will.payload", "lwt.payload", "will.qos", "lwt.qos", "will.retain", "lwt.retain", "brokers",
            "broker-url");

    /**
     * Reads a configuration.
     *
     * @param macAddress what an empty client identifier stands for; null = nothing does
     * @throws IllegalArgumentException names the key, the value and what is allowed
     */
    static TransportSettings read(Map<String, ?> properties, String password, String macAddress) {
        Map<String, Object> engine = new HashMap<>();
        SAME.forEach((kura, ours) -> {
            if (properties.get(kura) != null) {
                engine.put(ours, properties.get(kura));
            }
        });
        String url = text(properties, "broker-url", "").strip();
        engine.put("brokers", Stream.of(url.split("[,\\s]+"))
                .map(each -> each.replaceFirst("^tcp://", "mqtt://").replaceFirst("^ssl://", "mqtts://")).toList());
        String clientId = text(properties, CLIENT_ID, "").strip();
        if (clientId.isEmpty()) {
            if (macAddress == null || macAddress.isBlank()) {
                throw invalid(CLIENT_ID, "", "a client identifier, because the primary MAC address is not known");
            }
            clientId = macAddress;
        }
        clientId = clientId.replaceAll("[/+#.]", "-");
        engine.put("client.id", clientId);
        if (!text(properties, "username", "").isEmpty()) {
            engine.put(".password", password); // MQTT 3.1.1 knows no password without a user
        }
        boolean clean = switch (text(properties, CLEAN_SESSION, "true")) {
            case "true" -> true;
            case "false" -> false;
            default -> throw invalid(CLEAN_SESSION, properties.get(CLEAN_SESSION), "true or false");
        };
        engine.put("session.expiry.seconds", clean ? 0 : SESSION_SECONDS);
        engine.put("protocol", switch (text(properties, PROTOCOL, "4")) {
            case "3", "4" -> "3.1.1";
            case "5" -> "5";
            case "0" -> "auto";
            default -> throw invalid(PROTOCOL, properties.get(PROTOCOL), "4 (3.1.1), 5, 0 (5 or 3.1.1) or 3 (as 4)");
        });
        if (!text(properties, "in-flight.persistence", "memory").matches("memory|file")) {
            throw invalid("in-flight.persistence", properties.get("in-flight.persistence"), "memory or file");
        }
        int timeout = number(properties, "timeout", 10, 1, 600);
        int maxInFlight = number(properties, "in-flight.max", 10, 1, 10_000);
        engine.put("connect.seconds", timeout);
        engine.put("inflight.max", 2 * maxInFlight); // one slot in ten is for alarms, of which there are none
        engine.put("store", "memory"); // the DataService has the durable one
        engine.put("packet.max.bytes", 16_777_216 + 65_536 + 64); // what a DataService lets through at most
        engine.put("inbound.queue", 10_000_000); // QoS 0 as well: reading pauses, nothing is dropped
        engine.put("inbound.max.bytes", 33_554_432L);
        engine.put("listener.grace.seconds", 0); // the DataService says itself what it wants
        engine.put("poison.attempts", 0); // as Kura: a message is sent until it is confirmed
        Map<String, String> context = Map.of("account-name", text(properties, ACCOUNT, ""), CLIENT_ID, clientId);
        String will = text(properties, "lwt.topic", "");
        TransportSettings settings = new TransportSettings(engine, context, timeout, maxInFlight, url);
        engine.put("will.topic", settings.topic(will));
        if (will.isEmpty()) {
            engine.keySet().removeIf(key -> key.startsWith("will.")); // the engine wants no payload without a topic
        }
        return settings;
    }

    /** Puts values for the variables of a topic, which begin with #; those that nobody knows stay. */
    String topic(String topic) {
        return TopicVariables.replace(topic, topicContext);
    }

    /** A reason that the engine gives, with the key that the user knows. */
    static String inKurasWords(String reason) {
        int colon = reason.indexOf(':');
        return colon < 0 ? reason
                : KURA_KEYS.getOrDefault(reason.substring(0, colon), reason.substring(0, colon))
                        + reason.substring(colon);
    }

    private static String text(Map<String, ?> properties, String key, String other) {
        Object value = properties.get(key);
        return value == null ? other : value.toString();
    }

    private static int number(Map<String, ?> properties, String key, int other, int least, int most) {
        String text = text(properties, key, String.valueOf(other)).strip();
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw invalid(key, text, "a whole number from " + least + " to " + most);
        }
        return Integer.parseInt(text);
    }

    private static IllegalArgumentException invalid(String key, Object value, String allowed) {
        return new IllegalArgumentException(key + ": \"" + value + "\" is not allowed; allowed: " + allowed);
    }

    /** Never the password. */
    @Override
    public String toString() {
        return "TransportSettings[" + brokerUrl + "]";
    }
}
