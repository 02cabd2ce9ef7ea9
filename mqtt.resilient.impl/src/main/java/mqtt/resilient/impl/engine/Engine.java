package mqtt.resilient.impl.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.io.EngineThread;
import mqtt.resilient.impl.io.EventLoop;
import mqtt.resilient.impl.io.HostFingerprint;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.io.SystemNetwork;
import mqtt.resilient.impl.io.Threads;
import mqtt.resilient.impl.io.WaitableStages;
import mqtt.resilient.spi.NetworkStateSource;
import mqtt.resilient.spi.ProtocolVersion;

/** What all clients of a host share: the loop, the pools, the thread for the host, and the names that are taken. */
public final class Engine {
    private static final Log LOG = Log.of("mqtt.resilient");
    private static final long STOP_MILLIS = 2000;
    private static final long CLIENT_STOP_MILLIS = 1500;
    private static final int STORE_THREADS = 4;
    /** In which threads that have nothing to do end. */
    private static final long STORE_END_MILLIS = 100;

    private final EventLoop loop;
    private final SystemNetwork systemNetwork;
    private volatile ProtocolVersion protocol;
    private volatile boolean stopped;
    private final Threads listeners;
    private final Threads completions;
    private final Threads storage;
    private final HostThread host;
    private final SplittableRandom random = new SplittableRandom();
    private final Environment environment;
    /** Until their stores are closed, also without their names. */
    private final Map<ManagedClient, CompletableFuture<Void>> ending = new ConcurrentHashMap<>();
    private final String bootId = HostFingerprint.bootId();
    private final Map<String, ManagedClient> names = new ConcurrentHashMap<>();
    private final Orphans orphans;
    private final Set<LocalFileSystem> journals = ConcurrentHashMap.newKeySet();
    private final StopBudget unregistering = new StopBudget(CLIENT_STOP_MILLIS);
    private final StopBudget goodbyes = new StopBudget(CLIENT_STOP_MILLIS);
    /** Those that are announced; on the host's thread only. */
    private final List<ManagedClient> clients = new ArrayList<>();

    /**
     * Starts the loop.
     *
     * @param hostThread the name of the thread on which the host is called
     * @param dataArea where directories of journals are remembered, so that forgotten journals are found; null =
     *        nowhere, and nobody looks for them
     */
    public Engine(String hostThread, Path dataArea) throws IOException {
        loop = new EventLoop();
        loop.watch(new ClientCare(this::alive));
        loop.start();
        // what storing, answering and registering need is there before it is needed
        host = new HostThread(hostThread, loop);
        storage = loop.threads("mqtt-store", 1, STORE_THREADS).afterStop(task -> {});
        // after the end every question is answered
        completions = loop.threads("mqtt-complete", 1, 1).repeating().afterStop(Runnable::run);
        listeners = loop.threads("mqtt-listener", 0, Integer.MAX_VALUE).afterStop(task -> {});
        environment = new Environment(loop, loop, random, listeners, new WaitableStages(completions));
        systemNetwork = new SystemNetwork(
                () -> host.execute(() -> clients.forEach(each -> each.engineClient().clockJumped())));
        loop.onLink(systemNetwork::isOnLink);
        orphans = dataArea == null ? null : new Orphans(new LocalFileSystem(dataArea), loop, storage,
                journal -> LocalFileSystem.isLocked(journal.resolve("lock"))
                        || names.values().stream().anyMatch(client -> client.mayUse(journal)),
                journal -> LOG.warn("Orphan {}: no configured client uses this journal; it is kept", journal));
    }

    /** Sources of the network's state have come or gone. */
    public void networkSourcesChanged() {
        host.execute(() -> clients.forEach(ManagedClient::chooseNetworkSource));
    }

    /** Authenticators have come or gone. */
    public void authenticatorsChanged() {
        host.execute(() -> names.values().forEach(ManagedClient::chooseAuthenticator));
    }

    /** MQTT 5 is there, or null = is not, for clients that begin; {@link #offerProtocol} tells the others. */
    public void protocol(ProtocolVersion five) {
        protocol = five;
    }

    /** Tells all clients whether MQTT 5 is there. The stage completes when no connection uses what was there before. */
    public CompletableFuture<Void> offerProtocol() {
        ProtocolVersion five = protocol;
        return CompletableFuture.allOf(names.values().stream().map(client -> client.offer(five).toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    /** Whether its end has begun. */
    public boolean isStopped() {
        return stopped;
    }

    /** MQTT 5; null = it is not there. */
    public ProtocolVersion protocol() {
        return protocol;
    }

    /** What the operating system shows of the network. */
    NetworkStateSource systemNetwork() {
        return systemNetwork;
    }

    /** A client ends: its store is closed when the stage completes. */
    void ending(ManagedClient client, CompletableFuture<Void> stopped) {
        ending.put(client, stopped);
        stopped.whenComplete((nothing, error) -> ending.remove(client));
    }

    /** Those that are at work, or have not ended yet. */
    Set<ManagedClient> alive() {
        Set<ManagedClient> all = new LinkedHashSet<>(names.values());
        all.addAll(ending.keySet());
        return all;
    }

    /** Ends everything, within a few seconds; whoever made clients has disposed of them. */
    public void stop() throws InterruptedException {
        stopped = true;
        systemNetwork.stop();
        long storageMillis = CLIENT_STOP_MILLIS;
        try { // a store that is closed after its threads would keep its lock
            CompletableFuture.allOf(ending.values().toArray(CompletableFuture[]::new)).get(CLIENT_STOP_MILLIS,
                    TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Stores not closed in time: {}; they are recovered at the next start", ending.size());
            storageMillis = 0; // a disk that hangs has had its time
        }
        storage.shutdown();
        boolean written = storage.awaitTermination(Math.max(storageMillis, STORE_END_MILLIS));
        loop.stop(STOP_MILLIS);
        if (written) { // nobody writes any more, whether the loop could close the stores or not
            journals.forEach(LocalFileSystem::giveUpLock);
        }
        listeners.shutdownNow(); // a listener that waits for something is told of the end
        if (EngineThread.isCurrent()) {
            Thread.interrupted(); // but not one that stops this bundle: the framework has not finished
        }
        completions.shutdown();
        host.stop();
    }

    /**
     * The directory above a journal, whose lock is given up at the end of the engine if the store could not do that.
     */
    LocalFileSystem journalsIn(Path directory) {
        LocalFileSystem files = new LocalFileSystem(directory);
        journals.removeIf(LocalFileSystem::hasGivenUpLock);
        journals.add(files);
        return files;
    }

    /** A client keeps its journal in a directory. */
    void keptIn(Path place) {
        if (orphans != null) {
            orphans.kept(place);
        }
    }

    /** Tells one run of the machine from another. */
    public String bootId() {
        return bootId;
    }

    /** For what blocks on disks. */
    public Executor storage() {
        return storage;
    }

    /** For waiting until services are unregistered. */
    StopBudget unregistering() {
        return unregistering;
    }

    /** For waiting until brokers have closed the connection. */
    StopBudget goodbyes() {
        return goodbyes;
    }

    /** What clients get instead of the machine. */
    public Environment environment() {
        return environment;
    }

    /** The thread on which the host is called. */
    public HostThread host() {
        return host;
    }

    /** Gives a name to a client; false if another client has it. */
    boolean claim(String name, ManagedClient client) {
        return names.putIfAbsent(name, client) == null || names.get(name) == client;
    }

    /** Takes a name back; whoever did not get it may try again. */
    void release(String name, ManagedClient client) {
        if (names.remove(name, client)) {
            host.execute(() -> List.copyOf(clients).forEach(ManagedClient::retry));
        }
    }

    /** Makes a client known, or known again after a change; on the host's thread. */
    void announce(ManagedClient client) {
        if (!clients.contains(client)) {
            clients.add(client);
            client.offer(protocol); // it may have come or gone in the meantime
        }
    }

    /** Makes a client unknown; on the host's thread. */
    void withdraw(ManagedClient client) {
        clients.remove(client);
    }
}
