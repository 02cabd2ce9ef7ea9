package mqtt.resilient.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.impl.io.EngineThread;
import mqtt.resilient.plain.ResilientMqtt;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;

/**
 * Many idle clients on one loop against a broker that is killed and comes back: threads, heap for each client, and when
 * the clients try again.
 */
public final class Fleet implements AutoCloseable {
    private static final long MILLION = 1_000_000L;
    private static final long LIMIT_NANOS = 120_000_000_000L;
    private static final long OUTAGE_NANOS = 3_000_000_000L;
    private static final long POLL_NANOS = 20 * MILLION;
    private static final int KEEP_ALIVE_SECONDS = 60;
    /** Threads that stay: io, network, host, complete, store. */
    private static final int STANDING = 5;
    private static final int RESPONSE_SECONDS = 10;

    private int port;
    private final List<ResilientMqtt> all = new ArrayList<>();
    private final List<Long> attempts = new ArrayList<>();
    private long attemptsBefore;
    private BrokerProcess broker;
    private long startedAt = System.nanoTime();

    /** Prints {@code name value} lines; the argument is the number of clients, 1,000 without one. */
    public static void main(String[] arguments) throws IOException {
        int number = arguments.length == 0 ? 1000 : Integer.parseInt(arguments[0]);
        try (Fleet fleet = new Fleet()) {
            fleet.startBroker();
            long before = used();
            long start = System.nanoTime();
            fleet.start(number);
            fleet.awaitOnline(number);
            System.out.println("fleet.clients " + number);
            System.out.println("fleet.connected.ms " + (System.nanoTime() - start) / MILLION);
            fleet.settle();
            System.out.println("fleet.threads " + fleet.threads().size() + " " + fleet.threads());
            System.out.println("fleet.heap.bytes.per.client " + (used() - before) / number);
            fleet.restartBroker();
            System.out.println("fleet.back.ms " + fleet.awaitOnline(number));
            fleet.histogram()
                    .forEach((second, count) -> System.out.println("fleet.attempts.second." + second + " " + count));
            System.out.println("fleet.threads.after " + fleet.threads().size() + " " + fleet.threads());
            System.out.println("fleet.network.up.to.delivery.ms " + fleet.networkUp());
        }
        System.exit(0);
    }

    void startBroker() throws IOException {
        if (broker == null) {
            broker = BrokerProcess.sink(null);
            port = broker.port();
        } else {
            broker.restart();
        }
    }

    void start(int number) throws IOException {
        for (int i = 0; i < number; i++) {
            open("fleet-" + i, "system", null);
        }
    }

    /** All share one loop. */
    private ResilientMqttClient open(String name, String networkSource, NetworkStateSource source) throws IOException {
        ResilientMqtt.Builder builder = ResilientMqtt.builder(Clients.configuration(name, "mqtt://127.0.0.1:" + port,
                "keepalive.seconds", KEEP_ALIVE_SECONDS, "response.seconds", RESPONSE_SECONDS, "network.source",
                networkSource))
                .networkSource(source);
        ResilientMqtt mqtt = (all.isEmpty() ? builder : builder.sharing(all.get(0))).open();
        all.add(mqtt);
        return mqtt.client();
    }

    /** Notes when attempts begin, as often as it is called. */
    private long countAttempts() {
        long count = all.stream().mapToLong(each -> each.client().metrics().attempts()).sum();
        for (long i = attemptsBefore + attempts.size(); i < count; i++) {
            attempts.add(System.nanoTime());
        }
        return count;
    }

    long online() {
        return all.stream().filter(each -> each.client().isConnected()).count();
    }

    /** Kills the broker, waits until every client knows and the outage has lasted, and starts it again. */
    void restartBroker() throws IOException {
        attemptsBefore = countAttempts();
        attempts.clear();
        long killedAt = System.nanoTime();
        broker.close();
        await(() -> online() == 0);
        await(() -> countAttempts() > 0 && System.nanoTime() - killedAt > OUTAGE_NANOS);
        startBroker();
        startedAt = System.nanoTime();
    }

    /** Waits until all are online; gives the milliseconds since the broker started. */
    long awaitOnline(int number) {
        await(() -> countAttempts() > 0 && online() == number);
        return (System.nanoTime() - startedAt) / MILLION;
    }

    /** How many attempts began in each second, counted from the first. */
    Map<Long, Integer> histogram() {
        Map<Long, Integer> histogram = new TreeMap<>();
        Long first = attempts.get(0);
        attempts.forEach(time -> histogram.merge((time - first) / (1000 * MILLION), 1, Integer::sum));
        return histogram;
    }

    /**
     * The milliseconds from the word that the network is up to the first delivery, of one client that is not connected.
     */
    double networkUp() throws IOException {
        Word word = new Word();
        ResilientMqttClient client = open("fleet-late", word.name(), word);
        await(client::isConnected);
        broker.close();
        Publication publication = client.publish(Message.to("t").payload("1").build());
        await(() -> client.status().state() == ConnectionState.WAITING
                && client.status().nextAttempt().toMillis() > 1000);
        startBroker();
        long up = System.nanoTime();
        word.listener.accept(NetworkState.UP);
        while (!client.outcome(publication.id()).isDelivered()) {
            Thread.onSpinWait();
        }
        return (System.nanoTime() - up) / 1e6;
    }

    /** Says when the network is up. */
    private static final class Word implements NetworkStateSource {
        private volatile Consumer<NetworkState> listener;

        @Override
        public String name() {
            return "word";
        }

        @Override
        public NetworkState state() {
            return NetworkState.UNKNOWN;
        }

        @Override
        public AutoCloseable listen(Consumer<NetworkState> newListener) {
            listener = newListener;
            return () -> {};
        }
    }

    /** Waits until the pools that connecting needed are empty. */
    void settle() {
        await(() -> threads().size() <= STANDING);
    }

    List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(EngineThread.class::isInstance).map(Thread::getName)
                .sorted().toList();
    }

    private static void await(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT_NANOS) {
                throw new IllegalStateException("not within " + LIMIT_NANOS / MILLION + " ms");
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    private static long used() {
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @Override
    public void close() {
        all.forEach(ResilientMqtt::close);
        if (broker != null) {
            broker.close();
        }
    }
}
