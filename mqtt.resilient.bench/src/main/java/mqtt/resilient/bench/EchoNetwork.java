package mqtt.resilient.bench;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * A loop without a thread and a broker without a socket: what a client writes is framed, and every CONNECT, SUBSCRIBE
 * and QoS 1 PUBLISH is acknowledged at once, in bytes. Everything runs on the thread that calls {@link #run}.
 */
public final class EchoNetwork implements Scheduler, Network, Connection, ConnectionHandler.Output {
    private static final byte[] CONNACK = { 0x20, 2, 0, 0 };

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Planned> timers = new PriorityQueue<>();
    private final ByteBuffer out = ByteBuffer.allocateDirect(65_536);
    private final ByteBuffer answers = ByteBuffer.allocateDirect(65_536);
    private final Runnable write = this::write;
    private ConnectionHandler handler;
    private boolean writeRequested;
    private boolean answersPublish = true;

    private record Planned(long time, Runnable task) implements Comparable<Planned> {
        @Override
        public int compareTo(Planned other) {
            return Long.compare(time, other.time);
        }
    }

    /** Whether a PUBLISH is acknowledged. */
    void answersPublish(boolean answer) {
        answersPublish = answer;
    }

    /** Runs until nothing is left to do now. */
    void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long wallClockMillis() {
        return System.currentTimeMillis();
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer at(long nanoTime, Runnable task) {
        Planned planned = new Planned(nanoTime, task);
        timers.add(planned);
        return () -> timers.remove(planned);
    }

    @Override
    public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        tasks.add(() -> answer.accept(List.of(InetAddress.getLoopbackAddress()), ""));
    }

    @Override
    public void queryDns(String server, int port, Consumer<Boolean> answer) {
        tasks.add(() -> answer.accept(true));
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
        return "";
    }

    @Override
    public Connection connect(Route route, ConnectionHandler newHandler) {
        handler = newHandler;
        tasks.add(newHandler::connected);
        return this;
    }

    @Override
    public void requestWrite() {
        if (!writeRequested) {
            writeRequested = true;
            tasks.add(write);
        }
    }

    private void write() {
        writeRequested = false;
        while (true) {
            out.clear();
            handler.fill(this);
            if (out.flip().limit() == 0) {
                return;
            }
            handler.flushed();
            answer();
        }
    }

    private void answer() {
        answers.clear();
        while (out.hasRemaining()) {
            int header = out.get() & 0xFF;
            int length = 0;
            for (int shift = 0;; shift += 7) {
                int digit = out.get();
                length |= (digit & 127) << shift;
                if (digit >= 0) {
                    break;
                }
            }
            int body = out.position();
            switch (header >> 4) {
                case 1 -> answers.put(CONNACK);
                case 3 -> {
                    if (answersPublish && (header & 6) == 2) {
                        answers.put((byte) 0x40).put((byte) 2)
                                .putShort(out.getShort(body + 2 + out.getShort(body)));
                    }
                }
                case 8 -> answers.put((byte) 0x90).put((byte) 3).putShort(out.getShort(body)).put((byte) 1);
                default -> {}
            }
            out.position(body + length);
        }
        if (answers.flip().hasRemaining()) {
            handler.received(answers);
        }
    }

    @Override
    public ByteBuffer reserve(int bytes) {
        return out.remaining() < bytes ? null : out;
    }

    @Override
    public void pauseReading(boolean pause) {
        // nothing comes unasked
    }

    @Override
    public String step() {
        return "";
    }

    @Override
    public int unsentBytes() {
        return 0;
    }

    @Override
    public void close() {
        handler = null;
    }

    @Override
    public void closeGracefully(byte[] last, long deadlineNanoTime) {
        ConnectionHandler closing = handler;
        tasks.add(() -> closing.closed(new ConnectionHandler.Closing(true, "closed")));
    }
}
