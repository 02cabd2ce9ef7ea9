package mqtt.resilient.bench;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.client.StoreBounds;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.store.MemoryStore;

/** Clients as the benchmarks need them. */
final class Clients {
    private static final long SECOND = 1_000_000_000L;

    private Clients() {
    }

    /**
     * What a client in memory is configured with: the shipped defaults, MQTT 3.1.1, and a window whose bytes are no limit.
     *
     * @param more keys and values in turn
     */
    static Map<String, Object> configuration(String name, String broker, Object... more) {
        Map<String, Object> keys = new HashMap<>(Map.of("mqtt.client", name, "client.id", name, "brokers", broker,
                "protocol", "3.1.1", "store", "memory", "inflight.max.bytes", 1L << 30, "store.max.bytes", 1L << 40));
        for (int i = 0; i < more.length; i += 2) {
            keys.put((String) more[i], more[i + 1]);
        }
        return keys;
    }

    /** The shipped defaults with another window, for a client without a machine. */
    static ClientSettings settings(int window) {
        LinkSettings link = new LinkSettings(
                new LinkSettings.Brokers(List.of(BrokerUri.parse("mqtt://broker")), false, 0),
                new LinkSettings.Login("bench", null, null, null, false, 60),
                new LinkSettings.Transport(null, null, List.of()),
                new LinkSettings.Timing(0, 10 * SECOND, 10 * SECOND, SECOND / 4, 60 * SECOND, 30 * SECOND),
                new LinkSettings.Network(0, 300 * SECOND, 0), new LinkSettings.Schedule(0, 30 * SECOND), 604_800, false,
                1_048_576, LinkSettings.Version.MQTT_3_1_1);
        return new ClientSettings(link, new SessionSettings(window, 64L << 20, 0, 1, false, 5),
                new DispatchSettings(1000, 16_777_216, 3, 300 * SECOND),
                new StoreBounds(1L << 40, 0, 0, Collections.nCopies(4, StoreBounds.Lane.UNBOUNDED), false, 4_194_304,
                        false), StoreSettings.MEMORY, 1_048_576, new ClientSettings.NameServer("127.0.0.1", 53));
    }

    /** A client on a network of its own; it is connected after the network has run. */
    static Client client(EchoNetwork network, int window) {
        Client client = new Client(new Environment(network, network, new SplittableRandom(1), Runnable::run,
                Runnable::run), "bench", new Mqtt311(), store -> new MemoryStore(), settings(window), new Silence());
        client.configure("bench", settings(window));
        return client;
    }

    private static final class Silence implements ClientEvents {
        @Override
        public void changed(ClientStatus status, boolean sessionLost, boolean permanent) {
            // not measured
        }

        @Override
        public void dropped(String topic, Outcome.Kind kind, String reason) {
            throw new IllegalStateException(topic + " " + kind + " " + reason);
        }

        @Override
        public void setAside(long id, String topic, String reason) {
            throw new IllegalStateException(topic + " " + reason);
        }

        @Override
        public void storeHealth(StoreHealth health, String reason) {
            // silence
        }

        @Override
        public void storeOpened(StoredState state) {
            // silence
        }

        @Override
        public void connectionListenerFailed(String listener, Throwable error) {
            throw new IllegalStateException(error);
        }

        @Override
        public void subscriptionRefused(String filter, int code) {
            throw new IllegalStateException(filter);
        }

        @Override
        public void listenerFailed(String listener, String topic, Throwable error, boolean setAside) {
            throw new IllegalStateException(error);
        }

        @Override
        public void listenerSlow(String listener, long nanos) {
            // not measured
        }
    }
}
