package mqtt.resilient.impl.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.ConnectionHandler.Closing;

/**
 * One TCP connection between a client and a broker: bytes arrive in order and late, in other pieces than they were sent
 * in, or not at all; either end closes, or vanishes without a word.
 */
final class Wire implements Connection, ConnectionHandler.Output {
    private static final int BUFFER_BYTES = 16_384;
    private static final int SOCKET_BUFFER_BYTES = 65_536;
    private static final int WRITES_PER_TURN = 16;
    private static final byte[] END = new byte[0];

    /** The broker's end. */
    interface Peer {
        void received(byte[] bytes);

        /** The client's end takes bytes to send. */
        void sending(byte[] bytes);

        /** The client has closed. */
        void closed();
    }

    /** One direction. */
    private final class Pipe {
        private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
        private final ArrayDeque<Long> arrivals = new ArrayDeque<>();
        private final Consumer<byte[]> sink;
        private final boolean up;
        private long lineFreeAt;
        private long latest;
        private long notBefore;
        private int bytes;
        private boolean planned;

        Pipe(boolean up, Consumer<byte[]> sink) {
            this.up = up;
            this.sink = sink;
        }

        void put(byte[] chunk) {
            Weather weather = gateway.weather();
            long now = timeline.now();
            long sent = Math.max(now, lineFreeAt);
            if (weather.bytesPerSecond() > 0) {
                sent += chunk.length * Timeline.SECOND / weather.bytesPerSecond();
                lineFreeAt = sent;
            }
            long arrival = sent + weather.latencyMillis() * Timeline.MILLI;
            if (weather.jitterMillis() > 0) {
                arrival += gateway.random().nextLong(weather.jitterMillis() * Timeline.MILLI);
            }
            if (weather.lossPercent() > 0 && gateway.random().nextInt(100) < weather.lossPercent()) {
                arrival += (200 << gateway.random().nextInt(3)) * Timeline.MILLI; // sent again
            }
            latest = Math.max(latest, arrival);
            chunks.add(chunk);
            arrivals.add(latest);
            bytes += chunk.length;
            plan();
        }

        private void plan() {
            if (!planned && !chunks.isEmpty() && !vanished) {
                planned = true;
                timeline.at(Math.max(arrivals.peek(), notBefore), this::arrive);
            }
        }

        private void arrive() {
            planned = false;
            if (chunks.isEmpty() || !gateway.isNetworkUp()
                    || !up && (readingPaused || gateway.process().isSuspended())) {
                return; // goes on when that is over
            }
            byte[] chunk = chunks.remove();
            arrivals.remove();
            bytes -= chunk.length;
            sink.accept(chunk);
            plan();
        }

        void resume(long nanos) {
            notBefore = timeline.now() + nanos;
            plan();
        }

        void clear() {
            chunks.clear();
            arrivals.clear();
            bytes = 0;
        }
    }

    private final Timeline timeline;
    private final Gateway gateway;
    private final Process process;
    private final int client;
    private final int node;
    private final ConnectionHandler handler;
    private final Pipe toBroker = new Pipe(true, this::arrivesAtBroker);
    private final Pipe toClient = new Pipe(false, this::arrivesAtClient);
    private ByteBuffer filling;
    private ByteBuffer pending = ByteBuffer.allocate(0);
    private Peer peer;
    private boolean established;
    private boolean writeRequested;
    private boolean readingPaused;
    private boolean closing;
    private boolean clientClosed;
    private boolean brokerClosed;
    /** Bytes of neither side arrive any more, and nobody is told. */
    private boolean vanished;
    /** The client's clock when it became a dead link; 0 = it is none. */
    private long deadSince;

    Wire(Timeline timeline, Gateway gateway, int client, int node, ConnectionHandler handler) {
        this.timeline = timeline;
        this.gateway = gateway;
        this.client = client;
        this.node = node;
        this.handler = handler;
        process = gateway.process();
    }

    // ---- the network's side ---------------------------------------------------------------------------------------

    void established(Peer newPeer) {
        peer = newPeer;
        established = true;
        process.execute(() -> {
            if (!clientClosed) {
                handler.connected();
            }
        });
    }

    void failed(String reason) {
        process.execute(() -> endForClient(false, reason));
    }

    boolean isOpenForClient() {
        return !clientClosed;
    }

    boolean isClosed() {
        return clientClosed && (brokerClosed || !established || vanished || toBroker.chunks.isEmpty());
    }

    /** Whose it is. */
    int client() {
        return client;
    }

    /** To which node it goes. */
    int node() {
        return node;
    }

    boolean isClosing() {
        return closing;
    }

    /** Since when, by the client's clock, nothing can arrive at this connection any more; 0 = it can. */
    long deadSince() {
        return deadSince;
    }

    boolean isReadingPaused() {
        return readingPaused;
    }

    /** The network works again, or the client looks again. */
    void resume(long nanos) {
        toBroker.resume(nanos);
        toClient.resume(nanos);
    }

    /** Somebody on the way ends it, for both. */
    void reset() {
        if (established && !vanished) {
            toBroker.clear();
            toClient.clear();
            if (!brokerClosed) {
                brokerClosed = true;
                peer.closed();
            }
            process.execute(() -> endForClient(true, "Connection reset"));
        }
    }

    /** The way is gone for good; nobody is told. */
    void vanish() {
        if (vanished) {
            return;
        }
        vanished = true;
        deadSince = Math.max(1, process.nanoTime());
        toBroker.clear();
        toClient.clear();
    }

    /** The client's process has gone; its machine says so, if it is still there. */
    void processGone(boolean machineToo) {
        if (machineToo) {
            vanish();
        }
        close();
    }

    private void arrivesAtBroker(byte[] chunk) {
        if (!brokerClosed) {
            if (chunk == END) {
                brokerClosed = true;
                peer.closed();
                if (!clientClosed) {
                    toClient.put(END);
                }
            } else {
                peer.received(chunk);
            }
        }
        if (pending.hasRemaining() && !clientClosed) {
            requestWrite();
        }
    }

    private void arrivesAtClient(byte[] chunk) {
        if (clientClosed) {
            return;
        }
        process.execute(() -> {
            if (clientClosed) {
                return;
            }
            if (chunk == END) {
                endForClient(true, closing ? "closed" : "the broker closed the connection");
            } else if (!closing) {
                handler.received(ByteBuffer.wrap(chunk));
            }
        });
    }

    private void endForClient(boolean byPeer, String reason) {
        if (!clientClosed) {
            clientClosed = true;
            handler.closed(new Closing(byPeer, reason));
        }
    }

    // ---- the broker's side ----------------------------------------------------------------------------------------

    /** Sends bytes to the client, in any pieces. */
    void send(byte[] bytes) {
        if (brokerClosed || vanished || clientClosed) {
            return;
        }
        if (bytes.length > 1 && gateway.random().nextInt(8) == 0) {
            int at = 1 + gateway.random().nextInt(bytes.length - 1);
            toClient.put(Arrays.copyOf(bytes, at));
            toClient.put(Arrays.copyOfRange(bytes, at, bytes.length));
        } else {
            toClient.put(bytes);
        }
    }

    /** The broker closes. */
    void hangUp() {
        if (!brokerClosed) {
            brokerClosed = true;
            if (!vanished && !clientClosed) {
                toClient.put(END);
            }
        }
    }

    // ---- the client's side ----------------------------------------------------------------------------------------

    @Override
    public String step() {
        return "the TCP connection";
    }

    @Override
    public void requestWrite() {
        if (!writeRequested && !clientClosed) {
            writeRequested = true;
            process.execute(this::write);
        }
    }

    private void write() {
        writeRequested = false;
        for (int i = 0; i < WRITES_PER_TURN && !clientClosed && established; i++) {
            if (pending.hasRemaining()) {
                transmit(pending);
                if (pending.hasRemaining()) {
                    return;
                }
                if (!closing) {
                    handler.flushed();
                }
            } else if (closing) {
                toBroker.put(END);
                return;
            } else {
                filling = gateway.writeBuffer().clear();
                handler.fill(gateway.heap().fragile(ConnectionHandler.Output.class, this));
                ByteBuffer filled = filling.flip();
                if (clientClosed || !filled.hasRemaining()) {
                    return;
                }
                transmit(filled);
                if (filled.hasRemaining()) {
                    pending = ByteBuffer.allocate(filled.remaining()).put(filled).flip();
                } else {
                    handler.flushed();
                }
            }
        }
        if (!pending.hasRemaining() && !closing) {
            requestWrite(); // the turn is over, the work may not be
        }
    }

    private void transmit(ByteBuffer bytes) {
        int count = Math.min(bytes.remaining(), SOCKET_BUFFER_BYTES - toBroker.bytes);
        if (count > 0) {
            byte[] chunk = new byte[count];
            bytes.get(chunk);
            peer.sending(chunk);
            toBroker.bytes += vanished ? count : 0;
            if (!vanished) {
                toBroker.put(chunk);
            }
        }
    }

    @Override
    public ByteBuffer reserve(int bytes) {
        if (filling.remaining() < bytes) {
            if (filling.position() > 0) {
                return null;
            }
            filling = ByteBuffer.allocate(Math.max(bytes, BUFFER_BYTES));
        }
        return filling;
    }

    @Override
    public void pauseReading(boolean pause) {
        readingPaused = pause;
        if (!pause) {
            toClient.resume(0);
        }
    }

    @Override
    public int unsentBytes() {
        return pending.remaining();
    }

    @Override
    public void close() {
        if (!clientClosed) {
            endedByClient();
            clientClosed = true;
            toClient.clear();
            if (!gateway.isNetworkUp() || toBroker.notBefore > timeline.now()) {
                toBroker.clear(); // what is not under way, and would be sent again, goes with the connection
            }
            if (established && !vanished) {
                toBroker.put(END);
            }
        }
    }

    @Override
    public void closeGracefully(byte[] last, long deadlineNanoTime) {
        if (clientClosed) {
            return;
        }
        endedByClient();
        pending = ByteBuffer.allocate(pending.remaining() + last.length).put(pending).put(last).flip();
        closing = true;
        readingPaused = false;
        toClient.resume(0);
        writeRequested = false;
        requestWrite();
        process.at(deadlineNanoTime, () -> {
            if (!clientClosed) {
                if (established && !vanished) {
                    toBroker.put(END);
                }
                endForClient(false, "closed");
            }
        });
    }

    private void endedByClient() {
        if (established && !vanished && !brokerClosed) {
            gateway.closedByClient(this);
        }
    }
}
