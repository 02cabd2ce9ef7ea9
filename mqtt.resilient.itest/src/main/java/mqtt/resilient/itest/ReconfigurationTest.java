package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.ServiceReference;

/** A configuration changes while its client publishes without a pause. */
class ReconfigurationTest extends FrameworkTest {
    private static final int ENDLESS = Integer.MAX_VALUE;
    private static final Duration PERIOD = Duration.ofMillis(2);
    private static final int BATCH = 100;

    private final Events events = closing(new Events(context));

    @ParameterizedTest
    @CsvSource({ "inflight.max, 3", "response.seconds, 4", "ping.seconds, 5", "store.max.messages, 100000",
        "rate.messages, 10000.5" })
    void aLiveKeyKeepsTheConnectionAndTheService(String key, String value) throws Exception {
        ResilientMqttClient client = clients.connected("live", broker);
        ServiceReference<ResilientMqttClient> reference = clients.reference("live");
        Inbox inbox = Inbox.subscribed(client, "live/+");
        Statuses statuses = Statuses.of(client);
        Flow flow = closing(new Flow(client, "live/x", ENDLESS, PERIOD));
        flow.awaitPublished(BATCH);

        clients.configure("live", broker.uri(), key, value);
        assertEquals(true, events.awaitConfiguration("live", 2).getProperty(MqttConstants.ACCEPTED));
        flow.awaitPublished(flow.published() + BATCH);

        inbox.awaitTexts(flow.stop());
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
        assertEquals(reference, clients.reference("live"));
        assertEquals(inbox.messages().size(), inbox.distinctTexts().size(), "nothing may come twice");
    }

    @ParameterizedTest
    @CsvSource({ "keepalive.seconds, 33", "client.id, another-id", "user, somebody", "will.topic, eager/will",
        "session.expiry.seconds, 0", "packet.max.bytes, 100000" })
    void aKeyOfTheConnectionReconnectsOnceAndLosesNothing(String key, String value) throws Exception {
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "eager/+");
        ResilientMqttClient client = clients.connected("eager", broker, "client.id", "first-id");
        ServiceReference<ResilientMqttClient> reference = clients.reference("eager");
        Statuses statuses = Statuses.of(client);
        Flow flow = closing(new Flow(client, "eager/x", ENDLESS, PERIOD));
        flow.awaitPublished(BATCH);

        clients.configure("eager", broker.uri(), "client.id", "first-id", key, value);
        Await.until("the second connection", () -> statuses.times(ConnectionState.ONLINE) == 2);
        flow.awaitPublished(flow.published() + BATCH);

        observer.awaitTexts(flow.stop());
        assertEquals(2, statuses.times(ConnectionState.ONLINE));
        assertEquals(reference, clients.reference("eager"));
        assertTrue(statuses.all().stream().anyMatch(status -> status.reason().contains("configuration has changed")));
    }

    @Test
    void otherBrokersMoveTheClientAndLoseNothing() throws Exception {
        try (TestBroker other = new TestBroker().start()) {
            Inbox here = Inbox.subscribed(clients.connected("here", broker), "move/+");
            Inbox there = Inbox.subscribed(clients.connected("there", other), "move/+");
            ResilientMqttClient client = clients.connected("mover", broker);
            Inbox own = Inbox.subscribed(client, "own/+");
            ServiceReference<ResilientMqttClient> reference = clients.reference("mover");
            Flow flow = closing(new Flow(client, "move/x", ENDLESS, PERIOD));
            flow.awaitPublished(BATCH);

            clients.configure("mover", other.uri());
            Await.until("the client is at the other broker", () -> client.isConnected()
                    && client.status().broker().equals(other.uri()));
            flow.awaitPublished(flow.published() + BATCH);

            List<String> published = flow.stop();
            assertTrue(Await.result(client.drain(Await.LIMIT)));
            Await.until("the last message", () -> there.texts().contains(published.get(published.size() - 1)));
            Await.until("all messages", () -> {
                TreeSet<String> all = new TreeSet<>(here.texts());
                all.addAll(there.texts());
                return all.equals(new TreeSet<>(published));
            });
            assertEquals(reference, clients.reference("mover"));
            client.publish(Message.to("own/x").payload("subscribed there too").build());
            own.awaitTexts("subscribed there too");
        }
    }

    @Test
    void anotherNameWaitsUntilNothingIsPendingAndThenMovesTheService() throws Exception {
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "named/+");
        int nobody = TestBroker.freePort();
        clients.configure("before", "mqtt://127.0.0.1:" + nobody);
        ResilientMqttClient before = clients.service("before");
        Publication publication = before.publish(Message.to("named/x").payload("kept").build());
        Await.result(publication.stored());
        clients.configure("before", broker.uri(), "mqtt.client", "after");
        Await.until("it is refused", () -> before.status().configurationError().contains("mqtt.client"));
        clients.configure("before", broker.uri());
        observer.awaitTexts("kept");
        assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
        clients.configure("before", broker.uri(), "mqtt.client", "after");
        ResilientMqttClient client = clients.service("after");
        Await.until("the old name is gone", () -> clients.references("before").isEmpty());
        assertEquals("after", client.status().client());
    }

    @Test
    void changesFasterThanTheirConnectionsEndWithTheLastOneInForce() throws Exception {
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "fickle/+");
        ResilientMqttClient client = clients.connected("fickle", broker);
        String derived = client.status().clientId();
        Flow flow = closing(new Flow(client, "fickle/x", ENDLESS, PERIOD));
        flow.awaitPublished(BATCH);
        for (int i = 1; i <= 20; i++) {
            clients.configure("fickle", broker.uri(), "client.id", "fickle-" + i, "keepalive.seconds", 60 + i);
            events.awaitConfiguration("fickle", i + 1); // Felix SCR 2.2.12 misses the last of two at the same time
        }
        Await.until("the last client id", () -> client.isConnected()
                && client.status().clientId().equals("fickle-20"));
        clients.configure("fickle", broker.uri());
        Await.until("the derived client id again", () -> client.isConnected()
                && client.status().clientId().equals(derived));
        assertNotEquals("fickle-20", derived);
        observer.awaitTexts(flow.stop());
    }
}
