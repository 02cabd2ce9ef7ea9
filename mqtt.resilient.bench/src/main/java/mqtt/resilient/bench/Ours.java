package mqtt.resilient.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.plain.ResilientMqtt;

/** This client: {@code memory}, {@code power} (the store as it is shipped) and {@code memory5} (with MQTT 5). */
public final class Ours implements Peer {
    private static final long MAX_BYTES = 128L << 20;
    private static final long MAX_MESSAGES = 20_000;
    private static final long INFLIGHT_BYTES = 1L << 30;
    private static final Duration FULL = Duration.ofMillis(100);
    private static final int BURST = 64;

    private final Settings settings;
    private final boolean power;
    private final boolean five;
    private final int inflight;
    /** The first has the loop of all. */
    private final List<ResilientMqtt> all = new ArrayList<>();

    /** Works out the window. */
    public Ours(Settings settings) {
        this.settings = settings;
        power = settings.client().equals("power");
        five = settings.client().equals("memory5");
        int window = settings.window();
        while (window - Math.max(1, window / 10) < settings.window()) { // what is kept for lane 0 is not used here
            window++;
        }
        inflight = window;
    }

    @Override
    public String configuration() {
        return "store=" + (power ? "power" : "memory") + ", protocol=" + (five ? "5" : "3.1.1") + ", inflight.max="
                + inflight
                + " (one in ten is kept for lane 0), inflight.max.bytes=" + INFLIGHT_BYTES + ", store.max.messages="
                + MAX_MESSAGES + ", store.max.bytes=" + MAX_BYTES
                + "; publishes, and waits while it is full; where outcomes are watched, the stage of each message";
    }

    private Map<String, Object> configuration(String clientId) {
        boolean tls = settings.authority() != null;
        Map<String, Object> keys = Clients.configuration(clientId,
                (tls ? "mqtts://" : "mqtt://") + settings.host() + ":"
                        + settings.port(),
                "inflight.max", inflight, "inflight.max.bytes", INFLIGHT_BYTES, "store.max.bytes", MAX_BYTES,
                "store.max.messages", MAX_MESSAGES);
        if (tls) {
            keys.put("tls.truststore", settings.authority());
        }
        if (power) {
            keys.put("store", "power");
            keys.put("store.directory", settings.directory());
        }
        if (five) {
            keys.put("protocol", "5");
        }
        return keys;
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) throws IOException {
        ResilientMqtt.Builder builder = ResilientMqtt.builder(configuration(clientId));
        ResilientMqtt mqtt = (all.isEmpty() ? builder : builder.sharing(all.get(0))).open();
        all.add(mqtt);
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        mqtt.client().addConnectionListener(status -> {
            if (status.state() == ConnectionState.ONLINE) {
                connected.complete(new Line(mqtt.client(), load));
            }
        });
        return connected;
    }

    @Override
    public void close() {
        all.forEach(ResilientMqtt::close);
    }

    private record Line(ResilientMqttClient client, Load load) implements Connection {
        private static Message message(int qos, String topic, byte[] payload) {
            return Message.to(topic).payload(payload).qos(Qos.values()[qos]).build();
        }

        @Override
        public void publish(int qos, String topic, byte[] payload) {
            client.publish(message(qos, topic, payload)).delivered().thenRun(load::acknowledged);
        }

        @Override
        public void flood(Load flood) throws InterruptedException {
            Qos qos = Qos.values()[flood.qos];
            while (!flood.isOver()) {
                for (int i = 0; i < BURST; i++) {
                    client.publish(Message.to(flood.topic).payload(flood.payload).qos(qos).build(), FULL);
                }
            }
        }

        @Override
        public void floodWatched(Load flood) {
            while (flood.awaitSlot()) {
                publish(flood.qos, flood.topic, flood.payload);
            }
        }

        @Override
        public void publishAndWait(int qos, String topic, byte[] payload)
                throws InterruptedException, ExecutionException {
            client.publish(message(qos, topic, payload)).delivered().toCompletableFuture().get();
        }

        @Override
        public long done(Load flood) {
            return client.metrics().delivered();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received) {
            client.subscribe(filter, SubscribeOptions.qos(Qos.values()[qos]),
                    message -> received.accept(message.payload()));
        }

        @Override
        public void count(String filter, int qos, Runnable received) {
            client.subscribe(filter, SubscribeOptions.qos(Qos.values()[qos]), message -> received.run());
        }
    }
}
