package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The three ways in which a broker without MQTT 5 refuses it: Moquette has one, a door in front of it the others. */
@EngineTest
class FallBackTest extends FrameworkTest {
    private static TestBroker moquette;

    private TcpProxy door;

    @BeforeAll
    static void startMoquette() {
        moquette = TestBroker.of(TestBroker.Kind.MOQUETTE).start();
    }

    @AfterAll
    static void stopMoquette() {
        moquette.close();
    }

    static Stream<Arguments> refusals() {
        return Stream.of(arguments("Moquette's CONNACK of 3.1.1 with code 1", null, 1),
                arguments("CONNACK 0x84", new byte[] { 0x20, 3, 0, (byte) 0x84, 0 }, 1),
                arguments("three hang-ups", new byte[0], 3));
    }

    private ResilientMqttClient client(String protocol, Object... keysAndValues) {
        clients.configure("old", door.uri(), Stream.concat(Stream.of("protocol", protocol), Stream.of(keysAndValues))
                .toArray());
        return clients.service("old");
    }

    /** What is tried: 5 so often, and then 3.1.1. */
    private static List<Integer> fivesThenOlder(int fives, List<Integer> levels) {
        return Stream.concat(Collections.nCopies(fives, 5).stream(),
                Collections.nCopies(levels.size() - fives, 4).stream()).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusals")
    void theOlderVersionIsSpokenAndRemembered(String what, byte[] refusal, int fives) {
        door = closing(new TcpProxy(refusal == null ? moquette : broker));
        if (refusal != null) {
            door.refuseFive(refusal);
        }
        ResilientMqttClient client = client("auto");
        Clients.awaitConnected(client);
        assertEquals("3.1.1", client.status().protocol());
        assertEquals(fivesThenOlder(fives, door.levels()), door.levels());
        Inbox inbox = new Inbox();
        assertTrue(Await.result(client.subscribe("old/+", SubscribeOptions.qos(Qos.EXACTLY_ONCE), inbox).result())
                .isGranted());
        publishAndAwait(client, inbox, 1);
        client.reconnect();
        Await.until("another connection", () -> client.metrics().connections() >= 2 && client.isConnected());
        if (refusal != null) { // Moquette may acknowledge and not deliver, after a client came back quickly
            publishAndAwait(client, inbox, 2);
        }
        assertEquals("3.1.1", client.status().protocol());
        assertEquals(fivesThenOlder(fives, door.levels()), door.levels());
    }

    private static void publishAndAwait(ResilientMqttClient client, Inbox inbox, int round) {
        for (int i = 0; i < 30; i++) {
            client.publish(Message.to("old/" + i % 3).payload(round + "/" + i).qos(Qos.of(1 + i % 2)).build());
        }
        Await.until("all of round " + round, () -> inbox.distinctTexts().size() == 30 * round);
    }

    @Test
    void aChangeOfTheConfigurationTriesFiveAgain() {
        door = closing(new TcpProxy(moquette));
        ResilientMqttClient client = client("auto");
        Clients.awaitConnected(client);
        client("auto", "keepalive.seconds", 30);
        Await.until("5 again, and 3.1.1 again", () -> door.levels().stream().filter(level -> level == 5).count() == 2
                && client.metrics().connections() >= 2 && client.isConnected());
        assertEquals("3.1.1", client.status().protocol());
    }

    @Test
    void aClientThatInsistsSaysWhyAndKeepsItsMessages() {
        door = closing(new TcpProxy(moquette));
        ResilientMqttClient client = client("5");
        Publication kept = client.publish(Message.to("old/x").build());
        ClientStatus refused = Statuses.of(client).await("the refusal",
                status -> status.state() == ConnectionState.WAITING);
        assertEquals(0x84, refused.reasonCode());
        assertTrue(refused.reason().contains("unsupported protocol version"), refused.reason());
        assertTrue(!door.levels().contains(4), door.levels().toString());
        client("3.1.1");
        assertEquals(Outcome.Kind.DELIVERED, Await.result(kept.delivered()).kind());
    }
}
