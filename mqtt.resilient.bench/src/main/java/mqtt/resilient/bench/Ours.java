package mqtt.resilient.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.StoreBounds;
import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.io.TlsFiles;
import mqtt.resilient.impl.link.BrokerUri;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.v5.Mqtt5;

/** This client: {@code memory}, {@code power} (the store as it is shipped) and {@code memory5} (with MQTT 5). */
public final class Ours implements Peer {
    private static final long MAX_BYTES = 128L << 20;
    private static final long MAX_MESSAGES = 20_000;
    private static final long INFLIGHT_BYTES = 1L << 30;
    private static final long LOOK_AGAIN_NANOS = 100_000;
    private static final int BURST = 64;

    private final Settings settings;
    private final boolean power;
    private final boolean five;
    private final int inflight;
    private final RealClients clients = new RealClients();
    private final List<Client> all = new ArrayList<>();

    /** Starts the loop. */
    public Ours(Settings settings) throws IOException {
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
        return "store=" + (power ? "power" : "memory") + ", protocol=" + (five ? "5" : "3.1.1") + ", inflight.max=" + inflight
                + " (one in ten is kept for lane 0), inflight.max.bytes=" + INFLIGHT_BYTES + ", store.max.messages="
                + MAX_MESSAGES + ", store.max.bytes=" + MAX_BYTES
                + "; nobody watches: publishes until it is full, and looks again every " + LOOK_AGAIN_NANOS / 1000 + " µs";
    }

    private ClientSettings settings(String clientId) {
        ClientSettings base = Clients.settings(inflight);
        LinkSettings link = base.link();
        String uri = (settings.authority() == null ? "mqtt://" : "mqtts://") + settings.host() + ":" + settings.port();
        Route.Tls tls = settings.authority() == null ? null : new Route.Tls(new TlsFiles(new TlsFiles.Settings(null, "", "",
                "", settings.authority(), "")), List.of(), List.of(), true);
        LinkSettings.Version version = five
                ? new LinkSettings.Version(LinkSettings.Protocol.MQTT_5, inflight, 0, List.of(), "")
                : LinkSettings.Version.MQTT_3_1_1;
        StoreBounds bounds = base.bounds();
        return new ClientSettings(new LinkSettings(
                new LinkSettings.Brokers(List.of(BrokerUri.parse(uri)), false, 0),
                new LinkSettings.Login(clientId, null, null, null, false, 60),
                new LinkSettings.Transport(null, tls, List.of()), link.timing(), link.network(), link.schedule(),
                link.sessionExpirySeconds(), false, link.packetMaxBytes(), version),
                new SessionSettings(inflight, INFLIGHT_BYTES, 0, 1, false, base.session().poisonAttempts()),
                new DispatchSettings(1000, 16_777_216, 3, 300_000_000_000L),
                new StoreBounds(MAX_BYTES, MAX_MESSAGES, 0, bounds.lanes(), false, bounds.qos0MaxBytes(), false),
                power ? new StoreSettings(settings.directory().resolve(clientId).toString(), Durability.POWER, 500_000_000L,
                        1 << 26, 4 << 20) : StoreSettings.MEMORY,
                base.packetMaxBytes(), base.wanProbe());
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) {
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        CompletableFuture<Client> made = new CompletableFuture<>();
        Client client = clients.client(clientId, settings(clientId), status -> {
            if (status.state() == mqtt.resilient.api.ConnectionState.ONLINE) {
                made.thenAccept(self -> connected.complete(new Line(self, load)));
            }
        });
        if (five) {
            client.offer(new Mqtt5());
        }
        all.add(client);
        made.complete(client);
        return connected;
    }

    @Override
    public void close() {
        all.forEach(client -> client.stop().toCompletableFuture().join());
        clients.close();
    }

    private record Line(Client client, Load load) implements Connection {
        private static Message message(int qos, String topic, byte[] payload) {
            return Message.to(topic).payload(payload).qos(Qos.values()[qos]).build();
        }

        @Override
        public void publish(int qos, String topic, byte[] payload) {
            client.publish(message(qos, topic, payload)).settled().thenRun(load::acknowledged);
        }

        @Override
        public void flood(Load flood) {
            Qos qos = Qos.values()[flood.qos];
            while (!flood.isOver()) {
                for (int i = 0; i < BURST; i++) {
                    Message message = Message.to(flood.topic).payload(flood.payload).qos(qos).build();
                    while (client.publisher().offer(message).isEmpty() && !flood.isOver()) {
                        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
                    }
                }
            }
        }

        @Override
        public long done(Load flood) {
            return client.metrics().delivered();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received) {
            client.subscribe(filter, qos, client.queue(message -> received.accept(message.payload()), "bench", false));
        }
    }
}
