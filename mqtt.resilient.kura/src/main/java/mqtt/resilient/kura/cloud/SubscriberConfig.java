package mqtt.resilient.kura.cloud;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** What a subscriber subscribes to; the names and defaults of Kura's raw MQTT subscriber. */
@ObjectClassDefinition(id = SubscriberConfig.PID, name = "CloudSubscriber",
        description = "Passes received messages to an application or a wire graph.")
@interface SubscriberConfig {
    String PID = "mqtt.resilient.kura.cloud.CloudSubscriber";

    @AttributeDefinition(name = "Topic Filter", description = "May hold #account-name and #client-id.")
    String topic_filter() default "";

    @AttributeDefinition(name = "QoS", options = { @Option(label = "0", value = "0"), @Option(label = "1", value = "1"),
        @Option(label = "2", value = "2") })
    int qos() default 0;
}
