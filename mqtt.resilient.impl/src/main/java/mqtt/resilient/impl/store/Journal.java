package mqtt.resilient.impl.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
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
    private static final Pattern SEGMENT_NAME = Pattern.compile("(lane[0-3]|session|aside)-(0[0-9]{9})\\.segment");
    private static final int SESSION_SEGMENT_BYTES = 256 * 1024;
    private static final int READ_BYTES = 512 * 1024;
    private static final int MAX_ASIDE_SEGMENTS = 4;
    private static final String NEW = ".new";
    private static final long NANOS_PER_MILLI = 1_000_000L;

    /** A QoS 2 message under way. */
    private static final class Flight {
        private final int lane;
        private final long index;
        private final int packetId;
        /** Counts assignments: of two messages with the same packet id the earlier one had come to its end. */
        private final long order;
        private boolean released;

        Flight(int lane, long index, int packetId, long order) {
            this.lane = lane;
            this.index = index;
            this.packetId = packetId;
            this.order = order;
        }
    }

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

        /** Lets go of the file, which may be gone soon, and can go on all the same. */
        void release() {
            if (reader != null) {
                position = reader.position();
                reader = null;
                try {
                    file.close();
                } catch (IOException e) {
                    segment = null; // it was only read
                }
            }
        }

        void close() {
            release();
            segment = null;
            position = Segment.HEADER_BYTES;
        }
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
    /** Where the chains ended when the store was closed in order: numbers and lengths; null = it was not. */
    private long[] ends;
    private UUID store;
    private long lastId;
    private long assignments;
    private Closeable lock;
    private int segmentBytes;
    private String mode;
    private String boot;
    /** Whether {@link #begin} is to come before anything else is written. */
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
        beginDue |= store != null && !newMode.equals(mode);
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
                chains[SESSION_CHAIN].abandonTail();
            }
            return recovered;
        } catch (IOException | RuntimeException e) {
            close(false);
            throw e;
        }
    }

    private StoredState recover() throws IOException {
        List<TreeMap<Integer, Segment>> found = new ArrayList<>();
        for (int chain = 0; chain < NAMES.length; chain++) {
            found.add(new TreeMap<>());
        }
        for (String name : files.list(directory)) {
            Matcher matcher = SEGMENT_NAME.matcher(name);
            if (name.endsWith(NEW)) {
                files.delete(directory + "/" + name); // a copy that was not finished
            } else if (matcher.matches()) {
                int chain = List.of(NAMES).indexOf(matcher.group(1));
                int number = Integer.parseInt(matcher.group(2));
                found.get(chain).put(number, header(chain, number));
            }
        }
        StoredState recovered = new StoredState();
        store = Arrays.stream(RECOVERY_ORDER).boxed().flatMap(chain -> found.get(chain).values().stream())
                .map(segment -> segment.store).filter(Objects::nonNull).findFirst()
                .orElseGet(() -> new UUID(clock.wallClockMillis(), clock.nanoTime()));
        for (int chain : RECOVERY_ORDER) {
            for (Segment segment : found.get(chain).values()) {
                Segment next = found.get(chain).get(segment.number + 1);
                if (next == null && segment != found.get(chain).lastEntry().getValue()) {
                    recovered.incomplete = chains[chain].path(segment.number + 1) + " is missing";
                }
                scan(chains[chain], segment, next == null || next.store == null ? -1 : next.forcedBefore, recovered);
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
            segment = new Segment(store, found.chain, found.number, chain.nextIndex, lastId + 1, 0);
            segment.size = found.size;
            segment.headless = true;
            if (found.size > Segment.HEADER_BYTES) {
                damaged(recovered, segment, 1);
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
                try {
                    int type = bytes.get();
                    if (type == Records.FORCED) {
                        forced = RecordBuffer.number(bytes);
                    } else if (segment.chain < Message.LANES) {
                        takeLane(chain, segment, type, bytes, recovered);
                    } else if (segment.chain == SESSION_CHAIN) {
                        takeSession(type, bytes, recovered);
                    } else {
                        chain.nextIndex = Records.serial(bytes) + 1;
                    }
                } catch (RuntimeException e) { // its checksum is right: this was never ours
                    damaged(recovered, segment, 1);
                }
            }
            forced = segment.fixedLength > 0 ? segment.fixedLength : forcedBefore >= 0 ? forcedBefore
                    : ends != null && ends[2 * segment.chain] == segment.number ? ends[2 * segment.chain + 1] : forced;
            if (reader.firstDamage() >= 0 && reader.firstDamage() < forced || segment.size < forced) {
                damaged(recovered, segment, Math.max(1, reader.damages()));
            }
            if (segment.size > forcedBefore) {
                file.force(); // what a killed process has left in the system's memory is relied upon from now on
            }
            segment.forced = reader.firstDamage() >= 0 ? reader.firstDamage() : segment.size;
        }
    }

    private void damaged(StoredState recovered, Segment segment, int count) {
        skipped += count;
        segment.damaged = true;
        recovered.incomplete = chains[segment.chain].path(segment) + " is damaged";
    }

    private void takeLane(Chain chain, Segment segment, int type, ByteBuffer bytes, StoredState recovered) {
        int lane = segment.chain;
        long index = Records.serial(bytes);
        Map<Long, Flight> inFlight = flights.get(lane);
        switch (type) {
            case Records.MESSAGE -> {
                int size = Records.size(bytes.duplicate());
                if (!segment.canHold(index)) {
                    throw new IllegalArgumentException("message " + index + " out of order");
                }
                long id = RecordBuffer.number(bytes);
                long age = Records.age(RecordBuffer.number(bytes), clock.wallClockMillis());
                int flags = bytes.get(bytes.position());
                long expires = Records.expires(bytes);
                Records.properties(flags, bytes);
                RecordBuffer.number(bytes); // the topic's length
                if (index < chain.nextIndex) { // written again after a failure, and so is all that came behind it
                    end(chain, lane, index, Records.END, recovered);
                }
                inFlight.remove(index); // what was said of it before was of a message that was lost
                recovered.messages[lane]++;
                segment.countedBytes += size;
                segment.add(index, bytes.remaining());
                segment.ages(clock.nanoTime() - age, expires);
                recovered.expiring |= expires > 0;
                lastId = Math.max(lastId, id);
                chain.nextIndex = Math.max(chain.nextIndex, index + 1);
            }
            case Records.ASSIGNED -> {
                Flight flight = new Flight(lane, index, Records.packetId(bytes), Records.serial(bytes));
                assignments = Math.max(assignments, flight.order);
                inFlight.put(index, flight);
            }
            case Records.RELEASED -> {
                Flight flight = inFlight.get(index);
                if (flight != null) {
                    flight.released = true;
                }
            }
            case Records.DONE -> end(chain, lane, index, index + Records.serial(bytes), recovered);
            default -> skipped++;
        }
    }

    /** What was read of a range of messages is void. */
    private void end(Chain chain, int lane, long from, long to, StoredState recovered) {
        for (Segment segment : chain.segments) {
            recovered.messages[lane] -= segment.end(from, to);
        }
        flights.get(lane).keySet().removeIf(index -> index >= from && index < to);
    }

    private void takeSession(int type, ByteBuffer bytes, StoredState recovered) {
        ends = null;
        switch (type) {
            case Records.OPENED -> {
                recovered.mode = RecordBuffer.text(bytes);
                recovered.boot = RecordBuffer.text(bytes);
                newSession(RecordBuffer.text(bytes));
                for (long left = RecordBuffer.number(bytes); left > 0; left--) {
                    received.put(Records.packetId(bytes), bytes.getLong());
                }
                for (long left = RecordBuffer.number(bytes); left > 0; left--) {
                    subscriptions.put(RecordBuffer.text(bytes), Records.options(bytes));
                }
            }
            case Records.SESSION -> newSession(RecordBuffer.text(bytes));
            case Records.RECEIVED -> received.put(Records.packetId(bytes), bytes.getLong());
            case Records.COMPLETED -> received.remove(Records.packetId(bytes));
            case Records.SUBSCRIBED -> subscriptions.put(RecordBuffer.text(bytes), Records.options(bytes));
            case Records.UNSUBSCRIBED -> subscriptions.remove(RecordBuffer.text(bytes));
            case Records.CLOSED -> {
                ends = new long[2 * NAMES.length];
                for (int i = 0; i < ends.length; i++) {
                    ends[i] = RecordBuffer.number(bytes);
                }
            }
            default -> skipped++;
        }
    }

    private void newSession(String key) {
        session = key;
        received.clear();
        subscriptions.clear();
    }

    private void finish(StoredState recovered) throws IOException {
        settle(recovered);
        for (int lane = 0; lane < Message.LANES; lane++) {
            for (Segment segment : chains[lane].segments) {
                if (segment.live == segment.messages) {
                    recovered.bytes[lane] += segment.countedBytes;
                } else if (segment.live > 0) {
                    recovered.bytes[lane] += countLiveBytes(chains[lane], segment);
                }
            }
            recovered.latestIndex[lane] = chains[lane].nextIndex - 1;
        }
        for (int chain = 0; ends != null && chain < NAMES.length; chain++) {
            if (ends[2 * chain] > 0 && (chains[chain].last() == null || chains[chain].last().number < ends[2 * chain])) {
                recovered.incomplete = chains[chain].path((int) ends[2 * chain]) + " is missing";
            }
        }
        recovered.closed = ends != null;
        recovered.lastId = lastId;
        recovered.session = session;
        recovered.received.putAll(received);
        recovered.subscriptions.putAll(subscriptions);
        recovered.recordsSkipped = skipped;
        recovered.segmentsQuarantined = quarantined;
        if (recovered.incomplete.isEmpty() && recovered.mode.isEmpty() && lastId > 0) {
            recovered.incomplete = "the session state is missing";
        } else if (recovered.incomplete.isEmpty() && recovered.mode.equals(Durability.PROCESS.name())
                && !recovered.closed && !recovered.boot.equals(boot)) {
            recovered.incomplete = "the machine went down, and store=process had not forced the latest records";
        }
        if (!recovered.incomplete.isEmpty()) {
            newSession(""); // also after another restart, until there is a new one
        }
    }

    /** Collects the QoS 2 messages under way in the order of their sending; each packet id is that of the latest one. */
    private void settle(StoredState recovered) throws IOException {
        List<Flight> all = flights.stream().flatMap(each -> each.values().stream())
                .sorted(Comparator.comparingLong((Flight flight) -> flight.order).reversed()).toList();
        Set<Integer> packetIds = new HashSet<>();
        for (Flight flight : all) {
            boolean latest = packetIds.add(flight.packetId);
            Outgoing message = latest ? load(flight.lane, flight.index) : null;
            if (message != null && message.message().qos() == Qos.EXACTLY_ONCE) {
                message.resume(flight.packetId, flight.released);
                recovered.inFlight.add(0, message);
                continue;
            }
            flights.get(flight.lane).remove(flight.index);
            Segment holding = chains[flight.lane].holding(flight.index);
            if (!latest && flight.released && holding != null) { // it had come to its end, or its id had not been free
                holding.end(flight.index);
                recovered.messages[flight.lane]--;
            }
        }
    }

    private long countLiveBytes(Chain chain, Segment segment) throws IOException {
        long bytes = 0;
        long last = 0;
        try (StoredFile file = chain.openToRead(segment)) {
            SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            while (reader.next()) {
                Outgoing message = message(reader.record(), segment, last);
                if (message != null) {
                    last = message.index();
                    bytes += message.size();
                }
            }
        }
        return bytes;
    }

    /** Begins the session's chain anew with all that is known, in one record: it is there as a whole or not at all. */
    private void begin() throws IOException {
        for (Chain each : chains) {
            each.force(); // what the record says is true of all of them
        }
        Chain chain = chains[SESSION_CHAIN];
        List<Segment> before = List.copyOf(chain.segments);
        chain.close();
        chain.tail(store, 0, Integer.MAX_VALUE);
        record.begin(Records.OPENED).text(mode).text(boot).text(session).number(received.size());
        received.forEach((id, digest) -> record.number(id).fixed(digest));
        record.number(subscriptions.size());
        subscriptions.forEach((filter, qos) -> record.text(filter).number(qos));
        chain.append(record);
        chain.force();
        chain.keep();
        beginDue = false;
        for (Segment old : before) {
            chain.remove(old);
        }
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    /** Writes a batch; what went wrong is in it. What it reads is read in any case. */
    void run(Batch batch) {
        batch.error = null;
        batch.failed = false;
        attempt(batch, () -> {
            if (Arrays.stream(batch.readBehind).anyMatch(behind -> behind >= 0)) {
                batch.eachEndedRange(this::end); // what is not to be read
                read(batch, false);
            }
        });
        try {
            for (Chain chain : chains) {
                chain.keep();
            }
            write(batch);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            failed(batch, e);
            for (Chain chain : chains) {
                attempt(batch, chain::cutBack); // or every attempt would take more of a disk that is full
            }
        }
        attempt(batch, () -> batch.eachEndedRange(this::end)); // also if unwritten: space that is free must be usable
        for (int lane = 0; lane < Message.LANES; lane++) {
            Chain chain = chains[lane];
            attempt(batch, () -> tidy(chain, batch.failed && !beginDue ? 0 : 1));
        }
        attempt(batch, () -> batch.usableBytes = files.usableBytes());
        attempt(batch, () -> {
            read(batch, true);
            for (Batch.Search search : batch.searches) {
                search.found()[0] = search(search.id());
            }
            if (batch.maxAges != null) {
                batch.old.addAll(findOld(batch.maxAges));
            }
        });
        batch.figures = new StoreFigures(sum(Chain::size), sum(chain -> chain.bytesWritten),
                sum(chain -> chain.forces), skipped, quarantined);
    }

    /**
     * Reads what a batch asks for: before the batch is written, so that nobody who waits for old messages waits for the
     * force of new ones too, and behind it where there was nothing.
     */
    private void read(Batch batch, boolean written) {
        for (int lane = 0; lane < Message.LANES; lane++) {
            if (batch.readBehind[lane] >= 0 && batch.loaded.get(lane).isEmpty()) {
                batch.loaded.set(lane, read(lane, batch.readBehind[lane], batch));
                batch.readToEnd[lane] &= written;
            }
        }
    }

    /** Something that can fail. */
    private interface Action {
        void run() throws IOException;
    }

    private static void attempt(Batch batch, Action action) {
        try {
            action.run();
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            batch.error = batch.error == null ? e : batch.error;
        }
    }

    /** Nothing of a batch counts as written. */
    private void failed(Batch batch, Throwable error) {
        batch.error = error;
        batch.failed = true;
        for (Chain chain : chains) {
            chain.abandonTail();
        }
        for (int i = 0; i < batch.messages.size(); i++) {
            end(batch.messages.get(i).lane(), batch.outgoing.get(i).index(), 1);
        }
    }

    private long sum(ToLongFunction<Chain> figure) {
        long sum = 0;
        for (Chain chain : chains) {
            sum += figure.applyAsLong(chain);
        }
        return sum;
    }

    private void write(Batch batch) throws IOException {
        if (beginDue && !batch.isReadOnly()) {
            begin();
        }
        long sinceEpoch = clock.wallClockMillis() - clock.nanoTime() / NANOS_PER_MILLI;
        for (int i = 0; i < batch.messages.size(); i++) {
            Outgoing outgoing = batch.outgoing.get(i);
            Message message = batch.messages.get(i);
            Chain chain = chains[message.lane()];
            chain.nextIndex = outgoing.index();
            Segment segment = chain.tail(store, outgoing.id(), segmentBytes);
            chain.append(Records.message(record, outgoing.index(), outgoing.id(),
                    sinceEpoch + outgoing.acceptedNanos() / NANOS_PER_MILLI, message));
            segment.add(outgoing.index(), record.length());
            segment.ages(outgoing.acceptedNanos(), message.expiresAfterNanos());
            chain.nextIndex++;
            lastId = outgoing.id();
        }
        for (Batch.Note note : batch.notes) {
            note.write(this);
        }
        batch.eachEndedRange((lane, index, count) -> {
            lane(lane);
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
        Map<Long, Flight> inFlight = flights.get(lane);
        for (long i = index; i < index + count; i++) {
            Segment holding = chains[lane].holding(i);
            if (holding != null) {
                holding.end(i);
            }
            if (!inFlight.isEmpty()) {
                inFlight.remove(i);
            }
        }
    }

    // ---- notes on the session -------------------------------------------------------------------------------------

    /** A message was given a packet id, or is to be sent anew with it. */
    void assigned(int lane, long index, int packetId) throws IOException {
        Flight before = flights.get(lane).get(index);
        long order = before == null ? ++assignments : before.order;
        flights.get(lane).put(index, new Flight(lane, index, packetId, order));
        lane(lane);
        chains[lane].append(record.begin(Records.ASSIGNED).number(index).number(packetId).number(order));
    }

    /** A message was received by the broker. */
    void released(int lane, long index) throws IOException {
        lane(lane);
        chains[lane].append(record.begin(Records.RELEASED).number(index));
    }

    private void lane(int lane) throws IOException {
        chains[lane].tail(store, lastId + 1, segmentBytes);
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
        chain.force(); // before its end can be written to its lane
        while (chain.segments.size() > MAX_ASIDE_SEGMENTS) {
            chain.remove(chain.segments.get(0));
        }
    }

    // ---- room -----------------------------------------------------------------------------------------------------

    /**
     * Takes away the oldest segments when nothing in them is live; never later ones, which have the notes that keep
     * earlier messages dead. The last one says what the next numbers are, and goes only if even its space is needed. When
     * too much is dead, the oldest segment that is mostly so is written anew.
     */
    private void tidy(Chain chain, int least) throws IOException {
        while (chain.segments.size() > least && chain.segments.get(0).live == 0) {
            chain.remove(chain.segments.get(0));
        }
        long live = 0;
        Segment sparse = null;
        for (Segment segment : chain.segments) {
            live += segment.liveBytes;
            if (sparse == null && segment.dead() > segment.live && !segment.damaged) {
                sparse = segment;
            }
        }
        if (sparse != null && sparse != chain.last() && chain.size() > 2 * live + 3L * segmentBytes) {
            rewrite(chain, sparse);
        }
    }

    /** Writes the live messages of a segment, and all notes on others, to a file that takes its place. */
    private void rewrite(Chain chain, Segment segment) throws IOException {
        Map<Long, Flight> inFlight = flights.get(segment.chain);
        String path = chain.path(segment);
        String temporary = path + NEW;
        files.delete(temporary);
        Chain copy = new Chain(files, directory, segment.chain, NAMES[segment.chain]);
        Segment dense = new Segment(store, segment.chain, segment.number, segment.firstIndex, segment.firstId,
                segment.forcedBefore);
        dense.ages(segment.oldest, 0);
        dense.expires = segment.expires;
        try (StoredFile from = chain.openToRead(segment)) {
            copy.begin(dense, temporary);
            SegmentReader reader = new SegmentReader(from, segment, Segment.HEADER_BYTES);
            while (reader.next()) {
                ByteBuffer bytes = reader.record();
                int start = bytes.position();
                int type = bytes.get();
                long index = RecordBuffer.number(bytes);
                boolean note = type == Records.DONE
                        || (type == Records.ASSIGNED || type == Records.RELEASED) && inFlight.containsKey(index);
                if (note || type == Records.MESSAGE && segment.isLive(index)) {
                    copy.append(record.copy(bytes.position(start)));
                    if (type == Records.MESSAGE) {
                        dense.add(index, record.length());
                    }
                }
            }
            copy.fix();
            files.rename(temporary, path);
        } catch (IOException | RuntimeException e) {
            files.delete(temporary);
            throw e;
        } finally {
            copy.close();
        }
        chain.segments.set(chain.segments.indexOf(segment), dense);
        chain.bytesWritten += copy.bytesWritten;
        files.forceDirectory(directory);
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    /** Reads on in a lane's backlog: live messages with a higher index, in order, as many as the window takes at once. */
    private List<Outgoing> read(int lane, long behind, Batch batch) {
        Chain chain = chains[lane];
        Cursor cursor = cursors[lane];
        List<Outgoing> messages = new ArrayList<>();
        long bytes = 0;
        long last = behind;
        int at = find(chain, cursor, behind);
        while (at < chain.segments.size() && bytes < READ_BYTES) {
            Segment segment = chain.segments.get(at);
            boolean end = true;
            if (segment.live > 0) {
                try {
                    cursor.open(chain, segment);
                    while (end && cursor.reader.next()) {
                        Outgoing message = live(cursor.reader.record(), segment, last);
                        if (message != null) {
                            messages.add(message);
                            last = message.index();
                            bytes += message.size();
                            end = bytes < READ_BYTES;
                        }
                    }
                } catch (IOException | RuntimeException e) {
                    skipped++;
                    batch.error = batch.error == null ? e : batch.error;
                    cursor.close();
                }
            }
            if (end) {
                at++;
            }
        }
        cursor.index = last;
        batch.readToEnd[lane] = at >= chain.segments.size();
        if (batch.readToEnd[lane]) {
            cursor.release();
        }
        return messages;
    }

    private int find(Chain chain, Cursor cursor, long behind) {
        int at = chain.segments.indexOf(cursor.segment);
        if (at >= 0 && cursor.index == behind) {
            return at;
        }
        cursor.close();
        at = 0; // not by what their headers say: one that was begun anew after a failure may have stayed empty
        while (at < chain.segments.size() && chain.segments.get(at).latestLive() <= behind) {
            at++;
        }
        return at;
    }

    /** A message that is live, not under way and behind an index; null for any other record. */
    private Outgoing live(ByteBuffer bytes, Segment segment, long behind) {
        Outgoing message = message(bytes, segment, behind);
        return message == null || flights.get(segment.chain).containsKey(message.index()) ? null : message;
    }

    /** A message that is live and behind an index; null for any other record. */
    private Outgoing message(ByteBuffer bytes, Segment segment, long behind) {
        try {
            if (bytes.get() != Records.MESSAGE) {
                return null;
            }
            long index = RecordBuffer.number(bytes);
            return index <= behind || !segment.isLive(index) ? null
                    : Records.outgoing(bytes, segment.chain, index, clock.nanoTime(), clock.wallClockMillis());
        } catch (RuntimeException e) { // was passed over and counted when the store was opened
            return null;
        }
    }

    /** Loads one message; null if it is not there. */
    private Outgoing load(int lane, long index) throws IOException {
        Segment segment = chains[lane].holding(index);
        return segment == null ? null : first(segment, index - 1, message -> message.index() == index);
    }

    /** Whether there is a message that has not come to its end. */
    boolean holds(int lane, long index) {
        return chains[lane].holding(index) != null;
    }

    /** The indexes of all messages of a lane that have not come to their end, in ascending order. */
    long[] indexes(int lane) {
        return chains[lane].segments.stream().flatMapToLong(segment ->
                LongStream.iterate(segment.nextLive(0), index -> index >= 0, index -> segment.nextLive(index + 1)))
                .sorted().toArray();
    }

    /** The queued message with an id; null if there is none. */
    private Outgoing search(long id) {
        for (int lane = 0; lane < Message.LANES; lane++) {
            Segment candidate = null;
            for (Segment segment : chains[lane].segments) {
                candidate = segment.firstId <= id && segment.live > 0 ? segment : candidate;
            }
            try {
                Outgoing found = candidate == null ? null
                        : first(candidate, 0, message -> message.id() == id);
                if (found != null && !flights.get(lane).containsKey(found.index())) {
                    return found;
                }
            } catch (IOException e) {
                skipped++;
            }
        }
        return null;
    }

    /** Goes through one segment that has messages that are too old, if there is one, and gives them. */
    private List<Outgoing> findOld(long[] maxAges) throws IOException {
        long now = clock.nanoTime();
        List<Outgoing> old = new ArrayList<>();
        for (int lane = 0; lane < Message.LANES; lane++) {
            for (Segment segment : chains[lane].segments) {
                if (segment.isDue(now, maxAges[lane])) {
                    segment.oldest = Long.MAX_VALUE;
                    segment.expires = Long.MAX_VALUE;
                    try (StoredFile file = chains[lane].openToRead(segment)) {
                        SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
                        while (reader.next()) {
                            Outgoing message = live(reader.record(), segment, 0);
                            if (message != null && (message.isExpired(now) || message.isOlderThan(maxAges[lane], now))) {
                                old.add(message);
                            } else if (message != null) {
                                segment.ages(message.acceptedNanos(), message.message().expiresAfterNanos());
                            }
                        }
                    }
                    return old;
                }
            }
        }
        return old;
    }

    /** The first live message of a segment that is wanted; null if there is none. */
    private Outgoing first(Segment segment, long behind, Predicate<Outgoing> wanted) throws IOException {
        try (StoredFile file = chains[segment.chain].openToRead(segment)) {
            SegmentReader reader = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            while (reader.next()) {
                Outgoing message = message(reader.record(), segment, behind);
                if (message != null && wanted.test(message)) {
                    return message;
                }
            }
        }
        return null;
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /** Lets go of the directory; {@code inOrder} if everything was written. Never throws: it is the end in any case. */
    Exception close(boolean inOrder) {
        for (Cursor cursor : cursors) {
            cursor.close();
        }
        Exception failure = null;
        try {
            if (inOrder) {
                Chain chain = chains[SESSION_CHAIN];
                chain.tail(store, 0, Integer.MAX_VALUE);
                record.begin(Records.CLOSED);
                for (Chain each : chains) {
                    Segment last = each.last();
                    record.number(last == null ? 0 : last.number).number(last == null ? 0 : last.forced);
                }
                chain.append(record);
                chain.force();
            }
        } catch (IOException | RuntimeException e) {
            failure = e;
        }
        for (Chain each : chains) {
            try {
                each.close();
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
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
