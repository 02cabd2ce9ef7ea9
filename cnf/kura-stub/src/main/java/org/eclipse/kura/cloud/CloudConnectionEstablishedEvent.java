package org.eclipse.kura.cloud;

import java.util.Map;
import org.osgi.service.event.Event;

public class CloudConnectionEstablishedEvent extends Event {
    public static final String CLOUD_CONNECTION_EVENT_ESTABLISHED_TOPIC = "org/eclipse/kura/cloud/CloudConnectionStatus/ESTABLISHED";

    public CloudConnectionEstablishedEvent(Map<String, ?> properties) {
        super(CLOUD_CONNECTION_EVENT_ESTABLISHED_TOPIC, properties);
    }
}
