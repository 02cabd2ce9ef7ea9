package mqtt.resilient.kura.cloud;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** A cloud connection of Kura over one of our clients. */
@ObjectClassDefinition(id = EndpointConfig.PID, name = "CloudEndpoint",
        description = "A cloud connection over an MQTT client (mqtt.resilient), which has a configuration of its own.")
@interface EndpointConfig {
    String PID = "mqtt.resilient.kura.cloud.CloudEndpoint";

    @AttributeDefinition(name = "MQTT client",
            description = "The name of the client (mqtt.client) that carries the messages.")
    String mqtt_client();

    @AttributeDefinition(name = "Topic Context Account-Name", required = false,
            description = "Replaces #account-name in topics; #client-id is the client identifier.")
    String topic_context_account$_$name() default "account-name";

    @AttributeDefinition(name = "Payload Encoding", options = {
        @Option(label = "Body as it is, metrics as JSON", value = "raw"),
        @Option(label = "Simple JSON", value = "simple-json"),
        @Option(label = "Kura Protobuf", value = "kura-protobuf") },
            description = "The form of messages, in both directions. Kura Protobuf needs one of Kura's own cloud "
                    + "connections as well, which need not be connected: it has the encoder.")
    String payload_encoding() default "raw";

    @AttributeDefinition(name = "Encode gzip", description = "Compress Kura Protobuf.")
    boolean encode_gzip() default true;

    @AttributeDefinition(name = "Lifecycle Messages",
            description = "Publish Kura's birth message on each connection, and its disconnect message before the "
                    + "connection is ended on purpose.")
    boolean lifecycle_messages() default false;

    @AttributeDefinition(name = "Topic Control-Prefix", required = false,
            description = "The first level of the topics of lifecycle messages.")
    String topic_control$_$prefix() default "$EDC";
}
