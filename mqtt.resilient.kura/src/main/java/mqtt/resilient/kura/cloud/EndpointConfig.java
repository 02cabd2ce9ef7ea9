package mqtt.resilient.kura.cloud;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

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
}
