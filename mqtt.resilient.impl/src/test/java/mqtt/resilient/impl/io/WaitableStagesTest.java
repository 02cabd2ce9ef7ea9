package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import mqtt.resilient.impl.environment.UserStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for a stage is woken by who settles it; dependent code runs elsewhere. */
@Timeout(60)
class WaitableStagesTest {
    private static final int RUNS = 2000;

    /** The completing thread, when a test lets it. */
    private final Queue<Runnable> completing = new ArrayDeque<>();
    private final WaitableStages stages = new WaitableStages(completing::add);
    private final UserStage<String> stage = stages.stage(1);
    private final List<Thread> threads = new ArrayList<>();

    private interface Work {
        void run() throws Exception;
    }

    private Thread inThread(List<Object> seen, Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                seen.add(e);
            }
        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    private static void awaitWaiting(Thread thread) {
        while (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
    }

    @AfterEach
    void end() {
        threads.forEach(Thread::interrupt);
    }

    @Test
    void whoWaitsIsWokenWithoutTheCompletingThread() throws InterruptedException {
        List<Object> seen = new ArrayList<>();
        Thread waits = inThread(seen, () -> seen.add(stage.toCompletableFuture().get()));
        awaitWaiting(waits);
        stage.settle("delivered");
        assertTrue(stage.wake());
        waits.join();
        assertEquals(List.of("delivered"), seen);
        assertTrue(completing.isEmpty());
    }

    @Test
    void nobodyIsWokenWhereCodeIsChainedAndItRunsWhereItIsDelivered() {
        List<Object> seen = new ArrayList<>();
        stage.thenAccept(seen::add);
        stage.settle("delivered");
        assertFalse(stage.wake());
        assertEquals(List.of(), seen, "not where it is settled");
        stage.deliver();
        assertEquals(List.of("delivered"), seen);
    }

    @Test
    void anExceptionIsThrownToWhoWaits() throws InterruptedException {
        List<Object> seen = new ArrayList<>();
        Thread waits = inThread(seen, () -> stage.get());
        awaitWaiting(waits);
        stage.settle(new IllegalStateException("not stored"));
        stage.wake();
        waits.join();
        assertTrue(seen.get(0) instanceof ExecutionException, seen::toString);
        assertEquals("not stored", ((Throwable) seen.get(0)).getCause().getMessage());
    }

    @Test
    void theSecondThreadThatWaitsIsWokenByTheFirstAndSoIsWhatDepends() throws InterruptedException {
        List<Object> seen = new ArrayList<>();
        CompletableFuture<Void> all = CompletableFuture.allOf(stage);
        for (int i = 0; i < 2; i++) {
            awaitWaiting(inThread(seen, () -> stage.join()));
        }
        stage.settle("delivered");
        stage.wake();
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(all.isDone());
        assertEquals(List.of(), seen);
    }

    @Test
    void aTimeoutAndAnInterruptEndOnlyTheWait() throws Exception {
        assertThrows(TimeoutException.class, () -> stage.get(1, TimeUnit.MILLISECONDS));
        List<Object> seen = new ArrayList<>();
        Thread waits = inThread(seen, () -> stage.get());
        awaitWaiting(waits);
        waits.interrupt();
        waits.join();
        assertTrue(seen.get(0) instanceof InterruptedException, seen::toString);
        Thread.currentThread().interrupt();
        stage.settle("delivered");
        assertFalse(stage.wake(), "nobody waits");
        stage.deliver();
        assertEquals("delivered", stage.join());
        assertTrue(Thread.interrupted());
    }

    @Test
    void aUserMayCompleteOrCancelItUnderAWaitingThread() throws InterruptedException {
        List<Object> seen = new ArrayList<>();
        Thread waits = inThread(seen, () -> stage.get());
        awaitWaiting(waits);
        stage.cancel(false);
        waits.join();
        assertTrue(seen.get(0) instanceof CancellationException, seen::toString);
        stage.settle("delivered");
        stage.deliver();
        assertTrue(stage.isCancelled());
    }

    /** Settled and waited for at the same moment, with a timeout that ends at the same moment, too. */
    @Test
    void noAnswerIsMissedWhateverHappensAtTheSameMoment() throws Exception {
        CyclicBarrier begin = new CyclicBarrier(3);
        AtomicInteger timeouts = new AtomicInteger();
        List<UserStage<Integer>> all = new ArrayList<>();
        for (int i = 0; i < RUNS; i++) {
            all.add(stages.stage(i));
        }
        List<Object> failures = new ArrayList<>();
        Thread patient = inThread(failures, () -> {
            for (UserStage<Integer> each : all) {
                begin.await();
                assertEquals((int) each.id(), each.get());
            }
        });
        Thread hasty = inThread(failures, () -> {
            for (UserStage<Integer> each : all) {
                begin.await();
                try {
                    assertEquals((int) each.id(), each.get(each.id() % 7 * 1000, TimeUnit.NANOSECONDS));
                } catch (TimeoutException e) {
                    timeouts.incrementAndGet();
                }
            }
        });
        for (UserStage<Integer> each : all) {
            begin.await();
            for (long spin = each.id() % 50; spin > 0; spin--) {
                Thread.onSpinWait();
            }
            each.settle((int) each.id());
            if (!each.wake()) {
                each.deliver();
            }
        }
        patient.join();
        hasty.join();
        assertEquals(List.of(), failures);
        assertTrue(timeouts.get() < RUNS, "some are in time");
    }
}
