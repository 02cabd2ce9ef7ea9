package mqtt.resilient.console.model;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
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
    private static final int MOST_REASON = 200;

    private final Map<String, Watch> clients = new ConcurrentSkipListMap<>();
    private final Map<String, ClientInspector> inspectors = new ConcurrentSkipListMap<>();
    private final EventLog log = new EventLog(System::nanoTime);
    /** Whether events come through EventAdmin; else the changes of the connections are all there is. */
    private boolean events;

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    synchronized void addClient(ResilientMqttClient client, Map<String, Object> properties) {
        String name = name(properties);
        Watch watch = new Watch(client);
        Watch before = clients.put(name, watch);
        if (before != null) {
            before.listen(false);
        }
        log.isThere(name, true);
        ask(name, each -> stretch(each.status())); // what is tried later does not count
        watch.listen(!events);
    }

    synchronized void removeClient(ResilientMqttClient client, Map<String, Object> properties) {
        String name = name(properties);
        Watch watch = clients.get(name);
        if (watch != null && watch.client == client) { // else another has this name already
            clients.remove(name);
            watch.listen(false);
            log.isThere(name, false);
        }
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

    synchronized void eventsCome(boolean now) {
        events = now;
        clients.values().forEach(watch -> watch.listen(!now));
    }

    /** A client has connected, or has lost its connection. */
    void isConnected(String name, boolean connected, Instant since) {
        Watch watch = clients.get(name);
        if (watch != null) {
            watch.stretch(connected, since);
        }
    }

    /** {@return since when a client has been connected, or has not been, whatever it has tried meanwhile} */
    public Stretch stretch(ClientStatus status) {
        Watch watch = clients.get(status.client());
        boolean connected = status.state() == ConnectionState.ONLINE;
        return watch == null ? Stretch.of(connected, status.since()) : watch.stretch(connected, status.since());
    }

    /** A client; it is listened to only while no events come, because a listener costs a thread while it is called. */
    private final class Watch {
        private final ResilientMqttClient client;
        /** Null = it is not listened to. */
        private AutoCloseable listening;
        private Stretch stretch;

        Watch(ResilientMqttClient client) {
            this.client = client;
        }

        synchronized Stretch stretch(boolean connected, Instant since) {
            if (stretch == null || stretch.connected() != connected) {
                stretch = Stretch.of(connected, since);
            }
            return stretch;
        }

        void listen(boolean wanted) {
            try {
                if (wanted && listening == null) {
                    AtomicBoolean told = new AtomicBoolean();
                    listening = client.addConnectionListener(status -> changed(status, !told.getAndSet(true)));
                } else if (!wanted && listening != null) {
                    listening.close();
                    listening = null;
                }
            } catch (IllegalStateException e) {
                LOG.debug("A client has just gone", e);
            } catch (Exception e) { // the signature says so
                throw new IllegalStateException(e);
            }
        }
    }

    /** The first call of a listener says how it is, and not what happened. */
    private void changed(ClientStatus status, boolean first) {
        stretch(status);
        boolean settled = switch (status.state()) {
            case RESOLVING, CONNECTING, HANDSHAKE -> false;
            default -> true;
        };
        if (settled && !first) {
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
        Watch watch = clients.get(name);
        if (watch == null) {
            throw new IllegalArgumentException("there is no client \"" + Text.printable(name, 100) + "\"; "
                    + (clients.isEmpty() ? "no client is configured" : "configured: " + someNames()));
        }
        return watch.client;
    }

    /**
     * Asks a client that may go away meanwhile.
     *
     * @param <T> of the answer
     * @param name its name
     * @param question what is asked
     * @return the answer; empty = the client is not there
     */
    public <T> Optional<T> ask(String name, Function<ResilientMqttClient, T> question) {
        try {
            return Optional.of(question.apply(client(name)));
        } catch (IllegalArgumentException | IllegalStateException e) {
            // its service may be gone before it is out of our list
            LOG.trace("{}: the client has gone", name, e);
            return Optional.empty();
        }
    }

    /**
     * Finds what looks into a client.
     *
     * @param name the client's name
     * @return the inspector
     * @throws IllegalArgumentException if there is no client of this name, or it cannot be looked into yet
     */
    public ClientInspector inspector(String name) {
        ClientInspector inspector = inspectors.get(name);
        if (inspector == null) {
            client(name);
            throw new IllegalArgumentException("the client \"" + name + "\" is being started or stopped; ask again");
        }
        return inspector;
    }

    /** {@return what becomes of connect, which this asks for} */
    public String connect(String name) {
        ClientStatus status = client(name).status();
        client(name).connect();
        return isPaused(status) ? "connects." : switch (status.state()) {
            case ONLINE -> "is already connected; reconnect makes a new connection.";
            case PAUSED -> "waits for its schedule; reconnect connects at once.";
            case FAILED, OFFLINE -> itIs(status) + "; it connects by itself when the cause is gone.";
            default -> "connects by itself; reconnect tries at once.";
        };
    }

    /** {@return what becomes of disconnect, which this asks for} */
    public String disconnect(String name) {
        client(name).disconnect();
        return "disconnects and stays paused until connect.";
    }

    /** {@return what becomes of reconnect, which this asks for} */
    public String reconnect(String name) {
        ClientStatus status = client(name).status();
        client(name).reconnect();
        return isPaused(status) ? "is paused, reconnect has no effect; connect resumes." : switch (status.state()) {
            case FAILED, OFFLINE -> itIs(status) + "; reconnect has no effect.";
            default -> "makes a new connection.";
        };
    }

    private static boolean isPaused(ClientStatus status) {
        return status.state() == ConnectionState.PAUSED && status.nextAttempt().isZero();
    }

    private static String itIs(ClientStatus status) {
        return "is " + status.state() + ": " + Text.printable(status.reason(), MOST_REASON);
    }

    /** {@return a stage with what the broker's silence or answer means, in words} */
    public CompletionStage<String> ping(String name) {
        ResilientMqttClient client = client(name);
        return client.brokerUp().thenApply(up -> up
                ? "the broker answers; round trip " + Text.roundTrip(client.metrics().roundTripNanos()) + "."
                : client.isConnected() ? "the broker does not answer."
                        : "not connected: " + Text.printable(client.status().reason(), MOST_REASON));
    }

    /**
     * Subscribes to look on: with QoS 0, and without retained messages, which would reach every listener whose filter
     * matches (a broker of 3.1.1 sends them, if nobody has this filter yet). Takes nothing from others.
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
                    + "\" is not allowed here: a shared subscription would take messages from its group; allowed: a "
                    + "filter without $share");
        }
        return client(name).subscribe(filter, SubscribeOptions.qos(Qos.AT_MOST_ONCE)
                .retained(SubscribeOptions.RetainHandling.NEVER), listener);
    }

    /**
     * Cancels the waiting messages of a lane. The log says when it begins and when it is done, because a degraded store
     * may take long.
     *
     * @param name the client's name
     * @param lane 0 to {@link ClientInspector#AT_MOST_ONCE}
     * @return {@link ClientInspector#cancel(int)}
     * @throws IllegalArgumentException if there is no client of this name, or the lane is not allowed
     */
    public CompletionStage<Long> cancel(String name, int lane) {
        ClientInspector inspector = inspector(name);
        String where = Text.lane(lane);
        CompletionStage<Long> cancelled = inspector.cancel(lane);
        LOG.warn("{}: an operator cancels the waiting messages of {}", name, where);
        return cancelled.whenComplete((count, failure) -> {
            if (failure == null) {
                LOG.warn("{}: an operator cancelled {} of {} that were never sent", name, Text.count(count, "message"),
                        where);
            } else {
                LOG.warn("{}: an operator could not cancel the waiting messages of {}", name, where, failure);
            }
        });
    }

    /**
     * Sends a dead letter again; the log says who asked for it.
     *
     * @param name the client's name
     * @param id its number
     * @return {@link ClientInspector#resendDeadLetter(long)}
     * @throws IllegalArgumentException if there is no client of this name, or the number is not allowed
     */
    public CompletionStage<Long> resendDeadLetter(String name, long id) {
        CompletionStage<Long> again = inspector(name).resendDeadLetter(id);
        LOG.warn("{}: an operator sends dead letter {} again", name, id);
        return again;
    }

    /**
     * Drops a dead letter for good; the log says who asked for it.
     *
     * @param name the client's name
     * @param id its number
     * @return {@link ClientInspector#dropDeadLetter(long)}
     * @throws IllegalArgumentException if there is no client of this name, or the number is not allowed
     */
    public CompletionStage<Boolean> dropDeadLetter(String name, long id) {
        CompletionStage<Boolean> dropped = inspector(name).dropDeadLetter(id);
        LOG.warn("{}: an operator drops dead letter {}", name, id);
        return dropped;
    }

    /** {@return the names, for an error: at most 20 of them} */
    public String someNames() {
        return clients.keySet().stream().limit(MOST_NAMES).collect(Collectors.joining(", "))
                + (clients.size() > MOST_NAMES ? ", ..." : "");
    }

    /** {@return what happened lately} */
    public EventLog log() {
        return log;
    }
}
