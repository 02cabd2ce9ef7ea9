package mqtt.resilient.bench.peers;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import mqtt.resilient.bench.Load;
import mqtt.resilient.bench.Peer;
import mqtt.resilient.bench.Settings;
import software.amazon.awssdk.crt.io.ClientBootstrap;
import software.amazon.awssdk.crt.io.EventLoopGroup;
import software.amazon.awssdk.crt.io.HostResolver;
import software.amazon.awssdk.crt.io.TlsContext;
import software.amazon.awssdk.crt.io.TlsContextOptions;
import software.amazon.awssdk.crt.mqtt.MqttClient;
import software.amazon.awssdk.crt.mqtt.MqttClientConnection;
import software.amazon.awssdk.crt.mqtt.MqttConnectionConfig;
import software.amazon.awssdk.crt.mqtt.MqttMessage;
import software.amazon.awssdk.crt.mqtt.QualityOfService;

/** AWS Common Runtime (native code) with MQTT 3.1.1. */
public final class Crt3 implements Peer {
    private final Settings settings;
    private final ClientBootstrap bootstrap;
    private final MqttClient library;

    /** Starts its event loops. */
    public Crt3(Settings settings) {
        this.settings = settings;
        EventLoopGroup loops = new EventLoopGroup(1);
        bootstrap = new ClientBootstrap(loops, new HostResolver(loops));
        library = settings.authority() == null ? new MqttClient(bootstrap)
                : new MqttClient(bootstrap, new TlsContext(TlsContextOptions.createDefaultClient()
                        .withCertificateAuthorityFromPath(null, settings.authority().toString())));
    }

    @Override
    public String configuration() {
        return "AWS CRT 0.50.0, MqttClientConnection (MQTT 3.1.1), one native event loop, the future of each publish"
                + (settings.reconnect() ? ", reconnectTimeoutSecs 1 to 60" : "");
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) {
        MqttConnectionConfig config = new MqttConnectionConfig();
        config.setMqttClient(library);
        config.setClientId(clientId);
        config.setEndpoint(settings.host());
        config.setPort(settings.port());
        config.setCleanSession(true);
        config.setKeepAliveSecs(60);
        config.setReconnectTimeoutSecs(1, 60);
        MqttClientConnection connection = new MqttClientConnection(config);
        return connection.connect().thenApply(present -> new Line(connection, load));
    }

    @Override
    public void close() {
        library.close();
        bootstrap.close();
    }

    private record Line(MqttClientConnection connection, Load load) implements Connection {
        @Override
        public void publish(int qos, String topic, byte[] payload) {
            connection.publish(new MqttMessage(topic, payload, QualityOfService.getEnumValueFromInteger(qos)))
                    .thenRun(load::acknowledged);
        }

        @Override
        public void publishAndWait(int qos, String topic, byte[] payload)
                throws InterruptedException, ExecutionException {
            connection.publish(new MqttMessage(topic, payload, QualityOfService.getEnumValueFromInteger(qos))).get();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received)
                throws InterruptedException, ExecutionException {
            connection.subscribe(filter, QualityOfService.getEnumValueFromInteger(qos),
                    message -> received.accept(message.getPayload())).get();
        }
    }
}
