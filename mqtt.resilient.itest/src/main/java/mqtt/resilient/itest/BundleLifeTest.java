package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageQueue;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.wiring.FrameworkWiring;

/** Bundles come and go: the engine's and those that use it. */
class BundleLifeTest extends FrameworkTest {
    @Test
    void theEngineStoppedAndStartedServesTheSameConfigurationsAgain() throws Exception {
        Bundle engine = engineBundle();
        ResilientMqttClient before = clients.connected("reborn", broker);
        String clientId = before.status().clientId();
        for (int round = 0; round < 3; round++) {
            engine.stop();
            assertTrue(clients.references("reborn").isEmpty(), "no service may be left");
            assertThrows(IllegalStateException.class, before::status);
            engine.start();
            ResilientMqttClient after = clients.service("reborn");
            Clients.awaitConnected(after);
            assertEquals(clientId, after.status().clientId());
            Inbox inbox = Inbox.subscribed(after, "reborn/+");
            after.publish(Message.to("reborn/x").payload("round " + round).build());
            // the last round's may come again: its acknowledgement was cut off by the stop
            String text = "round " + round;
            Await.until(text, () -> inbox.texts().contains(text));
        }
    }

    @Test
    void theEngineCanBeRefreshed() throws Exception {
        clients.connected("fresh", broker);
        CountDownLatch refreshed = new CountDownLatch(1);
        context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class).refreshBundles(
                List.of(engineBundle()), event -> {
                    if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                        refreshed.countDown();
                    }
                });
        Await.until("the refresh", () -> refreshed.getCount() == 0);
        ResilientMqttClient client = clients.service("fresh");
        Clients.awaitConnected(client);
        Inbox inbox = Inbox.subscribed(client, "fresh/+");
        client.publish(Message.to("fresh/x").payload("1").build());
        inbox.awaitTexts("1");
    }

    @Test
    void everyMethodOfAStaleReferenceThrowsIllegalStateException() throws Exception {
        clients.connected("stale", broker);
        ResilientMqttClient stale;
        Subscription subscription;
        MessageQueue queue;
        Inbox inbox = new Inbox();
        try (ConsumerBundle consumer = ConsumerBundle.started(context, "leaving")) {
            stale = consumer.context().getService(clients.reference("stale"));
            subscription = stale.subscribe("stale/+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), inbox);
            queue = stale.open("stale/+", SubscribeOptions.qos(Qos.AT_MOST_ONCE), 10);
            assertTrue(Await.result(subscription.result()).isGranted());
            consumer.stop();
        }
        Message message = Message.to("stale/x").build();
        assertThrows(IllegalStateException.class, () -> stale.publish(message));
        assertThrows(IllegalStateException.class, () -> stale.publish(message, Duration.ofSeconds(1)));
        assertThrows(IllegalStateException.class, () -> stale.outcome(1));
        assertThrows(IllegalStateException.class,
                () -> stale.subscribe("a", SubscribeOptions.qos(Qos.AT_MOST_ONCE), inbox));
        assertThrows(IllegalStateException.class, () -> stale.open("a", SubscribeOptions.qos(Qos.AT_MOST_ONCE), 1));
        assertThrows(IllegalStateException.class, () -> stale.request(message, Duration.ofSeconds(1)));
        assertThrows(IllegalStateException.class,
                () -> stale.respond("a", SubscribeOptions.qos(Qos.AT_MOST_ONCE), request -> null));
        assertThrows(IllegalStateException.class, stale::status);
        assertThrows(IllegalStateException.class, stale::isConnected);
        assertThrows(IllegalStateException.class, () -> stale.addConnectionListener(status -> {}));
        assertThrows(IllegalStateException.class, stale::disconnect);
        assertThrows(IllegalStateException.class, stale::connect);
        assertThrows(IllegalStateException.class, stale::reconnect);
        assertThrows(IllegalStateException.class, () -> stale.drain(Duration.ofSeconds(1)));
        assertThrows(IllegalStateException.class, stale::brokerUp);
        assertThrows(IllegalStateException.class, stale::metrics);
        Await.until("the queue is closed", () -> isClosed(queue));
        subscription.close();
        queue.close();
        Await.until("the subscription is closed", () -> subscription.granted().equals(Subscription.Grant.CLOSED));
    }

    private static boolean isClosed(MessageQueue queue) {
        try {
            queue.poll(Duration.ZERO);
            return false;
        } catch (IllegalStateException e) {
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aConsumerThatIsUpdatedGetsWhatArrivedMeanwhile() throws Exception {
        ResilientMqttClient client = clients.connected("consumed", broker);
        List<String> received = Collections.synchronizedList(new ArrayList<>());
        Consumer<String> inbox = received::add;
        ServiceRegistration<?> registration = context.registerService(Consumer.class, inbox,
                new Hashtable<>(Map.of("itest", "inbox")));
        closing(registration::unregister);
        try (ConsumerBundle consumer = ConsumerBundle.startedWithClasses(context, "careless")) {
            Inbox.subscribed(client, "marker"); // which comes behind the consumer's own subscription
            publish(client, "consumer/x", 1, 10);
            Await.until("10 messages", () -> received.size() == 10);

            consumer.stop();
            publish(client, "consumer/x", 11, 20);
            assertEquals(10, received.size(), "a stopped bundle gets nothing");
            consumer.update();
            consumer.start();
            publish(client, "consumer/x", 21, 30);
            Await.until("all 30 messages", () -> received.size() >= 30);
            assertEquals(Flow.numbers(30), received);
        }
    }

    /** Publishes and waits until the broker has each message and has handed it on. */
    private static void publish(ResilientMqttClient client, String topic, int from, int to) {
        for (int i = from; i <= to; i++) {
            long received = client.metrics().received();
            assertEquals(Outcome.Kind.DELIVERED, Await.result(client.publish(
                    Message.to(topic).payload("" + i).build()).delivered()).kind());
            Await.until("message " + i + " came back", () -> client.metrics().received() > received);
        }
    }

    @Test
    void aConsumerThatDoesNotComeBackInTimeIsUnsubscribed() throws Exception {
        Events events = closing(new Events(context));
        ResilientMqttClient client = clients.connected("consumed", broker, "listener.grace.seconds", 1);
        try (ConsumerBundle consumer = ConsumerBundle.started(context, "gone")) {
            ResilientMqttClient theirs = consumer.context().getService(clients.reference("consumed"));
            Inbox.subscribed(theirs, "gone/+");
        }
        Await.result(client.publish(Message.to("gone/x").payload("held").build()).delivered());
        events.await("mqtt/resilient/DROPPED", event -> String.valueOf(event.getProperty("mqtt.reason"))
                .contains("listener.grace.seconds"));
        long received = client.metrics().received();
        Inbox marker = Inbox.subscribed(client, "marker");
        Await.result(client.publish(Message.to("gone/x").payload("nobody").build()).delivered());
        client.publish(Message.to("marker").payload("1").build());
        marker.awaitTexts("1");
        assertEquals(received + 1, client.metrics().received(), "the broker still sends what nobody wants");
    }

    @Test
    void aConsumerThatStopsInsideItsCallbackHarmsNobody() throws Exception {
        ResilientMqttClient client = clients.connected("consumed", broker);
        Inbox neighbour = Inbox.subscribed(client, "suicide/+");
        ConsumerBundle consumer = closing(ConsumerBundle.started(context, "suicide"));
        CountDownLatch stopped = new CountDownLatch(1);
        ResilientMqttClient theirs = consumer.context().getService(clients.reference("consumed"));
        Subscription subscription = theirs.subscribe("suicide/+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> {
            consumer.stop();
            stopped.countDown();
        });
        Await.result(subscription.result());
        client.publish(Message.to("suicide/x").payload("1").build());
        Await.until("the bundle has stopped", () -> stopped.getCount() == 0);
        client.publish(Message.to("suicide/x").payload("2").build());
        neighbour.awaitTexts("1", "2");
    }

    @Test
    void theBundleOfMqtt5ComesAndGoes() throws Exception {
        Bundle bundle = bundle("mqtt.resilient.v5");
        closing(bundle::start);
        ResilientMqttClient client = clients.connected("auto", broker, "protocol", "auto");
        assertEquals("5", client.status().protocol());
        assertArrayEquals(new String[] { "3.1.1", "5" },
                (String[]) clients.reference("auto").getProperty("mqtt.protocol"));
        bundle.stop();
        Await.until("3.1.1", () -> client.isConnected() && client.status().protocol().equals("3.1.1"));
        assertArrayEquals(new String[] { "3.1.1" }, (String[]) clients.reference("auto").getProperty("mqtt.protocol"));
        clients.configure("insisting", broker.uri(), "protocol", "5");
        ResilientMqttClient insisting = clients.service("insisting");
        Await.until("a clear status", () -> insisting.status().state() == ConnectionState.FAILED);
        assertTrue(insisting.status().reason().contains("mqtt.resilient.v5"), insisting.status().reason());
        bundle.start();
        Clients.awaitConnected(insisting);
        Await.until("5 again", () -> client.isConnected() && client.status().protocol().equals("5"));
        assertEquals(2, client.metrics().sessionsLost());
    }
}
