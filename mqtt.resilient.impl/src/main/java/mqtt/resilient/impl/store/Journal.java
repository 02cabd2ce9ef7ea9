package mqtt.resilient.impl.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreFigures;
import mqtt.resilient.impl.session.StoredState;

/**
 * The files of one client: a chain of segments for each lane, one for the session, and one for messages that were set
 * aside. Blocks; used by one thread at a time, never by the loop.
 */
final class Journal {
    static final int SESSION_CHAIN = Message.LANES;
    static final int ASIDE_CHAIN = Message.LANES + 1;
    private static final String[] NAMES = { "lane0", "lane1", "lane2", "lane3", "session", "aside" };
    /** The session first: it says whether all else is whole. */
    private static final int[] RECOVERY_ORDER = { SESSION_CHAIN, 0, 1, 2, 3, ASIDE_CHAIN };
    private static final Pattern SEGMENT_NAME = Pattern.compile("(lane[0-3]|session|aside)-([0-9]{10})\\.segment");
    private static final int SESSION_SEGMENT_BYTES = 256 * 1024;
    private static final int READ_BYTES = 128 * 1024;
    private static final int MAX_ASIDE_SEGMENTS = 4;

    /** A QoS 2 message under way. */
    private static final class Flight {
        private final int packetId;
        private boolean released;
        /** Where that is written. */
        private Segment written;

        Flight(int packetId) {
            this.packetId = packetId;
        }
    }

    /** Where the reading of a lane's backlog stands. */
    private static final class Cursor {
        private Segment segment;
        private int generation;
        private long position;
        private long index = -1;
    }

    private final FileSystem files;
    private final String directory;
    private final Scheduler clock;
    private final RecordBuffer record = new RecordBuffer();
    private final Chain[] chains = new Chain[NAMES.length];
    private final List<Map<Long, Flight>> flights = new ArrayList<>();
    private final Cursor[] cursors = new Cursor[Message.LANES];
    private final Map<Integer, Long> received = new LinkedHashMap<>();
    private final Map<String, Integer> subscriptions = new LinkedHashMap<>();
    private String session = "";
    private UUID store;
    private long lastId;
    private Closeable lock;
    private int segmentBytes;
    private String mode;
    private String boot;
    /** Whether {@link #begin} has failed so far. */
    private boolean beginDue;
    private int skipped;
    private int quarantined;

    Journal(FileSystem files, String directory, Scheduler clock) {
        this.files = files;
        this.directory = directory;
        this.clock = clock;
        for (int chain = 0; chain < NAMES.length; chain++) {
            chains[chain] = new Chain(files, directory, chain, NAMES[chain]);
        }
        for (int lane = 0; lane < Message.LANES; lane++) {
            flights.add(new LinkedHashMap<>());
            cursors[lane] = new Cursor();
        }
    }

    void configure(String newMode, int newSegmentBytes) {
        mode = newMode;
        segmentBytes = newSegmentBytes;
    }

    // ---- opening --------------------------------------------------------------------------------------------------

    /**
     * Reads what is there; damage is passed over and counted.
     *
     * @param bootId tells one start of the machine from another
     * @throws IOException if nobody can say what is there: the directory cannot be read, is locked, or is of a later format
     */
    StoredState open(String bootId) throws IOException {
        boot = bootId;
        files.makeDirectory(directory);
        lock = files.lock(directory + "/lock");
        try {
            StoredState recovered = recover();
            try {
                begin();
            } catch (IOException e) { // a full disk: what is there can be delivered all the same
                beginDue = true;
            }
            return recovered;
        } catch (IOException | RuntimeException e) {
            close(false);
            throw e;
        }
    }

    private StoredState recover() throws IOException {
        Map<Integer, Map<Integer, Segment>> found = new HashMap<>();
        for (String name : files.list(directory)) {
            Matcher matcher = SEGMENT_NAME.matcher(name);
            if (matcher.matches()) {
                int chain = List.of(NAMES).indexOf(matcher.group(1));
                int number = Integer.parseInt(matcher.group(2));
                found.computeIfAbsent(chain, key -> new HashMap<>()).put(number, header(chain, number));
            }
        }
        StoredState recovered = new StoredState();
        store = found.values().stream().flatMap(each -> each.values().stream()).filter(each -> each.store != null)
                .max(Comparator.comparingInt(each -> each.chain)).map(each -> each.store)
                .orElseGet(() -> new UUID(clock.wallClockMillis(), clock.nanoTime()));
        for (int chain : RECOVERY_ORDER) {
            List<Segment> segments = new ArrayList<>(found.getOrDefault(chain, Map.of()).values());
            segments.sort(Comparator.comparingInt(segment -> segment.number));
            for (int i = 0; i < segments.size(); i++) {
                Segment next = i + 1 < segments.size() ? segments.get(i + 1) : null;
                boolean sure = next != null && next.number == segments.get(i).number + 1 && next.store != null;
                scan(chains[chain], segments.get(i), sure ? next.forcedBefore : -1, recovered);
            }
        }
        finish(recovered);
        return recovered;
    }

    /** A segment by its header; one without a store if it has none that can be read. */
    private Segment header(int chain, int number) throws IOException {
        try (StoredFile file = files.openToRead(chains[chain].path(number))) {
            ByteBuffer header = ByteBuffer.allocate(Segment.HEADER_BYTES);
            int count = 0;
            while (count >= 0 && header.hasRemaining()) {
                count = file.read(header, header.position());
            }
            Segment segment = Segment.parse(header.flip());
            boolean fits = segment != null && segment.chain == chain && segment.number == number;
            Segment result = fits ? segment : new Segment(null, chain, number, 0, 0, 0);
            result.size = file.size();
            return result;
        }
    }

    private void scan(Chain chain, Segment found, long forcedBefore, StoredState recovered)
            throws IOException {
        Segment segment = found;
        if (segment.store == null) { // its name and its predecessors say what its header did
            segment = new Segment(store, found.chain, found.number, chain.nextIndex, lastId, 0);
            segment.size = found.size;
            if (found.size > Segment.HEADER_BYTES) {
                damaged(recovered, 1, chain.path(found));
            }
        } else if (!segment.store.equals(store)) {
            files.rename(chain.path(found), chain.path(found) + ".foreign");
            quarantined++;
            recovered.incomplete = chain.path(found) + " belongs to another store";
            return;
        }
        chain.segments.add(segment);
        chain.nextIndex = Math.max(chain.nextIndex, segment.firstIndex);
        lastId = Math.max(lastId, segment.firstId - 1);
        try (StoredFile file = chain.openToRead(segment)) {
            SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            long forced = 0;
            while (reader.next()) {
                ByteBuffer bytes = reader.record();
                int type = bytes.get();
                if (type == Records.FORCED) {
                    forced = RecordBuffer.number(bytes);
                } else if (segment.chain < Message.LANES) {
                    takeLane(chain, segment, type, bytes, recovered);
                } else if (segment.chain == SESSION_CHAIN) {
                    takeSession(type, bytes, recovered);
                } else {
                    chain.nextIndex = RecordBuffer.number(bytes) + 1;
                }
            }
            forced = forcedBefore >= 0 ? forcedBefore : recovered.closed ? segment.size : forced;
            if (reader.firstDamage() >= 0 && reader.firstDamage() < forced) {
                damaged(recovered, reader.damages(), chain.path(segment));
            }
            segment.forced = reader.firstDamage() >= 0 ? reader.firstDamage() : segment.size;
            if (forcedBefore < 0) {
                file.force(); // what a killed process has left in the system's memory is relied upon from now on
            }
        }
    }

    private void damaged(StoredState recovered, int count, String path) {
        skipped += count;
        recovered.incomplete = path + " is damaged";
    }

    private void takeLane(Chain chain, Segment segment, int type, ByteBuffer bytes, StoredState recovered) {
        int lane = segment.chain;
        long index = RecordBuffer.number(bytes);
        Map<Long, Flight> inFlight = flights.get(lane);
        switch (type) {
            case Records.MESSAGE -> {
                int length = bytes.limit() - bytes.position();
                Segment before = index < chain.nextIndex ? chain.holding(index) : null;
                if (before == null) {
                    lastId = Math.max(lastId, RecordBuffer.number(bytes));
                    recovered.messages[lane]++;
                } else {
                    before.end(index); // written again after a failure
                    RecordBuffer.number(bytes);
                }
                segment.countedBytes += Records.size(bytes);
                segment.add(index, length);
                chain.nextIndex = Math.max(chain.nextIndex, index + 1);
            }
            case Records.ASSIGNED -> {
                Flight flight = new Flight((int) RecordBuffer.number(bytes));
                flight.written = segment;
                inFlight.remove(index); // the order is that of the last assignment
                inFlight.put(index, flight);
            }
            case Records.RELEASED -> {
                Flight flight = inFlight.get(index);
                if (flight != null) {
                    flight.released = true;
                    flight.written = segment;
                }
            }
            case Records.DONE -> {
                long count = RecordBuffer.number(bytes);
                for (long i = index; i < index + count; i++) {
                    Segment holding = chain.holding(i);
                    if (holding != null) {
                        holding.end(i);
                        recovered.messages[lane]--;
                        inFlight.remove(i);
                    }
                }
            }
            default -> skipped++;
        }
    }

    private void takeSession(int type, ByteBuffer bytes, StoredState recovered) {
        recovered.closed = type == Records.CLOSED;
        switch (type) {
            case Records.OPENED -> {
                recovered.mode = RecordBuffer.text(bytes);
                recovered.boot = RecordBuffer.text(bytes);
                newSession(RecordBuffer.text(bytes));
                for (long left = RecordBuffer.number(bytes); left > 0; left--) {
                    received.put((int) RecordBuffer.number(bytes), bytes.getLong());
                }
                for (long left = RecordBuffer.number(bytes); left > 0; left--) {
                    subscriptions.put(RecordBuffer.text(bytes), (int) RecordBuffer.number(bytes));
                }
            }
            case Records.SESSION -> newSession(RecordBuffer.text(bytes));
            case Records.RECEIVED -> received.put((int) RecordBuffer.number(bytes), bytes.getLong());
            case Records.COMPLETED -> received.remove((int) RecordBuffer.number(bytes));
            case Records.SUBSCRIBED -> subscriptions.put(RecordBuffer.text(bytes), (int) RecordBuffer.number(bytes));
            case Records.UNSUBSCRIBED -> subscriptions.remove(RecordBuffer.text(bytes));
            default -> { } // CLOSED
        }
    }

    private void newSession(String key) {
        session = key;
        received.clear();
        subscriptions.clear();
    }

    private void finish(StoredState recovered) throws IOException {
        for (int lane = 0; lane < Message.LANES; lane++) {
            for (Segment segment : chains[lane].segments) {
                if (segment.live == segment.messages) {
                    recovered.bytes[lane] += segment.countedBytes;
                } else if (segment.live > 0) {
                    recovered.bytes[lane] += countLiveBytes(chains[lane], segment);
                }
            }
            recovered.latestIndex[lane] = chains[lane].nextIndex - 1;
            Map<Long, Flight> inFlight = flights.get(lane);
            List<Outgoing> messages = new ArrayList<>();
            for (Map.Entry<Long, Flight> each : List.copyOf(inFlight.entrySet())) {
                Outgoing message = load(lane, each.getKey());
                if (message == null) {
                    inFlight.remove(each.getKey());
                } else {
                    message.resume(each.getValue().packetId, each.getValue().released);
                    messages.add(message);
                }
            }
            recovered.inFlight.addAll(messages);
        }
        recovered.inFlight.sort(Comparator.comparingLong(Outgoing::id));
        recovered.lastId = lastId;
        recovered.session = session;
        recovered.received.putAll(received);
        recovered.subscriptions.putAll(subscriptions);
        recovered.recordsSkipped = skipped;
        recovered.segmentsQuarantined = quarantined;
        boolean anything = lastId > 0;
        if (recovered.incomplete.isEmpty() && anything && recovered.mode.isEmpty()) {
            recovered.incomplete = "the state of the session is missing";
        } else if (recovered.incomplete.isEmpty() && recovered.mode.equals("process") && !recovered.closed
                && !recovered.boot.equals(boot)) {
            recovered.incomplete = "the machine went down, and store=process forces only from time to time";
        }
    }

    private long countLiveBytes(Chain chain, Segment segment) throws IOException {
        long bytes = 0;
        try (StoredFile file = chain.openToRead(segment)) {
            SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            while (reader.next()) {
                ByteBuffer found = reader.record();
                if (found.get() == Records.MESSAGE && segment.isLive(RecordBuffer.number(found))) {
                    RecordBuffer.number(found);
                    bytes += Records.size(found);
                }
            }
        }
        return bytes;
    }

    /** Begins the session's chain anew with all that is known, in one record: it is there as a whole or not at all. */
    private void begin() throws IOException {
        Chain chain = chains[SESSION_CHAIN];
        List<Segment> before = List.copyOf(chain.segments);
        chain.abandonTail();
        chain.tail(store, 0, Integer.MAX_VALUE);
        record.begin(Records.OPENED).text(mode).text(boot).text(session).number(received.size());
        received.forEach((id, digest) -> record.number(id).fixed(digest));
        record.number(subscriptions.size());
        subscriptions.forEach((filter, qos) -> record.text(filter).number(qos));
        chain.append(record);
        chain.force();
        beginDue = false;
        for (Segment old : before) {
            chain.remove(old);
        }
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    /** Writes a batch; what went wrong is in it. What it reads is read in any case. */
    void run(Batch batch) {
        try {
            write(batch);
            batch.error = null;
            batch.failed = false;
            batch.usableBytes = files.usableBytes();
        } catch (Throwable e) { // whatever it was, nothing of it counts as written
            batch.error = e;
            batch.failed = true;
            for (Chain chain : chains) {
                chain.abandonTail();
            }
        }
        try {
            batch.eachEndedRange(this::end); // also what could not be written: space that is free must be usable
            for (int lane = 0; lane < Message.LANES; lane++) {
                tidy(chains[lane], flights.get(lane));
            }
        } catch (IOException | RuntimeException e) {
            batch.error = batch.error == null ? e : batch.error;
        }
        for (int lane = 0; lane < Message.LANES; lane++) {
            if (batch.readBehind[lane] >= 0) {
                batch.loaded.set(lane, read(lane, batch.readBehind[lane], batch));
            }
        }
        for (Batch.Search search : batch.searches) {
            search.found()[0] = search(search.id());
        }
        batch.figures = new StoreFigures(sum(Chain::size), sum(chain -> chain.bytesWritten),
                sum(chain -> chain.forces), skipped, quarantined);
    }

    private long sum(ToLongFunction<Chain> figure) {
        return Arrays.stream(chains).mapToLong(figure).sum();
    }

    private void write(Batch batch) throws IOException {
        if (beginDue) {
            begin();
        }
        for (int i = 0; i < batch.messages.size(); i++) {
            Outgoing outgoing = batch.outgoing.get(i);
            Message message = batch.messages.get(i);
            Chain chain = chains[message.lane()];
            if (batch.repeated) {
                Segment before = chain.holding(outgoing.index());
                if (before != null) {
                    before.end(outgoing.index());
                }
            }
            chain.nextIndex = outgoing.index();
            lastId = Math.max(lastId, outgoing.id());
            Segment segment = chain.tail(store, outgoing.id(), segmentBytes);
            chain.append(Records.message(record, outgoing.index(), outgoing.id(), batch.acceptedMillis, message));
            segment.add(outgoing.index(), record.length());
            chain.nextIndex++;
        }
        for (Batch.Note note : batch.notes) {
            note.write(this);
        }
        batch.eachEndedRange((lane, index, count) -> {
            chains[lane].tail(store, lastId + 1, segmentBytes);
            chains[lane].append(record.begin(Records.DONE).number(index).number(count));
        });
        for (Chain chain : chains) {
            if (batch.force) {
                chain.force();
            } else {
                chain.flush();
            }
        }
    }

    private void end(int lane, long index, int count) {
        for (long i = index; i < index + count; i++) {
            Segment holding = chains[lane].holding(i);
            if (holding != null) {
                holding.end(i);
            }
            flights.get(lane).remove(i);
        }
    }

    // ---- notes on the session -------------------------------------------------------------------------------------

    /** A message was given a packet id, or is to be sent anew with it. */
    void assigned(int lane, long index, int packetId) throws IOException {
        Flight flight = new Flight(packetId);
        flight.written = lane(lane);
        chains[lane].append(record.begin(Records.ASSIGNED).number(index).number(packetId));
        flights.get(lane).put(index, flight);
    }

    /** A message was received by the broker. */
    void released(int lane, long index) throws IOException {
        Flight flight = flights.get(lane).get(index);
        if (flight != null) {
            flight.written = lane(lane);
            chains[lane].append(record.begin(Records.RELEASED).number(index));
            flight.released = true;
        }
    }

    private Segment lane(int lane) throws IOException {
        return chains[lane].tail(store, lastId + 1, segmentBytes);
    }

    void session(String key) throws IOException {
        newSession(key);
        note(record.begin(Records.SESSION).text(key));
    }

    void received(int packetId, long digest) throws IOException {
        received.put(packetId, digest);
        note(record.begin(Records.RECEIVED).number(packetId).fixed(digest));
    }

    void completed(int packetId) throws IOException {
        received.remove(packetId);
        note(record.begin(Records.COMPLETED).number(packetId));
    }

    void subscribed(String filter, int qos) throws IOException {
        subscriptions.put(filter, qos);
        note(record.begin(Records.SUBSCRIBED).text(filter).number(qos));
    }

    void unsubscribed(String filter) throws IOException {
        subscriptions.remove(filter);
        note(record.begin(Records.UNSUBSCRIBED).text(filter));
    }

    private void note(RecordBuffer note) throws IOException {
        Chain chain = chains[SESSION_CHAIN];
        if (chain.isTailBeyond(SESSION_SEGMENT_BYTES)) {
            begin(); // with this note's effect in it
        } else {
            chain.tail(store, 0, Integer.MAX_VALUE);
            chain.append(note);
        }
    }

    /** Keeps a message that will not be sent; the oldest of them go when there are too many. */
    void aside(long id, long acceptedMillis, Message message) throws IOException {
        Chain chain = chains[ASIDE_CHAIN];
        chain.tail(store, id, segmentBytes);
        chain.append(Records.message(record, chain.nextIndex++, id, acceptedMillis, message));
        while (chain.segments.size() > MAX_ASIDE_SEGMENTS) {
            chain.remove(chain.segments.get(0));
        }
    }

    // ---- room -----------------------------------------------------------------------------------------------------

    /**
     * Takes away segments that nobody needs: without a live message, and with no earlier segment whose dead messages the
     * notes in it keep dead. When too much is dead, the oldest segment that is mostly so is written anew.
     */
    private void tidy(Chain chain, Map<Long, Flight> inFlight) throws IOException {
        boolean deadBefore = false;
        long live = 0;
        Segment sparse = null;
        for (Segment segment : List.copyOf(chain.segments.subList(0, Math.max(0, chain.segments.size() - 1)))) {
            live += segment.liveBytes;
            if (segment.live == 0 && !deadBefore) {
                moveFlights(chain, segment, inFlight);
                chain.remove(segment);
                continue;
            }
            deadBefore |= segment.dead() > 0;
            if (sparse == null && segment.dead() > segment.live) {
                sparse = segment;
            }
        }
        if (sparse != null && chain.size() > 2 * live + 3L * segmentBytes) {
            moveFlights(chain, sparse, inFlight);
            rewrite(chain, sparse);
        }
    }

    /** Writes again what a segment says of QoS 2 messages under way, so that it can go; durable before it goes. */
    private void moveFlights(Chain chain, Segment segment, Map<Long, Flight> inFlight) throws IOException {
        boolean moved = false;
        for (Map.Entry<Long, Flight> each : List.copyOf(inFlight.entrySet())) {
            if (each.getValue().written == segment) {
                boolean released = each.getValue().released;
                assigned(segment.chain, each.getKey(), each.getValue().packetId);
                if (released) {
                    released(segment.chain, each.getKey());
                }
                moved = true;
            }
        }
        if (moved) {
            chain.force();
        }
    }

    /** Writes the live messages of a segment, and the notes that are still needed, to a file that takes its place. */
    private void rewrite(Chain chain, Segment segment) throws IOException {
        String path = chain.path(segment);
        String temporary = path + ".new";
        files.delete(temporary);
        Chain copy = new Chain(files, directory, segment.chain, NAMES[segment.chain]);
        Segment dense = new Segment(store, segment.chain, segment.number, segment.firstIndex, segment.firstId,
                segment.forcedBefore);
        try (StoredFile from = chain.openToRead(segment)) {
            copy.begin(dense, temporary);
            SegmentReader reader = new SegmentReader(from, segment, Segment.HEADER_BYTES);
            while (reader.next()) {
                ByteBuffer bytes = reader.record();
                int start = bytes.position();
                int type = bytes.get();
                if (type == Records.DONE) {
                    copy.append(record.copy(bytes.position(start)));
                } else if (type == Records.MESSAGE) {
                    long index = RecordBuffer.number(bytes);
                    if (segment.isLive(index)) {
                        copy.append(record.copy(bytes.position(start)));
                        dense.add(index, record.length());
                    }
                }
            }
            copy.force();
        } finally {
            copy.close();
        }
        files.rename(temporary, path);
        files.forceDirectory(directory);
        segment.generation++;
        chain.segments.set(chain.segments.indexOf(segment), dense);
        chain.bytesWritten += copy.bytesWritten;
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    /** Reads on in a lane's backlog: live messages with a higher index, in order, as many as the window takes at once. */
    private List<Outgoing> read(int lane, long behind, Batch batch) {
        Chain chain = chains[lane];
        Cursor cursor = cursors[lane];
        List<Outgoing> messages = new ArrayList<>();
        long bytes = 0;
        int at = find(chain, cursor, behind);
        while (at < chain.segments.size() && bytes < READ_BYTES) {
            Segment segment = chain.segments.get(at);
            boolean end = true;
            if (segment.live > 0) {
                long from = segment == cursor.segment ? cursor.position : Segment.HEADER_BYTES;
                try (StoredFile file = chain.openToRead(segment)) {
                    SegmentReader reader = new SegmentReader(file, segment, from);
                    while (end && reader.next()) {
                        Outgoing message = live(reader.record(), lane, segment, behind);
                        if (message != null) {
                            messages.add(message);
                            bytes += message.size();
                            end = bytes < READ_BYTES;
                        }
                    }
                    cursor.segment = segment;
                    cursor.generation = segment.generation;
                    cursor.position = reader.position();
                } catch (IOException | RuntimeException e) {
                    skipped++;
                    batch.error = batch.error == null ? e : batch.error;
                }
            }
            if (end) {
                at++;
            }
        }
        cursor.index = messages.isEmpty() ? behind : messages.get(messages.size() - 1).index();
        batch.readToEnd[lane] = at >= chain.segments.size();
        return messages;
    }

    private int find(Chain chain, Cursor cursor, long behind) {
        int at = chain.segments.indexOf(cursor.segment);
        if (at >= 0 && cursor.index == behind && cursor.segment.generation == cursor.generation) {
            return at;
        }
        cursor.segment = null;
        at = chain.segments.size() - 1;
        while (at > 0 && chain.segments.get(at).firstIndex > behind + 1) {
            at--;
        }
        return Math.max(at, 0);
    }

    /** A message that is live, not under way and behind an index; null for any other record. */
    private Outgoing live(ByteBuffer bytes, int lane, Segment segment, long behind) {
        if (bytes.get() != Records.MESSAGE) {
            return null;
        }
        long index = RecordBuffer.number(bytes);
        return index <= behind || !segment.isLive(index) || flights.get(lane).containsKey(index) ? null
                : Records.outgoing(bytes, lane, index, clock.nanoTime(), clock.wallClockMillis());
    }

    /** Loads one message; null if it is not there. */
    private Outgoing load(int lane, long index) throws IOException {
        Segment segment = chains[lane].holding(index);
        return segment == null ? null : first(lane, segment, bytes -> RecordBuffer.number(bytes) == index);
    }

    /** The queued message with an id; null if there is none. */
    private Outgoing search(long id) {
        for (int lane = 0; lane < Message.LANES; lane++) {
            Segment candidate = null;
            for (Segment segment : chains[lane].segments) {
                candidate = segment.firstId <= id ? segment : candidate;
            }
            try {
                Outgoing found = candidate == null || candidate.live == 0 ? null : first(lane, candidate, bytes -> {
                    RecordBuffer.number(bytes);
                    return RecordBuffer.number(bytes) == id;
                });
                if (found != null && candidate.isLive(found.index())) {
                    return found;
                }
            } catch (IOException e) {
                skipped++;
            }
        }
        return null;
    }

    private Outgoing first(int lane, Segment segment, Predicate<ByteBuffer> wanted) throws IOException {
        try (StoredFile file = chains[lane].openToRead(segment)) {
            SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            while (reader.next()) {
                ByteBuffer bytes = reader.record();
                if (bytes.get() == Records.MESSAGE) {
                    int start = bytes.position();
                    if (wanted.test(bytes)) {
                        long index = RecordBuffer.number(bytes.position(start));
                        return Records.outgoing(bytes, lane, index, clock.nanoTime(), clock.wallClockMillis());
                    }
                }
            }
        }
        return null;
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /** Lets go of the directory; {@code inOrder} if everything was written. Never throws: it is the end in any case. */
    IOException close(boolean inOrder) {
        IOException failure = null;
        try {
            if (inOrder) {
                chains[SESSION_CHAIN].tail(store, 0, Integer.MAX_VALUE);
                chains[SESSION_CHAIN].append(record.begin(Records.CLOSED));
                for (Chain chain : chains) {
                    chain.force();
                }
            }
        } catch (IOException e) {
            failure = e;
        }
        for (Chain chain : chains) {
            chain.abandonTail();
        }
        try {
            if (lock != null) {
                lock.close();
                lock = null;
            }
        } catch (IOException e) {
            failure = e;
        }
        return failure;
    }
}
