package mqtt.resilient.bench;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.io.EventLoop;
import mqtt.resilient.impl.io.Threads;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.store.MemoryStore;

/** Clients on one real loop, as the bundle makes them, without a framework. */
final class RealClients implements AutoCloseable {
    private static final long SECOND = 1_000_000_000L;
    private static final long STOP_MILLIS = 5000;

    final EventLoop loop;
    private final SplittableRandom random = new SplittableRandom();
    private final ThreadPoolExecutor listeners = Threads.cached("mqtt-listener");
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
        ClientSettings base = Clients.settings(100);
        LinkSettings link = base.link();
        LinkSettings.Timing timing = link.timing();
        ClientSettings settings = new ClientSettings(new LinkSettings(
                new LinkSettings.Brokers(List.of(BrokerUri.parse(broker)), false, 0),
                new LinkSettings.Login(name, null, null, null, keepAliveSeconds),
                new LinkSettings.Transport((Route.Proxy) null, null, List.of()),
                new LinkSettings.Timing(timing.pingNanos(), responseSeconds * SECOND, timing.connectNanos(),
                        timing.backoffMinNanos(), timing.backoffMaxNanos(), timing.stableNanos()),
                link.network(), link.schedule(), link.sessionExpirySeconds(), link.cleanStart(), link.packetMaxBytes()),
                base.session(), base.dispatch(), base.bounds(), base.store(), base.packetMaxBytes(), base.wanProbe());
        ClientEvents events = (ClientEvents) Proxy.newProxyInstance(RealClients.class.getClassLoader(),
                new Class<?>[] { ClientEvents.class }, (self, method, arguments) -> {
                    if (method.getName().equals("changed")) {
                        changed.accept((ClientStatus) arguments[0]);
                    }
                    return null;
                });
        Client client = new Client(new Environment(loop, loop, random, listeners, completions), name, new Mqtt311(),
                store -> new MemoryStore(), settings, events);
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
    }
}
