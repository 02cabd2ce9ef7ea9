package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import mqtt.resilient.impl.dispatch.InboundQueue;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Messages that no subscription matches. */
class UnmatchedTest {
    private final Recorder recorder = new Recorder();

    private InboundQueue handler(World world) {
        InboundQueue queue = world.client.subscriber().queue(recorder, "handler", false);
        world.client.subscriber().addUnmatched(queue);
        world.scheduler.run();
        return queue;
    }

    @Test
    void withoutAHandlerTheyAreAcknowledgedAndReported() {
        World world = World.connected();
        world.broker.sends("PUBLISH q1 id=7 x 1").expects("PUBACK id=7");
        assertEquals(1, world.client.metrics().receivedDropped());
        assertEquals(List.of("DROPPED x"),
                world.takeEvents().stream().filter(each -> each.startsWith("DROPPED")).toList());
    }

    @Test
    void aHandlerGetsThemAndTheyAreAcknowledgedAfterIt() {
        World world = World.connected();
        handler(world);
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 x 1", "PUBLISH q2 id=8 y 2", "PUBLISH q0 z 3").expectsNothing();
        world.listenersAreStuck(false);
        world.broker.expects("PUBACK id=7", "PUBREC id=8");
        assertEquals(List.of("x 1", "y 2", "z 3"), recorder.take());
        assertEquals(0, world.client.metrics().receivedDropped());
    }

    @Test
    void aHandlerGetsNothingThatAListenerGets() {
        World world = World.connected();
        handler(world);
        Recorder listener = new Recorder();
        world.subscribe("in/#", 1, listener);
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1", "PUBLISH q1 id=7 in/a 1").expects("PUBACK id=7");
        assertEquals(List.of("in/a 1"), listener.take());
        assertEquals(List.of(), recorder.take());
    }

    @Test
    void whatAResumedSessionBringsIsHandedOverOnTheNextConnectionToo() {
        World world = World.connected();
        handler(world);
        world.broker.networkBreaks().acceptsAgain(true).sends("PUBLISH dup q1 id=7 x 1").expects("PUBACK id=7");
        assertEquals(List.of("dup x 1"), recorder.take());
    }

    @Test
    void aHandlerThatThrowsIsAskedAgain() {
        World world = World.connected();
        handler(world);
        recorder.fails(2);
        world.broker.sends("PUBLISH q1 id=7 x 1").expectsNothing().after(Duration.ofSeconds(5)).expects("PUBACK id=7");
        assertEquals(List.of("x 1"), recorder.take());
    }

    @Test
    void whatIsHeldForAListenerGoesToTheHandlerWhenItsGraceIsOver() {
        World world = World.connected("listener.grace.seconds", 60, "keepalive.seconds", 0);
        handler(world);
        ClientSubscription gone = world.subscribe("in", 1, new Recorder());
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1");
        gone.release();
        world.broker.sends("PUBLISH q1 id=7 in 1", "PUBLISH q0 in 0").idles(Duration.ofSeconds(59)).expectsNothing();
        assertEquals(List.of("in 0"), recorder.take());
        world.broker.idles(Duration.ofSeconds(2)).expects("UNSUBSCRIBE id=2 in", "PUBACK id=7");
        assertEquals(List.of("in 1"), recorder.take());
    }

    @Test
    void everyHandlerGetsThemAndAClosedOneNoMore() {
        World world = World.connected();
        Recorder other = new Recorder();
        InboundQueue queue = world.client.subscriber().queue(other, "other", false);
        world.client.subscriber().addUnmatched(queue);
        handler(world);
        world.broker.sends("PUBLISH q1 id=7 x 1").expects("PUBACK id=7");
        assertEquals(List.of("x 1"), recorder.take());
        assertEquals(List.of("x 1"), other.take());
        world.client.subscriber().removeUnmatched(queue);
        world.client.subscriber().removeUnmatched(queue);
        world.broker.sends("PUBLISH q1 id=8 x 2").expects("PUBACK id=8");
        assertEquals(List.of("x 2"), recorder.take());
        assertEquals(List.of(), other.take());
    }

    @Test
    void whatWaitsForAHandlerThatIsClosedIsDroppedAndAcknowledged() {
        World world = World.connected();
        InboundQueue queue = handler(world);
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 x 1", "PUBLISH q1 id=8 x 2").expectsNothing();
        world.client.subscriber().removeUnmatched(queue);
        world.broker.expects("PUBACK id=7", "PUBACK id=8");
        assertEquals(2, world.client.metrics().receivedDropped());
    }
}
