package mqtt.resilient.impl.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
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
    private static final Duration PATIENCE = Duration.ofHours(1);
    private static final Duration IDLE_STEP = Duration.ofSeconds(1);

    private final VirtualScheduler scheduler;
    private final ArrayDeque<String> received = new ArrayDeque<>();
    private final List<Wire> wires = new ArrayList<>();
    private Wire wire;
    private boolean unreachable;
    private boolean silent;
    private int roomBytes = Integer.MAX_VALUE;
    private boolean resolverIsSilent;
    private boolean holdsOn;
    private boolean hasSession;
    private final Map<String, List<String>> addresses = new HashMap<>();
    private final Set<String> refusingAddresses = new HashSet<>();
    private final Set<String> silentAddresses = new HashSet<>();
    private final Map<String, Duration> delays = new HashMap<>();
    private String onLink = "";
    private String way = "eth0";
    private final List<String> attempts = new ArrayList<>();

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

    /** Those packets of {@link #takeAll} that begin with a text; the others stay to be expected. */
    public List<String> take(String beginning) {
        scheduler.run();
        List<String> some = received.stream().filter(packet -> packet.startsWith(beginning)).toList();
        received.removeIf(packet -> packet.startsWith(beginning));
        return some;
    }

    /** The next packets from the client, in any order. */
    public ScriptedBroker expectsInAnyOrder(String... packets) {
        scheduler.run();
        List<String> next = new ArrayList<>();
        for (int i = 0; i < packets.length && !received.isEmpty(); i++) {
            next.add(received.remove());
        }
        assertEquals(Stream.of(packets).sorted().toList(), next.stream().sorted().toList());
        return this;
    }

    /** Sends packets one after the other. */
    public ScriptedBroker sends(String... packets) {
        for (String packet : packets) {
            sendsBytes(encode(packet));
        }
        return this;
    }

    /** Sends packets so that they arrive in one piece. */
    public ScriptedBroker sendsTogether(String... packets) {
        return sendsBytes(Bytes.join(Stream.of(packets).map(this::encode).toArray(byte[][]::new)));
    }

    private byte[] encode(String packet) {
        assertTrue(wire != null, "there is no connection");
        return wire.reader.isFive() ? PacketText5.encode(packet) : PacketText.encode(packet);
    }

    /** Sends bytes. */
    public ScriptedBroker sendsBytes(byte[] bytes) {
        assertTrue(wire != null, "there is no connection");
        scheduler.runAsLoop(() -> wire.handler.received(ByteBuffer.wrap(bytes)));
        scheduler.run();
        return this;
    }

    /** Takes the usual first steps of a client without a session: the discarding connection, then the lasting one. */
    public ScriptedBroker acceptsNewClient() {
        expects("CONNECT clean *").sends("CONNACK").expects("DISCONNECT", "CONNECT *").sends("CONNACK");
        hasSession = true;
        return this;
    }

    /** The next connection of the client is accepted. */
    public ScriptedBroker accepts(boolean sessionPresent) {
        expects("CONNECT *").sends(sessionPresent ? "CONNACK session-present" : "CONNACK");
        hasSession = true;
        return this;
    }

    /** Lets time pass until the client is connected to the network again. */
    public ScriptedBroker awaitsClient() {
        scheduler.run();
        long end = scheduler.nanoTime() + PATIENCE.toNanos();
        while (wire == null) {
            Duration left = Duration.ofNanos(end - scheduler.nanoTime());
            assertTrue(scheduler.advanceToNext(left), "the client does not connect again");
        }
        return this;
    }

    /** Lets time pass until the client's next attempt, and accepts it. */
    public ScriptedBroker acceptsAgain(boolean sessionPresent) {
        return awaitsClient().accepts(sessionPresent);
    }

    /** Closes the connection from the broker's side. */
    public ScriptedBroker hangsUp() {
        end(new Closing(true, "the broker closed the connection"));
        return this;
    }

    /**
     * Answers all that the client sends, until a packet comes for which it closes the connection without answering;
     * whether one came.
     */
    public boolean answersUnless(Predicate<String> closesOn) {
        boolean came = answersUntil(closesOn);
        if (came) {
            hangsUp();
        }
        return came;
    }

    /** Answers all that the client sends, until a packet comes that it does not read any more; whether one came. */
    public boolean answersUntil(Predicate<String> last) {
        while (true) {
            scheduler.run();
            String packet = received.poll();
            if (packet == null || wire == null) { // the client has left
                received.clear();
                return false;
            }
            if (last.test(packet)) {
                received.clear();
                return true;
            }
            String id = packet.replaceAll(".* (id=[0-9]+).*|.*", "$1");
            switch (packet.split(" ")[0]) {
                case "CONNECT" -> {
                    boolean clean = packet.startsWith("CONNECT clean ");
                    sends(clean || !hasSession ? "CONNACK" : "CONNACK session-present");
                    hasSession = !clean;
                }
                case "PUBLISH" -> {
                    if (!id.isEmpty()) {
                        sends((packet.contains(" q1 ") ? "PUBACK " : "PUBREC ") + id);
                    }
                }
                case "PUBREL" -> sends("PUBCOMP " + id);
                case "SUBSCRIBE" -> sends("SUBACK " + id + " 1".repeat(packet.split(" ").length - 2));
                case "UNSUBSCRIBE" -> sends("UNSUBACK " + id);
                case "PINGREQ" -> sends("PINGRESP");
                default -> {}
            }
        }
    }

    /** The network breaks. */
    public ScriptedBroker networkBreaks() {
        end(new Closing(false, "the network is gone"));
        return this;
    }

    /** What the client does with the connection finds no room in the heap, although that is not full. */
    public ScriptedBroker isTooMuchForTheHeap() {
        end(new Closing(false, "something large", true));
        return this;
    }

    private void end(Closing closing) {
        Wire ended = wire;
        assertTrue(ended != null, "there is no connection");
        scheduler.runAsLoop(() -> {
            ended.close();
            ended.handler.closed(closing);
        });
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

    /** Whether one address refuses connections from now on, for example 10.0.0.1. */
    public ScriptedBroker refusesAt(String refusing, boolean refuses) {
        if (refuses) {
            refusingAddresses.add(refusing);
        } else {
            refusingAddresses.remove(refusing);
        }
        return this;
    }

    /** Whether connections to one address are neither made nor refused from now on. */
    public ScriptedBroker isSilentAt(String silentAddress, boolean newSilent) {
        if (newSilent) {
            silentAddresses.add(silentAddress);
        } else {
            silentAddresses.remove(silentAddress);
        }
        return this;
    }

    /** How long a connection to one address takes to be made from now on. */
    public ScriptedBroker connectsAfter(String slowAddress, Duration time) {
        delays.put(slowAddress, time);
        return this;
    }

    /** The system's routes lead over this interface from now on. */
    public ScriptedBroker isReachedOver(String newWay) {
        way = newWay;
        return this;
    }

    /** The address of a neighbour. */
    public ScriptedBroker hasOnLink(String neighbour) {
        onLink = neighbour;
        return this;
    }

    /** The number of connections that are open or being made. */
    public long openConnections() {
        scheduler.run();
        return wires.stream().filter(each -> !each.closed).count();
    }

    /** The addresses of a host, of both families; without this it is 10.0.0.1. */
    public ScriptedBroker resolves(String host, String... to) {
        addresses.put(host, List.of(to));
        return this;
    }

    /** Whether names get no answer from now on. */
    public ScriptedBroker resolvesNothing(boolean nothing) {
        resolverIsSilent = nothing;
        return this;
    }

    /** Where connections were tried since the last call, as address:port. */
    public List<String> takeAttempts() {
        scheduler.run();
        List<String> all = List.copyOf(attempts);
        attempts.clear();
        return all;
    }

    /** Whether it leaves connections open after a DISCONNECT from now on, until the client's patience ends. */
    public ScriptedBroker holdsOn(boolean holds) {
        holdsOn = holds;
        return this;
    }

    /** How many bytes the network takes from now on before it is full. */
    public ScriptedBroker takesBytes(int bytes) {
        roomBytes = bytes;
        if (wire != null) {
            scheduler.runAsLoop(wire::write);
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

    /** Moves time and answers the pings that come meanwhile. */
    public ScriptedBroker idles(Duration time) {
        long end = scheduler.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - scheduler.nanoTime()) {
            scheduler.advance(Duration.ofNanos(Math.min(left, IDLE_STEP.toNanos())));
            if (!take("PINGREQ").isEmpty()) {
                sends("PINGRESP");
            }
        }
        return this;
    }

    // ---- the network ----------------------------------------------------------------------------------------------

    @Override
    public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        requireLoop();
        scheduler.execute(() -> {
            if (host.endsWith(".invalid")) {
                answer.accept(null, "unknown host");
            } else if (!resolverIsSilent) {
                answer.accept(addresses.getOrDefault(host, List.of("10.0.0.1")).stream()
                        .map(each -> address(host, each)).toList(), "");
            }
        });
    }

    private void requireLoop() {
        assertTrue(scheduler.isLoop(), "the network is used outside the loop");
    }

    private static InetAddress address(String host, String digits) {
        try {
            return InetAddress.getByAddress(host, InetAddress.getByName(digits).getAddress()); // nothing is looked up
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void queryDns(String server, int port, Consumer<Boolean> answer) {
        requireLoop();
        scheduler.execute(() -> answer.accept(!unreachable));
    }

    @Override
    public InetAddress literal(String host) {
        try {
            return host.matches("[0-9.]+|.*:.*") ? InetAddress.getByName(host) : null;
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public boolean isOnLink(InetAddress address) {
        return address.getHostAddress().equals(onLink);
    }

    @Override
    public String wayTo(InetAddress address) {
        return way;
    }

    @Override
    public Connection connect(Route route, ConnectionHandler handler) {
        requireLoop();
        Wire made = new Wire(handler);
        wires.add(made);
        String address = route.address().getHostAddress();
        attempts.add(address + ":" + route.port());
        Runnable connect = () -> {
            if (made.closed || silent || silentAddresses.contains(address)) {
                return;
            }
            if (unreachable || refusingAddresses.contains(address)) {
                made.closed = true;
                handler.closed(new Closing(false, "Connection refused"));
            } else {
                wire = made;
                handler.connected();
            }
        };
        if (delays.containsKey(address)) {
            scheduler.at(scheduler.nanoTime() + delays.get(address).toNanos(), connect);
        } else {
            scheduler.execute(connect);
        }
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
        public String step() {
            return "the TCP connection";
        }

        @Override
        public void requestWrite() {
            requireLoop();
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
            requireLoop();
            readingPaused = pause;
        }

        @Override
        public int unsentBytes() {
            requireLoop();
            return unsent.remaining();
        }

        @Override
        public void close() {
            requireLoop();
            closed = true;
            if (wire == this) {
                wire = null;
            }
        }

        @Override
        public void closeGracefully(byte[] last, long deadlineNanoTime) {
            requireLoop();
            take(unsent);
            take(ByteBuffer.wrap(last));
            close();
            Runnable gone = () -> handler.closed(new Closing(true, "closed"));
            if (holdsOn) {
                scheduler.at(deadlineNanoTime, gone);
            } else {
                scheduler.execute(gone);
            }
        }
    }

    /** The clock that the broker and the client share. */
    public Scheduler scheduler() {
        return scheduler;
    }
}
