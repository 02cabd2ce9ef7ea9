package mqtt.resilient.impl.client;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.spi.packet.Reason;

/**
 * How messages ended: a bounded history of one byte each, the words about the latest of which there is more to say, and
 * the stages of those that somebody watches. Written on the loop, read from any thread.
 *
 * <p>No answer is missed: a watcher registers its stage and then looks at the history; the loop writes the history and
 * then looks for stages.
 */
final class Outcomes {
    private static final int MAX_HISTORY = 65_536;
    private static final int MAX_DETAILS = 1024;
    private static final VarHandle BYTES = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final Kind[] KINDS = Kind.values();

    private final Executor loop;
    private final Executor completions;
    /** Stages that are about to be completed, and whether that is planned. */
    private List<Runnable> due = new ArrayList<>();
    private boolean planned;
    private final Runnable completeDue = this::completeDue;
    private final Watches<Outcome> watched = new Watches<>();
    private final Watches<Durability> watchedStored = new Watches<>();
    /** Kind + 1 by id, a ring; 0 = not ended. Covers the ids from {@code latest} down. */
    private volatile byte[] history = new byte[64];
    /** What there is to say besides the kind, by id, a ring; null = there never was anything. */
    private volatile AtomicReferenceArray<Detail> details;
    private volatile long latest;
    private volatile long storedUpTo;
    private volatile long toldUpTo;
    private volatile Durability storedHow = Durability.MEMORY;
    /** The latest id that an earlier process gave: what became of those before is not known. */
    private volatile long base;
    private volatile boolean kept;

    private record Detail(long id, Outcome outcome) {
    }

    /**
     * Stages by message. Knows that there are none without a look-up, and never too early: it counts before it inserts.
     */
    private static final class Watches<T> {
        private final Map<Long, CompletableFuture<T>> stages = new ConcurrentHashMap<>();
        private final AtomicInteger count = new AtomicInteger();

        CompletableFuture<T> add(long id) {
            return stages.computeIfAbsent(id, key -> {
                count.incrementAndGet();
                return new CompletableFuture<>();
            });
        }

        boolean isEmpty() {
            return count.get() == 0;
        }

        CompletableFuture<T> get(long id) {
            return stages.get(id);
        }

        void each(LongConsumer receiver) {
            stages.keySet().forEach(receiver::accept);
        }

        /** Takes all stages out. */
        void removeAll(BiConsumer<Long, CompletableFuture<T>> receiver) {
            for (Long id : stages.keySet()) {
                CompletableFuture<T> stage = remove(id);
                if (stage != null) {
                    receiver.accept(id, stage);
                }
            }
        }

        /** Takes a stage out; null if there is none. */
        CompletableFuture<T> remove(long id) {
            CompletableFuture<T> stage = stages.remove(id);
            if (stage != null) {
                count.decrementAndGet();
            }
            return stage;
        }
    }

    /**
     * Makes a history.
     *
     * @param loop runs what is left for the end of a burst, on the loop
     * @param completions completes stages
     */
    Outcomes(Executor loop, Executor completions) {
        this.loop = loop;
        this.completions = completions;
    }

    /** Completes a stage soon, with all that come in the same burst: a thread is woken up once. On the loop. */
    private void completeSoon(Runnable completion) {
        due.add(completion);
        if (!planned) {
            planned = true;
            loop.execute(completeDue);
        }
    }

    private void completeDue() {
        planned = false;
        List<Runnable> all = due;
        List<Runnable> later = new ArrayList<>();
        Runnable task = () -> all.forEach(Runnable::run);
        due = later;
        completions.execute(task);
    }

    /**
     * Completes what was left when something failed for want of heap: what is due, and what is watched and has ended.
     * On the loop.
     */
    void mend() {
        if (toldUpTo < storedUpTo) {
            stored(storedUpTo, storedHow);
        }
        watched.each(id -> {
            Outcome outcome = get(id, latest);
            if (id <= latest && outcome.kind() != Kind.PENDING && outcome.kind() != Kind.UNKNOWN) {
                settle(id, watched.get(id), outcome);
            }
        });
        if (!due.isEmpty()) {
            completeDue();
        }
    }

    /** Completes the stage of a message, if somebody watches it. */
    private void settle(long id, CompletableFuture<Outcome> stage, Outcome outcome) {
        if (stage != null) {
            completeSoon(() -> stage.complete(outcome)); // before it is taken out, for this may fail
            watched.remove(id);
        }
    }

    /** Ids up to this one were given before; on the loop. */
    void begin(long lastId) {
        base = lastId;
        latest = lastId;
        storedUpTo = lastId;
        toldUpTo = lastId;
    }

    // ---- on the loop ----------------------------------------------------------------------------------------------

    /** All messages up to this number are stored; from any thread, one call at a time. */
    void stored(long id, Durability durability) {
        long from = toldUpTo;
        storedHow = durability;
        storedUpTo = id;
        if (!watchedStored.isEmpty()) {
            completeStored(from, id, durability);
        }
        toldUpTo = id; // at the end: if this fails for want of heap, the next call tells of these too
    }

    private void completeStored(long from, long to, Durability durability) {
        List<Long> ids = new ArrayList<>();
        List<CompletableFuture<Durability>> stages = new ArrayList<>();
        for (long i = from + 1; i <= to; i++) {
            CompletableFuture<Durability> stage = watchedStored.get(i);
            if (stage != null) {
                ids.add(i);
                stages.add(stage);
            }
        }
        if (!stages.isEmpty()) {
            completions.execute(() -> stages.forEach(stage -> stage.complete(durability)));
            ids.forEach(watchedStored::remove); // after what may fail for want of heap
        }
    }

    /** A message was not stored after all. */
    void notStored(long id, RejectedException reason) {
        CompletableFuture<Durability> stage = watchedStored.get(id);
        if (stage != null) {
            completions.execute(() -> stage.completeExceptionally(reason));
            watchedStored.remove(id);
        }
    }

    /** A message has come to its end. */
    void ended(long id, Kind kind, Reason reason) {
        if (reason.code() != 0 || !reason.text().isEmpty()) {
            if (details == null) {
                details = new AtomicReferenceArray<>(MAX_DETAILS);
            }
            details.set((int) (id % MAX_DETAILS), new Detail(id, new Outcome(kind, reason.code(), reason.text())));
        }
        byte[] ring = history;
        if (id > latest) {
            if (ring.length < MAX_HISTORY && id - base > ring.length / 2) {
                ring = grow(ring, id);
            }
            for (long i = Math.max(latest, id - ring.length) + 1; i <= id; i++) {
                ring[(int) (i & ring.length - 1)] = 0;
            }
            latest = id;
        }
        if (id > latest - ring.length) {
            BYTES.setRelease(ring, (int) (id & ring.length - 1), (byte) (kind.ordinal() + 1));
        }
        VarHandle.fullFence();
        if (!watched.isEmpty()) {
            CompletableFuture<Outcome> stage = watched.get(id);
            if (stage != null) {
                settle(id, stage, new Outcome(kind, reason.code(), reason.text(), reason.userProperties()));
            }
        }
    }

    private byte[] grow(byte[] ring, long id) {
        int length = ring.length;
        while (length < MAX_HISTORY && id - base > length / 2) {
            length *= 2;
        }
        byte[] larger = new byte[length];
        for (long i = Math.max(0, latest - ring.length) + 1; i <= latest; i++) {
            larger[(int) (i & length - 1)] = ring[(int) (i & ring.length - 1)];
        }
        history = larger;
        return larger;
    }

    // ---- from any thread ------------------------------------------------------------------------------------------

    /** How a message ended; {@code last} is the number of the latest message. */
    Outcome get(long id, long last) {
        if (id < 1 || id > last) {
            return new Outcome(Kind.UNKNOWN, 0, "");
        }
        if (id > latest) {
            return new Outcome(Kind.PENDING, 0, "");
        }
        byte[] ring = history;
        byte value = (byte) BYTES.getVolatile(ring, (int) (id & ring.length - 1));
        if (id <= latest - ring.length) {
            return new Outcome(Kind.UNKNOWN, 0, "");
        }
        AtomicReferenceArray<Detail> known = details;
        Detail detail = value == 0 || known == null ? null : known.get((int) (id % MAX_DETAILS));
        if (detail != null && detail.id == id) {
            return detail.outcome;
        }
        return new Outcome(value != 0 ? KINDS[value - 1] : id <= base ? Kind.UNKNOWN : Kind.PENDING, 0, "");
    }

    /**
     * A stage for the end of a message.
     *
     * @param old asked when the history does not reach back to the message; it calls {@link #unknown} if it has ended
     */
    CompletionStage<Outcome> watch(long id, long last, LongConsumer old) {
        CompletableFuture<Outcome> stage = watched.add(id);
        VarHandle.fullFence();
        Outcome outcome = get(id, last);
        if (outcome.kind() == Kind.UNKNOWN && id >= 1 && id <= last) {
            old.accept(id);
        } else if (outcome.kind() != Kind.PENDING && watched.remove(id) != null) {
            completions.execute(() -> stage.complete(outcome));
        }
        if (kept) {
            kept();
        }
        return stage.minimalCompletionStage();
    }

    /** Completes all that is watched: the client stops, and the store has what is pending. */
    void kept() {
        kept = true;
        watched.removeAll((id, stage) -> {
            Kind kind = id <= storedUpTo ? Kind.KEPT_IN_STORE : Kind.CLOSED; // what was never stored is not kept
            completions.execute(() -> stage.complete(new Outcome(kind, 0, "the client has stopped")));
        });
        watchedStored.removeAll((id, stage) -> completions.execute(() -> stage.completeExceptionally(
                new RejectedException(RejectedException.Reason.STORE,
                        "store: the client stopped before the message was written"))));
    }

    /** Gives up a watch: the message ended too long ago; on the loop. */
    void unknown(long id) {
        CompletableFuture<Outcome> stage = watched.remove(id);
        if (stage != null) {
            completions.execute(() -> stage.complete(new Outcome(Kind.UNKNOWN, 0, "")));
        }
    }

    CompletionStage<Durability> watchStored(long id, Durability durability) {
        if (id <= storedUpTo) {
            return CompletableFuture.completedStage(durability);
        }
        CompletableFuture<Durability> stage = watchedStored.add(id);
        if (id <= storedUpTo) {
            if (watchedStored.remove(id) != null) {
                completions.execute(() -> stage.complete(durability));
            }
        } else if (kept || get(id, id).kind() == Kind.CLOSED) { // it came in the moment of the stop
            notStored(id, new RejectedException(RejectedException.Reason.CLOSED, "client: stopped"));
        }
        return stage.minimalCompletionStage();
    }
}
