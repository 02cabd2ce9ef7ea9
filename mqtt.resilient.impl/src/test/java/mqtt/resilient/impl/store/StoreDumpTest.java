package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.impl.io.LocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a directory that is no journal. */
class StoreDumpTest {
    @TempDir
    Path place;

    @Test
    void aDirectoryThatHoldsJournalsIsNotSaidToBeUndamaged() throws IOException {
        Files.createDirectories(place.resolve("state/plant.journal"));
        List<String> lines = new ArrayList<>();
        IOException refused = assertThrows(IOException.class,
                () -> new StoreDump(new LocalFileSystem(place), "state", lines::add).run(false));
        assertEquals(
                "state is not allowed: it has no segment; allowed: <store.directory>/<name>.journal, here "
                        + "[plant.journal]",
                refused.getMessage());
        assertEquals(List.of(), lines);
    }
}
