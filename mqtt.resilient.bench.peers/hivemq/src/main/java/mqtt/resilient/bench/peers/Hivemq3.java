package mqtt.resilient.bench.peers;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.Mqtt3ClientBuilder;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import io.reactivex.Flowable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import mqtt.resilient.bench.Load;
import mqtt.resilient.bench.Peer;
import mqtt.resilient.bench.Settings;

/** HiveMQ MQTT Client with MQTT 3.1.1: its reactive interface for the flood, the asynchronous one for the rest. */
public final class Hivemq3 implements Peer {
    private final Settings settings;
    private final MqttClientSslConfig tls;

    /** Connects when it is told to. */
    public Hivemq3(Settings settings) throws Exception {
        this.settings = settings;
        tls = settings.authority() == null ? null
                : MqttClientSslConfig.builder().trustManagerFactory(Trust.factory(settings.authority())).build();
    }

    @Override
    public String configuration() {
        return "HiveMQ MQTT Client 1.4.2, MQTT 3.1.1, Netty over NIO; flood by Mqtt3RxClient.publish(Flowable) that has at most "
                + settings.window() + " messages unacknowledged; else Mqtt3AsyncClient, callbacks on Netty's thread"
                + (settings.reconnect() ? "; automaticReconnectWithDefaultConfig" : "");
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) {
        Mqtt3ClientBuilder builder = Mqtt3Client.builder().identifier(clientId).serverHost(settings.host())
                .serverPort(settings.port());
        if (tls != null) {
            builder.sslConfig(tls);
        }
        if (settings.reconnect()) {
            builder.automaticReconnectWithDefaultConfig();
        }
        Mqtt3AsyncClient client = builder.buildAsync();
        return client.connectWith().cleanSession(true).keepAlive(60).send()
                .thenApply(connack -> new Line(client, load));
    }

    @Override
    public void close() {
        // ends with the process
    }

    private record Line(Mqtt3AsyncClient client, Load load) implements Connection {
        private static Mqtt3Publish message(int qos, String topic, byte[] payload) {
            return Mqtt3Publish.builder().topic(topic).qos(MqttQos.fromCode(qos)).payload(payload).build();
        }

        @Override
        public void publish(int qos, String topic, byte[] payload) {
            client.publish(message(qos, topic, payload)).thenRun(load::acknowledged);
        }

        @Override
        public void flood(Load flood) {
            Gate<Mqtt3Publish> gate = new Gate<>(flood, () -> message(flood.qos, flood.topic, flood.payload));
            client.toRx().publish(Flowable.fromPublisher(gate)).subscribe(result -> gate.acknowledged(),
                    error -> System.err.println("hivemq: " + error));
        }

        @Override
        public void publishAndWait(int qos, String topic, byte[] payload)
                throws InterruptedException, ExecutionException {
            client.publish(message(qos, topic, payload)).get();
        }

        @Override
        public void count(String filter, int qos, Runnable received) throws InterruptedException, ExecutionException {
            client.subscribeWith().topicFilter(filter).qos(MqttQos.fromCode(qos)).callback(message -> received.run())
                    .send().get();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received)
                throws InterruptedException, ExecutionException {
            client.subscribeWith().topicFilter(filter).qos(MqttQos.fromCode(qos))
                    .callback(message -> received.accept(message.getPayloadAsBytes())).send().get();
        }
    }
}
