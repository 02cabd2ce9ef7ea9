package mqtt.resilient.impl.engine;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/**
 * The configuration of a client: names, types, defaults and help. Only the defaults are read from here at run time;
 * {@link Configuration} checks the values, because consoles do not.
 */
@ObjectClassDefinition(id = ClientConfig.PID, name = "MQTT client (mqtt.resilient)",
        description = "An MQTT client for all bundles of the gateway. It reconnects by itself and keeps pending "
                + "messages over outages, restarts and power cuts.")
public @interface ClientConfig {
    /** The PID of the factory. */
    String PID = "mqtt.resilient.client";

    @AttributeDefinition(name = "Client name",
            description = "The service property mqtt.client by which bundles select this client. Letters, digits, dot, "
                    + "underscore and hyphen.")
    String mqtt_client();

    @AttributeDefinition(name = "Brokers",
            description = "In order of preference: mqtt://host[:port], mqtts:// with TLS, ws://host[:port]/path and "
                    + "wss:// over WebSocket. The default ports are 1883, 8883, 80 and 443.")
    String[] brokers() default "mqtt://localhost:1883";

    @AttributeDefinition(name = "Brokers: one cluster",
            description = "Whether the brokers share their sessions. If not, each broker has a session of its own.")
    boolean brokers_cluster() default false;

    @AttributeDefinition(name = "Brokers: order", options = {
        @Option(label = "as configured", value = "configured"),
        @Option(label = "random, and the same for one client identifier", value = "random") },
            description = "In which order a client prefers its brokers. random: each client has an order of its own, "
                    + "made from its client identifier, so that a fleet spreads over a cluster.")
    String brokers_order() default "configured";

    @AttributeDefinition(name = "Fail-back (s)", min = "0", max = "31536000",
            description = "While connected to another broker than the first: within which time to check whether the "
                    + "first answers again, to fail back to it. 0: never.")
    int failback_seconds() default 300;

    @AttributeDefinition(name = "Protocol", options = {
        @Option(label = "5 if the bundle mqtt.resilient.v5 is installed, else 3.1.1", value = "auto"),
        @Option(label = "MQTT 5", value = "5"), @Option(label = "MQTT 3.1.1", value = "3.1.1") },
            description = "MQTT 5 needs the bundle mqtt.resilient.v5. With auto a broker that refuses 5 gets 3.1.1.")
    String protocol() default "auto";

    @AttributeDefinition(name = "Client identifier", required = false,
            description = "The MQTT client identifier. Empty: the client name and 80 random bits that are kept in the "
                    + "store directory; a cloned machine gets its own. *: the broker assigns one (protocol 5 only).")
    String client_id() default "";

    @AttributeDefinition(name = "User", required = false, description = "Empty: none.")
    String user() default "";

    @AttributeDefinition(name = "Password", required = false, type = AttributeType.PASSWORD,
            description = "Needs a user, unless protocol is 5.")
    String _password() default "";

    @AttributeDefinition(name = "Authentication method", required = false,
            description = "Enhanced authentication, MQTT 5 only: the mqtt.auth.method of an Authenticator service, for "
                    + "example SCRAM-SHA-256. Empty: none.")
    String auth_method() default "";

    @AttributeDefinition(name = "Keepalive (s)", min = "0", max = "65535",
            description = "The broker closes the connection after one and a half times this time without a packet. 0: "
                    + "never; the client still pings every 20 s.")
    int keepalive_seconds() default 60;

    @AttributeDefinition(name = "Ping (s)", min = "0", max = "65535",
            description = "Ping when either direction was silent for this time. 0: a quarter of the keepalive; at most "
                    + "half of it.")
    int ping_seconds() default 0;

    @AttributeDefinition(name = "Response (s)", min = "1", max = "600",
            description = "How long the broker may take to answer or acknowledge before the client closes the "
                    + "connection. Doubles each time that happens, up to 600 s, for slow links.")
    int response_seconds() default 10;

    @AttributeDefinition(name = "Acknowledge (s)", min = "1", max = "3600",
            description = "How long the broker may take to acknowledge while it answers pings: it is slow then, not "
                    + "dead. Less than the response time: that counts.")
    int acknowledge_seconds() default 120;

    @AttributeDefinition(name = "Connect (s)", min = "1", max = "600",
            description = "How long a connection attempt may take, per address.")
    int connect_seconds() default 10;

    @AttributeDefinition(name = "Clean start",
            description = "Discard the broker's session with the first connection after each start.")
    boolean clean_start() default false;

    @AttributeDefinition(name = "Session expiry (s)", min = "0", max = "4294967295",
            description = "How long the broker keeps the session during an outage. 0: a new session on each "
                    + "connection.")
    long session_expiry_seconds() default 604_800;

    @AttributeDefinition(name = "Will: topic", required = false,
            description = "Where the broker publishes the will when the connection is lost. Empty: no will.")
    String will_topic() default "";

    @AttributeDefinition(name = "Will: payload", required = false,
            description = "Text, or Base64 if the payload format is base64. At most 65,535 bytes.")
    String will_payload() default "";

    @AttributeDefinition(name = "Will: payload format", options = {
        @Option(label = "bytes: the text as UTF-8, not declared as such", value = "bytes"),
        @Option(label = "text: the text, declared as UTF-8", value = "text"),
        @Option(label = "base64: any bytes, given as Base64", value = "base64") },
            description = "How the payload is given, and whether MQTT 5 declares it as UTF-8 (Payload Format "
                    + "Indicator).")
    String will_payload_format() default "bytes";

    @AttributeDefinition(name = "Will: QoS", options = { @Option(label = "0", value = "0"),
        @Option(label = "1", value = "1"), @Option(label = "2", value = "2") })
    int will_qos() default 1;

    @AttributeDefinition(name = "Will: retain")
    boolean will_retain() default false;

    @AttributeDefinition(name = "Will: also on stop",
            description = "Whether the broker publishes the will also when the client stops, not only when the "
                    + "connection is lost.")
    boolean will_on_stop() default false;

    @AttributeDefinition(name = "Will: delay (s)", min = "0", max = "4294967295",
            description = "MQTT 5: how long the broker waits for the client to return before it publishes the will.")
    long will_delay_seconds() default 0;

    @AttributeDefinition(name = "Will: expiry (s)", min = "0", max = "4294967295",
            description = "MQTT 5: how long the broker keeps the will for its receivers. 0: it does not expire.")
    long will_expiry_seconds() default 0;

    @AttributeDefinition(name = "Will: content type", required = false, description = "MQTT 5.")
    String will_content_type() default "";

    @AttributeDefinition(name = "Will: response topic", required = false, description = "MQTT 5.")
    String will_response_topic() default "";

    @AttributeDefinition(name = "Will: correlation data", required = false, description = "MQTT 5. Text.")
    String will_correlation() default "";

    @AttributeDefinition(name = "Will: user properties", required = false,
            description = "MQTT 5: name=value in each line; names may repeat.")
    String[] will_user_properties() default {};

    @AttributeDefinition(name = "Birth: topic", required = false,
            description = "Where the client publishes the birth message, on each connection before anything else. It "
                    + "is the counterpart of the will. Empty: no birth message.")
    String birth_topic() default "";

    @AttributeDefinition(name = "Birth: payload", required = false, description = "Text.")
    String birth_payload() default "";

    @AttributeDefinition(name = "Birth: QoS", options = { @Option(label = "0", value = "0"),
        @Option(label = "1", value = "1"), @Option(label = "2", value = "2") })
    int birth_qos() default 1;

    @AttributeDefinition(name = "Birth: retain")
    boolean birth_retain() default false;

    @AttributeDefinition(name = "Connect: user properties", required = false,
            description = "MQTT 5: name=value in each line, sent with each CONNECT; names may repeat.")
    String[] connect_user_properties() default {};

    @AttributeDefinition(name = "Topic aliases", min = "0", max = "1000",
            description = "MQTT 5: how many topics the broker may send as an alias, and the most that the client sends "
                    + "as one, if the broker accepts as many. 0: none.")
    int topic_alias_maximum() default 32;

    @AttributeDefinition(name = "Back-off: shortest (ms)", min = "10", max = "3600000",
            description = "The shortest wait between two connection attempts. It grows after each failure, with "
                    + "jitter, for each broker apart.")
    int backoff_min_ms() default 250;

    @AttributeDefinition(name = "Back-off: longest (s)", min = "1", max = "86400",
            description = "The longest wait between two connection attempts. After a refusal that needs an operator, "
                    + "such as bad credentials, the wait is between half of it and all of it.")
    int backoff_max_seconds() default 60;

    @AttributeDefinition(name = "Stable after (s)", min = "0", max = "86400",
            description = "The back-off is reset when a connection has lasted this long.")
    int stable_seconds() default 30;

    @AttributeDefinition(name = "Network: source", options = {
        @Option(label = "the best available", value = "auto"),
        @Option(label = "the operating system", value = "system"),
        @Option(label = "Eclipse Kura", value = "kura"), @Option(label = "none", value = "none") },
            description = "Where the network state comes from. UP starts an attempt at once; DOWN suspends attempts, "
                    + "except to this machine and its neighbours, and never closes a connection that works.")
    String network_source() default "auto";

    @AttributeDefinition(name = "Network: settle (s)", min = "0", max = "3600",
            description = "How long the network must be UP before an attempt.")
    int network_settle_seconds() default 0;

    @AttributeDefinition(name = "Network: distrust (s)", min = "0", max = "86400",
            description = "How long DOWN suspends attempts; after that they go on in spite of it.")
    int network_distrust_seconds() default 300;

    @AttributeDefinition(name = "Network: bounce after (attempts)", min = "0", max = "1000000",
            description = "After how many failed attempts the source is asked to take the network down and up. 0: "
                    + "never.")
    int network_bounce_after() default 0;

    @AttributeDefinition(name = "Network: interfaces", required = false,
            description = "Connect only over these interfaces, with commas between, for example eth0,wlan0: while the "
                    + "system's route to the broker leads over another one, the client does not connect. Empty: over "
                    + "any.")
    String network_interfaces() default "";

    @AttributeDefinition(name = "WAN probe",
            description = "host:port of the name server that wanUp() asks. Nothing is sent unless wanUp() is called.")
    String wan_probe() default "8.8.8.8:53";

    @AttributeDefinition(name = "Connect on start",
            description = "Whether the client connects when it starts. false: it waits until somebody has it connect, "
                    + "and takes messages meanwhile.")
    boolean connect_on_start() default true;

    @AttributeDefinition(name = "Schedule: every (min)", min = "0", max = "525600",
            description = "How often to connect, exchange the waiting messages of both directions, and disconnect. 0: "
                    + "always connected. Alarms (lane 0) connect at once.")
    int schedule_every_minutes() default 0;

    @AttributeDefinition(name = "Schedule: stay (s)", min = "1", max = "86400",
            description = "The shortest time to stay connected.")
    int schedule_stay_seconds() default 30;

    @AttributeDefinition(name = "TLS: key store", required = false,
            description = "The client's key and certificate, for brokers that require them: a file, PKCS#12 or PEM "
                    + "(PKCS#8). Read again when it changes.")
    String tls_keystore() default "";

    @AttributeDefinition(name = "TLS: key store password", required = false, type = AttributeType.PASSWORD)
    String _tls_keystore_password() default "";

    @AttributeDefinition(name = "TLS: key alias", required = false, description = "Empty: any key that fits.")
    String tls_key_alias() default "";

    @AttributeDefinition(name = "TLS: key password", required = false, type = AttributeType.PASSWORD,
            description = "Empty: the key store's.")
    String _tls_key_password() default "";

    @AttributeDefinition(name = "TLS: trust store", required = false,
            description = "The authorities to trust: a file, PKCS#12 or PEM. Empty: those of the Java platform.")
    String tls_truststore() default "";

    @AttributeDefinition(name = "TLS: trust store password", required = false, type = AttributeType.PASSWORD)
    String _tls_truststore_password() default "";

    @AttributeDefinition(name = "TLS: protocols", required = false,
            description = "For example TLSv1.3. Empty: those of the Java platform.")
    String[] tls_protocols() default {};

    @AttributeDefinition(name = "TLS: cipher suites", required = false,
            description = "Empty: those of the Java platform.")
    String[] tls_ciphers() default {};

    @AttributeDefinition(name = "TLS: verify the host name",
            description = "The broker's certificate must name the host of the URI. Turn it off only for a test.")
    boolean tls_verify_hostname() default true;

    @AttributeDefinition(name = "Proxy", required = false,
            description = "http://host:port or socks5://host:port. The broker's name goes to the proxy unresolved.")
    String proxy() default "";

    @AttributeDefinition(name = "Proxy: user", required = false)
    String proxy_user() default "";

    @AttributeDefinition(name = "Proxy: password", required = false, type = AttributeType.PASSWORD)
    String _proxy_password() default "";

    @AttributeDefinition(name = "WebSocket: headers", required = false, type = AttributeType.PASSWORD,
            description = "Further header lines of the upgrade, Name: value, for example a token.")
    String[] _ws_headers() default {};

    @AttributeDefinition(name = "In flight: messages", min = "1", max = "65000",
            description = "How many messages may be in flight, with MQTT 5 in both directions. One in ten is reserved "
                    + "for alarms (lane 0).")
    int inflight_max() default 100;

    @AttributeDefinition(name = "In flight: bytes", min = "1",
            description = "How many bytes may be in flight; a larger message is sent alone.")
    long inflight_max_bytes() default 262_144;

    @AttributeDefinition(name = "Rate (messages per second)", min = "0",
            description = "How many messages are sent per second at most; alarms (lane 0) are exempt. 0: no limit.")
    double rate_messages() default 0;

    @AttributeDefinition(name = "Rate: burst (messages)", min = "1", max = "1000000",
            description = "How many messages may be sent at once after a pause, if a rate is set.")
    int rate_burst() default 1;

    @AttributeDefinition(name = "Dead letter: attempts", min = "0", max = "1000",
            description = "How many connections in a row the broker may close with the same message or filter "
                    + "unanswered. Then messages and filters are tried one at a time, and one that the broker "
                    + "closes connections for, while it answers others, is given up. 0: never.")
    int poison_attempts() default 5;

    @AttributeDefinition(name = "QoS: strict",
            description = "MQTT 5: if the broker allows only a lower QoS, or keeps no retained messages, the message "
                    + "is refused instead of being sent with less.")
    boolean qos_strict() default false;

    @AttributeDefinition(name = "Store", options = {
        @Option(label = "power: stored messages survive a power cut", value = "power"),
        @Option(label = "process: they survive the end of the process", value = "process"),
        @Option(label = "memory: they survive the loss of the connection only", value = "memory") },
            description = "What a message survives once it is stored. A change between memory and the others takes "
                    + "effect when no message is pending.")
    String store() default "power";

    @AttributeDefinition(name = "Store: directory", required = false,
            description = "Where the client keeps its state; it must be on a disk that survives a reboot. Empty: the "
                    + "data area of the bundle mqtt.resilient.impl, which Eclipse Kura deletes at each boot. A change "
                    + "takes effect when no message is pending.")
    String store_directory() default "";

    @AttributeDefinition(name = "Store: force (ms)", min = "1", max = "3600000",
            description = "With process: how often the disk is forced; a power cut loses at most the messages since "
                    + "then.")
    int store_force_ms() default 500;

    @AttributeDefinition(name = "Store: floor (bytes)", min = "0",
            description = "Disk-space floor: with less free space QoS 1 and 2 are rejected; stored messages are "
                    + "delivered.")
    long store_floor_bytes() default 67_108_864;

    @AttributeDefinition(name = "Store: bytes", min = "1024",
            description = "How many bytes of messages may be pending, each with 64 bytes of overhead; with "
                    + "store=memory with 192, and at most a quarter of the heap (-Xmx).")
    long store_max_bytes() default 268_435_456;

    @AttributeDefinition(name = "Store: messages", min = "0",
            description = "How many messages may be pending. 0: any number.")
    long store_max_messages() default 0;

    @AttributeDefinition(name = "Store: age (s)", min = "0",
            description = "A message that was not sent within this time is dropped. 0: never.")
    long store_max_age_seconds() default 0;

    @AttributeDefinition(name = "Store: lanes", required = false,
            description = "Bounds of single lanes: lane;bytes;messages;seconds in each line, 0 = none of its own, for "
                    + "example 3;10000000;0;3600.")
    String[] store_lanes() default {};

    @AttributeDefinition(name = "Store: when full", options = {
        @Option(label = "reject new messages", value = "reject"),
        @Option(label = "drop the oldest messages that were never sent", value = "drop-oldest") })
    String store_overflow() default "reject";

    @AttributeDefinition(name = "QoS 0 while offline",
            description = "Keep QoS 0 messages while there is no connection, instead of rejecting them.")
    boolean qos0_offline() default false;

    @AttributeDefinition(name = "QoS 0: bytes", min = "1024",
            description = "How many bytes of QoS 0 messages may wait, each with 192 bytes of overhead; at most a "
                    + "quarter of the heap (-Xmx).")
    long qos0_max_bytes() default 4_194_304;

    @AttributeDefinition(name = "Packet (bytes)", min = "128", max = "268435455",
            description = "The largest packet, in both directions.")
    int packet_max_bytes() default 1_048_576;

    @AttributeDefinition(name = "Packet: strict",
            description = "MQTT 5: a larger message from the broker, which was told the limit, ends the connection "
                    + "with 0x95 instead of being skipped. A broker that sends it again makes that a loop.")
    boolean packet_strict() default false;

    @AttributeDefinition(name = "Inbound: queue (messages)", min = "1", max = "10000000",
            description = "How many QoS 0 messages may wait for one listener; beyond, the oldest is dropped.")
    int inbound_queue() default 1000;

    @AttributeDefinition(name = "Inbound: bytes", min = "65536",
            description = "How many bytes of received messages may be unhandled, each with 200 bytes of overhead and "
                    + "128 for each listener; beyond, reading from the broker pauses. At most a quarter of the heap "
                    + "(-Xmx).")
    long inbound_max_bytes() default 16_777_216;

    @AttributeDefinition(name = "Inbound: attempts", min = "1", max = "1000",
            description = "How often a message is offered to a listener that throws, before it is dead-lettered.")
    int inbound_attempts() default 3;

    @AttributeDefinition(name = "Listener grace (s)", min = "0", max = "86400",
            description = "How long a subscription is kept for the return of its last listener, so that a bundle "
                    + "update loses no message.")
    int listener_grace_seconds() default 300;

    @AttributeDefinition(name = "Subscriptions", required = false,
            description = "For EventAdmin: filter;qos in each line, for example plant/+/cmd;1. Received messages are "
                    + "posted to the event topic mqtt/resilient/MESSAGE.")
    String[] subscriptions() default {};
}
