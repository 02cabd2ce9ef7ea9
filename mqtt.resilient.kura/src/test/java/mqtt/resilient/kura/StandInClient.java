package mqtt.resilient.kura;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.MessageQueue;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.Responder;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.Topics;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.spi.ClientFactory;
import mqtt.resilient.spi.TlsMaterial;

/** Takes the place of the engine, its one client and the broker, as far as these tests need them. */
public final class StandInClient implements ClientFactory, ClientFactory.ManagedMqttClient, ResilientMqttClient {
    /** What the latest configuration came with. */
    public volatile TlsMaterial tlsMaterial;
    /** A message that was published. */
    public static final class Sent implements Publication {
        public final Message message;
        private final long id;
        private final CompletableFuture<Durability> stored = new CompletableFuture<>();
        private final CompletableFuture<Outcome> delivered = new CompletableFuture<>();

        Sent(Message message, long id) {
            this.message = message;
            this.id = id;
        }

        /** Its end, told on the calling thread. */
        public void end(Outcome.Kind kind) {
            delivered.complete(new Outcome(kind, 0, ""));
        }

        @Override
        public long id() {
            return id;
        }

        @Override
        public CompletionStage<Durability> stored() {
            return stored;
        }

        @Override
        public CompletionStage<Outcome> delivered() {
            return delivered;
        }

        @Override
        public CompletionStage<Boolean> cancel() {
            return CompletableFuture.completedFuture(false);
        }
    }

    /** A subscription that was made. */
    public final class Subscribed implements Subscription {
        public final String filter;
        public final Qos qos;
        private final MessageListener listener;
        private final Grant grant = grants;

        Subscribed(String filter, Qos qos, MessageListener listener) {
            this.filter = filter;
            this.qos = qos;
            this.listener = listener;
        }

        @Override
        public String filter() {
            return filter;
        }

        @Override
        public Grant granted() {
            return grant;
        }

        @Override
        public CompletionStage<Grant> result() {
            return grant == Grant.PENDING ? new CompletableFuture<>() : CompletableFuture.completedFuture(grant);
        }

        @Override
        public void close() {
            subscriptions.remove(this);
        }

        @Override
        public CompletionStage<Removal> unsubscribe(List<UserProperty> userProperties) {
            close();
            return CompletableFuture.completedFuture(Removal.KEPT);
        }
    }

    private record Received(String topic, byte[] payload, Qos qos, boolean retained) implements ReceivedMessage {
        @Override
        public boolean duplicate() {
            return false;
        }

        @Override
        public MessageProperties properties() {
            return MessageProperties.NONE;
        }

        @Override
        public long expirySeconds() {
            return -1;
        }

        @Override
        public List<Integer> subscriptionIdentifiers() {
            return List.of();
        }

        @Override
        public void acknowledge() {
        }
    }

    /** The configurations that were taken, and the reasons that the maker found. */
    public final List<Map<String, Object>> configurations = new CopyOnWriteArrayList<>();
    public final List<String> refusals = new CopyOnWriteArrayList<>();
    public final List<Sent> sent = new CopyOnWriteArrayList<>();
    public final List<Subscribed> subscriptions = new CopyOnWriteArrayList<>();
    public final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();
    private final Executor link = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "stand-in");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicLong lastId = new AtomicLong();
    /** Whether connect() succeeds at once; if not, with which code the broker refuses, 0 = it does not answer. */
    public volatile boolean reachable = true;
    public volatile int refusal;
    /** What the broker says to subscriptions from now on. */
    public volatile Subscription.Grant grants = new Subscription.Grant(1, "", List.of());
    /** Why publications are refused from now on; null = they are not. */
    public volatile RejectedException.Reason rejects;
    /** Confirms each message at once on another thread; null = the test confirms. */
    public volatile Executor confirmer;
    /** Whether what was published is kept in {@link #sent}. */
    public volatile boolean keeps = true;
    /** With which it connects from the next state on. */
    public volatile String clientId = "gateway-1";
    private volatile ClientStatus status = status(ConnectionState.OFFLINE, "", 0);
    private volatile boolean paused;

    private ClientStatus status(ConnectionState state, String reason, int code) {
        return new ClientStatus("test", state, Instant.EPOCH, reason, "mqtt://broker", clientId, "3.1.1", 1,
                Duration.ZERO,
                false, "", code, BrokerLimits.NONE, StoreHealth.OK, "", List.of());
    }

    /** The connection has another state, told on the calling thread. */
    public void state(ConnectionState state, String reason, int code) {
        status = status(state, reason, code);
        listeners.forEach(listener -> listener.onChange(status));
    }

    /** The link comes up. */
    public void up() {
        state(ConnectionState.ONLINE, "", 0);
    }

    /** The link is lost. */
    public void down() {
        state(ConnectionState.WAITING, "the cable is out", 0);
    }

    /** A message arrives, once for each subscription that takes it; on the calling thread. */
    public void deliver(String topic, String payload) throws Exception {
        String levels = topic.substring(0, topic.lastIndexOf('/') + 1);
        for (Subscribed each : subscriptions) {
            if (each.filter.equals(topic) || each.filter.equals("#") || each.filter.equals(levels + "#")) {
                each.listener.onMessage(new Received(topic, payload.getBytes(), each.qos, false));
            }
        }
    }

    // ---- ClientFactory ----

    @Override
    public ManagedMqttClient make(String fallbackName) {
        calls.add("make " + fallbackName);
        return this;
    }

    @Override
    public void configure(Map<String, ?> properties, TlsMaterial tls) {
        tlsMaterial = tls;
        configurations.add(new HashMap<>(properties));
    }

    @Override
    public void reject(String reason) {
        refusals.add(reason);
    }

    @Override
    public ResilientMqttClient client() {
        return this;
    }

    @Override
    public void dispose() {
        calls.add("dispose");
    }

    // ---- ResilientMqttClient ----

    @Override
    public Publication publish(Message message) {
        boolean rejected = rejects != null;
        Sent made = new Sent(message, rejected ? 0 : lastId.incrementAndGet());
        if (rejected) {
            made.stored.completeExceptionally(new RejectedException(rejects, "rejected: " + rejects));
            made.end(Outcome.Kind.REJECTED);
            return made;
        }
        if (keeps) {
            sent.add(made);
        }
        made.stored.complete(Durability.MEMORY);
        Executor now = confirmer;
        if (now != null) {
            now.execute(() -> made.end(Outcome.Kind.DELIVERED));
        }
        return made;
    }

    @Override
    public Publication publish(Message message, Duration timeout) {
        return publish(message);
    }

    @Override
    public Outcome outcome(long id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Subscription subscribe(String filter, SubscribeOptions options, MessageListener listener) {
        Topics.requireFilter(filter);
        Subscribed made = new Subscribed(filter, options.qos(), listener);
        subscriptions.add(made);
        calls.add("subscribe " + filter + " " + options.qos().ordinal());
        return made;
    }

    @Override
    public List<Subscription> subscribe(List<String> filters, SubscribeOptions options, MessageListener listener) {
        return filters.stream().map(filter -> subscribe(filter, options, listener)).toList();
    }

    @Override
    public MessageQueue open(String filter, SubscribeOptions options, int capacity) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<ReceivedMessage> request(Message message, Duration timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public AutoCloseable onUnmatched(MessageListener handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Subscription respond(String filter, SubscribeOptions options, Responder responder) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClientStatus status() {
        return status;
    }

    @Override
    public boolean isConnected() {
        return status.state() == ConnectionState.ONLINE;
    }

    @Override
    public AutoCloseable addConnectionListener(ConnectionListener listener) {
        listeners.add(listener);
        listener.onChange(status);
        return () -> listeners.remove(listener);
    }

    @Override
    public CompletionStage<Void> disconnect() {
        calls.add("disconnect");
        paused = true;
        link.execute(() -> state(ConnectionState.PAUSED, "disconnect() was called", 0));
        return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<Void> connect() {
        calls.add("connect");
        if (!paused) {
            return new CompletableFuture<>();
        }
        paused = false;
        link.execute(() -> {
            if (reachable) {
                up();
            } else if (refusal > 0) {
                state(ConnectionState.WAITING, "refused", refusal);
            } else {
                state(ConnectionState.WAITING, "no answer", 0);
            }
        });
        return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<Void> reconnect() {
        calls.add("reconnect");
        return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<Boolean> drain(Duration timeout) {
        calls.add("drain " + timeout.toMillis());
        return CompletableFuture.completedFuture(true);
    }

    @Override
    public CompletionStage<Boolean> brokerUp() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> wanUp() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClientMetrics metrics() {
        throw new UnsupportedOperationException();
    }

    /** The topics of what was published. */
    public List<String> topics() {
        return new ArrayList<>(sent.stream().map(each -> each.message.topic()).toList());
    }
}
