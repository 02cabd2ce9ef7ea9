package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.Test;

/** The broker stays, the network does not. */
@EngineTest
class NetworkTest extends FrameworkTest {
    private final TcpProxy proxy = closing(new TcpProxy(broker));

    @Test
    void aNetworkThatIsCutAgainAndAgainLosesNothingAndKeepsTheOrder() throws Exception {
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "cut/+");
        clients.configure("cut", proxy.uri());
        ResilientMqttClient client = clients.service("cut");
        Inbox own = Inbox.subscribed(client, "cut/+");
        Flow flow = closing(new Flow(client, "cut/x", Integer.MAX_VALUE, Duration.ofMillis(1)));
        for (int i = 1; i <= 10; i++) {
            flow.awaitPublished(i * 100);
            int connections = proxy.accepted();
            proxy.cut();
            Await.until("connection " + (i + 1), () -> proxy.accepted() > connections && client.isConnected());
            long delivered = client.metrics().delivered();
            // or it looks like poison
            Await.until("an acknowledgement", () -> client.metrics().delivered() > delivered);
        }
        List<String> published = flow.stop();
        observer.awaitTexts(published);
        own.awaitTexts(published);
        assertTrue(Await.result(client.drain(Await.LIMIT)));
        ClientMetrics metrics = client.metrics();
        assertEquals(published.size(), metrics.delivered(), metrics::toString);
        assertEquals(0, metrics.pending());
        assertEquals(0, metrics.sessionsLost(), "the broker kept the session");
        assertTrue(metrics.connections() >= 11, metrics.toString());
    }

    @Test
    void aNetworkThatFallsSilentIsNoticedAndTheMessagesGoOnTheNextConnection() {
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "silent/+");
        clients.configure("silent", proxy.uri(), "response.seconds", 1);
        ResilientMqttClient client = clients.service("silent");
        Clients.awaitConnected(client);
        Statuses statuses = Statuses.of(client);
        proxy.stall();
        Publication publication = client.publish(Message.to("silent/x").payload("kept").build());
        statuses.await("the end of the silent link", status -> status.state() == ConnectionState.WAITING
                && status.reason().contains("no acknowledgement within"));
        proxy.resume();
        proxy.cut();
        assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
        observer.awaitTexts("kept");
    }

    @Test
    void aSilentNetworkIsNoticedWithoutAnyMessage() {
        clients.configure("idle", proxy.uri(), "keepalive.seconds", 2, "ping.seconds", 1, "response.seconds", 1);
        ResilientMqttClient client = clients.service("idle");
        Clients.awaitConnected(client);
        Statuses statuses = Statuses.of(client);
        proxy.stall();
        statuses.await("the missing PINGRESP", status -> status.reason().contains("no PINGRESP"));
    }

    @Test
    void aBacklogIsDeliveredInOrderWhenTheNetworkComes() {
        int backlog = 20_000;
        Inbox observer = Inbox.subscribed(clients.connected("observer", broker), "backlog/+");
        clients.configure("backlog", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("backlog");
        for (int i = 1; i <= backlog; i++) {
            client.publish(Message.to("backlog/x").payload("" + i).build());
        }
        assertEquals(backlog, client.metrics().pending());
        clients.configure("backlog", broker.uri());
        observer.awaitTexts(Flow.numbers(backlog));
        assertEquals(backlog, observer.messages().size(), "nothing came twice");
    }

    @Test
    void manyThreadsPublishAtOnceAndEachKeepsItsOrder() {
        int threads = 8;
        int each = 500;
        ResilientMqttClient client = clients.connected("threads", broker);
        List<Inbox> inboxes = IntStream.range(0, threads).mapToObj(i -> Inbox.subscribed(client, "threads/" + i))
                .toList();
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            String topic = "threads/" + i;
            writers.add(CompletableFuture.runAsync(() -> {
                for (int n = 1; n <= each; n++) {
                    client.publish(Message.to(topic).payload("" + n).build());
                }
            }));
        }
        writers.forEach(Await::result);
        inboxes.forEach(inbox -> inbox.awaitTexts(Flow.numbers(each)));
        assertTrue(Await.result(client.drain(Await.LIMIT)));
        assertEquals((long) threads * each, client.metrics().delivered());
    }

    @Test
    void aConnectionListenerMaySubscribeToManyFiltersAndWaitWhileABacklogArrives() { // paho.mqtt.java#999, #985
        ResilientMqttClient client = clients.connected("waits", broker);
        Inbox inbox = Inbox.subscribed(client, "waits/backlog");
        client.disconnect();
        Await.until("it is offline", () -> !client.isConnected());
        ResilientMqttClient other = clients.connected("other", broker);
        for (int i = 1; i <= 200; i++) {
            other.publish(Message.to("waits/backlog").payload("" + i).build());
        }
        assertTrue(Await.result(other.drain(Await.LIMIT)));
        CompletableFuture<Integer> granted = new CompletableFuture<>();
        client.addConnectionListener(status -> {
            if (status.state() == ConnectionState.ONLINE) {
                for (int i = 0; i < 20; i++) {
                    Inbox.subscribed(client, "waits/filter/" + i);
                }
                granted.complete(20);
            }
        });
        client.connect();
        assertEquals(20, Await.result(granted));
        inbox.awaitTexts(Flow.numbers(200));
    }

    @Test
    void everyMethodMayBeCalledInsideAListener() {
        ResilientMqttClient client = clients.connected("inside", broker);
        Inbox late = new Inbox();
        CompletableFuture<String> done = new CompletableFuture<>();
        var first = client.subscribe("inside/first", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> {
            try {
                var second = client.subscribe("inside/second", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), late);
                Await.result(second.result());
                client.publish(Message.to("inside/second").payload("1").build());
                late.awaitTexts("1");
                Await.result(client.brokerUp());
                client.open("inside/third", SubscribeOptions.qos(Qos.AT_MOST_ONCE), 1).close();
                second.close();
                client.reconnect();
                Await.result(client.publish(Message.to("inside/nobody").build()).delivered());
                client.disconnect();
                client.connect();
                Await.until("connected", client::isConnected);
                done.complete(client.status().client());
            } catch (AssertionError e) {
                done.completeExceptionally(e);
            }
        });
        Await.result(first.result());
        client.publish(Message.to("inside/first").build());
        assertEquals("inside", Await.result(done));
    }

    @Test
    void aRetainedMessageReachesAListenerThatComesLater() {
        ResilientMqttClient client = clients.connected("retained", broker);
        Await.result(client.publish(Message.to("retained/x").payload("kept").retain(true).build()).delivered());
        Inbox inbox = Inbox.subscribed(client, "retained/+");
        inbox.awaitTexts("kept");
        assertTrue(inbox.messages().get(0).retained());
        Inbox second = Inbox.subscribed(client, "retained/+");
        second.awaitTexts("kept");
        Await.result(client.publish(Message.to("retained/x").retain(true).build()).delivered());
    }

    @Test
    void aMessageThatExpiresOnTheWayIsNotSent() {
        clients.configure("expiry", "mqtt://127.0.0.1:" + TestBroker.freePort());
        ResilientMqttClient client = clients.service("expiry");
        Publication shortLived = client.publish(Message.to("expiry/x").expiresAfter(Duration.ofMillis(1)).build());
        Publication cancelled = client.publish(Message.to("expiry/x").build());
        Publication longLived = client.publish(Message.to("expiry/x").expiresAfter(Duration.ofHours(1)).build());
        assertTrue(Await.result(cancelled.cancel()));
        assertEquals(Outcome.Kind.EXPIRED, Await.result(shortLived.delivered()).kind());
        clients.configure("expiry", broker.uri());
        assertEquals(Outcome.Kind.DELIVERED, Await.result(longLived.delivered()).kind());
        assertEquals(Outcome.Kind.CANCELLED, Await.result(cancelled.delivered()).kind());
        assertEquals(Outcome.Kind.EXPIRED, client.outcome(shortLived.id()).kind());
    }
}
