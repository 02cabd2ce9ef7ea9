package mqtt.resilient.impl.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.impl.session.Peek;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.spi.packet.Publish;
import org.junit.jupiter.api.Test;

/** Where the heap was short for a step, a received message is handed over once and acknowledged once, after that. */
class DispatcherTest implements Dispatcher.SessionAccess, Dispatcher.Events {
    private static final int MAX_BYTES = 65_536;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ArrayDeque<Runnable> calls = new ArrayDeque<>();
    private final List<String> told = new ArrayList<>();
    /** The step that has no heap the next time. */
    private String fails = "";
    private final Dispatcher dispatcher = new Dispatcher(scheduler, calls::add, this, new Counters(), this,
            settings(MAX_BYTES, 15));
    private final List<String> heard = new ArrayList<>();

    private static DispatchSettings settings(int maxBytes, int graceSeconds) {
        return Keys.settings("inbound.queue", 10, "inbound.max.bytes", maxBytes,
                "listener.grace.seconds", graceSeconds).dispatch();
    }

    private void step(String name, String words) {
        if (name.equals(fails)) {
            fails = "";
            throw new OutOfMemoryError("Java heap space");
        }
        told.add(name + words);
    }

    @Override
    public void subscribe(String filter, int options, boolean anew) {
        step("subscribe", " " + filter + " " + options + " " + anew);
    }

    @Override
    public void unsubscribe(String filter) {
        step("unsubscribe", " " + filter);
    }

    @Override
    public void handled(Incoming message) {
        step("handled", " " + message.publish().packetId());
    }

    @Override
    public void pauseReading(boolean pause) {
        step("pauseReading", " " + pause);
    }

    @Override
    public void dropped(String topic, String reason) {
        step("dropped", " " + topic);
    }

    @Override
    public void listenerFailed(String listener, String topic, Throwable error, boolean deadLettered) {
        step("failed", " " + topic);
    }

    @Override
    public void listenerSlow(String listener, long nanos) {
        step("slow", "");
    }

    private static Incoming message(int id, int bytes) {
        return Peek
                .incoming(new Publish("in", new byte[bytes], Qos.EXACTLY_ONCE, false, false, id, Publish.Details.NONE));
    }

    private ListenerQueue listener(String name) {
        return listener(name, message -> heard.add(name + " " + message.payload().length));
    }

    private ListenerQueue listener(String name, MessageListener code) {
        return dispatcher.queue(code, name, false);
    }

    private void repeated(Runnable task) {
        Repeated.execute(scheduler, task);
    }

    /** Runs the loop until nothing is left, whatever fails on the way. */
    private void run() {
        for (boolean more = true; more;) {
            try {
                scheduler.run();
                more = !calls.isEmpty();
                while (!calls.isEmpty()) {
                    calls.remove().run();
                }
            } catch (OutOfMemoryError e) {
                more = true;
            }
        }
    }

    private List<String> take(String name) {
        List<String> taken = told.stream().filter(each -> each.startsWith(name)).toList();
        told.removeAll(taken);
        return taken;
    }

    @Test
    void aMessageIsNotDoneTwiceWhereReadingCouldNotGoOn() {
        dispatcher.add("in", 2, listener("a"));
        dispatcher.add("in", 2, dispatcher.pullQueue("b", true, 10, count -> {}));
        dispatcher.received(message(1, MAX_BYTES));
        assertEquals(List.of("pauseReading true"), take("pauseReading"));
        dispatcher.reconfigure(settings(100 * MAX_BYTES, 0));
        take("pauseReading");
        dispatcher.reconfigure(settings(MAX_BYTES, 0));
        assertEquals(List.of("pauseReading true"), take("pauseReading"));
        dispatcher.settings = settings(100 * MAX_BYTES, 0);
        fails = "pauseReading";
        run();
        assertEquals(List.of("a " + MAX_BYTES), heard);
        assertEquals(List.of(), take("handled"), "the other one is not done with it");
        assertEquals(List.of("pauseReading false"), take("pauseReading"));
    }

    @Test
    void aFailureOfAListenerIsToldAndItIsCalledAgain() {
        List<Integer> attempts = new ArrayList<>();
        dispatcher.add("in", 2, listener("a", message -> {
            attempts.add(1);
            if (attempts.size() == 1) {
                throw new IllegalStateException("a fault");
            }
        }));
        dispatcher.received(message(1, 1));
        fails = "failed";
        run();
        assertEquals(List.of("failed in"), take("failed"));
        scheduler.advance(Duration.ofSeconds(1));
        run();
        assertEquals(2, attempts.size());
        assertEquals(List.of("handled 1"), take("handled"));
    }

    @Test
    void whoComesBackGetsWhatWasHeldAlsoIfItsFilterIsSubscribedInTheSecondAttempt() {
        ListenerQueue before = listener("a");
        dispatcher.add("in", 2, before);
        dispatcher.remove("in", before, true);
        dispatcher.close(before);
        dispatcher.received(message(1, 5));
        fails = "subscribe";
        take("subscribe");
        repeated(() -> dispatcher.add("in", 2, listener("a")));
        run();
        assertEquals(List.of("subscribe in 2 true"), take("subscribe"));
        assertEquals(List.of("a 5"), heard);
        assertEquals(List.of("handled 1"), take("handled"));
        scheduler.advance(Duration.ofSeconds(20));
        assertEquals(List.of(), told);
    }

    @Test
    void theEndOfAGraceDropsWhatWasHeldAndAcknowledgesIt() {
        ListenerQueue before = listener("a");
        dispatcher.add("in", 2, before);
        dispatcher.remove("in", before, true);
        dispatcher.close(before);
        dispatcher.received(message(1, 5));
        fails = "handled";
        assertThrows(OutOfMemoryError.class, () -> scheduler.advance(Duration.ofSeconds(15)));
        run();
        assertEquals(List.of("handled 1"), take("handled"));
        assertEquals(List.of("unsubscribe in"), take("unsubscribe"));
        assertEquals(0, dispatcher.unhandled());
    }

    @Test
    void aListenerThatLeavesLeavesItsFilterAsItIsNeeded() {
        ListenerQueue leaves = listener("a");
        dispatcher.add("in", 2, leaves);
        dispatcher.add("in", 1, listener("b"));
        take("subscribe");
        fails = "subscribe";
        repeated(() -> dispatcher.remove("in", leaves, false));
        run();
        assertEquals(List.of("subscribe in 1 true"), take("subscribe"));
        assertEquals(0, leaves.filters);
    }

    @Test
    void whatAListenerHasNotBegunIsDroppedOnceAndAcknowledgedWhenItEnds() {
        ListenerQueue ends = dispatcher.queue(message -> {}, "a", false);
        dispatcher.add("in", 2, ends);
        dispatcher.received(message(1, 1));
        dispatcher.received(message(2, 1));
        dispatcher.remove("in", ends, false);
        fails = "handled";
        repeated(() -> dispatcher.close(ends));
        run();
        assertEquals(List.of("handled 1", "handled 2"), take("handled"));
        assertEquals(0, dispatcher.unhandled());
    }

    @Test
    void whatOneOfItsListenersHasIsNotForgotten() {
        Incoming incoming = message(1, 1);
        dispatcher.add("in", 2, listener("a"));
        dispatcher.add("in", 2, dispatcher.pullQueue("b", false, 10, count -> {}));
        assertFalse(incoming.isHandedOver());
        dispatcher.received(incoming);
        assertTrue(incoming.isHandedOver());
    }
}
