package mqtt.resilient.impl.io;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.MessageStore;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.store.JournalStore;

/**
 * A store on real files and real threads, and somebody who takes its messages as a broker would. As a program of its
 * own it stores so many messages of a kilobyte, says {@code stored}, waits for a line, and delivers; every state of its
 * health is a line.
 */
final class StoreProgram implements MessageStore.Listener, AutoCloseable {
    private static final int LANE = 2;
    private static final int PACE = 40;
    private static final long PACE_NANOS = 10_000_000;

    private final Threads threads;
    private final EventLoop loop;
    private final JournalStore store;
    private final StoreSettings settings;
    volatile StoredState state;
    volatile StoreHealth health = StoreHealth.OPENING;
    volatile String reason = "";
    volatile long stored;
    volatile long lost;
    volatile int delivered;
    volatile boolean closed;

    StoreProgram(Path directory, long floorBytes) throws Exception {
        settings = new StoreSettings(directory.toString(), Durability.POWER, 500_000_000L, floorBytes, 4 << 20);
        loop = new EventLoop();
        loop.start();
        threads = loop.threads("mqtt-store", 1, 1);
        store = new JournalStore(loop, threads, new LocalFileSystem(directory.getParent()),
                directory.getFileName().toString(),
                "boot", settings);
        loop.execute(() -> store.configure(settings, this));
    }

    public static void main(String[] arguments) throws Exception {
        int messages = Integer.parseInt(arguments[1]);
        loadClasses();
        StoreProgram program = new StoreProgram(Path.of(arguments[0]), 0);
        Await.until(() -> program.reason, () -> program.health == StoreHealth.OK);
        program.publish(1, messages, 1000);
        Await.until(() -> program.stored + " stored", () -> program.stored == messages);
        System.out.println("stored");
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        program.deliver();
        Await.until(() -> program.delivered + " delivered", () -> program.delivered + program.lost == messages
                && program.health == StoreHealth.OK);
        System.out.println("delivered " + program.delivered + ", lost " + program.lost);
        program.close();
    }

    /**
     * A jar is open all the time; a directory, where tests have their classes, needs a descriptor for each class that
     * is loaded late.
     */
    private static void loadClasses() throws Exception {
        Path classes = Path.of(JournalStore.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (Files.isDirectory(classes)) {
            try (Stream<Path> files = Files.walk(classes.resolve("mqtt/resilient/impl"))) {
                for (Path file : files.filter(each -> each.toString().endsWith(".class")
                        && !each.toString().contains("component") && !each.endsWith("package-info.class")).toList()) {
                    Class.forName(classes.relativize(file).toString().replace(".class", "").replace('/', '.'));
                }
            }
        }
    }

    /** Publishes messages with ids from one on. */
    void publish(long first, int count, int bytes) {
        loop.execute(() -> {
            for (int i = 0; i < count; i++) {
                store.append(new Outgoing(first + i,
                        Message.to("t").lane(LANE).qos(Qos.AT_LEAST_ONCE).payload(new byte[bytes]).build(),
                        loop.nanoTime()));
            }
        });
    }

    /** Delivers from now on, at the pace of a broker. */
    void deliver() {
        loop.execute(this::deliverSome);
    }

    private void deliverSome() {
        for (int i = 0; i < PACE; i++) {
            Outgoing next = store.next(LANE);
            if (next == null) {
                break;
            }
            store.sent(next);
            store.settled(next);
            delivered++;
        }
        loop.at(loop.nanoTime() + PACE_NANOS, this::deliverSome);
    }

    @Override
    public void opened(StoredState newState) {
        state = newState;
    }

    @Override
    public void stored(long id) {
        stored = id;
    }

    @Override
    public void available() {
        // it looks by itself
    }

    @Override
    public void written(int messages, long bytes) {
        // nobody waits for space
    }

    @Override
    public void lost(int lane, long messages, long bytes) {
        lost += messages;
    }

    @Override
    public void health(StoreHealth newHealth, String newReason) {
        health = newHealth;
        reason = newReason;
        System.out.println(newHealth + " " + newReason);
    }

    @Override
    public void close() {
        loop.execute(() -> store.close(() -> closed = true));
        Await.until(() -> "open", () -> closed);
        threads.shutdown();
        try {
            loop.stop(5000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
