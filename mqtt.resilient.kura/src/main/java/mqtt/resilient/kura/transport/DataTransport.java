package mqtt.resilient.kura.transport;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.kura.client.Secrets;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.TlsMaterial;
import org.eclipse.kura.KuraConnectException;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraNotConnectedException;
import org.eclipse.kura.KuraTimeoutException;
import org.eclipse.kura.KuraTooManyInflightMessagesException;
import org.eclipse.kura.configuration.ConfigurableComponent;
import org.eclipse.kura.configuration.ConfigurationService;
import org.eclipse.kura.crypto.CryptoService;
import org.eclipse.kura.data.DataTransportService;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.data.transport.listener.DataTransportListener;
import org.eclipse.kura.ssl.SslManagerService;
import org.eclipse.kura.system.SystemService;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transport for Kura's DataService on the engine, with a store in memory: the durable store is the DataService's.
 * Once {@link #connect} has succeeded the engine keeps the connection until {@link #disconnect}, and tells of each loss
 * and each return. What was published and not confirmed stays with the engine over outages; so only the first
 * connection is a new session for the listeners.
 *
 * <p>Listeners are called one at a time: on the thread that calls {@link #connect}, {@link #disconnect} or changes the
 * configuration for what that brings, on a thread of this component for all else, and for what arrives on a connection
 * only after {@code onConnectionEstablished} has returned.
 */
@Component(name = TransportConfig.PID, service = { DataTransportService.class, ConfigurableComponent.class },
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = TransportConfig.class, factory = true)
public final class DataTransport implements DataTransportService, ConfigurableComponent {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    private static final String PASSWORD = "password";
    private static final String SECRET = ".password";
    private static final int CONNECT_TIMEOUTS = 3;
    private static final long IDLE_SECONDS = 10;

    @Reference
    ClientFactory factory;
    @Reference(name = "SslManagerService", cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile SslManagerService ssl;

    private volatile CryptoService crypto;
    private volatile SystemService system;
    private volatile ConfigurationService configurations;
    private final List<DataTransportListener> listeners = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor events = new ScheduledThreadPoolExecutor(1,
            task -> {
                Thread thread = new Thread(task, "mqtt-kura-transport");
                thread.setDaemon(true);
                return thread;
            });
    private final Confirmations confirmations = new Confirmations(events,
            token -> tell(listener -> listener.onMessageConfirmed(token)));
    private final TlsMaterial tls = this::tlsContext;
    private ClientFactory.ManagedMqttClient managed;
    private ResilientMqttClient client;
    private volatile TransportSettings settings;
    private String password = "";
    private volatile String problem = "";
    private volatile Map<String, Object> latestProperties = Map.of();

    /** What listens to a filter: the first is called for its messages, the others only ask the broker again. */
    private record Listening(Subscription first, int qos) {
    }

    private final ConcurrentSkipListMap<String, Listening> subscriptions = new ConcurrentSkipListMap<>();

    /** Guards what follows. */
    private final Object connection = new Object();
    private boolean wanted;
    private volatile boolean online;
    private boolean connectedBefore;
    private int connecting;
    /** Tells the listeners of the present connection. */
    private volatile FutureTask<?> established;
    private volatile Thread establishing;
    private ClientStatus latest;

    // ---- Kura's services: what could not be read without them can be read now
    // ------------------------------------------

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setCryptoService(CryptoService service) {
        crypto = service;
        readAgain();
    }

    void unsetCryptoService(CryptoService service) {
        crypto = crypto == service ? null : crypto;
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setSystemService(SystemService service) {
        system = service;
        readAgain();
    }

    void unsetSystemService(SystemService service) {
        system = system == service ? null : system;
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setConfigurationService(ConfigurationService service) {
        configurations = service;
        serve(latestProperties);
    }

    void unsetConfigurationService(ConfigurationService service) {
        configurations = configurations == service ? null : configurations;
    }

    /** Has the DataService that is named in the form use this transport. */
    private void serve(Map<String, Object> properties) {
        String dataService = String.valueOf(properties.getOrDefault(DataServiceTarget.KEY, "")).strip();
        ConfigurationService now = configurations;
        if (!dataService.isEmpty() && now != null) {
            DataServiceTarget.set(now, dataService,
                    String.valueOf(properties.get(ConfigurationService.KURA_SERVICE_PID)));
        }
    }

    private void readAgain() {
        if (!problem.isEmpty()) {
            modified(latestProperties);
        }
    }

    // ---- configuration --------------------------------------------------------------------------------------------

    @Activate
    void activate(Map<String, Object> properties) {
        events.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        events.allowCoreThreadTimeOut(true);
        managed = factory.make(name(properties));
        client = managed.client();
        client.disconnect(); // until connect() is called
        client.addConnectionListener(this::changed);
        activateWith(properties);
        serve(properties);
    }

    private synchronized void activateWith(Map<String, Object> properties) {
        TransportSettings read = settings == null ? read(properties) : null;
        if (read != null) {
            use(read, properties);
        }
    }

    @Modified
    void modified(Map<String, Object> properties) {
        serve(properties);
        TransportSettings read = read(properties);
        if (read == null || read.equals(settings)) {
            return; // the last good configuration keeps running
        }
        boolean wasConnected = isConnected();
        tell(listener -> listener.onConfigurationUpdating(wasConnected));
        use(read, properties);
        tell(listener -> listener.onConfigurationUpdated(wasConnected));
    }

    @Deactivate
    void deactivate() {
        disconnect(0);
        managed.dispose();
        for (Runnable left : events.shutdownNow()) {
            ((Future<?>) left).cancel(false); // whoever waits for it
        }
    }

    private static String name(Map<String, Object> properties) {
        Object pid = properties.getOrDefault(ConfigurationService.KURA_SERVICE_PID,
                properties.get(Constants.SERVICE_PID));
        String name = String.valueOf(pid).replaceAll("[^A-Za-z0-9._-]", "-");
        return name.substring(0, Math.min(100, name.length()));
    }

    /** Null if it is not usable. */
    private TransportSettings read(Map<String, Object> properties) {
        latestProperties = properties;
        try {
            String newPassword = password(properties.get(PASSWORD));
            SystemService systemNow = system;
            TransportSettings read = TransportSettings.read(properties, newPassword,
                    systemNow == null ? null : systemNow.getPrimaryMacAddress());
            read.engine().put("mqtt.client", name(properties));
            password = newPassword;
            problem = "";
            return read;
        } catch (RuntimeException e) { // also Kura's
            problem = String.valueOf(e.getMessage());
            LOG.error("{}: configuration rejected: {}; nothing changes", name(properties), problem);
            managed.reject(problem);
            return null;
        }
    }

    private void use(TransportSettings read, Map<String, Object> properties) {
        if ("file".equals(properties.get("in-flight.persistence"))) {
            LOG.info(
                    "{}: in-flight.persistence=file is treated as memory: the store of the DataService keeps the "
                            + "messages",
                    name(properties));
        }
        settings = read;
        managed.configure(read.engine(), tls);
    }

    /** In clear text. */
    private String password(Object value) {
        Map<String, Object> secret = new HashMap<>();
        secret.put(SECRET, value == null ? "" : value);
        Secrets.reveal(secret, Map.of(SECRET, password), crypto).ifPresent(reason -> {
            throw new IllegalArgumentException(TransportSettings.inKurasWords(reason));
        });
        return String.join("", (String[]) secret.get(SECRET));
    }

    private SSLContext tlsContext() throws IOException, GeneralSecurityException {
        SslManagerService manager = ssl;
        if (manager == null) { // never with less than what was chosen
            throw new IOException("SslManagerService.target: it selects no SSL manager");
        }
        return manager.getSSLContext();
    }

    @Override
    public String getBrokerUrl() {
        TransportSettings now = settings;
        return now == null ? "" : now.brokerUrl();
    }

    @Override
    public String getAccountName() {
        TransportSettings now = settings;
        return now == null ? "" : now.topicContext().get("account-name");
    }

    @Override
    public String getUsername() {
        TransportSettings now = settings;
        return now == null ? "" : String.valueOf(now.engine().getOrDefault("user", ""));
    }

    @Override
    public String getClientId() {
        TransportSettings now = settings;
        return now == null ? "" : now.topicContext().get("client-id");
    }

    // ---- the connection -------------------------------------------------------------------------------------------

    /**
     * Connects, and waits for it for three times the timeout. An attempt that the broker refuses ends the waiting at
     * once. If there was a connection since the last {@link #disconnect}, the engine goes on trying after this has
     * given up.
     */
    @Override
    public void connect() throws KuraConnectException {
        if (settings == null) { // Kura's SystemService may have come
            activateWith(latestProperties);
        }
        TransportSettings now = settings;
        if (now == null) {
            throw new KuraConnectException("configuration rejected: " + problem);
        }
        FutureTask<?> task;
        String reason;
        boolean resumes;
        synchronized (connection) {
            if (online) {
                return;
            }
            resumes = wanted;
            wanted = true;
            connecting++;
            latest = null;
            client.connect();
            task = awaitConnection(
                    System.nanoTime() + TimeUnit.SECONDS.toNanos(CONNECT_TIMEOUTS * now.timeoutSeconds()));
            connecting--;
            reason = latest == null ? "no answer within the timeout" : latest.reason();
            if (task == null && !resumes && wanted) {
                wanted = false;
                client.disconnect();
            }
        }
        if (task == null) {
            String wrong = TransportSettings.inKurasWords(client.status().configurationError());
            throw new KuraConnectException(wrong.isEmpty() ? reason : wrong);
        }
        task.run(); // on this thread, unless it was late
        finish(task, now);
    }

    /** Null if there is none in time, if the broker refuses, or if it is not wanted any more. */
    private FutureTask<?> awaitConnection(long deadline) {
        try {
            while (!online && wanted) {
                long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                boolean refused = latest != null && latest.state() == ConnectionState.WAITING
                        && latest.reasonCode() != 0;
                if (millis <= 0 || refused || latest != null && latest.state() == ConnectionState.FAILED) {
                    return null;
                }
                connection.wait(millis);
            }
            return online ? established : null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static void finish(Future<?> task, TransportSettings now) {
        try {
            task.get((long) CONNECT_TIMEOUTS * now.timeoutSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | CancellationException | TimeoutException e) {
            LOG.debug("Listeners did not end in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The engine tells: on a thread for listeners, in order. */
    private void changed(ClientStatus status) {
        synchronized (connection) {
            latest = status;
            boolean up = status.state() == ConnectionState.ONLINE;
            if (up && !online && wanted) {
                boolean newSession = !connectedBefore;
                connectedBefore = true;
                FutureTask<?> task = new FutureTask<>(() -> {
                    establishing = Thread.currentThread();
                    tell(listener -> listener.onConnectionEstablished(newSession));
                    establishing = null;
                }, null);
                established = task;
                online = true;
                boolean hasCaller = connecting > 0;
                execute(() -> {
                    if (hasCaller) {
                        finish(task, settings);
                    }
                    task.run();
                });
            } else if (!up && online) {
                online = false;
                if (wanted) {
                    execute(() -> tell(listener -> listener.onConnectionLost(new IOException(status.reason()))));
                }
            }
            connection.notifyAll();
        }
    }

    @Override
    public boolean isConnected() {
        confirmations.noted();
        return online;
    }

    @Override
    public void disconnect(long quiesceTimeoutMillis) {
        boolean wasOnline;
        synchronized (connection) {
            wasOnline = online;
            if (!online) {
                leave();
            }
        }
        if (wasOnline) {
            tell(DataTransportListener::onDisconnecting);
            if (quiesceTimeoutMillis > 0) {
                await(client.drain(Duration.ofMillis(quiesceTimeoutMillis)), quiesceTimeoutMillis);
            }
            synchronized (connection) {
                leave();
                awaitEnd(System.nanoTime() + TimeUnit.SECONDS.toNanos(settings.timeoutSeconds()));
                online = false;
            }
            tell(DataTransportListener::onDisconnected);
        }
    }

    private void leave() {
        if (wanted) {
            wanted = false;
            client.disconnect();
            connection.notifyAll();
        }
    }

    private void awaitEnd(long deadline) {
        try {
            for (long nanos = deadline - System.nanoTime(); online && nanos > 0; nanos = deadline - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(connection, nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The result; null if there is none in time. */
    private static <T> T await(CompletionStage<T> stage, long millis) {
        try {
            return stage.toCompletableFuture().get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            LOG.warn("A request to the client failed", e.getCause());
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private TransportSettings requireConnection() throws KuraNotConnectedException {
        if (!isConnected()) {
            ClientStatus status = client.status();
            throw notConnected(new IllegalStateException(name(latestProperties) + ": " + status.state() + " "
                    + (settings == null ? problem : status.reason())));
        }
        return settings;
    }

    /** Kura shows no text of ours with this code, and none with a timeout or a full window: it is that of the cause. */
    private static KuraNotConnectedException notConnected(Throwable cause) {
        return new KuraNotConnectedException(cause, cause.getMessage());
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    @Override
    public void subscribe(String topic, int qos) throws KuraException {
        TransportSettings now = requireConnection();
        String filter = now.topic(topic);
        Subscription asked;
        boolean first;
        try {
            synchronized (subscriptions) {
                Listening before = subscriptions.get(filter);
                first = before == null;
                asked = client.subscribe(filter, SubscribeOptions.qos(Qos.of(qos)),
                        first ? message -> arrived(filter, message)
                                : message -> {}); // has the retained messages sent again
                if (first) {
                    subscriptions.put(filter, new Listening(asked, qos));
                }
            }
        } catch (IllegalArgumentException e) {
            throw new KuraException(KuraErrorCode.INVALID_PARAMETER, e, topic + ": " + e.getMessage());
        } catch (IllegalStateException e) {
            throw notConnected(e);
        }
        Subscription.Grant grant = await(asked.result(), TimeUnit.SECONDS.toMillis(now.timeoutSeconds()));
        boolean granted = grant != null && grant.isGranted();
        if (first && !granted) {
            subscriptions.remove(filter, new Listening(asked, qos));
        }
        if (!first || !granted) {
            asked.close();
        }
        if (grant == null) {
            String late = "no answer to the subscription to " + filter + " within the timeout";
            throw new KuraTimeoutException(new TimeoutException(late), late);
        } else if (!granted) {
            throw new KuraException(KuraErrorCode.SUBSCRIPTION_ERROR,
                    filter + ": the broker refuses it with code " + grant.code() + " " + grant.reason());
        }
    }

    @Override
    public void unsubscribe(String topic) throws KuraException {
        Listening gone = subscriptions.remove(requireConnection().topic(topic));
        if (gone != null) {
            gone.first().close();
        }
    }

    /** Waits for the listeners: then the message is acknowledged. */
    private void arrived(String filter, ReceivedMessage message) throws Exception {
        for (String earlier : subscriptions.headMap(filter).keySet()) {
            if (Filters.matches(earlier, message.topic())) {
                return; // the engine gives it to each filter, and each listener wants it once
            }
        }
        byte[] payload = message.payload();
        Future<?> told = events.submit(() -> tell(listener -> listener.onMessageArrived(message.topic(), payload,
                message.qos().ordinal(), message.retained())));
        told.get();
    }

    // ---- publishing -----------------------------------------------------------------------------------------------

    @Override
    public DataTransportToken publish(String topic, byte[] payload, int qos, boolean retain) throws KuraException {
        TransportSettings now = requireConnection();
        FutureTask<?> task = established;
        if (!task.isDone() && establishing != Thread.currentThread()) {
            finish(task, now); // what was in flight before is sorted out first
        }
        Message message;
        try {
            message = Message.to(now.topic(topic)).payload(payload).qos(Qos.of(qos)).retain(retain).build();
        } catch (IllegalArgumentException e) {
            throw new KuraException(KuraErrorCode.INVALID_PARAMETER, e, topic + ": " + e.getMessage());
        }
        DataTransportToken token = null;
        if (qos > 0) {
            token = confirmations.issue(getClientId() + "-" + now.brokerUrl(), now.maxInFlight());
            if (token == null) {
                String full = now.maxInFlight() + " messages are in flight (in-flight.max)";
                throw new KuraTooManyInflightMessagesException(new IllegalStateException(full), full);
            }
        }
        Publication publication;
        try {
            // with QoS 0 no confirmation would tell a DataService that there is room again: it waits here
            publication = qos == 0 ? client.publish(message, Duration.ofSeconds(now.timeoutSeconds()))
                    : client.publish(message);
        } catch (IllegalStateException e) {
            withdraw(token);
            throw notConnected(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notConnected(e);
        }
        if (publication.id() == 0) {
            withdraw(token);
            throw refused(publication);
        }
        if (token != null) {
            DataTransportToken taken = token;
            publication.delivered().thenAccept(outcome -> ended(taken, outcome, message));
        }
        return token;
    }

    private void withdraw(DataTransportToken token) {
        if (token != null) {
            confirmations.withdraw(token);
        }
    }

    /** Whatever the end was: nobody else will send it, and its place must not stay taken. */
    private void ended(DataTransportToken token, Outcome outcome, Message message) {
        if (outcome.kind() == Outcome.Kind.CLOSED || outcome.kind() == Outcome.Kind.KEPT_IN_STORE) {
            return; // the DataService publishes it again
        }
        if (!outcome.isDelivered()) {
            LOG.warn("{} was not delivered: {} {}", message, outcome.kind(), outcome.reason());
        }
        confirmations.ended(token);
    }

    private static KuraException refused(Publication publication) {
        CompletableFuture<?> stored = publication.stored().toCompletableFuture();
        try {
            stored.join();
        } catch (RuntimeException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            RejectedException.Reason reason = cause instanceof RejectedException rejected ? rejected.reason() : null;
            return reason == RejectedException.Reason.FULL
                    ? new KuraTooManyInflightMessagesException(cause, cause.getMessage())
                    : reason == RejectedException.Reason.TOO_LARGE
                            ? new KuraException(KuraErrorCode.INVALID_PARAMETER, cause, cause.getMessage())
                            : notConnected(cause);
        }
        return notConnected(new IllegalStateException("the message was rejected"));
    }

    // ---- listeners ------------------------------------------------------------------------------------------------

    @Override
    public void addDataTransportListener(DataTransportListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeDataTransportListener(DataTransportListener listener) {
        listeners.remove(listener);
    }

    private void execute(Runnable task) {
        try {
            events.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("Stopped", e);
        }
    }

    private void tell(Consumer<DataTransportListener> call) {
        for (DataTransportListener listener : listeners) {
            try {
                call.accept(listener);
            } catch (RuntimeException | LinkageError e) {
                LOG.warn("{} failed", listener.getClass().getName(), OutsideText.harmless(e));
            }
        }
    }
}
