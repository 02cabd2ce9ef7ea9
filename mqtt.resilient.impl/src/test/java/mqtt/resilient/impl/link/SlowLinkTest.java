package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A slow link is not a dead link. */
class SlowLinkTest {
    private static final int MESSAGES = 50;

    private static World full() {
        World world = World.connected();
        world.broker.takesBytes(1000);
        for (int i = 0; i < MESSAGES; i++) {
            world.publish("t", "x".repeat(100));
        }
        return world;
    }

    /**
     * A system says that there is room only when a third of its buffer is free: at 1 KB/s that is half a minute, in
     * which acknowledgements arrive for what was in the buffer.
     */
    @Test
    void aNetworkThatTakesNothingForLongWhileAcknowledgementsArriveIsSlow() {
        World world = full();
        for (int id = 1; id <= 8; id++) {
            world.broker.after(Duration.ofSeconds(4)).sends("PUBACK id=" + id);
            assertEquals(ConnectionState.ONLINE, world.state(), world::reason);
        }
        world.broker.takesBytes(Integer.MAX_VALUE);
        for (int id = 9; id <= MESSAGES; id++) {
            world.broker.sends("PUBACK id=" + id);
        }
        assertEquals(MESSAGES, world.client.metrics().delivered());
    }

    @Test
    void aNetworkThatTakesNothingForLongWhileOtherBytesArriveIsSlow() {
        World world = World.connected();
        world.broker.takesBytes(3);
        world.publish("t", "1");
        for (int i = 0; i < 8; i++) {
            world.broker.after(Duration.ofSeconds(4)).sends("PUBLISH q0 in x");
            assertEquals(ConnectionState.ONLINE, world.state(), world::reason);
        }
    }

    @Test
    void aNetworkThatTookNothingForTheResponseTimeGetsTwiceTheTimeOnTheNextConnection() {
        World world = World.connected();
        world.broker.takesBytes(3);
        world.publish("t", "1");
        while (world.state() == ConnectionState.ONLINE) {
            world.broker.after(Duration.ofSeconds(1));
        }
        assertTrue(world.reason().contains("bytes could be written within"), world::reason);
        world.broker.takesBytes(Integer.MAX_VALUE).awaitsClient().expects("CONNECT *").takesBytes(3).sends("CONNACK");
        int connections = world.broker.connections();
        world.broker.after(Duration.ofMillis(19_900));
        assertEquals(connections, world.broker.connections(), world::reason);
    }

    /** One round trip at 1 KB/s, at whose end the broker sends all its answers at once, as Nagle's algorithm has it. */
    private static int roundTripAtOneKilobyteEachSecond(World world) {
        List<String> packets = world.broker.takeAll();
        int bytes = packets.stream().mapToInt(String::length).sum();
        world.broker.after(Duration.ofMillis(bytes));
        for (String packet : packets) {
            world.broker.sends(packet.startsWith("PUBLISH") ? "PUBACK " + packet.split(" ")[2] : "PINGRESP");
        }
        return bytes;
    }

    @Test
    void aHundredMessagesOfOneKilobyteDrainAtOneKilobyteEachSecondOnOneConnection() {
        World world = World.connected();
        int connections = world.broker.connections();
        for (int i = 0; i < 100; i++) {
            world.publish("t", "x".repeat(1000));
        }
        int largest = 0;
        while (world.client.metrics().delivered() < 100) {
            largest = Math.max(largest, roundTripAtOneKilobyteEachSecond(world));
            assertEquals(ConnectionState.ONLINE, world.state(), world::reason);
        }
        assertEquals(connections, world.broker.connections());
        assertTrue(largest > 4000 && largest < 8000, "what fits into the response time is sent at once: " + largest);
    }

    @Test
    void alarmsDoNotWaitForASlowLink() {
        World world = World.connected();
        for (int i = 0; i < 20; i++) {
            world.publish("t", "x".repeat(1000));
        }
        world.broker.takeAll();
        world.client.publisher().publish(Message.to("alarm").payload("1").lane(Message.LANE_ALARM).build());
        assertTrue(world.broker.takeAll().get(0).endsWith("alarm 1"));
    }

    private static int answerAll(World world) {
        List<String> packets = world.broker.takeAll();
        packets.forEach(packet -> world.broker.sends("PUBACK " + packet.split(" ")[2]));
        return packets.size();
    }

    @Test
    void aLongWayIsFilledWithinAFewRoundTrips() {
        World world = World.connected();
        for (int i = 0; i < 90; i++) {
            world.publish("t", "x".repeat(1000));
        }
        int roundTrips = 0;
        for (; world.client.metrics().delivered() < 90; roundTrips++) {
            world.broker.after(Duration.ofMillis(600));
            answerAll(world);
        }
        assertTrue(roundTrips <= 7, roundTrips + " round trips");
    }

    @Test
    void afterAPauseLittleIsSentAtFirstBecauseTheNetworkMayBeAnother() {
        World world = World.connected();
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 50; i++) {
                world.publish("t", "x".repeat(1000));
            }
            assertEquals(2, answerAll(world));
            while (world.client.metrics().delivered() < 50 * (round + 1)) {
                answerAll(world);
            }
            world.broker.after(Duration.ofSeconds(2));
        }
    }

    @Test
    void aNetworkThatTakesNothingWhileNothingArrivesIsDead() {
        World world = full();
        world.broker.after(Duration.ofMillis(10_100));
        assertEquals(ConnectionState.WAITING, world.state());
        assertTrue(
                world.reason().contains("bytes could be written within")
                        || world.reason().contains("no acknowledgement"),
                world::reason);
    }
}
