package mqtt.resilient.itest;

import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import mqtt.resilient.api.MqttConstants;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/** Keeps the engine's events. Used only where there is EventAdmin. */
final class Events implements EventHandler, AutoCloseable {
    private final BundleContext context;
    private final ServiceRegistration<EventHandler> registration;
    private final List<Event> events = new ArrayList<>();

    Events(BundleContext context) {
        this.context = context;
        registration = context.registerService(EventHandler.class, this,
                new Hashtable<>(Map.of(EventConstants.EVENT_TOPIC, "mqtt/resilient/*")));
    }

    @Override
    public void handleEvent(Event event) {
        synchronized (events) {
            events.add(event);
        }
    }

    /** Posts an event as another bundle would. */
    void post(String topic, Map<String, Object> properties) {
        EventAdmin eventAdmin = context.getService(context.getServiceReference(EventAdmin.class));
        eventAdmin.postEvent(new Event(topic, properties));
    }

    List<Event> of(String topic) {
        synchronized (events) {
            return events.stream().filter(event -> event.getTopic().equals(topic)).toList();
        }
    }

    List<Event> of(String topic, String client) {
        return of(topic).stream().filter(event -> client.equals(event.getProperty(MqttConstants.CLIENT))).toList();
    }

    /** {@return the first event of a topic that fits, as soon as it is there} */
    Event await(String topic, Predicate<Event> fits) {
        try {
            Await.until("an event " + topic, () -> of(topic).stream().anyMatch(fits));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; there are " + of(topic).stream().map(Events::show).toList(),
                    e);
        }
        return of(topic).stream().filter(fits).findFirst().orElseThrow();
    }

    /** {@return the first event of a topic for a client, as soon as it is there} */
    Event await(String topic, String client) {
        return await(topic, event -> client.equals(event.getProperty(MqttConstants.CLIENT)));
    }

    /** Waits until a client has taken or refused so many configurations. */
    Event awaitConfiguration(String client, int number) {
        Await.until(client + " has answered to " + number + " configurations",
                () -> of(MqttConstants.EVENT_CONFIGURATION, client).size() >= number);
        return of(MqttConstants.EVENT_CONFIGURATION, client).get(number - 1);
    }

    private static String show(Event event) {
        StringBuilder text = new StringBuilder(event.getTopic());
        for (String name : event.getPropertyNames()) {
            text.append(' ').append(name).append('=').append(event.getProperty(name));
        }
        return text.toString();
    }

    @Override
    public void close() {
        registration.unregister();
    }
}
