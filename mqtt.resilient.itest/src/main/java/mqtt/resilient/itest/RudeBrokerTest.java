package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.ServiceReference;

/** What listens on the broker's port is no broker, or one that does not want us. */
@EngineTest
class RudeBrokerTest extends FrameworkTest {
    private static final byte[] CONNACK = { 0x20, 2, 0, 0 };

    static Stream<Arguments> rudeness() {
        byte[] noise = new byte[5000];
        new Random(1).nextBytes(noise);
        noise[0] = 0x10;
        return Stream.of(
                arguments("speaks HTTP",
                        ("HTTP/1.1 400 Bad Request\r\nServer: somebody\r\nContent-Type: text/html\r\n"
                                + "Content-Length: 26\r\n\r\n<html>400 Bad Request</html>")
                                .getBytes(StandardCharsets.US_ASCII),
                        true, "protocol error"),
                arguments("makes noise", noise, false, "protocol error"),
                arguments("announces 256 MB", new byte[] { 0x40, -1, -1, -1, 0x7F }, false, "packet.max.bytes"),
                arguments("sends an endless length", new byte[] { 0x30, -1, -1, -1, -1, 1 }, false, "remaining length"),
                arguments("closes at once", null, true, "(closed|reset|Broken pipe)"),
                arguments("never answers", null, false, "no CONNACK within response.seconds"),
                arguments("answers half a CONNACK", new byte[] { 0x20, 2, 0 }, false, "no CONNACK"),
                arguments("acknowledges before it accepts", new byte[] { 0x40, 2, 0, 1 }, false, "before the CONNACK"),
                arguments("refuses the protocol", new byte[] { 0x20, 2, 0, 1 }, true, "the broker refused: .*protocol"),
                arguments("refuses the client id", new byte[] { 0x20, 2, 0, 2 }, true, "the broker refused: .*"),
                arguments("is not available", new byte[] { 0x20, 2, 0, 3 }, true, "the broker refused: .*unavailable"),
                arguments("refuses user or password", new byte[] { 0x20, 2, 0, 4 }, true,
                        "the broker refused: .*password"),
                arguments("does not authorise", new byte[] { 0x20, 2, 0, 5 }, true, "the broker refused: .*authori.ed"),
                arguments("has a code of its own", new byte[] { 0x20, 2, 0, 77 }, true, "77"));
    }

    @ParameterizedTest(name = "a broker that {0}")
    @MethodSource("rudeness")
    void theClientSaysWhatIsWrongAndRecoversWhenARealBrokerTakesThePort(String what, byte[] answer, boolean hangsUp,
            String reason) throws Exception {
        int port = TestBroker.freePort();
        Publication publication;
        ResilientMqttClient client;
        ServiceReference<ResilientMqttClient> reference;
        try (RudeBroker rude = new RudeBroker(port, answer, hangsUp)) {
            clients.configure("patient", "mqtt://127.0.0.1:" + port, "response.seconds", 1);
            client = clients.service("patient");
            reference = clients.reference("patient");
            Statuses statuses = Statuses.of(client);
            publication = client.publish(Message.to("patient/x").payload("kept").build());
            statuses.await("the reason " + reason, status -> status.state() == ConnectionState.WAITING
                    && status.reason().matches("(?s).*" + reason + ".*"));
            Await.until("a second attempt", () -> rude.connections() >= 2);
        }
        try (TcpProxy real = new TcpProxy(broker, port)) {
            Clients.awaitConnected(client);
            assertEquals(real.uri(), client.status().broker());
            assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
            assertEquals(reference, clients.reference("patient"));
            clients.delete("patient");
        }
    }

    @Test
    void aBrokerThatTurnsToGarbageAfterItAcceptedLosesTheLinkNotTheMessages() throws Exception {
        int port = TestBroker.freePort();
        byte[] garbage = { 0x20, 2, 0, 0, 0x30, 4, 0, 9, 'x', 'y' };
        ResilientMqttClient client;
        Publication publication;
        try (RudeBroker rude = new RudeBroker(port, garbage, false)) {
            clients.configure("patient", "mqtt://127.0.0.1:" + port, "session.expiry.seconds", 0);
            client = clients.service("patient");
            Statuses statuses = Statuses.of(client);
            publication = client.publish(Message.to("patient/x").payload("kept").build());
            statuses.await("a protocol error after the connection",
                    status -> status.state() == ConnectionState.WAITING && status.reason().contains("protocol error"));
            statuses.await("a connection", status -> status.state() == ConnectionState.ONLINE);
            Await.until("a second attempt", () -> rude.connections() >= 2);
        }
        try (TcpProxy real = new TcpProxy(broker, port)) {
            assertEquals(Outcome.Kind.DELIVERED, Await.result(publication.delivered()).kind());
            assertEquals(real.uri(), client.status().broker());
            clients.delete("patient");
        }
    }

    @Test
    void aBrokerThatAcceptsAndThenSaysNothingIsGivenUp() throws Exception {
        int port = TestBroker.freePort();
        try (RudeBroker mute = new RudeBroker(port, CONNACK, false)) {
            clients.configure("patient", "mqtt://127.0.0.1:" + port, "response.seconds", 1, "session.expiry.seconds",
                    0);
            ResilientMqttClient client = clients.service("patient");
            Statuses statuses = Statuses.of(client);
            client.publish(Message.to("patient/x").build());
            statuses.await("the missing acknowledgement", status -> status.state() == ConnectionState.WAITING
                    && status.reason().contains("no acknowledgement within"));
            Await.until("a second attempt", () -> mute.connections() >= 2);
        }
    }

    @Test
    void aRudeBrokerDoesNotDisturbTheNeighbour() throws Exception {
        int port = TestBroker.freePort();
        ResilientMqttClient neighbour = clients.connected("neighbour", broker);
        Statuses statuses = Statuses.of(neighbour);
        try (RudeBroker rude = new RudeBroker(port, "\u0000rubbish".getBytes(StandardCharsets.US_ASCII), true)) {
            clients.configure("patient", "mqtt://127.0.0.1:" + port, "backoff.min.ms", 10);
            Inbox inbox = Inbox.subscribed(neighbour, "neighbour/+");
            Await.until("five attempts", () -> rude.connections() >= 5);
            neighbour.publish(Message.to("neighbour/x").payload("1").build());
            inbox.awaitTexts("1");
        }
        assertEquals(List.of(ConnectionState.ONLINE), statuses.states());
    }
}
