package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hand-over to a pool is certain, whatever the machine is short of. */
@Timeout(60)
class ThreadsTest {
    private final BlockingQueue<Runnable> later = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> done = new LinkedBlockingQueue<>();
    private volatile boolean noThreads;
    private Threads pool;

    @AfterEach
    void end() {
        pool.shutdownNow();
    }

    private Threads pool(int standing, int most) {
        pool = new Threads("test", standing, most, later::add, this::make);
        return pool;
    }

    private Thread make(Runnable task, String name) {
        return new Thread(task, name) {
            @Override
            public synchronized void start() {
                if (noThreads) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
                super.start();
            }
        };
    }

    private String next() throws InterruptedException {
        return done.poll(30, TimeUnit.SECONDS);
    }

    @Test
    void aTaskForWhichThereIsNoThreadWaitsUntilThereIsOne() throws InterruptedException {
        noThreads = true;
        pool(0, 4).execute(() -> done.add("1"));
        pool.execute(() -> done.add("2"));
        Runnable retry = later.poll(30, TimeUnit.SECONDS);
        retry.run();
        assertTrue(done.isEmpty());
        retry = later.poll(30, TimeUnit.SECONDS);
        noThreads = false;
        retry.run();
        assertEquals(List.of("1", "2"), List.of(next(), next()));
        assertTrue(later.isEmpty());
    }

    @Test
    void aRetryThatFindsNoHeapIsPlannedAllTheSame() throws InterruptedException {
        noThreads = true;
        AtomicInteger calls = new AtomicInteger();
        pool = new Threads("test", 0, 1, task -> {
            if (calls.incrementAndGet() < 3) {
                throw new OutOfMemoryError("Java heap space");
            }
            later.add(task);
        }, this::make);
        pool.execute(() -> done.add("1"));
        noThreads = false;
        later.poll(30, TimeUnit.SECONDS).run();
        assertEquals("1", next());
    }

    @Test
    void aTaskThatNeedsMoreThanThereIsHoldsUpARepeatingPoolForSecondsOnly() throws InterruptedException {
        pool(1, 1).repeating();
        pool.execute(() -> {
            throw new OutOfMemoryError("Requested array size exceeds VM limit");
        });
        pool.execute(() -> done.add("the next task"));
        assertEquals("the next task", next());
    }

    @Test
    void aStandingThreadTakesWhatFindsNoOther() throws InterruptedException {
        pool(1, 4);
        noThreads = true;
        CountDownLatch first = new CountDownLatch(1);
        pool.execute(() -> {
            await(first);
            done.add("1");
        });
        pool.execute(() -> done.add("2"));
        assertTrue(done.isEmpty());
        first.countDown();
        assertEquals(List.of("1", "2"), List.of(next(), next()));
    }

    @Test
    void whoWaitsBehindOneThatHangsGetsAThreadAsSoonAsThereIsOne() throws InterruptedException {
        pool(1, 4);
        noThreads = true;
        CountDownLatch never = new CountDownLatch(1);
        pool.execute(() -> await(never));
        pool.execute(() -> done.add("2"));
        Runnable retry = later.poll(30, TimeUnit.SECONDS);
        noThreads = false;
        retry.run();
        assertEquals("2", next());
        never.countDown();
    }

    @Test
    void standingThreadsThatCouldNotBeMadeAreMadeLater() throws InterruptedException {
        noThreads = true;
        pool(1, 1).execute(() -> done.add("1"));
        noThreads = false;
        later.poll(30, TimeUnit.SECONDS).run();
        assertEquals("1", next());
    }

    @Test
    void anErrorEndsNoThread() throws InterruptedException {
        pool(1, 1);
        pool.execute(() -> done.add(Thread.currentThread().toString()));
        pool.execute(() -> {
            throw new OutOfMemoryError("of the task");
        });
        pool.execute(() -> {
            throw new NoClassDefFoundError("of the task") {
                @Override
                public String toString() {
                    throw new OutOfMemoryError("of the log");
                }
            };
        });
        noThreads = true;
        pool.execute(() -> done.add(Thread.currentThread().toString()));
        assertEquals(next(), next());
    }

    @Test
    void atMostSoManyThreadsRunAndOneIsUsedAgain() throws InterruptedException {
        AtomicInteger made = new AtomicInteger();
        pool = new Threads("test", 0, 2, later::add, (task, name) -> {
            made.incrementAndGet();
            return new EngineThread(task, name);
        });
        for (int i = 0; i < 20; i++) {
            pool.execute(() -> done.add(Thread.currentThread().getName()));
            assertEquals("test-1", next());
            Await.until(() -> "idle", () -> idle());
        }
        assertEquals(1, made.get());
        CountDownLatch both = new CountDownLatch(2);
        for (int i = 0; i < 10; i++) {
            pool.execute(() -> {
                both.countDown();
                await(both);
                done.add("x");
            });
        }
        for (int i = 0; i < 10; i++) {
            assertEquals("x", next());
        }
        assertEquals(2, made.get());
    }

    private static boolean idle() {
        return Thread.getAllStackTraces().keySet().stream().filter(each -> each.getName().equals("test-1"))
                .allMatch(each -> each.getState() == Thread.State.WAITING
                        || each.getState() == Thread.State.TIMED_WAITING);
    }

    @Test
    void aRepeatingPoolRunsATaskAgainThatFailedForWantOfHeap() throws InterruptedException {
        pool(1, 1).repeating();
        AtomicInteger calls = new AtomicInteger();
        pool.execute(() -> {
            if (calls.incrementAndGet() < 3) {
                throw new OutOfMemoryError("Java heap space");
            }
            done.add("1");
        });
        assertEquals("1", next());
        assertEquals(3, calls.get());
    }

    @Test
    void afterTheEndNothingIsTakenAndWhatWaitsIsRun() throws InterruptedException {
        pool(1, 1);
        CountDownLatch first = new CountDownLatch(1);
        pool.execute(() -> await(first));
        pool.execute(() -> done.add("2"));
        pool.shutdown();
        assertThrows(RejectedExecutionException.class, () -> pool.execute(() -> done.add("3")));
        assertFalse(pool.awaitTermination(1));
        first.countDown();
        assertEquals("2", next());
        assertTrue(pool.awaitTermination(30_000));
        pool.afterStop(task -> done.add("refused"));
        pool.execute(() -> done.add("4"));
        assertEquals("refused", next());
    }

    @Test
    void anImmediateEndInterruptsAndForgets() throws InterruptedException {
        pool(1, 1);
        CountDownLatch begun = new CountDownLatch(1);
        pool.execute(() -> {
            begun.countDown();
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                done.add("interrupted");
            }
        });
        pool.execute(() -> done.add("never"));
        begun.await();
        pool.shutdownNow();
        assertEquals("interrupted", next());
        assertTrue(pool.awaitTermination(30_000));
        assertTrue(done.isEmpty());
    }

    @Test
    void manyThreadsHandOverAtOnceAndNothingIsLostWhileThreadsComeAndGo() throws InterruptedException {
        pool(1, 4);
        ConcurrentLinkedQueue<Integer> ran = new ConcurrentLinkedQueue<>();
        Thread[] callers = new Thread[4];
        for (int i = 0; i < callers.length; i++) {
            int from = i * 10_000;
            callers[i] = new Thread(() -> {
                for (int task = from; task < from + 10_000; task++) {
                    int number = task;
                    pool.execute(() -> ran.add(number));
                    noThreads = task % 3 == 0;
                }
            });
            callers[i].start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        noThreads = false;
        Await.until(() -> "all: " + ran.size(), () -> ran.size() == 40_000);
        assertEquals(40_000, ran.stream().distinct().count());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
