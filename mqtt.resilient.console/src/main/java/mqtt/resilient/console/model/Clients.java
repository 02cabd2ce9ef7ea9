package mqtt.resilient.console.model;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.spi.ClientInspector;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** The clients that there are, and what happened to them. Safe from any thread. */
@Component(service = Clients.class, immediate = true)
public final class Clients {
    private static final int MOST_NAMES = 20;

    private final Map<String, ResilientMqttClient> clients = new ConcurrentSkipListMap<>();
    private final Map<String, ClientInspector> inspectors = new ConcurrentSkipListMap<>();
    private final EventLog log = new EventLog();
    /** Whether events come through EventAdmin; else the changes of the connections are all there is. */
    private volatile boolean events;

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addClient(ResilientMqttClient client, Map<String, Object> properties) {
        clients.put(name(properties), client);
        client.addConnectionListener(this::changed);
    }

    void removeClient(ResilientMqttClient client, Map<String, Object> properties) {
        clients.remove(name(properties), client);
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
    }

    private void changed(ClientStatus status) {
        boolean settled = switch (status.state()) {
            case RESOLVING, CONNECTING, HANDSHAKE -> false;
            default -> true;
        };
        if (settled && !events) {
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
