package mqtt.resilient.bench.peers;

import io.netty.handler.codec.mqtt.MqttQoS;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.mqtt.MqttClient;
import io.vertx.mqtt.MqttClientOptions;
import io.vertx.mqtt.messages.MqttConnAckMessage;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import mqtt.resilient.bench.Load;
import mqtt.resilient.bench.Peer;
import mqtt.resilient.bench.Settings;

/** Vert.x MQTT (3.1.1): everything happens on the event loop of the connection, as in a verticle. */
public final class VertxMqtt implements Peer {
    private static final long AGAIN_MILLIS = 1000;
    /** QoS 0 messages for one turn of the event loop. */
    private static final int BURST = 100;

    private final Settings settings;
    private final Vertx vertx = Vertx.vertx();

    /** Starts Vert.x. */
    public VertxMqtt(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String configuration() {
        return "Vert.x MQTT 5.1.1, MQTT 3.1.1, Netty over NIO, maxInflightQueue " + (settings.window() + 1)
                + ", publishes on the event loop, the next message from the "
                + "publishCompletionHandler"
                + (settings.reconnect() ? "; it does not reconnect: the closeHandler makes a new client "
                        + "after " + AGAIN_MILLIS + " ms" : "");
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) {
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        Context context = vertx.getOrCreateContext();
        Line line = new Line(context, load);
        context.runOnContext(start -> open(clientId, line).onComplete(connack -> connected.complete(line),
                connected::completeExceptionally));
        return connected;
    }

    /** A new client each time: one that was connected keeps counting what it had in flight then. */
    private Future<MqttConnAckMessage> open(String clientId, Line line) {
        MqttClientOptions options = new MqttClientOptions().setClientId(clientId).setCleanSession(true)
                .setKeepAliveInterval(60).setMaxInflightQueue(settings.window() + 1).setMaxMessageSize(1 << 20);
        options.setTcpNoDelay(true);
        if (settings.authority() != null) {
            options.setSsl(true).setHostnameVerificationAlgorithm("HTTPS")
                    .setTrustOptions(new PemTrustOptions().addCertPath(settings.authority().toString()));
        }
        MqttClient client = MqttClient.create(vertx, options);
        client.exceptionHandler(error -> System.err.println("vertx: " + error));
        client.publishCompletionHandler(line::acknowledged);
        line.client = client;
        Future<MqttConnAckMessage> connected = client.connect(settings.port(), settings.host());
        if (settings.reconnect()) {
            connected.onComplete(connack -> client.closeHandler(closed -> again(clientId, line)),
                    error -> again(clientId, line));
        }
        return connected;
    }

    private void again(String clientId, Line line) {
        vertx.setTimer(AGAIN_MILLIS, timer -> open(clientId, line));
    }

    @Override
    public void close() {
        vertx.close();
    }

    private static final class Line implements Connection {
        private final Context context;
        private final Load load;
        private volatile MqttClient client;
        private boolean flooding;
        /** Who waits for an acknowledgement, by packet id; on the event loop. */
        private final Map<Integer, CompletableFuture<Void>> waiting = new HashMap<>();

        Line(Context context, Load load) {
            this.context = context;
            this.load = load;
        }

        private void acknowledged(Integer id) {
            load.acknowledged();
            CompletableFuture<Void> waits = waiting.remove(id);
            if (waits != null) {
                waits.complete(null);
            }
            if (flooding) {
                fill();
            }
        }

        private void fill() {
            while (load.trySlot()) {
                send(load.qos, load.topic, load.payload);
            }
        }

        private void send(int qos, String topic, byte[] payload) {
            client.publish(topic, Buffer.buffer(payload), MqttQoS.valueOf(qos), false, false);
        }

        private void fillAtMostOnce(Void turn) {
            for (int i = 0; i < BURST && load.trySlot(); i++) {
                client.publish(load.topic, Buffer.buffer(load.payload), MqttQoS.AT_MOST_ONCE, false, false)
                        .onComplete(written -> load.acknowledged());
            }
            if (!load.isOver()) {
                context.runOnContext(this::fillAtMostOnce);
            }
        }

        @Override
        public void publish(int qos, String topic, byte[] payload) {
            context.runOnContext(turn -> send(qos, topic, payload));
        }

        @Override
        public void flood(Load flood) {
            if (flood.qos == 0) {
                context.runOnContext(this::fillAtMostOnce);
            } else {
                context.runOnContext(turn -> {
                    flooding = true;
                    fill();
                });
            }
        }

        @Override
        public void publishAndWait(int qos, String topic, byte[] payload)
                throws InterruptedException, ExecutionException {
            CompletableFuture<Void> acknowledged = new CompletableFuture<>();
            context.runOnContext(turn -> client
                    .publish(topic, Buffer.buffer(payload), MqttQoS.valueOf(qos), false, false)
                    .onComplete(id -> waiting.put(id, acknowledged), acknowledged::completeExceptionally));
            acknowledged.get();
        }

        @Override
        public void count(String filter, int qos, Runnable received) throws InterruptedException, ExecutionException {
            client.publishHandler(message -> received.run());
            client.subscribe(filter, qos).toCompletionStage().toCompletableFuture().get();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received)
                throws InterruptedException, ExecutionException {
            client.publishHandler(message -> received.accept(message.payload().getBytes()));
            client.subscribe(filter, qos).toCompletionStage().toCompletableFuture().get();
        }
    }
}
