package mqtt.resilient.impl.link;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.impl.codec.FrameSplitter;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.Connect;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;

/**
 * One connection to a broker: CONNECT and CONNACK, then the bytes of the session both ways, pings when either direction
 * is idle, and the deadlines that tell a dead link from a slow one.
 */
final class Link implements ConnectionHandler, PacketReceiver {
    private static final long NEVER = Long.MAX_VALUE;
    /** The session expiry stays as the CONNECT said. */
    private static final long NO_CHANGE = -1;
    /** Reason codes from here on refuse. */
    private static final int FAILURE = 0x80;
    private static final byte[] NO_BYTES = {};
    private static final int WITH_WILL = 0x04;
    private static final int UNSPECIFIED = 0x80;
    private static final int NOT_AUTHORIZED = 0x87;
    private static final int RETAIN_NOT_SUPPORTED = 0x9A;
    private static final int QOS_NOT_SUPPORTED = 0x9B;
    private static final long CLOSE_NANOS = 1_000_000_000L;
    /** How many response times a ping may take on a link over which other bytes still arrive. */
    private static final int PING_PATIENCE = 60;

    private static final byte TLS_ALERT = 0x15;
    private static final byte TLS_HANDSHAKE = 0x16;
    private static final long RECENT_NANOS = 1_000_000_000L;
    private static final long SUSPECT_NANOS = 3_000_000_000L;

    /** Hears how it goes. */
    interface Owner {
        /** The network connection is made and CONNECT goes out. */
        void handshake();

        /** The broker has accepted; the owner calls {@link #attach} at once, or closes. */
        void accepted(Connack connack);

        /** The link has ended by itself; not called after a close. */
        void ended(Ending ending);
    }

    private enum Stage {
        CONNECTING, HANDSHAKE, ONLINE, CLOSED
    }

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Scheduler scheduler;
    private final ProtocolVersion protocol;
    private final Codec codec;
    private final FrameSplitter splitter;
    private Connect connect;
    private final Owner owner;
    private final ResponseTimeout responseTimeout;
    private final Flight flight = new Flight();
    private final Connection connection;

    private LinkSettings settings;
    private Session session;
    private Stage stage = Stage.CONNECTING;
    private Scheduler.Timer timer;
    private long timerAt = NEVER;
    private final List<Consumer<Boolean>> probes = new ArrayList<>();
    private boolean heard;
    private boolean readingPaused;
    private Runnable whenClosed;
    /** The broker is being told why, and has not let go. */
    private boolean lingers;
    /** The keepalive in force: ours, or what the broker asks for. */
    private int keepAliveSeconds;

    private long stageDeadline;
    private boolean connectDue;
    /** Null = there is none. */
    private Authentication authentication;
    /** The AUTH that is to be sent; null = none is. */
    private byte[] authDue;
    /** The broker has accepted, and the authenticator has not yet; what came behind the CONNACK waits. */
    private boolean unproved;
    private ByteBuffer behind = NOTHING;
    private long packetLimit = BrokerLimits.NONE.maximumPacketBytes();
    private long lastReceived;
    private long lastSent;
    /** Since when the oldest unanswered packet is written and nothing has moved; NEVER = nothing is awaited. */
    private long awaitingSince = NEVER;
    /** The broker has answered a ping that stood behind what it does not answer. */
    private boolean passedOver;
    private boolean pingDue;
    private long pingSince = NEVER;
    private long pingedAt;
    /** When a link that is suspected to be dead must have shown life; NEVER = it is not suspected. */
    private long suspectUntil = NEVER;
    private int unsentBefore;
    private long unsentSince;

    Link(Network network, Scheduler scheduler, ProtocolVersion protocol, LinkSettings settings, Route route,
            Connect connect, ResponseTimeout responseTimeout, Owner owner) {
        this.scheduler = scheduler;
        this.protocol = protocol;
        this.settings = settings;
        this.connect = connect;
        keepAliveSeconds = connect.keepAliveSeconds();
        this.responseTimeout = responseTimeout;
        this.owner = owner;
        codec = protocol.newCodec();
        splitter = new FrameSplitter(codec, settings.packetMaxBytes());
        stageDeadline = scheduler.nanoTime() + settings.timing().connectNanos();
        wakeAt(stageDeadline);
        connection = network.connect(route, this);
    }

    /** Lets the session use the link; right after {@link Owner#accepted}. */
    void attach(Session attached, String key, boolean sessionPresent, boolean doubtful, BrokerLimits limits) {
        session = attached;
        session.connected(codec, key, sessionPresent, doubtful, limits);
        requestWrite();
    }

    /** Has the session asked for what it can send. */
    void requestWrite() {
        connection.requestWrite();
    }

    void reconfigure(LinkSettings newSettings) {
        settings = newSettings;
        check();
    }

    /** Stops reading while too much of what was read is not handled; our own deadlines stop with it. */
    void pauseReading(boolean pause) {
        if (pause != readingPaused && stage != Stage.CLOSED) {
            readingPaused = pause;
            connection.pauseReading(pause);
            if (!pause) {
                lastReceived = scheduler.nanoTime();
                awaitingSince = awaitingSince == NEVER ? NEVER : lastReceived;
                pingSince = pingSince == NEVER ? NEVER : lastReceived;
                check();
            }
        }
    }

    /** Has the link authenticate itself with more than a password; before it is connected. */
    void authenticate(String method, AuthenticatorCalls calls) {
        authentication = new Authentication(method, calls, scheduler, settings.timing().responseNanos(),
                new Authentication.Owner() {
                    @Override
                    public void send(Auth auth) {
                        if (auth.code() == Auth.SUCCESS) {
                            connect = connect.with(auth);
                            connectDue = true;
                        } else {
                            byte[] packet = codec.encode(auth);
                            if (packet.length > packetLimit) { // [MQTT-3.2.2-15]
                                failed("an AUTH of " + packet.length + " bytes; the broker allows " + packetLimit);
                                return;
                            }
                            authDue = packet;
                        }
                        connection.requestWrite();
                    }

                    @Override
                    public boolean reads() {
                        return !readingPaused;
                    }

                    @Override
                    public void failed(String reason) {
                        fail(new Ending(Ending.Cause.REFUSED_FOR_GOOD, reason), unproved || stage == Stage.ONLINE
                                ? codec.disconnect(UNSPECIFIED, NO_CHANGE) : NO_BYTES);
                    }
                });
    }

    /** Who authenticates it again from now on; null = nobody. */
    void authenticator(AuthenticatorCalls calls) {
        if (authentication != null) {
            authentication.use(calls);
        }
    }

    /** Ends the link with DISCONNECT; the owner hears nothing more, {@code then} runs when the broker has let go. */
    void close(Runnable then) {
        close(false, then);
    }

    /** The same, and the broker publishes the will if that is wanted; 3.1.1 has no DISCONNECT for it. */
    void close(boolean publishWill, Runnable then) {
        Stage before = stage;
        leave(false);
        boolean accepted = before == Stage.ONLINE || before == Stage.HANDSHAKE && unproved;
        if (accepted) {
            whenClosed = then;
            long expiry = connect.options().sessionExpirySeconds();
            boolean changed = expiry > 0 && expiry != settings.sessionExpirySeconds(); // 0 must stay 0 [MQTT 5 3.14.2.2.2]
            connection.closeGracefully(codec.disconnect(publishWill ? WITH_WILL : 0, changed ? settings.sessionExpirySeconds() : NO_CHANGE),
                    scheduler.nanoTime() + CLOSE_NANOS);
        } else if (lingers) {
            whenClosed = then;
        } else {
            connection.close();
            then.run();
        }
    }

    /** Ends the link, whatever state it is in; nobody hears anything more. Its connection is closed by who calls this. */
    void abort() {
        stage = Stage.CLOSED;
        whenClosed = null;
        session = null;
        if (authentication != null) {
            authentication.close();
        }
        Scheduler.cancel(timer);
        answerProbes(false);
    }

    private void fail(Ending.Cause cause, String reason) {
        if (stage != Stage.CLOSED) {
            if (passedOver && session != null && cause == Ending.Cause.TIMEOUT) {
                session.overdue();
            }
            connection.close();
            leave(cause == Ending.Cause.TIMEOUT && passedOver);
            owner.ended(new Ending(cause, reason));
        }
    }

    /** The broker broke the protocol: it is told how, where the version has a word for it. */
    private void fail(ProtocolException error) {
        fail(new Ending(Ending.Cause.PROTOCOL, "protocol error: " + error.getMessage()),
                error.reasonCode() == 0 ? NO_BYTES : codec.disconnect(error.reasonCode(), NO_CHANGE));
    }

    private void fail(Ending ending, byte[] last) {
        if (stage == Stage.CLOSED) {
            return;
        }
        if (last.length > 0) {
            lingers = true;
            connection.closeGracefully(last, scheduler.nanoTime() + CLOSE_NANOS);
        } else {
            connection.close();
        }
        leave(false);
        owner.ended(ending);
    }

    /** The broker has ended the connection, or refused it, with a reason code. */
    private void fail(int reasonCode, String words, String serverReference) {
        if (stage == Stage.CLOSED) {
            return; // the owner has closed it meanwhile
        }
        String reason = (stage == Stage.ONLINE ? "the broker disconnected: " : "the broker refused: ")
                + protocol.reason(reasonCode) + (words.isEmpty() ? "" : " (" + words + ")");
        boolean authenticates = authentication != null && authentication.isUnderWay();
        boolean ofOneMessage = stage == Stage.ONLINE && !authenticates && (reasonCode == NOT_AUTHORIZED || reasonCode == RETAIN_NOT_SUPPORTED
                || reasonCode == QOS_NOT_SUPPORTED);
        Ending.Cause cause = switch (protocol.reaction(reasonCode)) {
            case BACK_OFF, SUSPECT -> stage == Stage.ONLINE ? Ending.Cause.CLOSED : Ending.Cause.REFUSED;
            case SLOW_RETRY -> ofOneMessage ? Ending.Cause.CLOSED : Ending.Cause.REFUSED_FOR_GOOD;
            case TAKEN_OVER -> Ending.Cause.TAKEN_OVER;
            case REDIRECT -> Ending.Cause.REDIRECTED;
            case FALL_BACK -> Ending.Cause.UNSUPPORTED;
        };
        connection.close();
        leave(switch (protocol.reaction(reasonCode)) {
            case SUSPECT -> true;
            case SLOW_RETRY -> ofOneMessage;
            default -> false; // it was not for a message of ours
        });
        owner.ended(new Ending(cause, reason, reasonCode, serverReference));
    }

    private void leave(boolean byBroker) {
        stage = Stage.CLOSED;
        answerProbes(false);
        Scheduler.cancel(timer);
        behind = NOTHING;
        if (authentication != null) {
            authentication.close();
        }
        if (session != null) {
            session.disconnected(byBroker);
            session = null;
        }
    }

    // ---- the connection -------------------------------------------------------------------------------------------

    @Override
    public void connected() {
        stage = Stage.HANDSHAKE;
        stageDeadline = scheduler.nanoTime() + settings.timing().responseNanos();
        connectDue = authentication == null;
        owner.handshake();
        connection.requestWrite();
        wakeAt(stageDeadline);
        if (authentication != null) {
            authentication.begin();
        }
    }

    @Override
    public void received(ByteBuffer bytes) {
        if (stage == Stage.CLOSED) {
            return;
        }
        if (unproved) {
            behind = ByteBuffer.allocate(behind.remaining() + bytes.remaining()).put(behind).put(bytes).flip();
            return;
        }
        lastReceived = scheduler.nanoTime();
        suspectUntil = NEVER;
        if (!probes.isEmpty()) {
            answerProbes(true);
        }
        unsentSince = lastReceived;
        Session attached = session; // a CONNACK attaches it, and is no answer to what it sends
        long before = attached == null ? 0 : attached.progress();
        long unanswered = attached == null ? 0 : attached.unanswered();
        try {
            if (!heard && bytes.hasRemaining()) {
                heard = true;
                requireMqtt(bytes.get(bytes.position()));
            }
            splitter.split(bytes, this);
        } catch (ProtocolException e) {
            fail(e);
            return;
        }
        if (bytes.hasRemaining()) {
            received(bytes);
        }
        if (session != null) {
            if (attached != null && session.progress() != before) {
                if (flight.answered(unanswered - session.unanswered(), lastReceived, settings.timing().responseNanos())) {
                    responseTimeout.progress();
                }
                awaitFrom(NEVER);
                pingSince = pingSince == NEVER ? NEVER : lastReceived; // a ping may stand behind what is acknowledged now
            }
            session.roundTrip(flight.roundTrip());
            awaitNow();
            connection.requestWrite();
        }
    }

    /** Names another protocol by its first byte, before it is taken for the header of a packet. */
    private static void requireMqtt(byte first) throws ProtocolException {
        if (first == 'H') {
            throw new ProtocolException(0, "the peer speaks HTTP, not MQTT; perhaps ws:// is meant");
        }
        if (first == TLS_ALERT || first == TLS_HANDSHAKE) {
            throw new ProtocolException(0, "the peer speaks TLS; perhaps mqtts:// or wss:// is meant");
        }
    }

    @Override
    public void fill(Output out) {
        if (connectDue) {
            connectDue = false;
            put(codec.encode(connect), out);
        }
        if (authDue != null && put(authDue, out)) {
            authDue = null;
        }
        if (stage == Stage.ONLINE) {
            boolean begun = session.hasBegun();
            if (begun) {
                fillPing(out);
            }
            long now = scheduler.nanoTime();
            long before = session.unanswered();
            session.allow(flight.allowed(before == 0 && now - lastReceived >= RECENT_NANOS));
            session.fill(out);
            if (!begun) {
                fillPing(out);
            }
            if (session.unanswered() > before) {
                flight.sent(session.unanswered(), now);
            }
            wakeAt(now + settings.timing().responseNanos()); // to see whether the network takes it
            if (session.isHeldByRate()) {
                wakeAt(session.rateResumesAt());
            }
        }
    }

    private void fillPing(Output out) {
        if (pingDue && put(codec.pingreq(), out)) {
            pingDue = false;
            pingSince = scheduler.nanoTime();
            pingedAt = pingSince;
        }
    }

    private static boolean put(byte[] packet, Output out) {
        ByteBuffer buffer = out.reserve(packet.length);
        if (buffer == null) {
            return false;
        }
        buffer.put(packet);
        return true;
    }

    @Override
    public void flushed() {
        lastSent = scheduler.nanoTime();
        if (session != null) {
            session.flushed();
            awaitNow();
        }
    }

    /** Starts the response deadline when all is written and something is awaited. */
    private void awaitNow() {
        if (session.awaited() == 0) {
            awaitFrom(NEVER);
        } else if (awaitingSince == NEVER && connection.unsentBytes() == 0) {
            awaitFrom(scheduler.nanoTime());
            wakeAt(awaitingSince + responseTimeout.nanos(settings.timing().responseNanos()) / 2);
        }
    }

    private void awaitFrom(long time) {
        awaitingSince = time;
        passedOver = false;
    }

    @Override
    public void closed(Closing closing) {
        Ending.Cause cause = stage == Stage.CONNECTING ? Ending.Cause.UNREACHABLE
                : stage == Stage.HANDSHAKE && closing.byPeer() ? Ending.Cause.HUNG_UP
                : closing.byPeer() && session != null && session.awaited() == 0 ? Ending.Cause.TAKEN_OVER
                        : Ending.Cause.CLOSED;
        lingers = false;
        if (whenClosed != null) {
            whenClosed.run();
        } else if (stage != Stage.CLOSED) {
            leave(closing.byPeer());
            owner.ended(new Ending(cause, closing.reason()));
        }
    }

    // ---- deadlines ------------------------------------------------------------------------------------------------

    private void wakeAt(long time) {
        if (stage == Stage.CLOSED || timer != null && timerAt - time <= 0) {
            return;
        }
        Scheduler.cancel(timer);
        timerAt = time;
        timer = scheduler.at(time, () -> {
            timer = null;
            check();
        });
    }

    private void check() {
        long now = scheduler.nanoTime();
        if (stage == Stage.ONLINE) {
            checkOnline(now);
        } else if (now - stageDeadline < 0) {
            wakeAt(stageDeadline);
        } else if (stage == Stage.CONNECTING) {
            fail(Ending.Cause.UNREACHABLE, "no connection within connect.seconds ("
                    + seconds(settings.timing().connectNanos()) + ")");
        } else if (authentication != null && authentication.isOurs()) {
            fail(Ending.Cause.TIMEOUT, "the Authenticator for auth.method gave no answer within response.seconds ("
                    + seconds(settings.timing().responseNanos()) + ")");
        } else {
            fail(Ending.Cause.TIMEOUT, "no CONNACK within response.seconds ("
                    + seconds(settings.timing().responseNanos()) + ")");
        }
    }

    private void checkOnline(long now) {
        if (readingPaused) { // the broker still has to hear from us
            pingDue = pingDue || now - lastSent >= settings.effectivePingNanos(keepAliveSeconds);
            connection.requestWrite();
            wakeAt(now + settings.effectivePingNanos(keepAliveSeconds) / 2);
            return;
        }
        if (session.isHeldByRate()) {
            wakeAt(session.rateResumesAt());
        } else {
            connection.requestWrite();
        }
        long response = responseTimeout.nanos(settings.timing().responseNanos());
        if (awaitingSince != NEVER) {
            if (now - awaitingSince >= response) {
                responseTimeout.exceeded();
                fail(Ending.Cause.TIMEOUT, "no acknowledgement within " + seconds(response) + " (response.seconds)");
                return;
            }
            wakeAt(awaitingSince + response);
        }
        if (isWriteStalled(now, response) || isPingOverdue(now, response)) {
            return;
        }
        long pingAt = Math.min(lastReceived - now, lastSent - now) + now + settings.effectivePingNanos(keepAliveSeconds);
        if (awaitingSince != NEVER && !passedOver) { // does the broker pass over what it does not answer?
            pingAt = Math.min(pingAt - now, awaitingSince - now + response / 2) + now;
        }
        if (pingSince == NEVER && !pingDue) {
            if (now - pingAt >= 0 && unsentBefore == 0) {
                ping();
            } else {
                wakeAt(unsentBefore == 0 ? pingAt : now + response);
            }
        }
    }

    /** Answers whether the broker is there: by what it sent within the last second, else by a ping. */
    void probe(Consumer<Boolean> answer) {
        long now = scheduler.nanoTime();
        if (stage != Stage.ONLINE || now - lastReceived <= RECENT_NANOS) {
            answer.accept(stage == Stage.ONLINE);
            return;
        }
        probes.add(answer);
        scheduler.at(now + settings.timing().responseNanos(), () -> {
            if (probes.remove(answer)) {
                answer.accept(false);
            }
        });
        ping();
    }

    private void answerProbes(boolean up) {
        List<Consumer<Boolean>> answers = List.copyOf(probes);
        probes.clear();
        answers.forEach(answer -> answer.accept(up));
    }

    /** Somebody says that the network is gone: it must show life soon. */
    void suspect() {
        if (stage == Stage.ONLINE && suspectUntil == NEVER) {
            suspectUntil = scheduler.nanoTime() + Math.min(SUSPECT_NANOS, settings.timing().responseNanos());
            ping();
            wakeAt(suspectUntil);
        }
    }

    /** Sends a PINGREQ now, unless one is under way. */
    void ping() {
        if (stage == Stage.ONLINE && pingSince == NEVER && !pingDue) {
            pingDue = true;
            connection.requestWrite();
            wakeAt(scheduler.nanoTime() + settings.timing().responseNanos());
        }
    }

    private boolean isPingOverdue(long now, long response) {
        if (suspectUntil != NEVER && now - suspectUntil >= 0) {
            fail(Ending.Cause.TIMEOUT, "the network state is DOWN, and the broker does not answer");
            return true;
        }
        if (pingSince == NEVER) {
            return false;
        }
        long deadline = Math.max(pingSince - now, lastReceived - now) + now + response;
        if (now - deadline >= 0 || now - pingSince >= PING_PATIENCE * response) {
            responseTimeout.exceeded();
            fail(Ending.Cause.TIMEOUT, "no PINGRESP within " + seconds(now - pingSince) + " (response.seconds)");
            return true;
        }
        wakeAt(deadline);
        return false;
    }

    private boolean isWriteStalled(long now, long response) {
        int unsent = connection.unsentBytes();
        if (unsent == 0 || unsent != unsentBefore) {
            unsentBefore = unsent;
            unsentSince = now;
        } else if (now - unsentSince >= response) {
            responseTimeout.exceeded();
            fail(Ending.Cause.TIMEOUT, "none of " + unsent + " bytes could be written within " + seconds(response)
                    + " (response.seconds)");
            return true;
        }
        if (unsent > 0) {
            wakeAt(unsentSince + response);
        }
        return false;
    }

    private static String seconds(long nanos) {
        return nanos / 1_000_000 / 1000.0 + " s";
    }

    // ---- packets --------------------------------------------------------------------------------------------------

    @Override
    public void connack(Connack connack) throws ProtocolException {
        if (stage != Stage.HANDSHAKE) {
            throw new ProtocolException("an unexpected CONNACK [MQTT-3.2.0-1]");
        }
        if (connack.code() != 0) {
            fail(connack.code(), connack.limits().reason(), connack.serverReference());
            return;
        }
        if (authentication == null) {
            if (!connack.authentication().method().isEmpty()) {
                throw new ProtocolException("a CONNACK with an authentication method, although none was requested [MQTT-4.12.0-6]");
            }
            online(connack);
            return;
        }
        unproved = true;
        splitter.hold(true);
        connection.pauseReading(true);
        authentication.accepted(connack.authentication(), () -> {
            unproved = false;
            splitter.hold(false);
            connection.pauseReading(false);
            online(connack);
            ByteBuffer waiting = behind;
            behind = NOTHING;
            if (waiting.hasRemaining() && stage == Stage.ONLINE) {
                received(waiting);
            }
        });
    }

    private void online(Connack connack) {
        packetLimit = connack.limits().maximumPacketBytes();
        stage = Stage.ONLINE;
        if (connack.limits().keepAliveSeconds() >= 0) {
            keepAliveSeconds = connack.limits().keepAliveSeconds(); // [MQTT-3.1.2-21]
        }
        lastReceived = scheduler.nanoTime();
        lastSent = lastReceived;
        owner.accepted(connack);
        if (stage == Stage.ONLINE) {
            wakeAt(lastReceived + settings.effectivePingNanos(keepAliveSeconds));
        }
    }

    @Override
    public void publish(Publish publish) throws ProtocolException {
        online(PacketType.PUBLISH).publishReceived(publish);
    }

    @Override
    public void oversized(String topic, int qos, int packetId, int size) throws ProtocolException {
        if (qos > 2 || qos > 0 && packetId == 0) {
            throw new ProtocolException("a PUBLISH with QoS " + qos + " and packet id " + packetId
                    + " [MQTT-3.3.1-4, MQTT-2.3.1-1]");
        }
        online(PacketType.PUBLISH).oversized(topic, qos, packetId, size);
    }

    @Override
    public void acknowledgement(int type, int packetId, Reason reason) throws ProtocolException {
        boolean answersPublish = type == PacketType.PUBACK || type == PacketType.PUBREC;
        if (answersPublish && reason.code() >= FAILURE) {
            online(type).refused(type, packetId, !reason.text().isEmpty() ? reason
                    : new Reason(reason.code(), protocol.reason(reason.code()), reason.userProperties()),
                    protocol.mayTakeLater(reason.code()));
        } else {
            online(type).acknowledgement(type, packetId, reason);
        }
    }

    @Override
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) throws ProtocolException {
        online(type).subscriptionAnswer(type, packetId, codes, reason);
    }

    @Override
    public void disconnected(Reason reason, String serverReference) throws ProtocolException {
        online(PacketType.DISCONNECT);
        fail(reason.code(), reason.text(), serverReference);
    }

    @Override
    public void auth(Auth auth) throws ProtocolException {
        if (authentication == null) {
            throw new ProtocolException("an AUTH, although no authentication method was requested [MQTT-4.12.0-6]");
        }
        authentication.received(auth);
    }

    @Override
    public void pingresp() throws ProtocolException {
        if (online(PacketType.PINGRESP).awaited() == 0) {
            responseTimeout.progress();
        }
        passedOver |= awaitingSince != NEVER && pingSince != NEVER && pingSince - awaitingSince > 0;
        if (pingSince != NEVER) {
            flight.answeredAfter(scheduler.nanoTime() - pingedAt);
        }
        pingSince = NEVER;
        session.pingAnswered();
        wakeAt(scheduler.nanoTime() + settings.effectivePingNanos(keepAliveSeconds));
    }

    private Session online(int type) throws ProtocolException {
        if (stage != Stage.ONLINE || session == null) {
            throw new ProtocolException("a " + PacketType.name(type) + " before the CONNACK [MQTT-3.2.0-1]");
        }
        return session;
    }
}
