package mqtt.resilient.impl.client;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.Responder;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.environment.Repeated;
import mqtt.resilient.impl.environment.SafeQueue;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Outgoing;

/**
 * Requests and their answers, of one user of a client. With MQTT 5 by response topic and correlation data (section
 * 4.10); with 3.1.1 both are in the topic: {@code T/request/C/n} is answered with {@code T/reply/C/n}, where C is the
 * client.
 */
public final class Requests {
    private static final String REPLIES = "mqtt/resilient/reply";
    private static final Pattern REQUEST = Pattern.compile("(.+)/request/([^/]+)/([0-9]+)");
    private static final Pattern REPLY = Pattern.compile(".+/reply/[^/]+/([0-9]{1,18})");
    private static final long LARGEST_ID = 1_000_000_000_000_000_000L;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private static final int MOST_PENDING = 10_000;
    /** What requests may take in the heap that wait for the first connection, for the loop or for their answers. */
    private static final long MAX_HELD_BYTES = 16 * 1024 * 1024;
    /** What a request takes besides its message: stages, timer, and its places in maps. */
    private static final int REQUEST_BYTES = 700;
    /** Of 3.1.1, where every topic of requests has its own; those with nothing under way go beyond that. */
    private static final int MOST_REPLY_FILTERS = 16;

    private record Pending(CompletableFuture<ReceivedMessage> answer, Scheduler.Timer timeout, long bytes) {
    }

    /** Where answers come, and the requests, by their ids, that are held until they can. */
    private static final class Replies {
        private final ClientSubscription subscription;
        private final Map<Long, Message> held = new LinkedHashMap<>();
        private final Set<Long> open = new HashSet<>();
        private boolean granted;

        Replies(ClientSubscription subscription) {
            this.subscription = subscription;
        }
    }

    /** A request that is not sent yet: how, the first connection tells. */
    private record Waiting(long id, Message message, long deadline) {
    }

    private final Client client;
    private final Environment environment;
    private final ListenerQueue queue;
    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong heldBytes = new AtomicLong();
    /** By filter; on the loop. */
    private final Map<String, Replies> replies = new LinkedHashMap<>();
    /** On the loop. */
    private final SafeQueue<Waiting> waiting = new SafeQueue<>();
    /** Made beforehand: it is needed when what went before must not come again. */
    private final Runnable sendOrWatch;
    /** Hears of the first connection; null = nobody waits for it, or it has been. */
    private AutoCloseable watch;
    private boolean closed;

    Requests(Client client, Environment environment) {
        this.client = client;
        this.environment = environment;
        sendOrWatch = Repeated.of(environment.scheduler(), this::sendOrWatch);
        queue = client.queue(this::received, "answers to requests", false);
    }

    /** Sends a request as soon as its answer can come; safe from any thread. */
    public CompletionStage<ReceivedMessage> send(Message message, Duration timeout) {
        long bytes = Outgoing.sizeOf(message) + Outgoing.HEAP_BYTES + REQUEST_BYTES;
        CompletableFuture<ReceivedMessage> answer = new CompletableFuture<>();
        long nanos = Publisher.nanos(timeout);
        Runnable begin = Repeated.of(environment.scheduler(), () -> begin(message, nanos, bytes, answer));
        // what takes heap comes before what is counted
        CompletionStage<ReceivedMessage> stage = answer.minimalCompletionStage();
        int requests = count.incrementAndGet();
        long held = heldBytes.addAndGet(bytes);
        if (requests > MOST_PENDING || held > MAX_HELD_BYTES && requests > 1) { // counted before it reaches the loop
            released(bytes);
            return CompletableFuture
                    .failedStage(new IllegalStateException(MOST_PENDING + " requests of this service, or "
                            + MAX_HELD_BYTES + " bytes of them, wait for their answers; allowed are no more"));
        }
        environment.scheduler().execute(begin);
        return stage;
    }

    private void released(long bytes) {
        count.decrementAndGet();
        heldBytes.addAndGet(-bytes);
    }

    private void begin(Message message, long nanos, long bytes, CompletableFuture<ReceivedMessage> answer) {
        Scheduler scheduler = environment.scheduler();
        long deadline = scheduler.nanoTime() + nanos;
        long id = environment.random().nextLong(LARGEST_ID); // an answer to an earlier run's request is nobody's
        Runnable timeout = Repeated.of(scheduler, () -> fail(id, new TimeoutException(
                "no answer on " + message.topic() + " within " + nanos / NANOS_PER_SECOND + " s")));
        waiting.add(new Waiting(id, message, deadline)); // without what follows it is passed over
        // last: without heap all of this comes again
        pending.put(id, new Pending(answer, scheduler.at(deadline, timeout), bytes));
        scheduler.execute(sendOrWatch);
    }

    private void sendOrWatch() {
        Scheduler scheduler = environment.scheduler();
        if (closed) {
            failAll();
        } else if (client.metrics().connections() > 0) {
            sendWaiting();
        } else if (watch == null) {
            watch = client.addConnectionListener(status -> scheduler.execute(() -> {
                if (client.metrics().connections() > 0) {
                    stopWatching();
                    sendWaiting();
                }
            }));
        }
    }

    private void sendWaiting() {
        for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
            long left = next.deadline - environment.scheduler().nanoTime();
            if (pending.containsKey(next.id) && left > 0) {
                try {
                    send(next.id, next.message, left);
                } catch (IllegalArgumentException e) { // a topic that becomes too long, or the broker's word for it
                    fail(next.id, e);
                }
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

    private void send(long id, Message message, long nanos) {
        boolean five = client.status().protocol().equals("5");
        String self = client.status().clientId().replaceAll("[+#/]", "_");
        String information = client.status().limits().responseInformation();
        String reply = five ? (information.isEmpty() ? REPLIES : information) + "/" + self
                : message.topic() + "/reply/" + self;
        Message.Builder request = Message.to(five ? message.topic() : message.topic() + "/request/" + self + "/" + id)
                .payload(message.payload()).qos(message.qos()).retain(message.retain()).lane(message.lane())
                .expiresAfter(
                        Duration.ofNanos(message.expiresAfterNanos() > 0 ? Math.min(message.expiresAfterNanos(), nanos)
                                : nanos))
                .properties(!five ? message.properties() : message.properties().toBuilder().responseTopic(reply)
                        .correlationData(ByteBuffer.allocate(Long.BYTES).putLong(id).array()).build());
        String replyFilter = five ? reply : reply + "/+";
        Replies answers = replies.get(replyFilter);
        if (answers == null) {
            answers = new Replies(client.subscribe(replyFilter, 1, queue));
            replies.put(replyFilter, answers);
            answers.subscription.result()
                    .thenAccept(grant -> environment.scheduler().execute(() -> granted(replyFilter, grant)));
        }
        answers.open.add(id);
        if (answers.granted) {
            publish(id, request.build());
        } else {
            answers.held.put(id, request.build());
        }
    }

    private void granted(String replyFilter, Subscription.Grant grant) {
        Replies answers = replies.get(replyFilter);
        if (answers == null) {
            return; // the service was released
        }
        answers.granted = grant.isGranted();
        if (answers.granted) {
            answers.held.forEach(this::publish);
            answers.held.clear();
        } else { // the next request asks the broker again
            replies.remove(replyFilter);
            client.unsubscribe(answers.subscription);
            List.copyOf(answers.held.keySet())
                    .forEach(id -> fail(id, new IllegalStateException("the broker refused the subscription to "
                            + replyFilter + " with code " + grant.code())));
        }
    }

    private void publish(long id, Message request) {
        if (!pending.containsKey(id)) {
            return; // its time was over before it could go
        }
        var publication = client.publish(request);
        publication.stored().whenComplete((durability, error) -> {
            if (error != null) {
                fail(id, error);
            }
        });
        publication.delivered().thenAccept(end -> {
            if (!end.isDelivered()) {
                fail(id, new IllegalStateException("the request was not delivered: " + end));
            }
        });
    }

    private void received(ReceivedMessage message) {
        byte[] data = message.properties().correlationData().orElse(null);
        Matcher topic = REPLY.matcher(message.topic());
        Long id = data != null && data.length == Long.BYTES ? (Long) ByteBuffer.wrap(data).getLong()
                : topic.matches() ? Long.valueOf(topic.group(1)) : null;
        Pending found = id == null ? null : pending.remove(id);
        if (found != null) {
            released(found.bytes);
            environment.scheduler().execute(() -> release(id, found));
            environment.completions().execute(() -> found.answer.complete(message));
        }
    }

    private void fail(long id, Throwable error) {
        Pending failed = pending.remove(id);
        if (failed != null) {
            released(failed.bytes);
            environment.scheduler().execute(() -> release(id, failed));
            environment.completions().execute(() -> failed.answer.completeExceptionally(error));
        }
    }

    private void release(long id, Pending ended) {
        ended.timeout.cancel();
        waiting.removeIf(each -> each.id == id);
        for (Replies each : replies.values()) {
            each.open.remove(id);
            each.held.remove(id);
        }
        Iterator<Replies> oldest = replies.values().iterator();
        while (replies.size() > MOST_REPLY_FILTERS && oldest.hasNext()) {
            Replies idle = oldest.next();
            if (idle.open.isEmpty()) {
                oldest.remove();
                client.unsubscribe(idle.subscription);
            }
        }
    }

    private void failAll() {
        waiting.clear();
        List.copyOf(pending.keySet()).forEach(id -> fail(id, new IllegalStateException("the service was released")));
    }

    /** Ends all requests; safe from any thread. */
    public void close() {
        environment.scheduler().execute(() -> {
            closed = true;
            stopWatching();
            failAll();
            client.close(replies.values().stream().map(each -> each.subscription).toList(), queue, false);
            replies.clear();
        });
    }

    /** Answers a request, if the message is one and there is an answer. */
    public static void answer(Client client, ReceivedMessage request, Responder responder) throws Exception {
        Matcher topic = REQUEST.matcher(request.topic());
        String reply = request.properties().responseTopic().orElse(topic.matches()
                ? topic.group(1) + "/reply/" + topic.group(2) + "/" + topic.group(3) : null);
        byte[] payload = reply == null ? null : responder.onRequest(request);
        if (payload == null) {
            return;
        }
        MessageProperties.Builder properties = MessageProperties.builder();
        request.properties().correlationData().ifPresent(properties::correlationData);
        Message.Builder answer = Message.to(reply).payload(payload).qos(request.qos()).properties(properties.build());
        if (request.expirySeconds() > 0) {
            answer.expiresAfter(Duration.ofSeconds(request.expirySeconds()));
        }
        client.publish(answer.build());
    }

    /** The filter under which requests of 3.1.1 arrive, besides its own. */
    public static String requestFilter(String filter) {
        return filter + "/request/+/+";
    }
}
