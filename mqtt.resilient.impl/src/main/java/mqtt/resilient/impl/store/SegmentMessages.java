package mqtt.resilient.impl.store;

import java.util.BitSet;

/**
 * Which messages of a segment are live. Each message of a lane has an index, the next one's is one higher, also over
 * restarts. Resident are one bit per message and a few numbers, never a message. On the store's thread only.
 */
final class SegmentMessages {
    /** From the first index to the last: what is known of the messages is a bit for each. */
    private static final int MAX_SPAN = 1 << 24;

    private final BitSet bits = new BitSet();
    private long firstIndex;
    /** The lowest index that the next message may have. */
    private long nextIndex;
    private int count;
    private int live;
    private long liveBytes;
    /** Whether the first message says what the first index is. */
    private boolean anyFirst;

    SegmentMessages(long firstIndex) {
        this.firstIndex = firstIndex;
        nextIndex = firstIndex;
    }

    /** The header of the segment is damaged: the first message says what the first index is. */
    void takeAnyFirst() {
        anyFirst = true;
    }

    /** The lowest index that the first message may have. */
    long firstIndex() {
        return firstIndex;
    }

    /** Live messages. */
    int live() {
        return live;
    }

    /** Messages that are settled. */
    int dead() {
        return count - live;
    }

    /** About how many bytes the live ones take. */
    long liveBytes() {
        return liveBytes;
    }

    boolean isLive(long index) {
        long bit = index - firstIndex;
        return bit >= 0 && bit < bits.length() && bits.get((int) bit);
    }

    /** The first live message from an index on; -1 if there is none. */
    long nextLive(long index) {
        long from = Math.max(0, index - firstIndex);
        int bit = from >= bits.length() ? -1 : bits.nextSetBit((int) from);
        return bit < 0 ? -1 : firstIndex + bit;
    }

    /** The index of the latest live message; 0 if there is none. */
    long latestLive() {
        return live == 0 ? 0 : firstIndex + bits.length() - 1;
    }

    /** Whether a message with an index can be the next one. */
    boolean canHold(long index) {
        return anyFirst && count == 0 || index >= nextIndex && index - firstIndex < MAX_SPAN;
    }

    void add(long index, int bytes) {
        if (anyFirst && count == 0) {
            firstIndex = index;
        }
        nextIndex = index + 1;
        count++;
        live++;
        bits.set((int) (index - firstIndex));
        liveBytes += bytes;
    }

    /** A message is settled; false if it is not here or was settled before. */
    boolean settle(long index) {
        if (!isLive(index)) {
            return false;
        }
        bits.clear((int) (index - firstIndex));
        liveBytes -= liveBytes / live; // an estimate, right when the last one goes
        live--;
        return true;
    }

    /** The messages of a range are settled; the number of those that were not before. */
    int settle(long from, long to) {
        int before = live;
        if (from <= latestLive()) {
            int bit = bits.nextSetBit((int) Math.max(0, from - firstIndex));
            for (; bit >= 0 && firstIndex + bit < to; bit = bits.nextSetBit(bit + 1)) {
                settle(firstIndex + bit);
            }
        }
        return before - live;
    }

    /** None is left, and the next one of the lane has at least this index. */
    void clear(long next) {
        firstIndex = next;
        nextIndex = next;
        count = 0;
        live = 0;
        bits.clear();
        liveBytes = 0;
    }
}
