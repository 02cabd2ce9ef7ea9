package mqtt.resilient.impl.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.engine.Engine;
import mqtt.resilient.spi.MessageStores.MessageJournal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Journals for other bundles, on the machine's own disk. */
class JournalsTest {
    @TempDir
    private Path directory;
    private Engine engine;
    private Journals journals;

    @BeforeEach
    void start() throws IOException {
        engine = new Engine("mqtt-osgi", null);
        journals = new Journals(engine);
    }

    @AfterEach
    void stop() throws InterruptedException {
        journals.deactivate();
        engine.stop();
    }

    private MessageJournal open(String name) throws IOException {
        return journals.open(directory, name, Durability.POWER);
    }

    @Test
    void manyThreadsAppendAtOnceAndEachGetsAnIdOfItsOwn() throws Exception {
        MessageJournal journal = open("many");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Callable<Long>> work = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            Message message = Message.to("topic/" + i).build();
            work.add(() -> journal.append(message));
        }
        Set<Long> ids = ConcurrentHashMap.newKeySet();
        for (Future<Long> id : pool.invokeAll(work)) {
            ids.add(id.get());
        }
        pool.shutdown();
        assertEquals(400, ids.size());
        assertEquals(400, journal.size());
        List<Long> visited = new ArrayList<>();
        journal.visit(id -> visited.add(id) && id < 10);
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L), visited);
        journal.close();
        try (MessageJournal second = open("many")) {
            assertEquals(400, second.size());
            second.remove(7);
            assertNull(second.read(7));
            assertTrue(second.read(8).topic().startsWith("topic/"));
        }
    }

    @Test
    void anInterruptedThreadStillAppendsAndStaysInterrupted() throws IOException {
        MessageJournal journal = open("interrupted");
        Thread.currentThread().interrupt();
        long id = journal.append(Message.to("a").build());
        assertTrue(Thread.interrupted());
        assertEquals("a", journal.read(id).topic());
    }

    @Test
    void aJournalHasOneOwnerUntilItIsClosedAndThenItsMethodsThrow() throws IOException {
        MessageJournal journal = open("one");
        String error = assertThrows(IOException.class, () -> open("one")).getMessage();
        assertTrue(error.contains("one.journal"), error);
        journal.close();
        journal.close();
        assertThrows(IllegalStateException.class, () -> journal.append(Message.to("a").build()));
        assertThrows(IllegalStateException.class, () -> journal.read(1));
        open("one").append(Message.to("a").build());
    }

    @Test
    void whatStopsClosesTheJournalsThatAreOpen() throws IOException {
        MessageJournal journal = open("left");
        journal.append(Message.to("a").build());
        journals.deactivate();
        assertThrows(IllegalStateException.class, () -> journal.append(Message.to("a").build()));
        assertThrows(IOException.class, () -> open("left"));
        journals = new Journals(engine);
        assertEquals(1, open("left").size());
    }

    @Test
    void namesAndDurabilitiesThatMakeNoSenseAreRefused() {
        for (String name : List.of("", "..", "a/b", "ä", "x".repeat(101))) {
            assertThrows(IllegalArgumentException.class, () -> open(name), name);
        }
        assertThrows(IllegalArgumentException.class, () -> journals.open(directory, "a", Durability.MEMORY));
    }
}
