package mqtt.resilient.kura.cloud;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.Topics;
import mqtt.resilient.kura.transport.TopicVariables;
import org.eclipse.kura.KuraConnectException;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraStoreCapacityReachedException;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.cloud.CloudConnectionEstablishedEvent;
import org.eclipse.kura.cloud.CloudConnectionLostEvent;
import org.eclipse.kura.cloud.CloudPayloadProtoBufDecoder;
import org.eclipse.kura.cloud.CloudPayloadProtoBufEncoder;
import org.eclipse.kura.cloudconnection.CloudConnectionManager;
import org.eclipse.kura.cloudconnection.CloudEndpoint;
import org.eclipse.kura.cloudconnection.listener.CloudConnectionListener;
import org.eclipse.kura.cloudconnection.listener.CloudDeliveryListener;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.cloudconnection.subscriber.listener.CloudSubscriberListener;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.configuration.ConfigurationService;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.system.SystemAdminService;
import org.eclipse.kura.system.SystemService;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.event.EventAdmin;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cloud connection of Kura over one of our clients, which keeps the messages and the connection. Topics may hold
 * {@code #account-name} and {@code #client-id}. Listeners are called on threads of the client and of this component.
 */
@Component(name = EndpointConfig.PID,
        service = { CloudEndpoint.class, CloudConnectionManager.class, ConfigurableComponent.class },
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = { "kura.ui.service.hide=true", "kura.ui.factory.hide=true" })
@Designate(ocd = EndpointConfig.class, factory = true)
public final class Endpoint implements CloudEndpoint, CloudConnectionManager, ConfigurableComponent {
    /** Properties of a {@link KuraMessage}, and of a subscription. */
    static final String TOPIC = "topic";
    static final String FILTER = "topic.filter";
    static final String QOS = "qos";
    static final String RETAIN = "retain";
    static final String PRIORITY = "priority";
    static final int DEFAULT_PRIORITY = 7;

    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    private static final String ACCOUNT = "topic.context.account-name";
    private static final String LIFECYCLE = "lifecycle.messages";
    /** How long the disconnect message has to leave before the connection is ended, as in Kura. */
    private static final long LAST_MILLIS = 1000;
    /** Messages whose delivery is told; others beyond are delivered without a word. */
    private static final int MOST_WATCHED = 10_000;
    private static final long IDLE_SECONDS = 10;

    /** Who wants the messages of a filter. */
    private static final class Subscriber {
        private final String filter;
        private final Qos qos;
        private final CloudSubscriberListener listener;
        private Subscription subscription;

        Subscriber(String filter, Qos qos, CloudSubscriberListener listener) {
            this.filter = filter;
            this.qos = qos;
            this.listener = listener;
        }
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile EventAdmin eventAdmin;
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile SystemService systemService;
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile SystemAdminService systemAdminService;

    private final List<CloudConnectionListener> connectionListeners = new CopyOnWriteArrayList<>();
    private final List<CloudDeliveryListener> deliveryListeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger watched = new AtomicInteger();
    /** Tells of deliveries; as many wait as are watched. */
    private final ThreadPoolExecutor deliveries = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(task, "mqtt-kura-cloud");
                thread.setDaemon(true);
                return thread;
            }, new ThreadPoolExecutor.DiscardPolicy());
    private Bound<ResilientMqttClient> bound;
    /** Whether everything goes, to come back with an update or a restart. */
    volatile BooleanSupplier bundleStops = () -> false;
    private volatile String pid = "";
    private volatile String clientName = "";
    private volatile String account = "";
    private volatile Payloads payloads = Payloads.of(Map.of());
    private volatile boolean lifecycle;
    private volatile String controlPrefix = LifecycleMessages.DEFAULT_PREFIX;
    private volatile ResilientMqttClient client;
    private volatile CloudPayloadProtoBufEncoder encoder;
    /** Is told of the decoder, and whether one is needed. */
    private final Object decoding = new Object();
    private volatile CloudPayloadProtoBufDecoder decoder;
    private boolean stopped;
    /** Whether the connection is to end when the disconnect message has left. */
    private volatile boolean leaving;
    /** The rest is guarded by this. */
    private final List<Subscriber> subscribers = new ArrayList<>();
    private AutoCloseable statusListener;
    private boolean connected;
    /** Whether this connection has no birth message yet. */
    private boolean birthDue;

    @Activate
    void activate(BundleContext context, Map<String, Object> properties) {
        deliveries.allowCoreThreadTimeOut(true);
        bundleStops = () -> context.getBundle().getState() == Bundle.STOPPING;
        bound = new Bound<>(context, ResilientMqttClient.class, MqttConstants.CLIENT, this::bind, this::unbind);
        modified(properties);
    }

    @Modified
    void modified(Map<String, Object> properties) {
        configure(properties);
        bound.to(clientName);
    }

    void configure(Map<String, Object> properties) {
        pid = Values.text(properties, ConfigurationService.KURA_SERVICE_PID, "");
        String newName = Values.text(properties, MqttConstants.CLIENT, "");
        if (newName.isEmpty()) {
            LOG.error(
                    "{}: configuration rejected: mqtt.client: \"\" is not allowed; allowed: the name of a client; "
                            + "nothing changes",
                    pid);
        } else {
            clientName = newName;
        }
        try {
            Payloads newPayloads = Payloads.of(properties);
            boolean newLifecycle = Values.flag(properties, LIFECYCLE);
            payloads = newPayloads;
            lifecycle = newLifecycle;
            wakeDecoding(false);
        } catch (IllegalArgumentException e) {
            LOG.error("{}: configuration rejected: {}; nothing changes", pid, e.getMessage());
        }
        controlPrefix = Values.text(properties, LifecycleMessages.PREFIX, LifecycleMessages.DEFAULT_PREFIX);
        account = Values.text(properties, ACCOUNT, "");
        ResilientMqttClient same = client;
        if (same != null) {
            resubscribe(same);
            birth(same, true);
        }
    }

    @Deactivate
    void deactivate() {
        ResilientMqttClient last = client;
        if (last != null) {
            try {
                farewell(last).get(LAST_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.debug("{}: the disconnect message did not leave", pid, e);
            }
        }
        bound.close();
        wakeDecoding(true);
        deliveries.shutdown();
    }

    // ---- Kura's protobuf --------------------------------------------------------------------------------------------

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setEncoder(CloudPayloadProtoBufEncoder service) {
        encoder = service;
        ResilientMqttClient now = client;
        if (now != null) {
            birth(now, false);
        }
    }

    void unsetEncoder(CloudPayloadProtoBufEncoder service) {
        encoder = encoder == service ? null : encoder;
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setDecoder(CloudPayloadProtoBufDecoder service) {
        synchronized (decoding) {
            decoder = service;
            decoding.notifyAll();
        }
    }

    void unsetDecoder(CloudPayloadProtoBufDecoder service) {
        decoder = decoder == service ? null : decoder;
    }

    private void wakeDecoding(boolean stop) {
        synchronized (decoding) {
            stopped |= stop;
            decoding.notifyAll();
        }
    }

    /** Waits for what is needed to read a message: it stays unacknowledged, and the broker keeps it. */
    private KuraPayload decoded(ReceivedMessage message) throws InterruptedException {
        synchronized (decoding) {
            if (payloads.isProtobuf() && decoder == null && !stopped) {
                LOG.warn("{}: messages are received when there is one of Kura's own cloud connections, which has the "
                        + "service CloudPayloadProtoBufDecoder ({}=kura-protobuf)", pid, Payloads.ENCODING);
            }
            while (payloads.isProtobuf() && decoder == null && !stopped) {
                decoding.wait();
            }
        }
        return payloads.decode(message.payload(), decoder);
    }

    // ---- the client -----------------------------------------------------------------------------------------------

    synchronized void bind(ResilientMqttClient newClient) {
        client = newClient;
        subscribers.forEach(this::close); // those of the one before, if it is not gone yet
        resubscribe(newClient);
        statusListener = newClient.addConnectionListener(status -> changed(newClient, status));
    }

    void unbind(ResilientMqttClient oldClient) {
        synchronized (this) {
            if (client != oldClient) {
                return;
            }
            client = null;
            subscribers.forEach(this::close);
            try {
                statusListener.close();
            } catch (Exception e) { // also if it was never bound wholly
                LOG.warn("{}: the client {} was not released properly", pid, clientName, e);
            }
        }
        told(false, CloudConnectionListener::onDisconnected);
    }

    private void changed(ResilientMqttClient of, ClientStatus status) {
        if (of == client) {
            resubscribe(of); // the client identifier may be another one
            boolean up = status.state() == ConnectionState.ONLINE;
            if (up && !isTold()) {
                birth(of, true);
            }
            boolean wanted = status.state() == ConnectionState.PAUSED || status.state() == ConnectionState.OFFLINE;
            told(up, up ? CloudConnectionListener::onConnectionEstablished
                    : wanted ? CloudConnectionListener::onDisconnected : CloudConnectionListener::onConnectionLost);
        }
    }

    /** Whether listeners know of the connection. */
    private synchronized boolean isTold() {
        return connected;
    }

    /** Tells of a change, once. */
    private void told(boolean up, Consumer<CloudConnectionListener> call) {
        synchronized (this) {
            if (connected == up) {
                return;
            }
            connected = up;
        }
        EndpointUser.tell(connectionListeners, call);
        EventAdmin events = eventAdmin;
        if (events != null) {
            Map<String, String> properties = Map.of("cloud.service.pid", pid);
            events.postEvent(
                    up ? new CloudConnectionEstablishedEvent(properties) : new CloudConnectionLostEvent(properties));
        }
    }

    private ResilientMqttClient client() throws KuraException {
        ResilientMqttClient now = client;
        if (now == null) {
            throw new KuraException(KuraErrorCode.SERVICE_UNAVAILABLE, "there is no client \"" + clientName
                    + "\" (mqtt.client), or no broker is entered in it yet");
        }
        return now;
    }

    /** Has the client connect; returns at once. */
    @Override
    public void connect() throws KuraConnectException {
        leaving = false;
        try {
            client().connect();
        } catch (KuraException | IllegalStateException e) {
            throw new KuraConnectException(e, e.getMessage());
        }
    }

    @Override
    public void disconnect() {
        ResilientMqttClient now = client;
        if (now != null) {
            leaving = true;
            farewell(now).whenComplete((gone, error) -> {
                if (leaving) { // else somebody has pressed Connect meanwhile
                    now.disconnect();
                }
            });
        }
    }

    @Override
    public boolean isConnected() {
        ResilientMqttClient now = client;
        try {
            return now != null && now.isConnected();
        } catch (IllegalStateException e) { // released this moment
            return false;
        }
    }

    @Override
    public Map<String, String> getInfo() {
        ResilientMqttClient now = client;
        if (now == null) {
            return Map.of("Client", clientName);
        }
        ClientStatus status = now.status();
        return Map.of("Client", clientName, "Broker URL", status.broker(), "Account", account, "Client ID",
                status.clientId(), "Protocol", status.protocol(), "State", status.state() + " " + status.reason());
    }

    /** The broker may give it with the first connection. */
    private static boolean lacksClientId(ResilientMqttClient of, String topic) {
        return topic.contains("#client-id") && of.status().clientId().isEmpty();
    }

    private String topic(ResilientMqttClient of, String topic) {
        return TopicVariables.replace(topic, Map.of("account-name", account, "client-id", of.status().clientId()));
    }

    // ---- lifecycle messages ----------------------------------------------------------------------------------------

    /** Publishes the birth message of a connection, if that is {@code new} or could not be published before. */
    private void birth(ResilientMqttClient to, boolean due) {
        synchronized (this) {
            birthDue |= due;
            if (!birthDue || !lifecycle || !to.isConnected()) {
                return;
            }
            birthDue = false;
        }
        if (lifecycleMessage(to, true) == null) {
            synchronized (this) {
                birthDue = true;
            }
        }
    }

    /** Publishes the disconnect message, if there is a connection; the stage is done when it has left, or cannot. */
    private CompletableFuture<?> farewell(ResilientMqttClient to) {
        Publication last = lifecycle && isConnected() ? lifecycleMessage(to, false) : null;
        return last == null ? CompletableFuture.completedFuture(null)
                : last.delivered().toCompletableFuture().copy().orTimeout(LAST_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** {@return what was published; null = it could not be} QoS 0, not retained and before all others, as in Kura. */
    private Publication lifecycleMessage(ResilientMqttClient to, boolean birth) {
        String topic = LifecycleMessages.topic(controlPrefix, birth);
        try {
            KuraPayload payload = birth ? LifecycleMessages.birth(systemService, systemAdminService, payloads)
                    : LifecycleMessages.disconnect(systemService, systemAdminService);
            return to.publish(Message.to(topic(to, topic))
                    .payload((payloads.isProtobuf() ? payloads : Payloads.SIMPLE_JSON).encode(payload, encoder))
                    .qos(Qos.AT_MOST_ONCE).lane(Message.LANE_ALARM).build());
        } catch (KuraException | IllegalArgumentException | IllegalStateException e) {
            LOG.warn("{}: not published to {}: {}", pid, topic, e.getMessage());
            return null;
        }
    }

    // ---- publishing -----------------------------------------------------------------------------------------------

    /**
     * Stores a message, connected or not. Its properties are {@code topic}, {@code qos}, {@code retain} and
     * {@code priority}; {@code payload.encoding} says what form it has.
     *
     * @return its number, with which its delivery is told; null with QoS 0
     */
    @Override
    public String publish(KuraMessage message) throws KuraException {
        ResilientMqttClient to = client();
        Publication publication;
        int qos;
        try {
            Map<String, Object> options = message.getProperties();
            qos = Values.number(options, QOS, 0, 2);
            int priority = Values.number(options, PRIORITY, DEFAULT_PRIORITY, Integer.MAX_VALUE);
            String topic = Values.require(options, TOPIC);
            if (lacksClientId(to, topic)) {
                throw new IllegalStateException(topic + ": the client has no client identifier yet");
            }
            publication = to
                    .publish(Message.to(topic(to, topic)).payload(payloads.encode(message.getPayload(), encoder))
                            .qos(Qos.of(qos)).retain(Values.flag(options, RETAIN)).lane(lane(priority)).build());
        } catch (IllegalArgumentException e) {
            throw new KuraException(KuraErrorCode.INVALID_PARAMETER, e, e.getMessage());
        } catch (IllegalStateException e) {
            throw new KuraException(KuraErrorCode.SERVICE_UNAVAILABLE, e, e.getMessage());
        }
        if (publication.id() == 0) {
            throw refused(publication);
        }
        String id = Long.toString(publication.id());
        if (qos > 0 && !deliveryListeners.isEmpty()) {
            watch(publication, id);
        }
        return qos == 0 ? null : id;
    }

    private static int lane(int priority) {
        return priority <= 1 ? Message.LANE_ALARM
                : priority <= 4 ? 1 : priority <= DEFAULT_PRIORITY ? Message.LANE_NORMAL
                        : Message.LANE_BULK;
    }

    private void watch(Publication publication, String id) {
        if (watched.incrementAndGet() > MOST_WATCHED) {
            watched.decrementAndGet();
            LOG.debug("{}: no confirmation for message {}: {} others are awaited", pid, id, MOST_WATCHED);
            return;
        }
        publication.delivered().thenAccept(outcome -> deliveries.execute(() -> {
            watched.decrementAndGet();
            if (outcome.isDelivered()) {
                EndpointUser.tell(deliveryListeners, listener -> listener.onMessageConfirmed(id));
            }
        }));
    }

    private static KuraException refused(Publication publication) {
        try {
            publication.stored().toCompletableFuture().join();
        } catch (CompletionException e) {
            String reason = e.getCause().getMessage();
            return e.getCause() instanceof RejectedException rejected ? switch (rejected.reason()) {
                case FULL -> new KuraStoreCapacityReachedException(reason);
                case TOO_LARGE -> new KuraException(KuraErrorCode.INVALID_PARAMETER, rejected, reason);
                case OFFLINE -> new KuraException(KuraErrorCode.SERVICE_UNAVAILABLE, rejected, reason);
                case STORE, CLOSED -> new KuraStoreException(rejected, reason);
            } : new KuraStoreException(e, reason);
        }
        return new KuraStoreException("the message was rejected");
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    /** The filter of a subscription, or a reason why it is none. */
    static String requireFilter(Map<String, Object> options) {
        String filter = Values.require(options, FILTER);
        Topics.requireFilter(TopicVariables.replace(filter, Map.of("account-name", "a", "client-id", "c")));
        return filter;
    }

    /** Subscribes with {@code topic.filter} and {@code qos}, and again whenever that is needed. */
    @Override
    public synchronized void registerSubscriber(Map<String, Object> options, CloudSubscriberListener listener) {
        String filter = requireFilter(options);
        Subscriber subscriber = new Subscriber(filter, Qos.of(Values.number(options, QOS, 0, 2)), listener);
        subscribers.add(subscriber);
        if (client != null) {
            subscribe(client, subscriber);
        }
    }

    @Override
    public synchronized void unregisterSubscriber(CloudSubscriberListener listener) {
        subscribers.removeIf(subscriber -> {
            boolean gone = subscriber.listener.equals(listener);
            if (gone) {
                close(subscriber);
            }
            return gone;
        });
    }

    /** Subscribes where a filter means another one than before. */
    private synchronized void resubscribe(ResilientMqttClient to) {
        if (to == client) {
            subscribers.forEach(subscriber -> subscribe(to, subscriber));
        }
    }

    private void subscribe(ResilientMqttClient to, Subscriber subscriber) {
        try {
            String filter = lacksClientId(to, subscriber.filter) ? "" : topic(to, subscriber.filter);
            if (subscriber.subscription != null && subscriber.subscription.filter().equals(filter)) {
                return;
            }
            close(subscriber);
            if (!filter.isEmpty()) {
                subscriber.subscription = to.subscribe(filter, SubscribeOptions.qos(subscriber.qos),
                        message -> subscriber.listener.onMessageArrived(toKura(message)));
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            LOG.warn("{}: no subscription to {}: {}", pid, subscriber.filter, e.getMessage());
        }
    }

    /** Without a word to the broker when the bundle stops: what comes until its next start is kept there. */
    private void close(Subscriber subscriber) {
        if (subscriber.subscription != null && !bundleStops.getAsBoolean()) {
            subscriber.subscription.close();
        }
        subscriber.subscription = null;
    }

    private KuraMessage toKura(ReceivedMessage message) throws InterruptedException {
        return new KuraMessage(decoded(message), Map.of(TOPIC, message.topic()));
    }

    // ---- listeners ------------------------------------------------------------------------------------------------

    @Override
    public void registerCloudConnectionListener(CloudConnectionListener listener) {
        connectionListeners.add(listener);
    }

    @Override
    public void unregisterCloudConnectionListener(CloudConnectionListener listener) {
        connectionListeners.remove(listener);
    }

    @Override
    public void registerCloudDeliveryListener(CloudDeliveryListener listener) {
        deliveryListeners.add(listener);
    }

    @Override
    public void unregisterCloudDeliveryListener(CloudDeliveryListener listener) {
        deliveryListeners.remove(listener);
    }
}
