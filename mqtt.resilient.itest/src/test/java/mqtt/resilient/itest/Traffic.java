package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.plain.ResilientMqtt;

/**
 * Publishers at a steady pace, and consumers of everything, QoS 1, in plain Java, on several brokers: each client
 * begins its list with another one. What was promised to them is checked at the end.
 */
final class Traffic implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration PERIOD = Duration.ofMillis(50);
    private static final String TOPIC = "traffic/";

    private final long start = System.nanoTime();
    private final List<ResilientMqtt> open = new ArrayList<>();
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Consumer> consumers = new ArrayList<>();
    private final ScheduledExecutorService pace = Executors
            .newSingleThreadScheduledExecutor(task -> new Thread(task, "itest-traffic"));

    /**
     * Connects and begins to publish; returns when everything works.
     *
     * @param number of publishers, and of consumers
     * @param keys of each client beside its name, its brokers and its store
     */
    Traffic(Path stores, List<String> brokers, int number, Map<String, ?> keys) throws IOException {
        try {
            for (int i = 0; i < number; i++) {
                List<String> own = new ArrayList<>(brokers);
                Collections.rotate(own, -i);
                consumers.add(new Consumer(client("consumer-" + i, own, stores, keys)));
                publishers.add(new Publisher(client("publisher-" + i, own, stores, keys), TOPIC + i));
            }
            await("the subscriptions", () -> consumers.stream().allMatch(Consumer::isSubscribed));
            pace.scheduleAtFixedRate(() -> publishers.forEach(Publisher::publish), 0, PERIOD.toNanos(),
                    TimeUnit.NANOSECONDS);
            awaitServed("all brokers run", brokers);
        } catch (IOException | RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private ResilientMqttClient client(String name, List<String> brokers, Path stores, Map<String, ?> keys)
            throws IOException {
        Map<String, Object> configuration = new HashMap<>(keys);
        configuration.putAll(Map.of("mqtt.client", name, "brokers", String.join(",", brokers), "store.directory",
                stores.toString()));
        ResilientMqtt mqtt = ResilientMqtt.open(configuration);
        open.add(mqtt);
        return mqtt.client();
    }

    /**
     * Waits until every client is connected to one of these brokers and says so, and until a message of each publisher
     * that was published after this call is acknowledged and has reached every consumer.
     *
     * @param after what has just happened; printed, with how long it took and the longest silence
     */
    void awaitServed(String after, Collection<String> serving) {
        long called = System.nanoTime();
        clients().forEach(client -> client.silence.begin());
        Map<String, Integer> published = new HashMap<>();
        publishers.forEach(publisher -> published.put(publisher.topic, publisher.published));
        await(after + ": clients at " + serving, () -> clients().allMatch(client -> client.isAtOneOf(serving)));
        await(after + ": messages flow", () -> publishers.stream().allMatch(
                publisher -> publisher.acknowledged > published.get(publisher.topic))
                && consumers.stream().allMatch(consumer -> published.entrySet().stream()
                        .allMatch(each -> consumer.latest.getOrDefault(each.getKey(), 0) > each.getValue())));
        say(after + ": served after " + seconds(System.nanoTime() - called) + "; longest silence, s: "
                + new TreeMap<>(silences()));
    }

    /** {@return the broker that most clients are connected to} */
    String busiest() {
        return clients().collect(Collectors.groupingBy(client -> client.mqtt.status().broker(), Collectors.counting()))
                .entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    }

    private Map<String, String> silences() {
        Map<String, String> silences = new HashMap<>();
        clients().forEach(client -> silences.put(client.mqtt.status().client(), seconds(client.silence.longest())));
        return silences;
    }

    /** Stops publishing; checks that all that was accepted was delivered, has arrived, and that the clients say so. */
    void finish() throws InterruptedException {
        pace.shutdown();
        if (!pace.awaitTermination(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("a publish blocks");
        }
        await("every message is settled", () -> publishers.stream().allMatch(Publisher::isDone));
        Set<String> sent = new TreeSet<>();
        for (Publisher publisher : publishers) {
            assertEquals(Map.of(), publisher.notDelivered, publisher.topic);
            for (int number = 1; number <= publisher.published; number++) {
                sent.add(publisher.topic + " " + number);
            }
        }
        for (Consumer consumer : consumers) {
            try {
                await("everything has arrived", () -> consumer.received.containsAll(sent));
            } catch (AssertionError e) {
                Set<String> missing = new TreeSet<>(sent);
                missing.removeAll(consumer.received);
                throw new AssertionError(consumer.mqtt.status().client() + " misses " + missing, e);
            }
            assertEquals(sent, Set.copyOf(consumer.received));
        }
        for (Client client : clients().toList()) {
            ClientMetrics metrics = client.mqtt.metrics();
            assertEquals(List.of(0L, 0L, 0L, 0L, 0L), List.of(metrics.pending(), metrics.rejected(),
                    metrics.deadLettered(), metrics.receivedDropped(), metrics.listenerFailures()), metrics::toString);
            assertEquals(StoreHealth.OK, client.mqtt.status().store());
        }
        say(sent.size() + " messages to " + consumers.size() + " consumers; resent " + sum(ClientMetrics::resent)
                + ", duplicates received " + (consumers.stream().mapToLong(consumer -> consumer.arrivals).sum()
                        - (long) sent.size() * consumers.size())
                + ", stray acknowledgements " + sum(ClientMetrics::strayAcknowledgements)
                + ", connections " + sum(ClientMetrics::connections) + ", attempts " + sum(ClientMetrics::attempts)
                + ", sessions lost " + sum(ClientMetrics::sessionsLost));
    }

    private long sum(ToLongFunction<ClientMetrics> metric) {
        return clients().map(client -> client.mqtt.metrics()).mapToLong(metric).sum();
    }

    private Stream<Client> clients() {
        return Stream.concat(publishers.stream(), consumers.stream());
    }

    private void await(String description, BooleanSupplier condition) {
        try {
            Await.until(description, condition, LIMIT);
        } catch (AssertionError e) {
            StringBuilder statuses = new StringBuilder(e.getMessage());
            clients().forEach(client -> statuses.append("\n").append(client.mqtt.status()));
            throw new AssertionError(statuses.toString(), e);
        }
    }

    /** Goes to the output of the test class. */
    private void say(String line) {
        System.out.println(seconds(System.nanoTime() - start) + " s  " + line);
    }

    private static String seconds(long nanos) {
        return String.format("%.1f", nanos / 1e9);
    }

    @Override
    public void close() {
        pace.shutdownNow();
        open.forEach(ResilientMqtt::close);
    }

    private abstract static class Client {
        final ResilientMqttClient mqtt;
        final Silence silence = new Silence();

        Client(ResilientMqttClient mqtt) {
            this.mqtt = mqtt;
        }

        boolean isAtOneOf(Collection<String> brokers) {
            var status = mqtt.status();
            return status.state() == ConnectionState.ONLINE && brokers.contains(status.broker());
        }
    }

    /** Publishes the numbers from 1. */
    private static final class Publisher extends Client {
        private final String topic;
        private final Map<Integer, String> notDelivered = new ConcurrentHashMap<>();
        private volatile int published;
        private volatile int acknowledged;
        private int settled;

        Publisher(ResilientMqttClient mqtt, String topic) {
            super(mqtt);
            this.topic = topic;
        }

        void publish() {
            int number = published + 1;
            mqtt.publish(Message.to(topic).payload(String.valueOf(number)).build()).delivered()
                    .whenComplete((outcome, error) -> settled(number, outcome, error));
            published = number;
        }

        private synchronized void settled(int number, Outcome outcome, Throwable error) {
            settled++;
            if (error != null || !outcome.isDelivered()) {
                notDelivered.put(number, error == null ? outcome.toString() : error.toString());
            } else {
                acknowledged = Math.max(acknowledged, number);
                silence.sign();
            }
        }

        synchronized boolean isDone() {
            return settled == published;
        }
    }

    /** Keeps what arrives. */
    private static final class Consumer extends Client {
        private final Set<String> received = ConcurrentHashMap.newKeySet();
        private final Map<String, Integer> latest = new ConcurrentHashMap<>();
        private final mqtt.resilient.api.Subscription subscription;
        private volatile long arrivals;

        Consumer(ResilientMqttClient mqtt) {
            super(mqtt);
            subscription = mqtt.subscribe(TOPIC + "+", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), this::onMessage);
        }

        boolean isSubscribed() {
            return subscription.granted().isGranted();
        }

        private synchronized void onMessage(ReceivedMessage message) {
            String number = new String(message.payload(), StandardCharsets.UTF_8);
            received.add(message.topic() + " " + number);
            latest.merge(message.topic(), Integer.valueOf(number), Math::max);
            arrivals++;
            silence.sign();
        }
    }

    /** The longest time without a sign of success. */
    private static final class Silence {
        private long since = System.nanoTime();
        private long longest;

        synchronized void begin() {
            since = System.nanoTime();
            longest = 0;
        }

        synchronized void sign() {
            longest = longest();
            since = System.nanoTime();
        }

        synchronized long longest() {
            return Math.max(longest, System.nanoTime() - since);
        }
    }
}
