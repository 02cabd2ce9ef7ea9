package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.ConnectionHandler.Closing;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * One connection on the loop: TCP, and as its route says a proxy, TLS and a WebSocket upon it. Holds memory of its own
 * only for bytes that the network does not take yet, and what TLS needs.
 */
final class TcpConnection implements Connection, ConnectionHandler.Output, WebSocketFrames.FrameReceiver {
    static {
        Handlers.prepare(Throwable.class, Exception.class, IOException.class, OutOfMemoryError.class);
        Handlers.words("a connection", "connecting", "closing a connection", "handling a closed connection",
                "out of memory", "closed");
    }

    private static final int READS_PER_TURN = 8;
    private static final int WRITES_PER_TURN = 8;
    /** How long the peer has to close after an alert of TLS. */
    private static final long ALERT_NANOS = 1_000_000_000L;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    /** The heap is not full, but too small for what this connection needed: other clients are not affected. */
    private static final Closing TOO_LARGE = new Closing(false,
            "out of memory: something large does not fit into the heap", true);
    private static final Closing NO_HEAP = new Closing(false, "out of memory");

    private enum Phase {
        /** The TCP connection is being made. */
        CONNECTING,
        /** A {@link Prelude} goes on: with a proxy, or for the WebSocket. */
        OPENING,
        /** The TLS handshake. */
        SECURING,
        /** MQTT flows. */
        OPEN,
        /** What is left is written: DISCONNECT, or an alert of TLS. */
        CLOSING,
        /** The output has ended, and the peer is to close. */
        OUTPUT_ENDED, CLOSED;

        boolean isClosing() {
            return this == CLOSING || this == OUTPUT_ENDED;
        }
    }

    private final EventLoop loop;
    private final ConnectionHandler handler;
    private final Route route;
    /** The steps that are left of the route; the last one is MQTT. */
    private final Queue<Step> steps = new ArrayDeque<>(4);
    private Phase phase = Phase.CONNECTING;
    private SocketChannel socket;
    private SelectionKey key;
    private ByteStream stream;
    private Prelude opening;
    /** Null without a WebSocket, and before it is open. */
    private WebSocketFrames frames;
    private ByteBuffer pending = NOTHING;
    /** The buffer that the handler fills: the loop's, or a larger one for a larger packet. */
    private ByteBuffer filling;
    private boolean writeRequested;
    private boolean readingPaused;
    private Scheduler.Timer closingTimer;
    /** The next of those that are to write; the loop's. */
    TcpConnection nextWriter;
    /** Made beforehand: it is needed when nothing can be allocated. */
    private final Runnable connectFailed = () -> end(NO_HEAP);

    TcpConnection(EventLoop loop, Route route, ConnectionHandler handler) {
        this.loop = loop;
        this.route = route;
        this.handler = handler;
        if (route.proxy() != null) {
            steps.add(() -> begin(route.proxy().kind() == Route.Proxy.Kind.HTTP ? new HttpConnect(route)
                    : new Socks5(route)));
        }
        if (route.tls() != null) {
            steps.add(this::secure);
        }
        if (route.webSocket() != null) {
            steps.add(() -> {
                frames = new WebSocketFrames(loop.secureRandom);
                begin(new WebSocketUpgrade(route, loop.secureRandom));
            });
        }
        steps.add(this::open);
    }

    // ---- opening --------------------------------------------------------------------------------------------------

    void connect() {
        try {
            socket = SocketChannel.open();
            socket.configureBlocking(false);
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            stream = new ByteStream(socket);
            boolean connected = socket.connect(new InetSocketAddress(route.address(), route.port()));
            key = socket.register(loop.selector, connected ? 0 : SelectionKey.OP_CONNECT, this);
            if (connected) {
                loop.execute(() -> guard(this::proceed));
            }
        } catch (Exception e) {
            loop.execute(() -> end(false, describe(e)));
        } catch (Throwable e) { // no descriptors or no heap come as errors too, in places
            loop.report("connecting", e);
            loop.execute(connectFailed);
        }
    }

    /** Takes the next step of the route; the last one is MQTT. */
    private void proceed() throws IOException {
        opening = null;
        steps.remove().run();
        interest();
    }

    private void open() {
        phase = Phase.OPEN;
        interest();
        handler.connected();
    }

    private void begin(Prelude next) throws IOException {
        phase = Phase.OPENING;
        opening = next;
        send(next.start());
    }

    private void secure() {
        TlsStream[] made = new TlsStream[1];
        Throwable[] error = new Throwable[1];
        Runnable tell = () -> guard(() -> tlsPrepared(made[0], error[0]));
        Runnable prepare = () -> { // on a worker: reads keys and trust
            try {
                made[0] = new TlsStream(socket, route, loop.work, () -> loop.execute(() -> guard(() -> {
                    stream.waitsForWorker = false;
                    progress();
                })));
            } catch (Throwable e) { // a configuration that TLS does not like comes as many exceptions, and as errors
                error[0] = e;
            } finally {
                loop.execute(tell);
            }
        };
        phase = Phase.SECURING;
        stream.waitsForWorker = true;
        loop.work.execute(prepare);
    }

    private void tlsPrepared(TlsStream made, Throwable error) throws IOException {
        if (error == null) {
            stream = made;
            progress();
        } else {
            end(false, "TLS cannot be set up: " + TlsErrors.describe(error));
        }
    }

    // ---- events ---------------------------------------------------------------------------------------------------

    /** The selector says that the channel is ready. */
    void ready() {
        guard(() -> {
            if (phase != Phase.CONNECTING) {
                progress();
            } else if (socket.finishConnect()) {
                proceed();
            }
        });
    }

    /** Does what can be done now. */
    private void progress() throws IOException {
        if (phase == Phase.SECURING && stream.isSecured()) {
            proceed();
        }
        if (phase != Phase.CLOSED && phase != Phase.SECURING) {
            read();
            if (phase != Phase.CLOSED && (pending.hasRemaining() || stream.wantsWrite)) {
                write();
            }
        }
        interest();
    }

    private void read() throws IOException {
        ByteBuffer buffer = loop.readBuffer;
        for (int i = 0; i < READS_PER_TURN && phase != Phase.CLOSED && !readingPaused; i++) {
            int count = stream.read(buffer.clear());
            if (count < 0) {
                end(true, phase == Phase.OPENING ? "the peer closed the connection during " + step()
                        : "the broker closed the connection");
                return;
            }
            take(buffer.flip());
            if (count < buffer.capacity() && !stream.mayHoldMore) {
                return;
            }
        }
        if (stream.mayHoldMore && !readingPaused && phase != Phase.CLOSED) {
            loop.execute(() -> guard(this::progress)); // the selector does not know of it
        }
    }

    private void take(ByteBuffer bytes) throws IOException {
        if (phase == Phase.OPENING) {
            byte[] answer = opening.received(bytes);
            if (answer == null) {
                proceed();
            } else if (answer.length > 0) {
                send(answer);
            }
        }
        if (!bytes.hasRemaining() || phase == Phase.CLOSED || phase.isClosing()) {
            return;
        }
        if (phase != Phase.OPEN) {
            throw new IOException("the peer sent data during " + step() + " that do not belong to it");
        }
        if (frames == null) {
            handler.received(bytes);
        } else {
            frames.unwrap(bytes, this);
        }
    }

    @Override
    public void data(ByteBuffer bytes) {
        if (phase == Phase.OPEN) {
            handler.received(bytes);
        }
    }

    @Override
    public void answer(byte[] frame) {
        if (phase == Phase.OPEN && pending.remaining() < loop.writeBuffer.capacity()) {
            send(frame);
        }
    }

    @Override
    public void closing(String reason) {
        end(true, reason);
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    @Override
    public void requestWrite() {
        if (!writeRequested && phase != Phase.CLOSED) {
            writeRequested = true;
            loop.addWriter(this);
        }
    }

    private void send(byte[] bytes) {
        pending = ByteBuffer.allocate(pending.remaining() + bytes.length).put(pending).put(bytes).flip();
        requestWrite();
    }

    /** The turn of this connection to write. */
    void writeNow() {
        writeRequested = false;
        if (phase != Phase.CONNECTING && phase != Phase.SECURING) {
            guard(() -> {
                write();
                interest();
            });
        }
    }

    /** Writes what is left over and then what the handler fills, until there is no more or the network is full. */
    private void write() throws IOException {
        for (int i = 0; i < WRITES_PER_TURN && phase != Phase.CLOSED; i++) {
            if (pending.hasRemaining() || stream.wantsWrite) {
                put(pending);
                if (pending.hasRemaining() || stream.wantsWrite) {
                    return;
                }
                pending = NOTHING;
                if (phase == Phase.OPEN) {
                    handler.flushed();
                }
            } else if (phase == Phase.CLOSING) {
                phase = Phase.OUTPUT_ENDED;
                stream.shutdownOutput();
                return;
            } else if (phase != Phase.OPEN || !fillAndPut()) {
                return;
            }
        }
        if (phase == Phase.OPEN && !pending.hasRemaining()) {
            requestWrite(); // the turn is over, the work may not be
        }
    }

    /** One round of filling and writing; false when there was nothing to write. */
    private boolean fillAndPut() throws IOException {
        filling = loop.writeBuffer.clear().position(headerBytes());
        handler.fill(this);
        ByteBuffer filled = filling;
        filling = null;
        if (phase != Phase.OPEN || filled.position() == headerBytes()) {
            return false;
        }
        if (frames == null) {
            filled.flip();
        } else {
            frames.wrap(filled);
        }
        put(filled);
        if (filled.hasRemaining()) {
            pending = filled == loop.writeBuffer ? ByteBuffer.allocate(filled.remaining()).put(filled).flip() : filled;
        } else if (!stream.wantsWrite) {
            handler.flushed();
        }
        return true;
    }

    @Override
    public ByteBuffer reserve(int bytes) {
        if (filling.remaining() < bytes) {
            if (filling.position() > headerBytes()) {
                return null;
            }
            filling = ByteBuffer.allocate(headerBytes() + bytes).position(headerBytes());
        }
        return filling;
    }

    private int headerBytes() {
        return frames == null ? 0 : WebSocketFrames.HEADER_BYTES;
    }

    /** Writes as much as the network takes, in pieces, because the JDK copies a whole heap buffer for each write. */
    private void put(ByteBuffer bytes) throws IOException {
        int end = bytes.limit();
        boolean full;
        do {
            bytes.limit(Math.min(end, bytes.position() + loop.writeBuffer.capacity()));
            stream.write(bytes);
            full = bytes.hasRemaining();
            bytes.limit(end);
        } while (bytes.hasRemaining() && !full);
    }

    private void interest() {
        if (phase != Phase.CLOSED && phase != Phase.CONNECTING && key.isValid()) {
            int ops = stream.waitsForWorker ? 0
                    : (readingPaused ? 0 : SelectionKey.OP_READ)
                            | (pending.hasRemaining() || stream.wantsWrite ? SelectionKey.OP_WRITE : 0);
            key.interestOps(ops);
        }
    }

    @Override
    public void pauseReading(boolean pause) {
        readingPaused = pause;
        if (phase == Phase.OPEN) {
            interest();
            if (!pause && stream.mayHoldMore) {
                loop.execute(() -> guard(this::progress));
            }
        }
    }

    @Override
    public int unsentBytes() {
        return pending.remaining() + (stream != null && stream.wantsWrite ? 1 : 0);
    }

    @Override
    public String step() {
        return switch (phase) {
            case CONNECTING -> "the TCP connection" + Reasons.toProxy(route);
            case OPENING -> opening.toString();
            case SECURING -> "the TLS handshake";
            default -> "MQTT";
        };
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    @Override
    public void close() {
        if (phase != Phase.CLOSED) {
            boolean inOrder = phase.isClosing();
            phase = Phase.CLOSED;
            if (closingTimer != null) {
                closingTimer.cancel();
            }
            pending = NOTHING;
            try (SocketChannel closing = socket) {
                if (closing != null && closing.isConnected() && !inOrder) {
                    // or what it has not sent takes over the next one
                    closing.setOption(StandardSocketOptions.SO_LINGER, 0);
                }
            } catch (IOException e) {
                loop.report("closing a connection", e);
            }
        }
    }

    @Override
    public void closeGracefully(byte[] last, long deadlineNanoTime) {
        if (phase != Phase.OPEN) {
            close();
            loop.execute(() -> handler.closed(new Closing(false, "closed")));
            return;
        }
        send(frames == null ? last : frames.binary(last));
        if (frames != null) {
            send(frames.close());
        }
        awaitEnd(deadlineNanoTime, new Closing(false, "closed"));
    }

    /** What is left is written, and the peer is to close. */
    private void awaitEnd(long deadlineNanoTime, Closing closing) {
        phase = Phase.CLOSING;
        readingPaused = false;
        closingTimer = loop.at(deadlineNanoTime, () -> end(closing));
    }

    private void end(boolean byPeer, String reason) {
        end(new Closing(byPeer, reason));
    }

    private void end(Closing closing) {
        if (phase != Phase.CLOSED) {
            close();
            try {
                handler.closed(closing);
            } catch (Throwable e) {
                loop.report("handling a closed connection", e);
            }
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /** An exception of a step ends this connection, and no other. */
    private void guard(Step step) {
        if (phase == Phase.CLOSED) {
            return;
        }
        try {
            step.run();
        } catch (IOException e) {
            failed(new Closing(phase == Phase.OPEN && Reasons.isFromPeer(e), describe(e)));
        } catch (Throwable e) {
            boolean large = e instanceof OutOfMemoryError && loop.hasRoom();
            if (!large) {
                loop.report("a connection", e);
            }
            end(large ? TOO_LARGE
                    : e instanceof OutOfMemoryError ? NO_HEAP : new Closing(false, "internal error: " + e));
        }
    }

    /** A step failed: the connection ends at once, or when the peer has read the alert of TLS and closed. */
    private void failed(Closing closing) {
        if (stream != null && stream.alerted && !phase.isClosing()) {
            awaitEnd(loop.nanoTime() + ALERT_NANOS, closing);
            pending = NOTHING;
            interest();
        } else {
            end(closing);
        }
    }

    private String describe(Exception e) {
        return Reasons.of(e, route, phase == Phase.CONNECTING, phase == Phase.SECURING, opening);
    }
}
