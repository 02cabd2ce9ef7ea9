package mqtt.resilient.console.model;

import java.time.Instant;
import mqtt.resilient.api.MqttConstants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/**
 * Brings the engine's events to the log; not there without EventAdmin. Events that come with every message are left
 * out.
 */
@Component(service = EventHandler.class, immediate = true,
        reference = @Reference(name = "events", service = EventAdmin.class),
        property = {
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_CONNECTED,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_DISCONNECTED,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_REFUSED,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_SESSION_LOST,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_DROPPED,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_DEAD_LETTERED,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_SUBSCRIPTION_REFUSED,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_STORE,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_CONFIGURATION,
            EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_REJECTED })
public final class EventTap implements EventHandler {
    private final Clients clients;

    /** Called by the Service Component Runtime. */
    @Activate
    public EventTap(@Reference Clients clients) {
        this.clients = clients;
        clients.eventsCome(true);
    }

    @Deactivate
    void deactivate() {
        clients.eventsCome(false);
    }

    @Override
    public void handleEvent(Event event) {
        long time = event.getProperty(MqttConstants.TIMESTAMP) instanceof Long millis ? millis
                : System.currentTimeMillis();
        String client = text(event, MqttConstants.CLIENT);
        boolean connected = event.getTopic().equals(MqttConstants.EVENT_CONNECTED);
        if (connected || event.getTopic().equals(MqttConstants.EVENT_DISCONNECTED)) {
            clients.isConnected(client, connected, Instant.ofEpochMilli(time));
        }
        long count = event.getProperty(MqttConstants.COUNT) instanceof Long many ? many : 1;
        clients.log().add(client, Instant.ofEpochMilli(time), count,
                event.getTopic().substring(event.getTopic().lastIndexOf('/') + 1), describe(event));
    }

    private static String describe(Event event) {
        String reason = text(event, MqttConstants.REASON);
        return switch (event.getTopic()) {
            case MqttConstants.EVENT_CONNECTED -> "to " + text(event, MqttConstants.BROKER) + " with MQTT "
                    + text(event, MqttConstants.PROTOCOL) + ", the session is "
                    + (Boolean.TRUE.equals(event.getProperty(MqttConstants.SESSION_PRESENT)) ? "resumed" : "new");
            case MqttConstants.EVENT_DISCONNECTED, MqttConstants.EVENT_REFUSED ->
                reason + " (" + text(event, MqttConstants.BROKER) + ")";
            case MqttConstants.EVENT_DEAD_LETTERED -> text(event, MqttConstants.TOPIC) + ": " + reason;
            case MqttConstants.EVENT_SUBSCRIPTION_REFUSED -> text(event, MqttConstants.FILTER) + ": " + reason;
            case MqttConstants.EVENT_STORE ->
                text(event, MqttConstants.HEALTH) + (reason.isEmpty() ? "" : ": " + reason);
            case MqttConstants.EVENT_CONFIGURATION ->
                Boolean.TRUE.equals(event.getProperty(MqttConstants.ACCEPTED)) ? "in force"
                        : "rejected: " + reason;
            default -> reason;
        };
    }

    private static String text(Event event, String property) {
        Object value = event.getProperty(property);
        return value == null ? "" : String.valueOf(value);
    }
}
