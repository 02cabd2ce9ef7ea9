package mqtt.resilient.kura.cloud;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.kura.StandInClient;
import org.eclipse.kura.KuraConnectException;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.KuraStoreCapacityReachedException;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.cloudconnection.listener.CloudConnectionListener;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.cloudconnection.subscriber.listener.CloudSubscriberListener;
import org.eclipse.kura.message.KuraPayload;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

/** A cloud connection: endpoint, publisher and subscriber over a client. */
@Timeout(180)
class CloudConnectionTest {
    private final StandInClient client = new StandInClient();
    private final Endpoint endpoint = new Endpoint();
    private final Publisher publisher = new Publisher();
    private final Subscriber subscriber = new Subscriber();
    private final Map<String, Object> settings = new HashMap<>(
            Map.of("kura.service.pid", "connection", "mqtt.client", "cloud",
                    "topic.context.account-name", "acme"));
    private final Map<String, Object> publishing = new HashMap<>(
            Map.of("topic", "#account-name/#client-id/a", "qos", "1",
                    "priority", 0));
    private final Map<String, Object> subscribing = new HashMap<>(Map.of("topic.filter", "#account-name/#", "qos", 1));
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final LinkedBlockingQueue<String> confirmed = new LinkedBlockingQueue<>();
    private final List<String> received = new CopyOnWriteArrayList<>();

    @BeforeEach
    void wire() {
        endpoint.eventAdmin = new EventAdmin() {
            @Override
            public void postEvent(Event event) {
                events.add(event.getTopic().replaceFirst(".*/", "") + " " + event.getProperty("cloud.service.pid"));
            }

            @Override
            public void sendEvent(Event event) {
                throw new UnsupportedOperationException();
            }
        };
        endpoint.configure(settings);
        publisher.configure(publishing);
        publisher.bind(endpoint);
        publisher.registerCloudDeliveryListener(confirmed::add);
        publisher.registerCloudConnectionListener(new CloudConnectionListener() {
            @Override
            public void onDisconnected() {
                told.add("disconnected");
            }

            @Override
            public void onConnectionLost() {
                told.add("lost");
            }

            @Override
            public void onConnectionEstablished() {
                told.add("established");
            }
        });
        subscriber.configure(subscribing);
        subscriber.bind(endpoint);
        subscriber.registerCloudSubscriberListener(message -> received.add(message.getProperties() + " "
                + new String(message.getPayload().getBody())));
    }

    private static KuraMessage body(String text) {
        KuraPayload payload = new KuraPayload();
        payload.setBody(text.getBytes());
        return new KuraMessage(payload);
    }

    // ---- the connection ----

    @Test
    void eachChangeIsToldOnceToListenersAndToEventAdmin() {
        client.up();
        endpoint.bind(client);
        assertTrue(endpoint.isConnected());
        client.up();
        client.down();
        client.state(ConnectionState.CONNECTING, "", 0);
        client.up();
        client.state(ConnectionState.PAUSED, "", 0);
        assertFalse(endpoint.isConnected());
        assertEquals(List.of("established", "lost", "established", "disconnected"), told);
        assertEquals(List.of("ESTABLISHED connection", "LOST connection", "ESTABLISHED connection", "LOST connection"),
                events);
    }

    @Test
    void aClientThatGoesEndsTheConnectionAndAnotherOneTakesItsPlace() throws Exception {
        client.up();
        endpoint.bind(client);
        endpoint.unbind(client);
        assertEquals(List.of("established", "disconnected"), told);
        assertEquals(List.of(), client.subscriptions);
        assertEquals(KuraErrorCode.SERVICE_UNAVAILABLE,
                assertThrows(KuraException.class, () -> publisher.publish(body("x"))).getCode());
        assertThrows(KuraConnectException.class, endpoint::connect);
        endpoint.disconnect();
        StandInClient next = new StandInClient();
        endpoint.bind(next);
        next.deliver("acme/1", "x");
        assertEquals(1, received.size());
        client.up(); // not the endpoint's any more
        assertEquals(List.of("established", "disconnected"), told);
    }

    @Test
    void theButtonsOfTheConsolePauseAndResumeTheClient() throws Exception {
        endpoint.bind(client);
        endpoint.disconnect();
        endpoint.connect();
        assertEquals(List.of("disconnect", "connect"),
                client.calls.subList(client.calls.size() - 2, client.calls.size()));
        assertEquals("gateway-1", endpoint.getInfo().get("Client ID"));
        assertEquals("acme", endpoint.getInfo().get("Account"));
    }

    // ---- publishing ----

    @Test
    void aMessageGoesWhereThePublisherSaysAndItsDeliveryIsTold() throws Exception {
        endpoint.bind(client);
        publishing.put("retain", "true");
        publisher.configure(publishing);
        String id = publisher.publish(body("x"));
        Message message = client.sent.get(0).message;
        assertEquals("acme/gateway-1/a", message.topic());
        assertEquals("x", new String(message.payload()));
        assertEquals(Qos.AT_LEAST_ONCE, message.qos());
        assertTrue(message.retain());
        assertEquals(Message.LANE_ALARM, message.lane());
        String second = publisher.publish(body("y"));
        client.sent.get(0).end(Outcome.Kind.REFUSED);
        client.sent.get(1).end(Outcome.Kind.DELIVERED);
        assertEquals(second, confirmed.poll(60, TimeUnit.SECONDS));
        assertFalse(second.equals(id));
        assertEquals(0, confirmed.size());
    }

    @Test
    void qosZeroHasNoNumber() throws Exception {
        endpoint.bind(client);
        publishing.put("qos", 0);
        publisher.configure(publishing);
        assertNull(publisher.publish(body("x")));
        client.sent.get(0).end(Outcome.Kind.DELIVERED);
        assertEquals(0, confirmed.size());
    }

    @ParameterizedTest
    @CsvSource({ "0,0", "1,0", "2,1", "4,1", "5,2", "7,2", "8,3", "1000,3" })
    void aPriorityBecomesALane(int priority, int lane) throws Exception {
        endpoint.bind(client);
        publishing.put("priority", priority);
        publisher.configure(publishing);
        publisher.publish(body("x"));
        assertEquals(lane, client.sent.get(0).message.lane());
    }

    @Test
    void metricsWithoutABodyAreSentAsJson() throws Exception {
        endpoint.bind(client);
        KuraPayload payload = new KuraPayload();
        assertEquals(KuraErrorCode.INVALID_PARAMETER,
                assertThrows(KuraException.class, () -> publisher.publish(new KuraMessage(payload))).getCode());
        payload.setTimestamp(new Date(5));
        payload.addMetric("a", 1);
        payload.addMetric("b\"\n", "x\\ü");
        payload.addMetric("c", new byte[] { 1 });
        payload.addMetric("d", Double.NaN);
        payload.addMetric("e", true);
        publisher.publish(new KuraMessage(payload));
        assertEquals(
                "{\"sentOn\":5,\"metrics\":{\"a\":1,\"b\\\"\\u000a\":\"x\\\\ü\",\"c\":\"AQ==\",\"e\":true}}",
                new String(client.sent.get(0).message.payload(), StandardCharsets.UTF_8));
    }

    @Test
    void whatTheClientRefusesIsOneOfKurasExceptions() {
        endpoint.bind(client);
        client.rejects = RejectedException.Reason.FULL;
        assertThrows(KuraStoreCapacityReachedException.class, () -> publisher.publish(body("x")));
        client.rejects = RejectedException.Reason.OFFLINE;
        KuraException offline = assertThrows(KuraException.class, () -> publisher.publish(body("x")));
        assertEquals(KuraErrorCode.SERVICE_UNAVAILABLE, offline.getCode());
        assertTrue(offline.getMessage().contains(offline.getCause().getMessage()), offline.getMessage());
        client.rejects = RejectedException.Reason.STORE;
        assertThrows(KuraStoreException.class, () -> publisher.publish(body("x")));
        client.rejects = RejectedException.Reason.TOO_LARGE;
        assertEquals(KuraErrorCode.INVALID_PARAMETER,
                assertThrows(KuraException.class, () -> publisher.publish(body("x"))).getCode());
    }

    @ParameterizedTest
    @CsvSource({ "qos,3", "qos,x", "retain,perhaps", "priority,-1" })
    void aPublisherThatIsNotConfiguredWellKeepsItsLastGoodConfiguration(String key, String value) throws Exception {
        endpoint.bind(client);
        publishing.put(key, value);
        publisher.configure(publishing);
        publisher.publish(body("x"));
        assertEquals("acme/gateway-1/a", client.topics().get(0));
        Publisher second = new Publisher();
        second.configure(publishing);
        second.bind(endpoint);
        String reason = assertThrows(KuraException.class, () -> second.publish(body("x"))).getMessage();
        assertTrue(reason.contains(key + ": \"" + value + "\""), reason);
    }

    /** Kura makes one with the defaults of the form before anybody can enter anything. */
    @Test
    void aPublisherAndASubscriberThatNobodyHasFilledInAreNoErrorAndSaySoWhenTheyAreUsed() {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        Publisher empty = new Publisher();
        try {
            empty.configure(Map.of("kura.service.pid", "new", "topic", ""));
            new Subscriber().configure(Map.of("kura.service.pid", "new"));
            assertFalse(log.toString(StandardCharsets.UTF_8).contains("ERROR"), log::toString);
            empty.configure(publishing);
            empty.configure(Map.of("kura.service.pid", "new", "topic", ""));
            assertTrue(log.toString(StandardCharsets.UTF_8).contains("ERROR"), log::toString);
        } finally {
            System.setErr(before);
        }
        Publisher unused = new Publisher();
        unused.configure(Map.of());
        assertTrue(assertThrows(KuraException.class, () -> unused.publish(body("x"))).getMessage()
                .contains("topic: no value is entered yet"));
    }

    @Test
    void aPublisherWithoutItsEndpointSaysSo() {
        publishing.putAll(Map.of("kura.service.pid", "publisher", "cloud.endpoint.service.pid", "connection"));
        publisher.configure(publishing);
        publisher.unbind(endpoint);
        KuraException error = assertThrows(KuraException.class, () -> publisher.publish(body("x")));
        assertEquals(KuraErrorCode.SERVICE_UNAVAILABLE, error.getCode());
        assertTrue(error.getMessage().contains(
                "publisher: there is no cloud endpoint \"connection\" (cloud.endpoint.service.pid)"),
                error.getMessage());
    }

    @Test
    void onlyTheNextTenThousandDeliveriesAreWatched() throws Exception {
        endpoint.bind(client);
        for (int i = 0; i < 10_001; i++) {
            publisher.publish(body("x"));
        }
        client.sent.get(10_000).end(Outcome.Kind.DELIVERED);
        client.sent.get(0).end(Outcome.Kind.DELIVERED);
        assertEquals("1", confirmed.poll(60, TimeUnit.SECONDS));
        publisher.publish(body("x"));
        client.sent.get(10_001).end(Outcome.Kind.DELIVERED);
        assertEquals("10002", confirmed.poll(60, TimeUnit.SECONDS));
    }

    // ---- receiving ----

    @Test
    void aSubscriberReceivesAlsoWhenTheClientComesLaterOrTheAccountChanges() throws Exception {
        endpoint.bind(client);
        assertEquals("acme/#", client.subscriptions.get(0).filter());
        client.deliver("acme/1", "x");
        assertEquals(List.of("{topic=acme/1} x"), received);
        settings.put("topic.context.account-name", "other");
        endpoint.configure(settings);
        assertEquals(List.of("other/#"), client.subscriptions.stream().map(each -> each.filter()).toList());
        subscribing.put("topic.filter", "b");
        subscribing.put("qos", "2");
        subscriber.configure(subscribing);
        subscriber.configure(subscribing);
        assertEquals(1, client.subscriptions.size());
        assertEquals(Qos.EXACTLY_ONCE, client.subscriptions.get(0).qos);
        subscribing.put("topic.filter", "b/#/c");
        subscriber.configure(subscribing); // changes nothing
        assertEquals("b", client.subscriptions.get(0).filter());
        subscriber.unbind(endpoint);
        assertEquals(List.of(), client.subscriptions);
    }

    @Test
    void aSubscriptionWithTheClientIdentifierFollowsItAndWaitsForIt() throws Exception {
        subscribing.put("topic.filter", "#client-id/down");
        subscriber.configure(subscribing);
        client.clientId = ""; // the broker gives it
        client.state(ConnectionState.CONNECTING, "", 0);
        endpoint.bind(client);
        assertEquals(List.of(), client.subscriptions);
        assertTrue(assertThrows(KuraException.class, () -> publisher.publish(body("x"))).getMessage()
                .contains("no client identifier yet"));
        client.clientId = "gateway-2";
        client.up();
        assertEquals("gateway-2/down", client.subscriptions.get(0).filter());
        client.deliver("gateway-2/down", "x");
        Subscription same = client.subscriptions.get(0);
        client.down();
        client.up();
        assertSame(same, client.subscriptions.get(0));
        client.clientId = "gateway-3";
        client.up();
        assertEquals(List.of("gateway-3/down"), client.subscriptions.stream().map(each -> each.filter()).toList());
        StandInClient next = new StandInClient();
        endpoint.bind(next); // before the old one has gone
        endpoint.unbind(client);
        assertEquals("gateway-1/down", next.subscriptions.get(0).filter());
    }

    @Test
    void aSubscriberThatNobodyListensToTakesNoMessages() throws Exception {
        Subscriber idle = new Subscriber();
        subscribing.put("topic.filter", "idle/#");
        idle.configure(subscribing);
        idle.bind(endpoint);
        endpoint.bind(client);
        assertEquals(1, client.subscriptions.size());
        CloudSubscriberListener listener = message -> {};
        idle.registerCloudSubscriberListener(listener);
        assertEquals("idle/#", client.subscriptions.get(1).filter());
        client.deliver("idle/1", "x");
        idle.unregisterCloudSubscriberListener(listener);
        assertThrows(IllegalStateException.class, () -> client.deliver("idle/1", "x")); // the engine sees it
    }

    @Test
    void aBundleThatStopsLeavesItsSubscriptionsAtTheBrokerSoThatMessagesWaitForItsNextStart() {
        endpoint.bind(client);
        endpoint.bundleStops = () -> true;
        subscriber.unbind(endpoint);
        endpoint.unbind(client);
        assertEquals(1, client.subscriptions.size());
    }

    @Test
    void anUpdateThatMakesNoSenseLeavesEndpointAndSubscriberAsTheyWere() throws Exception {
        endpoint.bind(client);
        settings.remove("mqtt.client");
        endpoint.configure(settings);
        assertEquals("cloud", endpoint.getInfo().get("Client"));
        subscribing.put("qos", "often");
        subscriber.configure(subscribing);
        subscriber.unbind(endpoint);
        subscriber.bind(endpoint);
        assertEquals("acme/#", client.subscriptions.get(0).filter());
    }

    @Test
    void aSubscriberThatThrowsGetsTheMessageAgain() {
        endpoint.bind(client);
        subscriber.registerCloudSubscriberListener(message -> {
            throw new IllegalArgumentException("not now");
        });
        assertThrows(IllegalArgumentException.class, () -> client.deliver("acme/1", "x")); // the engine sees it
    }

    @Test
    void theEndpointServesOthersThanOurPublisherAndSubscriber() throws Exception {
        endpoint.bind(client);
        assertNull(endpoint.publish(new KuraMessage(body("x").getPayload(), Map.of("topic", "t"))));
        assertEquals("t", client.topics().get(0));
        CloudSubscriberListener listener = message -> {};
        assertThrows(IllegalArgumentException.class, () -> endpoint.registerSubscriber(Map.of(), listener));
        endpoint.registerSubscriber(Map.of("topic.filter", "x/+"), listener);
        endpoint.registerSubscriber(Map.of("topic.filter", "y/+"), listener);
        assertEquals(3, client.subscriptions.size());
        endpoint.unregisterSubscriber(listener);
        assertEquals(1, client.subscriptions.size());
    }
}
