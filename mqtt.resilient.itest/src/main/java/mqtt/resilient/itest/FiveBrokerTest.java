package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.Test;

/** MQTT 5 with a real broker, whichever it is: subclasses start one, and add what is its own. */
abstract class FiveBrokerTest extends FrameworkTest {
    /** {@return a client that is connected with MQTT 5} */
    final ResilientMqttClient five(String name, Object... keysAndValues) {
        List<Object> all = new ArrayList<>(List.of("protocol", "5"));
        all.addAll(List.of(keysAndValues));
        ResilientMqttClient client = clients.connected(name, broker, all.toArray());
        assertEquals("5", client.status().protocol());
        return client;
    }

    static Inbox subscribed(ResilientMqttClient client, String filter, SubscribeOptions options) {
        Inbox inbox = new Inbox();
        assertTrue(Await.result(client.subscribe(filter, options, inbox).result()).isGranted());
        return inbox;
    }

    /** More than the broker takes at once, and nothing is refused. */
    static void assertManyAreTaken(ResilientMqttClient client) {
        for (int i = 0; i < 200; i++) {
            client.publish(Message.to("t").qos(Qos.of(1 + i % 2)).build());
        }
        assertTrue(Await.result(client.drain(Await.LIMIT)));
        assertEquals(200, client.metrics().delivered());
        assertEquals(1, client.metrics().connections());
    }

    @Test
    void messagesArriveWithTheirPropertiesAtEveryQos() {
        ResilientMqttClient client = five("five");
        Inbox inbox = subscribed(client, "five/+", SubscribeOptions.qos(Qos.EXACTLY_ONCE).identifiedBy(77));
        MessageProperties properties = MessageProperties.builder().text(true).contentType("text/plain")
                .responseTopic("answers").correlationData(new byte[] { 0, 1 }).userProperty("b", "1")
                .userProperty("a", "2")
                .userProperty("b", "3").build();
        for (Qos qos : Qos.values()) {
            Outcome end = Await.result(client.publish(Message.to("five/" + qos.ordinal()).payload("x").qos(qos)
                    .expiresAfter(Duration.ofSeconds(100)).properties(properties).build()).delivered());
            assertEquals(new Outcome(Outcome.Kind.DELIVERED, 0, ""), end);
        }
        Await.until("all three", () -> inbox.messages().size() == 3);
        for (ReceivedMessage message : inbox.messages()) {
            assertEquals(properties, message.properties());
            assertTrue(message.expirySeconds() > 90 && message.expirySeconds() <= 100, "" + message.expirySeconds());
            assertEquals(List.of(77), message.subscriptionIdentifiers());
        }
    }

    @Test
    void messagesOnOneTopicGoWithAnAliasAndArriveAll() {
        ResilientMqttClient client = five("aliased");
        Inbox inbox = subscribed(client, "a/long/topic/to/save/bytes/on", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        for (int i = 1; i <= 500; i++) {
            client.publish(Message.to("a/long/topic/to/save/bytes/on").payload("" + i).build());
        }
        inbox.awaitTexts(Flow.numbers(500));
    }

    @Test
    void theOptionsOfSubscriptionsWork() {
        ResilientMqttClient client = five("options");
        ResilientMqttClient other = five("other");
        Await.result(other.publish(Message.to("kept").payload("old").retain(true).build()).delivered());
        Inbox noLocal = subscribed(client, "some", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).withoutLocal());
        Inbox noRetained = subscribed(client, "kept", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).retainedAsPublished()
                .retained(SubscribeOptions.RetainHandling.NEVER));
        client.publish(Message.to("some").payload("mine").build());
        other.publish(Message.to("some").payload("theirs").build());
        other.publish(Message.to("kept").payload("new").retain(true).build());
        noRetained.awaitTexts("new");
        assertTrue(noRetained.messages().get(0).retained());
        noLocal.awaitTexts("theirs");
    }

    @Test
    void aSlowListenerLosesNothingAndNoConnection() {
        ResilientMqttClient client = five("slow", "inflight.max", 10);
        ResilientMqttClient other = five("quick");
        List<ReceivedMessage> held = Collections.synchronizedList(new ArrayList<>());
        assertTrue(
                Await.result(client.subscribe("slow/#", SubscribeOptions.qos(Qos.EXACTLY_ONCE).acknowledgedManually(),
                        held::add).result()).isGranted());
        // Artemis stops sending now and then when QoS 2 meets a Receive Maximum, although nothing is unacknowledged
        int levels = broker.kind() == TestBroker.Kind.ARTEMIS ? 1 : 2;
        for (int i = 0; i < 200; i++) {
            other.publish(Message.to("slow/" + i).qos(Qos.of(1 + i % levels)).build());
        }
        assertTrue(Await.result(other.drain(Await.LIMIT)));
        for (int handled = 0; handled < 200; handled++) {
            int next = handled;
            Await.until("message " + next, () -> held.size() > next);
            held.get(next).acknowledge();
        }
        assertEquals(1, client.metrics().connections());
    }

    @Test
    void sharedSubscriptionsShare() {
        ResilientMqttClient one = five("one");
        ResilientMqttClient two = five("two");
        Inbox first = subscribed(one, "$share/group/shared", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        Inbox second = subscribed(two, "$share/group/shared", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        for (int i = 0; i < 20; i++) {
            one.publish(Message.to("shared").payload("" + i).build());
        }
        Await.until("all 20", () -> first.texts().size() + second.texts().size() == 20);
        assertEquals(20, Stream.concat(first.texts().stream(), second.texts().stream()).distinct().count());
        assertTrue(broker.kind() == TestBroker.Kind.HIVEMQ || !first.texts().isEmpty() && !second.texts().isEmpty(),
                "HiveMQ alone gives all to one while it keeps up");
    }

    @Test
    void theSessionOutlivesTheConnection() {
        TcpProxy proxy = closing(new TcpProxy(broker));
        clients.configure("cut", proxy.uri(), "protocol", "5");
        ResilientMqttClient client = clients.service("cut");
        Clients.awaitConnected(client);
        Inbox inbox = subscribed(client, "cut/+", SubscribeOptions.qos(Qos.EXACTLY_ONCE));
        for (int i = 1; i <= 300; i++) {
            client.publish(Message.to("cut/" + i % 3).payload("" + i).qos(Qos.of(1 + i % 2)).build());
            if (i % 100 == 0) {
                proxy.cut();
                Clients.awaitConnected(client);
            }
        }
        Await.until("all 300", () -> inbox.distinctTexts().size() == 300);
        assertTrue(client.status().sessionPresent());
        assertEquals(0, client.metrics().sessionsLost());
        assertEquals(150, inbox.messages().stream().filter(each -> each.qos() == Qos.EXACTLY_ONCE).count());
    }

    @Test
    void theBrokerGivesAClientId() {
        ResilientMqttClient client = five("nameless", "client.id", "*");
        String id = client.status().clientId();
        assertTrue(id.length() > 5, id);
        client.reconnect();
        Await.until("another connection", () -> client.metrics().connections() == 2 && client.isConnected());
        assertEquals(id, client.status().clientId());
        assertTrue(client.status().sessionPresent());
    }

    @Test
    void aWillIsDelayedAndHasItsProperties() {
        TcpProxy proxy = closing(new TcpProxy(broker));
        Inbox inbox = Inbox.subscribed(five("observer"), "will/+");
        clients.configure("mortal", proxy.uri(), "protocol", "5", "will.topic", "will/mortal", "will.payload", "gone",
                "will.delay.seconds", 1, "will.payload.format", "text", "will.content.type", "text/plain",
                "will.response.topic", "answers", "will.correlation", "c", "will.user.properties",
                new String[] { "b=1", "a=2", "b=3" });
        ResilientMqttClient client = clients.service("mortal");
        Clients.awaitConnected(client);
        proxy.stall();
        proxy.cut();
        inbox.awaitTexts("gone");
        MessageProperties.Builder expected = MessageProperties.builder().userProperty("b", "1").userProperty("a", "2")
                .userProperty("b", "3");
        if (broker.kind() != TestBroker.Kind.ARTEMIS) { // it passes on the user properties of a will, and no others
            expected.text(true).contentType("text/plain").responseTopic("answers")
                    .correlationData("c".getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(expected.build(), inbox.messages().get(0).properties());
    }

    @Test
    void requestsAreAnsweredAcrossVersions() {
        ResilientMqttClient answering = five("answering");
        ResilientMqttClient old = clients.connected("old", broker);
        Await.result(answering.respond("sum", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                request -> ("re: " + new String(request.payload(), StandardCharsets.UTF_8))
                        .getBytes(StandardCharsets.UTF_8))
                .result());
        for (ResilientMqttClient asking : List.of(answering, old)) {
            List<CompletionStage<ReceivedMessage>> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                answers.add(asking.request(Message.to("sum").payload("" + i).build(), Await.LIMIT));
            }
            for (int i = 0; i < 20; i++) {
                assertEquals("re: " + i, new String(Await.result(answers.get(i)).payload(), StandardCharsets.UTF_8));
            }
        }
    }
}
