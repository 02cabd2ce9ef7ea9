package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * The one thread {@code mqtt-io} on which every session of the bundle lives: runs tasks and timers, reads, and once per
 * turn lets every connection that asked for it write, so that what a turn brings leaves in few large writes.
 */
public final class EventLoop implements Scheduler, Network {
    private static final Log LOG = Log.of(EventLoop.class);
    private static final int MAX_WORKERS = 4;
    private static final int BUFFER_BYTES = 65_536;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long LOG_PAUSE_NANOS = 10_000_000_000L;

    private final Questions<Resolver.Answer> names = new Questions<>(this, Threads.pool("mqtt-resolve", MAX_WORKERS),
            new Resolver.Answer(null, "the client is stopping"));
    private final Questions<Boolean> nameServers = new Questions<>(this, Threads.pool("mqtt-wan", 1), false);
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean awake = new AtomicBoolean();
    /** A tree: a heap would have to be searched for each timer that is cancelled. */
    private final TreeSet<LoopTimer> timers = new TreeSet<>();
    private final Thread thread;
    private volatile Predicate<InetAddress> onLink = address -> false;
    private long timerNumber;
    private long nextErrorLog = System.nanoTime();
    private int unloggedErrors;
    private volatile boolean stopping;
    private volatile boolean ended;
    private final AtomicInteger lateTasks = new AtomicInteger();

    final Selector selector;
    final SecureRandom secureRandom = new SecureRandom();
    /** Runs what takes a while: TLS computations, reading keys. */
    final ThreadPoolExecutor work = Threads.pool("mqtt-work", MAX_WORKERS);
    /** Who is to write at the end of this turn. */
    final Queue<TcpConnection> writers = new ArrayDeque<>();
    /** Used by one connection at a time, within one call. */
    final ByteBuffer readBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    final ByteBuffer writeBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

    public EventLoop() throws IOException {
        selector = Selector.open();
        thread = new EngineThread(this::run, "mqtt-io");
    }

    public void start() {
        thread.start();
    }

    /** Ends the loop when its tasks are done, closes every connection, and waits for the end, at most so long. */
    public void stop(long timeoutMillis) throws InterruptedException {
        execute(() -> stopping = true);
        names.stop();
        work.shutdownNow();
        nameServers.stop();
        if (Thread.currentThread() != thread) {
            thread.join(timeoutMillis);
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
        if (ended) {
            runLateTasks();
        } else if (!awake.getAndSet(true)) {
            selector.wakeup();
        }
    }

    /**
     * What comes after the end of the loop runs where it comes from, one task at a time: whoever still holds a publication
     * of a stopped client gets an answer.
     */
    private void runLateTasks() {
        if (lateTasks.getAndIncrement() == 0) {
            for (int seen = 1; seen != 0; seen = lateTasks.addAndGet(-seen)) {
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    guard(task);
                }
            }
        }
    }

    @Override
    public Timer at(long nanoTime, Runnable task) {
        LoopTimer timer = new LoopTimer(nanoTime, timerNumber++, task);
        timers.add(timer);
        return () -> timers.remove(timer);
    }

    @Override
    public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        names.ask(host, () -> Resolver.lookUp(host), found -> answer.accept(found.addresses(), found.error()));
    }

    @Override
    public InetAddress literal(String host) {
        return Resolver.literal(host);
    }

    @Override
    public boolean isOnLink(InetAddress address) {
        return onLink.test(address);
    }

    /** Who knows which addresses are on a network that this machine is attached to. */
    public void onLink(Predicate<InetAddress> test) {
        onLink = test;
    }

    @Override
    public Connection connect(Route route, ConnectionHandler handler) {
        TcpConnection connection = new TcpConnection(this, route, handler);
        connection.connect();
        return connection;
    }

    @Override
    public void queryDns(String server, int port, Consumer<Boolean> answer) {
        nameServers.ask(server + " " + port, () -> DnsProbe.answers(server, port), answer);
    }

    private void run() {
        while (!stopping) {
            try {
                turn();
            } catch (Throwable e) { // one fault must not stop every client
                report("the io loop", e);
            }
        }
        for (SelectionKey key : selector.keys()) {
            ((TcpConnection) key.attachment()).close();
        }
        try {
            selector.close();
        } catch (IOException e) {
            LOG.warn("Closing the selector failed", e);
        }
        ended = true;
        runLateTasks();
    }

    private void turn() throws IOException {
        select();
        awake.set(true); // no wake-up is needed while the loop is busy
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            guard(task);
        }
        runTimers();
        for (int i = writers.size(); i > 0; i--) {
            writers.remove().writeNow();
        }
    }

    private void select() throws IOException {
        boolean idle = tasks.isEmpty() && writers.isEmpty();
        if (idle) {
            awake.set(false); // from now on a task wakes the loop up
            idle = tasks.isEmpty();
        }
        long wait = timers.isEmpty() ? Long.MAX_VALUE : timers.first().time - System.nanoTime();
        if (idle && wait > 0) {
            selector.select(this::ready, wait / NANOS_PER_MILLI + 1);
        } else {
            selector.selectNow(this::ready);
        }
    }

    private void ready(SelectionKey key) {
        ((TcpConnection) key.attachment()).ready();
    }

    private void runTimers() {
        long now = System.nanoTime();
        while (!timers.isEmpty() && timers.first().time - now <= 0) {
            guard(timers.pollFirst().task);
        }
    }

    private void guard(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            report("a task of the io loop", e);
        }
    }

    /** Logs an internal error; at most one in ten seconds, the others are counted. */
    void report(String where, Throwable e) {
        long now = System.nanoTime();
        if (now - nextErrorLog >= 0) {
            LOG.error("Internal error in {} ({} more since the last report)", where, unloggedErrors, e);
            nextErrorLog = now + LOG_PAUSE_NANOS;
            unloggedErrors = 0;
        } else {
            unloggedErrors++;
        }
    }

    /** A planned task; of those with the same time, the one that was planned first comes first. */
    private record LoopTimer(long time, long number, Runnable task) implements Comparable<LoopTimer> {
        @Override
        public int compareTo(LoopTimer other) {
            return time == other.time ? Long.compare(number, other.number) : Long.signum(time - other.time);
        }
    }
}
