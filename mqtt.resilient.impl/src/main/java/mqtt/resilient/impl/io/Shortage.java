package mqtt.resilient.impl.io;

/**
 * A shortage of heap that the loop ran into, until it is over. Noting it allocates nothing. On the loop only, except
 * where a method says otherwise.
 */
final class Shortage {
    private static final long LOOK_MILLIS = 100;
    /** Who runs into the next shortage so soon waits until the heap has been free for as long. */
    private static final long SOON_NANOS = 5_000_000_000L;
    private static final int LOOKS_WHEN_SOON = 5;

    private String where;
    private long endedAt = System.nanoTime() - SOON_NANOS;
    private volatile boolean waitsNoMore;
    private final Heap heap = new Heap();

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
        int looks = System.nanoTime() - endedAt < SOON_NANOS ? LOOKS_WHEN_SOON : 1;
        while (looks > 0 && !waitsNoMore) {
            looks = hasRoom() ? looks - 1 : Math.max(looks, 1);
            if (looks > 0) {
                Threads.sleep(LOOK_MILLIS);
            }
        }
        endedAt = System.nanoTime();
        String noted = where;
        where = null;
        return noted;
    }

    /** Whether the heap has room now. */
    boolean hasRoom() {
        return heap.hasRoom();
    }

    /** The loop is to end: it waits no more. From any thread. */
    void endWait() {
        waitsNoMore = true;
    }
}
