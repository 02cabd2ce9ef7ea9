package mqtt.resilient.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** One client in a process of its own that does one workload, and prints lines {@code name value}. */
public final class Subject {
    static final String CONFIGURATION = "configuration ";
    private static final long MILLION = 1_000_000L;
    private static final long LIMIT_NANOS = 60_000 * MILLION;
    /** By then a message has moved, whatever else the machine does. */
    private static final long MOVE_LIMIT_NANOS = 15_000 * MILLION;
    private static final int ROUND_TRIPS_PER_SECOND = 1000;
    private static final int FOOTPRINT_MESSAGES = 1000;
    private static final int COLLECTIONS = 3;
    private static final long SETTLE_NANOS = 500 * MILLION;
    private static final long OUTAGE_NANOS = 2000 * MILLION;
    private static final long RECOVERY_LIMIT_NANOS = 20_000 * MILLION;
    private static final String TOPIC = "plant/boiler/temp/01"; // 20 bytes

    private final Workload workload;
    private final Settings settings;
    private final long warmNanos;
    private final long measureNanos;
    private final Map<String, Double> results = new LinkedHashMap<>();
    private final Load load;
    private Peer peer;

    Subject(Workload workload, Settings settings, long warmNanos, long measureNanos) {
        this.workload = workload;
        this.settings = settings;
        this.warmNanos = warmNanos;
        this.measureNanos = measureNanos;
        String topic = workload.kind() == Workload.Kind.ROUND_TRIP ? Sink.ECHO : TOPIC;
        load = new Load(workload.qos(), topic, new byte[workload.bytes()], workload.window());
    }

    /**
     * Arguments: class, client, workload, host, port, authority or -, directory, milliseconds to warm up and to
     * measure.
     */
    public static void main(String[] arguments) {
        int status = 0;
        try {
            Workload workload = Workload.named(arguments[2]);
            Settings settings = new Settings(arguments[1], arguments[3], Integer.parseInt(arguments[4]),
                    arguments[5].equals("-") ? null : Path.of(arguments[5]), workload.window(), workload.clients(),
                    workload.kind() == Workload.Kind.RECOVERY, Path.of(arguments[6]));
            Subject subject = new Subject(workload, settings, Long.parseLong(arguments[7]) * MILLION,
                    Long.parseLong(arguments[8]) * MILLION);
            Map<String, Double> results = subject.run(arguments[0]);
            results.forEach((name, value) -> System.out.println(name + " " + value));
            System.out.println(CONFIGURATION + subject.configuration());
        } catch (Exception | LinkageError e) { // what a client throws when it cannot do it
            System.out.println("failed " + e);
            e.printStackTrace();
            status = 1;
        }
        System.out.flush();
        Runtime.getRuntime().halt(status); // some clients leave threads
    }

    /** {@return what was measured, by name} */
    Map<String, Double> run(String className) throws Exception {
        switch (workload.kind()) {
            case PUBLISH -> publish(connect(className));
            case WATCHED -> watched(connect(className));
            case SYNC -> sync(connect(className));
            case RECEIVE -> receive(connect(className));
            case ROUND_TRIP -> roundTrip(connect(className));
            case CLIENTS -> clients(className);
            case FOOTPRINT -> footprint(className);
            case RECOVERY -> recovery(className);
            case DURABLE -> throw new IllegalStateException("Durable does that");
        }
        return results;
    }

    String configuration() {
        return peer == null ? "" : peer.configuration();
    }

    void stop() throws Exception {
        load.stop();
        peer.close();
    }

    private Peer peer(String className, Settings with) throws ReflectiveOperationException {
        return (Peer) Class.forName(className).getConstructor(Settings.class).newInstance(with);
    }

    private Peer.Connection connect(String className) throws Exception {
        long since = System.nanoTime();
        peer = peer(className, settings);
        Peer.Connection connection = peer.connect("bench", load).get(LIMIT_NANOS, TimeUnit.NANOSECONDS);
        results.put("connect", (System.nanoTime() - since) / 1e6);
        return connection;
    }

    private interface Work {
        void run() throws Exception;
    }

    private static void inBackground(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception e) {
                System.out.println("failed " + e);
                e.printStackTrace();
            }
        }, "driver");
        thread.setDaemon(true);
        thread.start();
    }

    private void publish(Peer.Connection connection) throws InterruptedException, TimeoutException {
        inBackground(() -> connection.flood(load));
        measure(() -> connection.done(load));
    }

    private void watched(Peer.Connection connection) throws InterruptedException, TimeoutException {
        inBackground(() -> connection.floodWatched(load));
        measure(load::done);
    }

    /** As many threads as the window has places; each waits for its message before it publishes the next. */
    private void sync(Peer.Connection connection) throws InterruptedException, TimeoutException {
        LongAdder acknowledged = new LongAdder();
        for (int i = 0; i < workload.window(); i++) {
            inBackground(() -> {
                while (!load.isOver()) {
                    connection.publishAndWait(load.qos, load.topic, load.payload);
                    acknowledged.increment();
                }
            });
        }
        measure(acknowledged::sum);
    }

    private void receive(Peer.Connection connection) throws Exception {
        AtomicLong received = new AtomicLong();
        connection.count(Sink.STREAM + workload.qos() + "/" + workload.bytes() + "/" + workload.window(),
                workload.qos(), () -> received.lazySet(received.get() + 1));
        measure(received::get);
    }

    /** Rate, processor time and garbage of what is under way. */
    private void measure(LongSupplier done) throws InterruptedException, TimeoutException {
        await(() -> done.getAsLong() > 0, MOVE_LIMIT_NANOS);
        Thread.sleep(warmNanos / MILLION);
        long garbage = allocated();
        long cpu = cpuNanos();
        long before = done.getAsLong();
        long since = System.nanoTime();
        Thread.sleep(measureNanos / MILLION);
        await(() -> done.getAsLong() > before, MOVE_LIMIT_NANOS);
        long messages = done.getAsLong() - before;
        long nanos = System.nanoTime() - since;
        cpu = cpuNanos() - cpu;
        garbage = allocated() - garbage;
        results.put("rate", messages * 1e9 / nanos);
        results.put("cpu", cpu / 1e3 / messages);
        results.put("garbage", (double) garbage / messages);
        results.put("threads", (double) Thread.getAllStackTraces().size());
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    /** Bytes that the threads of now have allocated. */
    private static long allocated() {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds())).filter(bytes -> bytes > 0)
                .sum();
    }

    /**
     * From the call of publish to the call of the receiver. The next message is sent at its time whether or not the
     * last one has come back; one that is late because the call before it took long counts from its time.
     */
    private void roundTrip(Peer.Connection connection) throws Exception {
        int warm = (int) (warmNanos * ROUND_TRIPS_PER_SECOND / 1_000_000_000L);
        int all = warm + (int) (measureNanos * ROUND_TRIPS_PER_SECOND / 1_000_000_000L);
        long[] nanos = new long[all];
        AtomicLong received = new AtomicLong();
        AtomicLong came = new AtomicLong();
        long[] sent = new long[all];
        connection.subscribe(Sink.ECHO, 1, payload -> {
            long now = System.nanoTime();
            int number = ByteBuffer.wrap(payload).getInt();
            if (number >= 0) {
                nanos[number] = now - sent[number];
                came.incrementAndGet();
            }
            received.incrementAndGet();
        });
        byte[] first = new byte[workload.bytes()];
        ByteBuffer.wrap(first).putInt(-1);
        while (received.get() == 0) { // until the subscription is there
            connection.publish(1, Sink.ECHO, first);
            LockSupport.parkNanos(50 * MILLION);
        }
        long start = System.nanoTime() + MILLION;
        long cpu = 0;
        for (int i = 0; i < all; i++) {
            cpu = i == warm ? cpuNanos() : cpu;
            long due = start + i * 1_000_000_000L / ROUND_TRIPS_PER_SECOND;
            long now = System.nanoTime();
            if (now - due < 0) {
                while (now - due < 0) {
                    LockSupport.parkNanos(due - now);
                    now = System.nanoTime();
                }
            } else {
                now = due;
            }
            byte[] payload = new byte[workload.bytes()];
            ByteBuffer.wrap(payload).putInt(i);
            sent[i] = now;
            connection.publish(1, Sink.ECHO, payload);
        }
        for (int i = 0; i < 60 && came.get() < all; i++) {
            LockSupport.parkNanos(50 * MILLION);
        }
        cpu = cpuNanos() - cpu;
        long[] measured = Arrays.copyOfRange(nanos, warm, all);
        if (Arrays.stream(measured).anyMatch(each -> each == 0)) {
            throw new IllegalStateException(Arrays.stream(measured).filter(each -> each == 0).count()
                    + " messages did not come back");
        }
        Arrays.sort(measured);
        results.put("p50", percentile(measured, 50) / 1e3);
        results.put("p99", percentile(measured, 99) / 1e3);
        results.put("p99.9", percentile(measured, 99.9) / 1e3);
        results.put("cpu", cpu / 1e3 / measured.length);
        results.put("max", measured[measured.length - 1] / 1e3);
    }

    private static long percentile(long[] sorted, double percent) {
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(sorted.length * percent / 100) - 1)];
    }

    /** Many connections; one thread publishes on all of them in turn, with one window for all. */
    private void clients(String className) throws Exception {
        peer = peer(className, settings);
        long since = System.nanoTime();
        List<CompletableFuture<Peer.Connection>> pending = new ArrayList<>();
        for (int i = 0; i < workload.clients(); i++) {
            pending.add(peer.connect("bench" + i, load));
        }
        List<Peer.Connection> all = new ArrayList<>();
        for (CompletableFuture<Peer.Connection> each : pending) {
            all.add(each.get(LIMIT_NANOS, TimeUnit.NANOSECONDS));
        }
        results.put("connect", (System.nanoTime() - since) / 1e6);
        inBackground(() -> {
            for (int next = 0; load.awaitSlot(); next = (next + 1) % all.size()) {
                all.get(next).publish(load.qos, load.topic, load.payload);
            }
        });
        measure(load::done);
        residence();
    }

    private void footprint(String className) throws Exception {
        if (!className.isEmpty()) {
            Peer.Connection connection = connect(className);
            for (int i = 0; i < FOOTPRINT_MESSAGES; i++) {
                load.awaitSlot();
                connection.publish(load.qos, load.topic, load.payload);
            }
            await(() -> load.done() >= FOOTPRINT_MESSAGES, LIMIT_NANOS);
        } else {
            results.put("connect", 0.0);
        }
        residence();
    }

    private void residence() throws IOException, InterruptedException {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            Thread.sleep(SETTLE_NANOS / COLLECTIONS / MILLION);
        }
        Runtime runtime = Runtime.getRuntime();
        results.put("heap", (runtime.totalMemory() - runtime.freeMemory()) / 1e6);
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)) {
            String line = Files.readAllLines(status).stream().filter(each -> each.startsWith("VmRSS")).findFirst()
                    .orElseThrow();
            results.put("rss", Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / 1e6);
        }
        results.put("threads", (double) Thread.getAllStackTraces().size());
        results.put("classes", (double) ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    }

    /**
     * From the broker's return to the first acknowledgement, when it was killed and when it did not answer for a while.
     */
    private void recovery(String className) throws Exception {
        try (BrokerProcess broker = BrokerProcess.sink(null)) {
            peer = peer(className,
                    new Settings(settings.client(), settings.host(), broker.port(), null, settings.window(), 1,
                            true, settings.directory()));
            Peer.Connection connection = peer.connect("bench", load).get(LIMIT_NANOS, TimeUnit.NANOSECONDS);
            inBackground(() -> {
                while (!load.isOver()) {
                    try {
                        connection.publish(load.qos, load.topic, load.payload);
                    } catch (Exception e) { // some refuse while there is no connection
                        LockSupport.parkNanos(5 * MILLION);
                    }
                    LockSupport.parkNanos(5 * MILLION);
                }
            });
            await(() -> load.done() > 100, LIMIT_NANOS);
            broker.kill();
            Thread.sleep(OUTAGE_NANOS / MILLION);
            long before = load.done();
            broker.restart();
            results.put("restart", untilMore(before, System.nanoTime()));
            Thread.sleep(OUTAGE_NANOS / MILLION);
            broker.freeze();
            Thread.sleep(OUTAGE_NANOS / MILLION);
            before = load.done();
            long since = System.nanoTime();
            broker.thaw();
            results.put("cut", untilMore(before, since));
        }
    }

    private double untilMore(long before, long since) throws TimeoutException {
        await(() -> load.done() > before, RECOVERY_LIMIT_NANOS);
        return (System.nanoTime() - since) / 1e6;
    }

    private static void await(BooleanSupplier condition, long limitNanos) throws TimeoutException {
        long since = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - since > limitNanos) {
                throw new TimeoutException("not within " + limitNanos / MILLION + " ms");
            }
            LockSupport.parkNanos(MILLION / 2);
        }
    }
}
