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
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.spi.packet.Reason;

/**
 * The outcomes of messages: a bounded history with one byte for each message, the reasons of the latest that have one,
 * and the stages that wait for an outcome. Written on the loop, read from any thread.
 *
 * <p>No outcome is missed: a watcher registers its stage and then looks at the history; the loop writes the history and
 * then looks for stages. Both have a full fence in between, so that one of them sees what the other wrote.
 */
final class Outcomes {
    private static final int HISTORY = 16_384;
    private static final int MAX_DETAILS = 1024;
    private static final VarHandle BYTES = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final Kind[] KINDS = Kind.values();

    private final Executor loop;
    private final Executor completions;
    /** Stages that are about to be completed, and whether that is planned. */
    private List<Runnable> due = new ArrayList<>();
    private boolean planned;
    private final Runnable completeDue = this::completeDue;
    private final Map<Long, CompletableFuture<Outcome>> watched = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<Durability>> watchedStored = new ConcurrentHashMap<>();
    /** Kind + 1 by id, a ring; 0 = not ended. Covers the ids from {@code latest} down. Short until one has ended. */
    private volatile byte[] history = new byte[1];
    /** Outcomes with a reason, by id, a ring; null = there never was one. */
    private volatile AtomicReferenceArray<Detail> details;
    private volatile long latest;
    private volatile long storedUpTo;
    private volatile long toldUpTo;
    private volatile Durability storedHow = Durability.MEMORY;
    /** The latest id that an earlier process gave: the outcomes of these and earlier ids are not known. */
    private volatile long base;
    private volatile boolean kept;

    private record Detail(long id, Outcome outcome) {
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
     * Completes what was left when something failed for want of heap: stages that are about to be completed, and those
     * of settled messages. On the loop.
     */
    void mend() {
        if (toldUpTo < storedUpTo) {
            stored(storedUpTo, storedHow);
        }
        watched.forEach((id, stage) -> {
            Outcome outcome = get(id, latest);
            if (id <= latest && outcome.kind() != Kind.PENDING && outcome.kind() != Kind.UNKNOWN) {
                settle(id, stage, outcome);
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

    /** A message is settled. */
    void ended(long id, Kind kind, Reason reason) {
        if (reason.code() != 0 || !reason.text().isEmpty()) {
            if (details == null) {
                details = new AtomicReferenceArray<>(MAX_DETAILS);
            }
            details.set((int) (id % MAX_DETAILS), new Detail(id, new Outcome(kind, reason.code(), reason.text())));
        }
        byte[] ring = history;
        if (ring.length < HISTORY) {
            ring = new byte[HISTORY];
            history = ring;
        }
        if (id > latest) {
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
     * A stage for the outcome of a message.
     *
     * @param old asked when the history does not reach back to the message; it calls {@link #unknown} if it has ended
     */
    CompletionStage<Outcome> watch(long id, long last, LongConsumer old) {
        CompletableFuture<Outcome> stage = watched.computeIfAbsent(id, key -> new CompletableFuture<>());
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
        removeAll(watched, (id, stage) -> {
            Kind kind = id <= storedUpTo ? Kind.KEPT_IN_STORE : Kind.CLOSED; // what was never stored is not kept
            completions.execute(() -> stage.complete(new Outcome(kind, 0, "the client has stopped")));
        });
        removeAll(watchedStored, (id, stage) -> completions.execute(() -> stage.completeExceptionally(
                new RejectedException(RejectedException.Reason.STORE,
                        "store: the client stopped before the message was written"))));
    }

    private static <T> void removeAll(Map<Long, CompletableFuture<T>> watches,
            BiConsumer<Long, CompletableFuture<T>> receiver) {
        watches.keySet().forEach(id -> {
            CompletableFuture<T> stage = watches.remove(id);
            if (stage != null) {
                receiver.accept(id, stage);
            }
        });
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
        CompletableFuture<Durability> stage = watchedStored.computeIfAbsent(id, key -> new CompletableFuture<>());
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
