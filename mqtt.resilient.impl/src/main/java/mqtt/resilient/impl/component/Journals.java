package mqtt.resilient.impl.component;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.engine.Engine;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.io.LocalFileSystem;
import mqtt.resilient.impl.store.NamedJournal;
import mqtt.resilient.spi.MessageStores;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Opens journals for other bundles. Whoever calls waits; the disk is the business of {@code mqtt-store-n}. */
@Component
public final class Journals implements MessageStores {
    private static final Log LOG = Log.of("mqtt.resilient");
    private static final long FLOOR_BYTES = 64 * 1024 * 1024;

    private final Engine engine;
    private final Set<OpenJournal> open = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;

    @Activate
    public Journals(@Reference EngineComponent component) {
        this(component.engine());
    }

    Journals(Engine engine) {
        this.engine = engine;
    }

    @Deactivate
    void deactivate() {
        stopped = true;
        open.forEach(OpenJournal::close);
    }

    @Override
    public MessageJournal open(Path directory, String name, Durability durability) throws IOException {
        if (!name.matches("[A-Za-z0-9._-]{1,100}") || name.matches("\\.+")) {
            throw new IllegalArgumentException("name: \"" + name
                    + "\" is not allowed; allowed are 1 to 100 letters, digits, dots, underscores and hyphens");
        }
        if (durability == Durability.MEMORY || durability == Durability.VOLATILE) {
            throw new IllegalArgumentException("durability: " + durability + " is not allowed; allowed: POWER, PROCESS");
        }
        if (stopped) { // its threads may be gone, and whoever called would wait for ever
            throw new IOException("journals cannot be opened: the bundle is stopping");
        }
        Path place = directory.toAbsolutePath();
        var journal = new NamedJournal(new LocalFileSystem(place), name + ManagedClient.JOURNAL,
                engine.environment().scheduler(), durability, FLOOR_BYTES, engine.bootId());
        OpenJournal result = new OpenJournal(journal, place.resolve(name + ManagedClient.JOURNAL).toString());
        int lost = result.call(journal::open);
        if (lost > 0) {
            LOG.warn("{}: {} damaged records or segments; the rest is used", result, lost);
        }
        result.size = journal.size();
        open.add(result);
        return result;
    }

    /** Waits for its turn on a store thread. */
    private static final class Turn {
        private final Message message;
        private final Callable<?> action;
        private final CompletableFuture<Object> result = new CompletableFuture<>();

        Turn(Message message, Callable<?> action) {
            this.message = message;
            this.action = action;
        }
    }

    private final class OpenJournal implements MessageJournal {
        private final NamedJournal journal;
        private final String place;
        private List<Turn> turns = new ArrayList<>();
        private boolean running;
        private boolean closed;
        private volatile int size;

        OpenJournal(NamedJournal journal, String place) {
            this.journal = journal;
            this.place = place;
        }

        @Override
        public long append(Message message) throws IOException {
            return (Long) await(new Turn(message, null));
        }

        @Override
        public Message read(long id) throws IOException {
            return call(() -> journal.read(id));
        }

        @Override
        public void remove(long id) throws IOException {
            call(() -> {
                journal.remove(id);
                return null;
            });
        }

        @Override
        public void visit(LongPredicate visitor) {
            try {
                for (long id : call(journal::ids)) {
                    if (!visitor.test(id)) {
                        return;
                    }
                }
            } catch (IOException e) {
                throw new IllegalStateException(e); // the ids are in memory
            }
        }

        @Override
        public int size() {
            return size;
        }

        @SuppressWarnings("unchecked")
        <T> T call(Callable<T> action) throws IOException {
            return (T) await(new Turn(null, action));
        }

        /** Hands a turn to a store thread and waits, also when interrupted: what was begun is not taken back. */
        private Object await(Turn turn) throws IOException {
            synchronized (this) {
                if (closed) {
                    throw new IllegalStateException(place + " is closed");
                }
                begin(turn);
            }
            try {
                return turn.result.join();
            } catch (CompletionException e) {
                throw new IOException(place + ": " + e.getCause().getMessage(), e.getCause());
            }
        }

        private void begin(Turn turn) {
            turns.add(turn);
            if (!running) {
                running = true;
                engine.storage().execute(this::run);
            }
        }

        private void run() {
            for (List<Turn> taken = take(); !taken.isEmpty(); taken = take()) {
                for (int from = 0; from < taken.size();) {
                    int to = from;
                    while (to < taken.size() && taken.get(to).message != null) {
                        to++;
                    }
                    if (to > from) {
                        append(taken.subList(from, to));
                    } else {
                        complete(taken.get(to++));
                    }
                    from = to;
                }
            }
        }

        private synchronized List<Turn> take() {
            List<Turn> taken = turns;
            turns = new ArrayList<>();
            running = !taken.isEmpty();
            return taken;
        }

        /** Appends what queued up with one force. */
        private void append(List<Turn> group) {
            try {
                long id = journal.append(group.stream().map(turn -> turn.message).toList());
                size = journal.size();
                for (Turn turn : group) {
                    turn.result.complete(id++);
                }
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                group.forEach(turn -> turn.result.completeExceptionally(e));
            }
        }

        private void complete(Turn turn) {
            try {
                turn.result.complete(turn.action.call());
            } catch (Exception | OutOfMemoryError e) {
                turn.result.completeExceptionally(e);
            }
            size = journal.size();
        }

        @Override
        public void close() {
            Turn last = new Turn(null, () -> {
                journal.close();
                return null;
            });
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
                begin(last);
            }
            open.remove(this);
            try {
                last.result.join();
            } catch (CompletionException e) {
                LOG.warn("{}: the last write failed: {}", place, e.getCause().toString());
            }
        }

        @Override
        public String toString() {
            return place;
        }
    }
}
