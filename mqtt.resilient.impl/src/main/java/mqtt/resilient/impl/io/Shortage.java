package mqtt.resilient.impl.io;

import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * A shortage of heap that the loop ran into, until it is over. Noting it allocates nothing. After each one every client
 * mends itself, which closes its connection: so one that comes soon after another is over only when the heap has been
 * free for longer, at most for 8 seconds. On the loop only, except where a method says otherwise.
 */
final class Shortage {
    private static final int LOOK_MILLIS = 100;
    /** Who runs into the next shortage so soon waits until the heap has been free for a while. */
    private static final long SOON_NANOS = 10_000_000_000L;
    private static final int LOOKS_WHEN_SOON = 5;
    private static final int MAX_LOOKS = 80;

    private final LongSupplier nanoTime;
    private final LongConsumer sleepMillis;
    private final BooleanSupplier room;
    private String where;
    private long endedAt;
    /** How often the heap must have room before the next shortage is over. */
    private int looks = 1;
    private volatile boolean waitsNoMore;

    Shortage() {
        this(System::nanoTime, Threads::sleep, new Heap()::hasRoom);
    }

    /**
     * Makes one without a shortage.
     *
     * @param room whether the heap has room now
     */
    Shortage(LongSupplier nanoTime, LongConsumer sleepMillis, BooleanSupplier room) {
        this.nanoTime = nanoTime;
        this.sleepMillis = sleepMillis;
        this.room = room;
        endedAt = nanoTime.getAsLong() - SOON_NANOS;
    }

    /** The heap is full. */
    void note(String newWhere) {
        where = where == null ? newWhere : where;
    }

    boolean isNoted() {
        return where != null;
    }

    /** Waits until there is room; the result is what was being done when it was noted, or null if it was not. */
    String awaitEnd() {
        if (where == null) {
            return null;
        }
        boolean soon = nanoTime.getAsLong() - endedAt < SOON_NANOS;
        looks = !soon ? 1 : looks == 1 ? LOOKS_WHEN_SOON : Math.min(2 * looks, MAX_LOOKS);
        for (int left = looks; left > 0 && !waitsNoMore;) {
            left -= hasRoom() ? 1 : 0;
            if (left > 0) {
                sleepMillis.accept(LOOK_MILLIS);
            }
        }
        endedAt = nanoTime.getAsLong();
        String noted = where;
        where = null;
        return noted;
    }

    /** Whether the heap has room now. */
    boolean hasRoom() {
        return room.getAsBoolean();
    }

    /** The loop is to end: it waits no more. From any thread. */
    void endWait() {
        waitsNoMore = true;
    }
}
