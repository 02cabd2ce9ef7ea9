package mqtt.resilient.kura.cloud;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Where and how a publisher publishes; the names and defaults of Kura's raw MQTT publisher. */
@ObjectClassDefinition(id = PublisherConfig.PID, name = "CloudPublisher",
        description = "Publishes the messages of an application or a wire graph.")
@interface PublisherConfig {
    String PID = "mqtt.resilient.kura.cloud.CloudPublisher";

    @AttributeDefinition(name = "Topic", description = "May hold #account-name and #client-id.")
    String topic() default "";

    @AttributeDefinition(name = "QoS", options = { @Option(label = "0", value = "0"), @Option(label = "1", value = "1"),
        @Option(label = "2", value = "2") })
    int qos() default 0;

    @AttributeDefinition(name = "Retain")
    boolean retain() default false;

    @AttributeDefinition(name = "Priority", min = "0",
            description = "0 and 1 are sent first, then 2 to 4, then 5 to 7, then all others.")
    int priority() default 7;
}
