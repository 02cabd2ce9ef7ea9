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
import software.amazon.awssdk.crt.mqtt5.Mqtt5Client;
import software.amazon.awssdk.crt.mqtt5.Mqtt5ClientOptions;
import software.amazon.awssdk.crt.mqtt5.Mqtt5ClientOptions.LifecycleEvents;
import software.amazon.awssdk.crt.mqtt5.Mqtt5ClientOptions.Mqtt5ClientOptionsBuilder;
import software.amazon.awssdk.crt.mqtt5.OnAttemptingConnectReturn;
import software.amazon.awssdk.crt.mqtt5.OnConnectionFailureReturn;
import software.amazon.awssdk.crt.mqtt5.OnConnectionSuccessReturn;
import software.amazon.awssdk.crt.mqtt5.OnDisconnectionReturn;
import software.amazon.awssdk.crt.mqtt5.OnStoppedReturn;
import software.amazon.awssdk.crt.mqtt5.QOS;
import software.amazon.awssdk.crt.mqtt5.packets.ConnectPacket;
import software.amazon.awssdk.crt.mqtt5.packets.PublishPacket;
import software.amazon.awssdk.crt.mqtt5.packets.SubscribePacket;

/** AWS Common Runtime (native code) with MQTT 5; it has no QoS 2. */
public final class Crt5 implements Peer {
    private final Settings settings;
    private final ClientBootstrap bootstrap;
    private final TlsContext tls;

    /** Starts its event loops. */
    public Crt5(Settings settings) {
        this.settings = settings;
        EventLoopGroup loops = new EventLoopGroup(1);
        bootstrap = new ClientBootstrap(loops, new HostResolver(loops));
        tls = settings.authority() == null ? null : new TlsContext(TlsContextOptions.createDefaultClient()
                .withCertificateAuthorityFromPath(null, settings.authority().toString()));
    }

    @Override
    public String configuration() {
        return "AWS CRT 0.50.0, Mqtt5Client, one native event loop, the future of each publish"
                + (settings.reconnect() ? ", reconnect delays as shipped" : "");
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) {
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        Line line = new Line(load);
        Mqtt5ClientOptionsBuilder builder = new Mqtt5ClientOptionsBuilder(settings.host(), (long) settings.port())
                .withBootstrap(bootstrap)
                .withConnectOptions(new ConnectPacket.ConnectPacketBuilder().withClientId(clientId)
                        .withKeepAliveIntervalSeconds(60L).build())
                .withPublishEvents((client, message) -> line.receiver.accept(message.getPublishPacket().getPayload()))
                .withLifecycleEvents(new LifecycleEvents() {
                    @Override
                    public void onAttemptingConnect(Mqtt5Client client, OnAttemptingConnectReturn event) {
                        // of no interest
                    }

                    @Override
                    public void onConnectionSuccess(Mqtt5Client client, OnConnectionSuccessReturn event) {
                        connected.complete(line);
                    }

                    @Override
                    public void onConnectionFailure(Mqtt5Client client, OnConnectionFailureReturn event) {
                        System.err.println("crt5: error " + event.getErrorCode());
                    }

                    @Override
                    public void onDisconnection(Mqtt5Client client, OnDisconnectionReturn event) {
                        // it comes back
                    }

                    @Override
                    public void onStopped(Mqtt5Client client, OnStoppedReturn event) {
                        // of no interest
                    }
                });
        if (tls != null) {
            builder.withTlsContext(tls);
        }
        line.client = new Mqtt5Client(builder.build());
        line.client.start();
        return connected;
    }

    @Override
    public void close() {
        bootstrap.close();
    }

    private static final class Line implements Connection {
        private final Load load;
        private volatile Mqtt5Client client;
        private volatile Consumer<byte[]> receiver;

        Line(Load load) {
            this.load = load;
        }

        @Override
        public void publish(int qos, String topic, byte[] payload) {
            if (qos == 2) {
                throw new UnsupportedOperationException("QoS 2");
            }
            client.publish(PublishPacket.of(topic, QOS.values()[qos], payload)).thenRun(load::acknowledged);
        }

        @Override
        public void publishAndWait(int qos, String topic, byte[] payload)
                throws InterruptedException, ExecutionException {
            client.publish(PublishPacket.of(topic, QOS.values()[qos], payload)).get();
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received)
                throws InterruptedException, ExecutionException {
            receiver = received;
            client.subscribe(SubscribePacket.of(filter, QOS.values()[qos])).get();
        }
    }
}
