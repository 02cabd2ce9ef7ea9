package mqtt.resilient.impl.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.io.LocalFileSystem;

/**
 * Finds journals that no client uses: of clients that were deleted, renamed or told to keep theirs elsewhere.
 * Directories that clients have used are remembered, so that what was left in them is found after a restart, too.
 */
final class Orphans {
    private static final Log LOG = Log.of("mqtt.resilient");
    private static final String MEMORY = "places";
    private static final int MOST_PLACES = 100;
    /** Until then all clients have had time to come. */
    private static final long WAIT_NANOS = 60_000_000_000L;

    private final FileSystem dataArea;
    private final Scheduler scheduler;
    private final Executor storage;
    private final Predicate<Path> used;
    private final Consumer<Path> found;
    /** Null until they are read. */
    private Set<Path> places;

    /**
     * Begins with the directories of earlier starts.
     *
     * @param dataArea where they are remembered, null = nowhere
     * @param storage for what blocks
     * @param used whether a client uses a journal
     * @param found is told of those that nobody uses
     */
    Orphans(FileSystem dataArea, Scheduler scheduler, Executor storage, Predicate<Path> used, Consumer<Path> found) {
        this.dataArea = dataArea;
        this.scheduler = scheduler;
        this.storage = storage;
        this.used = used;
        this.found = found;
        storage.execute(this::recall);
    }

    /** A client keeps its journal in a directory; from any thread. */
    void kept(Path place) {
        storage.execute(() -> {
            if (remember(place)) {
                lookLater(place);
            }
        });
    }

    private synchronized void recall() {
        if (places == null) {
            places = new LinkedHashSet<>();
            try {
                byte[] remembered = dataArea == null ? null : dataArea.read(MEMORY);
                if (remembered != null) {
                    new String(remembered, StandardCharsets.UTF_8).lines().map(Path::of).forEach(places::add);
                    places.forEach(this::lookLater);
                }
            } catch (IOException | RuntimeException e) {
                LOG.warn("Earlier store directories unknown: {}; their orphans are not reported", e.toString());
            }
        }
    }

    /** Whether it is new. */
    private synchronized boolean remember(Path place) {
        recall();
        if (places.size() >= MOST_PLACES || !places.add(place)) {
            return false;
        }
        try {
            if (dataArea != null) {
                dataArea.write(MEMORY, String.join("\n", places.stream().map(Path::toString).toList())
                        .getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            LOG.warn("Store directory {} not recorded: {}; after a restart its orphans are not reported", place,
                    e.toString());
        }
        return true;
    }

    private void lookLater(Path place) {
        scheduler.execute(
                () -> scheduler.at(scheduler.nanoTime() + WAIT_NANOS, () -> storage.execute(() -> look(place))));
    }

    private void look(Path place) {
        try {
            for (String file : new LocalFileSystem(place).list("")) {
                if (file.endsWith(ManagedClient.JOURNAL) && !used.test(place.resolve(file))) {
                    found.accept(place.resolve(file));
                }
            }
        } catch (IOException e) {
            LOG.warn("Store directory {} cannot be read: {}; its orphans are not reported", place, e.toString());
        }
    }
}
