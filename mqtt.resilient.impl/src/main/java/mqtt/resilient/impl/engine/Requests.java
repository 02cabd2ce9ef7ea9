package mqtt.resilient.impl.engine;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.Responder;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.client.Publisher;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.SafeQueue;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;

/**
 * The requests of one user of a client, and their answers. Uses the public API only: it publishes and subscribes.
 * With MQTT 5 by response topic and correlation data (section 4.10); with 3.1.1 both are in the topic:
 * {@code T/request/C/n} is answered with {@code T/reply/C/n}, where C is the client. On the loop, except where a method
 * says otherwise.
 */
final class Requests {
    private static final String REPLIES = "mqtt/resilient/reply";
    private static final Pattern REQUEST = Pattern.compile("(.+)/request/([^/]+)/([0-9]+)");
    private static final Pattern REPLY = Pattern.compile(".+/reply/[^/]+/([0-9]{1,18})");
    private static final long LARGEST_ID = 1_000_000_000_000_000_000L;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private static final int MAX_PENDING = 10_000;
    /** The bound of the bytes in the heap of requests that wait: for a connection, the loop or their answers. */
    private static final long MAX_HELD_BYTES = 16 * 1024 * 1024;
    /** The bytes of a request besides its message: stages, timer, and its places in collections. */
    private static final int REQUEST_BYTES = 700;
    /** Of 3.1.1, where every topic of requests has its own; beyond that, those are unsubscribed that are not in use. */
    private static final int MAX_REPLY_FILTERS = 16;

    /** A request without an answer; without a message it is sent. */
    private record Pending(CompletableFuture<ReceivedMessage> answer, Scheduler.Timer timeout, long deadline,
            long bytes,
            Message message) {
    }

    /** A filter under which answers arrive, and the requests that they are for. */
    private static final class Replies {
        private final Subscription subscription;
        private final Set<Long> requests = new HashSet<>();
        private boolean granted;

        Replies(Subscription subscription) {
            this.subscription = subscription;
        }
    }

    private final ResilientMqttClient client;
    private final Environment environment;
    private final Scheduler scheduler;
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong heldBytes = new AtomicLong();
    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
    /** The ids of those that wait for a connection or a SUBACK, in order. */
    private final SafeQueue<Long> unsent = new SafeQueue<>();
    /** By filter. */
    private final Map<String, Replies> replies = new ConcurrentHashMap<>();
    /** Made beforehand: it is needed where nothing may fail for want of heap. */
    private final Runnable sendUnsent;
    /** Is told of the first connection; null = nobody waits for it, or it has been. */
    private AutoCloseable watch;
    private boolean ready;

    Requests(ResilientMqttClient client, Environment environment) {
        this.client = client;
        this.environment = environment;
        scheduler = environment.scheduler();
        sendUnsent = Repeated.of(scheduler, this::sendUnsent);
    }

    /** Sends a request as soon as its answer can arrive; safe from any thread. */
    CompletionStage<ReceivedMessage> send(Message message, Duration timeout) {
        long bytes = Outgoing.sizeOf(message) + Outgoing.HEAP_BYTES + REQUEST_BYTES;
        CompletableFuture<ReceivedMessage> answer = new CompletableFuture<>();
        long nanos = Publisher.nanos(timeout);
        Runnable begin = Repeated.of(scheduler, () -> begin(message, nanos, bytes, answer));
        // what takes heap comes before what is counted
        CompletionStage<ReceivedMessage> stage = answer.minimalCompletionStage();
        int requests = count.incrementAndGet();
        long held = heldBytes.addAndGet(bytes);
        if (requests > MAX_PENDING || held > MAX_HELD_BYTES && requests > 1) { // counted before it reaches the loop
            uncount(bytes);
            return CompletableFuture
                    .failedStage(new IllegalStateException(MAX_PENDING + " requests of this service, or "
                            + MAX_HELD_BYTES + " bytes of them, wait for their answers; allowed are no more"));
        }
        scheduler.execute(begin);
        return stage;
    }

    private void uncount(long bytes) {
        count.decrementAndGet();
        heldBytes.addAndGet(-bytes);
    }

    private void begin(Message message, long nanos, long bytes, CompletableFuture<ReceivedMessage> answer) {
        long deadline = scheduler.nanoTime() + nanos;
        Long id = environment.random().nextLong(LARGEST_ID); // an answer to an earlier run's request is nobody's
        Runnable timeout = Repeated.of(scheduler, () -> fail(id, new TimeoutException(
                "no answer on " + message.topic() + " within " + nanos / NANOS_PER_SECOND + " s")));
        Runnable attempt = Repeated.of(scheduler, () -> {
            if (!isReady() || !send(id)) {
                unsent.add(id);
            }
        });
        // last: without heap all of this comes again
        pending.put(id, new Pending(answer, scheduler.at(deadline, timeout), deadline, bytes, message));
        scheduler.execute(attempt);
    }

    /** Whether there was a connection, so that it is known how requests are sent; waits for the first one. */
    private boolean isReady() {
        try {
            if (!ready && client.metrics().connections() > 0) {
                ready = true;
                stopWatching();
            } else if (!ready && watch == null) {
                watch = client.addConnectionListener(status -> scheduler.execute(sendUnsent));
            }
            return ready;
        } catch (IllegalStateException e) {
            return true; // the service was released, which fails each of them
        }
    }

    private void sendUnsent() {
        for (int left = isReady() ? unsent.size() : 0; left > 0; left--) {
            Long id = unsent.peek();
            boolean done = send(id);
            unsent.removeFirst(id::equals);
            if (!done) {
                unsent.add(id);
            }
        }
    }

    private void stopWatching() {
        AutoCloseable watching = watch;
        watch = null;
        if (watching != null) {
            try {
                watching.close();
            } catch (Exception e) {
                throw new AssertionError("the end of a registration does not fail", e);
            }
        }
    }

    /** Sends a request, if its answer can arrive; false if it cannot yet. */
    private boolean send(Long id) {
        Pending request = pending.get(id);
        if (request == null || request.message == null) {
            return true;
        }
        try {
            Message message = request.message;
            boolean five = client.status().protocol().equals("5");
            String self = client.status().clientId().replaceAll("[+#/]", "_");
            String information = client.status().limits().responseInformation();
            String reply = five ? (information.isEmpty() ? REPLIES : information) + "/" + self
                    : message.topic() + "/reply/" + self;
            Replies answers = replies.computeIfAbsent(five ? reply : reply + "/+", this::subscribe);
            answers.requests.add(id);
            if (!answers.granted) {
                return false;
            }
            long nanos = Math.max(1, request.deadline - scheduler.nanoTime());
            Message made = Message.to(five ? message.topic() : message.topic() + "/request/" + self + "/" + id)
                    .payload(message.payload()).qos(message.qos()).retain(message.retain()).lane(message.lane())
                    .expiresAfter(Duration.ofNanos(message.expiresAfterNanos() > 0
                            ? Math.min(message.expiresAfterNanos(), nanos) : nanos))
                    .properties(!five ? message.properties() : message.properties().toBuilder().responseTopic(reply)
                            .correlationData(ByteBuffer.allocate(Long.BYTES).putLong(id).array()).build())
                    .build();
            // once, also if what follows fails for want of heap
            pending.put(id, new Pending(request.answer, request.timeout, request.deadline, request.bytes, null));
            publish(id, made);
        } catch (IllegalArgumentException | IllegalStateException e) {
            fail(id, e); // a topic that becomes too long, or is none; the service was released
        }
        return true;
    }

    private Replies subscribe(String filter) {
        Subscription subscription = client.subscribe(filter, SubscribeOptions.qos(Qos.AT_LEAST_ONCE), this::received);
        Replies made = new Replies(subscription);
        subscription.result().thenAccept(grant -> Repeated.execute(scheduler, () -> answered(made, grant)));
        return made;
    }

    /** The broker has answered for a filter. */
    private void answered(Replies answers, Subscription.Grant grant) {
        String filter = answers.subscription.filter();
        answers.granted = grant.isGranted();
        if (answers.granted) {
            sendUnsent();
        } else { // the next request asks the broker again
            replies.remove(filter, answers);
            answers.subscription.close();
            List.copyOf(answers.requests).forEach(id -> fail(id, new IllegalStateException(
                    "the broker refused the subscription to " + filter + " with code " + grant.code())));
        }
    }

    private void publish(Long id, Message request) {
        Publication publication = client.publish(request);
        publication.stored().whenComplete((durability, error) -> {
            if (error != null) {
                Repeated.execute(scheduler, () -> fail(id, error));
            }
        });
        publication.delivered().thenAccept(outcome -> {
            if (!outcome.isDelivered()) {
                Repeated.execute(scheduler,
                        () -> fail(id, new IllegalStateException("the request was not delivered: " + outcome)));
            }
        });
    }

    /** On the thread of a listener. */
    private void received(ReceivedMessage message) {
        byte[] data = message.properties().correlationData().orElse(null);
        Matcher topic = REPLY.matcher(message.topic());
        Long id = data != null && data.length == Long.BYTES ? (Long) ByteBuffer.wrap(data).getLong()
                : topic.matches() ? Long.valueOf(topic.group(1)) : null;
        if (id != null && pending.containsKey(id)) {
            Repeated.execute(scheduler, () -> end(id, answer -> answer.complete(message)));
        }
    }

    private void fail(Long id, Throwable error) {
        end(id, answer -> answer.completeExceptionally(error));
    }

    private void end(Long id, Consumer<CompletableFuture<ReceivedMessage>> how) {
        Pending request = pending.get(id);
        if (request != null) {
            environment.completions().execute(() -> how.accept(request.answer)); // first: without heap it comes again
            pending.remove(id);
            uncount(request.bytes);
            request.timeout.cancel();
            if (request.message != null) {
                unsent.removeFirst(id::equals);
            }
            replies.values().removeIf(answers -> {
                answers.requests.remove(id);
                boolean unused = answers.requests.isEmpty() && replies.size() > MAX_REPLY_FILTERS;
                if (unused) {
                    answers.subscription.close();
                }
                return unused;
            });
        }
    }

    /** Ends all requests, before the service is released; safe from any thread. */
    void close() {
        replies.values().forEach(each -> each.subscription.close()); // for good: its listener does not come back
        Repeated.execute(scheduler, () -> {
            stopWatching();
            List.copyOf(pending.keySet())
                    .forEach(id -> fail(id, new IllegalStateException("the service was released")));
        });
    }

    /** What answers a message; null if it is no request, or there is no answer. */
    static Message answer(ReceivedMessage request, Responder responder) throws Exception {
        Matcher topic = REQUEST.matcher(request.topic());
        String reply = request.properties().responseTopic().orElse(topic.matches()
                ? topic.group(1) + "/reply/" + topic.group(2) + "/" + topic.group(3) : null);
        byte[] payload = reply == null ? null : responder.onRequest(request);
        if (payload == null) {
            return null;
        }
        MessageProperties.Builder properties = MessageProperties.builder();
        request.properties().correlationData().ifPresent(properties::correlationData);
        Message.Builder answer = Message.to(reply).payload(payload).qos(request.qos()).properties(properties.build());
        if (request.expirySeconds() > 0) {
            answer.expiresAfter(Duration.ofSeconds(request.expirySeconds()));
        }
        return answer.build();
    }

    /** The filter under which requests of 3.1.1 arrive, besides its own. */
    static String requestFilter(String filter) {
        return filter + "/request/+/+";
    }
}
