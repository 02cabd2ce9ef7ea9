package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A filter outlives its last listener for a while, so that a bundle update loses nothing. */
class GraceTest {
    private final World world = World.connected();
    private final Recorder recorder = new Recorder();

    /** A bundle with one listener. */
    private final class Bundle {
        private final ListenerQueue queue;
        private final List<ClientSubscription> subscriptions = new ArrayList<>();

        Bundle(Recorder listener, boolean manual, String... filters) {
            queue = world.client.subscriber().queue(listener, "bundle", manual);
            for (String filter : filters) {
                subscriptions.add(world.client.subscriber().subscribe(filter, 2, queue));
            }
            world.scheduler.run();
            for (String packet : world.broker.take("SUBSCRIBE")) {
                String[] words = packet.split(" ");
                world.broker.sends("SUBACK " + words[1] + " 2".repeat(words.length - 2));
            }
        }

        void stops() {
            world.client.subscriber().close(subscriptions, queue, true);
            world.scheduler.run();
        }
    }

    @Test
    void theBrokerHearsNothingOfAListenerThatComesBackInTime() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.expectsNothing().after(Duration.ofSeconds(14)).expectsNothing();
    }

    @Test
    void whatComesMeanwhileIsHeldUnacknowledgedAndDeliveredInOrder() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.sends("PUBLISH q1 id=7 in 1", "PUBLISH q2 id=8 in 2", "PUBLISH q1 id=9 in 3").expectsNothing()
                .after(Duration.ofSeconds(10)).expectsNothing();
        new Bundle(recorder, false, "in");
        assertEquals(List.of("in 1", "in 2", "in 3"), recorder.take());
        world.broker.expects("PUBACK id=7", "PUBREC id=8", "PUBACK id=9");
    }

    @Test
    void whatTheListenerHadNotBegunGoesToItsSuccessor() {
        Bundle bundle = new Bundle(recorder, false, "in");
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 in 1", "PUBLISH q1 id=8 in 2");
        bundle.stops();
        world.listenersAreStuck(false);
        assertEquals(List.of(), recorder.take());
        world.broker.expectsNothing();
        new Bundle(recorder, false, "in");
        assertEquals(List.of("in 1", "in 2"), recorder.take());
        world.broker.expects("PUBACK id=7", "PUBACK id=8");
    }

    @Test
    void aManualListenerThatGoesWithAMessageInItsHandsGetsItAgain() {
        Bundle bundle = new Bundle(recorder, true, "in");
        world.broker.sends("PUBLISH q1 id=7 in 1");
        assertEquals(List.of("in 1"), recorder.take());
        bundle.stops();
        Recorder successor = new Recorder();
        new Bundle(successor, true, "in");
        assertEquals(List.of("in 1"), successor.take());
        world.broker.expectsNothing();
        successor.messages.get(0).acknowledge();
        world.broker.expects("PUBACK id=7");
    }

    @Test
    void whoOnlyLooksOnTakesNothingThatIsHeldForAnotherAndLowersNothing() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.sends("PUBLISH q1 id=7 in 1").expectsNothing();
        Recorder onlooker = new Recorder();
        ListenerQueue tail = world.client.subscriber().queue(onlooker, "tail", false);
        ClientSubscription subscription = world.client.subscriber().subscribe("in", 0, tail);
        world.scheduler.run();
        world.broker.expects("SUBSCRIBE id=2 in:2").sends("SUBACK id=2 2", "PUBLISH q1 id=8 in 2").expectsNothing();
        assertEquals(List.of("in 2"), onlooker.take());
        world.client.subscriber().close(List.of(subscription), tail, false);
        world.scheduler.run();
        world.broker.expectsNothing();
        new Bundle(recorder, false, "in");
        assertEquals(List.of("in 1", "in 2"), recorder.take());
        world.broker.expects("PUBACK id=7", "PUBACK id=8");
    }

    @Test
    void theQosOfThoseThatStayCountsOnceTheGraceIsOver() {
        Bundle bundle = new Bundle(recorder, false, "in");
        world.client.subscriber().subscribe("in", 0, world.client.subscriber().queue(new Recorder(), "tail", false));
        world.scheduler.run();
        world.broker.expects("SUBSCRIBE id=2 in:2").sends("SUBACK id=2 2");
        bundle.stops();
        world.broker.expectsNothing();
        passSeconds(299);
        world.broker.after(Duration.ofSeconds(2)).expects("SUBSCRIBE id=3 in:0");
    }

    @Test
    void qos0IsNotHeld() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.sends("PUBLISH q0 in 1");
        new Bundle(recorder, false, "in");
        assertEquals(List.of(), recorder.take());
    }

    @Test
    void whenTheGraceIsOverTheFilterGoesWithAnEventAndWhatWasHeldIsAcknowledged() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.takeEvents();
        world.broker.sends("PUBLISH q1 id=7 in 1").expectsNothing();
        passSeconds(299);
        assertEquals(List.of(), world.takeEvents());
        world.broker.after(Duration.ofSeconds(2)).expectsInAnyOrder("UNSUBSCRIBE id=2 in",
                "PUBACK id=7");
        assertTrue(world.takeEvents().contains("DROPPED in"));
    }

    private void passSeconds(int seconds) {
        for (int i = 0; i < seconds; i++) {
            world.broker.after(Duration.ofSeconds(1));
            for (String packet : world.broker.takeAll()) {
                assertEquals("PINGREQ", packet);
                world.broker.sends("PINGRESP");
            }
        }
    }

    @Test
    void theGraceSurvivesALossOfTheLink() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.sends("PUBLISH q2 id=8 in 1").hangsUp().acceptsAgain(true).expectsNothing()
                .sends("PUBLISH dup q2 id=8 in 1").expectsNothing();
        new Bundle(recorder, false, "in");
        assertEquals(List.of("in 1"), recorder.take());
        world.broker.expects("PUBREC id=8");
    }

    @Test
    void aFilterInItsGraceIsRenewedInANewSession() {
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.hangsUp().acceptsAgain(false).expects("SUBSCRIBE id=2 in:2").sends("SUBACK id=2 2")
                .sends("PUBLISH q1 id=7 in 1").expectsNothing();
        new Bundle(recorder, false, "in");
        assertEquals(List.of("in 1"), recorder.take());
    }

    @Test
    void aBundleThatComesBackTwiceLosesNothing() {
        for (int i = 1; i <= 3; i++) {
            Bundle bundle = new Bundle(recorder, false, "in");
            bundle.stops();
            world.broker.sends("PUBLISH q1 id=" + i + " in " + i);
        }
        new Bundle(recorder, false, "in");
        assertEquals(List.of("in 1", "in 2", "in 3"), recorder.take());
        world.broker.expects("PUBACK id=1", "PUBACK id=2", "PUBACK id=3");
    }

    @Test
    void aMessageThatAnotherListenerTakesIsHeldForTheAbsentOneAllTheSame() {
        Recorder audit = new Recorder();
        new Bundle(audit, false, "#");
        Bundle commands = new Bundle(recorder, false, "plant/cmd");
        commands.stops();
        world.broker.sends("PUBLISH q1 id=7 plant/cmd open");
        assertEquals(List.of("plant/cmd open"), audit.take());
        new Bundle(recorder, false, "plant/cmd");
        assertEquals(List.of("plant/cmd open"), recorder.take());
        world.broker.expects("PUBACK id=7");
    }

    @Test
    void aMessageForTwoAbsentListenersIsHeldForBoth() {
        Recorder second = new Recorder();
        Bundle one = new Bundle(recorder, false, "a/#");
        Bundle two = new Bundle(second, false, "+/b");
        one.stops();
        two.stops();
        world.broker.sends("PUBLISH q1 id=7 a/b x").expectsNothing();
        new Bundle(recorder, false, "a/#");
        world.broker.expectsNothing();
        new Bundle(second, false, "+/b");
        assertEquals(List.of("a/b x"), recorder.take());
        assertEquals(List.of("a/b x"), second.take());
        world.broker.expects("PUBACK id=7");
    }

    @Test
    void whatAListenerLeavesBehindGoesToItsOwnSuccessorNotToAnotherFilters() {
        Recorder second = new Recorder();
        Bundle other = new Bundle(second, false, "a/#");
        Bundle bundle = new Bundle(recorder, false, "a/b");
        world.listenersAreStuck(true);
        world.broker.sends("PUBLISH q1 id=7 a/b x");
        bundle.stops();
        other.stops();
        world.listenersAreStuck(false);
        new Bundle(recorder, false, "a/b");
        new Bundle(second, false, "a/#");
        assertEquals(List.of("a/b x"), recorder.take());
        assertEquals(List.of("a/b x"), second.take());
        world.broker.expects("PUBACK id=7");
    }

    @Test
    void withoutAGraceTheFilterGoesAtOnce() {
        world.reconfigure("listener.grace.seconds", 0);
        Bundle bundle = new Bundle(recorder, false, "in");
        bundle.stops();
        world.broker.expects("UNSUBSCRIBE id=2 in");
    }
}
