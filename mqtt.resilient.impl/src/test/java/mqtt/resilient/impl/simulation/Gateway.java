package mqtt.resilient.impl.simulation;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import mqtt.resilient.api.Durability;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.store.JournalStore;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import mqtt.resilient.spi.NetworkState;

/**
 * A machine with a disk, a network, clocks, and a process in which the clients run; it goes down and comes up again.
 */
final class Gateway {
    private static final long WALL_MILLIS = 1_700_000_000_000L;
    private static final int BUFFER_BYTES = 16_384;
    private static final int MAX_WAITING = 500;
    private static final long SHORTAGE_NANOS = 25 * Timeline.SECOND;
    /** For so long something that went wrong can be the reason for a reconnect. */
    private static final long MEMORY_OF_TROUBLE_NANOS = 180 * Timeline.SECOND;

    private final Timeline timeline;
    private final Ledger ledger;
    private final Broker broker;
    private final Scenario scenario;
    private final SplittableRandom random;
    private final DiskModel disk = new DiskModel();
    private final ByteBuffer writeBuffer = ByteBuffer.allocate(BUFFER_BYTES);
    private final List<Application> applications = new ArrayList<>();
    private final List<Wire> wires = new ArrayList<>();
    private final ArrayDeque<Runnable> heldListeners = new ArrayDeque<>();
    private final Pools pools;
    private final Heap heap;
    private final Nodes nodes;
    private final Statistics statistics;

    private Process process;
    private int life;
    private int boots;
    private int firstLifeOfBoot;
    /** When each life ended, by its clock. */
    private final Map<Integer, Long> deaths = new HashMap<>();
    private boolean ran;
    private long monotonicAtBoot = 1;
    private long bootedAt;
    private long lastTrouble;
    /** When something else than a node of the cluster went wrong last. */
    private long lastOtherTrouble;
    private Weather weather;
    private int outages;
    private boolean refused;
    private boolean unresolved;
    private boolean listenersBlocked;
    private long diskAnswersAt;
    private final Set<DiskModel.Operation> failing = EnumSet.noneOf(DiskModel.Operation.class);
    private boolean cutTakesPower;
    /** How many reasons there are for MQTT 5 not to be there. */
    private int missing;

    Gateway(Timeline timeline, Ledger ledger, Broker broker, Scenario scenario, SplittableRandom random,
            Statistics statistics) {
        this.timeline = timeline;
        this.ledger = ledger;
        this.broker = broker;
        this.scenario = scenario;
        this.random = random;
        this.statistics = statistics;
        pools = new Pools(timeline);
        nodes = new Nodes(timeline, scenario.nodes());
        heap = new Heap(timeline, new SplittableRandom(scenario.seed()), scenario.has(Fault.HEAP_FULL));
        weather = scenario.profile().weather();
        for (int client = 0; client < scenario.clients(); client++) {
            applications.add(new Application(timeline, ledger, this, broker, scenario, client, random.split()));
        }
    }

    // ---- what others ask ------------------------------------------------------------------------------------------

    SplittableRandom random() {
        return random;
    }

    List<Application> applications() {
        return applications;
    }

    Process process() {
        return process;
    }

    ByteBuffer writeBuffer() {
        return writeBuffer;
    }

    Weather weather() {
        return weather;
    }

    DiskModel disk() {
        return disk;
    }

    boolean isNetworkUp() {
        return outages == 0;
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** Counts the lives of the process. */
    int life() {
        return life;
    }

    /** The first life since the machine started. */
    int firstLifeOfBoot() {
        return firstLifeOfBoot;
    }

    /** What the clock of a life of the process shows, or showed when that ended; it stands while the machine sleeps. */
    long clockOf(int which) {
        return deaths.getOrDefault(which, process.nanoTime());
    }

    /**
     * Whether a life ended so soon after something that the disk may not have had it; a disk may hang.
     *
     * @param clock when it was, by {@link #clockOf}
     */
    boolean diedSoonAfter(int which, long clock) {
        long most = scenario.has(Fault.DISK_HANGS) || scenario.has(Fault.NO_THREADS) || scenario.has(Fault.HEAP_FULL)
                ? 60 * Timeline.SECOND
                : 3L * scenario.diskMillis() * Timeline.MILLI;
        return deaths.getOrDefault(which, Timeline.NEVER) - clock < most;
    }

    boolean isDurable() {
        return scenario.durability() != Durability.MEMORY;
    }

    Application application(int client) {
        return applications.get(client);
    }

    /** Whether clients may speak MQTT 5, or 3.1.1. */
    boolean allows(boolean five) {
        return scenario.dialect().allows(five);
    }

    long sessionExpirySeconds(int client) {
        return scenario.sessionExpirySeconds();
    }

    /** Whether somebody sets the wall clock, by which the store tells how old a message is. */
    boolean isClockSet() {
        return scenario.has(Fault.CLOCK_JUMP);
    }

    /** Whether MQTT 5 is there. */
    boolean hasFive() {
        return missing == 0;
    }

    /** The bundle with MQTT 5 comes or goes. */
    void five(boolean there) {
        trouble();
        missing += there ? -1 : 1;
        timeline.trace("gateway", () -> "MQTT 5 is " + (hasFive() ? "" : "not ") + "there");
        if (isRunning()) {
            applications.forEach(Application::offerFive);
        }
    }

    int window(int client) {
        return applications.get(client).window();
    }

    /** A client has its session discarded. */
    void discards(int client, boolean five, Object session) {
        applications.get(client).discards(five, session);
    }

    /** Something went wrong now, so that whatever the clients do for a while may have its reasons. */
    void trouble() {
        lastTrouble = timeline.now();
        lastOtherTrouble = lastTrouble;
    }

    Nodes nodes() {
        return nodes;
    }

    /** The names of the nodes. */
    List<String> hosts() {
        return IntStream.range(0, nodes.count()).mapToObj(node -> "node" + node).toList();
    }

    /** Which node a text names, for example a broker; -1 = none. */
    int nodeOf(String text) {
        return hosts().stream().filter(text::contains).mapToInt(hosts()::indexOf).findFirst().orElse(-1);
    }

    /** Until when what happens may have another reason than the nodes of the cluster. */
    long otherTroubleUntil() {
        return isNetworkUp() ? lastOtherTrouble + MEMORY_OF_TROUBLE_NANOS : Timeline.NEVER;
    }

    /** A node goes, with its connections, or comes back. */
    void nodeDown(int node, boolean on) {
        lastTrouble = timeline.now();
        nodes.down(node, on);
        if (on) {
            wires.stream().filter(wire -> wire.node() == node).toList().forEach(Wire::reset);
        }
    }

    /** A node stops to do anything, or begins to serve again; its connections from before are gone. */
    void nodeFrozen(int node, boolean on) {
        lastTrouble = timeline.now();
        nodes.frozen(node, on);
        wires.stream().filter(wire -> wire.node() == node).toList().forEach(Wire::vanish);
    }

    long untroubledFor() {
        return timeline.now() - lastTrouble;
    }

    Statistics statistics() {
        return statistics;
    }

    // ---- the life of the process ----------------------------------------------------------------------------------

    /** Starts the process; after a power cut the machine as well. */
    void start() {
        life++;
        if (!ran) {
            boots++;
            firstLifeOfBoot = life;
            monotonicAtBoot = 1 + random.nextLong(20 * Timeline.SECOND);
            bootedAt = timeline.now();
            ran = true;
        }
        process = new Process(timeline, monotonicAtBoot + timeline.now() - bootedAt, WALL_MILLIS, heap, this::mend);
        timeline.trace("gateway", () -> "starts: life " + life + ", boot " + boots);
        listenersBlocked = false;
        heldListeners.clear();
        applications.forEach(Application::start);
    }

    /** What the engine does when the loop has run out of heap, and has it again. */
    private void mend() {
        trouble();
        applications.forEach(application -> application.client().mend());
    }

    Heap heap() {
        return heap;
    }

    Environment environment(int client) {
        return new Environment(heap.fragile(process), heap.fragile(Network.class, new ClientNetwork(client)),
                random.split(), this::runListener, this::complete);
    }

    private void complete(Runnable task) {
        Process mine = process;
        pools.handOver(() -> mine.execute(mine.onPool(task)));
    }

    private void runListener(Runnable task) {
        Process mine = process;
        pools.handOver(() -> runListenerNow(mine.onPool(task)));
    }

    private void runListenerNow(Runnable task) {
        if (listenersBlocked) {
            heldListeners.add(task);
        } else if (random.nextInt(4) == 0) {
            process.later(random.nextLong(50 * Timeline.MILLI), task);
        } else {
            process.execute(task);
        }
    }

    /** Makes a store; a client has one in each life of the process. */
    MessageStore store(int client, StoreSettings settings) {
        if (settings.durability() == Durability.MEMORY) {
            return new MemoryStore();
        }
        Process mine = process;
        StoreWatch watch = new StoreWatch(disk, mine);
        applications.get(client).watch(watch);
        JournalStore store = new JournalStore(heap.fragile(mine), task -> {
            watch.asked();
            pools.handOver(() -> onDisk(mine, () -> {
                watch.begins();
                try {
                    task.run();
                } finally { // also when it ends for want of heap: the answer was handed over before
                    watch.answered();
                }
            }));
        }, heap.mostFragile(FileSystem.class, watch), settings.place(), "boot " + boots, settings);
        return heap.fragile(MessageStore.class, store);
    }

    /** Runs what blocks when the disk answers. */
    private void onDisk(Process mine, Runnable task) {
        long answer = Math.max(0, diskAnswersAt - timeline.now())
                + random.nextLong(1 + scenario.diskMillis() * Timeline.MILLI);
        mine.later(answer, () -> {
            try {
                mine.onPool(task).run();
            } catch (DiskModel.PowerCut e) {
                timeline.trace("disk", () -> "the power is cut in the middle");
            }
            if (disk.isDead()) {
                crash(cutTakesPower);
            }
        });
    }

    /** The process is gone from one moment to the next; perhaps with the machine. */
    void crash(boolean power) {
        if (!isRunning()) {
            if (power && ran) {
                cutPower(); // before it is started again
            }
            return;
        }
        timeline.trace("gateway", () -> power ? "loses its power" : "is killed");
        end(power);
        if (power) {
            cutPower();
        } else {
            statistics.kills++;
            disk.kill();
        }
        comeBack();
    }

    private void cutPower() {
        timeline.trace("gateway", () -> "has no power");
        statistics.powerCuts++;
        if (!isRunning()) {
            applications.forEach(application -> application.excuseUnforced(firstLifeOfBoot));
        }
        disk.cut(switch (random.nextInt(4)) {
            case 0 -> Fate.NOTHING_SURVIVES;
            case 1 -> Fate.EVERYTHING_SURVIVES;
            default -> Fate.random(random.split());
        });
        ran = false;
    }

    private void end(boolean power) {
        trouble();
        ledger.died();
        deaths.put(life, process.nanoTime());
        process.kill();
        pools.processGone();
        List.copyOf(wires).forEach(wire -> wire.processGone(power));
        wires.removeIf(Wire::isClosed);
        applications.forEach(application -> application.died(power));
    }

    private void comeBack() {
        timeline.after(Timeline.MILLI + random.nextLong(20 * Timeline.SECOND), () -> {
            trouble();
            start();
        });
    }

    /** The bundle stops as it should, and starts again. */
    void restart() {
        if (!isRunning()) {
            return;
        }
        timeline.trace("gateway", () -> "is stopped");
        trouble();
        Process mine = process;
        int[] left = { applications.size() };
        for (Application application : applications) {
            application.stop(() -> {
                left[0]--;
                if (left[0] == 0 && mine.isAlive()) {
                    timeline.at(timeline.now(), () -> {
                        if (mine.isAlive()) {
                            timeline.trace("gateway", () -> "has stopped");
                            end(false);
                            disk.kill();
                            comeBack();
                        }
                    });
                }
            });
        }
        timeline.after(60 * Timeline.SECOND, () -> { // the framework does not wait any longer
            if (mine.isAlive() && left[0] > 0) {
                if (!scenario.has(Fault.DISK_HANGS) && !scenario.has(Fault.DISK_FULL) && !scenario.has(Fault.SUSPEND)
                        && !scenario.has(Fault.NO_THREADS)) {
                    ledger.violated("a stop ends", "it has not within 60 s");
                }
                crash(false);
            }
        });
    }

    // ---- faults ---------------------------------------------------------------------------------------------------

    void cutInBatch(int operations, boolean power) {
        cutTakesPower = power;
        disk.cutAt(disk.operations() + operations);
    }

    void diskHangs(long nanos) {
        diskAnswersAt = timeline.now() + nanos;
    }

    void heap(boolean there) {
        trouble();
        heap.room(there);
    }

    void threads(boolean there) {
        trouble();
        pools.threads(there);
    }

    /** Some operations of the disk fail from now on, or do so no more. */
    void diskFails(boolean begins, DiskModel.Operation... which) {
        List<DiskModel.Operation> some = List.of(which);
        failing.removeAll(some);
        if (begins) {
            trouble();
            failing.addAll(some);
        }
        disk.fail(failing.toArray(DiskModel.Operation[]::new));
    }

    void outage(boolean begins) {
        trouble();
        outages += begins ? 1 : -1;
        if (begins) {
            statistics.outages++;
        } else if (outages == 0) {
            wires.forEach(wire -> wire.resume(random.nextLong(2 * Timeline.SECOND)));
        }
    }

    void reset() {
        trouble();
        List.copyOf(wires).forEach(Wire::reset);
        wires.removeIf(Wire::isClosed);
    }

    void halfOpen() {
        trouble();
        wires.forEach(Wire::vanish);
    }

    void refuses(boolean newRefused) {
        trouble();
        refused = newRefused;
    }

    void doesNotResolve(boolean newUnresolved) {
        trouble();
        unresolved = newUnresolved;
    }

    void weather(Weather newWeather) {
        trouble();
        weather = newWeather;
    }

    void rumour(NetworkState state) {
        trouble();
        if (isRunning()) {
            applications.forEach(application -> application.client().networkChanged(state));
        }
    }

    void suspend(long nanos) {
        if (isRunning() && !process.isSuspended()) {
            trouble();
            timeline.trace("gateway", () -> "sleeps");
            Process mine = process;
            mine.suspend();
            timeline.after(nanos, () -> {
                trouble();
                if (mine.isAlive()) {
                    timeline.trace("gateway", () -> "wakes up");
                    mine.resume();
                    wires.forEach(wire -> wire.resume(0));
                    mine.later(random.nextLong(Timeline.SECOND), this::clockJumped); // as SystemNetwork sees it
                }
            });
        }
    }

    void setClock(long millis) {
        if (isRunning()) {
            timeline.trace("gateway", () -> "its clock is set by " + millis + " ms");
            process.setWallClock(WALL_MILLIS + millis);
            process.later(random.nextLong(Timeline.SECOND), this::clockJumped);
        }
    }

    private void clockJumped() {
        applications.forEach(application -> application.client().clockJumped());
    }

    void listenersBlock(boolean block) {
        listenersBlocked = block;
        while (!block && !heldListeners.isEmpty()) {
            process.execute(heldListeners.remove());
        }
    }

    /** What must be true of the machine at any time. */
    void check() {
        if (!isRunning() || process.isSuspended()) {
            return;
        }
        if (process.isShort()) {
            applications.forEach(Application::checkNothing);
            return;
        }
        if (process.waiting() > MAX_WAITING) {
            throw ledger.violated("bounded memory", process.waiting() + " timers and tasks wait");
        }
        for (Application application : applications) {
            application.check();
            application.checkFound();
            application.checkDisk(disk);
            application.checkTruth(
                    wires.stream().anyMatch(wire -> wire.client() == application.index() && wire.isOpenForClient()),
                    pools.hasThreads() && !heap.isFull());
        }
        for (Wire wire : wires) {
            if (wire.isOpenForClient() && wire.deadSince() != 0 && !wire.isReadingPaused() && !wire.isClosing()) {
                long dead = process.nanoTime() - wire.deadSince();
                long patience = applications.get(wire.client()).patience();
                if (dead > patience + (scenario.has(Fault.HEAP_FULL) ? SHORTAGE_NANOS : 0)) {
                    throw ledger.violated("dead links are noticed",
                            "a connection of client " + wire.client() + " is dead for "
                                    + dead / Timeline.SECOND + " s and kept; at most " + patience / Timeline.SECOND
                                    + " s are needed");
                }
            }
        }
    }

    /** A client ends a connection that works. */
    void closedByClient(Wire wire) {
        if (scenario.failbackSeconds() > 0) {
            return; // to go back, or having looked whether it can
        }
        if (untroubledFor() > MEMORY_OF_TROUBLE_NANOS && isRunning() && !broker.isSilent()) {
            ledger.violated("no needless reconnects",
                    "client " + wire.client() + " ends a connection; nothing has gone wrong for "
                            + untroubledFor() / Timeline.SECOND + " s");
        }
    }

    // ---- the network ----------------------------------------------------------------------------------------------

    /** The network as one client sees it. */
    private final class ClientNetwork implements Network {
        private final int client;

        ClientNetwork(int client) {
            this.client = client;
        }

        @Override
        public void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
            Process mine = process;
            pools.handOver(() -> mine.later((isNetworkUp() ? 1 : 5000) * Timeline.MILLI, () -> {
                if (unresolved || !isNetworkUp()) {
                    answer.accept(null, "unknown host");
                } else {
                    try {
                        byte node = (byte) Math.max(0, hosts().indexOf(host));
                        answer.accept(List.of(InetAddress.getByAddress(host, new byte[] { 10, 0, 0, node })), "");
                    } catch (UnknownHostException e) {
                        throw new AssertionError(e);
                    }
                }
            }));
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
            return "sim0";
        }

        @Override
        public Connection connect(Route route, ConnectionHandler handler) {
            wires.removeIf(Wire::isClosed);
            int node = route.address().getAddress()[3];
            boolean asks = scenario.failbackSeconds() > 0 && node == 0;
            for (Wire other : wires) {
                if (other.client() == client && other.isOpenForClient() && !(asks && other.node() != node)) {
                    throw ledger.violated("one connection at a time", "client " + client + " begins another one");
                }
            }
            statistics.connections++;
            Wire wire = new Wire(timeline, Gateway.this, client, node, handler);
            wires.add(wire);
            timeline.after(2L * weather.latencyMillis() * Timeline.MILLI, () -> {
                if (wire.isClosed() || !isNetworkUp()) {
                    return; // the client gives up by itself
                }
                if (refused || broker.isDown() || nodes.isDown(node)) {
                    wire.failed("Connection refused");
                } else {
                    wire.established(broker.accept(wire, Gateway.this));
                    if (nodes.isFrozen(node)) {
                        wire.vanish();
                    }
                }
            });
            return heap.mostFragile(Connection.class, wire);
        }

        @Override
        public void queryDns(String server, int port, Consumer<Boolean> answer) {
            Process mine = process;
            pools.handOver(() -> mine.execute(() -> answer.accept(isNetworkUp())));
        }
    }
}
