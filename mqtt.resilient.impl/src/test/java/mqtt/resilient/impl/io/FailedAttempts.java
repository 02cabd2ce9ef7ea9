package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** What many failed attempts leave behind: nothing. */
@Timeout(180)
abstract class FailedAttempts {
    private static final int ATTEMPTS = Boolean.getBoolean("tests.full") ? 1000 : 100;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    /** The loop may use a processor for so much of the time that the attempts take; one that spins uses all of it. */
    private static final double BUSY = 0.6;

    static List<String> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(EngineThread.class::isInstance).map(Thread::getName)
                .sorted().toList();
    }

    private static long descriptors() {
        if (!Files.isDirectory(DESCRIPTORS)) {
            return 0; // not Linux: threads are counted all the same
        }
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long loopCpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("mqtt-io"))
                .mapToLong(thread -> Math.max(0, threads.getThreadCpuTime(thread.getId()))).sum();
    }

    RealClient client;

    @AfterEach
    void close() {
        client.close();
    }

    final void fails(RealClient failing) {
        fails(failing, 500);
    }

    final void fails(RealClient failing, long waitMillis) {
        client = failing.backsOff(1, 4).waits(waitMillis, waitMillis).start();
        client.awaitAttempts(100); // classes, pools and the like are there now
        List<String> threadsBefore = engineThreads();
        long descriptorsBefore = descriptors();
        long start = System.nanoTime();
        long cpu = loopCpuNanos();
        client.awaitAttempts(100 + ATTEMPTS);
        double busy = (double) (loopCpuNanos() - cpu) / (System.nanoTime() - start);
        assertTrue(busy < BUSY, "the loop was busy for " + busy + " of the time");
        Await.until(() -> descriptorsBefore + " descriptors, but there are " + descriptors(),
                () -> descriptors() <= descriptorsBefore + 8);
        assertTrue(engineThreads().size() <= threadsBefore.size() + 4, () -> threadsBefore + " → " + engineThreads());
        client.close();
        Await.until(() -> "no thread: " + engineThreads(), () -> engineThreads().isEmpty());
    }
}
