package mqtt.resilient.itest;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;

/** Publishes the numbers from 1 at a steady pace at QoS 1, whatever happens meanwhile. */
final class Flow implements AutoCloseable {
    private final ResilientMqttClient client;
    private final String topic;
    private final int last;
    private final AtomicInteger published = new AtomicInteger();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor(
            task -> new Thread(task, "itest-flow"));

    /**
     * Begins to publish.
     *
     * @param last the number of messages
     */
    Flow(ResilientMqttClient client, String topic, int last, Duration period) {
        this.client = client;
        this.topic = topic;
        this.last = last;
        pace.scheduleAtFixedRate(this::publish, 0, period.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void publish() {
        int number = published.get() + 1;
        if (number > last) {
            return;
        }
        try {
            client.publish(Message.to(topic).payload(String.valueOf(number)).build()).stored()
                    .whenComplete((durability, error) -> {
                        if (error != null) {
                            failures.add(error);
                        }
                    });
            published.set(number);
        } catch (RuntimeException e) {
            failures.add(e);
            throw e;
        }
    }

    int published() {
        return published.get();
    }

    void awaitPublished(int count) {
        Await.until(count + " messages are published", () -> published() >= count || !failures.isEmpty());
        requireNoFailure();
    }

    /** Stops publishing; the result is what was published. */
    List<String> stop() throws InterruptedException {
        pace.shutdown();
        if (!pace.awaitTermination(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("a publish blocks");
        }
        requireNoFailure();
        return numbers(published());
    }

    static List<String> numbers(int last) {
        return IntStream.rangeClosed(1, last).mapToObj(String::valueOf).toList();
    }

    private void requireNoFailure() {
        if (!failures.isEmpty()) {
            throw new AssertionError("a message was not accepted", failures.peek());
        }
    }

    @Override
    public void close() {
        pace.shutdownNow();
    }
}
