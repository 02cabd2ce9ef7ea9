package mqtt.resilient.impl.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** Things from any thread reach the loop in order, once, with one wake-up for many. */
class MailboxTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<Integer> received = new ArrayList<>();

    private static <T> void put(Mailbox<T> mailbox, T thing) {
        if (mailbox.add(thing)) {
            mailbox.wake();
        }
    }

    @Test
    void whatIsAddedWithoutAWakeUpComesWithTheNextOne() {
        Mailbox<Integer> mailbox = new Mailbox<>(scheduler, received::add);
        mailbox.add(1);
        mailbox.add(2);
        scheduler.run();
        assertEquals(List.of(), received);
        mailbox.wake();
        scheduler.run();
        assertEquals(List.of(1, 2), received);
    }

    @Test
    void nothingIsReceivedOnTheCallersThread() {
        Mailbox<Integer> mailbox = new Mailbox<>(scheduler, received::add);
        put(mailbox, 1);
        assertEquals(List.of(), received);
        scheduler.run();
        assertEquals(List.of(1), received);
    }

    @Test
    void whatCouldNotBeReceivedForWantOfHeapComesAgainInItsPlace() {
        List<Integer> attempts = new ArrayList<>();
        Mailbox<Integer> mailbox = new Mailbox<>(scheduler, thing -> {
            attempts.add(thing);
            if (attempts.size() == 2) {
                throw new OutOfMemoryError("Java heap space");
            }
            received.add(thing);
        });
        for (int i = 1; i <= 3; i++) {
            put(mailbox, i);
        }
        assertThrows(OutOfMemoryError.class, scheduler::run);
        scheduler.run();
        assertEquals(List.of(1, 2, 2, 3), attempts);
        assertEquals(List.of(1, 2, 3), received);
    }

    @Test
    void manyPutsAreOneWakeUp() {
        AtomicInteger wakeUps = new AtomicInteger();
        scheduler.beforeExecute(wakeUps::incrementAndGet);
        Mailbox<Integer> mailbox = new Mailbox<>(scheduler, received::add);
        for (int i = 0; i < 10_000; i++) {
            put(mailbox, i);
        }
        scheduler.run();
        assertEquals(10_000, received.size());
        assertEquals(1, wakeUps.get());
    }

    @Test
    void whatIsPutWhileTheLoopReceivesComesLater() {
        List<Mailbox<Integer>> self = new ArrayList<>();
        self.add(new Mailbox<>(scheduler, i -> {
            received.add(i);
            if (i < 10) {
                put(self.get(0), i + 1);
            }
        }));
        put(self.get(0), 1);
        scheduler.run();
        assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), received);
    }

    @Test
    void aReceiverThatThrowsLosesOnlyThatOne() {
        Mailbox<Integer> mailbox = new Mailbox<>(scheduler, i -> {
            if (i % 3 == 0) {
                throw new IllegalStateException("on " + i);
            }
            received.add(i);
        });
        for (int i = 1; i <= 10; i++) {
            put(mailbox, i);
        }
        for (int failures = 0; failures < 3; failures++) {
            assertThrows(IllegalStateException.class, scheduler::run);
        }
        put(mailbox, 11);
        scheduler.run();
        assertEquals(List.of(1, 2, 4, 5, 7, 8, 10, 11), received);
    }

    @Test
    void severalThreadsKeepTheirOrder() throws InterruptedException {
        ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        Scheduler loop = new Scheduler() {
            @Override
            public long nanoTime() {
                return 0;
            }

            @Override
            public long wallClockMillis() {
                return 0;
            }

            @Override
            public void execute(Runnable task) {
                tasks.add(task);
            }

            @Override
            public Timer at(long nanoTime, Runnable task) {
                throw new UnsupportedOperationException();
            }
        };
        int threads = 4;
        int each = 20_000;
        Mailbox<Integer> mailbox = new Mailbox<>(loop, received::add);
        List<Thread> all = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int number = t;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    put(mailbox, i * threads + number);
                }
            });
            all.add(thread);
            thread.start();
        }
        while (received.size() < threads * each) {
            Runnable task = tasks.poll();
            if (task == null) {
                Thread.onSpinWait();
            } else {
                task.run();
            }
        }
        for (Thread thread : all) {
            thread.join();
        }
        int[] last = { -1, -1, -1, -1 };
        for (int value : received) {
            assertTrue(value > last[value % threads]);
            last[value % threads] = value;
        }
    }
}
