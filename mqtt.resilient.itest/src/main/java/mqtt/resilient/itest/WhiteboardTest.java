package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.event.Event;

/** Listeners that are services and call nothing. */
class WhiteboardTest extends FrameworkTest {
    private final Inbox inbox = new Inbox();

    private ServiceRegistration<MessageListener> register(MessageListener listener, Map<String, Object> properties) {
        ServiceRegistration<MessageListener> registration = context.registerService(MessageListener.class, listener,
                new Hashtable<>(properties));
        closing(() -> {
            try {
                registration.unregister();
            } catch (IllegalStateException e) {
                return; // the test did it
            }
        });
        return registration;
    }

    /** Publishes marked messages until one arrives: then the broker knows the subscription. */
    private static void awaitArrival(ResilientMqttClient client, String topic, Inbox at) {
        AtomicInteger number = new AtomicInteger();
        Await.until("a message on " + topic, () -> {
            Await.result(client.publish(Message.to(topic).payload("probe " + number.incrementAndGet()).build())
                    .delivered());
            return !at.messages().isEmpty();
        });
    }

    static Stream<Arguments> properties() {
        return Stream.of(
                arguments(Map.of("mqtt.filter", "wb/a"), Qos.AT_LEAST_ONCE),
                arguments(Map.of("mqtt.filter", new String[] { "wb/x", "wb/a" }), Qos.AT_LEAST_ONCE),
                arguments(Map.of("mqtt.filter", List.of("wb/+", "wb/#")), Qos.AT_LEAST_ONCE),
                arguments(Map.of("mqtt.filter", "wb/a", "mqtt.qos", 0), Qos.AT_MOST_ONCE),
                arguments(Map.of("mqtt.filter", "wb/a", "mqtt.qos", "0"), Qos.AT_MOST_ONCE),
                arguments(Map.of("mqtt.filter", "wb/a", "mqtt.qos", "1"), Qos.AT_LEAST_ONCE),
                arguments(Map.of("mqtt.filter", "wb/a", "mqtt.qos", (byte) 1), Qos.AT_LEAST_ONCE),
                arguments(Map.of("mqtt.filter", "wb/a", "mqtt.client", "board"), Qos.AT_LEAST_ONCE));
    }

    @ParameterizedTest
    @MethodSource("properties")
    void aListenerServiceGetsItsMessagesWithItsQos(Map<String, Object> properties, Qos qos) {
        ResilientMqttClient client = clients.connected("board", broker);
        register(inbox, properties);
        awaitArrival(client, "wb/a", inbox);
        assertEquals(qos, inbox.messages().get(0).qos());
        assertEquals("wb/a", inbox.messages().get(0).topic());
    }

    @Test
    void aListenerThatIsThereBeforeItsClientIsServedWhenTheClientComes() {
        register(inbox, Map.of("mqtt.filter", "wb/a", "mqtt.client", "board"));
        awaitArrival(clients.connected("board", broker), "wb/a", inbox);
    }

    @Test
    void aListenerWithoutAClientNameGetsNothingWhileThereAreTwoClientsAndAnEventSaysSo() {
        Events events = closing(new Events(context));
        ResilientMqttClient first = clients.connected("first", broker);
        ResilientMqttClient second = clients.connected("second", broker);
        register(inbox, Map.of("mqtt.filter", "wb/a"));
        events.await(MqttConstants.EVENT_CONFIGURATION, event -> isRefusal(event, "mqtt.client: missing"));
        Inbox sure = Inbox.subscribed(second, "wb/+");
        first.publish(Message.to("wb/a").payload("for nobody").build());
        sure.awaitTexts("for nobody");
        assertEquals(List.of(), inbox.texts());

        clients.delete("second");
        awaitArrival(first, "wb/a", inbox);
    }

    @Test
    void aListenerThatCannotBeServedIsToldOnceAndDisturbsNobody() {
        Events events = closing(new Events(context));
        ResilientMqttClient client = clients.connected("board", broker);
        register(inbox, Map.of("mqtt.filter", "wb/#/a"));
        register(inbox, Map.of("mqtt.filter", "wb/a", "mqtt.qos", "many"));
        register(inbox, Map.of("mqtt.filter", new String[0]));
        Inbox good = new Inbox();
        register(good, Map.of("mqtt.filter", "wb/a"));
        awaitArrival(client, "wb/a", good);
        for (String reason : List.of("wb/#/a", "mqtt.qos: \"many\"", "mqtt.filter: ")) {
            events.await(MqttConstants.EVENT_CONFIGURATION, event -> isRefusal(event, reason));
            assertEquals(1, events.of(MqttConstants.EVENT_CONFIGURATION).stream()
                    .filter(event -> isRefusal(event, reason)).count(), reason);
        }
        assertEquals(List.of(), inbox.texts());
    }

    private static boolean isRefusal(Event event, String reason) {
        return Boolean.FALSE.equals(event.getProperty(MqttConstants.ACCEPTED))
                && String.valueOf(event.getProperty(MqttConstants.REASON)).contains(reason);
    }

    @Test
    void aListenerThatThrowsGetsTheMessageAgainThenItIsSetAsideAndTheNextOnesArrive() {
        Events events = closing(new Events(context));
        ResilientMqttClient client = clients.connected("board", broker, "inbound.attempts", 2);
        List<String> calls = Collections.synchronizedList(new ArrayList<>());
        register(message -> {
            String text = new String(message.payload(), StandardCharsets.UTF_8);
            calls.add(text);
            if (text.equals("bad")) {
                throw new IllegalStateException("cannot digest " + text);
            }
            if (text.equals("worse")) {
                throw new NoClassDefFoundError("no/Such");
            }
        }, Map.of("mqtt.filter", "wb/throw"));
        Inbox neighbour = Inbox.subscribed(client, "wb/throw");
        for (String text : List.of("good", "bad", "worse", "fine")) {
            client.publish(Message.to("wb/throw").payload(text).build());
        }
        Await.until("the last message", () -> calls.contains("fine"));
        assertEquals(List.of("good", "bad", "bad", "worse", "worse", "fine"), calls);
        neighbour.awaitTexts("good", "bad", "worse", "fine");
        Event aside = events.await(MqttConstants.EVENT_DEAD_LETTERED, "board");
        assertEquals("wb/throw", aside.getProperty(MqttConstants.TOPIC));
        assertTrue(String.valueOf(aside.getProperty(MqttConstants.REASON)).contains("cannot digest bad"));
        Await.until("both are set aside", () -> events.of(MqttConstants.EVENT_DEAD_LETTERED, "board").size() == 2);
        Await.until("everything is acknowledged", () -> client.metrics().unhandled() == 0);
        assertEquals(4, client.metrics().listenerFailures());
    }

    @Test
    void aListenerMayWaitInsideItsCallbackForTheDeliveryOfItsOwnMessage() {
        ResilientMqttClient client = clients.connected("board", broker);
        List<Outcome.Kind> outcomes = Collections.synchronizedList(new ArrayList<>());
        register(message -> outcomes.add(answer(client, message).kind()), Map.of("mqtt.filter", "wb/ask"));
        Inbox answers = Inbox.subscribed(client, "wb/answer");
        awaitArrival(client, "wb/ask", answers);
        Await.until("a delivery inside the callback", () -> outcomes.contains(Outcome.Kind.DELIVERED));
    }

    private static Outcome answer(ResilientMqttClient client, ReceivedMessage question) throws Exception {
        return client.publish(Message.to("wb/answer").payload(question.payload()).build()).delivered()
                .toCompletableFuture().get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aHundredListenersThatBlockOnEachOtherDoNotDeadlock() {
        ResilientMqttClient client = clients.connected("board", broker);
        Set<Integer> answered = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 100; i++) {
            int number = i;
            register(message -> {
                answer(client, message);
                answered.add(number);
            }, Map.of("mqtt.filter", "wb/all"));
        }
        Inbox answers = Inbox.subscribed(client, "wb/answer");
        Await.until("100 answers", () -> { // they are bound one after the other, on another thread
            awaitArrival(client, "wb/all", answers);
            return answered.size() >= 100;
        });
    }

    @Test
    void aListenerUnregisteredAndRegisteredAgainGetsWhatArrivedMeanwhile() {
        ResilientMqttClient client = clients.connected("board", broker);
        ServiceRegistration<MessageListener> registration = register(inbox, Map.of("mqtt.filter", "wb/back"));
        awaitArrival(client, "wb/back", inbox);
        registration.unregister();
        Inbox sure = Inbox.subscribed(client, "wb/+");
        client.publish(Message.to("wb/back").payload("meanwhile").build());
        sure.awaitTexts("meanwhile");
        assertFalse(inbox.texts().contains("meanwhile"), "an unregistered listener gets nothing");
        register(inbox, Map.of("mqtt.filter", "wb/back"));
        Await.until("the held message", () -> inbox.texts().contains("meanwhile"));
    }

    @Test
    void changedPropertiesActAtOnce() {
        ResilientMqttClient client = clients.connected("board", broker);
        ServiceRegistration<MessageListener> registration = register(inbox, Map.of("mqtt.filter", "wb/old"));
        awaitArrival(client, "wb/old", inbox);
        registration.setProperties(new Hashtable<>(Map.of("mqtt.filter", "wb/new")));
        Await.until("a message for the new filter", () -> {
            Await.result(client.publish(Message.to("wb/new").build()).delivered());
            return inbox.messages().stream().anyMatch(message -> message.topic().equals("wb/new"));
        });
        Inbox sure = Inbox.subscribed(client, "wb/old");
        client.publish(Message.to("wb/old").payload("old").build());
        sure.awaitTexts("old");
        assertFalse(inbox.texts().contains("old"));
    }

    @Test
    void manualAcknowledgementIsAListenersProperty() {
        ResilientMqttClient client = clients.connected("board", broker);
        register(inbox, Map.of("mqtt.filter", "wb/manual", "mqtt.manual.acknowledgement", true));
        awaitArrival(client, "wb/manual", inbox);
        assertTrue(client.metrics().unhandled() > 0);
        inbox.messages().forEach(ReceivedMessage::acknowledge);
        Await.until("all is acknowledged", () -> {
            inbox.messages().forEach(ReceivedMessage::acknowledge);
            return client.metrics().unhandled() == 0;
        });
    }
}
