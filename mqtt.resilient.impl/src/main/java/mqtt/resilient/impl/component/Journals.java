package mqtt.resilient.impl.component;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
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
            throw new IllegalArgumentException(
                    "durability: " + durability + " is not allowed; allowed: POWER, PROCESS");
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

    /**
     * Waits for its turn on a store thread. Made before it is queued: to end it needs no memory, so that nobody waits
     * for ever.
     */
    private static final class Turn {
        private final Message message;
        private final Callable<?> action;
        private Object result;
        private Throwable failure;
        private boolean ended;

        Turn(Message message, Callable<?> action) {
            this.message = message;
            this.action = action;
        }

        synchronized void end(Object newResult, Throwable newFailure) {
            if (!ended) {
                result = newResult;
                failure = newFailure;
                ended = true;
                notifyAll();
            }
        }

        /** Waits for the end, also when interrupted: what was begun is not taken back. */
        synchronized Object await(String place) throws IOException {
            boolean interrupted = false;
            while (!ended) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (failure != null) {
                throw new IOException(place + ": " + failure.getMessage(), failure);
            }
            return result;
        }
    }

    private final class OpenJournal implements MessageJournal {
        private final NamedJournal journal;
        private final String place;
        private final Runnable work = this::run;
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

        /** Hands a turn to a store thread and waits for its end. */
        private Object await(Turn turn) throws IOException {
            synchronized (this) {
                if (closed) {
                    throw new IllegalStateException(place + " is closed");
                }
                begin(turn);
            }
            return turn.await(place);
        }

        private void begin(Turn turn) {
            turns.add(turn);
            if (!running) {
                running = true;
                engine.storage().execute(work);
            }
        }

        private void run() {
            List<Turn> taken = List.of();
            try {
                for (taken = take(new ArrayList<>()); !taken.isEmpty(); taken = take(new ArrayList<>())) {
                    run(taken);
                }
            } catch (Throwable e) { // the heap has no room: whoever had his turn is told, the others have theirs
                for (int i = 0; i < taken.size(); i++) {
                    taken.get(i).end(null, e);
                }
                engine.storage().execute(work);
            }
        }

        private void run(List<Turn> taken) {
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

        private synchronized List<Turn> take(List<Turn> next) {
            List<Turn> taken = turns;
            turns = next;
            running = !taken.isEmpty();
            return taken;
        }

        /** Appends what queued up with one force. */
        private void append(List<Turn> group) {
            long id = 0;
            Throwable failure = null;
            try {
                id = journal.append(group.stream().map(turn -> turn.message).toList());
                size = journal.size();
            } catch (Throwable e) { // whatever it is, they wait for an answer
                failure = e;
            }
            for (int i = 0; i < group.size(); i++) {
                group.get(i).end(failure == null ? id + i : null, failure);
            }
        }

        private void complete(Turn turn) {
            try {
                turn.end(turn.action.call(), null);
            } catch (Throwable e) { // as above
                turn.end(null, e);
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
                last.await(place);
            } catch (IOException e) {
                LOG.warn("The last write failed: {}", e.toString());
            }
        }

        @Override
        public String toString() {
            return place;
        }
    }
}
