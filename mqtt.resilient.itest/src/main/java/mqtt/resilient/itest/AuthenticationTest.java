package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.UUID;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.osgi.framework.ServiceRegistration;

/** Enhanced authentication of MQTT 5 with a broker that has it: SCRAM-SHA-256 by a service of the application. */
class AuthenticationTest extends FrameworkTest {
    private static final String METHOD = "SCRAM-SHA-256";
    private static TestBroker hive;

    @BeforeAll
    static void startBroker() {
        hive = TestBroker.of(TestBroker.Kind.HIVEMQ).start();
    }

    @AfterAll
    static void stopBroker() {
        hive.close();
    }

    private ServiceRegistration<?> offer(String user, String password, Duration again) {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(MqttConstants.AUTH_METHOD, METHOD);
        ServiceRegistration<?> registration = context.registerService(Authenticator.class,
                new ScramSha256(user, password, UUID.randomUUID().toString(), again), properties);
        closing(() -> {
            try {
                registration.unregister();
            } catch (IllegalStateException e) { // the test has done it
                return;
            }
        });
        return registration;
    }

    private ResilientMqttClient client(String name) {
        clients.configure(name, hive.uri(), "protocol", "5", "auth.method", METHOD, "backoff.min.ms", 50,
                "backoff.max.seconds", 1);
        return clients.service(name);
    }

    @Test
    void theExampleOfTheSpecificationComesOut() throws Exception { // RFC 7677 section 3
        Authenticator.Exchange exchange = new ScramSha256("user", "pencil", "rOprNGfwEbeRWgbNEkqO", Duration.ZERO)
                .begin("c");
        assertEquals("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", new String(exchange.begin(), StandardCharsets.UTF_8));
        assertEquals(
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                new String(exchange.answer(
                        ("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
                                .getBytes(StandardCharsets.UTF_8)),
                        StandardCharsets.UTF_8));
        assertEquals(Duration.ZERO, exchange.accepted("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
                .getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aClientThatKnowsThePasswordGetsInAndAuthenticatesAgainWhileMessagesFlow() {
        offer("user", "pencil", Duration.ofSeconds(1));
        ResilientMqttClient client = client("proved");
        Clients.awaitConnected(client);
        Inbox inbox = Inbox.subscribed(client, "proved/+");
        long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        int sent = 0;
        while (System.nanoTime() - end < 0) { // twice over
            assertTrue(Await.result(client.publish(Message.to("proved/x").payload("" + ++sent).build()).delivered())
                    .isDelivered());
        }
        inbox.awaitTexts(Flow.numbers(sent));
        assertEquals(1, client.metrics().connections());
    }

    @Test
    void whoDoesNotKnowThePasswordIsRefusedInWords() {
        offer("user", "pen", Duration.ZERO);
        ResilientMqttClient client = client("wrong");
        Await.until("a refusal", () -> client.status().reason().contains("wrong password"));
        assertEquals(0x87, client.status().reasonCode());
        assertFalse(client.isConnected());
    }

    @Test
    void aBrokerThatDoesNotKnowItIsLeft() {
        offer("deceived", "pencil", Duration.ZERO);
        ResilientMqttClient client = client("deceived");
        Await.until("a refusal of ours",
                () -> client.status().reason().contains("the broker does not know the password"));
        assertEquals(0, client.metrics().connections());
    }

    @Test
    void theServiceMayComeLaterAndGo() {
        ResilientMqttClient client = client("waiting");
        Await.until("a clear status", () -> client.status().state() == ConnectionState.FAILED);
        assertTrue(client.status().reason().contains("mqtt.auth.method=" + METHOD), client.status().reason());
        ServiceRegistration<?> registration = offer("user", "pencil", Duration.ZERO);
        Clients.awaitConnected(client);
        registration.unregister();
        assertTrue(client.isConnected());
        client.reconnect();
        Await.until("a clear status", () -> client.status().state() == ConnectionState.FAILED);
    }
}
