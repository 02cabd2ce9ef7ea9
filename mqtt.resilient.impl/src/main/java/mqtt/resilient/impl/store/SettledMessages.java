package mqtt.resilient.impl.store;

import java.io.IOException;
import java.util.Arrays;

/** Messages that were settled, and whose records are to be written. */
final class SettledMessages {
    private static final int LANE_SHIFT = 60;
    private static final long INDEX = (1L << LANE_SHIFT) - 1;

    /** A range of messages of one lane. */
    interface Range {
        void accept(int lane, long index, int count) throws IOException;
    }

    /** Lane and index of each. */
    private long[] messages = new long[16];
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    void add(int lane, long index) {
        add((long) lane << LANE_SHIFT | index);
    }

    private void add(long message) {
        if (count == messages.length) {
            messages = Arrays.copyOf(messages, 2 * count);
        }
        messages[count++] = message;
    }

    void addAll(SettledMessages other) {
        for (int i = 0; i < other.count; i++) {
            add(other.messages[i]);
        }
    }

    void forEachRange(Range range) throws IOException {
        Arrays.sort(messages, 0, count);
        for (int from = 0; from < count;) {
            int to = from + 1;
            while (to < count && messages[to] == messages[to - 1] + 1) {
                to++;
            }
            range.accept((int) (messages[from] >>> LANE_SHIFT), messages[from] & INDEX, to - from);
            from = to;
        }
    }
}
