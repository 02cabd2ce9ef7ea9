package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;

/** MQTT 5 with a real broker, and the bundle for it as it comes and goes. */
class FiveTest extends FiveBrokerTest {
    private static final int LARGEST_PACKET = 20_000;
    private static TestBroker small;

    @BeforeAll
    static void startSmallBroker() {
        small = new TestBroker("max_packet_size " + LARGEST_PACKET, "max_inflight_messages 7", "max_keepalive 20").start();
    }

    @AfterAll
    static void stopSmallBroker() {
        small.close();
    }

    @Test
    void aNobodysMessageSaysSo() {
        assumeTrue(broker.kind() == TestBroker.Kind.MOSQUITTO);
        assertEquals(0x10, Await.result(five("lonely").publish(Message.to("nobody/listens").build()).settled())
                .reasonCode());
    }

    @Test
    void theLimitsOfTheBrokerAreKnownAndKept() {
        assumeTrue(broker.kind() == TestBroker.Kind.MOSQUITTO);
        clients.configure("limited", small.uri(), "protocol", "5");
        ResilientMqttClient client = clients.service("limited");
        Clients.awaitConnected(client);
        assertEquals(7, client.status().limits().receiveMaximum());
        assertEquals(LARGEST_PACKET, client.status().limits().maximumPacketBytes());
        assertEquals(20, client.status().limits().keepAliveSeconds());
        Outcome refused = Await.result(client.publish(Message.to("t").payload(new byte[LARGEST_PACKET]).build()).settled());
        assertEquals(0x95, refused.reasonCode());
        assertManyAreTaken(client);
    }

    @Test
    void theBundleComesAndGoes() throws Exception {
        Bundle bundle = bundle("mqtt.resilient.v5");
        closing(bundle::start);
        ResilientMqttClient client = clients.connected("auto", broker, "protocol", "auto");
        assertEquals("5", client.status().protocol());
        assertArrayEquals(new String[] { "3.1.1", "5" }, (String[]) clients.reference("auto").getProperty("mqtt.protocol"));
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
