package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** What is counted of received messages is what is held of them: one payload, and something for each listener. */
class HeldInboundTest {
    private static final String KILOBYTES_60 = "x".repeat(60_000);

    private static World world(int listeners, long maxBytes, List<Recorder> recorders) {
        World world = World.connected("inbound.max.bytes", maxBytes);
        for (int i = 0; i < listeners; i++) {
            Recorder recorder = new Recorder();
            recorders.add(recorder);
            world.subscribe("in", 1, recorder, true);
        }
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        world.broker.takeAll();
        return world;
    }

    @Test
    void eachOfSeveralListenersHasAnArrayOfHisOwn() {
        List<Recorder> recorders = new ArrayList<>();
        World world = world(3, 200_000, recorders);
        world.broker.sends("PUBLISH q1 id=1 in abc");
        byte[] first = recorders.get(0).messages.get(0).payload();
        Arrays.fill(first, (byte) 'z');
        assertEquals("abc", new String(recorders.get(1).messages.get(0).payload()));
        assertEquals("abc", new String(recorders.get(0).messages.get(0).payload()));
        assertNotSame(recorders.get(1).messages.get(0).payload(), recorders.get(2).messages.get(0).payload());
    }

    @Test
    void thePayloadCountsOnceForAllListeners() {
        World world = world(10, 200_000, new ArrayList<>());
        world.broker.sends("PUBLISH q1 id=1 in " + KILOBYTES_60, "PUBLISH q1 id=2 in " + KILOBYTES_60);
        assertFalse(world.broker.isReadingPaused());
    }

    @Test
    void whatEachListenerIsHandedCounts() {
        World world = world(10, 200_000, new ArrayList<>());
        int id = 1;
        while (id < 1000 && !world.broker.isReadingPaused()) {
            world.broker.sends("PUBLISH q1 id=" + id++ + " in x");
        }
        assertTrue(id > 100 && id < 150, "ten small objects for each of " + id + " messages");
    }

    @Test
    void whatIsHeldForListenersThatHaveGoneCounts() {
        List<Recorder> recorders = new ArrayList<>();
        World world = World.connected("inbound.max.bytes", 200_000);
        List<ClientSubscription> subscriptions = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            subscriptions.add(world.subscribe("in", 1, new Recorder(), true));
        }
        world.broker.expects("SUBSCRIBE id=1 in:1").sends("SUBACK id=1 1");
        subscriptions.forEach(ClientSubscription::release);
        int id = 1;
        while (id < 1000 && !world.broker.isReadingPaused()) {
            world.broker.sends("PUBLISH q1 id=" + id++ + " in x");
        }
        assertTrue(id > 100 && id < 150, "ten times held for each of " + id + " messages");
    }

    @Test
    void whatIsDoneButWaitsForAnEarlierAcknowledgementIsNotHeld() throws InterruptedException {
        World world = World.connected("inbound.max.bytes", 200_000);
        Recorder stuck = new Recorder();
        world.subscribe("stuck", 1, stuck, true);
        List<WeakReference<ReceivedMessage>> done = new ArrayList<>();
        List<WeakReference<byte[]>> payloads = new ArrayList<>();
        world.subscribe("in/+", 2, message -> {
            done.add(new WeakReference<>(message));
            payloads.add(new WeakReference<>(message.payload()));
        });
        world.broker.takeAll();
        world.broker.sends("PUBLISH q1 id=1 stuck x");
        for (int id = 2; id <= 20; id++) {
            world.broker.sends("PUBLISH q" + (1 + id % 2) + " id=" + id + " in/" + id + " " + KILOBYTES_60);
        }
        assertEquals(19, done.size());
        for (int i = 0; i < 100 && payloads.stream().anyMatch(each -> each.get() != null); i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(0, payloads.stream().filter(each -> each.get() != null).count(), "payloads are still held");
        world.broker.expectsNothing();
        stuck.messages.get(0).acknowledge();
        assertEquals("PUBACK id=1", world.broker.takeAll().get(0));
    }

    @Test
    void aListenerThatChangesItsArrayMakesNoNewMessageOfARepetition() {
        World world = World.connected();
        List<String> topics = new ArrayList<>();
        world.subscribe("in/#", 2, message -> {
            Arrays.fill(message.payload(), (byte) 0);
            topics.add(message.topic());
        });
        world.broker.expects("SUBSCRIBE id=1 in/#:2").sends("SUBACK id=1 2");
        world.broker.sends("PUBLISH q2 id=8 in/a 1").expects("PUBREC id=8").networkBreaks().awaitsClient()
                .expects("CONNECT *").networkBreaks().acceptsAgain(true).take("SUBSCRIBE");
        world.broker.sends("PUBLISH dup q2 id=8 in/a 1").expects("PUBREC id=8");
        assertEquals(List.of("in/a"), topics);
    }
}
