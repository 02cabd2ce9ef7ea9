package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.Bundle;
import org.osgi.service.event.Event;

/** Everything by EventAdmin, without an MQTT type in sight. */
class EventsTest extends FrameworkTest {
    private final Events events = closing(new Events(context));

    @Test
    void aConnectionThatComesAndGoesIsTold() {
        try (TestBroker mortal = new TestBroker().start()) {
            clients.connected("told", mortal);
            Event connected = events.await(MqttConstants.EVENT_CONNECTED, "told");
            assertEquals(mortal.uri(), connected.getProperty(MqttConstants.BROKER));
            assertEquals(false, connected.getProperty(MqttConstants.SESSION_PRESENT));
            assertTrue(Math.abs(System.currentTimeMillis()
                    - (Long) connected.getProperty(MqttConstants.TIMESTAMP)) < Await.LIMIT.toMillis());

            mortal.kill();
            Event lost = events.await(MqttConstants.EVENT_DISCONNECTED, "told");
            assertEquals(mortal.uri(), lost.getProperty(MqttConstants.BROKER));
            assertTrue(String.valueOf(lost.getProperty(MqttConstants.REASON)).matches(".*(closed|reset).*"));
            assertTrue((Long) lost.getProperty(MqttConstants.NEXT_ATTEMPT_MS) > 0);
            assertTrue(lost.getProperty(MqttConstants.ATTEMPT) instanceof Integer);

            mortal.start();
            Await.until("connected again", () -> events.of(MqttConstants.EVENT_CONNECTED, "told").size() == 2);
            events.await(MqttConstants.EVENT_SESSION_LOST, "told");
        }
    }

    @Test
    void withoutEventAdminTheClientGoesOnAndWithItTheEventsComeBack() throws Exception {
        ResilientMqttClient client = clients.connected("quiet", broker, "subscriptions", "quiet/+;1");
        Bundle eventAdmin = bundle("org.apache.felix.eventadmin");
        closing(eventAdmin::start);
        eventAdmin.stop();
        assertEquals(Outcome.Kind.DELIVERED,
                Await.result(client.publish(Message.to("quiet/x").payload("meanwhile").build()).delivered()).kind());
        eventAdmin.start();
        Await.until("a message", () -> {
            Await.result(client.publish(Message.to("quiet/x").build()).delivered());
            return !events.of(MqttConstants.EVENT_MESSAGE, "quiet").isEmpty();
        });
        events.post(MqttConstants.EVENT_PUBLISH, Map.of("mqtt.topic", "quiet/y", "mqtt.correlation", 1));
        events.await(MqttConstants.EVENT_PUBLISHED, event -> Integer.valueOf(1)
                .equals(event.getProperty(MqttConstants.CORRELATION)));
        assertTrue(client.isConnected());
    }

    @Test
    void aPauseIsTold() {
        ResilientMqttClient client = clients.connected("paused", broker);
        client.disconnect();
        assertTrue(String.valueOf(events.await(MqttConstants.EVENT_DISCONNECTED, "paused")
                .getProperty(MqttConstants.REASON)).contains("disconnect()"));
    }

    @Test
    void aConfigurationThatIsTakenIsTold() {
        clients.configure("taken", broker.uri());
        Event event = events.awaitConfiguration("taken", 1);
        assertEquals(true, event.getProperty(MqttConstants.ACCEPTED));
        assertEquals("", event.getProperty(MqttConstants.REASON));
    }

    @Test
    void messagesForTheKeySubscriptionsArePosted() {
        ResilientMqttClient client = clients.connected("posted", broker, "subscriptions",
                new String[] { "posted/+/one;1", "posted/zero;0" });
        Await.until("the subscription", () -> {
            Await.result(client.publish(Message.to("posted/probe/one").build()).delivered());
            return !events.of(MqttConstants.EVENT_MESSAGE, "posted").isEmpty();
        });
        byte[] payload = { 0, 1, -1 };
        client.publish(Message.to("posted/a/one").payload(payload).retain(true).build());
        Event one = events.await(MqttConstants.EVENT_MESSAGE,
                event -> "posted/a/one".equals(event.getProperty(MqttConstants.TOPIC)));
        assertEquals("posted", one.getProperty(MqttConstants.CLIENT));
        assertArrayEquals(payload, (byte[]) one.getProperty(MqttConstants.PAYLOAD));
        assertEquals(1, one.getProperty(MqttConstants.QOS));
        assertEquals(false, one.getProperty(MqttConstants.RETAINED));
        assertEquals(false, one.getProperty(MqttConstants.DUPLICATE));
        assertTrue(one.getProperty(MqttConstants.TIMESTAMP) instanceof Long);

        for (int i = 1; i <= 500; i++) {
            client.publish(Message.to("posted/many/one").payload("" + i).build());
        }
        Await.until("500 messages", () -> posted("posted/many/one").size() >= 500);
        assertEquals(Flow.numbers(500), posted("posted/many/one"));

        clients.configure("posted", broker.uri(), "subscriptions", "posted/other");
        Await.until("the changed subscription", () -> {
            Await.result(client.publish(Message.to("posted/other").build()).delivered());
            return !posted("posted/other").isEmpty();
        });
        client.publish(Message.to("posted/a/one").retain(true).build());
    }

    private List<String> posted(String topic) {
        return events.of(MqttConstants.EVENT_MESSAGE, "posted").stream()
                .filter(event -> topic.equals(event.getProperty(MqttConstants.TOPIC)))
                .map(event -> new String((byte[]) event.getProperty(MqttConstants.PAYLOAD))).toList();
    }

    @Test
    void anEventPublishesAndIsAnsweredWithItsCorrelation() {
        Inbox inbox = Inbox.subscribed(clients.connected("speaker", broker), "event/+");
        events.post(MqttConstants.EVENT_PUBLISH, Map.of("mqtt.topic", "event/bytes", "mqtt.payload", new byte[] { 65 },
                "mqtt.qos", 1, "mqtt.client", "speaker", "mqtt.correlation", 4711L));
        Event answer = events.await(MqttConstants.EVENT_PUBLISHED,
                event -> Long.valueOf(4711).equals(event.getProperty(MqttConstants.CORRELATION)));
        assertEquals("event/bytes", answer.getProperty(MqttConstants.TOPIC));
        assertTrue((Long) answer.getProperty(MqttConstants.PUBLICATION) > 0);
        events.post(MqttConstants.EVENT_PUBLISH, Map.of("mqtt.topic", "event/text", "mqtt.payload", "B",
                "mqtt.qos", "0"));
        events.post(MqttConstants.EVENT_PUBLISH, Map.of("mqtt.topic", "event/nothing"));
        inbox.awaitTexts("A", "B", "");
    }

    static Stream<Arguments> badPublications() {
        return Stream.of(
                arguments(Map.of(), "topic: null"),
                arguments(Map.of("mqtt.topic", "a/#"), "topic: \"a/#\" holds a wildcard"),
                arguments(Map.of("mqtt.topic", "a", "mqtt.qos", 3), "mqtt.qos: 3"),
                arguments(Map.of("mqtt.topic", "a", "mqtt.payload", 42), "mqtt.payload: a java.lang.Integer"),
                arguments(Map.of("mqtt.topic", "a", "mqtt.client", "nobody"), "mqtt.client: nobody"),
                arguments(Map.of("mqtt.topic", "a", "mqtt.payload", new byte[2000]), "packet.max.bytes"));
    }

    @ParameterizedTest
    @MethodSource("badPublications")
    void anEventThatCannotBePublishedIsAnsweredWithTheReason(Map<String, Object> properties, String reason) {
        clients.connected("speaker", broker, "packet.max.bytes", 1000);
        Map<String, Object> correlated = new HashMap<>(properties);
        correlated.put("mqtt.correlation", "mine");
        events.post(MqttConstants.EVENT_PUBLISH, correlated);
        Event answer = events.await(MqttConstants.EVENT_REJECTED,
                event -> "mine".equals(event.getProperty(MqttConstants.CORRELATION)));
        assertTrue(String.valueOf(answer.getProperty(MqttConstants.REASON)).contains(reason),
                String.valueOf(answer.getProperty(MqttConstants.REASON)));
    }

    @Test
    void withTwoClientsAnEventNeedsTheNameOfOne() {
        ResilientMqttClient first = clients.connected("first", broker);
        clients.connected("second", broker);
        events.post(MqttConstants.EVENT_PUBLISH, Map.of("mqtt.topic", "two", "mqtt.correlation", 1));
        assertTrue(String.valueOf(events.await(MqttConstants.EVENT_REJECTED, event -> true)
                .getProperty(MqttConstants.REASON)).contains("allowed are [first, second]"));
        events.post(MqttConstants.EVENT_PUBLISH, Map.of("mqtt.topic", "two", "mqtt.client", "first"));
        events.await(MqttConstants.EVENT_PUBLISHED, "first");
        Await.until("the delivery", () -> first.metrics().delivered() == 1);
    }

    @Test
    void aMessageThatIsDroppedIsToldOncePerSecond() {
        clients.configure("dropper", "mqtt://127.0.0.1:" + TestBroker.freePort(), "store.max.messages", 5,
                "store.overflow", "drop-oldest");
        ResilientMqttClient client = clients.service("dropper");
        for (int i = 0; i < 15; i++) {
            Await.result(client.publish(Message.to("drop/x").build()).stored());
        }
        Event dropped = events.await(MqttConstants.EVENT_DROPPED, "dropper");
        assertEquals(10L, dropped.getProperty(MqttConstants.COUNT));
        assertTrue(String.valueOf(dropped.getProperty(MqttConstants.REASON)).contains("store.overflow"));
    }
}
