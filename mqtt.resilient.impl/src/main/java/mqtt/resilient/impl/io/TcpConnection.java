package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.ConnectionHandler.Closing;
import mqtt.resilient.impl.environment.Scheduler;

/** One TCP connection on the loop. Holds memory of its own only for bytes that the network does not take yet. */
final class TcpConnection implements Connection, ConnectionHandler.Output {
    private static final int READS_PER_TURN = 4;
    private static final int WRITES_PER_TURN = 8;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final EventLoop loop;
    private final ConnectionHandler handler;
    private SocketChannel channel;
    private SelectionKey key;
    private ByteBuffer pending = NOTHING;
    /** Takes a packet that is larger than the loop's buffer; null = none is filled now. */
    private ByteBuffer large;
    private boolean writeRequested;
    private boolean readingPaused;
    private boolean closingGracefully;
    private Scheduler.Timer closingTimer;
    private boolean closed;

    TcpConnection(EventLoop loop, ConnectionHandler handler) {
        this.loop = loop;
        this.handler = handler;
    }

    void connect(InetAddress address, int port) {
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            boolean connected = channel.connect(new InetSocketAddress(address, port));
            key = channel.register(loop.selector(), connected ? 0 : SelectionKey.OP_CONNECT, this);
            if (connected) {
                loop.execute(this::established);
            }
        } catch (IOException | RuntimeException e) {
            loop.execute(() -> end(false, describe(e)));
        }
    }

    private void established() {
        if (!closed) {
            interest();
            handler.connected();
        }
    }

    /** The selector has news. */
    void ready() {
        if (closed) {
            return;
        }
        try {
            if (key.isConnectable() && channel.finishConnect()) {
                established();
            }
            if (!closed && key.isReadable()) {
                read();
            }
            if (!closed && key.isValid() && key.isWritable()) {
                write();
            }
        } catch (IOException e) {
            end(isFromPeer(e), describe(e));
        } catch (Throwable e) {
            fault(e);
        }
    }

    private void read() throws IOException {
        ByteBuffer buffer = loop.readBuffer;
        for (int i = 0; i < READS_PER_TURN && !closed && !readingPaused; i++) {
            int count = channel.read(buffer.clear());
            if (count < 0) {
                end(true, "the broker closed the connection");
                return;
            }
            if (count > 0 && !closingGracefully) {
                handler.received(buffer.flip());
            }
            if (count < buffer.capacity()) {
                return;
            }
        }
    }

    @Override
    public void requestWrite() {
        if (!writeRequested && !closed) {
            writeRequested = true;
            loop.writeSoon(this);
        }
    }

    /** Writes what is left over and then what the handler fills, until there is no more or the network is full. */
    void write() {
        writeRequested = false;
        if (closed || !channel.isConnected()) {
            return;
        }
        try {
            for (int i = 0; i < WRITES_PER_TURN && !closed; i++) {
                if (pending.hasRemaining()) {
                    put(pending);
                    if (pending.hasRemaining()) {
                        break;
                    }
                    pending = NOTHING;
                    handler.flushed();
                } else if (closingGracefully) {
                    channel.shutdownOutput();
                    break;
                } else if (!fillAndPut()) {
                    interest();
                    return;
                }
            }
            interest();
            if (!closed && !pending.hasRemaining() && !closingGracefully) {
                requestWrite(); // the turn is over, the work may not be
            }
        } catch (IOException e) {
            end(isFromPeer(e), describe(e));
        } catch (Throwable e) {
            fault(e);
        }
    }

    /** One round of filling and writing; false when there was nothing to write. */
    private boolean fillAndPut() throws IOException {
        ByteBuffer shared = loop.writeBuffer.clear();
        handler.fill(this);
        ByteBuffer filled = large != null ? large : shared;
        large = null;
        if (closed || filled.flip().limit() == 0) {
            return false;
        }
        put(filled);
        if (filled.hasRemaining()) {
            pending = filled == shared ? ByteBuffer.allocate(filled.remaining()).put(filled).flip() : filled;
        } else {
            handler.flushed();
        }
        return true;
    }

    @Override
    public ByteBuffer reserve(int bytes) {
        ByteBuffer buffer = large != null ? large : loop.writeBuffer;
        if (buffer.remaining() >= bytes) {
            return buffer;
        }
        if (buffer.position() > 0) {
            return null;
        }
        large = ByteBuffer.allocate(bytes);
        return large;
    }

    /** Writes as much as the network takes, in pieces, because the JDK copies a whole heap buffer for each write. */
    private void put(ByteBuffer bytes) throws IOException {
        int end = bytes.limit();
        while (bytes.position() < end) {
            int piece = Math.min(end - bytes.position(), loop.writeBuffer.capacity());
            bytes.limit(bytes.position() + piece);
            int count = channel.write(bytes);
            bytes.limit(end);
            if (count < piece) {
                return;
            }
        }
    }

    private void interest() {
        if (!closed && key.isValid()) {
            int ops = (readingPaused ? 0 : SelectionKey.OP_READ) | (pending.hasRemaining() ? SelectionKey.OP_WRITE : 0);
            if (key.interestOps() != ops) {
                key.interestOps(ops);
            }
        }
    }

    @Override
    public void pauseReading(boolean pause) {
        readingPaused = pause;
        if (channel != null && channel.isConnected()) {
            interest();
        }
    }

    @Override
    public int unsentBytes() {
        return pending.remaining();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (closingTimer != null) {
                closingTimer.cancel();
            }
            pending = NOTHING;
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException e) {
                loop.report("closing a connection", e);
            }
        }
    }

    @Override
    public void closeGracefully(byte[] last, long deadlineNanoTime) {
        if (closed) {
            loop.execute(() -> handler.closed(new Closing(false, "closed")));
            return;
        }
        ByteBuffer all = ByteBuffer.allocate(pending.remaining() + last.length);
        pending = all.put(pending).put(last).flip();
        closingGracefully = true;
        readingPaused = false;
        closingTimer = loop.at(deadlineNanoTime, () -> end(false, "closed"));
        requestWrite();
    }

    private void end(boolean byPeer, String reason) {
        if (!closed) {
            close();
            try {
                handler.closed(new Closing(byPeer, reason));
            } catch (Throwable e) {
                loop.report("handling a closed connection", e);
            }
        }
    }

    private void fault(Throwable e) {
        loop.report("a connection", e);
        end(false, "internal error: " + e);
    }

    private static boolean isFromPeer(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("reset") || message.contains("Broken pipe");
    }

    private static String describe(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
