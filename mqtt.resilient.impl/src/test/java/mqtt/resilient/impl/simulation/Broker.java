package mqtt.resilient.impl.simulation;

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

/**
 * A broker for MQTT 3.1.1 that takes nothing that the specification forbids: whatever a client does against it is a
 * {@link Violation}. It misbehaves on demand, always within what a client has to live with.
 */
final class Broker {

    /** A session; it lasts as long as the specification says, unless the broker loses it. */
    private final class Session {
        private final int client;
        private final Set<Integer> received = new HashSet<>();
        private final Map<String, Integer> subscriptions = new TreeMap<>();
        /** Filters that were asked for just before the process of the client died. */
        private final Map<String, Asked> asked = new TreeMap<>();
        private final ArrayDeque<Out> queued = new ArrayDeque<>();
        private final Map<Integer, Out> sent = new LinkedHashMap<>();
        /** Whose packet id it is, from its PUBLISH until the broker has sent the last acknowledgement. */
        private final Map<Integer, Live> live = new HashMap<>();
        private int lastId;

        Session(int client) {
            this.client = client;
        }

        void discard() {
            queued.forEach(out -> out.lost = true);
            sent.values().forEach(out -> out.lost = true);
        }
    }

    /** When a filter was asked for last, and by which life of the client's process. */
    private record Asked(long time, int life) {
    }

    /** A message under way, and the life of the client's process that sent it. */
    private record Live(Sent message, int life) {
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
    private boolean reorders;
    private int delayMillis;
    private int window = 5;
    private boolean reusesIds;

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

    boolean isDown() {
        return down;
    }

    /** Ends or begins to be there; its sessions stay. */
    void down(boolean newDown) {
        down = newDown;
        if (down) {
            hangUp();
        }
    }

    /** Closes every connection. */
    void hangUp() {
        List.copyOf(peers).forEach(peer -> peer.end(true));
    }

    /** Closes one connection in the middle of what it sends. */
    void hangUpAnywhere() {
        if (!peers.isEmpty()) {
            peers.get(random.nextInt(peers.size())).hangUpAnywhere();
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

    /** Refuses with a return code; 0 = does not. */
    void refuses(int code) {
        refusal = code;
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
            peer.put(Packets.acknowledgement(type, 60_000 + random.nextInt(10)), () -> "stray " + Packets.name(type));
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
        if (session == null || !session.subscriptions.containsKey("in/" + client + "/#")) {
            return;
        }
        int granted = Math.min(qos, session.subscriptions.get("in/" + client + "/#"));
        Peer peer = online.get(clientId);
        if (granted == 0 && peer == null) {
            return;
        }
        Out out = ledger.newOut(client, granted, length, null);
        if (granted == 0) {
            peer.send(0, out, false);
            peer.flush();
        } else {
            session.queued.add(out);
            if (granted == 2 && random.nextBoolean()) { // "on", and once more "on"
                session.queued.add(ledger.newOut(client, granted, length, out));
            }
            if (peer != null) {
                peer.sendQueued();
                peer.flush();
            }
        }
    }

    /** Whether it has nothing to do for a client and waits for nothing from it. */
    boolean isQuiet(String clientId) {
        Peer peer = online.get(clientId);
        return peer != null && peer.session != null && peer.session.queued.isEmpty() && peer.session.sent.isEmpty() && peer.due.isEmpty()
                && peer.out.isEmpty();
    }

    /** How many messages it has for a client. */
    int backlog(String clientId) {
        Session session = sessions.get(clientId);
        return session == null ? 0 : session.queued.size() + session.sent.size();
    }

    /** The filters of a client but for those that were asked for just before its process died: the disk may not have them. */
    Set<String> knownSubscriptions(String clientId, Gateway gateway) {
        Set<String> known = new TreeSet<>();
        Session session = sessions.get(clientId);
        if (session != null) {
            session.asked.forEach((filter, asked) -> {
                if (session.subscriptions.containsKey(filter) && !gateway.diedSoonAfter(asked.life, asked.time)) {
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
        private int keepAlive;
        private long lastHeard = timeline.now();
        private int largestWindow;

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
            packet(bytes[start] & 0xFF, ByteBuffer.wrap(bytes, at, length));
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
            while (!due.isEmpty()) {
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
            }
        }

        /** An acknowledgement is sent: from now on its packet id may be used again. */
        private void leaves(byte[] packet) {
            int type = (packet[0] & 0xF0) >> 4;
            if (type == Packets.PUBACK || type == Packets.PUBCOMP) {
                int id = (packet[2] & 0xFF) << 8 | packet[3] & 0xFF;
                session.live.remove(id);
                unacknowledged.remove(id);
            }
        }

        private void hangUpAnywhere() {
            List<byte[]> all = new ArrayList<>(out); // the client may get some of it, and half a packet
            all.addAll(due);
            if (all.isEmpty() && session != null) {
                all.add(Packets.publish("in/0/0", new byte[random.nextInt(1000)], 0, false, 0));
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
            if (clean && session != null && sessions.get(clientId) == session) {
                sessions.remove(clientId); // it lasts as long as the connection
                session.discard();
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
            if (session == null) {
                return; // nothing but a CONNECT
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
            int expectedFlags = type == Packets.PUBREL || type == Packets.SUBSCRIBE || type == Packets.UNSUBSCRIBE ? 2 : 0;
            if (type != Packets.PUBLISH && flags != expectedFlags) {
                require(false, "flags of " + Packets.name(type) + " [MQTT-2.2.2-2]");
            }
            switch (type) {
                case Packets.CONNECT -> connect(body);
                case Packets.PUBLISH -> publish(flags, body);
                case Packets.PUBACK, Packets.PUBREC, Packets.PUBREL, Packets.PUBCOMP -> acknowledgement(type, id(body));
                case Packets.SUBSCRIBE -> subscribe(body);
                case Packets.UNSUBSCRIBE -> unsubscribe(body);
                case Packets.PINGREQ -> {
                    timeline.trace(name, () -> "<- PINGREQ");
                    put(Packets.pingresp(), () -> "PINGRESP");
                }
                case Packets.DISCONNECT -> {
                    timeline.trace(name, () -> "<- DISCONNECT");
                    wire.hangUp();
                    end(false);
                }
                default -> require(false, "a client never sends " + Packets.name(type));
            }
            if (body.hasRemaining()) {
                require(false, Packets.name(type) + " is too long");
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
            require(text(body).equals("MQTT") && body.get() == 4, "protocol name and level");
            int flags = body.get();
            require((flags & 1) == 0, "a reserved flag is set [MQTT-3.1.2-3]");
            keepAlive = body.getShort() & 0xFFFF;
            clientId = text(body);
            if ((flags & 0x80) != 0) {
                text(body);
            }
            clean = (flags & 2) != 0;
            timeline.trace(name, () -> "<- CONNECT " + (clean ? "clean " : "") + clientId + " keepalive " + keepAlive);
            if (silent) {
                refused = true;
                return;
            }
            if (refusal != 0) {
                refused = true;
                put(Packets.connack(false, refusal), () -> "CONNACK code " + refusal);
                timeline.after(random.nextLong(20 * Timeline.MILLI), () -> {
                    flushNow();
                    end(true);
                });
                return;
            }
            Peer before = online.get(clientId);
            if (before != null) {
                before.end(true); // [MQTT-3.1.4-2]
            }
            Session old = sessions.get(clientId);
            int client = gateway.clientOf(clientId);
            if (clean && old != null) {
                gateway.discards(client);
                ledger.sessionLost();
                old.discard();
                old = null;
            }
            created = old == null;
            session = created ? new Session(client) : old;
            sessions.put(clientId, session);
            online.put(clientId, this);
            largestWindow = gateway.window(client);
            put(Packets.connack(!created, 0), () -> created ? "CONNACK" : "CONNACK session present");
            session.sent.forEach((id, out) -> {
                if (out.released) {
                    put(Packets.acknowledgement(Packets.PUBREL, id), () -> "PUBREL " + id);
                } else {
                    send(id, out, true);
                }
            });
            sendQueued();
            watchKeepAlive();
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
            String topic = text(body);
            require(!topic.isEmpty() && topic.indexOf('#') < 0 && topic.indexOf('+') < 0, "topic [MQTT-3.3.2-2]");
            int id = qos == 0 ? 0 : id(body);
            byte[] payload = new byte[body.remaining()];
            body.get(payload);
            require(payload.length >= 8, "a payload that nobody published");
            Sent sent = ledger.sent(Sent.number(payload));
            timeline.trace(name, () -> "<- PUBLISH " + (duplicate ? "dup " : "") + "q" + qos + " id " + id + " " + sent);
            if (!sent.topic().equals(topic) || sent.qos != qos || (flags & 1) != 0) {
                throw ledger.violated("intact", sent + " arrives as another one: " + topic + " QoS " + qos);
            }
            boolean known = sent.session == session;
            if (sent.connection == number) {
                throw ledger.violated("once on a connection", sent + " is sent twice on connection " + number);
            }
            sent.connection = number;
            if (qos > 0) {
                largestWindow = Math.max(largestWindow, gateway.window(session.client));
                requireId(id, sent);
                boolean repeated = known && (sent.sentInLife == life || qos == 2 && gateway.isDurable());
                if (duplicate ? created : repeated) {
                    throw ledger.violated("DUP", sent + (duplicate ? " has DUP in a session that is new"
                            : " is repeated without DUP") + " [MQTT-3.3.1-1]");
                }
                unacknowledged.add(id);
                if (unacknowledged.size() > largestWindow) {
                    throw ledger.violated("window", clientId + " has " + unacknowledged.size()
                            + " messages unacknowledged; allowed are " + largestWindow);
                }
            }
            boolean again = qos == 2 && !session.received.add(id);
            if (!again) {
                ledger.arrived(sent, session, duplicate, gateway.isDurable(), life);
            }
            sent.session = session;
            sent.sentInLife = life;
            if (qos == 1) {
                answer(Packets.PUBACK, id);
            } else if (qos == 2) {
                answer(Packets.PUBREC, id);
            }
        }

        private void requireId(int id, Sent sent) {
            Live before = session.live.put(id, new Live(sent, life));
            if (before != null && before.message != sent && isKnown(before)) {
                throw ledger.violated("packet ids", "id " + id + " of " + before.message + " is used for " + sent
                        + " [MQTT-2.3.1-4]");
            }
        }

        /** Whether the process must know of it: QoS 1 is sent as new after a restart. */
        private boolean isKnown(Live live) {
            return !live.message.excused && (live.life == life || live.message.qos == 2 && gateway.isDurable());
        }

        private void answer(int type, int id) {
            timeline.trace(name, () -> "-> " + Packets.name(type) + " " + id);
            due.add(Packets.acknowledgement(type, id));
        }

        private void acknowledgement(int type, int id) {
            timeline.trace(name, () -> "<- " + Packets.name(type) + " " + id);
            if (type == Packets.PUBREL) {
                session.received.remove(id);
                answer(Packets.PUBCOMP, id);
                return;
            }
            if (type == Packets.PUBCOMP) {
                Out out = session.sent.get(id);
                if (out != null && out.released) {
                    session.sent.remove(id);
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
                sendQueued();
            } else {
                out.released = true;
                put(Packets.acknowledgement(Packets.PUBREL, id), () -> "PUBREL " + id);
            }
        }

        private void subscribe(ByteBuffer body) {
            int id = id(body);
            requestId(id);
            int count = 0;
            byte[] codes = new byte[body.remaining()];
            StringBuilder text = new StringBuilder();
            while (body.hasRemaining()) {
                String filter = text(body);
                int qos = body.get();
                require(qos >= 0 && qos < 3, "SUBSCRIBE with QoS " + qos);
                text.append(' ').append(filter).append(':').append(qos);
                if (refusesSubscriptions && random.nextBoolean()) {
                    codes[count++] = (byte) 0x80;
                } else {
                    session.subscriptions.put(filter, qos);
                    session.asked.put(filter, new Asked(timeline.now(), life));
                    codes[count++] = (byte) qos;
                }
            }
            require(count > 0, "a SUBSCRIBE without a filter [MQTT-3.8.3-3]");
            timeline.trace(name, () -> "<- SUBSCRIBE " + id + text);
            due.add(Packets.suback(id, Arrays.copyOf(codes, count)));
        }

        private void unsubscribe(ByteBuffer body) {
            int id = id(body);
            requestId(id);
            require(body.hasRemaining(), "an UNSUBSCRIBE without a filter [MQTT-3.10.3-2]");
            while (body.hasRemaining()) {
                String filter = text(body);
                timeline.trace(name, () -> "<- UNSUBSCRIBE " + id + " " + filter);
                session.subscriptions.remove(filter);
            }
            due.add(Packets.acknowledgement(Packets.UNSUBACK, id));
        }

        /** The id of a request; requests are answered at once. */
        private void requestId(int id) {
            Live publish = session.live.get(id);
            if (publish != null && isKnown(publish)) {
                throw ledger.violated("packet ids", "id " + id + " of " + publish.message + " is used for a request");
            }
        }

        // ---- packets to the client ----

        private void sendQueued() {
            while (session.sent.size() < window && expected.size() < window && !session.queued.isEmpty()) {
                Out next = session.queued.remove();
                session.lastId = reusesIds ? 0 : session.lastId;
                do {
                    session.lastId = session.lastId % (2 * window + 1) + 1;
                } while (session.sent.containsKey(session.lastId) || expected.contains(session.lastId));
                session.sent.put(session.lastId, next);
                send(session.lastId, next, false);
            }
        }

        private void send(int id, Out message, boolean duplicate) {
            if (message.qos > 0) {
                expected.add(id);
            }
            put(Packets.publish(message.topic(), message.payload(), message.qos, duplicate, id),
                    () -> "PUBLISH " + (duplicate ? "dup " : "") + "id " + id + " " + message);
        }
    }
}
