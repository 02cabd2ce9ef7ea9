package mqtt.resilient.impl.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.session.Outgoing;

/**
 * What is to be read from a journal, and what was read. Goes with a {@link Batch}: filled on the io thread, then the
 * store thread's alone, then the io thread's again.
 */
final class ReadRequest {
    /** A search for a queued message by its id, or for dead letters. */
    static final class Search {
        /** 0 = any dead letter. */
        final long id;
        final boolean deadLetters;
        /** Is given null for a queued message if the store was closed before. */
        final Consumer<List<Outgoing>> result;
        List<Outgoing> found = List.of();
        /** Whether the disk gave no answer. */
        boolean failed;

        Search(long id, boolean deadLetters, Consumer<List<Outgoing>> result) {
            this.id = id;
            this.deadLetters = deadLetters;
            this.result = result;
        }

        /** The store is closed: the search ends without an answer. */
        void giveUp() {
            result.accept(deadLetters ? List.of() : null);
        }
    }

    final List<Search> searches = new ArrayList<>();
    /** For each lane the index behind which to read, -1 = nothing is to be read. */
    final long[] readBehind = new long[Message.LANES];
    final List<List<Outgoing>> loaded = new ArrayList<>();
    final boolean[] readToEnd = new boolean[Message.LANES];
    /** Lanes that could not be read, for the reason in {@link #error}; whatever was read before that is loaded. */
    final boolean[] unread = new boolean[Message.LANES];
    /**
     * Ranges of messages that the disk has proved not to have any more: lane, first index, index behind the last one.
     */
    final List<long[]> unreadable = new ArrayList<>();
    /**
     * For each lane the age at which messages that are only on the disk are looked for, 0 = none; null = not at all.
     */
    long[] maxAges;
    final List<Outgoing> old = new ArrayList<>();
    /** Whether the look for old messages failed. */
    boolean oldFailed;
    /** Why something could not be read that is to be read again. */
    Throwable error;
    private boolean empty = true;

    ReadRequest() {
        Arrays.fill(readBehind, -1);
        for (int lane = 0; lane < Message.LANES; lane++) {
            loaded.add(List.of());
        }
    }

    /** Whether nothing is to be read. */
    boolean isEmpty() {
        return empty;
    }

    void readBehind(int lane, long index) {
        readBehind[lane] = index;
        loaded.set(lane, List.of());
        empty = false;
    }

    /** Whether a lane is to be read. */
    boolean hasLane(int lane) {
        return readBehind[lane] >= 0;
    }

    void search(Search search) {
        searches.add(search); // what may fail for want of heap comes first
        search.failed = false;
        empty = false;
    }

    void findOld(long[] ages) {
        maxAges = ages;
        empty = false;
    }

    /** Nothing was read, for any reason. Allocates nothing: a shortage of heap may be the reason. */
    void gaveUp(Throwable reason) {
        for (int lane = 0; lane < unread.length; lane++) {
            unread[lane] = hasLane(lane);
        }
        for (int i = 0; i < searches.size(); i++) {
            searches.get(i).failed = true;
        }
        oldFailed = maxAges != null;
        error = empty ? null : reason;
    }

    /** A message is not on the disk any more. */
    void unreadable(int lane, long index) {
        long[] range = unreadable.isEmpty() ? null : unreadable.get(unreadable.size() - 1);
        if (range != null && range[0] == lane && range[2] == index) {
            range[2]++;
        } else {
            unreadable.add(new long[] { lane, index, index + 1 });
        }
    }
}
