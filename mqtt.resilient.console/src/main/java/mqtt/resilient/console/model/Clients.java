package mqtt.resilient.console.model;

import java.time.Instant;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.spi.ClientInspector;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The clients that there are, and what happened to them. Safe from any thread. */
@Component(service = Clients.class, immediate = true)
public final class Clients {
    private static final Logger LOG = LoggerFactory.getLogger(Clients.class);
    private static final int MOST_NAMES = 20;

    private final Map<String, ResilientMqttClient> clients = new ConcurrentSkipListMap<>();
    private final Map<String, ClientInspector> inspectors = new ConcurrentSkipListMap<>();
    private final Map<ResilientMqttClient, AutoCloseable> listeners = new IdentityHashMap<>();
    private final EventLog log = new EventLog();
    /** Whether events come through EventAdmin; else the changes of the connections are all there is. */
    private volatile boolean events;

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addClient(ResilientMqttClient client, Map<String, Object> properties) {
        clients.put(name(properties), client);
        listen();
    }

    void removeClient(ResilientMqttClient client, Map<String, Object> properties) {
        clients.remove(name(properties), client);
        listen();
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addInspector(ClientInspector inspector, Map<String, Object> properties) {
        inspectors.put(name(properties), inspector);
    }

    void removeInspector(ClientInspector inspector, Map<String, Object> properties) {
        inspectors.remove(name(properties), inspector);
    }

    private static String name(Map<String, Object> properties) {
        return String.valueOf(properties.get(MqttConstants.CLIENT));
    }

    void eventsCome(boolean now) {
        events = now;
        listen();
    }

    /** Listens to the connections as long as no events come, and only then: a listener costs a thread while it is called. */
    private synchronized void listen() {
        listeners.entrySet().removeIf(each -> {
            boolean done = events || !clients.containsValue(each.getKey());
            if (done) {
                close(each.getValue());
            }
            return done;
        });
        if (!events) {
            clients.values().forEach(client -> listeners.computeIfAbsent(client, this::listenTo));
        }
    }

    private AutoCloseable listenTo(ResilientMqttClient client) {
        try {
            return client.addConnectionListener(this::changed);
        } catch (IllegalStateException e) {
            return null; // it has just gone
        }
    }

    private static void close(AutoCloseable listener) {
        try {
            listener.close();
        } catch (Exception e) { // the signature says so
            throw new IllegalStateException(e);
        }
    }

    private void changed(ClientStatus status) {
        boolean settled = switch (status.state()) {
            case RESOLVING, CONNECTING, HANDSHAKE -> false;
            default -> true;
        };
        if (settled) {
            log.add(status.client(), Instant.now(), 1, status.state() == ConnectionState.ONLINE ? "CONNECTED"
                    : status.state() == ConnectionState.WAITING ? "DISCONNECTED" : status.state().name(),
                    status.reason() + (status.broker().isEmpty() ? "" : " (" + status.broker() + ")"));
        }
    }

    /** {@return the names of the clients that there are, in their order} */
    public Collection<String> names() {
        return List.copyOf(clients.keySet());
    }

    /**
     * Finds a client.
     *
     * @param name its name
     * @return the client
     * @throws IllegalArgumentException if there is none of this name
     */
    public ResilientMqttClient client(String name) {
        return found(clients.get(name), name);
    }

    /**
     * Finds what looks into a client.
     *
     * @param name the client's name
     * @return the inspector
     * @throws IllegalArgumentException if there is no client of this name
     */
    public ClientInspector inspector(String name) {
        return found(inspectors.get(name), name);
    }

    /**
     * Subscribes to look on: with QoS 0, and with MQTT 5 without retained messages, which would reach every listener whose
     * filter matches. Takes nothing from others.
     *
     * @param name the client's name
     * @param filter a topic filter; not a shared one
     * @param listener called for each message; what it does not want it lets go at once
     * @return the subscription
     * @throws IllegalArgumentException if there is no client of this name, or the filter is not allowed
     */
    public Subscription lookOn(String name, String filter, MessageListener listener) {
        if (filter.startsWith("$share/")) {
            throw new IllegalArgumentException("filter: \"" + Text.printable(filter, 100)
                    + "\" is not allowed here: it would take messages from the others of its group; a filter without $share is");
        }
        return client(name).subscribe(filter, SubscribeOptions.qos(Qos.AT_MOST_ONCE)
                .retained(SubscribeOptions.RetainHandling.NEVER), listener);
    }

    /**
     * Drops the messages of a lane, and notes in the log that somebody did.
     *
     * @param name the client's name
     * @param lane 0 to {@link ClientInspector#AT_MOST_ONCE}
     * @return {@link ClientInspector#drop(int)}
     * @throws IllegalArgumentException if there is no client of this name, or the lane is not allowed
     */
    public CompletionStage<Long> drop(String name, int lane) {
        return inspector(name).drop(lane).whenComplete((count, failure) -> {
            if (failure == null) {
                LOG.warn("{}: an operator dropped {} of lane {}, never sent before", name, Text.count(count, "message"), lane);
            } else {
                LOG.warn("{}: an operator wanted to drop the messages of lane {}", name, lane, failure);
            }
        });
    }

    private <T> T found(T service, String name) {
        if (service == null) {
            throw new IllegalArgumentException("there is no client \"" + Text.printable(name, 100) + "\"; there "
                    + (clients.isEmpty() ? "is none at all" : "is " + someNames()));
        }
        return service;
    }

    /** {@return the names, for an error: at most 20 of them} */
    public String someNames() {
        return clients.keySet().stream().limit(MOST_NAMES).collect(Collectors.joining(", ")) + (clients.size() > MOST_NAMES ? ", ..." : "");
    }

    /** {@return what happened lately} */
    public EventLog log() {
        return log;
    }
}
