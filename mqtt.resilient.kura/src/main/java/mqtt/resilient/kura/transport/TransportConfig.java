package mqtt.resilient.kura.transport;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/**
 * The options of Kura's own MQTT transport, with its names and defaults: a configuration can be taken over as it is.
 */
@ObjectClassDefinition(id = TransportConfig.PID, name = "MQTT transport (mqtt.resilient)",
        description = "Carries the messages of a DataService of Kura, in place of MqttDataTransport.")
@interface TransportConfig {
    String PID = "mqtt.resilient.kura.transport";

    @AttributeDefinition(name = "Broker-url",
            description = "mqtt, mqtts, ws or wss, for example mqtts://host:8883/. Several, separated by commas: in "
                    + "order of preference.")
    String broker$_$url() default "mqtt://broker-url:1883/";

    @AttributeDefinition(name = "Topic Context Account-Name", required = false,
            description = "Replaces #account-name in topics.")
    String topic_context_account$_$name() default "account-name";

    @AttributeDefinition(name = "Username", required = false, description = "Empty: none.")
    String username() default "username";

    @AttributeDefinition(name = "Password", required = false, type = AttributeType.PASSWORD)
    String password() default "password";

    @AttributeDefinition(name = "Client-id", required = false,
            description = "Replaces #client-id in topics. Empty: the primary MAC address. The characters / + # . "
                    + "become hyphens.")
    String client$_$id() default "";

    @AttributeDefinition(name = "Keep-alive (s)", min = "0", max = "65535")
    int keep$_$alive() default 30;

    @AttributeDefinition(name = "Timeout (s)", min = "1", max = "600",
            description = "How long one operation may take; a call to connect waits three times as long.")
    int timeout() default 10;

    @AttributeDefinition(name = "Clean-session",
            description = "Whether the broker discards the session when the connection ends.")
    boolean clean$_$session() default true;

    @AttributeDefinition(name = "LWT Topic", required = false, description = "Empty: no will.")
    String lwt_topic() default "$EDC/#account-name/#client-id/MQTT/LWT";

    @AttributeDefinition(name = "LWT Payload", required = false, description = "Text.")
    String lwt_payload() default "";

    @AttributeDefinition(name = "LWT QoS", options = { @Option(label = "0", value = "0"),
        @Option(label = "1", value = "1"), @Option(label = "2", value = "2") })
    int lwt_qos() default 0;

    @AttributeDefinition(name = "LWT Retain")
    boolean lwt_retain() default false;

    @AttributeDefinition(name = "In-flight Persistence", options = { @Option(label = "memory", value = "memory"),
        @Option(label = "file (as memory: the store of the DataService keeps the messages)", value = "file") })
    String in$_$flight_persistence() default "memory";

    @AttributeDefinition(name = "In-flight Messages", min = "1", max = "10000",
            description = "How many messages of QoS 1 and 2 may be in flight.")
    int in$_$flight_max() default 10;

    @AttributeDefinition(name = "MQTT Protocol Version", options = { @Option(label = "3.1.1", value = "4"),
        @Option(label = "5", value = "5"), @Option(label = "5 where the broker speaks it, else 3.1.1", value = "0"),
        @Option(label = "3.1 (3.1.1 is spoken)", value = "3") })
    int protocol$_$version() default 4;

    @AttributeDefinition(name = "Kura: DataService", required = false,
            description = "The kura.service.pid of the DataService that is to use this transport, for example "
                    + "org.eclipse.kura.data.DataService. Empty: it is set elsewhere (DataTransportService.target).")
    String kura_data_service() default "";

    @AttributeDefinition(name = "SslManagerService Target Filter", required = false,
            description = "Selects the SslManagerService whose keys and trust are used with mqtts and wss.")
    String SslManagerService_target() default "(kura.service.pid=org.eclipse.kura.ssl.SslManagerService)";
}
