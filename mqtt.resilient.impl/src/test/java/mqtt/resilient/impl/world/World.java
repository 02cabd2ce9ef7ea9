package mqtt.resilient.impl.world;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.store.JournalStore;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.v5.Mqtt5;

/** A client on a virtual clock and a scripted broker, all on the test's own thread. */
public final class World implements ClientEvents {
    public final VirtualScheduler scheduler;
    public final ScriptedBroker broker;
    public final Client client;
    /** What the client was given. */
    public final Environment environment;
    /** What the client told, as text. */
    public final List<String> events = new ArrayList<>();
    private final ArrayDeque<Runnable> heldListeners = new ArrayDeque<>();
    private boolean holdListeners;
    /** What the store held when it was opened; null = it is not open. */
    public StoredState stored;

    /** A client with the settings of {@link Keys}, of which some are changed; it connects at once. */
    public World(Object... keysAndValues) {
        this(Keys.settings(keysAndValues));
    }

    /** A client with these settings; it connects at once. */
    public World(ClientSettings settings) {
        this(settings, true, null);
    }

    private World(ClientSettings settings, boolean configured, Function<VirtualScheduler, Network> network) {
        scheduler = new VirtualScheduler();
        broker = new ScriptedBroker(scheduler);
        environment = environment(network == null ? broker : network.apply(scheduler));
        client = new Client(environment, "test", new Mqtt311(), store -> new MemoryStore(), settings, this);
        if (configured) {
            client.configure("test", settings);
        }
    }

    /**
     * A client with a store on a disk, on a clock that runs on; the next one on the same disk and clock is what comes
     * after a restart. After a power cut nothing of it runs any more.
     *
     * @param storage runs what blocks, for the store
     * @param boot tells one run of the machine from another
     */
    public World(VirtualScheduler scheduler, Network network, DiskModel disk, Executor storage, String boot,
            ClientSettings settings) {
        this.scheduler = scheduler;
        broker = null;
        environment = environment(network);
        client = new Client(environment, "test", new Mqtt311(), store -> new JournalStore(scheduler,
                task -> storage.execute(() -> {
                    task.run();
                    if (disk.isDead()) {
                        scheduler.forget();
                    }
                }), disk, store.place(), boot, store), settings, this);
        client.configure("test", settings);
        scheduler.run();
    }

    private Environment environment(Network network) {
        return new Environment(scheduler, network, new SplittableRandom(1), this::runListener, scheduler::execute);
    }

    /** A client that has had no configuration yet. */
    public static World unconfigured() {
        return new World(Keys.settings(), false, null);
    }

    /** A client on another network than that of the scripted broker. */
    public static World on(Function<VirtualScheduler, Network> network, Object... keysAndValues) {
        return new World(Keys.settings(keysAndValues), true, network);
    }

    /** A client that has MQTT 5, and speaks it unless the keys say something else. */
    public static World five(Object... keysAndValues) {
        World world = unconfigured();
        world.client.offer(new Mqtt5());
        world.client.configure("test", fiveSettings(keysAndValues));
        return world;
    }

    /** The settings of {@link #five}. */
    public static ClientSettings fiveSettings(Object... keysAndValues) {
        List<Object> all = new ArrayList<>(List.of("protocol", "5"));
        Collections.addAll(all, keysAndValues);
        return Keys.settings(all.toArray());
    }

    /** A client that speaks MQTT 5 and is connected. */
    public static World connectedWithFive(String connack) {
        World world = five();
        world.broker.expects("CONNECT clean *").sends(connack);
        return world;
    }

    /** A world in which the client is connected. */
    public static World connected(Object... keysAndValues) {
        World world = new World(keysAndValues);
        world.broker.acceptsNewClient();
        return world;
    }

    private void runListener(Runnable task) {
        if (holdListeners) {
            heldListeners.add(task);
        } else {
            scheduler.execute(task);
        }
    }

    /** Whether listeners are stuck from now on; the end lets them go on. */
    public World listenersAreStuck(boolean stuck) {
        holdListeners = stuck;
        while (!stuck && !heldListeners.isEmpty()) {
            scheduler.execute(heldListeners.remove());
        }
        scheduler.run();
        return this;
    }

    /** Lets one stuck listener go on. */
    public World runOneStuckListener() {
        if (!heldListeners.isEmpty()) {
            scheduler.execute(heldListeners.remove());
            scheduler.run();
        }
        return this;
    }

    public World reconfigure(Object... keysAndValues) {
        client.configure("test", Keys.settings(keysAndValues));
        scheduler.run();
        return this;
    }

    /** Publishes with QoS 1. */
    public Publication publish(String topic, String payload) {
        return publish(topic, payload, 1);
    }

    public Publication publish(String topic, String payload, int qos) {
        return publish(Message.to(topic).payload(payload).qos(Qos.of(qos)).build());
    }

    public Publication publish(Message message) {
        Publication publication = client.publisher().publish(message);
        scheduler.run();
        return publication;
    }

    public ClientSubscription subscribe(String filter, int qos, MessageListener listener) {
        return subscribe(filter, qos, listener, false);
    }

    public ClientSubscription subscribe(String filter, int qos, MessageListener listener, boolean manual) {
        ClientSubscription subscription = client.subscriber().subscribe(filter, qos,
                client.subscriber().queue(listener, "listener", manual));
        scheduler.run();
        return subscription;
    }

    /** Why the client is where it is. */
    public String reason() {
        scheduler.run();
        return client.status().reason();
    }

    public ConnectionState state() {
        scheduler.run();
        return client.status().state();
    }

    /** What the client has told since the last call. */
    public List<String> takeEvents() {
        scheduler.run();
        List<String> all = List.copyOf(events);
        events.clear();
        return all;
    }

    /** What a stage has completed with; it must have by now. */
    public <T> T now(CompletionStage<T> stage) {
        scheduler.run();
        CompletableFuture<T> future = stage.toCompletableFuture();
        assertTrue(future.isDone(), "not completed");
        return future.join();
    }

    /** Whether a stage has completed. */
    public boolean isDone(CompletionStage<?> stage) {
        scheduler.run();
        return stage.toCompletableFuture().isDone();
    }

    /** How a publication ended. */
    public Outcome.Kind outcome(Publication publication) {
        scheduler.run();
        return client.publisher().outcome(publication.id()).kind();
    }

    @Override
    public void changed(ClientStatus status, boolean sessionLost, boolean permanent) {
        events.add(status.state() + (sessionLost ? " session lost" : "") + (permanent ? " permanent" : ""));
    }

    @Override
    public void dropped(String topic, Outcome.Kind kind, String reason) {
        events.add(kind + " " + topic);
    }

    @Override
    public void deadLettered(long id, String topic, String reason) {
        events.add("DEAD_LETTERED " + topic);
    }

    @Override
    public void deadLettersForgotten(int count) {
        events.add("forgotten dead letters " + count);
    }

    @Override
    public void brokerDeviates(String topic, String how) {
        events.add("deviates " + topic + ": " + how);
    }

    @Override
    public void storeHealth(StoreHealth health, String reason) {
        events.add("store " + health + (reason.isEmpty() ? "" : ": " + reason));
    }

    @Override
    public void storeOpened(StoredState state) {
        stored = state;
        if (!state.incomplete.isEmpty()) {
            events.add("store incomplete");
        }
    }

    @Override
    public void connectionListenerFailed(String listener, Throwable error) {
        events.add("connection listener failed");
    }

    @Override
    public void subscriptionRefused(String filter, int code) {
        events.add("refused " + filter + " " + code);
    }

    @Override
    public void listenerFailed(String listener, String topic, Throwable error, boolean deadLettered) {
        events.add((deadLettered ? "dead letter " : "failed ") + topic);
    }

    @Override
    public void listenerSlow(String listener, long nanos) {
        events.add("slow " + listener);
    }
}
