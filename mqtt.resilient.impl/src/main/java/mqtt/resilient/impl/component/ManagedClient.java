package mqtt.resilient.impl.component;

import java.io.File;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientIdentity;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.io.HostFingerprint;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.store.JournalStore;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.TlsMaterial;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceFactory;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client, made from properties: its configuration, its registration as a service, its end. The methods that configure and
 * end it are called by whoever made it, one at a time, and never throw.
 */
final class ManagedClient implements ClientFactory.ManagedMqttClient {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    static final String JOURNAL = ".journal";
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Engine engine;
    private final BundleContext context;
    private volatile LinkSettings.Protocol protocol = LinkSettings.Protocol.AUTO;
    private final ClientReporter reporter;
    private final Client client;
    private final ClientManagement management;
    private final String fallbackName;
    private volatile String name;
    private volatile String networkSource = "none";
    private volatile boolean disposed;
    /** On mqtt-osgi only. */
    private NetworkStateSource chosenSource;
    private AutoCloseable sourceListener;
    private volatile List<Configuration.EventSubscription> subscriptions = List.of();
    /** The derived client id by store directory and name. */
    private final Map<Path, String> derivedIds = new HashMap<>();
    /** The properties that were refused because another client has the name; null = none. */
    private Map<String, ?> nameRefused;
    /** The properties that were refused because of pending messages; null = none. */
    private volatile Map<String, ?> storeRefused;
    private TlsMaterial tlsRefused;
    /** What the maker itself uses. */
    private final ClientHandle handle;
    private boolean configured;
    private String authMethod = "";
    /** Null = there is none for the method. */
    private Authenticator authenticator;
    /** The store in use; null = none yet. */
    private volatile StoreSettings store;
    /** On mqtt-osgi only. */
    private ServiceRegistration<?> registration;
    private ServiceRegistration<?> inspection;
    private String registeredName;
    private List<String> registeredProtocols = List.of();

    ManagedClient(Engine engine, BundleContext context, String fallbackName) {
        this.engine = engine;
        this.context = context;
        this.fallbackName = fallbackName;
        name = fallbackName;
        reporter = new ClientReporter(engine, name);
        client = new Client(engine.environment(), name, new Mqtt311(), this::makeStore, Configuration.initial(), reporter);
        management = new ClientManagement(client);
        handle = new ClientHandle(client, name, "its maker");
        client.offer(engine.protocol());
    }

    /** MQTT 5 has come or gone. The stage completes when the loop has let go of what was there before; on mqtt-osgi. */
    CompletionStage<Void> offer(ProtocolVersion five) {
        updateProtocols();
        return client.offer(five);
    }

    private MessageStore makeStore(StoreSettings settings) {
        Path place = Path.of(settings.place());
        return settings.durability() == Durability.MEMORY ? new MemoryStore()
                : new JournalStore(engine.environment().scheduler(), engine.storage(),
                        new LocalFileSystem(place.getParent(), engine.locks()), place.getFileName().toString(),
                        engine.bootId(), settings);
    }

    @Override
    public ResilientMqttClient client() {
        return handle;
    }

    Client engineClient() {
        return client;
    }

    String name() {
        return name;
    }

    List<Configuration.EventSubscription> subscriptions() {
        return subscriptions;
    }

    @Override
    public synchronized void configure(Map<String, ?> properties, TlsMaterial tls) {
        if (disposed) {
            return;
        }
        nameRefused = null;
        storeRefused = null;
        tlsRefused = tls;
        Configuration configuration = new Configuration(properties, tls);
        String error = "";
        try {
            String newName = configuration.name();
            if (!configured) { // known by its name also while the rest is not usable
                claim(newName, properties);
                reporter.rename(newName);
            }
            String clientId = configuration.clientId();
            List<Configuration.EventSubscription> newSubscriptions = configuration.subscriptions();
            Path directory = directory(configuration.storeDirectory());
            if (clientId.isEmpty()) {
                clientId = derivedId(newName, directory);
            }
            var settings = configuration.settings(clientId, directory.resolve(newName + JOURNAL).toString());
            requireSameStore(settings.store(), properties);
            String newSource = configuration.networkSource();
            claim(newName, properties);
            reporter.rename(newName);
            subscriptions = newSubscriptions;
            networkSource = newSource;
            protocol = settings.link().version().protocol();
            authMethod = settings.link().version().authMethod();
            chooseAuthenticator();
            store = settings.store();
            client.configure(newName, settings);
            configured = true;
        } catch (Configuration.InvalidException e) {
            error = e.getMessage();
            client.configurationRefused(name, error);
        }
        if (!configuration.unknownKeys().isEmpty()) {
            LOG.warn("{}: unknown keys ignored: {}", name, configuration.unknownKeys());
        }
        conclude(error);
    }

    @Override
    public synchronized void reject(String reason) {
        if (!disposed) {
            nameRefused = null;
            storeRefused = null;
            client.configurationRefused(name, reason);
            conclude(reason);
        }
    }

    private void conclude(String error) {
        reporter.configuration(error);
        client.ready().thenRun(() -> engine.osgi().execute(() -> {
            chooseNetworkSource();
            register();
        }));
        Path place = store == null || store.place().isEmpty() ? null : Path.of(store.place()).getParent();
        if (place != null) {
            engine.orphans().kept(place);
        }
    }

    /** Where clients keep their state. */
    private Path directory(String configured) throws Configuration.InvalidException {
        File dataArea = context.getDataFile("");
        try {
            Path directory = configured.isEmpty() && dataArea != null ? dataArea.toPath() : Path.of(configured);
            return directory.toAbsolutePath();
        } catch (InvalidPathException e) {
            throw new Configuration.InvalidException("store.directory: \"" + configured.replace("\0", "\\u0000")
                    + "\" is not allowed; allowed: the path of a directory");
        }
    }

    /** Pending messages stay where they are; the store is changed when there are none. */
    private void requireSameStore(StoreSettings wanted, Map<String, ?> properties) throws Configuration.InvalidException {
        if (store != null && !store.place().equals(wanted.place()) && !client.isEmpty()) {
            storeRefused = new HashMap<>(properties);
            retryWhenEmpty(storeRefused);
            throw new Configuration.InvalidException("store, store.directory, mqtt.client: messages are pending in "
                    + (store.place().isEmpty() ? "memory" : store.place()) + "; the change takes effect when none is pending");
        }
        if (wanted.durability() != Durability.MEMORY && (store == null || !store.place().equals(wanted.place()))) {
            Volatility.of(Path.of(wanted.place()), context).ifPresent(why -> LOG.warn("{}: store.directory {}: {}",
                    name, wanted.place(), why));
        }
    }

    private void claim(String newName, Map<String, ?> properties) throws Configuration.InvalidException {
        if (!engine.claim(newName, this)) {
            nameRefused = Map.copyOf(properties);
            throw new Configuration.InvalidException(MqttConstants.CLIENT + ": \"" + newName
                    + "\" is the name of another client; allowed: a name that no other client has");
        }
        String before = name;
        name = newName;
        if (!before.equals(newName)) {
            engine.release(before, this);
        }
    }

    /** On mqtt-osgi: takes the source of the network's state that the configuration asks for, of those that are there. */
    void chooseNetworkSource() {
        NetworkStateSource wanted = disposed ? null : engine.networkSource(networkSource);
        if (chosenSource == wanted) {
            return;
        }
        try {
            if (sourceListener != null) {
                sourceListener.close();
            }
            chosenSource = wanted;
            sourceListener = wanted == null ? null : wanted.listen(client::networkChanged);
            client.networkChanged(wanted == null ? NetworkState.UNKNOWN : wanted.state());
        } catch (Exception e) { // foreign code may throw anything
            LOG.warn("{}: network source {} failed: {}; the network state is UNKNOWN", name, wanted, e.toString(), e);
            client.networkChanged(NetworkState.UNKNOWN);
        }
        client.bouncer(wanted == null ? () -> { } : () -> engine.osgi().execute(wanted::bounce));
    }

    /** Takes the authenticator that the configuration asks for, of those that are there. */
    synchronized void chooseAuthenticator() {
        Authenticator wanted = authMethod.isEmpty() ? null : engine.authenticator(authMethod);
        if (wanted != authenticator) {
            authenticator = wanted;
            client.authenticator(wanted);
        }
    }

    /** A name has become free: takes the configuration that was refused for its name. */
    synchronized void retry() {
        if (nameRefused != null && !disposed) {
            configure(nameRefused, tlsRefused);
        }
    }

    private void retryWhenEmpty(Map<String, ?> properties) {
        Scheduler scheduler = engine.environment().scheduler();
        scheduler.execute(() -> scheduler.at(scheduler.nanoTime() + RETRY_NANOS, () -> engine.osgi().execute(() -> {
            if (storeRefused == properties && !disposed && !client.isEmpty()) {
                retryWhenEmpty(properties);
            } else {
                retry(properties);
            }
        })));
    }

    private synchronized void retry(Map<String, ?> properties) {
        if (storeRefused == properties) { // else there is a newer one
            configure(properties, tlsRefused);
        }
    }

    /** Whether this client may keep its messages in a journal. */
    boolean mayUse(Path journal) {
        StoreSettings now = store;
        return now == null ? journal.endsWith(name + JOURNAL) : now.place().equals(journal.toString());
    }

    private String derivedId(String clientName, Path directory) {
        return derivedIds.computeIfAbsent(directory.resolve(clientName), place -> {
            try {
                return ClientIdentity.derive(new LocalFileSystem(directory), clientName, HostFingerprint.read(),
                        engine.environment().random());
            } catch (IOException e) {
                LOG.warn("{}: client id not stored in store.directory \"{}\": {}; after a restart it is another one",
                        clientName, directory, e.toString());
                return ClientIdentity.fresh(clientName, engine.environment().random());
            }
        });
    }

    private void register() {
        if (disposed) {
            return;
        }
        String current = name;
        if (!current.equals(registeredName)) {
            unregister();
            registeredName = current;
            management.register(current);
            registration = context.registerService(ResilientMqttClient.class, new Handles(), serviceProperties());
            if (disposed) { // by a service listener, which has stopped the bundle
                return;
            }
            inspection = context.registerService(ClientInspector.class, client.inspector(),
                    new Hashtable<>(Map.of(MqttConstants.CLIENT, current)));
        } else {
            updateProtocols();
        }
        engine.announce(this);
    }

    private void updateProtocols() {
        if (registration != null && !protocols().equals(registeredProtocols)) {
            registration.setProperties(serviceProperties());
        }
    }

    private Dictionary<String, Object> serviceProperties() {
        registeredProtocols = protocols();
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(MqttConstants.CLIENT, registeredName);
        properties.put(MqttConstants.PROTOCOL, registeredProtocols.toArray(String[]::new));
        return properties;
    }

    /** The versions that may be spoken now. */
    private List<String> protocols() {
        return switch (protocol) {
            case MQTT_3_1_1 -> List.of("3.1.1");
            case MQTT_5 -> List.of("5");
            case AUTO -> engine.protocol() == null ? List.of("3.1.1") : List.of("3.1.1", "5");
        };
    }

    private void unregister() {
        management.unregister();
        if (registration != null) {
            registration.unregister();
            registration = null;
        }
        if (inspection != null) {
            inspection.unregister();
            inspection = null;
        }
        registeredName = null;
    }

    @Override
    public void dispose() {
        if (disposed) {
            return;
        }
        disposed = true;
        handle.release();
        client.prepareStop();
        engine.osgi().executeAndWait(() -> {
            engine.withdraw(this);
            chooseNetworkSource();
            unregister();
        }, engine.unregistering());
        long begun = System.nanoTime();
        try {
            CompletableFuture<Void> stopped = client.stop().toCompletableFuture();
            engine.ending(stopped);
            stopped.get(engine.goodbyes().millisLeft(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn("{}: stopped before the broker had closed the connection or the store was closed", name);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        engine.goodbyes().spentSince(begun);
        engine.release(name, this);
    }

    @Override
    public String toString() {
        return "client " + name;
    }

    /** Bundle scope: a handle for each bundle that uses the client. */
    private final class Handles implements ServiceFactory<ResilientMqttClient> {
        @Override
        public ResilientMqttClient getService(Bundle bundle, ServiceRegistration<ResilientMqttClient> of) {
            return new ClientHandle(client, name, bundle.getSymbolicName() + " [" + bundle.getBundleId() + "]");
        }

        @Override
        public void ungetService(Bundle bundle, ServiceRegistration<ResilientMqttClient> of,
                ResilientMqttClient handle) {
            ((ClientHandle) handle).release();
        }
    }
}
