package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.kura.KuraConnectException;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.cloudconnection.CloudConnectionManager;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.cloudconnection.publisher.CloudPublisher;
import org.eclipse.kura.cloudconnection.subscriber.CloudSubscriber;
import org.eclipse.kura.data.DataTransportService;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.message.store.provider.MessageStore;
import org.eclipse.kura.message.store.provider.MessageStoreProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/**
 * Kura's stack on top of ours: its transport, its store and its cloud connections, with a real broker and a real disk.
 */
class KuraStackTest extends FrameworkTest {
    private static final String TRANSPORT = "mqtt.resilient.kura.transport";
    private static final String STORE = "mqtt.resilient.kura.store";
    private static final String CLOUD = "mqtt.resilient.kura.cloud.";

    private final KuraStandIn kura = closing(KuraStandIn.complete(context));

    /** Makes a component with the defaults of its form and these values, as the console does. */
    private <T> T create(Class<T> type, String factory, String pid, Object... keysAndValues) {
        return type.cast(context.getService(kura.create(factory, pid, keysAndValues)));
    }

    private DataTransportService transport(String uri) {
        return create(DataTransportService.class, TRANSPORT, "transport-1", "broker-url", uri + "/", "client-id",
                "kura.test",
                "topic.context.account-name", "acme", "timeout", 5, "clean-session", false);
    }

    private MessageStoreProvider provider() {
        return create(MessageStoreProvider.class, STORE, "store-1", "store", "process");
    }

    @ParameterizedTest
    @ValueSource(ints = { 0, 1, 2 })
    void fiveThousandMessagesPassAFastBrokerAndNoneIsForgotten(int qos) throws Exception {
        DataTransportService transport = transport(broker.uri());
        MessageStore store = provider().openMessageStore("org.eclipse.kura.data.DataService-1");
        try (KuraDataService service = new KuraDataService(transport, store)) {
            transport.connect();
            transport.subscribe("#account-name/#client-id/" + qos, qos);
            for (int i = 0; i < 5000; i++) {
                service.publish("#account-name/#client-id/" + qos, String.valueOf(i).getBytes(), qos);
            }
            Await.until("all are back", () -> service.arrived.size() == 5000);
            Await.until("nothing is left", () -> isEmpty(store));
            assertEquals(0, service.untracked.get());
            assertEquals(qos == 0 ? 0 : 5000, service.confirmed.get());
            assertTrue(service.arrived.containsKey("acme/kura-test/" + qos + " 4999"), "the topic's variables");
            transport.disconnect(1000);
        }
        store.close();
    }

    @Test
    void anOutageIsSurvivedWithoutTheDataServiceDoingAnything() throws Exception {
        TestBroker own = closing(new TestBroker()).start();
        DataTransportService transport = transport(own.uri());
        MessageStore store = provider().openMessageStore("outage");
        try (KuraDataService service = new KuraDataService(transport, store)) {
            transport.connect();
            for (int i = 0; i < 1000; i++) {
                service.publish("out/" + i, new byte[10], 1);
                if (i == 300) {
                    own.kill();
                }
            }
            Await.until("the loss is told", () -> service.lost.get() == 1);
            own.start();
            Await.until("all are confirmed", () -> service.confirmed.get() == 1000);
            assertEquals(2, service.established.get());
            assertEquals(1, service.newSessions.get());
            assertEquals(0, service.untracked.get());
            assertEquals(0, store.getMessageCount());
        }
        store.close();
    }

    @Test
    void whatIsStoredWhenKuraEndsIsSentAfterItsStart() throws Exception {
        MessageStoreProvider provider = provider();
        MessageStore store = provider.openMessageStore("restart");
        for (int i = 0; i < 100; i++) {
            store.store("again", String.valueOf(i).getBytes(), 1, false, 5);
        }
        assertThrows(KuraStoreException.class, () -> provider.openMessageStore("restart"));
        kura.delete("store-1");
        Await.until("the store is closed", () -> closes(store));
        MessageStore second = provider().openMessageStore("restart");
        DataTransportService transport = transport(broker.uri());
        try (KuraDataService service = new KuraDataService(transport, second)) {
            transport.connect();
            Await.until("all are confirmed", () -> service.confirmed.get() == 100);
        }
        second.close();
    }

    private static boolean isEmpty(MessageStore store) {
        try {
            return store.getMessageCount() == 0;
        } catch (KuraStoreException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean closes(MessageStore store) {
        try {
            store.getNextMessage();
            return false;
        } catch (KuraStoreException e) {
            return true;
        }
    }

    @Test
    void aBrokerThatIsNotThereIsAConnectException() {
        DataTransportService transport = transport("mqtt://127.0.0.1:" + TestBroker.freePort());
        kura.update("transport-1", "client-id", "x", "timeout", 1);
        Await.until("it is configured", () -> transport.getClientId().equals("x"));
        assertThrows(KuraConnectException.class, transport::connect);
        DataTransportService bad = create(DataTransportService.class, TRANSPORT, "transport-2", "broker-url",
                "gopher://x",
                "client-id", "x", "timeout", 1);
        String reason = assertThrows(KuraConnectException.class, bad::connect).getMessage();
        assertTrue(reason.contains("broker-url: ") && reason.contains("gopher"), reason);
    }

    @Test
    void aCloudConnectionPublishesReceivesAndTells() throws Exception {
        List<String> events = new CopyOnWriteArrayList<>();
        var registration = context.registerService(EventHandler.class,
                event -> events.add(event.getTopic() + " " + event.getProperty("cloud.service.pid")),
                new Hashtable<>(Map.of(EventConstants.EVENT_TOPIC, "org/eclipse/kura/cloud/*")));
        closing(registration::unregister);
        CloudConnectionManager manager = create(CloudConnectionManager.class, CLOUD + "CloudEndpoint", "connection",
                "mqtt.client", "cloud-1", "topic.context.account-name", "acme");
        CloudPublisher publisher = create(CloudPublisher.class, CLOUD + "CloudPublisher", "publisher",
                "cloud.endpoint.service.pid", "connection", "topic", "#account-name/#client-id/up", "qos", 1);
        CloudSubscriber subscriber = create(CloudSubscriber.class, CLOUD + "CloudSubscriber", "subscriber",
                "cloud.endpoint.service.pid", "connection", "topic.filter", "#account-name/+/up", "qos", 1);
        LinkedBlockingQueue<String> confirmed = new LinkedBlockingQueue<>();
        LinkedBlockingQueue<KuraMessage> received = new LinkedBlockingQueue<>();
        publisher.registerCloudDeliveryListener(confirmed::add);
        subscriber.registerCloudSubscriberListener(received::add);

        clients.connected("cloud-1", broker, "client.id", "gateway");
        Await.until("connected", manager::isConnected);
        Await.until("told",
                () -> events.contains("org/eclipse/kura/cloud/CloudConnectionStatus/ESTABLISHED connection"));
        KuraPayload payload = new KuraPayload();
        payload.setBody("x".getBytes());
        Await.until("bound", () -> publish(publisher, payload) != null);
        assertNotNull(confirmed.poll(60, TimeUnit.SECONDS));
        KuraMessage message = received.poll(60, TimeUnit.SECONDS);
        assertEquals("acme/gateway/up", message.getProperties().get("topic"));
        assertEquals("x", new String(message.getPayload().getBody()));

        manager.disconnect();
        Await.until("told", () -> events.contains("org/eclipse/kura/cloud/CloudConnectionStatus/LOST connection"));
        String kept = publish(publisher, payload);
        manager.connect();
        for (String id = confirmed.poll(60, TimeUnit.SECONDS); !kept.equals(id); id = confirmed.poll(20,
                TimeUnit.SECONDS)) {
            assertNotNull(id, "the message that was published offline");
        }
    }

    private static String publish(CloudPublisher publisher, KuraPayload payload) {
        try {
            return publisher.publish(new KuraMessage(payload));
        } catch (KuraException e) {
            return null;
        }
    }
}
