package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * The one thread {@code mqtt-io} on which every session of the bundle lives: runs tasks and timers, reads, and once per
 * turn lets every connection that asked for it write, so that what a turn brings leaves in few large writes.
 */
public final class EventLoop implements Scheduler, Network {
    static {
        Handlers.prepare(Throwable.class, VirtualMachineError.class, OutOfMemoryError.class, StackOverflowError.class);
        Handlers.words("the io loop", "a task of the io loop", "the end of the io loop", "closing the connections");
    }

    private static final Log LOG = Log.of(EventLoop.class);
    private static final int MAX_WORKERS = 4;
    /** Of any service: nothing is sent there. */
    private static final int DISCARD_PORT = 9;
    private static final int BUFFER_BYTES = 65_536;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long LOG_PAUSE_NANOS = 10_000_000_000L;
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final long HEAP_MILLIS = 20;
    private static final int MAX_TELLS = 100;

    private final Questions<Resolver.Answer> names = new Questions<>(this, threads("mqtt-resolve", 0, MAX_WORKERS),
            new Resolver.Answer(null, "the client is stopping"),
            error -> new Resolver.Answer(null, "the look-up failed: " + error));
    private final Questions<Boolean> nameServers = new Questions<>(this, threads("mqtt-wan", 0, 1), false,
            error -> false);
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean awake = new AtomicBoolean();
    /** A tree: a heap would have to be searched for each timer that is cancelled. */
    private final TreeSet<LoopTimer> timers = new TreeSet<>();
    private final Thread thread;
    private volatile Predicate<InetAddress> onLink = address -> false;
    private final Shortage shortage = new Shortage();
    private volatile Watcher watcher = new Watcher() {
        @Override
        public void heapWasShort(String where) {
            LOG.error("Out of memory in {}", where);
        }

        @Override
        public void ended(Throwable reason) {
            LOG.error("The thread mqtt-io has ended", reason);
        }
    };
    private long timerNumber;
    private long nextErrorLog = System.nanoTime();
    private int unloggedErrors;
    private volatile boolean stopAsked;
    private volatile boolean stopping;
    private volatile boolean ended;
    private volatile Throwable broken;
    private final AtomicInteger lateTasks = new AtomicInteger();
    /** Those who are to write at the end of this turn, a list that needs no memory of its own. */
    private TcpConnection firstWriter;
    private TcpConnection lastWriter;

    /** Is told what concerns every client; on the loop, or as its last act. */
    public interface Watcher {
        /**
         * The heap, or another resource of the machine, was used up while the loop did something, and is available
         * again. What was being done may be half done.
         *
         * @param where what the loop did
         */
        void heapWasShort(String where);

        /**
         * The loop has ended although nobody stopped it; tasks run on the threads that bring them, and timers never.
         */
        void ended(Throwable reason);
    }

    final Selector selector;
    final SecureRandom secureRandom = new SecureRandom();
    /** Runs what takes a while: TLS computations, reading keys. */
    final Threads work = threads("mqtt-work", 0, MAX_WORKERS);
    /** Used by one connection at a time, within one call. */
    final ByteBuffer readBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    final ByteBuffer writeBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

    public EventLoop() throws IOException {
        selector = Selector.open();
        thread = new EngineThread(this::run, "mqtt-io");
    }

    /**
     * Makes a pool whose threads are tried for again, a second later, when the machine has none; see {@link Threads}.
     */
    public Threads threads(String name, int standing, int most) {
        return new Threads(name, standing, most, task -> execute(() -> at(System.nanoTime() + RETRY_NANOS, task)));
    }

    /** Who is told what concerns every client, from now on. */
    public void watch(Watcher newWatcher) {
        watcher = newWatcher;
    }

    public void start() {
        Threads.start(thread);
    }

    /** Ends the loop when its tasks are done, closes every connection, and waits for the end, at most so long. */
    public void stop(long timeoutMillis) throws InterruptedException {
        stopAsked = true;
        shortage.endWait();
        selector.wakeup();
        names.stop();
        work.shutdownNow();
        nameServers.stop();
        if (Thread.currentThread() != thread) {
            thread.join(timeoutMillis);
            stopping = true; // whatever is left to do
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
        while (!add(task)) {
            Threads.sleep(HEAP_MILLIS);
        }
        if (ended) {
            runLateTasks();
        } else if (!awake.getAndSet(true)) {
            selector.wakeup();
        }
    }

    /** False if the heap has no room for it now. */
    private boolean add(Runnable task) {
        try {
            return tasks.add(task);
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    /**
     * What comes after the end of the loop runs where it comes from, one task at a time: whoever still holds a
     * publication of a stopped client gets an answer.
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
        LoopTimer timer = plan(nanoTime, task);
        while (timer == null) {
            Threads.sleep(HEAP_MILLIS);
            timer = plan(nanoTime, task);
        }
        return timer;
    }

    /** Null if the heap has no room for it now. */
    private LoopTimer plan(long nanoTime, Runnable task) {
        try {
            LoopTimer timer = new LoopTimer(nanoTime, timerNumber++, task);
            timers.add(timer);
            return timer;
        } catch (OutOfMemoryError e) {
            return null;
        }
    }

    /** Lets a connection write at the end of this turn; not while it waits for that already. */
    void addWriter(TcpConnection connection) {
        if (lastWriter == null) {
            firstWriter = connection;
        } else {
            lastWriter.nextWriter = connection;
        }
        lastWriter = connection;
    }

    private TcpConnection takeWriter() {
        TcpConnection first = firstWriter;
        firstWriter = first.nextWriter;
        lastWriter = firstWriter == null ? null : lastWriter;
        first.nextWriter = null;
        return first;
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

    @Override
    public String wayTo(InetAddress address) {
        try (DatagramChannel unsent = DatagramChannel.open()) { // UDP: the system chooses the way, and sends nothing
            unsent.connect(new InetSocketAddress(address, DISCARD_PORT));
            InetAddress own = ((InetSocketAddress) unsent.getLocalAddress()).getAddress();
            NetworkInterface way = NetworkInterface.getByInetAddress(own);
            return way == null ? "" : way.getName();
        } catch (IOException | RuntimeException e) {
            LOG.debug("There is no way to {}", address, e);
            return "";
        }
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
        Throwable reason = null;
        try {
            turnUntilStopped();
            reason = broken;
        } catch (Throwable e) { // also the guard has failed
            reason = e;
        } finally {
            ended = true;
            if (!stopping) {
                tellEnd(reason);
            }
            closeAll();
            runLateTasks();
        }
    }

    /**
     * A {@code finally} needs nothing from the heap, as a handler may the first time: what leaves even the handler ends
     * here.
     */
    @SuppressWarnings("finally")
    private void turnUntilStopped() {
        while (!stopping && broken == null) {
            boolean handled = false;
            try {
                turnGuarded();
                handled = true;
            } finally {
                if (!handled) {
                    shortage.note("the io loop");
                }
                continue;
            }
        }
    }

    /** Whatever is thrown here, also while the heap is waited for, ends nothing. */
    private void turnGuarded() {
        try {
            if (shortage.isNoted()) {
                recover();
            } else {
                turn();
            }
        } catch (Throwable e) { // one fault must not stop every client
            report("the io loop", e);
        }
    }

    /** Waits until there is heap again, and has every client mend what may be half done. */
    private void recover() {
        String where = shortage.awaitEnd();
        if (!stopAsked) {
            watcher.heapWasShort(where);
        }
    }

    private void tellEnd(Throwable reason) {
        boolean told = false;
        for (int i = 0; i < MAX_TELLS && !told; i++) {
            try {
                shortage.awaitEnd();
                watcher.ended(reason);
                told = true;
            } catch (Throwable e) { // no heap even for this: again
                report("the end of the io loop", e);
            }
        }
    }

    /** Ends the thread as no fault is known to do it; for tests. */
    void breakOff(Throwable reason) {
        broken = reason;
        selector.wakeup();
    }

    /** Whether the thread does nothing more. */
    boolean hasEnded() {
        return ended;
    }

    private void closeAll() {
        try {
            for (SelectionKey key : selector.keys()) {
                ((TcpConnection) key.attachment()).close();
            }
            selector.close();
        } catch (Throwable e) { // go on with what follows
            report("closing the connections", e);
        }
    }

    private void turn() throws IOException {
        select();
        boolean ends = stopAsked; // what came before that is done
        awake.set(true); // no wake-up is needed while the loop is busy
        for (Runnable task = nextTask(); task != null; task = nextTask()) {
            guard(task);
        }
        if (ends && !shortage.isNoted()) {
            stopping = true;
        }
        runTimers();
        for (TcpConnection last = lastWriter; last != null && firstWriter != null && !shortage.isNoted();) {
            TcpConnection writer = takeWriter();
            last = writer == last ? null : last;
            writer.writeNow();
        }
    }

    /** Null if there is none, or none is to be begun now. */
    private Runnable nextTask() {
        return shortage.isNoted() ? null : tasks.poll();
    }

    private void select() throws IOException {
        boolean idle = tasks.isEmpty() && firstWriter == null;
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
        while (!shortage.isNoted() && !timers.isEmpty() && timers.first().time - now <= 0) {
            guard(timers.pollFirst().task);
        }
    }

    /** Whether only something large does not fit into the heap. */
    boolean hasRoom() {
        return shortage.hasRoom();
    }

    /** Runs a task; an exception of it ends nothing else. */
    void guard(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            report("a task of the io loop", e);
        }
    }

    /**
     * Notes that the machine has no more of something, or logs another internal error; at most one in ten seconds, the
     * others are counted. Never throws.
     */
    void report(String where, Throwable e) {
        if (e instanceof VirtualMachineError && !(e instanceof StackOverflowError)) {
            shortage.note(where);
            return;
        }
        long now = System.nanoTime();
        if (now - nextErrorLog < 0) {
            unloggedErrors++;
            return;
        }
        try {
            LOG.error("Internal error in {} ({} more since the last report)", where, unloggedErrors, e);
            nextErrorLog = now + LOG_PAUSE_NANOS;
            unloggedErrors = 0;
        } catch (VirtualMachineError again) {
            shortage.note(where);
        } catch (Throwable again) { // a log that cannot be written must not stop every client
            unloggedErrors++;
        }
    }

    /** A planned task; of those with the same time, the one that was planned first comes first. */
    private final class LoopTimer implements Timer, Comparable<LoopTimer> {
        private final long time;
        private final long number;
        private final Runnable task;

        LoopTimer(long time, long number, Runnable task) {
            this.time = time;
            this.number = number;
            this.task = task;
        }

        @Override
        public void cancel() {
            timers.remove(this);
        }

        @Override
        public int compareTo(LoopTimer other) {
            return time == other.time ? Long.compare(number, other.number) : Long.signum(time - other.time);
        }
    }
}
