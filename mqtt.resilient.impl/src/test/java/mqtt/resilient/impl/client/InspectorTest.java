package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Subscription.Grant;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.ClientInspector.Lane;
import mqtt.resilient.spi.ClientInspector.Subscribed;
import mqtt.resilient.spi.ClientInspector.Waiting;
import org.junit.jupiter.api.Test;

/** What an operator sees of a client, and what happens to messages that an operator drops. */
class InspectorTest {
    private static final int QOS_0 = ClientInspector.AT_MOST_ONCE;

    private static Message message(int lane, String payload) {
        return Message.to("t" + lane).payload(payload).lane(lane).build();
    }

    private static Message atMostOnce() {
        return Message.to("q0").payload("1234").qos(Qos.AT_MOST_ONCE).build();
    }

    private static void assertSumIsRight(ClientMetrics metrics) {
        assertEquals(metrics.accepted(),
                metrics.delivered() + metrics.expired() + metrics.cancelled() + metrics.refused()
                        + metrics.deadLettered() + metrics.dropped() + metrics.closed() + metrics.pending());
    }

    @Test
    void whatIsPendingIsToldByLane() {
        World world = World.connected("inflight.max", 1);
        world.publish(message(1, "a"));
        world.broker.after(Duration.ofSeconds(3));
        world.publish(message(1, "b"));
        world.publish(message(3, "c"));
        List<Lane> lanes = world.now(world.client.inspector().lanes());
        assertEquals(List.of(0, 1, 2, 3, QOS_0), lanes.stream().map(Lane::lane).toList());
        assertEquals(new Lane(0, 0, 0, 0, 0), lanes.get(0));
        assertEquals(new Lane(1, 1, 1, 2 * 195, 3000), lanes.get(1)); // there is one slot
        assertEquals(new Lane(3, 1, 0, 195, 0), lanes.get(3));
    }

    @Test
    void theMessagesOfALaneAreShownOldestFirstAndNoMoreThanAskedFor() {
        World world = new World("qos0.offline", true);
        for (int i = 0; i < 5; i++) {
            world.publish(message(2, "x".repeat(i)));
        }
        world.publish(atMostOnce());
        world.scheduler.advance(Duration.ofSeconds(2));
        ClientInspector inspector = world.client.inspector();
        assertEquals(
                List.of(new Waiting(1, "t2", Qos.AT_LEAST_ONCE, 0, 2000),
                        new Waiting(2, "t2", Qos.AT_LEAST_ONCE, 1, 2000)),
                world.now(inspector.waiting(2, 2)));
        assertEquals(List.of(new Waiting(6, "q0", Qos.AT_MOST_ONCE, 4, 2000)), world.now(inspector.waiting(QOS_0, 10)));
        assertEquals(List.of(), world.now(inspector.waiting(0, ClientInspector.MAX_RESULTS)));
    }

    @Test
    void anArgumentThatIsNotAllowedIsNamed() {
        ClientInspector inspector = new World().client.inspector();
        assertEquals("max: 1001 is not allowed; allowed are 1 to 1000",
                assertThrows(IllegalArgumentException.class, () -> inspector.waiting(0, 1001)).getMessage());
        assertEquals("lane: 5 is not allowed; allowed are 0 to 4",
                assertThrows(IllegalArgumentException.class, () -> inspector.cancel(5)).getMessage());
    }

    @Test
    void whatWasNeverSentIsDroppedAsCancelledAndTheRestGoesOn() {
        World world = World.connected("inflight.max", 1);
        List<Publication> all = List.of(world.publish(message(2, "a")), world.publish(message(2, "b")),
                world.publish(message(2, "c")),
                world.publish(message(3, "d")));
        assertEquals(2, world.now(world.client.inspector().cancel(2)));
        assertEquals(List.of(Kind.PENDING, Kind.CANCELLED, Kind.CANCELLED, Kind.PENDING),
                all.stream().map(world::outcome).toList());
        world.broker.expects("PUBLISH q1 id=1 t2 a").sends("PUBACK id=1").expects("PUBLISH q1 id=2 t3 d")
                .sends("PUBACK id=2");
        ClientMetrics metrics = world.client.metrics();
        assertEquals(2, metrics.cancelled());
        assertEquals(2, metrics.delivered());
        assertSumIsRight(metrics);
    }

    @Test
    void qos0ThatWaitsIsDroppedToo() {
        World world = new World("qos0.offline", true);
        world.publish(atMostOnce());
        world.publish(message(2, "stays"));
        assertEquals(1, world.now(world.client.inspector().cancel(QOS_0)));
        assertEquals(1, world.client.metrics().cancelled());
        assertEquals(1, world.client.metrics().pending());
        assertSumIsRight(world.client.metrics());
    }

    @Test
    void aBacklogOnTheDiskIsDroppedWholeButNotWhatIsPublishedMeanwhile() {
        DiskModel disk = new DiskModel();
        ArrayDeque<Runnable> hanging = new ArrayDeque<>();
        World world = stored(disk, hanging);
        while (!hanging.isEmpty()) {
            hanging.remove().run();
            world.scheduler.run();
        }
        for (int i = 0; i < 3000; i++) {
            world.publish(message(2, "x".repeat(1000))); // three times what is kept in memory
            runAll(world, hanging);
        }
        CompletionStage<Long> dropped = world.client.inspector().cancel(2);
        Publication later = world.publish(message(2, "later"));
        while (!world.isDone(dropped)) {
            runAll(world, hanging);
            world.scheduler.advance(Duration.ofMillis(10));
        }
        assertEquals(3000, world.now(dropped));
        assertEquals(Kind.PENDING, world.outcome(later));
        assertEquals(3000, world.client.metrics().cancelled());
        assertSumIsRight(world.client.metrics());
        world.scheduler.advance(Duration.ofSeconds(1));
        runAll(world, hanging);
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        World restarted = stored(disk, hanging);
        runAll(restarted, hanging);
        assertEquals(1, restarted.client.metrics().pending(), "what was dropped does not come back");
    }

    @Test
    void aStoreThatDoesNotAnswerIsNotWaitedForEndlessly() {
        ArrayDeque<Runnable> hanging = new ArrayDeque<>();
        World world = stored(new DiskModel(), hanging);
        runAll(world, hanging);
        for (int i = 0; i < 2000; i++) {
            world.publish(message(2, "x".repeat(1000)));
        }
        CompletionStage<Long> dropped = world.client.inspector().cancel(2);
        world.scheduler.advance(Duration.ofSeconds(20));
        assertFalse(world.isDone(dropped), "nothing is told before it is on the disk");
        runAll(world, hanging);
        long sum = world.now(dropped);
        assertTrue(sum > 900 && sum < 2000, sum + " were at hand");
        assertSumIsRight(world.client.metrics());
    }

    private static void runAll(World world, ArrayDeque<Runnable> tasks) {
        world.scheduler.run();
        while (!tasks.isEmpty()) {
            tasks.remove().run();
            world.scheduler.run();
        }
    }

    private static World stored(DiskModel disk, ArrayDeque<Runnable> storage) {
        VirtualScheduler scheduler = new VirtualScheduler();
        return new World(scheduler, new ScriptedBroker(scheduler), disk, storage::add, "boot",
                Keys.stored(new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 1 << 20)));
    }

    @Test
    void aFilterIsShownWithItsListenersAndTheAnswer() {
        World world = World.connected();
        Recorder recorder = new Recorder();
        world.subscribe("b/#", 1, recorder);
        world.subscribe("a", 0, recorder);
        world.broker.expects("SUBSCRIBE id=1 b/#:1").sends("SUBACK id=1 0").expects("SUBSCRIBE id=2 a:0");
        assertEquals(List.of(
                new Subscribed("a", Qos.AT_MOST_ONCE, Grant.PENDING, List.of("listener"), List.of(), 0, 0),
                new Subscribed("b/#", Qos.AT_LEAST_ONCE, new Grant(0, "", List.of()), List.of("listener"), List.of(), 0,
                        0)),
                world.now(world.client.inspector().subscriptions()));
    }

    @Test
    void whatWaitsForAListenerAndWhoMayComeBackIsShown() {
        World world = World.connected();
        Recorder recorder = new Recorder();
        ClientSubscription leaving = world.subscribe("a", 1, recorder);
        world.subscribe("b", 0, recorder);
        world.broker.expects("SUBSCRIBE id=1 a:1").sends("SUBACK id=1 1").expects("SUBSCRIBE id=2 b:0")
                .sends("SUBACK id=2 0");
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q0 b x", "PUBLISH q0 b y");
        leaving.release();
        List<Subscribed> all = world.now(world.client.inspector().subscriptions());
        assertEquals(List.of(), all.get(0).listeners());
        assertEquals(List.of("listener"), all.get(0).departed());
        assertEquals(2, all.get(1).waiting());
    }

    @Test
    void theRoundTripIsMeasuredWithMessagesAndWithPings() {
        World world = World.connected();
        assertEquals(0, world.client.metrics().roundTripNanos());
        world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1").after(Duration.ofMillis(70)).sends("PUBACK id=1");
        assertEquals(70_000_000, world.client.metrics().roundTripNanos());
        world.broker.after(Duration.ofMillis(14_930)).expects("PINGREQ").after(Duration.ofMillis(250))
                .sends("PINGRESP");
        assertEquals(250_000_000, world.client.metrics().roundTripNanos());
    }
}
