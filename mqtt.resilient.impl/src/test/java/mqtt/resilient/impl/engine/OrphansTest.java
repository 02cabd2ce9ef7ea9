package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients that are not there any more have left behind. */
class OrphansTest {
    @TempDir
    private Path directory;
    private Path before;
    private Path now;
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<Path> found = new ArrayList<>();

    @BeforeEach
    void makeJournals() throws IOException {
        before = Files.createDirectories(directory.resolve("before"));
        now = Files.createDirectories(directory.resolve("now"));
        Files.createDirectory(before.resolve("plant.journal"));
        Files.createDirectory(now.resolve("plant.journal"));
        Files.createDirectory(now.resolve("gone.journal"));
        Files.createFile(now.resolve("plant.id"));
    }

    private Orphans begin() {
        return new Orphans(new LocalFileSystem(directory), scheduler, Runnable::run,
                now.resolve("plant.journal")::equals,
                found::add);
    }

    @Test
    void aJournalThatNobodyUsesIsToldOnceAMinuteAfterTheStart() {
        Orphans orphans = begin();
        orphans.kept(now);
        orphans.kept(now);
        scheduler.advance(Duration.ofSeconds(59));
        assertEquals(List.of(), found);
        scheduler.advance(Duration.ofSeconds(2));
        assertEquals(List.of(now.resolve("gone.journal")), found);
    }

    @Test
    void whatWasLeftInADirectoryOfAnEarlierStartIsFound() {
        begin().kept(before);
        begin().kept(now);
        scheduler.advance(Duration.ofMinutes(2));
        found.clear();
        begin().kept(now);
        scheduler.advance(Duration.ofMinutes(2));
        assertEquals(List.of(before.resolve("plant.journal"), now.resolve("gone.journal")), found);
    }

    @Test
    void aDirectoryThatIsNotThereAnyMoreIsNoTrouble() throws IOException {
        begin().kept(before);
        Files.delete(before.resolve("plant.journal"));
        Files.delete(before);
        begin();
        scheduler.advance(Duration.ofMinutes(2));
        assertEquals(List.of(), found);
    }
}
