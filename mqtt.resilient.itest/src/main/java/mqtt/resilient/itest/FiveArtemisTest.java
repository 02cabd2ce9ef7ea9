package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** MQTT 5 with another broker: ActiveMQ Artemis, the family that Kura embeds. */
class FiveArtemisTest extends FrameworkTest {
    private static TestBroker artemis;

    @BeforeAll
    static void startArtemis() {
        artemis = TestBroker.artemis().start();
    }

    @AfterAll
    static void stopArtemis() {
        artemis.close();
    }

    private static Inbox subscribed(ResilientMqttClient client, String filter, SubscribeOptions options) {
        Inbox inbox = new Inbox();
        assertTrue(Await.result(client.subscribe(filter, options, inbox).result()).isGranted());
        return inbox;
    }

    @Test
    void messagesArriveWithTheirPropertiesAtEveryQos() {
        ResilientMqttClient client = clients.connected("five", artemis, "protocol", "auto");
        assertEquals("5", client.status().protocol());
        Inbox inbox = subscribed(client, "five/+", SubscribeOptions.qos(Qos.EXACTLY_ONCE).identifiedBy(77));
        MessageProperties properties = MessageProperties.builder().text(true).contentType("text/plain")
                .responseTopic("answers").correlationData(new byte[] { 0, 1 }).userProperty("b", "1").userProperty("a", "2")
                .userProperty("b", "3").build();
        for (int i = 0; i < 30; i++) {
            Outcome end = Await.result(client.publish(Message.to("five/" + i % 3).payload("x").qos(Qos.of(i % 3))
                    .expiresAfter(Duration.ofSeconds(100)).properties(properties).build()).delivered());
            assertEquals(Outcome.Kind.DELIVERED, end.kind(), end.toString());
        }
        Await.until("all 30", () -> inbox.messages().size() == 30);
        for (ReceivedMessage message : inbox.messages()) {
            assertEquals(properties, message.properties());
            assertEquals(List.of(77), message.subscriptionIdentifiers());
        }
    }

    @Test
    void theSessionOutlivesTheConnection() {
        TcpProxy proxy = closing(new TcpProxy(artemis));
        clients.configure("cut", proxy.uri(), "protocol", "5");
        ResilientMqttClient client = clients.service("cut");
        Clients.awaitConnected(client);
        Inbox inbox = subscribed(client, "cut/+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        for (int i = 1; i <= 300; i++) {
            client.publish(Message.to("cut/" + i % 3).payload("" + i).qos(Qos.of(1 + i % 2)).build());
            if (i % 100 == 0) {
                proxy.cut();
                Clients.awaitConnected(client);
            }
        }
        Await.until("all 300", () -> inbox.distinctTexts().size() == 300);
        assertEquals(0, client.metrics().sessionsLost());
    }

    @Test
    void requestsAreAnswered() {
        ResilientMqttClient client = clients.connected("both", artemis, "protocol", "5");
        Await.result(client.respond("sum", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), request ->
                ("re: " + new String(request.payload(), StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8)).result());
        for (int i = 0; i < 5; i++) {
            assertEquals("re: " + i, new String(Await.result(client.request(Message.to("sum").payload("" + i).build(),
                    Duration.ofSeconds(20))).payload(), StandardCharsets.UTF_8));
        }
    }
}
