package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;

/**
 * Gives the disk back what nobody needs: takes away the oldest segments when nothing in them is live, and writes those
 * again that are mostly settled. On the store's thread only.
 */
final class Compaction {
    static final String UNFINISHED = ".new";
    /** When space is short, so much that is dead is worth the writing that frees it. */
    private static final int WORTH_BYTES = 64 * 1024;

    private final Chains chains;
    private final FileSystem files;
    private final SessionWriter session;
    private final Qos2InFlight inFlight;

    Compaction(Chains chains, SessionWriter session, Qos2InFlight inFlight) {
        this.chains = chains;
        files = chains.files;
        this.session = session;
        this.inFlight = inFlight;
    }

    /**
     * Takes away the oldest segments when nothing in them is live; never later ones, which have the notes that keep
     * earlier messages dead. The last one stays: it says what the next numbers are. When too much is dead, the oldest
     * segment that is mostly so is compacted.
     *
     * @return whether one was, so that there may be more of them
     */
    boolean compact(Chain chain) throws IOException {
        int dead = 0;
        while (dead < chain.segments.size() - 1 && chain.segments.get(dead).messages.live() == 0) {
            dead++;
        }
        if (dead > 0) {
            try {
                removeUpTo(chain, chain.segments.get(dead - 1));
            } catch (IOException | RuntimeException e) { // a full disk, perhaps
                emptyOldest(chain, dead);
                throw e;
            }
        }
        return compactSparse(chain, 3L * chains.segmentBytes);
    }

    /** What is damaged or could not be forced stays, and those behind it have the notes that keep its messages dead. */
    private static void emptyOldest(Chain chain, int count) throws IOException {
        for (Segment segment : chain.segments.stream().limit(count)
                .takeWhile(each -> !each.damaged && !each.forceFailed).toList()) {
            chain.empty(segment, segment.firstIndex(), segment.firstId);
        }
    }

    private boolean compactSparse(Chain chain, long slack) throws IOException {
        long live = 0;
        Segment sparse = null;
        for (Segment segment : chain.segments) {
            live += segment.messages.liveBytes();
            if (sparse == null && isSparse(segment) && !segment.damaged) {
                sparse = segment;
            }
        }
        boolean worth = sparse != null && sparse != chain.last() && chain.size() > 2 * live + slack;
        if (worth) {
            rewrite(chain, sparse);
        }
        return worth;
    }

    private static boolean isSparse(Segment segment) {
        return segment.messages.dead() > segment.messages.live();
    }

    /**
     * Space is short: what is dead goes at once, also from the last segments; only what needs no space if there is
     * none.
     */
    void compactAtOnce(boolean none) throws IOException {
        for (int lane = 0; lane < Message.LANES; lane++) {
            Chain chain = chains.all[lane];
            if (chain.segments.size() == 1 && chain.last().messages.live() == 0) {
                chain.empty(chain.last(), chain.nextIndex, chains.lastId + 1);
            }
        }
        for (int lane = 0; lane < Message.LANES && !none; lane++) {
            Chain chain = chains.all[lane];
            Segment last = chain.last();
            if (last != null && isSparse(last) && last.size - last.messages.liveBytes() > WORTH_BYTES) {
                chain.tail(chains.store, chains.lastId + 1, 0); // so that it is the last one no more
            }
            compactSparse(chain, WORTH_BYTES);
        }
    }

    /** Takes away the oldest segments of a chain, up to one. */
    void removeUpTo(Chain chain, Segment last) throws IOException {
        session.recordGone(chain, last);
        while (chain.segments.get(0) != last) {
            chain.remove(chain.segments.get(0));
        }
        chain.remove(last);
    }

    /** Writes the live messages of a segment, and all notes on others, to a file that takes its place. */
    private void rewrite(Chain chain, Segment segment) throws IOException {
        String path = chain.path(segment);
        String temporary = path + UNFINISHED;
        files.delete(temporary);
        Chain copy = chains.make(segment.chain);
        Segment dense = new Segment(segment.store, segment.chain, segment.number, segment.firstIndex(), segment.firstId,
                segment.forcedBefore);
        dense.ages = segment.ages;
        RecordBuffer record = new RecordBuffer();
        try (StoredFile from = chain.openToRead(segment)) {
            copy.begin(dense, temporary);
            new SegmentReader(from, segment, Segment.HEADER_BYTES).scan(bytes -> {
                copyIfNeeded(bytes, segment, copy, dense, record);
                return true;
            });
            copy.seal();
            files.rename(temporary, path);
        } catch (IOException | RuntimeException e) {
            files.delete(temporary);
            throw e;
        } finally {
            copy.close();
        }
        chain.segments.set(chain.segments.indexOf(segment), dense);
        chain.countWritten(copy);
        files.forceDirectory(chains.directory);
    }

    private void copyIfNeeded(ByteBuffer bytes, Segment segment, Chain copy, Segment dense, RecordBuffer record)
            throws IOException {
        int start = bytes.position();
        int type = bytes.get();
        long index = RecordBuffer.number(bytes);
        boolean needed = switch (type) {
            case Records.MESSAGE -> segment.messages.isLive(index);
            case Records.DONE -> true;
            case Records.ASSIGNED, Records.RELEASED -> inFlight.contains(segment.chain, index);
            default -> false;
        };
        if (needed) {
            copy.append(record.copy(bytes.position(start)));
            if (type == Records.MESSAGE) {
                dense.messages.add(index, record.length());
            }
        }
    }
}
