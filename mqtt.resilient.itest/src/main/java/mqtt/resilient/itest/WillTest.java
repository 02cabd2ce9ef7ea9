package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The broker publishes the will when a client is lost, not when it says goodbye. */
@EngineTest
class WillTest extends FrameworkTest {
    @BeforeAll
    static void startBroker() {
        // Artemis publishes the will of a client that said goodbye and comes back at once
        broker = TestBroker.orMoquette().start();
    }

    private final TcpProxy proxy = closing(new TcpProxy(broker));
    private ResilientMqttClient observer;
    private Inbox inbox;

    @BeforeEach
    void observe() {
        observer = clients.connected("observer", broker);
        inbox = Inbox.subscribed(observer, "will/+");
    }

    private ResilientMqttClient mortal() {
        clients.configure("mortal", proxy.uri(), "will.topic", "will/mortal", "will.payload", "farewell");
        ResilientMqttClient client = clients.service("mortal");
        Clients.awaitConnected(client);
        return client;
    }

    @Test
    void aClientThatIsCutOffHasItsWillPublishedAndComesBack() {
        ResilientMqttClient client = mortal();
        int connections = proxy.accepted();
        proxy.cut();
        inbox.awaitTexts("farewell");
        Await.until("the client is back", () -> proxy.accepted() > connections && client.isConnected());
    }

    @Test
    void disconnectSuppressesTheWill() {
        ResilientMqttClient client = mortal();
        withoutWill(client, ResilientMqttClient::disconnect);
        assertEquals(ConnectionState.PAUSED, client.status().state());
        client.disconnect();
        client.connect();
        client.connect();
        Clients.awaitConnected(client);
    }

    @Test
    void deletingTheConfigurationSuppressesTheWill() {
        withoutWill(mortal(), client -> clients.delete("mortal"));
    }

    @Test
    void reconnectSuppressesTheWillAndMakesANewConnection() {
        ResilientMqttClient client = mortal();
        int connections = proxy.accepted();
        client.reconnect();
        Await.until("a new connection", () -> proxy.accepted() > connections && client.isConnected());
        withoutWill(client, ResilientMqttClient::disconnect);
    }

    /** Does something, waits until the broker has closed the connection, and looks what came before a marker. */
    private void withoutWill(ResilientMqttClient client, Consumer<ResilientMqttClient> farewell) {
        farewell.accept(client);
        Await.until("the broker has let go", () -> proxy.open() == 0);
        observer.publish(Message.to("will/marker").payload("marker").build());
        inbox.awaitTexts(List.of("marker"));
        assertTrue(observer.isConnected());
    }
}
