package mqtt.resilient.impl.client;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.Responder;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Requests and their answers, of one user of a client. With MQTT 5 by response topic and correlation data (section 4.10);
 * with 3.1.1 both are in the topic: {@code T/request/C/n} is answered with {@code T/reply/C/n}, where C is the client.
 */
public final class Requests {
    private static final String REPLIES = "mqtt/resilient/reply";
    private static final Pattern REQUEST = Pattern.compile("(.+)/request/([^/]+)/([0-9]+)");
    private static final Pattern REPLY = Pattern.compile(".+/reply/[^/]+/([0-9]{1,18})");
    private static final long LARGEST_ID = 1_000_000_000_000_000_000L;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private record Pending(CompletableFuture<ReceivedMessage> answer, Scheduler.Timer timeout) {
    }

    private final Client client;
    private final Environment environment;
    private final ListenerQueue queue;
    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
    /** By filter; on the loop. */
    private final Map<String, ClientSubscription> replies = new HashMap<>();
    private boolean closed;

    Requests(Client client, Environment environment) {
        this.client = client;
        this.environment = environment;
        queue = client.queue(this::received, "answers to requests", false);
    }

    /** Sends a request as soon as its answer can come; safe from any thread. */
    public CompletionStage<ReceivedMessage> send(Message message, Duration timeout) {
        CompletableFuture<ReceivedMessage> answer = new CompletableFuture<>();
        long nanos = Publisher.nanos(timeout);
        environment.scheduler().execute(() -> begin(message, nanos, answer));
        return answer.minimalCompletionStage();
    }

    private void begin(Message message, long nanos, CompletableFuture<ReceivedMessage> answer) {
        Scheduler scheduler = environment.scheduler();
        long id = environment.random().nextLong(LARGEST_ID); // an answer to an earlier run's request is nobody's
        pending.put(id, new Pending(answer, scheduler.at(scheduler.nanoTime() + nanos, () -> fail(id, new TimeoutException(
                "no answer on " + message.topic() + " within " + nanos / NANOS_PER_SECOND + " s")))));
        if (closed) {
            fail(id, new IllegalStateException("the service is released"));
            return;
        }
        boolean five = client.status().protocol().equals("5");
        String self = client.status().clientId().replaceAll("[+#/]", "_");
        String information = client.status().limits().responseInformation();
        String reply = five ? (information.isEmpty() ? REPLIES : information) + "/" + self : message.topic() + "/reply/" + self;
        Message.Builder request = Message.to(five ? message.topic() : message.topic() + "/request/" + self + "/" + id)
                .payload(message.payload()).qos(message.qos()).retain(message.retain()).lane(message.lane())
                .expiresAfter(Duration.ofNanos(message.expiresAfterNanos() > 0 ? Math.min(message.expiresAfterNanos(), nanos)
                        : nanos))
                .properties(!five ? message.properties() : message.properties().toBuilder().responseTopic(reply)
                        .correlationData(ByteBuffer.allocate(Long.BYTES).putLong(id).array()).build());
        String replyFilter = five ? reply : reply + "/+";
        replies.computeIfAbsent(replyFilter, filter -> client.subscribe(filter, 1, queue)).result()
                .thenAccept(grant -> {
                    if (grant.isGranted()) {
                        publish(id, request.build());
                    } else {
                        scheduler.execute(() -> forget(replyFilter));
                        fail(id, new IllegalStateException("the broker refused the subscription to " + reply + " with code "
                                + grant.code()));
                    }
                });
    }

    /** The next request asks the broker again. */
    private void forget(String replyFilter) {
        ClientSubscription refused = replies.remove(replyFilter);
        if (refused != null) {
            client.unsubscribe(refused);
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
            environment.scheduler().execute(found.timeout::cancel);
            environment.completions().execute(() -> found.answer.complete(message));
        }
    }

    private void fail(long id, Throwable error) {
        Pending failed = pending.remove(id);
        if (failed != null) {
            environment.scheduler().execute(failed.timeout::cancel);
            environment.completions().execute(() -> failed.answer.completeExceptionally(error));
        }
    }

    /** Ends all requests; safe from any thread. */
    public void close() {
        environment.scheduler().execute(() -> {
            closed = true;
            List.copyOf(pending.keySet()).forEach(id -> fail(id, new IllegalStateException("the service is released")));
            client.close(List.copyOf(replies.values()), queue, false);
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
