package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.SubscribeOptions.RetainHandling;
import mqtt.resilient.api.Subscription;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * MQTT 5 with HiveMQ CE, which has all of it and ends the connection of a client that breaks a rule. Its limits and
 * permissions are in the module mqtt.resilient.brokers.
 */
@EngineTest
class FiveHiveMqTest extends FiveBrokerTest {
    private static final int LARGEST_PACKET = 20_000;
    private static final SubscribeOptions QOS_2 = SubscribeOptions.qos(Qos.EXACTLY_ONCE);

    @BeforeAll
    static void startBroker() {
        broker = TestBroker.of(TestBroker.Kind.HIVEMQ).start();
    }

    @Test
    void theLimitsOfTheBrokerAreKnownAndKept() {
        ResilientMqttClient client = five("limited", "inflight.max", 100, "session.expiry.seconds", 100_000);
        BrokerLimits limits = client.status().limits();
        assertEquals(7, limits.receiveMaximum());
        assertEquals(LARGEST_PACKET, limits.maximumPacketBytes());
        assertEquals(5, limits.topicAliasMaximum());
        assertEquals(40, limits.keepAliveSeconds());
        assertEquals(90_000, limits.sessionExpirySeconds());
        assertManyAreTaken(client);
    }

    @Test
    void aMessageThatIsTooLargeForTheBrokerIsRejectedAndTheNextOneIsNot() {
        ResilientMqttClient client = five("large");
        Outcome large = Await
                .result(client.publish(Message.to("t").payload(new byte[LARGEST_PACKET]).build()).delivered());
        assertEquals(Outcome.Kind.REFUSED, large.kind());
        assertEquals(0x95, large.reasonCode());
        assertTrue(large.reason().contains("" + LARGEST_PACKET), large.reason());
        assertTrue(Await
                .result(client.publish(Message.to("t").payload(new byte[LARGEST_PACKET - 100]).build()).delivered())
                .isDelivered());
        assertEquals(1, client.metrics().connections());
    }

    @Test
    void theBrokerKeepsToOurReceiveMaximum() {
        ResilientMqttClient client = five("slow", "inflight.max", 5);
        ResilientMqttClient other = five("quick");
        List<ReceivedMessage> held = Collections.synchronizedList(new ArrayList<>());
        assertTrue(
                Await.result(client.subscribe("max/#", QOS_2.acknowledgedManually(), held::add).result()).isGranted());
        for (int i = 0; i < 20; i++) {
            other.publish(Message.to("max/" + i).qos(Qos.of(1 + i % 2)).build());
        }
        assertTrue(Await.result(other.drain(Await.LIMIT)));
        for (int handled = 0; handled < 20; handled++) {
            int next = handled;
            Await.until("message " + next, () -> held.size() > next);
            assertTrue(held.size() <= handled + 5, held.size() + " messages, and " + handled + " acknowledged");
            held.get(next).acknowledge();
        }
        assertEquals(1, client.metrics().connections());
    }

    @Test
    void nothingIsLostWhenTheBrokerIsRestarted() {
        TestBroker own = closing(TestBroker.of(TestBroker.Kind.HIVEMQ)).start();
        ResilientMqttClient sender = clients.connected("sender", own, "protocol", "5");
        ResilientMqttClient receiver = clients.connected("receiver", own, "protocol", "5");
        Inbox inbox = subscribed(receiver, "kept/+", QOS_2);
        receiver.disconnect();
        publish(sender, 0, 100);
        assertTrue(Await.result(sender.drain(Await.LIMIT)));
        own.stop();
        Await.until("the sender knows", () -> !sender.isConnected());
        publish(sender, 100, 200);
        own.start();
        Clients.awaitConnected(sender);
        receiver.connect();
        Clients.awaitConnected(receiver);
        Await.until("all 200", () -> inbox.distinctTexts().size() == 200);
        assertTrue(sender.status().sessionPresent() && receiver.status().sessionPresent());
        assertEquals(0, sender.metrics().sessionsLost() + receiver.metrics().sessionsLost());
        assertEquals(100, inbox.messages().stream().filter(each -> each.qos() == Qos.EXACTLY_ONCE).count());
    }

    private static void publish(ResilientMqttClient client, int from, int to) {
        for (int i = from; i < to; i++) {
            client.publish(Message.to("kept/" + i % 3).payload("" + i).qos(Qos.of(1 + i % 2)).build());
        }
    }

    @Test
    void retainedMessagesComeAsTheSubscriptionAsksForThem() {
        ResilientMqttClient client = five("handling");
        Await.result(client.publish(Message.to("rh/held").payload("old").retain(true).build()).delivered());
        Inbox always = new Inbox();
        Inbox ifNew = new Inbox();
        Inbox never = new Inbox();
        SubscribeOptions options = SubscribeOptions.qos(Qos.AT_LEAST_ONCE);
        assertTrue(granted(client, "rh/held", options, always));
        always.awaitTexts("old"); // what comes later is that of the next listener as well
        assertTrue(granted(client, "rh/+", options.retained(RetainHandling.IF_NEW), ifNew));
        ifNew.awaitTexts("old");
        assertTrue(granted(client, "rh/#", options.retained(RetainHandling.NEVER), never));
        client.reconnect();
        Await.until("another connection", () -> client.metrics().connections() == 2 && client.isConnected());
        Await.result(client.publish(Message.to("rh/held").payload("new").retain(true).build()).delivered());
        never.awaitTexts("new");
        ifNew.awaitTexts("old", "new");
    }

    private static boolean granted(ResilientMqttClient client, String filter, SubscribeOptions options, Inbox inbox) {
        return Await.result(client.subscribe(filter, options, inbox).result()).isGranted();
    }

    @Test
    void whatTheBrokerDeniesIsSaidWithItsCodeAndItsWords() {
        ResilientMqttClient client = five("denied");
        for (Qos qos : List.of(Qos.AT_LEAST_ONCE, Qos.EXACTLY_ONCE)) {
            assertEquals(new Outcome(Outcome.Kind.REFUSED, 0x87, "not below denied/"), Await.result(
                    // it hangs up then, with 0x87
                    client.publish(Message.to("denied/x").qos(qos).build()).delivered()));
        }
        Subscription.Grant grant = Await.result(client.subscribe("denied/+", QOS_2, new Inbox()).result());
        assertEquals(0x87, grant.code());
        assertTrue(grant.reason().startsWith("not below denied/"), grant.reason());
        assertEquals(0x10, Await.result(client.publish(Message.to("nobody/listens").build()).delivered()).reasonCode());
    }

    @Test
    void aDisconnectOfTheBrokerSaysWhy() {
        ResilientMqttClient client = five("leaving");
        Statuses statuses = Statuses.of(client);
        client.publish(Message.to("leave").qos(Qos.AT_MOST_ONCE).build());
        ClientStatus left = statuses.await("the end", status -> status.state() == ConnectionState.WAITING);
        assertEquals(0x98, left.reasonCode());
        assertTrue(left.reason().contains("the administrator says so"), left.reason());
        Clients.awaitConnected(client);
    }

    @Test
    void theTimeThatAMessageHasWaitedHereIsTakenFromItsExpiry() {
        Inbox inbox = subscribed(five("reading"), "waiting", QOS_2);
        ResilientMqttClient client = five("offline");
        client.disconnect();
        client.publish(Message.to("waiting").payload("kept").expiresAfter(Duration.ofSeconds(100)).build());
        awaitSeconds(client, 2);
        client.connect();
        inbox.awaitTexts("kept");
        long left = inbox.messages().get(0).expirySeconds();
        assertTrue(left > 50 && left <= 98, left + " s");
    }

    /** A message of a client that is not connected tells the time. */
    private static void awaitSeconds(ResilientMqttClient disconnected, int seconds) {
        Publication clock = disconnected.publish(Message.to("t").expiresAfter(Duration.ofSeconds(seconds)).build());
        assertEquals(Outcome.Kind.EXPIRED, Await.result(clock.delivered()).kind());
    }

    @Test
    void theSessionExpiryMayChangeWhenAClientLeaves() {
        ResilientMqttClient client = five("expiring", "session.expiry.seconds", 1000);
        client.disconnect();
        awaitSeconds(client, 3);
        client.connect();
        Clients.awaitConnected(client);
        assertTrue(client.status().sessionPresent());
        Events events = closing(new Events(context));
        clients.configure("expiring", broker.uri(), "protocol", "5", "session.expiry.seconds", 1);
        events.awaitConfiguration("expiring", 1);
        client.disconnect();
        awaitSeconds(client, 3);
        client.connect();
        Clients.awaitConnected(client);
        assertFalse(client.status().sessionPresent());
        assertEquals(1, client.metrics().sessionsLost());
    }

    @Test
    void theClientIdThatTheBrokerGaveOutlivesTheClient() {
        String id = five("named", "client.id", "*").status().clientId();
        assertTrue(id.length() > 5, id);
        clients.delete("named");
        ResilientMqttClient again = five("named", "client.id", "*");
        assertEquals(id, again.status().clientId());
        assertTrue(again.status().sessionPresent());
    }
}
