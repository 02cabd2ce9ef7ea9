package mqtt.resilient.impl.engine;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientIdentity;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.io.EngineThread;
import mqtt.resilient.impl.io.HostFingerprint;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.store.JournalStore;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.TlsMaterial;

/**
 * A client, made from properties: its configuration, its announcement to the host, its end. The methods that configure
 * and end it are called by whoever made it, one at a time, and never throw.
 */
public final class ManagedClient implements ClientFactory.ManagedMqttClient {
    private static final Log LOG = Log.of("mqtt.resilient");

    /** How the directory of a journal ends, behind its name. */
    public static final String JOURNAL = ".journal";
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final long OPENING_NANOS = 10_000_000_000L;
    private static final long POLL_NANOS = 2_000_000L;

    private final Engine engine;
    private final Host host;
    private volatile LinkSettings.Protocol protocol = LinkSettings.Protocol.AUTO;
    private final ClientReporter reporter;
    private final Client client;
    private final ClientManagement management;
    private final NetworkChoice network;
    private final String fallbackName;
    private volatile String name;
    private volatile String networkSource = "none";
    private volatile boolean disposed;
    private volatile List<Configuration.EventSubscription> subscriptions = List.of();
    /** The derived client identifier by store directory and name. */
    private final Map<Path, String> derivedIds = new HashMap<>();
    /** What is tried again when it can be taken; null = nothing. */
    private volatile Rejected rejected;
    /** What the maker itself uses. */
    private final ClientHandle handle;
    private boolean configured;
    private String authMethod = "";
    /** Null = there is none for the method. */
    private Authenticator authenticator;
    /** The store in use; null = none yet. */
    private volatile StoreSettings store;

    /** A configuration that was rejected because another client has the name, or because messages are pending. */
    private record Rejected(Map<String, ?> properties, TlsMaterial tls, boolean forName) {
    }

    /**
     * Makes a client without a configuration.
     *
     * @param fallbackName its name until a configuration gives it one
     */
    public ManagedClient(Engine engine, Host host, String fallbackName) {
        this.engine = engine;
        this.host = host;
        this.fallbackName = fallbackName;
        name = fallbackName;
        reporter = new ClientReporter(host, engine.environment().scheduler(), this::eventDropped, name);
        client = new Client(engine.environment(), name, new Mqtt311(), this::makeStore, Configuration.initial(),
                reporter);
        management = new ClientManagement(client);
        network = new NetworkChoice(engine, host, client);
        handle = handle("its maker");
        client.offer(engine.protocol());
    }

    private void eventDropped() {
        client.eventDropped();
    }

    /** MQTT 5 has come or gone. The stage completes when the loop no longer uses what was there before. */
    CompletionStage<Void> offer(ProtocolVersion five) {
        return client.offer(five);
    }

    private MessageStore makeStore(StoreSettings settings) {
        Path place = Path.of(settings.place());
        return settings.durability() == Durability.MEMORY ? new MemoryStore()
                : new JournalStore(engine.environment().scheduler(), engine.storage(),
                        engine.journalsIn(place.getParent()), place.getFileName().toString(),
                        engine.bootId(), settings);
    }

    @Override
    public ResilientMqttClient client() {
        return handle;
    }

    /** The client itself. */
    public Client engineClient() {
        return client;
    }

    /** The name by which users select it. */
    public String name() {
        return name;
    }

    /** What the key {@code subscriptions} asks for. */
    public List<Configuration.EventSubscription> subscriptions() {
        return subscriptions;
    }

    @Override
    public synchronized void configure(Map<String, ?> properties, TlsMaterial tls) {
        if (disposed) {
            return;
        }
        rejected = null;
        Configuration configuration = new Configuration(properties, tls);
        String error = "";
        boolean leaves = false;
        boolean interrupted = Thread.interrupted(); // or the client identifier could be neither read nor kept
        try {
            String newName = configuration.name();
            if (!configured) { // known by its name also while the rest is not usable
                claim(newName, properties, tls);
                reporter.rename(newName);
            }
            String clientId = configuration.clientId();
            List<Configuration.EventSubscription> newSubscriptions = configuration.subscriptions();
            Path directory = directory(configuration.storeDirectory());
            if (clientId.isEmpty() && directory != null) {
                clientId = derivedId(newName, directory);
            }
            var settings = configuration.settings(clientId,
                    directory == null ? "" : directory.resolve(newName + JOURNAL).toString());
            if (directory == null) {
                requireNoDirectory(settings.store(), clientId);
            }
            settings = settings.withVolatility(Volatility.of(settings.store(), host));
            String newSource = configuration.networkSource();
            host.requireParts(settings.link().version(), newSource);
            leaves = leaveStore(settings.store(), properties, tls);
            claim(newName, properties, tls);
            reporter.rename(newName);
            subscriptions = newSubscriptions;
            networkSource = newSource;
            protocol = settings.link().version().protocol();
            authMethod = settings.link().version().authMethod();
            chooseAuthenticator();
            store = settings.store();
            client.configure(newName, settings);
            leaves = false;
            configured = true;
        } catch (Configuration.InvalidException e) {
            error = e.getMessage();
            client.configurationRejected(name, error);
        } finally {
            if (leaves) { // another client has the name
                client.stayInStore();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (!configuration.unknownKeys().isEmpty()) {
            LOG.warn("{}: unknown keys ignored: {}", name, configuration.unknownKeys());
        }
        if (!configuration.lineBreaksAtTheEnd().isEmpty()) {
            LOG.warn("{}: a line break at the end is part of the value: {}", name, configuration.lineBreaksAtTheEnd());
        }
        conclude(error);
    }

    /**
     * Takes a configuration now or never: one that is not usable is not tried again.
     *
     * @return why it is not usable; empty = it is taken
     */
    public String configureOnce(Map<String, ?> properties, TlsMaterial tls) {
        awaitStore();
        synchronized (this) {
            configure(properties, tls);
            rejected = null;
            return client.status().configurationError();
        }
    }

    /**
     * Waits a while for the store to be open: until then it cannot be left. Not on the engine's threads, which open it.
     */
    private void awaitStore() {
        if (store == null || EngineThread.isCurrent()) {
            return;
        }
        CompletableFuture<Void> begun = new CompletableFuture<>(); // what the last configuration asks for
        engine.environment().scheduler().execute(() -> begun.complete(null));
        long since = System.nanoTime();
        boolean interrupted = false;
        while ((!begun.isDone() || isOpening()) && !disposed && System.nanoTime() - since < OPENING_NANOS) {
            interrupted |= Thread.interrupted(); // it would not wait at all
            LockSupport.parkNanos(POLL_NANOS);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isOpening() {
        return store != null && client.status().store() == StoreHealth.OPENING;
    }

    @Override
    public synchronized void reject(String reason) {
        if (!disposed) {
            rejected = null;
            client.configurationRejected(name, OutsideText.oneLine(reason));
            conclude(reason);
        }
    }

    private void conclude(String error) {
        reporter.configuration(error);
        client.ready().thenRun(() -> engine.host().execute(() -> {
            chooseNetworkSource();
            announce();
        }));
        Path place = store == null || store.place().isEmpty() ? null : Path.of(store.place()).getParent();
        if (place != null) {
            engine.keptIn(place);
        }
    }

    /** Where clients keep their state; null = nowhere. */
    private Path directory(String configured) throws Configuration.InvalidException {
        try {
            Path directory = configured.isEmpty() ? host.dataArea() : Path.of(configured);
            return directory == null ? null : directory.toAbsolutePath();
        } catch (InvalidPathException e) {
            throw new Configuration.InvalidException("store.directory: \"" + configured.replace("\0", "\\u0000")
                    + "\" is not allowed; allowed: the path of a directory");
        }
    }

    private static void requireNoDirectory(StoreSettings store, String clientId) throws Configuration.InvalidException {
        if (store.durability() != Durability.MEMORY) {
            throw new Configuration.InvalidException(
                    "store.directory: \"\" is not allowed; allowed: the path of a directory, in "
                            + "which the messages are kept, or with store=memory none");
        } else if (clientId.isEmpty()) {
            throw new Configuration.InvalidException(
                    "client.id: \"\" is not allowed without a store.directory, in which the id "
                            + "would be kept that is made from mqtt.client; allowed: an id that no other client has");
        }
    }

    /**
     * Leaves the store if another one is wanted: only here is decided whether that may be. Pending messages stay where
     * they are, and the whole configuration waits until there are none.
     */
    private boolean leaveStore(StoreSettings wanted, Map<String, ?> properties, TlsMaterial tls)
            throws Configuration.InvalidException {
        if (store == null || store.place().equals(wanted.place())) {
            return false;
        } else if (client.leaveStore()) {
            return true;
        }
        rejected = new Rejected(new HashMap<>(properties), tls, false);
        retryWhenEmpty(rejected);
        throw new Configuration.InvalidException("store, store.directory, mqtt.client: " + (isOpening()
                ? "the store is being opened; the change takes effect when it is open and no message is pending"
                : "messages are pending in " + (store.place().isEmpty() ? "memory" : store.place())
                        + "; the change takes effect when none is pending"));
    }

    private void claim(String newName, Map<String, ?> properties, TlsMaterial tls)
            throws Configuration.InvalidException {
        if (!engine.claim(newName, this)) {
            rejected = new Rejected(new HashMap<>(properties), tls, true);
            throw new Configuration.InvalidException(MqttConstants.CLIENT + ": \"" + newName
                    + "\" is the name of another client; allowed: a name that no other client has");
        }
        String before = name;
        name = newName;
        if (!before.equals(newName)) {
            engine.release(before, this);
        }
    }

    /** On the host's thread: takes the source of the network's state that the configuration asks for. */
    void chooseNetworkSource() {
        network.choose(disposed ? "none" : networkSource);
    }

    /** Takes the authenticator that the configuration asks for, of those that are there. */
    synchronized void chooseAuthenticator() {
        Authenticator wanted = authMethod.isEmpty() ? null : host.authenticator(authMethod);
        if (wanted != authenticator) {
            authenticator = wanted;
            client.authenticator(wanted);
        }
    }

    /** A name has become free: takes the configuration that was rejected for its name. */
    synchronized void retry() {
        Rejected now = rejected;
        if (now != null && now.forName && !disposed) {
            configure(now.properties, now.tls);
        }
    }

    private void retryWhenEmpty(Rejected waiting) {
        Scheduler scheduler = engine.environment().scheduler();
        scheduler.execute(() -> scheduler.at(scheduler.nanoTime() + RETRY_NANOS, () -> engine.host().execute(() -> {
            if (rejected == waiting && !disposed && !client.isEmpty()) {
                retryWhenEmpty(waiting);
            } else {
                retry(waiting);
            }
        })));
    }

    private synchronized void retry(Rejected waiting) {
        if (rejected == waiting) { // else there is a newer one
            configure(waiting.properties, waiting.tls);
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
                LOG.warn(
                        "{}: client identifier not stored in store.directory \"{}\": {}; after a restart it is another "
                                + "one",
                        clientName, directory, e.toString());
                return ClientIdentity.fresh(clientName, engine.environment().random());
            }
        });
    }

    private void announce() {
        if (disposed) {
            return;
        }
        management.register(name);
        engine.announce(this);
        host.announce(this);
    }

    /** The versions that may be spoken now. */
    public List<String> protocols() {
        return switch (protocol) {
            case MQTT_3_1_1 -> List.of("3.1.1");
            case MQTT_5 -> List.of("5");
            case AUTO -> engine.protocol() == null ? List.of("3.1.1") : List.of("3.1.1", "5");
        };
    }

    /** The client for one user of it. */
    public ClientHandle handle(String user) {
        return new ClientHandle(client, name, user, host, engine.environment());
    }

    @Override
    public void dispose() {
        if (disposed) {
            return;
        }
        disposed = true;
        handle.release();
        client.prepareStop();
        engine.host().executeAndWait(() -> {
            engine.withdraw(this);
            chooseNetworkSource();
            management.unregister();
            host.withdraw(this);
        }, engine.unregistering());
        long begun = System.nanoTime();
        try {
            CompletableFuture<Void> stopped = client.stop().toCompletableFuture();
            engine.ending(this, stopped);
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
}
