package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;

/** The broker goes and comes back. */
class OutageTest extends FrameworkTest {
    private static final Duration OUTAGE = Duration.ofSeconds(10);
    private static final int MESSAGES = 200;
    private static final Duration PERIOD = Duration.ofMillis(55);

    private final TestBroker mortal = closing(new TestBroker().start());

    /**
     * One client publishes and receives: over one connection the broker sends a message before it acknowledges it, and
     * on a new session the client subscribes before it repeats. So a broker that keeps nothing loses nothing.
     */
    @Test
    void twoHundredMessagesSurviveABrokerThatIsKilledForTenSeconds() throws Exception {
        ResilientMqttClient client = clients.connected("survivor", mortal);
        Inbox inbox = Inbox.subscribed(client, "survivor/+");
        Flow flow = closing(new Flow(client, "survivor/count", MESSAGES, PERIOD));
        Await.until("some messages before the outage", () -> inbox.messages().size() >= 10);

        mortal.kill();
        long killed = System.nanoTime();
        Await.until("the outage has lasted " + OUTAGE, () -> System.nanoTime() - killed >= OUTAGE.toNanos());
        assertTrue(flow.published() > 100, "published during the outage: " + flow.published());
        mortal.start();

        flow.awaitPublished(MESSAGES);
        inbox.awaitTexts(Flow.numbers(MESSAGES));
        assertTrue(Await.result(client.drain(Await.LIMIT)));
        assertEquals(MESSAGES, client.metrics().delivered());
        assertEquals(0, client.metrics().dropped());
    }

    @Test
    void everyClientReconnectsAfterARestartOfTheBroker() {
        List<ResilientMqttClient> all = new ArrayList<>();
        List<Inbox> inboxes = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            clients.configure("many" + i, mortal.uri());
        }
        for (int i = 0; i < 8; i++) {
            ResilientMqttClient client = clients.service("many" + i);
            Clients.awaitConnected(client);
            all.add(client);
            inboxes.add(Inbox.subscribed(client, "many/" + i));
        }
        for (int round = 1; round <= 2; round++) {
            mortal.stop();
            Await.until("every client is offline", () -> all.stream().noneMatch(ResilientMqttClient::isConnected));
            mortal.start();
            Await.until("every client is connected", () -> all.stream().allMatch(ResilientMqttClient::isConnected));
            for (int i = 0; i < 8; i++) {
                all.get(i).publish(Message.to("many/" + i).payload("after restart " + round).build());
            }
            for (Inbox inbox : inboxes) {
                String last = "after restart " + round;
                Await.until("the message " + last, () -> inbox.texts().contains(last));
            }
        }
    }

    @Test
    void whatIsPublishedBeforeTheFirstConnectionIsDelivered() {
        mortal.kill();
        clients.configure("before", mortal.uri());
        ResilientMqttClient client = clients.service("before");
        List<Publication> publications = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            publications.add(client.publish(Message.to("before/x").payload("" + i).build()));
        }
        mortal.start();
        for (Publication publication : publications) {
            assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.settled()).kind());
        }
    }

    @Test
    void theStatusSaysWhyThereIsNoConnectionAndWhenTheNextAttemptIs() {
        ResilientMqttClient client = clients.connected("told", mortal, "backoff.min.ms", 500);
        Statuses statuses = Statuses.of(client);
        mortal.kill();
        var lost = statuses.await("the loss", status -> status.state() == ConnectionState.WAITING);
        assertTrue(lost.reason().matches(".*(closed|reset).*"), lost.toString());
        var refused = statuses.await("a failed attempt", status -> status.state() == ConnectionState.WAITING
                && status.reason().contains("refused"));
        assertEquals(mortal.uri(), refused.broker());
        assertTrue(refused.attempt() >= 1 && !refused.nextAttempt().isZero(), refused.toString());
        mortal.start();
        Clients.awaitConnected(client);
        assertEquals(0, client.status().attempt());
    }
}
