package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.ScriptedBroker;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.ClientInspector;
import mqtt.resilient.spi.ClientInspector.DeadLetter;
import org.junit.jupiter.api.Test;

/** What was given up is kept on the disk: it can be looked at, sent again or dropped, also after a power cut. */
class DeadLetterTest {
    private static final Predicate<String> ON_FORBIDDEN = packet -> packet.contains("forbidden");

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final DiskModel disk = new DiskModel();
    private ScriptedBroker broker = new ScriptedBroker(scheduler);
    private World world;

    private void start() {
        world = new World(scheduler, broker, disk, scheduler::execute, "boot",
                Keys.stored(new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 4096)));
    }

    private void cutAndStart() {
        scheduler.forget();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        broker = new ScriptedBroker(scheduler);
        start();
    }

    private ClientInspector inspector() {
        return world.client.inspector();
    }

    private long idOf(String topic) {
        return deadLetters().stream().filter(each -> each.topic().equals(topic)).findFirst().orElseThrow().id();
    }

    private List<DeadLetter> deadLetters() {
        var found = inspector().deadLetters(100);
        broker.after(Duration.ofSeconds(1));
        return world.now(found);
    }

    /** Has messages on a forbidden topic given up, each in the lane of its number. */
    private void giveUp(int count) {
        start();
        for (int i = 1; i <= count; i++) {
            world.publish(Message.to("forbidden/" + i).payload("payload of " + i).lane(i).build());
        }
        for (int i = 0; i < 10; i++) {
            world.publish(Message.to("t").payload("" + i).lane(3).build());
        }
        for (int seconds = 0; seconds < 2000 && world.client.metrics().deadLettered() < count; seconds++) {
            if (seconds % 5 == 0) {
                world.publish("t", "s" + seconds);
            }
            if (broker.isConnected()) {
                broker.answersUnless(ON_FORBIDDEN);
            }
            broker.after(Duration.ofSeconds(1));
        }
        assertEquals(count, world.client.metrics().deadLettered());
    }

    @Test
    void afterAPowerCutItIsThereAsItWas() {
        giveUp(3);
        scheduler.advance(Duration.ofSeconds(60));
        List<DeadLetter> before = deadLetters();
        assertEquals(List.of("forbidden/1", "forbidden/2", "forbidden/3"),
                before.stream().map(DeadLetter::topic).sorted().toList());
        cutAndStart();
        assertEquals(before.stream().map(DeadLetter::id).toList(), deadLetters().stream().map(DeadLetter::id).toList());
        assertTrue(deadLetters().get(0).ageMillis() >= 60_000, deadLetters().toString());
        assertEquals("payload of 1".length(), deadLetters().get(0).payloadBytes());
    }

    @Test
    void afterAPowerCutItCanBeSentAgainInItsLaneAndIsGoneThen() {
        giveUp(2);
        cutAndStart();
        broker.answersUnless(packet -> false);
        broker.networkBreaks();
        var again = inspector().resendDeadLetter(idOf("forbidden/2"));
        broker.after(Duration.ofSeconds(1));
        long number = world.now(again);
        assertEquals(1, world.now(inspector().lanes()).get(2).waiting());
        broker.awaitsClient().answersUnless(packet -> false);
        assertEquals(Kind.DELIVERED, world.client.publisher().outcome(number).kind());
        cutAndStart();
        assertEquals(List.of("forbidden/1"), deadLetters().stream().map(DeadLetter::topic).toList());
    }

    @Test
    void oneThatIsDroppedStaysAwayAfterAPowerCutAndTheOthersStay() {
        giveUp(3);
        var dropped = inspector().dropDeadLetter(idOf("forbidden/2"));
        broker.after(Duration.ofSeconds(1));
        assertTrue(world.now(dropped));
        cutAndStart();
        assertEquals(List.of("forbidden/1", "forbidden/3"),
                deadLetters().stream().map(DeadLetter::topic).sorted().toList());
        var none = inspector().dropDeadLetter(4711);
        broker.after(Duration.ofSeconds(1));
        assertFalse(world.now(none));
    }
}
