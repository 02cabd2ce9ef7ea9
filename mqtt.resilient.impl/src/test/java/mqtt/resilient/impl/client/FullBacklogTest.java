package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A backlog that refuses messages is a state with a reason, told when it begins and when it ends, and no lock. */
class FullBacklogTest {
    private static List<String> storeEvents(World world) {
        return world.takeEvents().stream().filter(event -> event.startsWith("store")).toList();
    }

    private static void acknowledgeAll(World world) {
        for (List<String> sent = world.broker.takeAll(); !sent.isEmpty(); sent = world.broker.takeAll()) {
            sent.stream().filter(packet -> packet.startsWith("PUBLISH"))
                    .forEach(packet -> world.broker.sends("PUBACK " + packet.split(" ")[2]));
        }
    }

    @Test
    void aBacklogThatRefusesIsFullWithTheBoundAndItsKey() {
        World world = new World("store.max.messages", 3);
        for (int i = 0; i < 3; i++) {
            world.publish("t", "x");
        }
        assertEquals(StoreHealth.OK, world.client.status().store());
        assertEquals(List.of(), storeEvents(world));
        world.publish("t", "x");
        assertEquals(StoreHealth.FULL, world.client.status().store());
        assertEquals("messages are rejected: 3 messages are pending, store.max.messages allows no more",
                world.client.status().storeReason());
        assertEquals(
                List.of("store FULL: messages are rejected: 3 messages are pending, store.max.messages allows no more"),
                storeEvents(world));
    }

    @Test
    void itEndsByItselfAndThatIsTold() {
        World world = World.connected("store.max.bytes", 3000);
        while (world.publish("t", "x".repeat(500)).id() > 0) {
            continue;
        }
        assertEquals(1, storeEvents(world).size());
        world.scheduler.advance(Duration.ofSeconds(4));
        assertEquals(StoreHealth.FULL, world.client.status().store(), "nothing was acknowledged");
        acknowledgeAll(world);
        world.scheduler.advance(Duration.ofSeconds(2));
        assertEquals(StoreHealth.OK, world.client.status().store());
        assertEquals("", world.client.status().storeReason());
        assertEquals(List.of("store OK"), storeEvents(world));
    }

    @Test
    void aLargeMessageThatIsRejectedNowAndThenMakesItFullForAllOfThatTime() {
        World world = World.connected("store.max.bytes", 10_000);
        for (int i = 0; i < 10; i++) {
            world.publish("t", "x".repeat(600));
        }
        for (int i = 0; i < 3; i++) {
            assertEquals(0, world.publish("t", "x".repeat(3000)).id());
            world.scheduler.advance(Duration.ofMillis(1600));
        }
        assertEquals(1, storeEvents(world).size());
        acknowledgeAll(world);
        world.scheduler.advance(Duration.ofSeconds(2));
        assertEquals(StoreHealth.OK, world.client.status().store());
    }

    @Test
    void itIsToldOnceAlsoIfEachFreePlaceIsTakenAtOnce() {
        World world = World.connected("store.max.messages", 20);
        for (int second = 0; second < 20; second++) {
            while (world.publish("t", "x").id() > 0) {
                continue;
            }
            world.broker.takeAll().stream().filter(packet -> packet.startsWith("PUBLISH")).limit(5)
                    .forEach(packet -> world.broker.sends("PUBACK " + packet.split(" ")[2]));
            world.scheduler.advance(Duration.ofMillis(300));
        }
        assertEquals(1, storeEvents(world).size());
    }

    @Test
    void aFullLaneRefusesNoOtherLane() {
        World world = new World("store.lanes", "3;0;2;0");
        for (int i = 0; i < 3; i++) {
            world.publish(Message.to("bulk").lane(3).build());
        }
        assertEquals(StoreHealth.FULL, world.client.status().store());
        assertEquals("messages of lane 3 are rejected: 2 messages are pending, store.lanes allows no more",
                world.client.status().storeReason());
        assertTrue(world.publish(Message.to("alarm").lane(0).build()).id() > 0);
        assertEquals(0, world.publish(Message.to("bulk").lane(3).build()).id());
    }

    @Test
    void severalBoundsAreNamedAsLongAsEachRefuses() {
        World world = World.connected("store.max.messages", 3, "store.max.bytes", 2000);
        for (int i = 0; i < 4; i++) {
            world.publish("t", "x");
        }
        world.publish("t", "x".repeat(1900));
        world.scheduler.advance(Duration.ofSeconds(1));
        assertTrue(world.client.status().storeReason().contains("store.max.messages")
                && world.client.status().storeReason().contains("store.max.bytes"),
                world.client.status().storeReason());
        world.scheduler.advance(Duration.ofSeconds(1));
        assertEquals("messages are rejected: 3 messages are pending, store.max.messages allows no more",
                world.client.status().storeReason());
    }

    @Test
    void whoWaitsForSpaceIsNotRefusedYet() {
        World world = new World("store.max.messages", 1);
        world.publish("t", "x");
        assertTrue(world.client.publisher().offer(Message.to("t").build()).isEmpty());
        assertEquals(List.of(), storeEvents(world));
        assertEquals(StoreHealth.OK, world.client.status().store());
    }

    @Test
    void qos0HasABoundOfItsOwnThatSaysNothingAboutTheStore() {
        World world = new World("qos0.offline", true, "qos0.max.bytes", 1024);
        while (world.publish("t", "x".repeat(100), 0).id() > 0) {
            continue;
        }
        assertEquals(StoreHealth.OK, world.client.status().store());
    }

    @Test
    void aStoreThatTheNextStartEmptiesIsNeverCalledHealthy() {
        VirtualScheduler scheduler = new VirtualScheduler();
        ClientSettings settings = Keys.stored(new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 4096),
                "store.max.messages", 1);
        World world = new World(scheduler, new ScriptedBroker(scheduler), new DiskModel(), scheduler::execute, "boot",
                settings.withVolatility("the framework deletes it"));
        String why = "accepted messages are not safe here: the framework deletes it";
        assertEquals(List.of("store DEGRADED: " + why), storeEvents(world));
        assertEquals(StoreHealth.DEGRADED, world.client.status().store());
        assertTrue(world.publish("t", "x").id() > 0, "it is used all the same");
        world.publish("t", "x");
        assertEquals(StoreHealth.FULL, world.client.status().store());
        assertTrue(world.client.status().storeReason().endsWith("; " + why), world.client.status().storeReason());
        world.takeEvents();
        world.client.configure("test", settings);
        assertEquals(1, storeEvents(world).size());
        assertFalse(world.client.status().storeReason().contains(why), world.client.status().storeReason());
    }

    @Test
    void aClientThatHasStoppedWhileItWasFullLooksNoMore() {
        World world = new World("store.max.messages", 1);
        world.publish("t", "x");
        world.publish("t", "x");
        assertEquals(StoreHealth.FULL, world.client.status().store());
        world.client.stop();
        world.scheduler.advance(Duration.ofSeconds(30));
        assertFalse(world.scheduler.advanceToNext(Duration.ofHours(1)), "something is still planned");
    }
}
