package mqtt.resilient.impl.component;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Topics;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.packet.Subscribe;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * Subscribes {@link MessageListener} services by their properties: {@code mqtt.filter}, {@code mqtt.unmatched},
 * {@code mqtt.qos}, {@code mqtt.client}. Everything but the arrival of services happens on mqtt-osgi.
 */
@Component(service = {})
public final class Whiteboard implements EngineComponent.ClientWatcher {
    private static final Log LOG = Log.of("mqtt.resilient");

    private record Bound(ManagedClient client, ListenerQueue queue, List<ClientSubscription> subscriptions) {
    }

    private static final class Entry {
        private final MessageListener listener;
        private final Map<String, Object> properties;
        private Bound bound;
        /** What was told last, so that it is told once. */
        private String reported = "";

        Entry(MessageListener listener, Map<String, Object> properties) {
            this.listener = listener;
            this.properties = properties;
        }
    }

    private final EngineComponent engine;
    private final Map<Object, Entry> entries = new LinkedHashMap<>();
    private final Set<ManagedClient> clients = new LinkedHashSet<>();

    @Activate
    public Whiteboard(@Reference EngineComponent engine) {
        this.engine = engine;
        engine.add(this);
    }

    @Deactivate
    void deactivate() {
        engine.remove(this);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC,
            target = "(|(" + MqttConstants.FILTER + "=*)(" + MqttConstants.UNMATCHED + "=true))")
    void addListener(MessageListener listener, Map<String, Object> properties) {
        engine.osgi().execute(() -> {
            Entry entry = new Entry(listener, properties);
            entries.put(properties.get("service.id"), entry);
            bind(entry);
        });
    }

    void updatedListener(MessageListener listener, Map<String, Object> properties) {
        removeListener(listener, properties);
        addListener(listener, properties);
    }

    void removeListener(MessageListener listener, Map<String, Object> properties) {
        engine.osgi().execute(() -> {
            Entry entry = entries.remove(properties.get("service.id"));
            if (entry != null) {
                unbind(entry);
            }
        });
    }

    @Override
    public void added(ManagedClient client) {
        clients.add(client);
        entries.values().forEach(this::bind);
    }

    @Override
    public void removed(ManagedClient client) {
        clients.remove(client);
        entries.values().forEach(this::bind);
    }

    /** Brings a listener to the client that it belongs to now. */
    private void bind(Entry entry) {
        ManagedClient wanted = clientOf(entry);
        if (entry.bound != null && entry.bound.client != wanted) {
            unbind(entry);
        }
        if (entry.bound == null && wanted != null) {
            subscribe(entry, wanted);
        }
    }

    private ManagedClient clientOf(Entry entry) {
        Object name = entry.properties.get(MqttConstants.CLIENT);
        if (name == null && clients.size() > 1) {
            report(entry, MqttConstants.CLIENT + ": missing, and there are " + clients.size()
                    + " clients; required: the name of one");
            return null;
        }
        return clients.stream().filter(client -> name == null || client.name().equals(name)).findFirst().orElse(null);
    }

    private void subscribe(Entry entry, ManagedClient client) {
        try {
            int options = options(entry.properties);
            boolean unmatched = flag(entry.properties, MqttConstants.UNMATCHED);
            List<String> filters = filters(entry.properties.get(MqttConstants.FILTER), unmatched);
            boolean manual = flag(entry.properties, MqttConstants.MANUAL_ACKNOWLEDGEMENT);
            ListenerQueue queue = client.engineClient().subscriber().queue(entry.listener,
                    engine.describe(entry.listener), manual);
            entry.reported = "";
            entry.bound = new Bound(client, queue,
                    client.engineClient().subscriber().subscribe(filters, options, List.of(), queue));
            if (unmatched) {
                client.engineClient().subscriber().addUnmatched(queue);
            }
        } catch (IllegalArgumentException e) {
            report(entry, e.getMessage());
        }
    }

    private static int options(Map<String, Object> properties) {
        return Subscribe.Request.encode(new SubscribeOptions(Qos.of(number(properties, MqttConstants.QOS, 1, 2)), false,
                flag(properties, MqttConstants.NO_LOCAL), flag(properties, MqttConstants.RETAIN_AS_PUBLISHED),
                SubscribeOptions.RetainHandling.values()[number(properties, MqttConstants.RETAIN_HANDLING, 0, 2)],
                number(properties, MqttConstants.SUBSCRIPTION_IDENTIFIER, 0, 33_554_431), List.of()));
    }

    private static boolean flag(Map<String, Object> properties, String name) {
        return Boolean.parseBoolean(String.valueOf(properties.get(name)));
    }

    private static int number(Map<String, Object> properties, String name, int absent, int max) {
        Object value = properties.get(name);
        String text = value == null ? String.valueOf(absent) : String.valueOf(value).strip();
        if (!text.matches("[0-9]{1,8}") || Integer.parseInt(text) > max) {
            throw new IllegalArgumentException(name + ": \"" + text + "\" is not allowed; allowed are 0 to " + max);
        }
        return Integer.parseInt(text);
    }

    private static List<String> filters(Object value, boolean maybeNone) {
        Stream<?> values = value == null ? Stream.of() : value instanceof Object[] array ? Stream.of(array)
                : value instanceof Collection<?> collection ? collection.stream() : Stream.of(value);
        List<String> filters = values.map(String::valueOf).map(Topics::requireFilter).distinct().toList();
        if (filters.isEmpty() && !maybeNone) {
            throw new IllegalArgumentException(
                    MqttConstants.FILTER + ": an empty list is not allowed; at least one is");
        }
        return filters;
    }

    private static void unbind(Entry entry) {
        if (entry.bound != null) {
            entry.bound.client.engineClient().subscriber().removeUnmatched(entry.bound.queue);
            entry.bound.client.engineClient().subscriber().close(entry.bound.subscriptions, entry.bound.queue, true);
            entry.bound = null;
        }
    }

    /** A listener cannot be served. */
    private void report(Entry entry, String reason) {
        if (reason.equals(entry.reported)) {
            return;
        }
        entry.reported = reason;
        String listener = engine.describe(entry.listener);
        LOG.warn("Listener {} gets no messages: {}", listener, reason);
        engine.post(MqttConstants.EVENT_CONFIGURATION,
                Map.of(MqttConstants.REASON, OutsideText.oneLine(listener + ": " + reason),
                        MqttConstants.ACCEPTED, false,
                        MqttConstants.TIMESTAMP, engine.engine().environment().scheduler().wallClockMillis()));
    }
}
