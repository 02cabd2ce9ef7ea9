package mqtt.resilient.itest.example;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The user guide's example of a component that publishes. */
@Component(service = Boiler.class)
public class Boiler {
    @Reference(target = "(mqtt.client=plant)")
    private ResilientMqttClient mqtt;

    /**
     * Publishes a reading; returns at once, also offline.
     *
     * @param reading any text
     * @return what becomes of it
     */
    public Publication report(String reading) {
        return mqtt.publish(Message.to("plant/boiler/temp").payload(reading.getBytes(StandardCharsets.UTF_8))
                .qos(Qos.AT_LEAST_ONCE).expiresAfter(Duration.ofHours(6)).build());
    }
}
