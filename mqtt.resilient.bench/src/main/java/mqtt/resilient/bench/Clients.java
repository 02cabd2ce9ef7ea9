package mqtt.resilient.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.engine.Configuration;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.store.MemoryStore;

/** Clients as the benchmarks need them. */
final class Clients {

    private Clients() {
    }

    /**
     * What a client in memory is configured with: the shipped defaults, MQTT 3.1.1, and a window whose bytes are no
     * limit.
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
        try {
            // Not bounded by the heap, as store=memory would be; what these clients store is in the heap all the same.
            return new Configuration(Map.of("brokers", "mqtt://broker", "protocol", "3.1.1", "failback.seconds", 0,
                    "inflight.max", window, "inflight.max.bytes", 64L << 20, "store", "power",
                    "store.max.bytes", 1L << 40, "wan.probe", "127.0.0.1:53")).settings("bench", "");
        } catch (Configuration.InvalidException e) {
            throw new IllegalStateException(e);
        }
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
        public void brokerDeviates(String topic, String how) {
            // nobody listens
        }

        @Override
        public void deadLettered(long id, String topic, String reason) {
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
        public void listenerFailed(String listener, String topic, Throwable error, boolean deadLettered) {
            throw new IllegalStateException(error);
        }

        @Override
        public void listenerSlow(String listener, long nanos) {
            // not measured
        }
    }
}
