package mqtt.resilient.bench;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Durability;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.io.EventLoop;
import mqtt.resilient.impl.io.HostFingerprint;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.io.Threads;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.store.JournalStore;
import mqtt.resilient.impl.store.MemoryStore;

/** Clients on one real loop, as the bundle makes them, without a framework. */
final class RealClients implements AutoCloseable {
    private static final long SECOND = 1_000_000_000L;
    private static final long STOP_MILLIS = 5000;

    final EventLoop loop;
    private final SplittableRandom random = new SplittableRandom();
    private final ThreadPoolExecutor listeners = Threads.cached("mqtt-listener");
    private final ThreadPoolExecutor storage = Threads.pool("mqtt-store", 4);
    private final ThreadPoolExecutor completions = Threads.pool("mqtt-complete", 1);

    RealClients() throws IOException {
        loop = new EventLoop();
        loop.start();
    }

    /**
     * Makes a client that connects at once, with the shipped defaults but for what is given.
     *
     * @param changed hears of every change of state, on the loop
     */
    Client client(String name, String broker, int keepAliveSeconds, int responseSeconds, Consumer<ClientStatus> changed) {
        return client(name, broker, keepAliveSeconds, responseSeconds, StoreSettings.MEMORY, changed);
    }

    /**
     * Makes a client that keeps what it is given.
     *
     * @param directory where
     * @param mode power or process
     */
    Client durable(String name, String broker, Path directory, String mode) {
        return client(name, broker, 60, 10, new StoreSettings(directory.toString(),
                Durability.valueOf(mode.toUpperCase(Locale.ROOT)), SECOND / 2, 1 << 26, 4 << 20), status -> { });
    }

    private MessageStore store(StoreSettings settings) {
        Path directory = Path.of(settings.place());
        return settings.durability() == Durability.MEMORY ? new MemoryStore()
                : new JournalStore(loop, storage, new LocalFileSystem(directory.getParent()),
                        directory.getFileName().toString(), HostFingerprint.bootId(), settings);
    }

    private Client client(String name, String broker, int keepAliveSeconds, int responseSeconds, StoreSettings store,
            Consumer<ClientStatus> changed) {
        ClientSettings base = Clients.settings(100);
        LinkSettings link = base.link();
        LinkSettings.Timing timing = link.timing();
        ClientSettings settings = new ClientSettings(new LinkSettings(
                new LinkSettings.Brokers(List.of(BrokerUri.parse(broker)), false, 0),
                new LinkSettings.Login(name, null, null, null, false, keepAliveSeconds),
                new LinkSettings.Transport((Route.Proxy) null, null, List.of()),
                new LinkSettings.Timing(timing.pingNanos(), responseSeconds * SECOND, timing.connectNanos(),
                        timing.backoffMinNanos(), timing.backoffMaxNanos(), timing.stableNanos()),
                link.network(), link.schedule(), link.sessionExpirySeconds(), link.cleanStart(), link.packetMaxBytes(),
                link.version()),
                base.session(), base.dispatch(), base.bounds(), store, base.packetMaxBytes(), base.wanProbe());
        return client(name, settings, changed);
    }

    /**
     * Makes a client.
     *
     * @param changed hears of every change of state, on the loop
     */
    Client client(String name, ClientSettings settings, Consumer<ClientStatus> changed) {
        ClientEvents events = (ClientEvents) Proxy.newProxyInstance(RealClients.class.getClassLoader(),
                new Class<?>[] { ClientEvents.class }, (self, method, arguments) -> {
                    if (method.getName().equals("changed")) {
                        changed.accept((ClientStatus) arguments[0]);
                    }
                    return null;
                });
        Client client = new Client(new Environment(loop, loop, random, listeners, completions), name, new Mqtt311(),
                this::store, settings, events);
        client.configure(name, settings);
        return client;
    }

    @Override
    public void close() {
        try {
            loop.stop(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        listeners.shutdownNow();
        completions.shutdownNow();
        storage.shutdown();
    }
}
