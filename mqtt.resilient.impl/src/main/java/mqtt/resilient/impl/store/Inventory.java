package mqtt.resilient.impl.store;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which segments each chain has, as the session's chain records it (all but its own): a segment is listed after its
 * file is durable and before anything in it is told to be stored, and is listed as gone before its file is deleted. So
 * a file that is listed and not there was lost, whatever crash there was.
 */
final class Inventory {
    private static final int[] CHAINS = { 0, 1, 2, 3, Chains.ASIDE };
    /** The bound of listed segments, and of missing messages that are counted. */
    private static final int MAX_LISTED = 1 << 20;
    /** Nobody gets there by counting, and there are as many file names again behind it. */
    private static final int MAX_NUMBER = 500_000_000;

    private final Chain[] chains;
    /** Up to which number segments are listed, by chain; {@link #certain}: what is durable of it. */
    private final int[] begun;
    private final int[] certain;
    /** By chain, the number up to which segments are gone. */
    private final int[] gone;
    /** What was read: by chain, of each segment its first index and its first id. */
    private final List<TreeMap<Integer, long[]>> listed = new ArrayList<>();
    private boolean known;

    Inventory(Chain[] chains) {
        this.chains = chains;
        begun = new int[chains.length];
        certain = new int[chains.length];
        gone = new int[chains.length];
        for (int chain = 0; chain < chains.length; chain++) {
            listed.add(new TreeMap<>());
        }
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    /** Reads the rest of a record of the session chain, if that is about segments. */
    void read(int type, ByteBuffer record) {
        if (type == Records.OPENED) {
            RecordBuffer.text(record);
            RecordBuffer.text(record);
            new SessionState().readAll(record);
            readAll(record);
        } else if (type == Records.BEGUN) {
            readSegment((int) RecordBuffer.number(record), record);
        } else if (type == Records.GONE) {
            int chain = (int) RecordBuffer.number(record);
            gone[chain] = Math.max(gone[chain], number(record));
            listed.get(chain).headMap(gone[chain], true).clear();
        }
    }

    /** Reads what {@link #writeAll} wrote; a journal of an earlier format has nothing here. */
    void readAll(ByteBuffer record) {
        listed.forEach(Map::clear);
        known = record.hasRemaining();
        for (int i = 0; known && i < CHAINS.length; i++) {
            gone[CHAINS[i]] = number(record);
            for (long left = RecordBuffer.number(record); left > 0; left--) {
                readSegment(CHAINS[i], record);
            }
        }
    }

    private void readSegment(int chain, ByteBuffer record) {
        int number = number(record);
        if (listed.get(chain).size() >= MAX_LISTED) {
            throw new IllegalArgumentException("more than " + MAX_LISTED + " segments");
        }
        listed.get(chain).put(number, new long[] { RecordBuffer.number(record), RecordBuffer.number(record) });
    }

    private static int number(ByteBuffer record) {
        long number = RecordBuffer.number(record);
        if (number < 0 || number > MAX_NUMBER) {
            throw new IllegalArgumentException("a segment of number " + number + "; possible are 0 to " + MAX_NUMBER);
        }
        return (int) number;
    }

    /** The list that was read may be wrong: it is not used, and not written again as if it were true. */
    void distrust() {
        known = false;
        listed.forEach(Map::clear);
        Arrays.fill(gone, 0);
    }

    /** Whether it is known which segments there must be. */
    boolean isKnown() {
        return known;
    }

    /** Whether a file is there only because a crash came before it was deleted. */
    boolean isGone(int chain, int number) {
        return known && number <= gone[chain];
    }

    /** Whether a file was reported as missing, and has come back. */
    boolean isLate(int chain, int number) {
        TreeMap<Integer, long[]> segments = listed.get(chain);
        return known && !segments.isEmpty() && number < segments.lastKey() && !segments.containsKey(number);
    }

    /**
     * The segments that must be there and are not: their headers as far as they are known, and which messages they
     * had.
     */
    List<Segment> missing(int chain, Collection<Integer> found, long closedNextIndex) {
        List<Segment> missing = new ArrayList<>();
        int[] left = { MAX_LISTED };
        if (known) {
            listed.get(chain).forEach((number, firsts) -> {
                if (!found.contains(number)) {
                    Segment lost = new Segment(null, chain, number, firsts[0], firsts[1], 0);
                    Map.Entry<Integer, long[]> next = listed.get(chain).higherEntry(number);
                    long end = next != null ? next.getValue()[0] : closedNextIndex;
                    for (long index = firsts[0]; index < end && left[0] > 0; index++) {
                        lost.messages.add(index, 0);
                        left[0]--;
                    }
                    missing.add(lost);
                }
            });
        }
        return missing;
    }

    /** The first index and the first id of a segment, as it was listed; 0 = not known. */
    long[] firsts(int chain, int number) {
        return known ? listed.get(chain).getOrDefault(number, new long[2]) : new long[2];
    }

    /** The highest number that is taken, by a segment that is or was there. */
    int taken(int chain) {
        return Math.max(gone[chain], listed.get(chain).isEmpty() ? 0 : listed.get(chain).lastKey());
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    /** Adds which segments there are to a record. */
    void writeAll(RecordBuffer record) {
        for (int chain : CHAINS) {
            List<Segment> there = chains[chain].segments.stream().filter(each -> each.number > gone[chain]).toList();
            record.number(gone[chain]).number(there.size());
            there.forEach(each -> record.number(each.number).number(each.firstIndex()).number(each.firstId));
            listing(chains[chain]);
        }
    }

    private void listing(Chain chain) {
        if (chain.last() != null) {
            begun[chain.number] = chain.last().number;
            chain.listed = Math.max(chain.listed, chain.last().number);
        }
    }

    /**
     * The oldest segment that is not yet listed; null if there is none. From now on it is: with {@link #writeBegun}.
     */
    Segment nextToList() {
        for (int chain : CHAINS) {
            List<Segment> there = chains[chain].segments;
            int at = there.size();
            while (at > 0 && there.get(at - 1).number > begun[chain]) {
                at--;
            }
            if (at < there.size()) {
                return there.get(at);
            }
        }
        return null;
    }

    RecordBuffer writeBegun(RecordBuffer record, Segment segment) {
        begun[segment.chain] = segment.number;
        chains[segment.chain].listed = Math.max(chains[segment.chain].listed, segment.number);
        return record.begin(Records.BEGUN).number(segment.chain).number(segment.number).number(segment.firstIndex())
                .number(segment.firstId);
    }

    /** Segments up to a number are about to be removed; the number before, for {@link #restoreGone}. */
    int markGone(Chain chain, int upTo) {
        int before = gone[chain.number];
        gone[chain.number] = upTo;
        return before;
    }

    /** It could not be recorded that the segments go. */
    void restoreGone(Chain chain, int before) {
        gone[chain.number] = before;
    }

    /** What was listed is durable. */
    void commit() {
        System.arraycopy(begun, 0, certain, 0, begun.length);
    }

    /** Segments that were listed since the last {@link #commit} have to be listed again. */
    void rollback() {
        System.arraycopy(certain, 0, begun, 0, begun.length);
    }
}
