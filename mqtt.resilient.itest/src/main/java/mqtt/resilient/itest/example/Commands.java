package mqtt.resilient.itest.example;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.ReceivedMessage;
import org.osgi.service.component.annotations.Component;

/** The user guide's example of a component that listens: no subscribe call at all. */
@Component(service = { Commands.class, MessageListener.class },
        property = { "mqtt.filter=plant/+/cmd", "mqtt.qos=1", "mqtt.client=plant" })
public class Commands implements MessageListener {
    private final List<String> received = new CopyOnWriteArrayList<>();

    @Override
    public void onMessage(ReceivedMessage message) {
        received.add(new String(message.payload(), StandardCharsets.UTF_8));
    }

    /** {@return the commands so far} */
    public List<String> received() {
        return List.copyOf(received);
    }
}
