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
    static final int CHAINS = Message.LANES + 2;
    private static final String[] NAMES = { "lane0", "lane1", "lane2", "lane3", "session", "aside" };
    /** The session first: it says whether all else is whole. */
    private static final int[] RECOVERY_ORDER = { SESSION_CHAIN, 0, 1, 2, 3, ASIDE_CHAIN };
    private static final Pattern SEGMENT_NAME = Pattern.compile("(lane[0-3]|session|aside)-(0[0-9]{9})\\.segment");
    private static final int SESSION_SEGMENT_BYTES = 256 * 1024;
    private static final int MAX_ASIDE_SEGMENTS = 4;
    /** When space is short, so much that is dead is worth the writing that frees it. */
    private static final int WORTH_BYTES = 64 * 1024;
    /** After so long without the directory it is made anew: until then somebody may put it back. */
    private static final long DIRECTORY_AWAY_NANOS = 60_000_000_000L;
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

    private final FileSystem files;
    private final String directory;
    private final Scheduler clock;
    private final RecordBuffer record = new RecordBuffer();
    private final Chain[] chains = new Chain[NAMES.length];
    private final List<Map<Long, Flight>> flights = new ArrayList<>();
    private final Inventory inventory = new Inventory(chains);
    private final BacklogReader reader;
    private final Map<Integer, Long> received = new LinkedHashMap<>();
    private final Map<String, Integer> subscriptions = new LinkedHashMap<>();
    private String session = "";
    /** Where the chains ended when the store was closed in order: numbers and lengths; null = it was not. */
    private long[] ends;
    /** The next index of each chain, if the store was closed in order. */
    private final long[] closedNext = new long[NAMES.length];
    private UUID store;
    private long lastId;
    private long assignments;
    private Closeable lock;
    private int segmentBytes;
    private String mode;
    private String boot;
    /** Whether {@link #begin} is to come before anything else is written. */
    private boolean beginDue;
    /** While the store is opened: the segments that are missing. */
    private List<Segment> lost = List.of();
    /** While the store is opened: messages that later ones show to have ended; their records may have gone with the power. */
    private List<Flight> superseded = new ArrayList<>();
    /** Whose messages are perhaps partly written, and are to be written again. */
    private Batch unrepaired;
    /** Since when the directory is not there, by the monotonic clock; 0 = it is. */
    private long awaySince;
    private int skipped;
    private int quarantined;

    Journal(FileSystem files, String directory, Scheduler clock) {
        this.files = files;
        this.directory = directory;
        this.clock = clock;
        for (int chain = 0; chain < NAMES.length; chain++) {
            chains[chain] = chain(files, directory, chain);
        }
        for (int lane = 0; lane < Message.LANES; lane++) {
            flights.add(new LinkedHashMap<>());
        }
        reader = new BacklogReader(files, directory, clock, chains, flights);
    }

    static Chain chain(FileSystem files, String directory, int number) {
        return new Chain(files, directory, number, NAMES[number]);
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
                for (Chain each : chains) {
                    each.followMissing(store, lastId + 1, segmentBytes);
                }
                for (Flight flight : superseded) { // the later one may be gone when the store is opened again
                    lane(flight.lane);
                    chains[flight.lane].append(record.begin(Records.DONE).number(flight.index).number(1));
                }
                begin();
            } catch (IOException e) { // a full disk: what is there can be delivered all the same
                beginDue = true;
                for (Chain each : chains) {
                    each.abandonTail();
                }
            }
            superseded = List.of();
            inventory.batchEnded(!beginDue);
            return recovered;
        } catch (Throwable e) { // or nobody could open it again
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
        List<String> goneFiles = new ArrayList<>();
        List<String> foreign = new ArrayList<>();
        List<Segment> missing = new ArrayList<>();
        for (int chain : RECOVERY_ORDER) {
            TreeMap<Integer, Segment> there = found.get(chain);
            if (inventory.isKnown()) {
                missing.addAll(inventory.missing(chain, there.keySet(), ends == null ? 0 : closedNext[chain]));
                lost = missing;
            }
            for (Segment segment : there.values()) {
                Segment next = there.get(segment.number + 1);
                if (segment.store != null && !segment.store.equals(store)) {
                    foreign(recovered, chains[chain].path(segment), "belongs to another store", foreign);
                } else if (inventory.isGone(chain, segment.number)) {
                    goneFiles.add(chains[chain].path(segment));
                } else if (inventory.isLate(chain, segment.number)) {
                    foreign(recovered, chains[chain].path(segment), "was missing before", foreign);
                } else {
                    if (next == null && segment != there.lastEntry().getValue()
                            && (chain == SESSION_CHAIN || !inventory.isKnown())) {
                        recovered.incomplete = chains[chain].path(segment.number + 1) + " is missing";
                    }
                    scan(chains[chain], segment, next == null || next.store == null ? -1 : next.forcedBefore, recovered);
                }
            }
            if (chain == SESSION_CHAIN && !recovered.incomplete.isEmpty()) {
                inventory.distrust();
            }
            chains[chain].taken(inventory.taken(chain));
        }
        files.forceDirectory(directory); // as of the files: names that a killed process has left are relied upon from now on
        missing(recovered, missing);
        finish(recovered);
        for (String path : foreign) { // now that nothing can fail any more: what is told is told once
            ifPossible(() -> files.rename(path, path + ".foreign"));
        }
        for (String path : goneFiles) {
            ifPossible(() -> files.delete(path));
        }
        return recovered;
    }

    private void foreign(StoredState recovered, String path, String why, List<String> foreign) {
        quarantined++;
        recovered.incomplete = path + " " + why;
        foreign.add(path);
    }

    /** Counts what must be there and is not. */
    private void missing(StoredState recovered, List<Segment> missing) {
        long messages = 0;
        for (Segment segment : missing) {
            Chain chain = chains[segment.chain];
            chain.nextIndex = Math.max(chain.nextIndex, Math.max(segment.firstIndex, closedNext[segment.chain]));
            lastId = Math.max(lastId, segment.firstId - 1);
            messages += segment.chain < Message.LANES ? segment.live : 0;
        }
        if (!missing.isEmpty()) {
            Segment first = missing.get(0);
            skipped += missing.size();
            recovered.segmentsMissing = missing.size();
            recovered.incomplete = chains[first.chain].path(first) + (missing.size() == 1 ? " is missing"
                    : " and " + (missing.size() - 1) + " more are missing")
                    + (messages == 0 ? "" : ": at most " + messages + " pending messages are lost");
        }
        lost = List.of();
    }

    private static void ifPossible(Action action) {
        try {
            action.run();
        } catch (IOException e) { // next time
        }
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
        for (Segment segment : lost) {
            if (segment.chain == lane) {
                segment.end(from, to);
            }
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
                inventory.readAll(bytes);
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
                for (int i = 0; i < closedNext.length && bytes.hasRemaining(); i++) {
                    closedNext[i] = RecordBuffer.number(bytes);
                }
            }
            case Records.BEGUN, Records.GONE -> inventory.read(type, bytes);
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
                    recovered.bytes[lane] += reader.countLiveBytes(segment);
                }
            }
            recovered.latestIndex[lane] = chains[lane].nextIndex - 1;
        }
        for (int chain = 0; ends != null && !inventory.isKnown() && chain < NAMES.length; chain++) {
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
            Outgoing message = latest ? reader.load(flight.lane, flight.index) : null;
            if (message != null && message.message().qos() == Qos.EXACTLY_ONCE) {
                message.resume(flight.packetId, flight.released);
                recovered.inFlight.add(0, message);
                continue;
            }
            flights.get(flight.lane).remove(flight.index);
            Segment holding = chains[flight.lane].holding(flight.index);
            if (!latest && flight.released && holding != null) { // it had come to its end, or its id had not been free
                if (holding.end(flight.index)) {
                    recovered.messages[flight.lane]--;
                    superseded.add(flight);
                }
            }
        }
    }

    /** Begins the session's chain anew with all that is known, in one record: it is there as a whole or not at all. */
    private void begin() throws IOException {
        for (Chain each : chains) {
            each.finishRemovals();
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
        inventory.writeAll(record);
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
        attempt(batch, this::repair);
        if (unrepaired != null) {
            batch.gaveUp(batch.error); // nobody knows what is written
            return;
        }
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
            unrepaired = batch; // until the end: should something unexpected come in between, the batch is to be written again
            write(batch);
            inventory.batchEnded(true);
            awaySince = 0;
        } catch (Throwable e) { // whatever it is, nothing of the batch counts as written
            batch.error = e;
            batch.failed = true;
            attempt(batch, this::repair);
        }
        if (batch.failed && unrepaired != null || lock == null) {
            batch.gaveUp(batch.error);
            return;
        }
        attempt(batch, () -> batch.eachEndedRange(this::end)); // also if unwritten: space that is free must be usable
        for (int lane = 0; lane < Message.LANES; lane++) {
            Chain chain = chains[lane];
            attempt(batch, () -> tidy(chain));
        }
        attempt(batch, () -> batch.usableBytes = files.usableBytes());
        if (batch.failed || batch.usableBytes < batch.floorBytes) {
            attempt(batch, () -> makeRoom(batch.failed));
            attempt(batch, () -> batch.usableBytes = files.usableBytes());
        }
        read(batch, true);
        reader.search(batch);
        for (long[] range : batch.unreadable) {
            skipped += (int) (range[2] - range[1]);
        }
        batch.figures = new StoreFigures(sum(Chain::size), sum(chain -> chain.bytesWritten),
                sum(chain -> chain.forces), skipped, quarantined);
        unrepaired = null;
    }

    /**
     * Reads what a batch asks for: before the batch is written, so that nobody who waits for old messages waits for the
     * force of new ones too, and behind it where there was nothing.
     */
    private void read(Batch batch, boolean written) {
        for (int lane = 0; lane < Message.LANES; lane++) {
            if (batch.readBehind[lane] >= 0 && batch.loaded.get(lane).isEmpty() && !batch.unread[lane]) {
                reader.read(lane, batch);
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
        } catch (Throwable e) { // the batch has it, and the rest goes on
            batch.error = batch.error == null ? e : batch.error;
        }
    }

    /** Nothing of the batch that failed counts as written; tried again before the next one if it fails. */
    private void repair() throws IOException {
        Batch failed = unrepaired;
        if (failed == null) {
            return;
        }
        for (Chain chain : chains) {
            chain.abandonTail();
        }
        for (int i = 0; i < failed.messages.size(); i++) {
            end(failed.messages.get(i).lane(), failed.outgoing.get(i).index(), 1);
        }
        inventory.batchEnded(false);
        unrepaired = null;
        for (Chain chain : chains) {
            attempt(failed, chain::cutBack); // or every attempt would take more of a disk that is full
        }
        awaitDirectory();
    }

    /** Makes the directory anew when it has been away for long, with all that is known of the session. */
    private void awaitDirectory() throws IOException {
        long now = clock.nanoTime();
        if (lock != null && !files.list(directory).isEmpty()) {
            awaySince = 0;
        } else if (awaySince == 0) {
            awaySince = now;
        } else if (now - awaySince > DIRECTORY_AWAY_NANOS) {
            Closeable before = lock;
            lock = null; // until there is another one nothing is written: somebody else may be quicker
            if (before != null) {
                before.close();
            }
            files.makeDirectory(directory);
            lock = files.lock(directory + "/lock");
            beginDue = true;
            awaySince = 0;
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
        if (lock == null) {
            throw new IOException(directory + " is in use by somebody else");
        }
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
            if (chain.number != SESSION_CHAIN) {
                chain.write(batch.force);
            }
        }
        for (Chain chain : chains) {
            chain.finishRemovals();
        }
        for (Segment made = inventory.nextToList(); made != null; made = inventory.nextToList()) {
            note(inventory.writeBegun(record, made)); // only when it holds what it is to hold
        }
        chains[SESSION_CHAIN].write(batch.force);
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
        if (chain.segments.size() > MAX_ASIDE_SEGMENTS) {
            giveUp(chain, chain.segments.get(chain.segments.size() - MAX_ASIDE_SEGMENTS - 1));
        }
    }

    // ---- room -----------------------------------------------------------------------------------------------------

    /**
     * Takes away the oldest segments when nothing in them is live; never later ones, which have the notes that keep
     * earlier messages dead. The last one stays: it says what the next numbers are. When too much is dead, the oldest segment
     * that is mostly so is written anew.
     */
    private void tidy(Chain chain) throws IOException {
        int dead = 0;
        while (dead < chain.segments.size() - 1 && chain.segments.get(dead).live == 0) {
            dead++;
        }
        if (dead > 0) {
            try {
                giveUp(chain, chain.segments.get(dead - 1));
            } catch (IOException | RuntimeException e) { // a full disk, perhaps
                // what is damaged or could not be forced stays, and those behind it have the notes that keep its messages dead
                for (Segment segment : chain.segments.stream().limit(dead).takeWhile(each -> !each.damaged && !each.forceFailed)
                        .toList()) {
                    chain.empty(segment, segment.firstIndex, segment.firstId);
                }
                throw e;
            }
        }
        compact(chain, 3L * segmentBytes);
    }

    private void compact(Chain chain, long slack) throws IOException {
        long live = 0;
        Segment sparse = null;
        for (Segment segment : chain.segments) {
            live += segment.liveBytes;
            if (sparse == null && segment.dead() > segment.live && !segment.damaged) {
                sparse = segment;
            }
        }
        if (sparse != null && sparse != chain.last() && chain.size() > 2 * live + slack) {
            rewrite(chain, sparse);
        }
    }

    /** Space is short: what is dead goes at once, also from the last segments; only what needs no space if there is none. */
    private void makeRoom(boolean none) throws IOException {
        for (int lane = 0; lane < Message.LANES; lane++) {
            Chain chain = chains[lane];
            if (chain.segments.size() == 1 && chain.last().live == 0) {
                chain.empty(chain.last(), chain.nextIndex, lastId + 1);
            }
        }
        for (int lane = 0; lane < Message.LANES && !none; lane++) {
            Chain chain = chains[lane];
            Segment last = chain.last();
            if (last != null && last.dead() > last.live && last.size - last.liveBytes > WORTH_BYTES) {
                chain.tail(store, lastId + 1, 0); // so that it is the last one no more
            }
            compact(chain, WORTH_BYTES);
        }
    }

    /** Takes away the oldest segments of a chain, up to one: first this is recorded, or they would be missing. */
    private void giveUp(Chain chain, Segment last) throws IOException {
        Chain session = chains[SESSION_CHAIN];
        int before = inventory.goes(chain, last.number);
        session.keep();
        try {
            if (beginDue) {
                begin();
            } else {
                note(record.begin(Records.GONE).number(chain.number).number(last.number));
                session.force();
            }
        } catch (Throwable e) {
            inventory.stays(chain, before);
            inventory.batchEnded(false);
            session.abandonTail();
            session.cutBack();
            throw e;
        }
        inventory.batchEnded(true);
        while (chain.segments.get(0) != last) {
            chain.remove(chain.segments.get(0));
        }
        chain.remove(last);
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

    // ---- what it holds --------------------------------------------------------------------------------------------

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

    // ---- the end --------------------------------------------------------------------------------------------------

    /** Lets go of the directory; {@code inOrder} if everything was written. Never throws: it is the end in any case. */
    Throwable close(boolean inOrder) {
        reader.close();
        Throwable failure = null;
        try {
            if (inOrder) {
                Chain chain = chains[SESSION_CHAIN];
                chain.tail(store, 0, Integer.MAX_VALUE);
                record.begin(Records.CLOSED);
                for (Chain each : chains) {
                    Segment last = each.last();
                    record.number(last == null ? 0 : last.number).number(last == null ? 0 : last.forced);
                }
                for (Chain each : chains) {
                    record.number(each.nextIndex);
                }
                chain.append(record);
                chain.force();
            }
        } catch (Throwable e) {
            failure = e;
        }
        for (Chain each : chains) {
            try {
                each.close();
            } catch (Throwable e) {
                failure = e;
            }
        }
        try {
            if (lock != null) {
                lock.close();
                lock = null;
            }
        } catch (Throwable e) {
            failure = e;
        }
        return failure;
    }
}
