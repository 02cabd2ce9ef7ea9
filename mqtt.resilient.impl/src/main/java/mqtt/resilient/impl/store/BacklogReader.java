package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;

/**
 * Reads messages of a journal's lanes. A message is unreadable if its segment was read to its end and does not have
 * it, or if its segment is not where the others are. An operation that fails says nothing about messages: it is to be
 * done again. On the store's thread only.
 */
final class BacklogReader {
    private static final int READ_BYTES = 512 * 1024;

    /** Where the reading of a lane's backlog stands. */
    private static final class Cursor {
        private Segment segment;
        /** Open while there is more to read. */
        private StoredFile file;
        private SegmentReader reader;
        private long position = Segment.HEADER_BYTES;
        private long index = -1;

        /** Goes on in a segment, or begins at its start. */
        void open(Chain chain, Segment next) throws IOException {
            if (next != segment) {
                close();
                segment = next;
            }
            if (reader == null) {
                file = chain.openToRead(next);
                reader = new SegmentReader(file, next, position);
            } else {
                reader.extend();
            }
        }

        /** Closes the file, which may be deleted soon, and keeps the position. */
        void release() {
            if (reader != null) {
                position = reader.position();
            }
            reader = null;
            StoredFile open = file;
            file = null;
            if (open != null) {
                try {
                    open.close();
                } catch (IOException e) {
                    segment = null; // an error of closing a file that was only read
                }
            }
        }

        void close() {
            release();
            segment = null;
            position = Segment.HEADER_BYTES;
        }
    }

    private final Chains chains;
    private final Qos2InFlight inFlight;
    private final Scheduler clock;
    private final Cursor[] cursors = new Cursor[Message.LANES];

    BacklogReader(Chains chains, Qos2InFlight inFlight, Scheduler clock) {
        this.chains = chains;
        this.inFlight = inFlight;
        this.clock = clock;
        for (int lane = 0; lane < cursors.length; lane++) {
            cursors[lane] = new Cursor();
        }
    }

    // ---- in order -------------------------------------------------------------------------------------------------

    /**
     * Reads on in a lane's backlog: live messages with a higher index, in order, as many as the window takes at once.
     */
    void read(int lane, ReadRequest request) {
        Cursor cursor = cursors[lane];
        List<Outgoing> messages = new ArrayList<>();
        request.loaded.set(lane, messages);
        request.unreadable.removeIf(range -> range[0] == lane); // of the first reading: it is found again
        try {
            request.readToEnd[lane] = read(chains.all[lane], cursor, request, messages);
            if (request.readToEnd[lane]) {
                cursor.release();
            }
        } catch (Throwable e) { // whatever it is, the messages are where they were
            cursor.close();
            request.readToEnd[lane] = false;
            request.unread[lane] = true;
            request.error = e;
        }
    }

    private boolean read(Chain chain, Cursor cursor, ReadRequest request, List<Outgoing> messages) throws IOException {
        long[] bytes = new long[1];
        long[] last = { request.readBehind[chain.number] };
        int at = find(chain, cursor, last[0]);
        while (at < chain.segments.size() && bytes[0] < READ_BYTES) {
            Segment segment = chain.segments.get(at);
            int before = request.unreadable.size();
            boolean there = segment.messages.live() > 0 && open(chain, cursor, segment);
            boolean toEnd = !there || cursor.reader.scan(record -> {
                Outgoing message = live(record, segment, last[0]);
                if (message != null) {
                    unreadable(segment, last[0] + 1, message.index(), request);
                    messages.add(message);
                    last[0] = message.index();
                    bytes[0] += message.size();
                }
                return bytes[0] < READ_BYTES;
            });
            if (toEnd) {
                unreadable(segment, last[0] + 1, Records.END, request);
                at++;
            }
            segment.damaged |= there && request.unreadable.size() > before;
        }
        cursor.index = last[0];
        return at >= chain.segments.size();
    }

    private int find(Chain chain, Cursor cursor, long behind) {
        int at = chain.segments.indexOf(cursor.segment);
        if (at >= 0 && cursor.index == behind) {
            return at;
        }
        cursor.close();
        at = 0; // the headers do not say it: a segment that was begun again after a failure may be empty
        while (at < chain.segments.size() && chain.segments.get(at).messages.latestLive() <= behind) {
            at++;
        }
        return at;
    }

    /** Opens a segment; false if it is not there any more. */
    private boolean open(Chain chain, Cursor cursor, Segment segment) throws IOException {
        try {
            cursor.open(chain, segment);
            return true;
        } catch (IOException e) {
            cursor.close();
            if (isMissing(chain, segment)) {
                return false;
            }
            throw e;
        }
    }

    /** Whether a file is missing and others are there; if none is there, the directory is away and may come back. */
    private boolean isMissing(Chain chain, Segment segment) throws IOException {
        List<String> names = chains.files.list(chains.directory);
        boolean others = false;
        for (Chain each : chains.all) {
            for (Segment other : each.segments) {
                others |= names.contains(each.name(other.number));
            }
        }
        return others && !names.contains(chain.name(segment.number));
    }

    /** Reading a range is over: its live messages that are not in flight were not found. */
    private void unreadable(Segment segment, long from, long to, ReadRequest request) {
        SegmentMessages there = segment.messages;
        for (long index = there.nextLive(from); index >= 0 && index < to; index = there.nextLive(index + 1)) {
            if (!inFlight.contains(segment.chain, index)) {
                request.unreadable(segment.chain, index);
            }
        }
    }

    /** Closes all files. */
    void close() {
        for (Cursor cursor : cursors) {
            cursor.close();
        }
    }

    // ---- one of them ----------------------------------------------------------------------------------------------

    /** A message that is live, not in flight and behind an index; null for any other record. */
    private Outgoing live(ByteBuffer bytes, Segment segment, long behind) {
        Outgoing message = message(bytes, segment, behind);
        return message == null || inFlight.contains(segment.chain, message.index()) ? null : message;
    }

    /** A message that is live and behind an index; null for any other record. */
    private Outgoing message(ByteBuffer bytes, Segment segment, long behind) {
        try {
            if (bytes.get() != Records.MESSAGE) {
                return null;
            }
            MessageRecord message = MessageRecord.read(bytes);
            return message.index() <= behind || !segment.messages.isLive(message.index()) ? null
                    : message.outgoing(segment.chain, clock.nanoTime(), clock.wallClockMillis());
        } catch (RuntimeException e) { // was passed over and counted when the store was opened
            return null;
        }
    }

    /** Loads one message; null if it is not there. */
    Outgoing load(int lane, long index) throws IOException {
        Segment segment = chains.all[lane].holding(index);
        return segment == null ? null : first(segment, index - 1, message -> message.index() == index);
    }

    /** The bytes for which the live messages of a segment count. */
    long countLiveBytes(Segment segment) throws IOException {
        long[] sum = { 0, 0 };
        first(segment, 0, message -> {
            sum[1] += message.index() > sum[0] ? message.size() : 0;
            sum[0] = Math.max(sum[0], message.index());
            return false;
        });
        return sum[1];
    }

    /**
     * Looks for queued messages by their ids; and for those that are too old, in one segment that has some if there is
     * one.
     */
    void search(ReadRequest request) {
        for (ReadRequest.Search search : request.searches) {
            try {
                search.found = search.deadLetters ? deadLetters(search.id) : search(search.id);
            } catch (Throwable e) { // it is to be done again
                search.failed = true;
                request.error = e;
            }
        }
        try {
            if (request.maxAges != null) {
                request.old.addAll(findOld(request.maxAges));
            }
        } catch (Throwable e) { // as above
            request.oldFailed = true;
            request.error = e;
        }
    }

    /** The dead letters, or those with an id; the oldest first, as many as the window takes at once. */
    private List<Outgoing> deadLetters(long id) throws IOException {
        List<Outgoing> found = new ArrayList<>();
        long[] bytes = new long[1];
        for (Segment segment : chains.all[Chains.ASIDE].segments) {
            if (segment.messages.live() > 0 && bytes[0] < READ_BYTES) {
                first(segment, 0, message -> {
                    if (id == 0 || message.id() == id) {
                        found.add(message);
                        bytes[0] += message.size();
                    }
                    return bytes[0] >= READ_BYTES;
                });
            }
        }
        return found;
    }

    /** The queued message with an id, if there is one. */
    private List<Outgoing> search(long id) throws IOException {
        for (int lane = 0; lane < Message.LANES; lane++) {
            Segment candidate = null;
            for (Segment segment : chains.all[lane].segments) {
                candidate = segment.firstId <= id && segment.messages.live() > 0 ? segment : candidate;
            }
            Outgoing found = candidate == null ? null : first(candidate, 0, message -> message.id() == id);
            if (found != null && !inFlight.contains(lane, found.index())) {
                return List.of(found);
            }
        }
        return List.of();
    }

    private List<Outgoing> findOld(long[] maxAges) throws IOException {
        long now = clock.nanoTime();
        List<Outgoing> old = new ArrayList<>();
        for (int lane = 0; lane < Message.LANES; lane++) {
            long maxAge = maxAges[lane];
            for (Segment segment : chains.all[lane].segments) {
                if (segment.messages.live() > 0 && segment.ages.isDue(now, maxAge)) {
                    Ages before = segment.ages;
                    segment.ages = new Ages();
                    try {
                        first(segment, 0, message -> {
                            if (inFlight.contains(segment.chain, message.index())) {
                                return false;
                            } else if (message.isExpired(now) || message.isOlderThan(maxAge, now)) {
                                old.add(message);
                            } else {
                                segment.ages.add(message.acceptedNanos(), message.message().expiresAfterNanos());
                            }
                            return false;
                        });
                    } catch (Throwable e) { // the next look finds it again
                        segment.ages = before;
                        throw e;
                    }
                    return old;
                }
            }
        }
        return old;
    }

    /** The first live message of a segment that is wanted; null if there is none. */
    private Outgoing first(Segment segment, long behind, Predicate<Outgoing> wanted) throws IOException {
        Outgoing[] first = new Outgoing[1];
        try {
            chains.of(segment).scan(segment, record -> {
                Outgoing message = message(record, segment, behind);
                first[0] = message != null && wanted.test(message) ? message : null;
                return first[0] == null;
            });
        } catch (IOException e) {
            if (!isMissing(chains.of(segment), segment)) {
                throw e;
            }
        }
        return first[0];
    }
}
