package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A client mends itself after want of heap has left something half done, and says so when its thread has ended. */
class OutOfMemoryTest {

    private static void mend(World world) {
        world.scheduler.execute(world.client::mend);
        world.scheduler.run();
    }

    @Test
    void itConnectsAnewAndSendsAgainWhatIsNotAcknowledged() {
        World world = World.connected();
        Publication first = world.publish("t", "1");
        Publication second = world.publish("t", "2", 2);
        world.broker.expects("PUBLISH q1 id=1 t 1", "PUBLISH q2 id=2 t 2").sends("PUBREC id=2").expects("PUBREL id=2");
        mend(world);
        world.broker.accepts(true).expects("PUBLISH dup q1 id=1 t 1", "PUBREL id=2").sends("PUBACK id=1")
                .sends("PUBCOMP id=2");
        assertEquals(Kind.DELIVERED, world.outcome(first));
        assertEquals(Kind.DELIVERED, world.outcome(second));
        assertEquals(0, world.client.metrics().pending());
        assertEquals(ConnectionState.ONLINE, world.client.status().state());
    }

    @Test
    void anAttemptThatWaitsKeepsItsTimeAndOneThatIsPausedIsNotMade() {
        World world = World.connected();
        world.broker.hangsUp();
        Duration wait = world.client.status().nextAttempt();
        assertEquals(ConnectionState.WAITING, world.client.status().state());
        mend(world);
        assertEquals(wait, world.client.status().nextAttempt());
        assertEquals(0, world.broker.openConnections());
        world.broker.acceptsAgain(true);
        assertEquals(ConnectionState.ONLINE, world.client.status().state());
        world.client.connector().disconnect();
        world.scheduler.run();
        mend(world);
        world.scheduler.advance(Duration.ofMinutes(1));
        assertEquals(ConnectionState.PAUSED, world.client.status().state());
    }

    @Test
    void whatIsTooLargeForTheHeapAgainAndAgainIsTriedLessAndLessOften() {
        World world = World.connected();
        Publication publication = world.publish("t", "1");
        world.broker.expects("PUBLISH q1 id=1 t 1");
        Duration longest = Duration.ZERO;
        for (int i = 0; i < 8; i++) {
            world.broker.isTooMuchForTheHeap();
            Duration wait = world.client.status().nextAttempt();
            longest = wait.compareTo(longest) > 0 ? wait : longest;
            assertEquals("something large", world.reason());
            world.broker.acceptsAgain(true).expects("PUBLISH dup q1 id=1 t 1");
        }
        assertTrue(longest.toSeconds() > 3, longest.toString());
        world.broker.sends("PUBACK id=1");
        assertEquals(Kind.DELIVERED, world.outcome(publication));
    }

    @Test
    void aDisconnectThatWaitsForTheBrokerIsOver() {
        World world = World.connected();
        List<String> done = new ArrayList<>();
        world.client.connector().disconnect().thenRun(() -> done.add("gone"));
        mend(world);
        assertEquals(List.of("gone"), done);
    }

    @Test
    void aMessageThatCouldNotBeTakenIsTakenAgainOnce() {
        World world = World.connected("brokers", List.of("mqtt://broker"));
        List<String> attempts = new ArrayList<>();
        Repeated.execute(world.scheduler, () -> {
            attempts.add("x");
            if (attempts.size() == 1) {
                throw new OutOfMemoryError("Java heap space");
            }
        });
        assertThrows(OutOfMemoryError.class, world.scheduler::run);
        world.scheduler.run();
        assertEquals(2, attempts.size());
    }

    @Test
    void everyStepOfMendingIsTakenAndWantOfHeapIsToldBeforeAFault() {
        List<Integer> steps = new ArrayList<>();
        OutOfMemoryError error = assertThrows(OutOfMemoryError.class, () -> Mending.run(() -> {
            throw new OutOfMemoryError("Java heap space");
        }, () -> steps.add(1), () -> {
            throw new IllegalStateException("a fault");
        }, () -> steps.add(2)));
        assertEquals("Java heap space", error.getMessage());
        assertEquals(List.of(1, 2), steps);
    }

    @Test
    void withoutItsThreadAClientSaysSoEverywhere() {
        World world = World.connected();
        world.client.fail("the thread mqtt-io has ended");
        world.scheduler.run();
        assertEquals(ConnectionState.FAILED, world.client.status().state());
        assertEquals("the thread mqtt-io has ended", world.client.status().reason());
        assertEquals(StoreHealth.FAILED, world.client.status().store());
        RejectedException refused = (RejectedException) world.client.publisher()
                .publish(mqtt.resilient.api.Message.to("t").build())
                .stored()
                .handle((stored, error) -> error).toCompletableFuture().join();
        assertEquals(RejectedException.Reason.STORE, refused.reason());
    }
}
