package org.eclipse.kura.cloud;

import java.util.Map;
import org.osgi.service.event.Event;

public class CloudConnectionLostEvent extends Event {
    public static final String CLOUD_CONNECTION_EVENT_LOST_TOPIC = "org/eclipse/kura/cloud/CloudConnectionStatus/LOST";

    public CloudConnectionLostEvent(Map<String, ?> properties) {
        super(CLOUD_CONNECTION_EVENT_LOST_TOPIC, properties);
    }
}
