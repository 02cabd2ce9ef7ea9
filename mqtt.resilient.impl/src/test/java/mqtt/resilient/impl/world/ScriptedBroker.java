package mqtt.resilient.impl.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.ConnectionHandler.Closing;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * A network with a broker at its end that does what a test says, packet by packet, in the words of {@link PacketText}:
 *
 * <pre>
 * broker.expects("PUBLISH q1 id=1 plant/a 20.5");
 * broker.sends("PUBACK id=1");
 * </pre>
 */
public final class ScriptedBroker implements Network {
    private final VirtualScheduler scheduler;
    private final ArrayDeque<String> received = new ArrayDeque<>();
    private final List<Wire> wires = new ArrayList<>();
    private Wire wire;
    private boolean unreachable;
    private boolean silent;
    private int roomBytes = Integer.MAX_VALUE;

    public ScriptedBroker(VirtualScheduler scheduler) {
        this.scheduler = scheduler;
    }

    // ---- the script -----------------------------------------------------------------------------------------------

    /** The next packets from the client, one for each text; an expected text that ends in * matches its beginning. */
    public ScriptedBroker expects(String... packets) {
        scheduler.run();
        for (String packet : packets) {
            String next = received.poll();
            assertTrue(next != null, () -> "expected " + packet + " but the client sent nothing more");
            if (packet.endsWith("*")) {
                assertTrue(next.startsWith(packet.substring(0, packet.length() - 1)),
                        () -> "expected " + packet + " but was " + next);
            } else {
                assertEquals(packet, next);
            }
        }
        return this;
    }

    /** The client has sent nothing more. */
    public ScriptedBroker expectsNothing() {
        scheduler.run();
        assertEquals(List.of(), List.copyOf(received));
        return this;
    }

    /** Everything that the client has sent and no test has expected yet. */
    public List<String> takeAll() {
        scheduler.run();
        List<String> all = List.copyOf(received);
        received.clear();
        return all;
    }

    /** Sends packets, all in one piece. */
    public ScriptedBroker sends(String... packets) {
        for (String packet : packets) {
            sendsBytes(PacketText.encode(packet));
        }
        return this;
    }

    /** Sends bytes. */
    public ScriptedBroker sendsBytes(byte[] bytes) {
        assertTrue(wire != null, "there is no connection");
        wire.handler.received(ByteBuffer.wrap(bytes));
        scheduler.run();
        return this;
    }

    /** Takes the usual first steps of a client without a session: the discarding connection, then the lasting one. */
    public ScriptedBroker acceptsNewClient() {
        expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT *").sends("CONNACK");
        return this;
    }

    /** The next connection of the client is accepted. */
    public ScriptedBroker accepts(boolean sessionPresent) {
        expects("CONNECT *").sends(sessionPresent ? "CONNACK session-present" : "CONNACK");
        return this;
    }

    /** Closes the connection from the broker's side. */
    public ScriptedBroker hangsUp() {
        end(new Closing(true, "the broker closed the connection"));
        return this;
    }

    /** The network breaks. */
    public ScriptedBroker networkBreaks() {
        end(new Closing(false, "the network is gone"));
        return this;
    }

    private void end(Closing closing) {
        Wire ended = wire;
        assertTrue(ended != null, "there is no connection");
        ended.close();
        ended.handler.closed(closing);
        scheduler.run();
    }

    /** Whether connections can be made from now on. */
    public ScriptedBroker isReachable(boolean reachable) {
        unreachable = !reachable;
        return this;
    }

    /** Whether connections are neither made nor refused from now on. */
    public ScriptedBroker isSilent(boolean newSilent) {
        silent = newSilent;
        return this;
    }

    /** How many bytes the network takes from now on before it is full. */
    public ScriptedBroker takesBytes(int bytes) {
        roomBytes = bytes;
        if (wire != null) {
            wire.write();
        }
        return this;
    }

    public boolean isConnected() {
        scheduler.run();
        return wire != null;
    }

    public boolean isReadingPaused() {
        scheduler.run();
        return wire != null && wire.readingPaused;
    }

    /** The number of connections so far. */
    public int connections() {
        scheduler.run();
        return wires.size();
    }

    /** Moves time. */
    public ScriptedBroker after(Duration time) {
        scheduler.advance(time);
        return this;
    }

    // ---- the network ----------------------------------------------------------------------------------------------

    @Override
    public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        scheduler.execute(() -> {
            if (host.endsWith(".invalid")) {
                answer.accept(null, "unknown host");
            } else {
                try {
                    answer.accept(List.of(InetAddress.getByAddress(host, new byte[] { 10, 0, 0, 1 })), "");
                } catch (UnknownHostException e) {
                    throw new AssertionError(e);
                }
            }
        });
    }

    @Override
    public void queryDns(String server, int port, Consumer<Boolean> answer) {
        scheduler.execute(() -> answer.accept(!unreachable));
    }

    @Override
    public InetAddress literal(String host) {
        try {
            return host.equals("127.0.0.1") ? InetAddress.getByAddress(new byte[] { 127, 0, 0, 1 }) : null;
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public Connection connect(Route route, ConnectionHandler handler) {
        Wire made = new Wire(handler);
        wires.add(made);
        scheduler.execute(() -> {
            if (made.closed || silent) {
                return;
            }
            if (unreachable) {
                made.closed = true;
                handler.closed(new Closing(false, "Connection refused"));
            } else {
                wire = made;
                handler.connected();
            }
        });
        return made;
    }

    private final class Wire implements Connection, ConnectionHandler.Output {
        private final ConnectionHandler handler;
        private final PacketText.Reader reader = new PacketText.Reader();
        private ByteBuffer buffer = ByteBuffer.allocate(65_536);
        private ByteBuffer unsent = ByteBuffer.allocate(0);
        private boolean writeRequested;
        private boolean closed;
        private boolean readingPaused;

        Wire(ConnectionHandler handler) {
            this.handler = handler;
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
            while (!closed && wire == this) {
                if (!unsent.hasRemaining()) {
                    buffer = ByteBuffer.allocate(65_536);
                    handler.fill(this);
                    unsent = buffer.flip();
                    if (closed || !unsent.hasRemaining()) {
                        return;
                    }
                }
                int count = Math.min(roomBytes, unsent.remaining());
                if (count == 0) {
                    return;
                }
                if (roomBytes != Integer.MAX_VALUE) {
                    roomBytes -= count;
                }
                take(unsent.slice(unsent.position(), count));
                unsent.position(unsent.position() + count);
                if (!unsent.hasRemaining()) {
                    handler.flushed();
                }
            }
        }

        private void take(ByteBuffer bytes) {
            received.addAll(reader.read(bytes));
        }

        @Override
        public ByteBuffer reserve(int bytes) {
            if (buffer.remaining() < bytes && buffer.position() == 0) {
                buffer = ByteBuffer.allocate(bytes);
            }
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
            if (wire == this) {
                wire = null;
            }
        }

        @Override
        public void closeGracefully(byte[] last, long deadlineNanoTime) {
            take(unsent);
            take(ByteBuffer.wrap(last));
            close();
            scheduler.execute(() -> handler.closed(new Closing(true, "closed")));
        }
    }

    /** The clock that the broker and the client share. */
    public Scheduler scheduler() {
        return scheduler;
    }
}
