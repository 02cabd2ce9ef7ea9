package mqtt.resilient.impl.component;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.io.EngineThread;
import mqtt.resilient.impl.io.EventLoop;
import mqtt.resilient.impl.io.HostFingerprint;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.io.SystemNetwork;
import mqtt.resilient.impl.io.Threads;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.NetworkStateSource;
import mqtt.resilient.spi.ProtocolVersion;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all clients of the bundle share: the loop, the pools, the thread for the framework, and who wants to hear of
 * clients and events. There while at least one client or consumer needs it.
 */
@Component(service = { Engine.class, ClientFactory.class })
public final class Engine implements ClientFactory {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    private static final long STOP_MILLIS = 2000;
    private static final long CLIENT_STOP_MILLIS = 1500;

    /** Wants to know which clients there are. Called on {@code mqtt-osgi}. */
    interface ClientWatcher {
        /** A client is there, or has a new name or new subscriptions. */
        void added(ManagedClient client);

        /** A client is gone. */
        void removed(ManagedClient client);
    }

    /** Posts events. Called on {@code mqtt-osgi}. */
    interface EventSink {
        void post(String topic, Map<String, Object> properties);
    }

    private final BundleContext context;
    private final EventLoop loop;
    private final SystemNetwork systemNetwork;
    private volatile ProtocolVersion protocol;
    private volatile boolean stopped;
    /** With their methods. */
    private final Map<Authenticator, String> authenticators = new ConcurrentHashMap<>();
    private final Map<NetworkStateSource, Integer> sources = new ConcurrentHashMap<>();
    private final ThreadPoolExecutor listeners = Threads.cached("mqtt-listener");
    private final ThreadPoolExecutor completions = Threads.pool("mqtt-complete", 1);
    private final ThreadPoolExecutor storage = Threads.pool("mqtt-store", 4);
    private final OsgiThread osgi = new OsgiThread();
    private final SplittableRandom random = new SplittableRandom();
    private final Environment environment;
    private final List<EventSink> sinks = new CopyOnWriteArrayList<>();
    private final Set<CompletableFuture<Void>> ending = ConcurrentHashMap.newKeySet();
    private final String bootId = HostFingerprint.bootId();
    private final Set<Path> locks = ConcurrentHashMap.newKeySet();
    private final Map<String, ManagedClient> names = new ConcurrentHashMap<>();
    private final Orphans orphans;
    private final StopBudget unregistering = new StopBudget(CLIENT_STOP_MILLIS);
    private final StopBudget goodbyes = new StopBudget(CLIENT_STOP_MILLIS);
    /** On mqtt-osgi only. */
    private final List<ManagedClient> clients = new ArrayList<>();
    private final List<ClientWatcher> watchers = new ArrayList<>();

    @Activate
    public Engine(BundleContext context) throws IOException {
        this.context = context;
        loop = new EventLoop();
        environment = new Environment(loop, loop, random, listeners, completions);
        storage.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        listeners.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        completions.setRejectedExecutionHandler((task, pool) -> task.run()); // after the end every question is answered
        loop.start();
        systemNetwork = new SystemNetwork(() -> osgi.execute(() -> clients.forEach(each -> each.engineClient().clockJumped())));
        loop.onLink(systemNetwork::isOnLink);
        File dataArea = context == null ? null : context.getDataFile("");
        orphans = new Orphans(dataArea == null ? null : new LocalFileSystem(dataArea.toPath()), loop, storage,
                journal -> locks.contains(journal.resolve("lock").toAbsolutePath().normalize())
                        || names.values().stream().anyMatch(client -> client.mayUse(journal)),
                journal -> LOG.warn("Orphan {}: no configured client uses this journal; it is kept", journal));
    }

    @Override
    public ManagedMqttClient make(String fallbackName) {
        return new ManagedClient(this, context, fallbackName);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addNetworkSource(NetworkStateSource source, Map<String, Object> properties) {
        sources.put(source, properties.get(Constants.SERVICE_RANKING) instanceof Integer ranking ? ranking : 0);
        osgi.execute(() -> clients.forEach(ManagedClient::chooseNetworkSource));
    }

    void removeNetworkSource(NetworkStateSource source) {
        sources.remove(source);
        osgi.execute(() -> clients.forEach(ManagedClient::chooseNetworkSource));
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setProtocol(ProtocolVersion version) {
        protocol = version;
        osgi.execute(() -> offer(version));
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addAuthenticator(Authenticator authenticator, Map<String, Object> properties) {
        if (properties.get(MqttConstants.AUTH_METHOD) instanceof String method) {
            authenticators.put(authenticator, method);
            osgi.execute(() -> names.values().forEach(ManagedClient::chooseAuthenticator));
        } else {
            LOG.warn("Authenticator {} ignored: its service property {} is {}; "
                    + "allowed: the name of an authentication method", authenticator, MqttConstants.AUTH_METHOD,
                    properties.get(MqttConstants.AUTH_METHOD));
        }
    }

    void removeAuthenticator(Authenticator authenticator) {
        authenticators.remove(authenticator);
        osgi.execute(() -> names.values().forEach(ManagedClient::chooseAuthenticator));
    }

    /** Who authenticates with a method; null = nobody. */
    Authenticator authenticator(String method) {
        return authenticators.entrySet().stream().filter(each -> each.getValue().equals(method)).map(Map.Entry::getKey)
                .findFirst().orElse(null);
    }

    /** Returns when no connection uses the version any more, or when that takes too long. */
    void unsetProtocol(ProtocolVersion version) {
        if (protocol == version) {
            protocol = null;
        }
        if (stopped) {
            return; // no connection is left
        }
        osgi.executeAndWait(() -> offer(protocol).join(), new StopBudget(CLIENT_STOP_MILLIS));
    }

    /** On mqtt-osgi; the loop waits for nothing, so that this is done soon. */
    private CompletableFuture<Void> offer(ProtocolVersion version) {
        return CompletableFuture.allOf(names.values().stream().map(client -> client.offer(version).toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    /** MQTT 5; null = it is not there. */
    ProtocolVersion protocol() {
        return protocol;
    }

    /** The source that a configuration asks for, {@code system} where Kura knows nothing; null = none. */
    NetworkStateSource networkSource(String name) {
        if (name.equals("none")) {
            return null;
        }
        return sources.entrySet().stream()
                .filter(each -> name.equals("auto") || each.getKey().name().equals(name))
                .max(Map.Entry.comparingByValue()).map(Map.Entry::getKey)
                .orElse(Set.of("auto", "kura", "system").contains(name) ? systemNetwork : null);
    }

    /** A client ends: its store is closed when the stage completes. */
    void ending(CompletableFuture<Void> stopped) {
        ending.add(stopped);
        stopped.whenComplete((nothing, error) -> ending.remove(stopped));
    }

    @Deactivate
    void deactivate() throws InterruptedException {
        stopped = true;
        systemNetwork.stop();
        long storageMillis = CLIENT_STOP_MILLIS;
        try { // a store that is closed after its threads would keep its lock
            CompletableFuture.allOf(ending.toArray(CompletableFuture[]::new)).get(CLIENT_STOP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Stores not closed in time: {}; they are recovered at the next start", ending.size());
            storageMillis = 0; // a disk that hangs has had its time
        }
        storage.shutdown();
        storage.awaitTermination(storageMillis, TimeUnit.MILLISECONDS);
        loop.stop(STOP_MILLIS);
        listeners.shutdownNow(); // a listener that waits for something hears of the end
        if (EngineThread.isCurrent()) {
            Thread.interrupted(); // but not one that stops this bundle: the framework has not finished
        }
        completions.shutdown();
        osgi.stop();
    }

    Orphans orphans() {
        return orphans;
    }

    /** Tells one run of the machine from another. */
    String bootId() {
        return bootId;
    }

    /** What is locked on the disk. */
    Set<Path> locks() {
        return locks;
    }

    /** For what blocks on disks. */
    Executor storage() {
        return storage;
    }

    /** For waiting until services are unregistered. */
    StopBudget unregistering() {
        return unregistering;
    }

    /** For waiting until brokers have let go. */
    StopBudget goodbyes() {
        return goodbyes;
    }

    Environment environment() {
        return environment;
    }

    OsgiThread osgi() {
        return osgi;
    }

    /** Posts an event in its turn; without EventAdmin, nowhere. */
    void post(String topic, Map<String, Object> properties) {
        osgi.execute(() -> sinks.forEach(sink -> sink.post(topic, properties)));
    }

    void add(EventSink sink) {
        sinks.add(sink);
    }

    void remove(EventSink sink) {
        sinks.remove(sink);
    }

    void add(ClientWatcher watcher) {
        osgi.execute(() -> {
            watchers.add(watcher);
            clients.forEach(watcher::added);
        });
    }

    void remove(ClientWatcher watcher) {
        osgi.execute(() -> {
            watchers.remove(watcher);
            clients.forEach(watcher::removed);
        });
    }

    /** Gives a name to a client; false if another client has it. */
    boolean claim(String name, ManagedClient client) {
        return names.putIfAbsent(name, client) == null || names.get(name) == client;
    }

    /** Takes a name back; whoever was refused it may try again. */
    void release(String name, ManagedClient client) {
        if (names.remove(name, client)) {
            osgi.execute(() -> List.copyOf(clients).forEach(ManagedClient::retry));
        }
    }

    /** Makes a client known, or known again after a change; on mqtt-osgi. */
    void announce(ManagedClient client) {
        if (!clients.contains(client)) {
            clients.add(client);
            client.offer(protocol); // it may have come or gone in the meantime
        }
        watchers.forEach(watcher -> watcher.added(client));
    }

    /** Makes a client unknown; on mqtt-osgi. */
    void withdraw(ManagedClient client) {
        if (clients.remove(client)) {
            watchers.forEach(watcher -> watcher.removed(client));
        }
    }
}
