package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.cloud.CloudPayloadProtoBufDecoder;
import org.eclipse.kura.cloud.CloudPayloadProtoBufEncoder;
import org.eclipse.kura.cloudconnection.CloudConnectionManager;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.cloudconnection.publisher.CloudPublisher;
import org.eclipse.kura.cloudconnection.subscriber.CloudSubscriber;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.message.KuraPosition;
import org.eclipse.kura.system.SystemAdminService;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;

/** What a cloud connection sends, made as Kura's console makes it: an endpoint, and the client in its second tab. */
class KuraCloudTest extends FrameworkTest {
    private static final String CLOUD = "mqtt.resilient.kura.cloud.";

    private final KuraStandIn kura = closing(KuraStandIn.complete(context));
    private final LinkedBlockingQueue<KuraMessage> received = new LinkedBlockingQueue<>();

    /** Does as Kura's CloudServiceImpl, with a mark for protobuf. */
    private static final class ProtoBuf implements CloudPayloadProtoBufEncoder, CloudPayloadProtoBufDecoder {
        @Override
        public byte[] getBytes(KuraPayload payload, boolean gzipped) {
            return ("protobuf " + gzipped + " " + payload.getMetric("t")).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public KuraPayload buildFromByteArray(byte[] bytes) throws KuraException {
            String text = new String(bytes, StandardCharsets.UTF_8);
            if (!text.startsWith("protobuf ")) {
                throw new KuraException(KuraErrorCode.DECODER_ERROR, "KuraPayload");
            }
            KuraPayload payload = new KuraPayload();
            payload.addMetric("t", text);
            return payload;
        }
    }

    private <T> T create(Class<T> type, String factory, String pid, Object... keysAndValues) {
        return type.cast(context.getService(kura.create(factory, pid, keysAndValues)));
    }

    private CloudConnectionManager connection(Object... more) {
        List<Object> all = new ArrayList<>(List.of("mqtt.client", "cloud", "topic.context.account-name", "acme"));
        all.addAll(List.of(more));
        return create(CloudConnectionManager.class, CLOUD + "CloudEndpoint", "connection", all.toArray());
    }

    private CloudPublisher publisher() {
        CloudSubscriber subscriber = create(CloudSubscriber.class, CLOUD + "CloudSubscriber", "subscriber",
                "cloud.endpoint.service.pid", "connection", "topic.filter", "#account-name/+/data", "qos", 1);
        subscriber.registerCloudSubscriberListener(received::add);
        return create(CloudPublisher.class, CLOUD + "CloudPublisher", "publisher",
                "cloud.endpoint.service.pid", "connection", "topic", "#account-name/#client-id/data", "qos", 1);
    }

    private ResilientMqttClient client(Object... more) {
        List<Object> all = new ArrayList<>(
                List.of("mqtt.client", "cloud", "brokers", broker.uri(), "client.id", "gateway",
                        "protocol", "3.1.1", "qos0.offline", true, "backoff.min.ms", 50, "backoff.max.seconds", 1,
                        "topic.context.account-name", "acme", "will.topic", "$EDC/#account-name/#client-id/MQTT/LWT",
                        "will.qos", 0));
        all.addAll(List.of(more));
        kura.create("mqtt.resilient.kura.client", "cloud-client", all.toArray());
        return clients.service("cloud");
    }

    private static KuraPayload metric(Object value) {
        KuraPayload payload = new KuraPayload();
        payload.addMetric("t", value);
        return payload;
    }

    private static boolean isPublished(CloudPublisher publisher, KuraPayload payload) {
        try {
            return publisher.publish(new KuraMessage(payload)) != null;
        } catch (KuraException e) {
            return false;
        }
    }

    private static ReceivedMessage await(Inbox inbox, String topic) {
        Await.until(topic, () -> inbox.messages().stream().anyMatch(each -> each.topic().equals(topic)));
        return inbox.messages().stream().filter(each -> each.topic().equals(topic)).findFirst().orElseThrow();
    }

    @Test
    void aWireGraphsMetricsComeBackFromJsonAsMetricsAndPosition() throws Exception {
        connection("payload.encoding", "simple-json");
        CloudPublisher publisher = publisher();
        Clients.awaitConnected(client());
        KuraPayload payload = metric(21.5);
        KuraPosition position = new KuraPosition();
        position.setLatitude(46.25);
        payload.setPosition(position);
        Await.until("published", () -> isPublished(publisher, payload));
        KuraPayload back = received.poll(60, TimeUnit.SECONDS).getPayload();
        assertEquals(21.5, back.getMetric("t"));
        assertEquals(46.25, back.getPosition().getLatitude());
    }

    @Test
    void protobufIsSpokenWhileKuraHasAServiceForItAndNothingIsLostWhileItHasNot() throws Exception {
        connection("payload.encoding", "kura-protobuf");
        CloudPublisher publisher = publisher();
        Clients.awaitConnected(client());
        Await.until("the reason", () -> assertThrows(KuraException.class,
                () -> publisher.publish(new KuraMessage(metric(1)))).getMessage()
                .contains("kura-protobuf needs the service CloudPayloadProtoBufEncoder"));
        ProtoBuf service = new ProtoBuf();
        kura.register(CloudPayloadProtoBufEncoder.class, service);
        var decoder = context.registerService(CloudPayloadProtoBufDecoder.class, service, null);
        Await.until("published", () -> isPublished(publisher, metric(2)));
        assertEquals("protobuf true 2", received.poll(60, TimeUnit.SECONDS).getPayload().getMetric("t"));
        decoder.unregister(); // Kura's cloud connection is configured anew
        publisher.publish(new KuraMessage(metric(3)));
        Await.until("it has left", () -> clients.service("cloud").metrics().pending() == 0);
        kura.register(CloudPayloadProtoBufDecoder.class, service);
        assertEquals("protobuf true 3", received.poll(60, TimeUnit.SECONDS).getPayload().getMetric("t"));
    }

    @Test
    void theConnectionIsAnnouncedAndItsEndAsKuraAnnouncesThem() throws Exception {
        kura.register(SystemAdminService.class, (SystemAdminService) () -> "1234");
        Inbox inbox = Inbox.subscribed(clients.connected("observer", broker), "$EDC/#");
        CloudConnectionManager manager = connection("lifecycle.messages", true);
        Clients.awaitConnected(client());
        ReceivedMessage birth = await(inbox, "$EDC/acme/gateway/MQTT/BIRTH");
        assertEquals(Qos.AT_MOST_ONCE, birth.qos());
        assertFalse(birth.retained());
        String text = new String(birth.payload(), StandardCharsets.UTF_8);
        assertTrue(text.contains("\"uptime\":\"1234\"") && text.contains("\"serial_number\":\"1\""), text);
        manager.disconnect();
        await(inbox, "$EDC/acme/gateway/MQTT/DC");
        Await.until("it is disconnected", () -> !manager.isConnected());
        assertTrue(inbox.messages().stream().noneMatch(each -> each.topic().endsWith("LWT")));
    }

    @Test
    void theWillHasTheAccountAndTheClientIdentifier() {
        Inbox inbox = Inbox.subscribed(clients.connected("observer", broker), "$EDC/#");
        client("will.on.stop", true);
        Clients.awaitConnected(clients.service("cloud"));
        kura.delete("cloud-client");
        await(inbox, "$EDC/acme/gateway/MQTT/LWT");
    }

    @Test
    void whatIsPublishedWhileTheBundleIsStoppedArrivesAfterItsStart() throws Exception {
        clients.connected("cloud", broker, "client.id", "gateway"); // one that does not end with the bundle
        connection();
        publisher();
        ResilientMqttClient other = clients.connected("other", broker);
        Await.until("it is subscribed", () -> {
            other.publish(Message.to("acme/x/data").payload("before").build());
            return received.poll() != null;
        });
        Bundle bundle = bundle("mqtt.resilient.kura");
        closing(bundle::start);
        bundle.stop();
        Await.result(other.publish(Message.to("acme/x/data").payload("meanwhile").build()).delivered());
        bundle.start();
        CloudSubscriber subscriber = (CloudSubscriber) context.getService(kura.component("subscriber"));
        subscriber.registerCloudSubscriberListener(received::add);
        String text;
        do {
            KuraMessage message = received.poll(60, TimeUnit.SECONDS);
            text = message == null ? null : new String(message.getPayload().getBody(), StandardCharsets.UTF_8);
        } while ("before".equals(text));
        assertEquals("meanwhile", text);
    }

    @Test
    void withoutConnectOnStartTheButtonOfTheConsoleConnects() throws Exception {
        CloudConnectionManager manager = connection();
        CloudPublisher publisher = publisher();
        ResilientMqttClient client = client("connect.on.start", false);
        Await.until("it waits", () -> client.status().state() == ConnectionState.PAUSED);
        Await.until("accepted", () -> isPublished(publisher, metric(1)));
        assertFalse(manager.isConnected());
        manager.connect();
        Clients.awaitConnected(client);
        Await.until("delivered", () -> client.metrics().pending() == 0);
    }
}
