package mqtt.resilient.impl.link;

import java.nio.ByteBuffer;
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
 * One connection to a broker: its {@link Handshake}, then the packets of the session both ways until one side closes,
 * or until {@link Liveness} says that the connection is dead. On the loop only.
 */
final class Link implements ConnectionHandler, PacketReceiver {
    /** For a DISCONNECT that leaves the session expiry as the CONNECT said. */
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
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Is told how the connection goes. */
    interface Owner {
        /** The network connection is made and CONNECT goes out. */
        void networkConnected();

        /** The broker has accepted; the owner calls {@link #attach} at once, or closes. */
        void connackAccepted(Connack connack);

        /** The connection has ended by itself; not called after a close. */
        void connectionEnded(Ending ending);
    }

    private enum Stage {
        /** The network connection is being made. */
        CONNECTING,
        /** CONNECT goes out, and no CONNACK has come. */
        HANDSHAKE,
        /** The broker has accepted, and the authenticator has not yet; what came behind the CONNACK waits. */
        UNPROVED,
        /** The session uses the connection. */
        ONLINE,
        /** DISCONNECT goes out, and the broker has not closed the connection. */
        CLOSING,
        CLOSED
    }

    private final Scheduler scheduler;
    private final ProtocolVersion protocol;
    private final Codec codec;
    private final FrameSplitter splitter;
    private final Connect connect;
    private final Owner owner;
    private final ResponseTimeout responseTimeout;
    private final Alarm alarm;
    private final Handshake handshake;
    private final Connection connection;

    private LinkSettings settings;
    private Stage stage = Stage.CONNECTING;
    /** When the stages before {@code ONLINE} must be over. */
    private long stageDeadline;
    private ByteBuffer behindConnack = NOTHING;
    /** The session while it uses the connection, else null. */
    private Session session;
    /** Null until the session uses the connection. */
    private Liveness liveness;
    private Runnable whenClosed;

    /**
     * Begins to connect.
     *
     * @param authenticator null = no more than a password is needed
     */
    Link(Network network, Scheduler scheduler, ProtocolVersion protocol, LinkSettings settings, Route route,
            Connect connect, AuthenticatorCalls authenticator, ResponseTimeout responseTimeout, Owner owner) {
        this.scheduler = scheduler;
        this.protocol = protocol;
        this.settings = settings;
        this.connect = connect;
        this.responseTimeout = responseTimeout;
        this.owner = owner;
        codec = protocol.newCodec();
        splitter = new FrameSplitter(codec, settings.packetMaxBytes());
        handshake = new Handshake(this, codec, connect, authenticator, settings, scheduler);
        alarm = new Alarm(scheduler, this::check);
        stageDeadline = scheduler.nanoTime() + settings.timing().connectNanos();
        alarm.at(stageDeadline);
        connection = network.connect(route, this);
    }

    /** Lets the session use the connection; right after {@link Owner#connackAccepted}. */
    void attach(Session attached, String key, boolean sessionPresent, boolean uncertain, BrokerLimits limits) {
        int keepAliveSeconds = connect.keepAliveSeconds();
        if (limits.keepAliveSeconds() >= 0) {
            keepAliveSeconds = limits.keepAliveSeconds(); // [MQTT-3.1.2-21]
        }
        liveness = new Liveness(scheduler, connection, attached, codec.pingreq(), keepAliveSeconds, responseTimeout,
                alarm, settings);
        session = attached;
        session.connected(codec, key, sessionPresent, uncertain, limits);
        requestWrite();
    }

    /** Who is told what there is to say about it, in words; empty = nothing any more. After {@link #attach}. */
    void tellRemarks(Consumer<String> listener) {
        liveness.tellRemarks(listener);
    }

    /** Has the session write what it can send, as soon as the connection takes bytes. */
    void requestWrite() {
        connection.requestWrite();
    }

    void reconfigure(LinkSettings newSettings) {
        settings = newSettings;
        if (liveness != null) {
            liveness.reconfigure(newSettings);
        }
        check();
    }

    /** Stops reading while too much of what was read is not handled; our own deadlines stop with it. */
    void pauseReading(boolean pause) {
        if (stage == Stage.ONLINE && pause != liveness.isReadingPaused()) {
            connection.pauseReading(pause);
            liveness.readingPaused(pause);
            if (!pause) {
                check();
            }
        }
    }

    /** Who authenticates it again from now on; null = nobody. */
    void authenticator(AuthenticatorCalls calls) {
        handshake.authenticator(calls);
    }

    /** Sends a PINGREQ now, unless one is under way. */
    void ping() {
        if (stage == Stage.ONLINE) {
            liveness.ping();
        }
    }

    /** Somebody says that the network is gone: the broker must show life soon. */
    void suspect() {
        if (stage == Stage.ONLINE) {
            liveness.suspect();
        }
    }

    /** Answers whether the broker is there. */
    void probe(Consumer<Boolean> answer) {
        if (stage == Stage.ONLINE) {
            liveness.probe(answer);
        } else {
            answer.accept(false);
        }
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /**
     * Ends the connection with DISCONNECT; the owner is told nothing more, {@code then} runs when the broker has closed
     * it.
     */
    void close(Runnable then) {
        close(false, then);
    }

    /** The same, and the broker publishes the will if that is wanted; 3.1.1 has no DISCONNECT for it. */
    void close(boolean publishWill, Runnable then) {
        Stage before = stage;
        boolean accepted = before == Stage.ONLINE || before == Stage.UNPROVED;
        detach(accepted || before == Stage.CLOSING ? Stage.CLOSING : Stage.CLOSED, false);
        if (stage == Stage.CLOSED) {
            connection.close();
            then.run();
            return;
        }
        whenClosed = then;
        if (accepted) {
            long requested = connect.options().sessionExpirySeconds();
            long expiry = settings.sessionExpirySeconds();
            boolean changed = requested > 0 && requested != expiry; // 0 must stay 0 [MQTT 5 3.14.2.2.2]
            connection.closeGracefully(codec.disconnect(publishWill ? WITH_WILL : 0, changed ? expiry : NO_CHANGE),
                    scheduler.nanoTime() + CLOSE_NANOS);
        }
    }

    /** Ends it, whatever state it is in; nobody is told anything more. Its connection is closed by who calls this. */
    void abort() {
        stage = Stage.CLOSED;
        whenClosed = null;
        session = null;
        handshake.close();
        alarm.stop();
        if (liveness != null) {
            liveness.answerProbes(false);
        }
    }

    private boolean isOver() {
        return stage == Stage.CLOSING || stage == Stage.CLOSED;
    }

    /** What was awaited did not come in time. */
    private void timeOut(Ending.Cause cause, String reason) {
        if (!isOver()) {
            boolean passedOver = liveness != null && liveness.isPassedOver();
            if (passedOver) {
                session.overdue();
            }
            connection.close();
            detach(Stage.CLOSED, passedOver);
            owner.connectionEnded(new Ending(cause, reason));
        }
    }

    /** The client ends the connection, with a DISCONNECT that says why, or without one if that has no bytes. */
    private void end(Ending ending, byte[] disconnect) {
        if (isOver()) {
            return;
        }
        if (disconnect.length > 0) {
            connection.closeGracefully(disconnect, scheduler.nanoTime() + CLOSE_NANOS);
            detach(Stage.CLOSING, false);
        } else {
            connection.close();
            detach(Stage.CLOSED, false);
        }
        owner.connectionEnded(ending);
    }

    /** The broker has refused the connection, or ended it, with a reason code. */
    private void endedByBroker(int reasonCode, String words, String serverReference) {
        if (isOver()) {
            return; // the owner has closed it meanwhile
        }
        boolean online = stage == Stage.ONLINE;
        ProtocolVersion.Reaction reaction = protocol.reaction(reasonCode);
        boolean ofOneMessage = online && !handshake.isAuthenticating() && isOfOneMessage(reasonCode);
        Ending.Cause cause = Ending.causeOf(reaction, online, ofOneMessage);
        boolean suspect = reaction == ProtocolVersion.Reaction.SUSPECT // it may be for a message of ours
                || reaction == ProtocolVersion.Reaction.SLOW_RETRY && ofOneMessage;
        String reason = (online ? "the broker disconnected: " : "the broker refused: ")
                + protocol.reason(reasonCode) + (words.isEmpty() ? "" : " (" + words + ")");
        connection.close();
        detach(Stage.CLOSED, suspect);
        owner.connectionEnded(new Ending(cause, reason, reasonCode, serverReference));
    }

    /** Whether a broker may disconnect with this code because of a single message. */
    private static boolean isOfOneMessage(int reasonCode) {
        return reasonCode == NOT_AUTHORIZED || reasonCode == RETAIN_NOT_SUPPORTED || reasonCode == QOS_NOT_SUPPORTED;
    }

    /** The session uses the connection no more. */
    private void detach(Stage end, boolean byBroker) {
        stage = end;
        if (liveness != null) {
            liveness.answerProbes(false);
        }
        alarm.stop();
        behindConnack = NOTHING;
        handshake.close();
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
        owner.networkConnected();
        alarm.at(stageDeadline);
        handshake.begin();
    }

    @Override
    public void received(ByteBuffer bytes) {
        if (isOver()) {
            return;
        }
        if (stage == Stage.UNPROVED) {
            int size = behindConnack.remaining() + bytes.remaining();
            behindConnack = ByteBuffer.allocate(size).put(behindConnack).put(bytes).flip();
            return;
        }
        long now = scheduler.nanoTime();
        if (liveness != null) {
            liveness.received(now);
        }
        Session attached = session; // a CONNACK attaches it, and acknowledges nothing of what it sends
        long before = attached == null ? 0 : attached.progress();
        long unanswered = attached == null ? 0 : attached.unanswered();
        try {
            handshake.requireMqtt(bytes);
            splitter.split(bytes, this);
        } catch (ProtocolException e) { // the broker is told how it broke it, where the version has a code for it
            end(new Ending(Ending.Cause.PROTOCOL, "protocol error: " + e.getMessage()),
                    e.reasonCode() == 0 ? NO_BYTES : codec.disconnect(e.reasonCode(), NO_CHANGE));
            return;
        }
        if (bytes.hasRemaining()) {
            received(bytes);
        }
        if (session != null) {
            if (attached != null && session.progress() != before) {
                liveness.acknowledged(unanswered - session.unanswered());
            }
            liveness.read();
            connection.requestWrite();
        }
    }

    @Override
    public void fill(Output out) {
        handshake.fill(out);
        if (stage == Stage.ONLINE) {
            liveness.fill(out);
        }
    }

    @Override
    public void flushed() {
        handshake.flushed();
        if (session != null) {
            liveness.flushed();
        }
    }

    @Override
    public void closed(Closing closing) {
        Ending.Cause cause = stage == Stage.CONNECTING ? Ending.Cause.UNREACHABLE
                : (stage == Stage.HANDSHAKE || stage == Stage.UNPROVED) && closing.byPeer() ? Ending.Cause.NO_CONNACK
                        : closing.byPeer() && session != null && session.awaited() == 0 ? Ending.Cause.TAKEN_OVER
                                : closing.byPeer() ? Ending.Cause.CLOSED : Ending.Cause.BROKEN;
        boolean unanswered = stage == Stage.HANDSHAKE && handshake.isConnectWritten();
        boolean over = isOver();
        if (over) {
            stage = Stage.CLOSED;
        }
        if (whenClosed != null) {
            whenClosed.run();
        } else if (!over) {
            detach(Stage.CLOSED, closing.byPeer());
            owner.connectionEnded(new Ending(cause, cause == Ending.Cause.NO_CONNACK && unanswered
                    ? closing.reason() + "; " + handshake.unanswered() : closing.reason()));
        }
    }

    private void check() {
        long now = scheduler.nanoTime();
        if (stage == Stage.ONLINE) {
            String dead = liveness.check(now);
            if (dead != null) {
                timeOut(Ending.Cause.TIMEOUT, dead);
            }
        } else if (now - stageDeadline < 0) {
            alarm.at(stageDeadline);
        } else if (stage == Stage.CONNECTING) {
            timeOut(Ending.Cause.UNREACHABLE, "no connection within connect.seconds ("
                    + seconds(settings.timing().connectNanos()) + "): no end of " + connection.step());
        } else {
            String within = " within response.seconds (" + seconds(settings.timing().responseNanos()) + ")";
            if (handshake.awaitsAuthenticator()) {
                timeOut(Ending.Cause.TIMEOUT, "the Authenticator for auth.method gave no answer" + within);
            } else {
                timeOut(Ending.Cause.SILENT, "no CONNACK" + within + "; " + handshake.unanswered());
            }
        }
    }

    static String seconds(long nanos) {
        return nanos / 1_000_000 / 1000.0 + " s";
    }

    // ---- enhanced authentication ----------------------------------------------------------------------------------

    /** Whether what the broker sends is read now. */
    boolean isReading() {
        return liveness == null || !liveness.isReadingPaused();
    }

    /** Nobody can authenticate this connection, or the authenticator does not accept the broker. */
    void authenticationFailed(String reason) {
        end(new Ending(Ending.Cause.REFUSED_FOR_GOOD, reason), stage == Stage.UNPROVED || stage == Stage.ONLINE
                ? codec.disconnect(UNSPECIFIED, NO_CHANGE) : NO_BYTES);
    }

    // ---- packets --------------------------------------------------------------------------------------------------

    @Override
    public void connack(Connack connack) throws ProtocolException {
        if (stage != Stage.HANDSHAKE) {
            throw new ProtocolException("an unexpected CONNACK [MQTT-3.2.0-1]");
        }
        handshake.requireExpected(connack, protocol);
        if (connack.code() != 0) {
            endedByBroker(connack.code(), connack.limits().reason(), connack.serverReference());
            return;
        }
        if (!handshake.mustProve(connack)) {
            online(connack);
            return;
        }
        stage = Stage.UNPROVED;
        splitter.hold(true);
        connection.pauseReading(true);
        handshake.prove(connack, () -> {
            splitter.hold(false);
            connection.pauseReading(false);
            online(connack);
            ByteBuffer waiting = behindConnack;
            behindConnack = NOTHING;
            if (waiting.hasRemaining() && stage == Stage.ONLINE) {
                received(waiting);
            }
        });
    }

    private void online(Connack connack) {
        stage = Stage.ONLINE;
        owner.connackAccepted(connack);
        if (stage == Stage.ONLINE) {
            liveness.planPing();
        }
    }

    @Override
    public void publish(Publish publish) throws ProtocolException {
        requireOnline(PacketType.PUBLISH).publishReceived(publish);
    }

    @Override
    public void oversized(String topic, int qos, int packetId, int size) throws ProtocolException {
        if (qos > 2 || qos > 0 && packetId == 0) {
            throw new ProtocolException("a PUBLISH with QoS " + qos + " and packet identifier " + packetId
                    + " [MQTT-3.3.1-4, MQTT-2.3.1-1]");
        }
        boolean announced = protocol.hasSessionExpiry(); // only MQTT 5 tells the broker our Maximum Packet Size
        if (announced && settings.version().packetStrict()) {
            throw new ProtocolException(ProtocolException.PACKET_TOO_LARGE,
                    "a PUBLISH of " + size + " bytes to " + topic + "; packet.max.bytes allows "
                            + settings.packetMaxBytes() + ", and packet.strict forbids to skip it [MQTT-3.1.2-24]");
        }
        requireOnline(PacketType.PUBLISH).oversized(topic, qos, packetId, size);
    }

    @Override
    public void acknowledgement(int type, int packetId, Reason reason) throws ProtocolException {
        boolean answersPublish = type == PacketType.PUBACK || type == PacketType.PUBREC;
        if (answersPublish && reason.code() >= FAILURE) {
            requireOnline(type).refused(type, packetId, !reason.text().isEmpty() ? reason
                    : new Reason(reason.code(), protocol.reason(reason.code()), reason.userProperties()),
                    protocol.mayTakeLater(reason.code()));
        } else {
            requireOnline(type).acknowledgement(type, packetId, reason);
        }
    }

    @Override
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) throws ProtocolException {
        requireOnline(type).subscriptionAnswer(type, packetId, codes, reason);
    }

    @Override
    public void disconnected(Reason reason, String serverReference) throws ProtocolException {
        requireOnline(PacketType.DISCONNECT);
        endedByBroker(reason.code(), reason.text(), serverReference);
    }

    @Override
    public void auth(Auth auth) throws ProtocolException {
        handshake.auth(auth);
    }

    @Override
    public void pingresp() throws ProtocolException {
        requireOnline(PacketType.PINGRESP);
        liveness.pingresp();
    }

    private Session requireOnline(int type) throws ProtocolException {
        if (stage != Stage.ONLINE || session == null) {
            throw new ProtocolException("a " + PacketType.name(type) + " before the CONNACK [MQTT-3.2.0-1]");
        }
        return session;
    }
}
