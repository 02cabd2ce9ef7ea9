package mqtt.resilient.api;

/** The names of service properties, EventAdmin topics and event properties. */
public final class MqttConstants {
    /** Service and event property: the name of the client. */
    public static final String CLIENT = "mqtt.client";
    /** Service property of a client: the protocols it speaks (String[]), of {@code 3.1.1} and {@code 5}. */
    public static final String PROTOCOL = "mqtt.protocol";
    /** Property of a {@link MessageListener} service: its topic filters (String, String[] or collection). */
    public static final String FILTER = "mqtt.filter";
    /**
     * Property of a {@link MessageListener} service (Boolean or String, default false), with {@link #FILTER} or without
     * it: {@code true} = it gets unmatched messages, as a handler of {@link ResilientMqttClient#onUnmatched}.
     */
    public static final String UNMATCHED = "mqtt.unmatched";
    /** Property of a listener service (Integer or String, default 1) and of an event (Integer). */
    public static final String QOS = "mqtt.qos";
    /** Property of a listener service: {@code true} for acknowledgement by the listener. */
    public static final String MANUAL_ACKNOWLEDGEMENT = "mqtt.manual.acknowledgement";

    /** Property of a listener service, MQTT 5: {@code true} excludes messages published by its own client. */
    public static final String NO_LOCAL = "mqtt.no.local";
    /** Property of a listener service, MQTT 5: {@code true} for the RETAIN flag as it was published. */
    public static final String RETAIN_AS_PUBLISHED = "mqtt.retain.as.published";
    /** Property of a listener service, MQTT 5: when retained messages are sent, 0 always, 1 if new, 2 never. */
    public static final String RETAIN_HANDLING = "mqtt.retain.handling";
    /** Property of a listener service, MQTT 5: 1 to 33,554,431, given with each message. */
    public static final String SUBSCRIPTION_IDENTIFIER = "mqtt.subscription.identifier";

    /** Event: a client is connected. */
    public static final String EVENT_CONNECTED = "mqtt/resilient/CONNECTED";
    /** Event: a client lost its connection or an attempt failed. */
    public static final String EVENT_DISCONNECTED = "mqtt/resilient/DISCONNECTED";
    /** Event: a message arrived for a filter of the configuration key {@code subscriptions}. */
    public static final String EVENT_MESSAGE = "mqtt/resilient/MESSAGE";
    /** Event, besides {@link #EVENT_DISCONNECTED}: an operator must act, for example correct the credentials. */
    public static final String EVENT_REFUSED = "mqtt/resilient/REFUSED";
    /** Event: messages were not delivered: why and how many, summed up per second. */
    public static final String EVENT_DROPPED = "mqtt/resilient/DROPPED";
    /**
     * Event: a message was dead-lettered: a listener failed on it too often, or the broker closed connections for it.
     */
    public static final String EVENT_DEAD_LETTERED = "mqtt/resilient/DEAD_LETTERED";
    /**
     * Event: the session is lost: the broker no longer has it, or the client has another broker or client identifier.
     */
    public static final String EVENT_SESSION_LOST = "mqtt/resilient/SESSION_LOST";
    /** Event: the broker refused a subscription. */
    public static final String EVENT_SUBSCRIPTION_REFUSED = "mqtt/resilient/SUBSCRIPTION_REFUSED";
    /** Event: a configuration is in force or was rejected. */
    public static final String EVENT_CONFIGURATION = "mqtt/resilient/CONFIGURATION";
    /** Event: the health of the store has changed, or it was damaged. */
    public static final String EVENT_STORE = "mqtt/resilient/STORE";
    /** Event to the client: publish a message. */
    public static final String EVENT_PUBLISH = "mqtt/resilient/PUBLISH";
    /** Answer to {@link #EVENT_PUBLISH}: the message is stored; QoS 0: accepted. */
    public static final String EVENT_PUBLISHED = "mqtt/resilient/PUBLISHED";
    /** Answer to {@link #EVENT_PUBLISH}: the message is rejected. */
    public static final String EVENT_REJECTED = "mqtt/resilient/REJECTED";

    /** Event property: the topic (String). */
    public static final String TOPIC = "mqtt.topic";
    /** Event property: the payload (byte[]; in {@link #EVENT_PUBLISH} also String). */
    public static final String PAYLOAD = "mqtt.payload";
    /** Event property: whether the message is or was retained (Boolean). */
    public static final String RETAINED = "mqtt.retained";
    /** Event property: whether the broker marked the message as possibly resent, DUP (Boolean). */
    public static final String DUPLICATE = "mqtt.duplicate";
    /** Event property, MQTT 5: user properties, names and values in turn (String[]). */
    public static final String USER_PROPERTIES = "mqtt.user.properties";
    /** Event property, MQTT 5: the content type (String). */
    public static final String CONTENT_TYPE = "mqtt.content.type";
    /** Event property, MQTT 5: the topic for a response (String). */
    public static final String RESPONSE_TOPIC = "mqtt.response.topic";
    /** Event property, MQTT 5: the Correlation Data, which a response returns (byte[]). */
    public static final String CORRELATION_DATA = "mqtt.correlation.data";
    /** Event property: the remaining time until the message expires, in seconds (Long). */
    public static final String EXPIRY_SECONDS = "mqtt.expiry.seconds";
    /** Event property: {@link ClientStatus#reasonCode()} (Integer). */
    public static final String REASON_CODE = "mqtt.reason.code";
    /** Event property: any value; the answer has it too. */
    public static final String CORRELATION = "mqtt.correlation";
    /** Event property: the number of the published message (Long). */
    public static final String PUBLICATION = "mqtt.publication";
    /** Event property: why, in words (String). */
    public static final String REASON = "mqtt.reason";
    /** Event property: the broker, without user or password (String). */
    public static final String BROKER = "mqtt.broker";
    /** Event property: the number of attempts since the last connection (Integer). */
    public static final String ATTEMPT = "mqtt.attempt";
    /** Event property: milliseconds until the next attempt (Long). */
    public static final String NEXT_ATTEMPT_MS = "mqtt.next.attempt.ms";
    /** Event property: whether the broker resumed a session (Boolean). */
    public static final String SESSION_PRESENT = "mqtt.session.present";
    /** Event property: how many (Long). */
    public static final String COUNT = "mqtt.count";
    /** Event property: whether a configuration is in force (Boolean). */
    public static final String ACCEPTED = "mqtt.accepted";
    /** Event property: milliseconds since 1970 (Long). */
    public static final String TIMESTAMP = "timestamp";

    private MqttConstants() {
    }
    /** Service property of an {@link Authenticator}: the Authentication Method, as in {@code auth.method} (String). */
    public static final String AUTH_METHOD = "mqtt.auth.method";
    /** Event property: the name of a {@link StoreHealth}. */
    public static final String HEALTH = "mqtt.store.health";
}
