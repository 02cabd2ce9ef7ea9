package mqtt.resilient.impl.component;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/**
 * EventAdmin on both sides: posts the engine's events and the messages of the key {@code subscriptions}, and publishes
 * what other bundles post. The only class that knows EventAdmin; without it, it never comes to life.
 */
@Component(service = EventHandler.class, immediate = true, // or it would tell nothing until somebody posts to it
        property = EventConstants.EVENT_TOPIC + "=" + MqttConstants.EVENT_PUBLISH)
public final class EventBridge implements EventHandler, Engine.ClientWatcher, Engine.EventSink {
    private record Bound(ListenerQueue queue, Map<Configuration.EventSubscription, ClientSubscription> subscriptions) {
    }

    private final Engine engine;
    private final EventAdmin eventAdmin;
    /** By client; changed on mqtt-osgi, read by event handlers. */
    private volatile Map<ManagedClient, Bound> clients = Map.of();

    @Activate
    public EventBridge(@Reference Engine engine, @Reference EventAdmin eventAdmin) {
        this.engine = engine;
        this.eventAdmin = eventAdmin;
        engine.add((Engine.EventSink) this);
        engine.add((Engine.ClientWatcher) this);
    }

    @Deactivate
    void deactivate() {
        engine.remove((Engine.ClientWatcher) this);
        engine.remove((Engine.EventSink) this);
    }

    // ---- from the engine; on mqtt-osgi ----------------------------------------------------------------------------

    @Override
    public void post(String topic, Map<String, Object> properties) {
        eventAdmin.postEvent(new Event(topic, properties));
    }

    @Override
    public void added(ManagedClient client) {
        Bound bound = clients.get(client);
        if (bound == null) {
            bound = new Bound(client.client().queue(message -> received(client, message),
                    "EventAdmin (key subscriptions)", false), new HashMap<>());
            Map<ManagedClient, Bound> changed = new HashMap<>(clients);
            changed.put(client, bound);
            clients = Map.copyOf(changed);
        }
        Map<Configuration.EventSubscription, ClientSubscription> subscriptions = bound.subscriptions;
        Set<Configuration.EventSubscription> wanted = Set.copyOf(client.subscriptions());
        for (Configuration.EventSubscription each : Set.copyOf(subscriptions.keySet())) {
            if (!wanted.contains(each)) {
                client.client().unsubscribe(subscriptions.remove(each));
            }
        }
        for (Configuration.EventSubscription each : wanted) {
            if (!subscriptions.containsKey(each)) {
                subscriptions.put(each, client.client().subscribe(each.filter(), each.qos(), bound.queue));
            }
        }
    }

    @Override
    public void removed(ManagedClient client) {
        Map<ManagedClient, Bound> changed = new HashMap<>(clients);
        Bound bound = changed.remove(client);
        clients = Map.copyOf(changed);
        if (bound != null) {
            client.client().close(bound.subscriptions.values(), bound.queue, true);
        }
    }

    /** Posts a message and waits until it is posted, so that no more than one per client waits here. */
    private void received(ManagedClient client, ReceivedMessage message) throws InterruptedException {
        Map<String, Object> event = new HashMap<>();
        event.put(MqttConstants.CLIENT, client.name());
        event.put(MqttConstants.TOPIC, message.topic());
        event.put(MqttConstants.PAYLOAD, message.payload());
        event.put(MqttConstants.QOS, message.qos().ordinal());
        event.put(MqttConstants.RETAINED, message.retained());
        event.put(MqttConstants.DUPLICATE, message.duplicate());
        event.put(MqttConstants.TIMESTAMP, engine.environment().scheduler().wallClockMillis());
        CountDownLatch posted = new CountDownLatch(1);
        engine.osgi().execute(() -> {
            try {
                post(MqttConstants.EVENT_MESSAGE, event);
            } finally {
                posted.countDown();
            }
        });
        posted.await();
    }

    // ---- from other bundles; on EventAdmin's threads ---------------------------------------------------------------

    @Override
    public void handleEvent(Event event) {
        try {
            ManagedClient client = clientOf(event);
            Publication publication = client.client().publish(message(event));
            publication.stored().whenComplete((durability, error) -> {
                if (error == null) {
                    answer(event, client.name(), MqttConstants.EVENT_PUBLISHED, publication.id(), "");
                } else {
                    Throwable reason = error instanceof CompletionException ? error.getCause() : error;
                    answer(event, client.name(), MqttConstants.EVENT_REJECTED, 0, reason.getMessage());
                }
            });
        } catch (IllegalArgumentException e) {
            answer(event, null, MqttConstants.EVENT_REJECTED, 0, e.getMessage());
        }
    }

    private ManagedClient clientOf(Event event) {
        Object name = event.getProperty(MqttConstants.CLIENT);
        Map<ManagedClient, Bound> all = clients;
        if (name == null && all.size() == 1) {
            return all.keySet().iterator().next();
        }
        List<String> names = all.keySet().stream().map(ManagedClient::name).sorted().toList();
        return all.keySet().stream().filter(client -> client.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(MqttConstants.CLIENT + ": " + name
                        + " is not allowed; allowed are " + names));
    }

    private static Message message(Event event) {
        Object topic = event.getProperty(MqttConstants.TOPIC);
        Message.Builder message = Message.to(topic == null ? null : String.valueOf(topic));
        Object payload = event.getProperty(MqttConstants.PAYLOAD);
        if (payload instanceof byte[] bytes) {
            message.payload(bytes);
        } else if (payload instanceof String text) {
            message.payload(text);
        } else if (payload != null) {
            throw new IllegalArgumentException(MqttConstants.PAYLOAD + ": a " + payload.getClass().getName()
                    + " is not allowed; allowed are byte[] and String");
        }
        Object qos = event.getProperty(MqttConstants.QOS);
        if (qos != null) {
            String level = String.valueOf(qos);
            if (!level.matches("[012]")) {
                throw new IllegalArgumentException(MqttConstants.QOS + ": " + level
                        + " is not allowed; allowed are 0, 1 and 2");
            }
            message.qos(Qos.of(Integer.parseInt(level)));
        }
        return message.retain(Boolean.parseBoolean(String.valueOf(event.getProperty(MqttConstants.RETAINED)))).build();
    }

    private void answer(Event event, String client, String topic, long publication, String reason) {
        Map<String, Object> properties = new HashMap<>();
        for (String key : List.of(MqttConstants.CLIENT, MqttConstants.TOPIC, MqttConstants.CORRELATION)) {
            Object value = event.getProperty(key);
            if (value != null) {
                properties.put(key, value);
            }
        }
        if (client != null) {
            properties.put(MqttConstants.CLIENT, client);
        }
        properties.put(MqttConstants.PUBLICATION, publication);
        properties.put(MqttConstants.REASON, reason);
        properties.put(MqttConstants.TIMESTAMP, engine.environment().scheduler().wallClockMillis());
        engine.post(topic, properties);
    }
}
