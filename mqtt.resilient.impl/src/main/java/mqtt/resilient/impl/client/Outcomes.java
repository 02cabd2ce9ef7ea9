package mqtt.resilient.impl.client;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongConsumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.impl.environment.Completions;
import mqtt.resilient.impl.environment.UserStage;
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
    private static final Outcome DELIVERED = new Outcome(Kind.DELIVERED, 0, "");

    private final Executor loop;
    private final Completions completions;
    private final SettledStages settled;
    /** Whether those who wait are told at the end of this burst. */
    private boolean planned;
    private final Runnable tell = this::tell;
    private final Watchers<Outcome> watched = new Watchers<>();
    private final Watchers<Durability> watchedStored = new Watchers<>();
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
     * @param completions makes stages, and completes them
     */
    Outcomes(Executor loop, Completions completions) {
        this.loop = loop;
        this.completions = completions;
        settled = new SettledStages(completions);
    }

    private void tell() {
        planned = false;
        settled.tell();
    }

    /** Tells what was left when something failed for want of heap. On the loop. */
    void mend() {
        if (toldUpTo < storedUpTo) {
            stored(storedUpTo, storedHow);
        }
        settled.resume();
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
        if (!watchedStored.isEmpty() && settled.settle(watchedStored.remove(from + 1, id), durability)) {
            settled.tell();
        }
        toldUpTo = id;
    }

    /** A message was not stored after all. */
    void notStored(long id, RejectedException reason) {
        if (settled.settle(watchedStored.remove(id, id), reason)) {
            settled.tell();
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
        if (!watched.isEmpty() && watched.has(id)) {
            boolean plain = kind == Kind.DELIVERED && reason.equals(Reason.SUCCESS);
            Outcome outcome = plain ? DELIVERED
                    : new Outcome(kind, reason.code(), reason.text(), reason.userProperties());
            settled.settle(watched.remove(id, id), outcome);
            if (!planned) { // in vain for a burst that somebody else tells, which does no harm
                planned = true;
                loop.execute(tell);
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
        Outcome known = get(id, last);
        if (known.kind() != Kind.PENDING && known.kind() != Kind.UNKNOWN) {
            return CompletableFuture.completedStage(known);
        }
        UserStage<Outcome> stage = completions.stage(id);
        watched.add(stage);
        VarHandle.fullFence();
        Outcome outcome = get(id, last);
        if (outcome.kind() == Kind.UNKNOWN && id >= 1 && id <= last) {
            old.accept(id);
        } else if (outcome.kind() != Kind.PENDING) {
            give(id, outcome);
        }
        if (kept) {
            kept();
        }
        return stage;
    }

    private void give(long id, Outcome outcome) {
        if (settled.settle(watched.remove(id, id), outcome)) {
            settled.tell();
        }
    }

    /** Completes all that is watched: the client stops, and the store has what is pending. */
    void kept() {
        kept = true;
        long stored = storedUpTo;
        Outcome keptInStore = new Outcome(Kind.KEPT_IN_STORE, 0, "the client has stopped");
        Outcome closed = new Outcome(Kind.CLOSED, 0, "the client has stopped"); // what was never stored is not kept
        RejectedException lost = new RejectedException(RejectedException.Reason.STORE,
                "store: the client stopped before the message was written");
        settled.settle(watched.remove(0, stored), keptInStore);
        settled.settle(watched.remove(stored + 1, Long.MAX_VALUE), closed);
        settled.settle(watchedStored.remove(0, Long.MAX_VALUE), lost);
        settled.tell();
    }

    /** Gives up a watch: the message ended too long ago; on the loop. */
    void unknown(long id) {
        give(id, new Outcome(Kind.UNKNOWN, 0, ""));
    }

    CompletionStage<Durability> watchStored(long id, Durability durability) {
        if (id <= storedUpTo) {
            return CompletableFuture.completedStage(durability);
        }
        UserStage<Durability> stage = completions.stage(id);
        watchedStored.add(stage);
        VarHandle.fullFence();
        if (id <= storedUpTo) {
            if (settled.settle(watchedStored.remove(id, id), durability)) {
                settled.tell();
            }
        } else if (kept || get(id, id).kind() == Kind.CLOSED) { // it came in the moment of the stop
            notStored(id, new RejectedException(RejectedException.Reason.CLOSED, "client: stopped"));
        }
        return stage;
    }
}
