package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Peek;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.VirtualScheduler;

/**
 * A {@link JournalStore} on a model of a disk, used as a session uses it, and a ledger of what it has told to be stored
 * or durable: the next store on the same disk is held against it. The payload of a message says which one it is.
 */
final class StoreRig implements MessageStore.Listener {
    static final String DIRECTORY = "store";

    /** What is known of a message. */
    private static final class Entry {
        private final Message message;
        private boolean stored;
        private boolean ended;
        private boolean endDurable;
        private boolean aside;
        /** Its packet ids, in order, and how many of them are durable; and the same for its release. */
        private final List<Integer> assigned = new ArrayList<>();
        private int assignedDurable;
        private boolean released;
        private boolean releasedDurable;

        Entry(Message message) {
            this.message = message;
        }
    }

    /** The values that something has had, and the first of them that may still be the one on the disk. */
    private static final class History {
        private final List<Object> values = new ArrayList<>(List.of("none"));
        private int durable;
    }

    final VirtualScheduler scheduler = new VirtualScheduler();
    DiskModel disk;
    JournalStore store;
    StoredState state;
    Durability durability = Durability.POWER;
    int segmentBytes = 2048;
    int deadLettersForgotten;
    long floorBytes;
    String boot = "boot 1";
    /** Tasks of the store wait here while the disk hangs. */
    final ArrayDeque<Runnable> hanging = new ArrayDeque<>();
    boolean hangs;
    /** Whether the power cut may cost what was only written. */
    boolean lossy;
    /** Whether everything that was set aside must be there: it is little. */
    boolean keepsAside;
    final List<String> healths = new ArrayList<>();
    /** What was done and told, for whoever looks at a failure. */
    final List<String> log = new ArrayList<>();
    final List<String> lost = new ArrayList<>();
    StoreHealth health = StoreHealth.OPENING;
    final Map<Long, Entry> ledger = new TreeMap<>();
    private final Map<String, History> session = new TreeMap<>();
    /** Sent and not ended, by lane. */
    final List<List<Outgoing>> sent = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(),
            new ArrayList<>());
    long lastId;
    long storedUpTo;
    /** What the store has told to be written, and what it counts for. */
    int writtenMessages;
    long writtenBytes;
    boolean closed;

    StoreRig(DiskModel disk) {
        this.disk = disk;
    }

    /** A rig that knows what another one knows. */
    StoreRig(StoreRig other, DiskModel disk) {
        this.disk = disk;
        durability = other.durability;
        segmentBytes = other.segmentBytes;
        floorBytes = other.floorBytes;
        boot = other.boot;
        lossy = other.lossy;
        keepsAside = other.keepsAside;
        lastId = other.lastId;
        log.addAll(other.log);
        other.ledger.forEach((id, entry) -> {
            Entry copy = new Entry(entry.message);
            copy.stored = entry.stored;
            copy.ended = entry.ended;
            copy.endDurable = entry.endDurable;
            copy.aside = entry.aside;
            copy.assigned.addAll(entry.assigned);
            copy.assignedDurable = entry.assignedDurable;
            copy.released = entry.released;
            copy.releasedDurable = entry.releasedDurable;
            ledger.put(id, copy);
        });
        other.session.forEach((key, history) -> {
            History copy = new History();
            copy.values.clear();
            copy.values.addAll(history.values);
            copy.durable = history.durable;
            session.put(key, copy);
        });
        scheduler.advance(Duration.ofNanos(other.scheduler.nanoTime() - scheduler.nanoTime()));
    }

    /** Opens a store on the disk. */
    StoreRig open() {
        state = null;
        closed = false;
        sent.forEach(List::clear);
        store = new JournalStore(scheduler, this::onDisk, disk, DIRECTORY, boot, settings());
        store.configure(settings(), this);
        run();
        return this;
    }

    StoreSettings settings() {
        return new StoreSettings(DIRECTORY, durability, 500_000_000L, floorBytes, segmentBytes);
    }

    private void onDisk(Runnable task) {
        if (hangs) {
            hanging.add(task);
        } else {
            scheduler.execute(() -> {
                task.run();
                if (disk.isDead()) {
                    scheduler.forget();
                }
            });
        }
    }

    /** The disk answers again. */
    void answers() {
        hangs = false;
        while (!hanging.isEmpty()) {
            onDisk(hanging.remove());
        }
        run();
    }

    StoreRig run() {
        scheduler.run();
        return this;
    }

    StoreRig advance(long millis) {
        scheduler.advance(Duration.ofMillis(millis));
        return this;
    }

    /** Closes the store in order. */
    StoreRig close() {
        store.close(() -> closed = true);
        return run();
    }

    /** The process is gone. */
    void die() {
        scheduler.forget();
    }

    // ---- what a session does --------------------------------------------------------------------------------------

    Outgoing publish(int lane, int qos, int size) {
        return publish(lane, qos, size, null);
    }

    Outgoing publish(int lane, int qos, int size, Duration expiry) {
        long id = ++lastId;
        byte[] payload = new byte[Math.max(8, size)];
        for (int i = 0; i < payload.length; i++) {
            payload[i] = (byte) (id * 31 + i * 7 + i / 256);
        }
        Message.Builder builder = Message.to("t/" + lane).lane(lane).qos(Qos.of(qos)).payload(payload);
        Message message = (expiry == null ? builder : builder.expiresAfter(expiry)).build();
        Outgoing outgoing = new Outgoing(id, message, scheduler.nanoTime());
        ledger.put(id, new Entry(message));
        store.append(outgoing);
        log.add("publish " + id + " lane " + lane + " index " + outgoing.index() + " qos " + qos + " size " + size);
        return outgoing;
    }

    /** Takes the next message of a lane to send it; null if there is none at hand. */
    Outgoing send(int lane) {
        Outgoing next = store.next(lane);
        if (next != null) {
            Peek.sending(next);
            store.sent(next);
            log.add("send " + next.id());
            sent.get(lane).add(next);
        }
        return next;
    }

    /** Sends until the lane is empty, in turns of the loop. */
    List<Outgoing> sendAll(int lane) {
        List<Outgoing> all = new ArrayList<>();
        for (int pause = 0; pause < 3; pause++) {
            for (Outgoing next = send(lane); next != null; next = send(lane)) {
                all.add(next);
                pause = 0;
            }
            run();
        }
        return all;
    }

    void end(Outgoing message) {
        log.add("end " + message.id());
        sent.get(message.lane()).remove(message);
        Entry entry = entry(message);
        entry.ended = true;
        store.settled(message);
        store.whenDurable(() -> entry.endDurable = true);
        message.end();
    }

    /** Ends a message without asking when that is durable: it can wait. */
    void endLazily(Outgoing message) {
        log.add("end lazily " + message.id());
        sent.get(message.lane()).remove(message);
        entry(message).ended = true;
        store.settled(message);
        message.end();
    }

    /** Looks for a queued message and takes it out; told whether it was there. */
    boolean[] cancel(long id) {
        boolean[] result = { false, false };
        store.find(id, found -> {
            result[0] = true;
            result[1] = found != null;
            if (found != null) {
                assertEquals(id, found.id());
                Entry entry = ledger.get(id);
                assertFalse(entry.ended, "found although it has ended");
                entry.ended = true;
                store.remove(found);
                found.end();
                store.whenDurable(() -> entry.endDurable = true);
            }
        });
        return result;
    }

    void removeOldest(int lane) {
        Outgoing oldest = store.removeOldest(lane);
        if (oldest != null) {
            entry(oldest).ended = true;
            oldest.end();
        }
    }

    void assign(Outgoing message, int packetId) {
        log.add("assign " + message.id() + " packet id " + packetId);
        message.resume(packetId, false);
        Entry entry = entry(message);
        entry.assigned.add(packetId);
        int count = entry.assigned.size();
        store.assigned(message);
        store.whenDurable(() -> entry.assignedDurable = Math.max(entry.assignedDurable, count));
    }

    void release(Outgoing message) {
        log.add("release " + message.id());
        Entry entry = entry(message);
        entry.released = true;
        store.pubrecReceived(message);
        store.whenDurable(() -> entry.releasedDurable = true);
    }

    boolean isAssignmentDurable(Outgoing message) {
        Entry entry = entry(message);
        return entry.assignedDurable == entry.assigned.size();
    }

    boolean isReleaseDurable(Outgoing message) {
        return entry(message).releasedDurable;
    }

    void setAside(Outgoing message) {
        entry(message).aside = true;
        store.deadLettered(message);
        end(message);
    }

    private Entry entry(Outgoing message) {
        return Objects.requireNonNull(ledger.get(message.id()));
    }

    void session(String key) {
        store.session(key);
        for (String each : List.copyOf(session.keySet())) {
            note(each, each.equals("session") ? key : "none");
        }
        note("session", key);
    }

    void received(int packetId, long digest) {
        store.inboundReceived(packetId, digest);
        note("received " + packetId, digest);
    }

    void completed(int packetId) {
        store.pubrelReceived(packetId);
        note("received " + packetId, "none");
    }

    void subscribed(String filter, int qos) {
        store.subscribed(filter, qos);
        note("subscribed " + filter, qos);
    }

    void unsubscribed(String filter) {
        store.unsubscribed(filter);
        note("subscribed " + filter, "none");
    }

    private void note(String key, Object value) {
        History history = session.computeIfAbsent(key, each -> new History());
        history.values.add(value);
        int count = history.values.size() - 1;
        store.whenDurable(() -> history.durable = Math.max(history.durable, count));
    }

    // ---- what it tells --------------------------------------------------------------------------------------------

    @Override
    public void opened(StoredState newState) {
        assertEquals(null, state, "opened twice");
        state = newState;
    }

    @Override
    public void stored(long id) {
        assertTrue(id >= storedUpTo);
        storedUpTo = id;
        log.add("stored " + id);
        ledger.forEach((each, entry) -> entry.stored |= each <= id);
    }

    @Override
    public void written(int messages, long bytes) {
        writtenMessages += messages;
        writtenBytes += bytes;
    }

    @Override
    public void available() {
        // the tests ask
    }

    @Override
    public void deadLettersForgotten(int count) {
        deadLettersForgotten += count;
    }

    @Override
    public void lost(int lane, long messages, long bytes) {
        lost.add(lane + ": " + messages + " messages");
    }

    @Override
    public void health(StoreHealth newHealth, String reason) {
        assertEquals(newHealth == StoreHealth.OK, reason.isEmpty(), reason);
        health = newHealth;
        log.add("health " + newHealth + reason);
        healths.add(newHealth + (reason.isEmpty() ? "" : ": " + reason));
    }

    // ---- what must be true ----------------------------------------------------------------------------------------

    /**
     * Opens what a crash has left and holds it against the ledger; what is there counts as durable from now on.
     *
     * @param whole whether the state must be known to be complete
     */
    void reopenAndCheck(boolean whole) {
        log.add("reopened: " + disk);
        open();
        if (disk.isDead()) {
            return;
        }
        assertNotNull(state, () -> "not open: " + healths);
        if (whole) {
            assertEquals("", state.incomplete);
            assertEquals(0, state.recordsSkipped);
            checkSession();
        }
        checkMessages();
    }

    private void checkSession() {
        Set<String> keys = new HashSet<>(session.keySet());
        state.received.keySet().forEach(id -> keys.add("received " + id));
        state.subscriptions.keySet().forEach(filter -> keys.add("subscribed " + filter));
        for (String key : keys) {
            Object now = recovered(key);
            History history = session.computeIfAbsent(key, each -> new History());
            assertTrue(history.values.subList(lossy ? 0 : history.durable, history.values.size()).contains(now),
                    () -> key + " is " + now + "; was " + history.values + ", durable from " + history.durable);
            history.values.clear();
            history.values.add(now);
            history.durable = 0;
        }
    }

    private Object recovered(String key) {
        String[] words = key.split(" ");
        Object value = switch (words[0]) {
            case "session" -> state.session.isEmpty() ? null : state.session;
            case "received" -> state.received.get(Integer.parseInt(words[1]));
            default -> state.subscriptions.get(words[1]);
        };
        return value == null ? "none" : value;
    }

    private void checkMessages() {
        Map<Long, Outgoing> there = new HashMap<>();
        Set<Integer> packetIds = new HashSet<>();
        long[] messages = new long[Message.LANES];
        long[] bytes = new long[Message.LANES];
        for (Outgoing message : state.inFlight) {
            assertEquals(null, there.put(message.id(), message));
            assertTrue(packetIds.add(message.packetId()), "a packet id of two messages");
            checkFlight(message, ledger.get(message.id()));
            messages[message.lane()]++;
            bytes[message.lane()] += message.size();
            sent.get(message.lane()).add(message);
        }
        long waiting = 0;
        for (int lane = 0; lane < Message.LANES; lane++) {
            waiting += state.messages[lane];
        }
        assertEquals(waiting - state.inFlight.size(), store.queued());
        for (int lane = 0; lane < Message.LANES; lane++) {
            long before = 0;
            for (Outgoing message : sendAll(lane)) {
                assertEquals(null, there.put(message.id(), message), "twice");
                assertTrue(message.id() > before, "out of order");
                before = message.id();
                messages[lane]++;
                bytes[lane] += message.size();
                Entry entry = ledger.get(message.id());
                assertNotNull(entry, "never published");
                assertTrue(lossy || entry.assignedDurable == 0, "its packet id is forgotten");
            }
            assertEquals(messages[lane], state.messages[lane], "messages of lane " + lane);
            assertEquals(bytes[lane], state.bytes[lane], "bytes of lane " + lane);
        }
        assertEquals(0, store.queued());
        assertEquals(List.of(), lost);
        for (Map.Entry<Long, Entry> each : Map.copyOf(ledger).entrySet()) {
            long id = each.getKey();
            Entry entry = each.getValue();
            Outgoing message = there.get(id);
            if (message == null) {
                assertTrue(lossy || entry.ended || !entry.stored, id + " is lost");
                assertTrue(lossy || !keepsAside || !entry.aside || !entry.stored || isAside(id),
                        id + " was set aside and is lost");
                ledger.remove(id);
            } else {
                assertFalse(entry.endDurable && !lossy, id + " is back");
                assertEquals(content(entry.message), content(message.message()));
                assertTrue(state.lastId >= id);
                Entry known = new Entry(entry.message);
                known.stored = true;
                if (message.packetId() > 0) {
                    known.assigned.add(message.packetId());
                    known.assignedDurable = 1;
                    known.released = entry.released;
                    known.releasedDurable = entry.releasedDurable;
                }
                ledger.put(id, known);
            }
        }
        lastId = state.lastId;
        storedUpTo = lastId;
    }

    private boolean isAside(long id) {
        for (String name : disk.files()) {
            try (StoredFile file = disk.openToRead(name)) {
                ByteBuffer header = ByteBuffer.allocate(Segment.HEADER_BYTES);
                file.read(header, 0);
                Segment segment = Segment.parse(header.flip());
                SegmentReader reader = name.contains("aside") && segment != null
                        ? new SegmentReader(file, segment, Segment.HEADER_BYTES) : null;
                while (reader != null && reader.next()) {
                    if (reader.record().get() == Records.MESSAGE && RecordBuffer.number(reader.record()) > 0
                            && RecordBuffer.number(reader.record()) == id) {
                        return true;
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        return false;
    }

    private void checkFlight(Outgoing message, Entry entry) {
        assertNotNull(entry, "never published");
        int at = entry.assigned.lastIndexOf(message.packetId());
        assertTrue(at >= 0, "never had this packet id");
        assertTrue(lossy || at >= entry.assignedDurable - 1, "has an old packet id");
        assertTrue(lossy || Peek.isReleased(message) || !entry.releasedDurable, "its release is forgotten");
        assertTrue(!Peek.isReleased(message) || entry.released, "was never released");
    }

    private static List<Object> content(Message message) {
        ByteBuffer payload = ByteBuffer.allocate(message.payloadLength());
        message.writePayload(payload);
        return List.of(message.topic(), message.qos(), message.retain(), message.lane(), message.expiresAfterNanos(),
                payload.flip());
    }
}
