package mqtt.resilient.impl.component;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.engine.Configuration;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.spi.OutsideText;
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
public final class EventBridge implements EventHandler, EngineComponent.ClientWatcher, EngineComponent.EventSink {
    /** What an answer repeats of the event that it answers. */
    private record Answer(Object client, Object topic, Object correlation) {
    }

    private record Bound(ListenerQueue queue, Map<Configuration.EventSubscription, ClientSubscription> subscriptions) {
    }

    private final EngineComponent engine;
    private final EventAdmin eventAdmin;
    /** Changed on mqtt-osgi, read by event handlers. */
    private final Map<ManagedClient, Bound> clients = new ConcurrentHashMap<>();

    @Activate
    public EventBridge(@Reference EngineComponent engine, @Reference EventAdmin eventAdmin) {
        this.engine = engine;
        this.eventAdmin = eventAdmin;
        engine.add((EngineComponent.EventSink) this);
        engine.add((EngineComponent.ClientWatcher) this);
    }

    @Deactivate
    void deactivate() {
        engine.remove((EngineComponent.ClientWatcher) this);
        engine.remove((EngineComponent.EventSink) this);
    }

    // ---- from the engine; on mqtt-osgi ----------------------------------------------------------------------------

    @Override
    public void post(String topic, Map<String, Object> properties) {
        eventAdmin.postEvent(new Event(topic, properties));
    }

    @Override
    public void added(ManagedClient client) {
        Bound bound = clients.computeIfAbsent(client, key -> new Bound(key.engineClient().subscriber().queue(
                message -> received(key, message), "EventAdmin (key subscriptions)", false), new HashMap<>()));
        List<Configuration.EventSubscription> wanted = client.subscriptions();
        bound.subscriptions.entrySet().removeIf(each -> {
            boolean unwanted = !wanted.contains(each.getKey());
            if (unwanted) {
                client.engineClient().subscriber().unsubscribe(each.getValue());
            }
            return unwanted;
        });
        for (Configuration.EventSubscription each : wanted) {
            bound.subscriptions.computeIfAbsent(each,
                    key -> client.engineClient().subscriber().subscribe(key.filter(), key.qos(), bound.queue));
        }
    }

    @Override
    public void removed(ManagedClient client) {
        Bound bound = clients.remove(client);
        if (bound != null) {
            client.engineClient().subscriber().close(bound.subscriptions.values(), bound.queue, true);
        }
    }

    /** Posts a message and waits until it is posted, so that no more than one per client waits here. */
    private void received(ManagedClient client, ReceivedMessage message)
            throws InterruptedException, ExecutionException {
        Map<String, Object> event = new HashMap<>(Map.of(MqttConstants.CLIENT, client.name(),
                MqttConstants.TOPIC, message.topic(),
                MqttConstants.PAYLOAD, message.payload(), MqttConstants.QOS, message.qos().ordinal(),
                MqttConstants.RETAINED, message.retained(), MqttConstants.DUPLICATE, message.duplicate(),
                MqttConstants.TIMESTAMP, engine.engine().environment().scheduler().wallClockMillis()));
        MessageProperties properties = message.properties();
        properties.contentType().ifPresent(value -> event.put(MqttConstants.CONTENT_TYPE, value));
        properties.responseTopic().ifPresent(value -> event.put(MqttConstants.RESPONSE_TOPIC, value));
        properties.correlationData().ifPresent(value -> event.put(MqttConstants.CORRELATION_DATA, value));
        if (!properties.userProperties().isEmpty()) {
            event.put(MqttConstants.USER_PROPERTIES, properties.userProperties().stream()
                    .flatMap(each -> Stream.of(each.name(), each.value())).toArray(String[]::new));
        }
        if (message.expirySeconds() >= 0) {
            event.put(MqttConstants.EXPIRY_SECONDS, message.expirySeconds());
        }
        engine.osgi().execute(() -> post(MqttConstants.EVENT_MESSAGE, event)).get();
    }

    // ---- from other bundles; on EventAdmin's threads ---------------------------------------------------------------

    @Override
    public void handleEvent(Event event) {
        Answer answer = new Answer(event.getProperty(MqttConstants.CLIENT), event.getProperty(MqttConstants.TOPIC),
                // the event holds the payload: it is not kept until the answer
                event.getProperty(MqttConstants.CORRELATION));
        try {
            ManagedClient client = clientOf(event);
            Publication publication = client.engineClient().publisher().publish(message(event));
            publication.stored().whenComplete((durability, error) -> {
                if (error == null) {
                    answer(answer, client.name(), MqttConstants.EVENT_PUBLISHED, publication.id(), "");
                } else {
                    Throwable reason = error instanceof CompletionException ? error.getCause() : error;
                    answer(answer, client.name(), MqttConstants.EVENT_REJECTED, 0, reason.getMessage());
                }
            });
        } catch (IllegalArgumentException e) {
            answer(answer, null, MqttConstants.EVENT_REJECTED, 0, e.getMessage());
        }
    }

    private ManagedClient clientOf(Event event) {
        Object name = event.getProperty(MqttConstants.CLIENT);
        List<ManagedClient> all = List.copyOf(clients.keySet());
        if (name == null && all.size() == 1) {
            return all.get(0);
        }
        List<String> names = all.stream().map(ManagedClient::name).sorted().toList();
        return all.stream().filter(client -> client.name().equals(name)).findFirst()
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
        Object expiry = event.getProperty(MqttConstants.EXPIRY_SECONDS);
        if (expiry != null) {
            if (!String.valueOf(expiry).matches("[0-9]{1,10}")) {
                throw new IllegalArgumentException(MqttConstants.EXPIRY_SECONDS + ": " + expiry
                        + " is not allowed; allowed are 1 to 9999999999");
            }
            message.expiresAfter(Duration.ofSeconds(Long.parseLong(String.valueOf(expiry))));
        }
        return message.retain(Boolean.parseBoolean(String.valueOf(event.getProperty(MqttConstants.RETAINED))))
                .properties(properties(event)).build();
    }

    private static MessageProperties properties(Event event) {
        MessageProperties.Builder properties = MessageProperties.builder()
                .text(event.getProperty(MqttConstants.PAYLOAD) instanceof String);
        if (event.getProperty(MqttConstants.CONTENT_TYPE) instanceof String type) {
            properties.contentType(type);
        }
        if (event.getProperty(MqttConstants.RESPONSE_TOPIC) instanceof String topic) {
            properties.responseTopic(topic);
        }
        if (event.getProperty(MqttConstants.CORRELATION_DATA) instanceof byte[] data) {
            properties.correlationData(data);
        }
        if (event.getProperty(MqttConstants.USER_PROPERTIES) instanceof String[] all) {
            if (all.length % 2 != 0) {
                throw new IllegalArgumentException(MqttConstants.USER_PROPERTIES + ": " + all.length
                        + " texts are not allowed; allowed are names and values in turn");
            }
            for (int i = 0; i < all.length; i += 2) {
                properties.userProperty(all[i], all[i + 1]);
            }
        }
        return properties.build();
    }

    private void answer(Answer to, String client, String topic, long publication, String reason) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(MqttConstants.CLIENT, client == null ? to.client : client);
        properties.put(MqttConstants.TOPIC, to.topic);
        properties.put(MqttConstants.CORRELATION, to.correlation);
        properties.put(MqttConstants.PUBLICATION, publication);
        properties.put(MqttConstants.REASON, OutsideText.oneLine(reason));
        properties.put(MqttConstants.TIMESTAMP, engine.engine().environment().scheduler().wallClockMillis());
        properties.values().removeIf(Objects::isNull);
        engine.post(topic, properties);
    }
}
