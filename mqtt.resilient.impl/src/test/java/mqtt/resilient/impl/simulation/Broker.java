package mqtt.resilient.impl.simulation;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import mqtt.resilient.api.Outcome;

/**
 * A broker for MQTT 3.1.1 and 5 that takes nothing that the specifications forbid: whatever a client does against them
 * is a {@link Violation}. It misbehaves on demand, always within what a client has to live with.
 */
final class Broker {

    private static final int UNSUPPORTED_VERSION = 0x84;
    private static final int NOT_AUTHORIZED = 0x87;
    private static final int SERVER_SHUTTING_DOWN = 0x8B;
    private static final int PACKET_IDENTIFIER_NOT_FOUND = 0x92;
    private static final int NO_SUBSCRIPTION = 0x11;
    /** Reason codes of a CONNACK, of a DISCONNECT, of PUBACK and PUBREC, and of a SUBACK. */
    private static final int[] REFUSALS = { 0x80, 0x81, 0x82, 0x83, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x97, 0x9F };
    private static final int[] DISCONNECTS = { 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x94, 0x95,
        0x96, 0x97,
        0x98, 0x99, 0x9A, 0x9B, 0x9F, 0xA0 };
    private static final int[] MESSAGE_REFUSALS = { 0x97, 0x97, 0x97, 0x91, 0x80, 0x83, 0x87, 0x90, 0x99 };
    private static final int[] SUBSCRIPTION_REFUSALS = { 0x80, 0x83, 0x87, 0x8F, 0x97 };
    private static final int RETAIN_AS_PUBLISHED = 8;
    private static final int FIRST_BIRTH_ID = 65_531;
    private static final int MOST_FILTERS = 8;
    /** One message in so many is one that it may dislike. */
    private static final int DISLIKED_SHARE = 23;
    /** Sessions that last so long do not end while a simulation lasts. */
    private static final int LASTING_SECONDS = 100_000;

    /** A session; it lasts as long as the specification says, unless the broker loses it. */
    private final class Session {
        private final int client;
        private boolean five;
        /** The life of the client's process that used it last. */
        private int life;
        /** How long it lasts without a connection. */
        private long expirySeconds;
        private long leftAt;
        private final Set<Integer> received = new HashSet<>();
        private final Map<String, Integer> subscriptions = new TreeMap<>();
        private final Map<String, Integer> identifiers = new TreeMap<>();
        /** Filters that were asked for just before the process of the client died. */
        private final Map<String, Asked> asked = new TreeMap<>();
        private final ArrayDeque<Out> queued = new ArrayDeque<>();
        private final Map<Integer, Out> sent = new LinkedHashMap<>();
        /** Whose packet id it is, from its PUBLISH until the broker has sent the last acknowledgement. */
        private final Map<Integer, Live> live = new HashMap<>();
        private int lastId;
        /**
         * The version of whoever used it last: a CONNECT that comes late, from a connection that was given up, is no
         * use.
         */
        private boolean usedAsFive;

        Session(int client, boolean five) {
            this.client = client;
            this.five = five;
            usedAsFive = five;
        }

        void discard() {
            queued.forEach(out -> out.lost = true);
            sent.values().forEach(out -> out.lost = true);
        }
    }

    /** When a filter was asked for last, by the clock of the client's process, and by which of its lives. */
    private record Asked(long clock, int life) {
    }

    /** A message under way, the life of the client's process that sent it, and the QoS with which. */
    private record Live(Sent message, int life, int qos) {
    }

    private final Timeline timeline;
    private final Ledger ledger;
    private final SplittableRandom random;
    private final Map<String, Session> sessions = new TreeMap<>();
    private final Map<String, Peer> online = new TreeMap<>();
    private final List<Peer> peers = new ArrayList<>();
    private long connections;

    // what it does wrong, or slowly
    private boolean down;
    private boolean stalled;
    private boolean silent;
    private int refusal;
    private boolean refusesSubscriptions;
    private boolean answersLate;
    private boolean several;
    private boolean reorders;
    private int delayMillis;
    private int window = 5;
    private boolean reusesIds;

    private boolean quotaUsed;
    /** How many messages it takes at once; 0 = any number. */
    private int capacity;
    private long refillNanos;
    private int tokens;
    private long refilledAt;
    private boolean dislikesMessages;
    private boolean mayDislike;
    private boolean dislikesFilter;
    private boolean lowersQos;
    private boolean trials;

    // with MQTT 5
    private Dialect.Refusal refusesFive = Dialect.Refusal.NONE;
    private Terms terms = Terms.NONE;
    private boolean refusesMessages;
    private boolean greedy;
    private int assignedIds;
    /** The filters that a client has ever unsubscribed from. */
    private final Set<String> unsubscribed = new HashSet<>();
    private final Map<Integer, String> assigned = new HashMap<>();
    /** The least that was ever granted to each client. */
    private final Map<Integer, Integer> lowestQos = new HashMap<>();
    private final Map<Integer, Integer> smallestPacket = new HashMap<>();
    private final Set<Integer> retainRefused = new HashSet<>();

    Broker(Timeline timeline, Ledger ledger, SplittableRandom random) {
        this.timeline = timeline;
        this.ledger = ledger;
        this.random = random;
    }

    // ---- faults ---------------------------------------------------------------------------------------------------

    void configure(int newWindow, int newDelayMillis, boolean newReorders) {
        reusesIds = random.nextInt(3) > 0;
        window = newWindow;
        delayMillis = newDelayMillis;
        reorders = newReorders;
    }

    /** Each node has sessions of its own from now on: it is a broker by itself. */
    void sharesNothing() {
        several = true;
    }

    /** Under which name a node has the session of a client. */
    String key(int node, String clientId) {
        return several ? node + " " + clientId : clientId;
    }

    /** Nobody fetches what sessions still have, but for these. */
    void leavesAllBut(Set<String> keys) {
        sessions.forEach((key, session) -> {
            if (!keys.contains(key)) {
                session.discard();
            }
        });
    }

    /** What it makes of MQTT 5. */
    void configureFive(Dialect.Refusal refusal, Terms newTerms, boolean newGreedy) {
        refusesFive = refusal;
        terms = newTerms;
        greedy = newGreedy;
    }

    /** What it dislikes all the time. */
    void configureDislikes(boolean filter, boolean newLowersQos, boolean newTrials) {
        dislikesFilter = filter;
        lowersQos = newLowersQos;
        trials = newTrials;
    }

    /** Closes the connection on each PUBLISH. */
    void quota(boolean used) {
        quotaUsed = used;
    }

    /** Takes so many messages at once, and one more after each of such times; closes the connection on others. */
    void throttles(int newCapacity, long newRefillNanos) {
        capacity = newCapacity;
        refillNanos = newRefillNanos;
        tokens = newCapacity;
        refilledAt = timeline.now();
    }

    private boolean hasToken() {
        if (capacity == 0) {
            return true;
        }
        long added = (timeline.now() - refilledAt) / refillNanos;
        refilledAt += added * refillNanos;
        tokens = (int) Math.min(capacity, tokens + added);
        boolean has = tokens > 0;
        tokens -= has ? 1 : 0;
        return has;
    }

    /** Closes the connection on certain messages. */
    void dislikesMessages(boolean dislikes) {
        dislikesMessages = dislikes;
        mayDislike |= dislikes;
    }

    /** Whether it closes, or closed at any time, connections on a message, and not on each. */
    boolean mayDislike(Sent message) {
        return mayDislike && message.number % DISLIKED_SHARE == 5;
    }

    /** Whether it closes the connection when it is asked for a filter. */
    boolean dislikes(String filter) {
        return dislikesFilter && filter.equals("f3/+");
    }

    Dialect.Refusal refusesFive() {
        return refusesFive;
    }

    /** Another broker comes in its place, with the same sessions: another version of it, or another configuration. */
    void becomes(Dialect.Refusal refusal, Terms newTerms) {
        timeline.trace("broker", () -> "refuses MQTT 5: " + refusal + ", " + newTerms);
        disconnectAll(SERVER_SHUTTING_DOWN);
        refusesFive = refusal;
        terms = newTerms;
    }

    void refusesMessages(boolean newRefuses) {
        refusesMessages = newRefuses;
    }

    /** The client id that a client has been given last; null = none. */
    String assigned(int client) {
        return assigned.get(client);
    }

    /** The lowest Maximum QoS that a client was ever told. */
    int lowestQos(int client) {
        return lowestQos.getOrDefault(client, 2);
    }

    /** The smallest Maximum Packet Size that a client was ever told. */
    int smallestPacket(int client) {
        return smallestPacket.getOrDefault(client, Integer.MAX_VALUE);
    }

    boolean isDown() {
        return down;
    }

    /** Ends or begins to be there; its sessions stay. */
    void down(boolean newDown) {
        down = newDown;
        if (down) {
            disconnectAll(SERVER_SHUTTING_DOWN);
        }
    }

    /** Closes every connection, and tells some why. */
    private void disconnectAll(int code) {
        List.copyOf(peers).forEach(peer -> {
            if (peer.five && random.nextBoolean()) {
                peer.disconnect(code);
            } else {
                peer.end(true);
            }
        });
    }

    /** Closes every connection. */
    void hangUp() {
        List.copyOf(peers).forEach(peer -> peer.end(true));
    }

    /** Closes one connection in the middle of what it sends. */
    void hangUpAnywhere() {
        if (!peers.isEmpty()) {
            Peer peer = peers.get(random.nextInt(peers.size()));
            if (peer.five && peer.session != null && random.nextBoolean()) {
                peer.disconnect(DISCONNECTS[random.nextInt(DISCONNECTS.length)]);
            } else {
                peer.hangUpAnywhere();
            }
        }
    }

    void losesSessions() {
        hangUp();
        sessions.values().forEach(Session::discard);
        sessions.clear();
        ledger.sessionLost();
    }

    /** Reads nothing, and so does nothing. */
    void stalls(boolean newStalled) {
        stalled = newStalled;
        if (!stalled) {
            List.copyOf(peers).forEach(Peer::readOn);
        }
    }

    /** Takes connections and says nothing. */
    void silent(boolean newSilent) {
        silent = newSilent;
        if (!silent) {
            List.copyOf(peers).forEach(peer -> {
                if (peer.session == null) {
                    peer.end(true);
                }
            });
        }
    }

    boolean isSilent() {
        return silent;
    }

    /** Refuses with a return code; 0 = does not. */
    void refuses(int code) {
        refusal = code;
    }

    /** Sends nothing but answers to pings, and messages. */
    void answersLate(boolean late) {
        answersLate = late;
        if (!late) {
            List.copyOf(peers).forEach(Peer::flush);
        }
    }

    void refusesSubscriptions(boolean newRefuses) {
        refusesSubscriptions = newRefuses;
    }

    /** Says something to somebody that means nothing, or nothing good. */
    void talksNonsense() {
        Peer peer = anyPeer();
        if (peer == null) {
            return;
        }
        if (peer.five && random.nextInt(4) > 0) {
            peer.blunders();
            return;
        }
        byte[] nonsense = switch (random.nextInt(8)) {
            case 0 -> randomBytes(1 + random.nextInt(40));
            case 1 -> new byte[] { (byte) 0xF0, 0 };
            case 2 -> Packets.connack(!peer.created, 0);
            case 3 -> new byte[] { 0x30, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 1 };
            case 4 -> Packets.publish("in/#", new byte[0], 0, false, 0);
            case 5 -> new byte[] { 0x36, 5, 0, 1, 'a', 0, 1 };
            case 6 -> new byte[] { (byte) 0x90, 2, 0, 0 };
            default -> "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        };
        timeline.trace("broker", () -> "says nonsense: " + Arrays.toString(nonsense));
        peer.wire.send(nonsense);
        peer.end(true); // or the next packet would stand in the middle of it
    }

    private byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        bytes[0] |= (byte) 0x80; // none of PUBACK, PUBREC and PUBCOMP, which would be a lie
        return bytes;
    }

    /** Acknowledges what nobody has sent. */
    void acknowledgesNothing() {
        Peer peer = anyPeer();
        if (peer != null) {
            int type = Packets.PUBACK + random.nextInt(4);
            int id = 60_000 + random.nextInt(10);
            peer.put(peer.acknowledgement(type, id, 0), () -> "stray " + Packets.name(type));
            peer.flush();
        }
    }

    /** Sends something again that was not acknowledged. */
    void repeats() {
        Peer peer = anyPeer();
        if (peer == null) {
            return;
        }
        for (Map.Entry<Integer, Out> each : peer.session.sent.entrySet()) {
            if (each.getValue().qos == 1) {
                peer.send(each.getKey(), each.getValue(), true);
                peer.flush();
                return;
            }
        }
    }

    private Peer anyPeer() {
        List<Peer> with = online.values().stream().filter(peer -> !peer.refused).toList();
        return with.isEmpty() ? null : with.get(random.nextInt(with.size()));
    }

    // ---- what it has for clients ----------------------------------------------------------------------------------

    /** Has a message for a client, if a session of it asks for it. */
    void publishes(int client, String clientId, int qos, int length) {
        Session session = sessions.get(clientId);
        String filter = "in/" + client + "/#";
        if (session == null || !session.subscriptions.containsKey(filter)) {
            return;
        }
        int options = session.subscriptions.get(filter);
        int granted = Math.min(qos, options & 3);
        Peer peer = online.get(clientId);
        if (granted == 0 && peer == null) {
            return;
        }
        Out out = ledger.newOut(client, granted, length, null, session.five);
        if (session.five) {
            out.since = timeline.now();
            out.expirySeconds = random.nextInt(6) == 0 ? random.nextInt(90) : -1;
            out.retained = (options & RETAIN_AS_PUBLISHED) != 0 && random.nextBoolean();
            out.identifier = session.identifiers.getOrDefault(filter, 0);
        }
        if (granted == 0) {
            peer.send(0, out, false);
            peer.flush();
        } else {
            session.queued.add(out);
            if (granted == 2 && random.nextBoolean()) { // "on", and once more "on"
                Out twin = ledger.newOut(client, granted, length, out, session.five);
                twin.since = out.since;
                twin.expirySeconds = out.expirySeconds;
                twin.retained = out.retained;
                twin.identifier = out.identifier;
                session.queued.add(twin);
            }
            if (peer != null) {
                peer.sendQueued();
                peer.flush();
            }
        }
    }

    /** Has a message for a client that is larger than the client takes, and sends it all the same. */
    void sendsTooLarge() {
        Peer peer = anyPeer();
        if (peer != null && peer.five && peer.largestPacket < 10_000) {
            Out out = ledger.newOut(peer.session.client, random.nextInt(3), peer.largestPacket, null, true);
            out.tooLarge = true;
            out.excused = true;
            if (out.qos == 0) {
                peer.send(0, out, false);
            } else {
                peer.session.queued.add(out);
                peer.sendQueued();
            }
            peer.flush();
        }
    }

    /** Whether it has nothing to do for a client and waits for nothing from it. */
    boolean isQuiet(String clientId) {
        Peer peer = online.get(clientId);
        return peer != null && peer.session != null && peer.session.queued.isEmpty() && peer.session.sent.isEmpty()
                && peer.due.isEmpty()
                && peer.out.isEmpty();
    }

    /** The session of a client; null = there is none. */
    Object session(String clientId) {
        return sessions.get(clientId);
    }

    /**
     * Whether the birth message of a client has arrived on its present connection, or the client has said that it will
     * not.
     */
    boolean isBorn(String clientId, Application application) {
        Peer peer = online.get(clientId);
        return peer != null && (peer.born || application.missesItsBirth(peer.begun));
    }

    /** Whether a client has asked for the end of a filter, at any time. */
    boolean hasUnsubscribed(String clientId, String filter) {
        return unsubscribed.stream().anyMatch(each -> each.endsWith(clientId + " " + filter));
    }

    /** How many messages it has for a client. */
    int backlog(String clientId) {
        Session session = sessions.get(clientId);
        return session == null ? 0 : session.queued.size() + session.sent.size();
    }

    /**
     * The filters of a client but for those that were asked for just before its process died: the disk may not have
     * them.
     */
    Set<String> knownSubscriptions(String clientId, Gateway gateway) {
        Set<String> known = new TreeSet<>();
        Session session = sessions.get(clientId);
        if (session != null) {
            session.asked.forEach((filter, asked) -> {
                if (session.subscriptions.containsKey(filter) && !gateway.diedSoonAfter(asked.life, asked.clock)) {
                    known.add(filter);
                }
            });
        }
        return known;
    }

    Map<String, Integer> subscriptions(String clientId) {
        return sessions.containsKey(clientId) ? sessions.get(clientId).subscriptions : Map.of();
    }

    // ---- connections ----------------------------------------------------------------------------------------------

    Wire.Peer accept(Wire wire, Gateway gateway) {
        Peer peer = new Peer(wire, gateway);
        peers.add(peer);
        return peer;
    }

    /** One connection. */
    private final class Peer implements Wire.Peer {
        private final Wire wire;
        private final Gateway gateway;
        private final long number = ++connections;
        private final String name = "broker/" + number;
        private final int life;
        private final List<byte[]> out = new ArrayList<>();
        private final List<byte[]> due = new ArrayList<>();
        private final ArrayDeque<byte[]> unread = new ArrayDeque<>();
        private final Set<Integer> unacknowledged = new HashSet<>();
        private final ArrayDeque<Integer> expected = new ArrayDeque<>();
        private byte[] partial = new byte[0];
        private byte[] headSent = new byte[0];
        private int notYetSent;
        private Session session;
        private String clientId = "";
        private boolean clean;
        private boolean created;
        private boolean refused;
        private boolean ended;
        private boolean flushPlanned;
        private boolean five;
        private Terms granted = Terms.NONE;
        /** When CONNECT came, by the client's clock. */
        private long connectedAt;
        private int receiveMaximum = 65_535;
        private int largestPacket = Integer.MAX_VALUE;
        private int aliasMaximum;
        private final Map<Integer, String> aliasesIn = new HashMap<>();
        private final Map<String, Integer> aliasesOut = new HashMap<>();
        /** Messages of an earlier connection that are still to be repeated on this one. */
        private final ArrayDeque<Integer> repeats = new ArrayDeque<>();
        /** Messages that count against the client's Receive Maximum. */
        private final Set<Integer> onWire = new HashSet<>();
        /** Whether the CONNACK is on the wire, which a slow broker may hold back. */
        private boolean greeted;
        /** The session is one of another version: whoever goes on with it is wrong. */
        private boolean foreign;
        /** The client has to end the connection with this code; 0 = it has no reason to. */
        private int blunder;
        private int keepAlive;
        private long lastHeard = timeline.now();
        private int largestWindow;
        /** When CONNECT came. */
        private long begun;
        private boolean begins = true;
        private boolean born;

        Peer(Wire wire, Gateway gateway) {
            this.wire = wire;
            this.gateway = gateway;
            life = gateway.life();
        }

        // ---- bytes ----

        @Override
        public void received(byte[] bytes) {
            lastHeard = timeline.now();
            unread.add(bytes);
            readOn();
        }

        private void readOn() {
            while (!stalled && !ended && !refused && !unread.isEmpty()) {
                byte[] bytes = unread.remove();
                if (partial.length > 0) {
                    byte[] all = Arrays.copyOf(partial, partial.length + bytes.length);
                    System.arraycopy(bytes, 0, all, partial.length, bytes.length);
                    bytes = all;
                    partial = new byte[0];
                }
                int at = 0;
                while (at < bytes.length && !ended) {
                    int next = packet(bytes, at);
                    if (next < 0) {
                        partial = Arrays.copyOfRange(bytes, at, bytes.length);
                        break;
                    }
                    at = next;
                }
            }
            if (!ended) {
                flush();
            }
        }

        /** Takes one packet; the index behind it, or -1 if it is not there as a whole. */
        private int packet(byte[] bytes, int start) {
            int length = 0;
            int at = start + 1;
            for (int shift = 0;; shift += 7) {
                if (at >= bytes.length) {
                    return -1;
                }
                require(shift <= 21, "a remaining length of more than four bytes [2.2.3]");
                length |= (bytes[at] & 127) << shift;
                if (bytes[at++] >= 0) {
                    break;
                }
            }
            if (at + length > bytes.length) {
                return -1;
            }
            int size = at + length - start;
            require(size <= granted.maximumPacketBytes(), "a packet of " + size + " bytes; allowed are "
                    + granted.maximumPacketBytes() + " [MQTT-3.1.2-24]");
            ByteBuffer body = ByteBuffer.wrap(bytes, at, length).slice();
            packet(bytes[start] & 0xFF, body);
            return at + length;
        }

        private void put(byte[] packet, Supplier<String> text) {
            timeline.trace(name, () -> "-> " + text.get());
            out.add(packet);
        }

        private void flush() {
            if (delayMillis == 0) {
                flushNow();
            } else if (!flushPlanned && !(out.isEmpty() && due.isEmpty())) {
                flushPlanned = true;
                timeline.after(random.nextLong(delayMillis * Timeline.MILLI), () -> {
                    flushPlanned = false;
                    flushNow();
                });
            }
        }

        private void flushNow() {
            if (stalled || ended) {
                return;
            }
            while (!due.isEmpty() && !answersLate) {
                byte[] packet = due.remove(reorders ? random.nextInt(due.size()) : 0);
                leaves(packet);
                out.add(packet);
            }
            int length = 0;
            for (byte[] packet : out) {
                length += packet.length;
            }
            if (length > 0) {
                ByteBuffer all = ByteBuffer.allocate(length);
                out.forEach(all::put);
                out.clear();
                wire.send(all.array());
                greeted = true;
            }
        }

        /** An acknowledgement is sent: from now on its packet id may be used again. */
        private void leaves(byte[] packet) {
            int type = (packet[0] & 0xF0) >> 4;
            boolean refuses = type == Packets.PUBREC && packet[1] > 2 && packet[4] < 0;
            if (type == Packets.PUBACK || type == Packets.PUBCOMP || refuses) {
                int id = (packet[2] & 0xFF) << 8 | packet[3] & 0xFF;
                session.live.remove(id);
                unacknowledged.remove(id);
            }
        }

        private void hangUpAnywhere() {
            List<byte[]> all = new ArrayList<>(out); // the client may get some of it, and half a packet
            all.addAll(due);
            if (all.isEmpty() && session != null) {
                byte[] payload = new byte[random.nextInt(1000)];
                all.add(five ? Packets.publish("in/0/0", payload, 0, 0, new Properties())
                        : Packets.publish("in/0/0", payload, 0, false, 0));
            }
            if (!all.isEmpty() && random.nextInt(4) > 0) {
                ByteBuffer bytes = ByteBuffer.allocate(all.stream().mapToInt(packet -> packet.length).sum());
                int length = 1 + random.nextInt(bytes.capacity() - 1);
                for (byte[] packet : all) {
                    bytes.put(packet);
                    if (bytes.position() <= length) {
                        leaves(packet);
                    }
                }
                wire.send(Arrays.copyOf(bytes.array(), length));
            }
            end(true);
        }

        /** Ends the connection with a reason. */
        private void disconnect(int code) {
            if (!ended && session != null && !refused) {
                timeline.trace(name, () -> "-> DISCONNECT " + Integer.toHexString(code));
                Properties properties = new Properties();
                if (random.nextBoolean()) {
                    properties.put(Properties.REASON_STRING, "because").pair("a", "b");
                }
                wire.send(Packets.disconnect(code, properties));
            }
            end(true);
        }

        /** Sends what no broker may send, and lets the client answer. */
        private void blunders() {
            if (!greeted) { // a CONNACK that comes before the true one would be the first
                return;
            }
            Blunder chosen = Blunder.of(random);
            timeline.trace(name, () -> "-> " + chosen);
            gateway.trouble();
            blunder = blunder == 0 ? chosen.code : blunder; // the first one counts
            wire.send(chosen.packet());
        }

        @Override
        public void closed() {
            end(false);
        }

        private void end(boolean byBroker) {
            if (ended) {
                return;
            }
            ended = true;
            timeline.trace(name, () -> byBroker ? "closes the connection" : "the client has closed");
            peers.remove(this);
            online.remove(clientId, this);
            if (byBroker) {
                gateway.trouble();
                wire.hangUp();
            }
            if (session == null || sessions.get(clientId) != session) {
                return;
            }
            if (session.expirySeconds == 0) {
                sessions.remove(clientId); // it lasts as long as the connection
                session.discard();
            } else if (session.expirySeconds < LASTING_SECONDS) {
                long left = timeline.now();
                Session mine = session;
                mine.leftAt = left;
                timeline.after(mine.expirySeconds * Timeline.SECOND, () -> {
                    if (sessions.get(clientId) == mine && !online.containsKey(clientId) && mine.leftAt == left) {
                        timeline.trace("broker", () -> "the session of " + clientId + " has expired");
                        sessions.remove(clientId);
                        mine.discard();
                        ledger.sessionLost();
                    }
                });
            }
        }

        private void require(boolean condition, String what) {
            if (!condition) {
                throw ledger.violated("protocol", clientId + " on connection " + number + ": " + what);
            }
        }

        /** The client sends these bytes; that does not mean that they will ever arrive. */
        @Override
        public void sending(byte[] bytes) {
            if (session == null) { // nothing but a CONNECT
                gateway.application(wire.client()).connects(bytes[bytes[1] < 0 ? 9 : 8] == 5);
                return;
            }
            byte[] all = Arrays.copyOf(headSent, headSent.length + bytes.length);
            System.arraycopy(bytes, 0, all, headSent.length, bytes.length);
            int at = notYetSent;
            while (at + 4 <= all.length) { // a header
                if (all[at] == Packets.PUBREC << 4) {
                    Out confirmed = session.sent.get((all[at + 2] & 0xFF) << 8 | all[at + 3] & 0xFF);
                    if (confirmed != null && confirmed.qos == 2) {
                        confirmed.pubrecSent = true;
                    }
                }
                int length = 0;
                int shift = 0;
                do {
                    at++;
                    length |= (all[at] & 127) << shift;
                    shift += 7;
                } while (all[at] < 0);
                at += 1 + length;
            }
            headSent = at < all.length ? Arrays.copyOfRange(all, at, all.length) : new byte[0];
            notYetSent = Math.max(0, at - all.length); // of a packet that goes on with the next bytes
        }

        // ---- packets of the client ----

        private void packet(int header, ByteBuffer body) {
            int type = header >> 4;
            int flags = header & 15;
            require(type != 0 && type != 15, "a reserved packet type");
            if (session == null) {
                require(type == Packets.CONNECT, "the first packet is a " + Packets.name(type) + " [MQTT-3.1.0-1]");
            }
            if (session != null && begins) {
                begins = false;
                Application application = gateway.application(session.client);
                boolean birth = type == Packets.PUBLISH && isBirth(body);
                if (application.birthQos() >= 0 && !birth && type != Packets.DISCONNECT
                        && !application.missesItsBirth(begun)) {
                    throw ledger.violated("birth", clientId + " begins with a " + Packets.name(type));
                }
            }
            if (foreign && type != Packets.DISCONNECT) {
                throw ledger.violated("versions are kept apart",
                        clientId + " goes on with a session of another version");
            }
            if (session != null && type != Packets.DISCONNECT) {
                session.usedAsFive = five;
            }
            int expectedFlags = type == Packets.PUBREL || type == Packets.SUBSCRIBE || type == Packets.UNSUBSCRIBE ? 2
                    : 0;
            if (type != Packets.PUBLISH && flags != expectedFlags) {
                require(false, "flags of " + Packets.name(type) + " [MQTT-2.2.2-2]");
            }
            switch (type) {
                case Packets.CONNECT -> connect(body);
                case Packets.PUBLISH -> publish(flags, body);
                case Packets.PUBACK, Packets.PUBREC, Packets.PUBREL, Packets.PUBCOMP -> {
                    int id = id(body);
                    int code = code(body, type);
                    require(code < 0x80 || code == PACKET_IDENTIFIER_NOT_FOUND
                            && (type == Packets.PUBREL || type == Packets.PUBCOMP),
                            Packets.name(type) + " with code " + code);
                    acknowledgement(type, id);
                }
                case Packets.SUBSCRIBE -> subscribe(body);
                case Packets.UNSUBSCRIBE -> unsubscribe(body);
                case Packets.PINGREQ -> {
                    timeline.trace(name, () -> "<- PINGREQ");
                    put(Packets.pingresp(), () -> "PINGRESP");
                }
                case Packets.DISCONNECT -> {
                    int code = code(body, type);
                    timeline.trace(name, () -> "<- DISCONNECT " + Integer.toHexString(code));
                    if (code != 0 && code != blunder) {
                        throw ledger.violated("errors are named",
                                clientId + " disconnects with " + Integer.toHexString(code)
                                        + (blunder == 0 ? ", and the broker has done nothing"
                                                : "; right is " + Integer.toHexString(blunder)));
                    }
                    wire.hangUp();
                    end(false);
                }
                default -> require(false, "a client never sends " + Packets.name(type));
            }
            if (body.hasRemaining()) {
                require(false, Packets.name(type) + " is too long");
            }
        }

        /** The reason code of a packet, which may be left out, with properties of which nothing is needed. */
        private int code(ByteBuffer body, int type) {
            if (!five || !body.hasRemaining()) {
                return 0;
            }
            int code = body.get() & 0xFF;
            if (body.hasRemaining()) {
                Properties properties = properties(body, type);
                if (type == Packets.DISCONNECT && session != null) {
                    long expiry = properties.take(Properties.SESSION_EXPIRY, -1);
                    require(expiry <= 0 || session.expirySeconds > 0, "a session expiry that was 0 [MQTT-3.14.2.2.2]");
                    session.expirySeconds = expiry < 0 ? session.expirySeconds : expiry;
                }
            }
            return code;
        }

        private Properties properties(ByteBuffer body, int type) {
            try {
                return Properties.read(body, type);
            } catch (IllegalArgumentException | BufferUnderflowException e) {
                throw ledger.violated("protocol", clientId + " on connection " + number + ": " + e);
            }
        }

        private int id(ByteBuffer body) {
            require(body.remaining() >= 2, "a packet id is missing");
            int id = body.getShort() & 0xFFFF;
            require(id > 0, "packet id 0 [MQTT-2.3.1-1]");
            return id;
        }

        private String text(ByteBuffer body) {
            require(body.remaining() >= 2, "a text is missing");
            byte[] bytes = new byte[body.getShort() & 0xFFFF];
            require(body.remaining() >= bytes.length, "a text is too short");
            body.get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private void connect(ByteBuffer body) {
            require(session == null, "a second CONNECT [MQTT-3.1.0-2]");
            require(text(body).equals("MQTT"), "protocol name");
            int level = body.get();
            require(level == 4 || level == 5, "protocol level " + level);
            five = level == 5;
            require(gateway.allows(five), "MQTT level " + level + ", which is not configured");
            int flags = body.get();
            require((flags & 1) == 0, "a reserved flag is set [MQTT-3.1.2-3]");
            keepAlive = body.getShort() & 0xFFFF;
            Properties properties = five ? properties(body, Packets.CONNECT) : new Properties();
            clientId = text(body);
            if ((flags & 0x80) != 0) {
                text(body);
            }
            clean = (flags & 2) != 0;
            timeline.trace(name,
                    () -> "<- CONNECT " + (five ? "5 " : "") + (clean ? "clean " : "") + clientId + " keepalive "
                            + keepAlive + " " + properties);
            if (silent || five && refusesFive == Dialect.Refusal.SILENCE) {
                gateway.trouble(); // the client gives this connection up, with reason
                refused = true;
                return;
            }
            if (five && refusesFive != Dialect.Refusal.NONE) {
                refuse(switch (refusesFive) {
                    case CODE -> Packets.connack(false, UNSUPPORTED_VERSION, new Properties());
                    case OLDER_CODE -> Packets.connack(false, 1);
                    default -> new byte[0];
                }, "CONNACK: no MQTT 5, as " + refusesFive);
                return;
            }
            if (refusal != 0) {
                int code = five ? REFUSALS[random.nextInt(REFUSALS.length)] : refusal;
                refuse(five ? Packets.connack(false, code, new Properties()) : Packets.connack(false, code),
                        "CONNACK code " + code);
                return;
            }
            int client = wire.client();
            String given = "";
            if (clientId.isEmpty()) {
                require(five && clean, "an empty client id"); // nobody has a session to resume without one
                String former = assigned.getOrDefault(client, "");
                if (online.containsKey(former)) {
                    online.get(former).end(true); // what is still under way there comes too late
                }
                Session orphan = sessions.remove(former);
                if (orphan != null) {
                    gateway.discards(client, five, orphan);
                    ledger.sessionLost();
                    orphan.discard();
                }
                given = "c" + client + "-" + ++assignedIds;
                clientId = given;
                assigned.put(client, given);
            }
            clientId = key(wire.node(), clientId);
            Peer before = online.get(clientId);
            if (before != null) {
                before.end(true); // [MQTT-3.1.4-2]
            }
            Session old = sessions.get(clientId);
            if (clean && old != null) {
                if (old.five == five) {
                    gateway.discards(client, five, old);
                } else {
                    gateway.application(client).changesVersion(old.five);
                }
                ledger.sessionLost();
                old.discard();
                old = null;
            }
            created = old == null;
            session = created ? new Session(client, five) : old;
            if (created && life == gateway.life()) {
                gateway.application(client).begins();
            }
            // what a new process does not know it may resume in doubt
            foreign = session.usedAsFive != five && session.life == life;
            session.usedAsFive = foreign ? session.usedAsFive : five;
            session.five = five;
            session.life = life;
            sessions.put(clientId, session);
            online.put(clientId, this);
            connectedAt = gateway.process().nanoTime();
            begun = timeline.now();
            largestWindow = gateway.window(client);
            session.expirySeconds = clean ? 0 : LASTING_SECONDS;
            Properties answer = new Properties();
            if (five) {
                granted = terms;
                answer = begin(properties, client);
                if (!given.isEmpty()) {
                    answer.put(Properties.ASSIGNED_CLIENT_ID, given);
                }
            }
            Properties said = answer;
            put(five ? Packets.connack(!created, 0, said) : Packets.connack(!created, 0),
                    () -> (created ? "CONNACK" : "CONNACK session present") + (five ? " " + said : ""));
            session.sent.forEach((id, out) -> {
                if (out.released) {
                    put(acknowledgement(Packets.PUBREL, id, 0), () -> "PUBREL " + id);
                } else if (five) {
                    repeats.add(id);
                } else {
                    send(id, out, true);
                }
            });
            sendQueued();
            watchKeepAlive();
        }

        private void refuse(byte[] packet, String text) {
            refused = true;
            if (packet.length > 0) {
                put(packet, () -> text);
            }
            timeline.after(random.nextLong(20 * Timeline.MILLI), () -> {
                flushNow();
                end(true);
            });
        }

        /** Takes what a CONNECT of MQTT 5 says; what the CONNACK says to it. */
        private Properties begin(Properties connect, int client) {
            long expiry = connect.take(Properties.SESSION_EXPIRY, 0);
            require(expiry == gateway.sessionExpirySeconds(client),
                    "a session expiry of " + expiry + " s; configured are "
                            + gateway.sessionExpirySeconds(client));
            session.expirySeconds = granted.sessionExpirySeconds() < 0 ? expiry
                    : Math.min(expiry, granted.sessionExpirySeconds());
            receiveMaximum = (int) connect.take(Properties.RECEIVE_MAXIMUM, 65_535);
            largestPacket = (int) connect.take(Properties.MAXIMUM_PACKET_SIZE, Integer.MAX_VALUE);
            aliasMaximum = (int) connect.take(Properties.TOPIC_ALIAS_MAXIMUM, 0);
            keepAlive = granted.keepAliveSeconds() < 0 ? keepAlive : granted.keepAliveSeconds();
            lowestQos.merge(client, granted.maximumQos(), Math::min);
            if (!granted.retainAvailable()) {
                retainRefused.add(client);
            }
            smallestPacket.merge(client, granted.maximumPacketBytes(), Math::min);
            return granted.properties();
        }

        private void watchKeepAlive() {
            if (keepAlive > 0) {
                long limit = keepAlive * Timeline.SECOND * 3 / 2;
                timeline.at(lastHeard + limit, () -> {
                    if (ended) {
                        return;
                    }
                    if (timeline.now() - lastHeard < limit || stalled) {
                        if (stalled) {
                            lastHeard = timeline.now();
                        }
                        watchKeepAlive();
                        return;
                    }
                    if (gateway.untroubledFor() > limit + 60 * Timeline.SECOND && !wire.isReadingPaused()) {
                        throw ledger.violated("keepalive", clientId + " was not heard for 1.5 x " + keepAlive
                                + " s on a network that works [MQTT-3.1.2-24]");
                    }
                    end(true);
                });
            }
        }

        private void publish(int flags, ByteBuffer body) {
            int qos = flags >> 1 & 3;
            boolean duplicate = (flags & 8) != 0;
            require(qos < 3, "QoS 3 [MQTT-3.3.1-4]");
            require(qos > 0 || !duplicate, "DUP with QoS 0 [MQTT-3.3.1-2]");
            String written = text(body);
            int id = qos == 0 ? 0 : id(body);
            Properties properties = five ? properties(body, Packets.PUBLISH) : null;
            String topic = five ? resolve(written, properties) : written;
            require(!topic.isEmpty() && topic.indexOf('#') < 0 && topic.indexOf('+') < 0, "topic [MQTT-3.3.2-2]");
            byte[] payload = new byte[body.remaining()];
            body.get(payload);
            if (quotaUsed || !hasToken()) {
                if (!topic.startsWith("birth/")) {
                    ledger.sent(Sent.number(payload)).disliked = true;
                }
                timeline.trace(name, () -> "<- PUBLISH, and the quota is used up");
                end(true);
                return;
            }
            if (topic.startsWith("birth/")) {
                birth(topic, flags, id, new String(payload, StandardCharsets.UTF_8));
                return;
            }
            require(id < FIRST_BIRTH_ID, "packet id " + id + ", which is for births");
            require(payload.length >= 8, "a payload that nobody published");
            Sent sent = ledger.sent(Sent.number(payload));
            timeline.trace(name,
                    () -> "<- PUBLISH " + (duplicate ? "dup " : "") + "q" + qos + " id " + id + " " + sent + (five
                            ? " " + (written.isEmpty() ? "without a topic " : "") + properties : ""));
            if (dislikesMessages && mayDislike(sent)) {
                sent.disliked = true;
                timeline.trace(name, () -> "dislikes " + sent);
                end(true);
                return;
            }
            require(qos <= granted.maximumQos(),
                    "QoS " + qos + "; allowed is " + granted.maximumQos() + " [MQTT-3.2.2-11]");
            require(granted.retainAvailable() || (flags & 1) == 0, "RETAIN, which is not available [MQTT-3.2.2-14]");
            boolean retained = sent.retained() && granted.retainAvailable();
            int most = Math.min(sent.qos, granted.maximumQos());
            // what was sent with less in the same session, even if it never arrived, is not raised again
            boolean perhapsBefore = !created && (sent.life != life || sent.at < connectedAt);
            boolean lower = perhapsBefore && qos >= Math.min(most, lowestQos(session.client));
            boolean notRetained = perhapsBefore && retainRefused.contains(session.client);
            if (!sent.topic().equals(topic) || qos != most && !(qos < most && lower)
                    || (flags & 1) != (retained ? 1 : 0) && !(notRetained && (flags & 1) == 0)) {
                throw ledger.violated("intact",
                        sent + " arrives as another one: " + topic + " QoS " + qos + " RETAIN " + (flags & 1));
            }
            if (five) {
                checkExpiry(sent, properties.take(Properties.MESSAGE_EXPIRY, -1));
                if (!sent.properties().equals(properties)) {
                    throw ledger.violated("intact",
                            sent + " arrives with " + properties + "; sent were " + sent.properties());
                }
            }
            boolean known = sent.session == session;
            // a trial may have left it out: it was alone when a connection ended, and did not arrive
            sent.disliked |= trials && (duplicate || sent.at < connectedAt) && sent.arrivals == 0;
            if (sent.connection == number) {
                throw ledger.violated("once on a connection", sent + " is sent twice on connection " + number);
            }
            sent.connection = number;
            if (qos > 0) {
                largestWindow = Math.max(largestWindow, gateway.window(session.client));
                requireId(id, sent, qos);
                boolean repeated = known && (sent.arrivedQos > 0 && sent.sentInLife == life
                        || sent.arrivedQos == 2 && qos == 2 && gateway.isDurable());
                // QoS 2 that this broker does not take is given up, and QoS 1 is another packet with another id
                // [section 3.3.1.1]; so is QoS 2 that was lowered before a restart, and is taken now
                boolean another = (sent.arrivedQos == 2 || lowersQos && sent.qos == 2) && qos == 1
                        && granted.maximumQos() == 1 && id != sent.packetId
                        || sent.arrivedQos == 1 && qos == 2 && sent.sentInLife != life;
                if (repeated && !another && id != sent.packetId) {
                    throw ledger.violated("packet identifiers",
                            sent + " is repeated with id " + id + "; it had " + sent.packetId
                                    + " [MQTT-4.4.0-1]");
                }
                boolean again = repeated || known && sent.arrivedQos > 0 && gateway.isDurable();
                if (duplicate ? created : again && !another) {
                    throw ledger.violated("DUP", sent + (duplicate ? " has DUP in a session that is new"
                            : " is repeated without DUP") + " [MQTT-3.3.1-1]");
                }
                unacknowledged.add(id);
                require(unacknowledged.size() <= granted.receiveMaximum(), unacknowledged.size()
                        + " messages unacknowledged; the Receive Maximum is " + granted.receiveMaximum()
                        + " [MQTT-3.3.4-9]");
                if (unacknowledged.size() > largestWindow) {
                    throw ledger.violated("window", clientId + " has " + unacknowledged.size()
                            + " messages unacknowledged; allowed are " + largestWindow);
                }
            }
            boolean lowered = qos == 2 && lowersQos;
            boolean received = qos == 2 && !lowered && !session.received.add(id);
            if (!received && five && qos > 0 && refusesMessages && random.nextInt(3) == 0) {
                refuse(sent, qos, id);
                return;
            }
            if (!received) {
                ledger.arrived(sent, lowered ? 1 : qos, session, duplicate, gateway.isDurable(), life);
            }
            sent.session = session;
            sent.sentInLife = life;
            sent.packetId = id;
            if (qos == 1 || lowered) {
                answer(Packets.PUBACK, id);
            } else if (qos == 2) {
                answer(Packets.PUBREC, id);
            }
        }

        private boolean isBirth(ByteBuffer body) {
            return text(body.duplicate()).equals(gateway.application(session.client).birthTopic());
        }

        /** The birth message: the first packet of a connection, and never a repetition of one that was published. */
        private void birth(String topic, int flags, int id, String payload) {
            int qos = flags >> 1 & 3;
            boolean duplicate = (flags & 8) != 0;
            timeline.trace(name, () -> "<- birth " + (duplicate ? "dup " : "") + "q" + qos + " id " + id);
            Application application = gateway.application(session.client);
            int most = Math.min(application.birthQos(), granted.maximumQos());
            if (born || !topic.equals(application.birthTopic()) || !payload.equals("born") || (flags & 1) != 0
                    || qos != most && !(most == 2 && qos == 1 && !created)) {
                throw ledger.violated("birth",
                        clientId + (born ? " is born twice" : " is born as another: " + topic + " " + payload));
            }
            born = true;
            if (qos == 0) {
                return;
            }
            require(id >= FIRST_BIRTH_ID, "a birth with packet id " + id);
            require(!duplicate || qos == 1 && !created, "a birth with DUP [MQTT-3.3.1-1]");
            unacknowledged.add(id);
            boolean again = qos == 2 && !session.received.add(id);
            if (again) {
                throw ledger.violated("birth",
                        "the birth of " + clientId + " is taken for one that was published before");
            }
            if (five && refusesMessages && random.nextInt(3) == 0) {
                int code = MESSAGE_REFUSALS[random.nextInt(MESSAGE_REFUSALS.length)];
                timeline.trace(name, () -> "-> refuses the birth with " + Integer.toHexString(code));
                session.received.remove(id);
                due.add(acknowledgement(qos == 1 ? Packets.PUBACK : Packets.PUBREC, id, code));
            } else {
                answer(qos == 1 ? Packets.PUBACK : Packets.PUBREC, id);
            }
        }

        /** The topic that a client means, which may have an alias. */
        private String resolve(String written, Properties properties) {
            int alias = (int) properties.take(Properties.TOPIC_ALIAS, 0);
            if (alias == 0) {
                return written;
            }
            require(alias <= granted.topicAliasMaximum(),
                    "topic alias " + alias + "; allowed are " + granted.topicAliasMaximum()
                            + " [MQTT-3.2.2-17]");
            if (!written.isEmpty()) {
                aliasesIn.put(alias, written);
            }
            require(aliasesIn.containsKey(alias),
                    "topic alias " + alias + ", which has no topic on this connection [MQTT-3.3.2-7]");
            return aliasesIn.get(alias);
        }

        /** What is left of the time of a message: it was sent after CONNECT, and before now. */
        private void checkExpiry(Sent sent, long left) {
            if (sent.expires != left >= 0) {
                throw ledger.violated("intact",
                        sent + " arrives with an expiry of " + left + " s; sent were " + sent.expirySeconds);
            }
            if (!sent.expires) {
                return;
            }
            boolean sameClock = sent.life == life && gateway.life() == life && !gateway.isClockSet();
            long atConnect = sameClock ? Math.max(0, connectedAt - sent.at) / Timeline.SECOND : 0;
            long most = Math.max(1, sent.expirySeconds - atConnect);
            // what comes from the disk has its age by the wall clock, which goes on while the machine sleeps
            long longest = gateway.process().nanoTime() - sent.at + gateway.process().sleptNanos();
            long least = sameClock ? sent.expirySeconds - longest / Timeline.SECOND : 1;
            if (left < 1 || left > most || left < least) {
                throw ledger.violated("what is left of its time",
                        sent + " arrives with an expiry of " + left + " s; right is "
                                + Math.max(1, least) + " to " + most);
            }
        }

        private void refuse(Sent sent, int qos, int id) {
            int type = qos == 1 ? Packets.PUBACK : Packets.PUBREC;
            int code = MESSAGE_REFUSALS[random.nextInt(MESSAGE_REFUSALS.length)];
            timeline.trace(name,
                    () -> "-> " + Packets.name(type) + " " + id + " refuses with " + Integer.toHexString(code));
            session.received.remove(id);
            sent.refused = true;
            sent.connection = -1;
            sent.session = null;
            due.add(acknowledgement(type, id, code));
        }

        /** An acknowledgement in the version that is spoken, with words now and then. */
        private byte[] acknowledgement(int type, int id, int code) {
            if (!five) {
                return Packets.acknowledgement(type, id);
            }
            Properties words = random.nextInt(4) > 0 ? null : new Properties();
            if (words != null && random.nextBoolean()) {
                words.put(Properties.REASON_STRING, "words").pair("name", "value").pair("name", "another");
            }
            return Packets.acknowledgement(type, id, code, words);
        }

        private void requireId(int id, Sent sent, int qos) {
            Live before = session.live.put(id, new Live(sent, life, qos));
            if (before != null && before.message != sent && isKnown(before)) {
                throw ledger.violated("packet identifiers",
                        "id " + id + " of " + before.message + " is used for " + sent
                                + " [MQTT-2.3.1-4]");
            }
        }

        /**
         * Whether the process must know of it: QoS 1 is sent as new after a restart, and its receiver keeps nothing of
         * one that was given up because a later connection takes no packet of its size.
         */
        private boolean isKnown(Live live) {
            return !(live.qos == 1 && live.message.end == Outcome.Kind.REFUSED) && !live.message.excused
                    && (live.life == life || live.qos == 2 && gateway.isDurable());
        }

        private void answer(int type, int id) {
            answer(type, id, 0);
        }

        private void answer(int type, int id, int code) {
            timeline.trace(name, () -> "-> " + Packets.name(type) + " " + id
                    + (code == 0 ? "" : " code " + Integer.toHexString(code)));
            due.add(acknowledgement(type, id, code));
        }

        private void acknowledgement(int type, int id) {
            timeline.trace(name, () -> "<- " + Packets.name(type) + " " + id);
            if (type == Packets.PUBREL) {
                boolean known = session.received.remove(id);
                answer(Packets.PUBCOMP, id, known || !five ? 0 : PACKET_IDENTIFIER_NOT_FOUND);
                return;
            }
            if (type == Packets.PUBCOMP) {
                Out out = session.sent.get(id);
                if (out != null && out.released) {
                    session.sent.remove(id);
                    onWire.remove(id);
                    sendQueued();
                } else {
                    require(id >= 60_000, "a PUBCOMP that nothing waits for: " + id);
                }
                return;
            }
            Integer first = expected.poll();
            if (first == null || first != id) {
                throw ledger.violated("acknowledgements in order", clientId + " sends " + Packets.name(type) + " " + id
                        + "; due is " + first + " [MQTT-4.6.0-2]");
            }
            Out out = session.sent.get(id);
            if (out == null || out.released) {
                sendQueued(); // it was sent twice
                return;
            }
            require(out.qos == 1 == (type == Packets.PUBACK), Packets.name(type) + " for " + out);
            ledger.confirmed(out);
            if (out.qos == 1) {
                session.sent.remove(id);
                onWire.remove(id);
                sendQueued();
            } else {
                out.released = true;
                put(acknowledgement(Packets.PUBREL, id, 0), () -> "PUBREL " + id);
            }
        }

        private void subscribe(ByteBuffer body) {
            int id = id(body);
            requestId(id);
            int identifier = five
                    ? (int) properties(body, Packets.SUBSCRIBE).take(Properties.SUBSCRIPTION_IDENTIFIER, 0) : 0;
            require(identifier == 0 || granted.identifiers(), "a subscription identifier, which is not available");
            if (dislikes(body.duplicate())) {
                timeline.trace(name, () -> "<- SUBSCRIBE " + id + " of a filter that it dislikes");
                body.position(body.limit());
                end(true);
                return;
            }
            int count = 0;
            byte[] codes = new byte[body.remaining()];
            StringBuilder text = new StringBuilder();
            while (body.hasRemaining()) {
                String filter = text(body);
                int options = body.get();
                int qos = options & 3;
                require(qos < 3 && (five ? (options & 0xC0) == 0 && options >> 4 < 3 : options == qos),
                        "SUBSCRIBE with options " + options);
                int wanted = gateway.application(session.client).options(filter, five, granted.identifiers());
                require(wanted < 0 || wanted == (options | identifier << 6),
                        filter + " with options " + options + " and identifier "
                                + identifier + "; wanted is " + wanted);
                text.append(' ').append(filter).append(':').append(options)
                        .append(identifier > 0 ? " identifier " + identifier : "");
                if (refusesSubscriptions && random.nextBoolean()) {
                    codes[count++] = (byte) (five ? SUBSCRIPTION_REFUSALS[random.nextInt(SUBSCRIPTION_REFUSALS.length)]
                            : 0x80);
                } else {
                    session.subscriptions.put(filter, options);
                    session.identifiers.put(filter, identifier);
                    session.asked.put(filter, new Asked(gateway.clockOf(life), life));
                    codes[count++] = (byte) qos;
                }
            }
            require(count > 0, "a SUBSCRIBE without a filter [MQTT-3.8.3-3]");
            require(count <= MOST_FILTERS, "a SUBSCRIBE with " + count + " filters, which some brokers do not take");
            timeline.trace(name, () -> "<- SUBSCRIBE " + id + text);
            codes = Arrays.copyOf(codes, count);
            due.add(five ? Packets.answer(Packets.SUBACK, id, codes) : Packets.suback(id, codes));
        }

        private boolean dislikes(ByteBuffer filters) {
            boolean dislikes = false;
            while (filters.hasRemaining()) {
                dislikes |= Broker.this.dislikes(text(filters));
                filters.get();
            }
            return dislikes;
        }

        private void unsubscribe(ByteBuffer body) {
            int id = id(body);
            requestId(id);
            Properties farewell = five ? properties(body, Packets.UNSUBSCRIBE) : new Properties();
            require(farewell.equals(new Properties())
                    || farewell.equals(new Properties().pair("left", "" + session.client)),
                    "UNSUBSCRIBE with " + farewell);
            byte[] codes = new byte[body.remaining()];
            int count = 0;
            require(body.hasRemaining(), "an UNSUBSCRIBE without a filter [MQTT-3.10.3-2]");
            while (body.hasRemaining()) {
                String filter = text(body);
                timeline.trace(name, () -> "<- UNSUBSCRIBE " + id + " " + filter);
                unsubscribed.add(clientId + " " + filter);
                if (five && refusesSubscriptions && random.nextInt(4) == 0) {
                    codes[count++] = (byte) NOT_AUTHORIZED;
                } else {
                    codes[count++] = (byte) (session.subscriptions.remove(filter) == null ? NO_SUBSCRIPTION : 0);
                }
            }
            due.add(five ? Packets.answer(Packets.UNSUBACK, id, Arrays.copyOf(codes, count))
                    : Packets.acknowledgement(Packets.UNSUBACK, id));
        }

        /** The id of a request; requests are answered at once. */
        private void requestId(int id) {
            Live publish = session.live.get(id);
            if (publish != null && isKnown(publish)) {
                throw ledger.violated("packet identifiers",
                        "id " + id + " of " + publish.message + " is used for a request");
            }
        }

        // ---- packets to the client ----

        private void sendQueued() {
            while (!repeats.isEmpty() && mayHaveMore()) {
                int id = repeats.remove();
                Out message = session.sent.get(id);
                if (message != null && !message.released) {
                    send(id, message, true);
                }
            }
            while (session.sent.size() < window && expected.size() < window && !session.queued.isEmpty()
                    && mayHaveMore()) {
                Out next = session.queued.remove();
                if (next.expirySeconds >= 0 && secondsSince(next) > next.expirySeconds) {
                    next.lost = true;
                    continue;
                }
                session.lastId = reusesIds ? 0 : session.lastId;
                do {
                    session.lastId = session.lastId % (2 * window + 1) + 1;
                } while (session.sent.containsKey(session.lastId) || expected.contains(session.lastId));
                session.sent.put(session.lastId, next);
                send(session.lastId, next, false);
            }
        }

        /** Whether the client's Receive Maximum allows one more. */
        private boolean mayHaveMore() {
            return !five || greedy || onWire.size() < receiveMaximum;
        }

        private long secondsSince(Out message) {
            return (timeline.now() - message.since) / Timeline.SECOND;
        }

        private void send(int id, Out message, boolean duplicate) {
            message.first.sentAsThree |= !five;
            if (message.qos > 0) {
                expected.add(id);
                onWire.add(id);
            }
            if (!five) {
                put(Packets.publish(message.topic(), message.payload(), message.qos, duplicate, id),
                        () -> "PUBLISH " + (duplicate ? "dup " : "") + "id " + id + " " + message);
                return;
            }
            Properties properties = message.properties();
            if (message.expirySeconds >= 0) {
                properties.put(Properties.MESSAGE_EXPIRY, Math.max(0, message.expirySeconds - secondsSince(message)));
            }
            if (message.identifier > 0) {
                properties.put(Properties.SUBSCRIPTION_IDENTIFIER, (long) message.identifier);
            }
            String topic = message.tooLarge ? message.topic() : withAlias(message.topic(), properties);
            int flags = (duplicate ? 8 : 0) | message.qos << 1 | (message.retained ? 1 : 0);
            put(Packets.publish(topic, message.payload(), flags, id, properties),
                    () -> "PUBLISH " + (duplicate ? "dup " : "") + "id "
                            + id + " " + message + " " + (topic.isEmpty() ? "without a topic " : "") + properties);
        }

        /** Gives a topic an alias, if the client takes any; the topic that is sent then. */
        private String withAlias(String topic, Properties properties) {
            if (aliasMaximum == 0 || random.nextInt(3) == 0) {
                return topic;
            }
            Integer alias = aliasesOut.get(topic);
            boolean known = alias != null;
            if (!known) {
                int next = aliasesOut.size() < aliasMaximum ? aliasesOut.size() + 1 : 1 + random.nextInt(aliasMaximum);
                aliasesOut.values().remove(next);
                aliasesOut.put(topic, next);
                alias = next;
            }
            properties.put(Properties.TOPIC_ALIAS, (long) alias);
            return known && random.nextInt(4) > 0 ? "" : topic;
        }
    }
}
