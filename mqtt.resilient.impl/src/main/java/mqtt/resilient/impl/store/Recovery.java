package mqtt.resilient.impl.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoredState;

/**
 * Reads what the files of a journal hold, when it is opened: chains, QoS 2 messages in flight, the session's state,
 * the list of segments. Damage is passed over and counted. For one opening only; on the store's thread only.
 */
final class Recovery {
    /** The session first: it says whether all else is whole. */
    private static final int[] ORDER = { Chains.SESSION, 0, 1, 2, 3, Chains.ASIDE };

    private final Chains chains;
    private final FileSystem files;
    private final Qos2InFlight inFlight;
    private final SessionState session;
    private final Inventory inventory;
    private final BacklogReader reader;
    private final Scheduler clock;
    private final StoredState recovered = new StoredState();
    /** The segments that the list names and that are not there. */
    private final List<Segment> missing = new ArrayList<>();
    private final List<Leftover> leftovers = new ArrayList<>();
    private final List<Qos2InFlight.Assignment> superseded = new ArrayList<>();
    /** A segment of the session's chain that is not there, if the next record is of a later one; empty = none. */
    private String sessionGap = "";
    /** Where the chains ended when the store was closed in order: numbers and lengths; null = it was not. */
    private long[] ends;
    /** The next index of each chain, if the store was closed in order. */
    private final long[] closedNext = new long[Chains.COUNT];

    Recovery(Chains chains, Qos2InFlight inFlight, SessionState session, Inventory inventory, BacklogReader reader,
            Scheduler clock) {
        this.chains = chains;
        files = chains.files;
        this.inFlight = inFlight;
        this.session = session;
        this.inventory = inventory;
        this.reader = reader;
        this.clock = clock;
    }

    /**
     * Reads everything.
     *
     * @param boot tells one run of the machine from another
     * @throws IOException if nobody can say what is there
     */
    StoredState run(String boot) throws IOException {
        List<NavigableMap<Integer, Segment>> found = listSegments();
        chains.store = IntStream.of(ORDER).boxed().flatMap(chain -> found.get(chain).values().stream())
                .map(segment -> segment.store).filter(Objects::nonNull).findFirst()
                .orElseGet(() -> new UUID(clock.wallClockMillis(), clock.nanoTime()));
        for (int chain : ORDER) {
            readChain(chains.all[chain], found.get(chain));
        }
        files.forceDirectory(chains.directory); // as of the files: a killed process has perhaps not done it
        countMissing();
        settleInFlight();
        inFlight.follow(chains.lastId);
        finish(boot);
        return recovered;
    }

    /** Files that are no longer used: to be removed after everything that may fail, or damage would be told twice. */
    List<Leftover> leftovers() {
        return leftovers;
    }

    /** Messages that later ones show to be settled; their records may have gone with the power. */
    List<Qos2InFlight.Assignment> superseded() {
        return superseded;
    }

    // ---- files ----------------------------------------------------------------------------------------------------

    /** The headers of all segments, by chain and number. */
    private List<NavigableMap<Integer, Segment>> listSegments() throws IOException {
        List<NavigableMap<Integer, Segment>> found = new ArrayList<>();
        for (int chain = 0; chain < Chains.COUNT; chain++) {
            found.add(new TreeMap<>());
        }
        for (String name : files.list(chains.directory)) {
            Chains.Place place = Chains.place(name);
            if (name.endsWith(Compaction.UNFINISHED)) {
                files.delete(chains.directory + "/" + name);
            } else if (place != null) {
                found.get(place.chain()).put(place.number(), header(place));
            }
        }
        return found;
    }

    /** A segment by its header; one without a store if it has none that can be read. */
    private Segment header(Chains.Place place) throws IOException {
        try (StoredFile file = files.openToRead(chains.all[place.chain()].path(place.number()))) {
            Segment segment = Segment.read(file);
            boolean fits = segment != null && segment.chain == place.chain() && segment.number == place.number();
            Segment result = fits ? segment : new Segment(null, place.chain(), place.number(), 0, 0, 0);
            result.size = file.size();
            return result;
        }
    }

    private void readChain(Chain chain, NavigableMap<Integer, Segment> there) throws IOException {
        if (inventory.isKnown()) {
            long nextIndex = ends == null ? 0 : closedNext[chain.number];
            missing.addAll(inventory.missing(chain.number, there.keySet(), nextIndex));
        }
        for (Segment segment : there.values()) {
            if (segment.store != null && !segment.store.equals(chains.store)) {
                quarantine(segment, "belongs to another store");
            } else if (inventory.isGone(chain.number, segment.number)) {
                leftovers.add(new Leftover(chain, segment.number, true));
            } else if (inventory.isLate(chain.number, segment.number)) {
                quarantine(segment, "was missing before");
            } else {
                Segment next = there.get(segment.number + 1);
                readSegment(chain, segment, next == null || next.store == null ? -1 : next.forcedBefore);
                if (next == null && segment.number < there.lastKey()) {
                    gap(chain, chain.path(segment.number + 1));
                }
            }
        }
        if (chain.number == Chains.SESSION && !recovered.incomplete.isEmpty()) {
            inventory.distrust();
        }
        chain.markTaken(inventory.taken(chain.number));
    }

    /** A segment is not there, and later ones are. */
    private void gap(Chain chain, String path) {
        if (chain.number == Chains.SESSION) {
            sessionGap = path;
        } else if (!inventory.isKnown()) { // else it is compared with that
            recovered.incomplete = path + " is missing";
        }
    }

    private void quarantine(Segment segment, String why) {
        recovered.segmentsQuarantined++;
        recovered.incomplete = chains.path(segment) + " " + why;
        leftovers.add(new Leftover(chains.of(segment), segment.number, false));
    }

    /**
     * Makes a segment whose header is damaged: its name, the list of segments and the segments before it replace the
     * header. The first one of a lane was perhaps being emptied when the power went: then nothing is lost.
     */
    private Segment headless(Chain chain, Segment found) {
        long[] listed = inventory.firsts(found.chain, found.number);
        Segment segment = new Segment(chains.store, found.chain, found.number, Math.max(chain.nextIndex, listed[0]),
                Math.max(chains.lastId + 1, listed[1]), 0);
        segment.size = found.size;
        segment.messages.takeAnyFirst();
        if (found.size > Segment.HEADER_BYTES && (chain.number >= Message.LANES || !chain.segments.isEmpty())) {
            damaged(segment, 1);
        }
        return segment;
    }

    private void readSegment(Chain chain, Segment found, long forcedBefore) throws IOException {
        Segment segment = found.store == null ? headless(chain, found) : found;
        chain.segments.add(segment);
        chain.nextIndex = Math.max(chain.nextIndex, segment.firstIndex());
        chains.lastId = Math.max(chains.lastId, segment.firstId - 1);
        try (StoredFile file = chain.openToRead(segment)) {
            SegmentReader records = new SegmentReader(file, segment, Segment.HEADER_BYTES);
            long[] marked = new long[1];
            records.scan(record -> {
                readRecord(chain, segment, record, records.firstDamage() >= 0, marked);
                return true;
            });
            boolean last = ends != null && ends[2 * segment.chain] == segment.number;
            long forced = segment.fixedLength > 0 ? segment.fixedLength : forcedBefore >= 0 ? forcedBefore
                    : last ? ends[2 * segment.chain + 1] : marked[0];
            if (records.firstDamage() >= 0 && records.firstDamage() < forced || segment.size < forced) {
                damaged(segment, Math.max(1, records.damages()));
            }
            if (segment.size > forcedBefore) {
                makeDurable(chain, segment, forced);
            }
            segment.forced = records.firstDamage() >= 0 ? records.firstDamage() : segment.size;
        }
    }

    /**
     * What a killed process has left in the system's memory is relied upon from now on. It is written once more in its
     * place: if a force of it has failed, the system takes it for durable and the disk does not have it.
     */
    private void makeDurable(Chain chain, Segment segment, long from) throws IOException {
        try (StoredFile file = files.open(chain.path(segment))) {
            try {
                writeAgain(file, from, segment.fixedLength > 0 ? segment.fixedLength : segment.size);
            } catch (IOException e) {
                // a full disk, perhaps: what is there can be delivered all the same
            }
            file.force();
        }
    }

    private static void writeAgain(StoredFile file, long from, long to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(to - from, Segment.BLOCK_BYTES)));
        for (long at = from; at < to; at += bytes.limit()) {
            bytes.clear().limit((int) Math.min(to - at, bytes.capacity()));
            if (file.read(bytes, at) <= 0) {
                return;
            }
            file.write(bytes.flip(), at);
        }
    }

    private void damaged(Segment segment, int count) {
        recovered.recordsSkipped += count;
        segment.damaged = true;
        recovered.incomplete = chains.path(segment) + " is damaged";
    }

    // ---- records --------------------------------------------------------------------------------------------------

    private void readRecord(Chain chain, Segment segment, ByteBuffer record, boolean behindDamage, long[] marked) {
        try {
            int type = record.get();
            if (type == Records.FORCED) {
                marked[0] = RecordBuffer.number(record);
            } else if (type == Records.MESSAGE && segment.chain < Message.LANES) {
                readMessage(chain, segment, MessageRecord.read(record));
            } else if (segment.chain < Message.LANES) {
                readNote(chain, type, record, behindDamage);
            } else if (segment.chain == Chains.SESSION) {
                readSession(segment, type, record);
            } else {
                readDeadLetter(chain, segment, type, record);
            }
        } catch (RuntimeException e) { // its checksum is right: this was never ours
            damaged(segment, 1);
        }
    }

    private void readMessage(Chain chain, Segment segment, MessageRecord message) {
        int lane = segment.chain;
        long index = message.index();
        int size = message.size();
        if (!segment.messages.canHold(index)) {
            throw new IllegalArgumentException("message " + index + " out of order");
        }
        if (index < chain.nextIndex) { // written again after a failure, and so is all that came behind it
            settle(chain, index, Records.END);
        }
        inFlight.remove(lane, index); // what was said of it before was of a message that was lost
        recovered.messages[lane]++;
        segment.countedBytes += size;
        segment.messages.add(index, message.content().remaining());
        segment.ages.add(message.acceptedNanos(clock.nanoTime(), clock.wallClockMillis()), message.expiresNanos());
        recovered.expiring |= message.expiresNanos() > 0;
        chains.lastId = Math.max(chains.lastId, message.id());
        chain.nextIndex = Math.max(chain.nextIndex, index + 1);
    }

    /** Reads a dead letter, or that some are not kept any more. */
    private static void readDeadLetter(Chain chain, Segment segment, int type, ByteBuffer record) {
        if (type == Records.DONE) {
            long index = Records.serial(record);
            long end = index + Records.serial(record);
            chain.segments.forEach(each -> each.messages.settle(index, end));
            return;
        }
        MessageRecord message = MessageRecord.read(record);
        if (segment.messages.canHold(message.index())) {
            segment.messages.add(message.index(), message.content().remaining());
        }
        chain.nextIndex = message.index() + 1;
    }

    /**
     * Reads what is noted of messages. An assignment behind damage is void: either it was never forced, so that nothing
     * was sent with it, or the session is given up. It would let a message overtake one whose assignment was lost.
     */
    private void readNote(Chain chain, int type, ByteBuffer record, boolean behindDamage) {
        long index = Records.serial(record);
        switch (type) {
            case Records.ASSIGNED -> {
                int packetId = Records.packetId(record);
                long order = Records.serial(record);
                if (!behindDamage) {
                    inFlight.restore(chain.number, index, packetId, order);
                }
            }
            case Records.RELEASED -> inFlight.restoreReleased(chain.number, index);
            case Records.DONE -> settle(chain, index, index + Records.serial(record));
            default -> recovered.recordsSkipped++;
        }
    }

    /** What was read of a range of messages is void. */
    private void settle(Chain chain, long from, long to) {
        for (Segment segment : chain.segments) {
            recovered.messages[chain.number] -= segment.messages.settle(from, to);
        }
        for (Segment segment : missing) {
            if (segment.chain == chain.number) {
                segment.messages.settle(from, to);
            }
        }
        inFlight.removeRange(chain.number, from, to);
    }

    private void readSession(Segment segment, int type, ByteBuffer record) {
        ends = null;
        if (!sessionGap.isEmpty() && type != Records.OPENED) { // that states all again
            recovered.incomplete = sessionGap + " is missing";
        }
        sessionGap = "";
        switch (type) {
            case Records.OPENED -> {
                if (!segment.damaged && recovered.segmentsQuarantined == 0) { // it states all again
                    recovered.recordsSkipped = 0;
                    recovered.incomplete = "";
                }
                recovered.mode = RecordBuffer.text(record);
                recovered.boot = RecordBuffer.text(record);
                session.readAll(record);
                inventory.readAll(record);
            }
            case Records.CLOSED -> readClosed(record);
            case Records.BEGUN, Records.GONE -> inventory.read(type, record);
            default -> recovered.recordsSkipped += session.read(type, record) ? 0 : 1;
        }
    }

    private void readClosed(ByteBuffer record) {
        ends = new long[2 * Chains.COUNT];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = RecordBuffer.number(record);
        }
        for (int i = 0; i < closedNext.length && record.hasRemaining(); i++) {
            closedNext[i] = RecordBuffer.number(record);
        }
    }

    // ---- what follows from them -----------------------------------------------------------------------------------

    /** Counts what must be there and is not. */
    private void countMissing() {
        long messages = 0;
        for (Segment segment : missing) {
            Chain chain = chains.of(segment);
            chain.nextIndex = Math.max(chain.nextIndex, Math.max(segment.firstIndex(), closedNext[segment.chain]));
            chains.lastId = Math.max(chains.lastId, segment.firstId - 1);
            messages += segment.chain < Message.LANES ? segment.messages.live() : 0;
        }
        if (!missing.isEmpty()) {
            recovered.recordsSkipped += missing.size();
            recovered.incomplete = chains.path(missing.get(0)) + (missing.size() == 1 ? " is missing"
                    : " and " + (missing.size() - 1) + " more are missing")
                    + (messages == 0 ? "" : ": at most " + messages + " pending messages are lost");
        }
    }

    /**
     * Collects the QoS 2 messages in flight in the order of their sending; each packet identifier is that of the latest
     * one.
     */
    private void settleInFlight() throws IOException {
        Set<Integer> packetIds = new HashSet<>();
        for (Qos2InFlight.Assignment assignment : inFlight.latestFirst()) {
            boolean latest = packetIds.add(assignment.packetId);
            Outgoing message = latest ? reader.load(assignment.lane, assignment.index) : null;
            if (message != null && message.message().qos() == Qos.EXACTLY_ONCE) {
                message.resume(assignment.packetId, assignment.isReleased());
                recovered.inFlight.add(0, message);
                continue;
            }
            inFlight.remove(assignment.lane, assignment.index);
            Segment holding = chains.all[assignment.lane].holding(assignment.index);
            if (!latest && assignment.isReleased() && holding != null && holding.messages.settle(assignment.index)) {
                recovered.messages[assignment.lane]--; // it was settled, or its packet identifier had not been free
                superseded.add(assignment);
            }
        }
    }

    private void finish(String boot) throws IOException {
        for (int lane = 0; lane < Message.LANES; lane++) {
            for (Segment segment : chains.all[lane].segments) {
                if (segment.messages.dead() == 0) {
                    recovered.bytes[lane] += segment.countedBytes;
                } else if (segment.messages.live() > 0) {
                    recovered.bytes[lane] += reader.countLiveBytes(segment);
                }
            }
            recovered.latestIndex[lane] = chains.all[lane].nextIndex - 1;
        }
        recovered.closed = ends != null;
        recovered.lastId = chains.lastId;
        recovered.session = session.key();
        recovered.received.putAll(session.received);
        recovered.subscriptions.putAll(session.subscriptions);
        judge(boot);
        if (!recovered.incomplete.isEmpty()) {
            session.begin(""); // also after another restart, until there is a new one
        }
    }

    /** Says why what was found is perhaps not all, where no damage has said it. */
    private void judge(String boot) {
        for (Chain chain : chains.all) {
            long end = ends == null || inventory.isKnown() ? 0 : ends[2 * chain.number];
            if (end > 0 && (chain.last() == null || chain.last().number < end)) {
                recovered.incomplete = chain.path((int) end) + " is missing";
            }
        }
        if (!recovered.incomplete.isEmpty()) {
            return;
        }
        if (recovered.mode.isEmpty() && chains.lastId > 0) {
            recovered.incomplete = "the session state is missing";
        } else if (recovered.mode.equals(Durability.PROCESS.name()) && !recovered.closed
                && !recovered.boot.equals(boot)) {
            recovered.incomplete = "the machine went down, and store=process had not forced the latest records";
        }
    }
}
