package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** MQTT 5 with Mosquitto, or with Artemis where that is not installed. */
@EngineTest
class FiveTest extends FiveBrokerTest {
    private static final int LARGEST_PACKET = 20_000;
    private static TestBroker small;

    @BeforeAll
    static void startSmallBroker() {
        small = new TestBroker("max_packet_size " + LARGEST_PACKET, "max_inflight_messages 7", "max_keepalive 20")
                .start();
    }

    @AfterAll
    static void stopSmallBroker() {
        small.close();
    }

    @Test
    void aNobodysMessageSaysSo() {
        TestBroker.assumeMosquitto();
        assertEquals(0x10, Await.result(five("lonely").publish(Message.to("nobody/listens").build()).delivered())
                .reasonCode());
    }

    @Test
    void theLimitsOfTheBrokerAreKnownAndKept() {
        TestBroker.assumeMosquitto();
        clients.configure("limited", small.uri(), "protocol", "5");
        ResilientMqttClient client = clients.service("limited");
        Clients.awaitConnected(client);
        assertEquals(7, client.status().limits().receiveMaximum());
        assertEquals(LARGEST_PACKET, client.status().limits().maximumPacketBytes());
        assertEquals(20, client.status().limits().keepAliveSeconds());
        Outcome refused = Await
                .result(client.publish(Message.to("t").payload(new byte[LARGEST_PACKET]).build()).delivered());
        assertEquals(0x95, refused.reasonCode());
        assertManyAreTaken(client);
    }
}
