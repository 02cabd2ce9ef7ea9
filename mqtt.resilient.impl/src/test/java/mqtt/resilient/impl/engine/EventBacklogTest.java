package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A handler of events that does not return costs events, and nothing else. */
class EventBacklogTest {
    private final Engine engine;
    private final HostThread thread;
    private final EventBacklog backlog;
    private final CountDownLatch blocked = new CountDownLatch(1);
    private final AtomicInteger posted = new AtomicInteger();
    private int dropped;

    EventBacklogTest() throws IOException {
        engine = new Engine("host", null);
        thread = engine.host();
        backlog = new EventBacklog(thread);
    }

    private String logged(String property, int events) throws Exception {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            thread.execute(() -> {
                try {
                    blocked.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            for (int i = 0; i < events; i++) {
                dropped += backlog.post(Map.of("topic", property), posted::incrementAndGet) ? 0 : 1;
            }
            AtomicInteger registered = new AtomicInteger();
            var registration = thread.execute(registered::incrementAndGet);
            blocked.countDown();
            registration.get(10, TimeUnit.SECONDS);
            assertEquals(1, registered.get());
        } finally {
            System.setErr(before);
            engine.stop();
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void beyondAThousandTheyAreDroppedCountedAndToldAndARegistrationGoesPast() throws Exception {
        String log = logged("x", 5000);
        assertEquals(1000, posted.get());
        assertEquals(4000, dropped);
        assertTrue(log.contains("Events are dropped") && log.contains("4000 events were dropped"), log);
    }

    @Test
    void largeOnesAreBoundedByTheirBytes() throws Exception {
        String log = logged("x".repeat(65_535), 500);
        assertTrue(posted.get() > 20 && posted.get() < 40, posted + " events");
        assertTrue(log.contains("events were dropped; events are posted again"), log);
    }
}
