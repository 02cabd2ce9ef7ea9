package mqtt.resilient.bench.peers;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import mqtt.resilient.bench.Load;
import mqtt.resilient.bench.Peer;
import mqtt.resilient.bench.Settings;
import org.eclipse.paho.client.mqttv3.IMqttActionListener;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.IMqttToken;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/** Eclipse Paho for MQTT 3.1.1: the asynchronous client, in memory. */
public final class Paho3 implements Peer {
    private final Settings settings;
    private final SSLContext tls;

    /** Connects when it is told to. */
    public Paho3(Settings settings) throws Exception {
        this.settings = settings;
        tls = settings.authority() == null ? null : SSLContext.getInstance("TLS");
        if (tls != null) {
            tls.init(null, Trust.factory(settings.authority()).getTrustManagers(), null);
        }
    }

    @Override
    public String configuration() {
        return "Eclipse Paho 1.2.5, MqttAsyncClient, MemoryPersistence, maxInflight " + inflight()
                + ", deliveryComplete of the callback" + (settings.reconnect() ? ", automaticReconnect" : "");
    }

    /** It frees a place only after it has called back. */
    private int inflight() {
        return settings.window() + 10;
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) throws MqttException {
        MqttAsyncClient client = new MqttAsyncClient((tls == null ? "tcp://" : "ssl://") + settings.host() + ":"
                + settings.port(), clientId, new MemoryPersistence());
        MqttConnectOptions options = new MqttConnectOptions();
        options.setMaxInflight(inflight());
        options.setAutomaticReconnect(settings.reconnect());
        if (tls != null) {
            options.setSocketFactory(tls.getSocketFactory());
        }
        Line line = new Line(client, load);
        client.setCallback(line);
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        client.connect(options, null, new IMqttActionListener() {
            @Override
            public void onSuccess(IMqttToken token) {
                connected.complete(line);
            }

            @Override
            public void onFailure(IMqttToken token, Throwable error) {
                connected.completeExceptionally(error);
            }
        });
        return connected;
    }

    @Override
    public void close() {
        // ends with the process
    }

    private static final class Line implements Connection, MqttCallback {
        private final MqttAsyncClient client;
        private final Load load;
        private volatile Consumer<byte[]> receiver;

        Line(MqttAsyncClient client, Load load) {
            this.client = client;
            this.load = load;
        }

        @Override
        public void publish(int qos, String topic, byte[] payload) throws MqttException {
            while (true) {
                try {
                    client.publish(topic, payload, qos, false);
                    return;
                } catch (MqttException e) {
                    if (e.getReasonCode() != MqttException.REASON_CODE_MAX_INFLIGHT) {
                        throw e;
                    }
                    Thread.onSpinWait(); // it counts some as under way that are not
                }
            }
        }

        @Override
        public void publishAndWait(int qos, String topic, byte[] payload) throws MqttException {
            client.publish(topic, payload, qos, false).waitForCompletion();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received) throws MqttException {
            receiver = received;
            client.subscribe(filter, qos).waitForCompletion();
        }

        @Override
        public void connectionLost(Throwable cause) {
            // it is asked to come back
        }

        @Override
        public void messageArrived(String topic, MqttMessage message) {
            receiver.accept(message.getPayload());
        }

        @Override
        public void deliveryComplete(IMqttDeliveryToken token) {
            load.acknowledged();
        }
    }
}
