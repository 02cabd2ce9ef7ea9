package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** An admission that fails for want of heap leaves nothing counted. */
class IntakeTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private boolean heapIsFull;

    private Scheduler scheduler() {
        return (Scheduler) Proxy.newProxyInstance(Scheduler.class.getClassLoader(), new Class<?>[] { Scheduler.class },
                (self, method, arguments) -> {
                    if (heapIsFull) {
                        throw new OutOfMemoryError("as a test wants it");
                    }
                    try {
                        return method.invoke(time, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void whatFailedBeforeItWasTakenCountsForNothing() {
        List<Outgoing> taken = new ArrayList<>();
        Intake intake = new Intake(scheduler(), Keys.settings("store.max.messages", 2), taken::add, why -> {});
        intake.use(Durability.POWER);
        Message message = Message.to("t").payload(new byte[1000]).build();
        heapIsFull = true;
        for (int i = 0; i < 100; i++) {
            assertThrows(OutOfMemoryError.class, () -> intake.admit(message, false));
        }
        heapIsFull = false;
        assertEquals(0, intake.pending());
        assertEquals(0, intake.pendingBytesOfAll());
        assertEquals(0, intake.lastId());
        assertEquals(1, intake.admit(message, false).id());
        assertEquals(2, intake.admit(message, false).id());
        time.run();
        assertEquals(2, taken.size());
    }

    @Test
    void withDropOldestItIsFullUntilTwiceItsBoundIsNotReachedAnyMore() throws Exception {
        List<Outgoing> taken = new ArrayList<>();
        List<Boolean> full = new ArrayList<>();
        Intake intake = new Intake(time, Keys.settings("store.max.messages", 10, "store.overflow", "drop-oldest"),
                taken::add,
                why -> full.add(!why.isEmpty()));
        intake.use(Durability.POWER);
        Message message = Message.to("t").build();
        for (int i = 0; i < 20; i++) {
            intake.admit(message, false);
        }
        assertThrows(RejectedException.class, () -> intake.admit(message, false));
        time.run();
        assertEquals(List.of(true), full);
        for (int i = 0; i < 3; i++) {
            intake.ended(taken.get(i));
        }
        time.advance(Duration.ofSeconds(2));
        assertEquals(List.of(true, false), full);
    }
}
