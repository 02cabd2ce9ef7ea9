package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A configuration that changes while the client runs loses nothing, and reconnects only where it must. */
class ReconfigurationTest {

    /** A connected client with two messages in flight and a subscription. */
    private static World busy() {
        World world = World.connected();
        world.subscribe("in", 1, new Recorder());
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        world.publish("t", "1");
        world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2").sends("PUBREC id=3").expects("PUBREL id=3");
        return world;
    }

    @Test
    void theSameConfigurationAgainDoesNothing() {
        World world = busy();
        world.reconfigure();
        world.broker.expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void whatNeedsNoReconnectActsOnTheLivingLink() {
        Object[][] changes = { { "response.seconds", 30 }, { "inflight.max", 3 }, { "inflight.max.bytes", 100 },
            { "rate.messages", 3, "rate.burst", 2 }, { "poison.attempts", 1 }, { "store.max.bytes", 2048 },
            { "store.max.messages", 3 }, { "store.max.age.seconds", 100 }, { "store.overflow", "drop-oldest" },
            { "qos0.offline", true }, { "inbound.queue", 1 }, { "inbound.max.bytes", 100_000 },
            { "inbound.attempts", 1 }, { "listener.grace.seconds", 0 } };
        World world = busy();
        for (Object[] change : changes) {
            world.reconfigure(change);
            world.broker.expectsNothing();
        }
        world.broker.sends("PUBACK id=2", "PUBCOMP id=3");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(2).kind());
    }

    @Test
    void whatNeedsAReconnectResumesTheSession() {
        Object[][] changes = { { "user", "u" }, { "user", "u", ".password", "p" }, { "user", "u", ".password", "q" },
            { "keepalive.seconds", 30 }, { "packet.max.bytes", 50_000 }, { "will.topic", "w" },
            { "will.topic", "w", "will.retain", true } };
        World world = busy();
        for (Object[] change : changes) {
            world.reconfigure(change);
            world.broker.expects("DISCONNECT").accepts(true).expects("PUBLISH dup q1 id=2 t 1", "PUBREL id=3")
                    .expectsNothing();
            world.broker.networkBreaks().acceptsAgain(true).expects("PUBLISH dup q1 id=2 t 1", "PUBREL id=3");
        }
        world.broker.sends("PUBACK id=2", "PUBCOMP id=3");
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(1).kind());
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(2).kind());
    }

    @Test
    void anotherClientIdIsAnotherSession() {
        World world = busy();
        world.reconfigure("client.id", "d");
        world.broker.expects("DISCONNECT", "CONNECT clean id=d *").sends("CONNACK").expects("DISCONNECT",
                "CONNECT id=d *").sends("CONNACK").expects("SUBSCRIBE id=4 in:1", "PUBLISH q1 id=2 t 1",
                        "PUBLISH q2 id=3 t 2")
                .expectsNothing();
    }

    @Test
    void otherBrokersAreAnotherSession() {
        World world = busy();
        world.reconfigure("brokers", List.of("mqtt://other:1999"));
        world.broker.expects("DISCONNECT", "CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT id=c *")
                .sends("CONNACK").expects("SUBSCRIBE id=4 in:1", "PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2");
        assertEquals("mqtt://other:1999", world.client.status().broker());
    }

    @Test
    void fromAPersistentToACleanSessionAndBack() { // the truth table, as far as it makes sense
        World world = busy();
        world.reconfigure("session.expiry.seconds", 0);
        world.broker.expects("DISCONNECT", "CONNECT clean id=c *").sends("CONNACK").expects("SUBSCRIBE id=4 in:1",
                "PUBLISH q1 id=2 t 1", "PUBLISH q2 id=3 t 2").sends("SUBACK id=4 1");
        world.reconfigure();
        world.broker.expects("DISCONNECT", "CONNECT clean id=c *").sends("CONNACK").expects("DISCONNECT",
                "CONNECT id=c *").sends("CONNACK").expects("SUBSCRIBE id=5 in:1", "PUBLISH q1 id=2 t 1",
                        "PUBLISH q2 id=3 t 2");
    }

    @Test
    void aChangeWhileOfflineIsUsedByTheNextAttempt() {
        World world = new World();
        world.broker.isReachable(false).after(Duration.ofMinutes(10));
        world.reconfigure("client.id", "new", "user", "u");
        world.broker.isReachable(true).awaitsClient().expects("CONNECT clean id=new keepalive=60 user=u");
    }

    @Test
    void aChangeDuringTheHandshakeBeginsAnew() {
        World world = new World();
        world.broker.expects("CONNECT clean id=c *");
        world.reconfigure("client.id", "new");
        world.broker.expects("CONNECT clean id=new *").sends("CONNACK").expects("DISCONNECT", "CONNECT id=new *")
                .sends("CONNACK");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aChangeWhilePausedStaysPaused() {
        World world = World.connected();
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT");
        world.reconfigure("client.id", "new");
        world.broker.after(Duration.ofHours(1)).expectsNothing();
        assertEquals(ConnectionState.PAUSED, world.state());
        world.client.connector().connect();
        world.broker.expects("CONNECT clean id=new *");
    }

    @Test
    void aConfigurationThatIsRefusedLeavesTheLastOneInForce() {
        World world = busy();
        world.client.configurationRejected("test", "keepalive.seconds: \"x\" is not allowed");
        world.broker.expectsNothing();
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals("keepalive.seconds: \"x\" is not allowed", world.client.status().configurationError());
        world.reconfigure();
        assertEquals("", world.client.status().configurationError());
    }

    @Test
    void aFirstConfigurationThatIsRefusedIsAState() {
        World world = World.unconfigured();
        Publication publication = world.publish("t", "1");
        world.client.configurationRejected("test", "brokers: \"foo\" is not a URI");
        assertEquals(ConnectionState.FAILED, world.state());
        assertEquals("brokers: \"foo\" is not a URI", world.reason());
        world.broker.after(Duration.ofHours(1)).expectsNothing();
        world.reconfigure();
        world.broker.acceptsNewClient().expects("PUBLISH q1 id=1 t 1").sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aStricterStoreRejectsAtOnceAndKeepsWhatItHas() {
        World world = new World();
        for (int i = 0; i < 5; i++) {
            world.publish("t", "" + i);
        }
        world.reconfigure("store.max.messages", 2);
        assertEquals(0, world.publish("t", "no").id());
        world.broker.acceptsNewClient();
        assertEquals(5, world.broker.takeAll().size());
    }

    @Test
    void aWindowThatGrowsIsUsedAtOnce() {
        World world = World.connected("inflight.max", 1);
        for (int i = 1; i <= 10; i++) {
            world.publish("t", "" + i);
        }
        assertEquals(1, world.broker.takeAll().size());
        world.reconfigure("inflight.max", 200);
        List<String> sent = world.broker.takeAll();
        assertEquals(9, sent.size());
        assertEquals(9, sent.stream().map(packet -> packet.split(" ")[2]).distinct().count());
    }

    @Test
    void hundredsOfChangesWhilePublishingLoseNothingAndKeepTheOrder() {
        World world = World.connected();
        List<Publication> all = new ArrayList<>();
        List<String> arrived = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            all.add(world.publish("t", "" + i));
            int keepAlive = 30 + i % 7;
            int window = 2 + i % 50;
            world.reconfigure("keepalive.seconds", keepAlive, "inflight.max", window);
            for (List<String> sent = world.broker.takeAll(); !sent.isEmpty(); sent = world.broker.takeAll()) {
                List<String> connects = sent.stream().filter(packet -> packet.startsWith("CONNECT ")).toList();
                int first = connects.isEmpty() ? 0 : sent.lastIndexOf(connects.get(connects.size() - 1));
                for (String packet : sent) { // what came over earlier connections is gone with them
                    if (packet.startsWith("PUBLISH") && !packet.contains(" dup ")) {
                        arrived.add(packet.replaceAll(".* t ", ""));
                    }
                }
                for (String packet : sent.subList(first, sent.size())) {
                    if (packet.startsWith("CONNECT ")) {
                        world.broker.sends("CONNACK session-present");
                    } else if (packet.startsWith("PUBLISH") && world.broker.isConnected()) {
                        world.broker.sends("PUBACK " + packet.replaceAll(".*(id=\\d+).*", "$1"));
                    }
                }
            }
        }
        for (Publication each : all) {
            assertEquals(Kind.DELIVERED, world.outcome(each), each.toString());
        }
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            expected.add("" + i);
        }
        assertTrue(expected.containsAll(arrived));
        assertEquals(arrived.stream().sorted(java.util.Comparator.comparingInt(Integer::parseInt)).toList(), arrived,
                "first transmissions are in order");
    }

    @Test
    void theNewNameIsTheStatusesName() {
        World world = World.connected();
        world.client.configure("renamed", Keys.settings());
        assertEquals("renamed", world.client.status().client());
        world.broker.expectsNothing();
    }
}
