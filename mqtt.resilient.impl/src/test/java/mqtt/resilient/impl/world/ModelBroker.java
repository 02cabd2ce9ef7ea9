package mqtt.resilient.impl.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.ConnectionHandler.Closing;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;

/**
 * A small broker with sessions that does nothing by itself: a test says when it reads, when it acknowledges what, when
 * the client reads, and when things break. It is strict: whatever the client does against MQTT 3.1.1 or against the
 * promises of the engine is an assertion error. Payloads that the client publishes are numbers, each used once.
 */
public final class ModelBroker implements Network {
    private static final long SECOND = 1_000_000_000L;
    private static final int OUT_WINDOW = 5;

    /** A message to the client. */
    public static final class Out {
        public final String topic;
        public final int number;
        public final int qos;
        /** Lost with the session. */
        public boolean lost;
        private boolean released;

        Out(String topic, int number, int qos) {
            this.topic = topic;
            this.number = number;
            this.qos = qos;
        }
    }

    private static final class Session {
        private final Set<Integer> received = new HashSet<>();
        private final Map<String, Integer> subscriptions = new TreeMap<>();
        private final ArrayDeque<Out> queued = new ArrayDeque<>();
        private final Map<Integer, Out> sent = new LinkedHashMap<>();
        private int lastId;
    }

    private final VirtualScheduler scheduler;
    private final Map<String, Session> sessions = new HashMap<>();
    private Wire wire;
    private boolean refuses;
    private boolean stalled;
    private boolean refusesSubscriptions;
    private int window;

    /** How often each number was accepted: QoS 2 once per handshake, QoS 1 with each PUBLISH. */
    public final Map<Long, Integer> accepted = new HashMap<>();
    /** The highest number that came for the first time, by lane (QoS 1 and 2), and for QoS 0 under -1. */
    private final Map<Integer, Long> highest = new HashMap<>();
    /** Which number an id stands for, from its PUBLISH until its last acknowledgement has reached the client. */
    private final Map<Integer, Long> live = new HashMap<>();
    private final Set<Long> exactlyOnce = new HashSet<>();
    private boolean waitsForDisk;
    private int deaths;
    private LongPredicate givenUp = number -> false;
    private Consumer<Out> confirmed = out -> {};
    private int sessionsLost;
    private int sessionsLostAtFirst;
    private int counter;

    public ModelBroker(VirtualScheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** Whether the client has given a number up although it was sent. */
    public void givenUp(LongPredicate newGivenUp) {
        givenUp = newGivenUp;
    }

    /** Is told of each message of QoS 1 or 2 that the client has confirmed. */
    public void confirmed(Consumer<Out> newConfirmed) {
        confirmed = newConfirmed;
    }

    /** What happened so far was only the beginning: the client's first, discarding connection. */
    public void begins() {
        sessionsLostAtFirst = sessionsLost;
    }

    /** The client may have so many messages unacknowledged from now on. */
    public void window(int messages) {
        window = messages;
        if (wire != null) {
            wire.largestWindow = Math.max(wire.largestWindow, messages);
        }
    }

    // ---- what the test has it do ----------------------------------------------------------------------------------

    /** Reads some of what the client has written. */
    public void reads(int packets) {
        scheduler.runAsLoop(() -> {
            for (int i = 0; i < packets && wire != null && !wire.toBroker.isEmpty(); i++) {
                process(wire.toBroker.remove());
            }
        });
        scheduler.run();
    }

    /** Sends one of the pending acknowledgements. */
    public void acknowledges(int which) {
        if (wire != null && !wire.due.isEmpty()) {
            wire.toClient.add(wire.due.remove(which % wire.due.size()));
        }
    }

    public boolean hasAcknowledgementsDue() {
        return wire != null && !wire.due.isEmpty();
    }

    /** The client gets some of what was sent to it. */
    public void clientReads(int packets) {
        for (int i = 0; i < packets && wire != null && !wire.toClient.isEmpty() && !wire.readingPaused; i++) {
            Wire open = wire;
            String packet = open.toClient.remove();
            scheduler.runAsLoop(() -> {
                arriving(packet);
                open.handler.received(ByteBuffer.wrap(PacketText.encode(packet)));
            });
            scheduler.run();
        }
    }

    /** The connection ends; what is under way in either direction is lost. */
    public void breaks(boolean byBroker) {
        if (wire != null) {
            Wire broken = wire;
            broken.closed = true;
            ended(broken);
            scheduler.runAsLoop(() -> broken.handler.closed(new Closing(byBroker, "broken")));
            scheduler.run();
        }
    }

    private void ended(Wire which) {
        if (wire == which) {
            wire = null;
            if (which.clean) {
                sessions.values().remove(which.session); // it lasts as long as the connection
                discard(which.session);
            }
        }
    }

    /** QoS 2 waits for a disk, and QoS 1 does not: each has its own order from now on. */
    public void clientWaitsForDisk() {
        waitsForDisk = true;
    }

    /** The process of the client is gone, and with it what it knew of QoS 1; a new one will come. */
    public void clientDies() {
        if (wire != null) {
            Wire broken = wire;
            broken.closed = true;
            ended(broken);
        }
        live.values().removeIf(number -> !exactlyOnce.contains(number));
        deaths++;
    }

    /** Forgets every session; a connection breaks. */
    public void losesSessions() {
        breaks(true);
        sessions.values().forEach(ModelBroker::discard);
        sessions.clear();
        sessionsLost++;
    }

    private static void discard(Session session) {
        session.queued.forEach(out -> out.lost = true);
        session.sent.values().forEach(out -> out.lost = true);
    }

    public void refuses(boolean newRefuses) {
        refuses = newRefuses;
    }

    public void stalls(boolean newStalled) {
        stalled = newStalled;
        if (wire != null) {
            scheduler.runAsLoop(wire::write);
            scheduler.run();
        }
    }

    public void refusesSubscriptions(boolean newRefuses) {
        refusesSubscriptions = newRefuses;
    }

    /** Publishes to the client, if a subscription of its session asks for it; null if none does. */
    public Out publishes(String clientId, String topic, int qos) {
        Session session = sessions.get(clientId);
        if (session == null) {
            return null;
        }
        int granted = session.subscriptions.entrySet().stream().filter(each -> matches(each.getKey(), topic))
                .mapToInt(Map.Entry::getValue).max().orElse(-1);
        if (granted < 0) {
            return null;
        }
        Out out = new Out(topic, ++counter, Math.min(qos, granted));
        if (out.qos == 0) {
            if (wire == null || wire.session != session) {
                return null;
            }
            wire.toClient.add("PUBLISH q0 " + topic + " " + out.number);
        } else {
            session.queued.add(out);
            sendQueued();
        }
        return out;
    }

    private static boolean matches(String filter, String topic) {
        return filter.endsWith("#") ? topic.startsWith(filter.substring(0, filter.length() - 1)) : filter.equals(topic);
    }

    private void sendQueued() {
        while (wire != null && wire.session != null && wire.session.sent.size() < OUT_WINDOW
                && !wire.session.queued.isEmpty()) {
            Session session = wire.session;
            Out out = session.queued.remove();
            do {
                session.lastId = session.lastId % 9 + 1;
            } while (session.sent.containsKey(session.lastId));
            session.sent.put(session.lastId, out);
            wire.toClient.add("PUBLISH q" + out.qos + " id=" + session.lastId + " " + out.topic + " " + out.number);
        }
    }

    // ---- what the test sees ---------------------------------------------------------------------------------------

    /** Whether nothing is under way. */
    public boolean isQuiet() {
        return wire != null && wire.session != null && wire.toBroker.isEmpty() && wire.toClient.isEmpty()
                && wire.due.isEmpty() && wire.session.queued.isEmpty() && wire.session.sent.isEmpty();
    }

    public boolean isConnected() {
        return wire != null && wire.session != null;
    }

    public Map<String, Integer> subscriptions(String clientId) {
        return sessions.containsKey(clientId) ? sessions.get(clientId).subscriptions : Map.of();
    }

    public int sessionsLost() {
        return sessionsLost;
    }

    /** The client must have been heard within one and a half times its keepalive. */
    public void checkKeepalive() {
        if (wire != null && wire.session != null && wire.keepAlive > 0 && !stalled && !wire.stalledOnce) {
            assertTrue(scheduler.nanoTime() - wire.lastHeard <= wire.keepAlive * SECOND * 3 / 2,
                    "nothing heard for more than 1.5 x keepalive");
        }
    }

    // ---- packets of the client ------------------------------------------------------------------------------------

    private void process(String packet) {
        String[] words = packet.split(" ");
        if (words[0].equals("CONNECT")) {
            connect(packet);
            return;
        }
        assertNotNull(wire.session, "before the CONNECT: " + packet);
        switch (words[0]) {
            case "PUBLISH" -> publish(words);
            case "PUBREL" -> release(id(words[1]));
            case "PUBACK", "PUBREC" -> confirm(words[0], id(words[1]));
            case "PUBCOMP" -> {
                Out out = wire.session.sent.remove(id(words[1]));
                assertTrue(out != null && out.released, "a PUBCOMP that nothing waits for");
                sendQueued();
            }
            case "SUBSCRIBE" -> {
                StringBuilder answer = new StringBuilder("SUBACK ").append(words[1]);
                for (int i = 2; i < words.length; i++) {
                    int colon = words[i].lastIndexOf(':');
                    int qos = Integer.parseInt(words[i].substring(colon + 1));
                    if (refusesSubscriptions && i % 2 == 0) {
                        answer.append(" 128");
                    } else {
                        wire.session.subscriptions.put(words[i].substring(0, colon), qos);
                        answer.append(' ').append(qos);
                    }
                }
                useRequestId(id(words[1]));
                wire.due.add(answer.toString());
            }
            case "UNSUBSCRIBE" -> {
                for (int i = 2; i < words.length; i++) {
                    wire.session.subscriptions.remove(words[i]);
                }
                useRequestId(id(words[1]));
                wire.due.add("UNSUBACK " + words[1]);
            }
            case "PINGREQ" -> wire.toClient.add("PINGRESP");
            case "DISCONNECT" -> {}
            default -> throw new AssertionError(packet);
        }
    }

    private void useRequestId(int id) {
        Long publish = live.get(id);
        assertTrue(publish == null || givenUp.test(publish), "the id of a live PUBLISH is used for a request: " + id);
        assertTrue(wire.requests.add(id), "the id of a live request is used again: " + id);
    }

    private static int id(String word) {
        return Integer.parseInt(word.substring(3));
    }

    private void connect(String packet) {
        assertEquals(null, wire.session, "a second CONNECT");
        String clientId = packet.replaceAll(".* id=(\\S+) .*", "$1");
        boolean clean = packet.contains(" clean ");
        wire.keepAlive = Integer.parseInt(packet.replaceAll(".* keepalive=(\\d+).*", "$1"));
        Session before = sessions.get(clientId);
        if (clean && before != null) {
            discard(before);
            sessionsLost++;
            before = null;
        }
        wire.session = before == null ? new Session() : before;
        wire.clean = clean;
        sessions.put(clientId, wire.session);
        wire.toClient.add(before == null ? "CONNACK" : "CONNACK session-present");
        wire.session.sent.forEach((id, out) -> wire.toClient.add(out.released ? "PUBREL id=" + id
                : "PUBLISH dup q" + out.qos + " id=" + id + " " + out.topic + " " + out.number));
        sendQueued();
    }

    private void publish(String[] words) {
        boolean duplicate = words[1].equals("dup");
        int at = duplicate ? 2 : 1;
        int qos = words[at].charAt(1) - '0';
        long number = Long.parseLong(words[words.length - 1]);
        boolean known = accepted.containsKey(number);
        assertTrue(wire.published.add(number), "the same message twice on one connection: " + number);
        if (qos == 0) {
            assertFalse(known, "QoS 0 twice: " + number);
            inOrder(-1, number);
            accepted.merge(number, 1, Integer::sum);
            return;
        }
        int id = id(words[at + 1]);
        int lane = words[at + 2].charAt(1) - '0';
        if (!known && (lane > 0 || deaths == 0 && !duplicate && sessionsLost == sessionsLostAtFirst)) {
            // a new alarm may overtake the repetition of an older one
            inOrder(waitsForDisk ? 10 * qos + lane : lane, number);
        }
        if (qos == 2) {
            exactlyOnce.add(number);
        }
        Long before = live.put(id, number);
        assertTrue(before == null || before == number || givenUp.test(before),
                () -> "id " + id + " of " + before + " is used for " + number);
        wire.unacknowledged.add(id);
        assertTrue(wire.unacknowledged.size() <= wire.largestWindow,
                () -> wire.unacknowledged.size() + " unacknowledged; allowed " + wire.largestWindow);
        if (qos == 1) {
            accepted.merge(number, 1, Integer::sum);
            wire.due.add("PUBACK id=" + id);
        } else {
            if (wire.session.received.add(id)) {
                accepted.merge(number, 1, Integer::sum);
            } else {
                assertTrue(duplicate || givenUp.test(before == null ? number : before),
                        "a repeated QoS 2 PUBLISH without DUP: " + number);
            }
            wire.due.add("PUBREC id=" + id);
        }
    }

    private void inOrder(int lane, long number) {
        Long before = highest.put(lane, number);
        assertTrue(before == null || before < number, "lane " + lane + ": " + number + " after " + before);
    }

    private void release(int id) {
        wire.session.received.remove(id);
        Long number = live.get(id);
        if (number != null && !givenUp.test(number)) { // the release of one that was given up takes no place
            wire.unacknowledged.add(id);
        }
        wire.due.add("PUBCOMP id=" + id);
    }

    private void confirm(String type, int id) {
        assertEquals(wire.expected.poll(), type + " " + id, "acknowledgements leave in the order of receipt");
        Out out = wire.session.sent.get(id);
        assertNotNull(out, "an acknowledgement of nothing");
        confirmed.accept(out);
        if (out.qos == 1) {
            wire.session.sent.remove(id);
            sendQueued();
        } else {
            out.released = true;
            wire.toClient.add("PUBREL id=" + id);
        }
    }

    /** A packet reaches the client. */
    private void arriving(String packet) {
        String[] words = packet.split(" ");
        switch (words[0]) {
            case "PUBACK", "PUBCOMP" -> {
                live.remove(id(words[1]));
                wire.unacknowledged.remove(id(words[1]));
            }
            case "SUBACK", "UNSUBACK" -> wire.requests.remove(id(words[1]));
            case "PUBLISH" -> {
                int at = words[1].equals("dup") ? 2 : 1;
                if (!words[at].equals("q0")) {
                    wire.expected.add((words[at].equals("q1") ? "PUBACK " : "PUBREC ") + id(words[at + 1]));
                }
            }
            default -> {}
        }
    }

    // ---- the network ----------------------------------------------------------------------------------------------

    @Override
    public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        scheduler.execute(() -> {
            try {
                answer.accept(List.of(InetAddress.getByAddress(host, new byte[] { 10, 0, 0, 1 })), "");
            } catch (UnknownHostException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Override
    public InetAddress literal(String host) {
        return null;
    }

    @Override
    public boolean isOnLink(InetAddress address) {
        return false;
    }

    @Override
    public String wayTo(InetAddress address) {
        return "sim0";
    }

    @Override
    public void queryDns(String server, int port, Consumer<Boolean> answer) {
        scheduler.execute(() -> answer.accept(true));
    }

    @Override
    public Connection connect(Route route, ConnectionHandler handler) {
        Wire made = new Wire(handler);
        scheduler.execute(() -> {
            if (made.closed) {
                return;
            }
            if (refuses) {
                made.closed = true;
                handler.closed(new Closing(false, "Connection refused"));
            } else {
                assertEquals(null, wire, "two connections of one client at a time");
                wire = made;
                handler.connected();
            }
        });
        return made;
    }

    private final class Wire implements Connection, ConnectionHandler.Output {
        private final ConnectionHandler handler;
        private final PacketText.Reader reader = new PacketText.Reader();
        private final ArrayDeque<String> toBroker = new ArrayDeque<>();
        private final ArrayDeque<String> toClient = new ArrayDeque<>();
        /** Acknowledgements that the broker has not sent yet. */
        private final List<String> due = new ArrayList<>();
        private final Set<Long> published = new HashSet<>();
        private final Set<Integer> unacknowledged = new HashSet<>();
        private final Set<Integer> requests = new HashSet<>();
        private final ArrayDeque<String> expected = new ArrayDeque<>();
        private int largestWindow = window;
        private Session session;
        private boolean clean;
        private int keepAlive;
        private long lastHeard = scheduler.nanoTime();
        private boolean stalledOnce;
        private ByteBuffer buffer = ByteBuffer.allocate(4096);
        private ByteBuffer unsent = ByteBuffer.allocate(0);
        private boolean writeRequested;
        private boolean closed;
        private boolean readingPaused;

        Wire(ConnectionHandler handler) {
            this.handler = handler;
        }

        @Override
        public String step() {
            return "the TCP connection";
        }

        @Override
        public void requestWrite() {
            if (!writeRequested && !closed) {
                writeRequested = true;
                scheduler.execute(this::write);
            }
        }

        private void write() {
            writeRequested = false;
            stalledOnce |= stalled;
            while (!closed && wire == this) {
                if (!unsent.hasRemaining()) {
                    buffer = ByteBuffer.allocate(4096);
                    handler.fill(this);
                    unsent = buffer.flip();
                }
                if (closed || !unsent.hasRemaining() || stalled) {
                    return;
                }
                lastHeard = scheduler.nanoTime();
                toBroker.addAll(reader.read(unsent));
                handler.flushed();
            }
        }

        @Override
        public ByteBuffer reserve(int bytes) {
            return buffer.remaining() < bytes ? null : buffer;
        }

        @Override
        public void pauseReading(boolean pause) {
            readingPaused = pause;
        }

        @Override
        public int unsentBytes() {
            return unsent.remaining();
        }

        @Override
        public void close() {
            closed = true;
            ended(this);
        }

        @Override
        public void closeGracefully(byte[] last, long deadlineNanoTime) {
            if (wire == this) { // the broker reads to the end; what it would answer is lost
                toBroker.addAll(reader.read(unsent));
                while (!toBroker.isEmpty()) {
                    process(toBroker.remove());
                }
            }
            close();
            scheduler.execute(() -> handler.closed(new Closing(true, "closed")));
        }
    }
}
