package mqtt.resilient.impl.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionListener;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.MessageQueue;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.Responder;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.Topics;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.client.Environment;
import mqtt.resilient.impl.client.Publisher;
import mqtt.resilient.impl.dispatch.ListenerQueue;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.io.EngineThread;
import mqtt.resilient.spi.packet.Subscribe;

/** The service as one bundle, or a plain program, sees it; owns what that opened. */
public final class ClientHandle implements ResilientMqttClient {
    private static final Log LOG = Log.of("mqtt.resilient");

    private final Client client;
    private final String name;
    private final String bundle;
    private final Host host;
    /** What is to be closed when the bundle is gone. */
    private final Set<AutoCloseable> opened = ConcurrentHashMap.newKeySet();
    private final Requests requests;
    private volatile boolean released;

    ClientHandle(Client client, String name, String bundle, Host host, Environment environment) {
        this.client = client;
        this.name = name;
        this.bundle = bundle;
        this.host = host;
        requests = new Requests(this, environment);
    }

    private Client client() {
        if (released) {
            throw new IllegalStateException("client " + name + " is closed: " + bundle + " has released it");
        }
        return client;
    }

    /** The bundle is gone: its listeners may be back soon, for example after an update. */
    public void release() {
        requests.close();
        released = true;
        for (AutoCloseable each : opened) {
            try {
                each.close();
            } catch (Exception e) {
                LOG.warn("A connection listener could not be removed", e);
            }
        }
        opened.clear();
    }

    @Override
    public Publication publish(Message message) {
        return client().publisher().publish(Objects.requireNonNull(message, "message: null is not allowed"));
    }

    @Override
    public Publication publish(Message message, Duration timeout) throws InterruptedException {
        if (EngineThread.isCurrent()) {
            throw new IllegalStateException("publish with a timeout waits, which is not allowed on the thread "
                    + Thread.currentThread().getName() + "; publish(Message) is");
        }
        Objects.requireNonNull(message, "message: null is not allowed");
        long deadline = System.nanoTime() + Publisher.nanos(timeout);
        Optional<Publication> publication = client().publisher().offer(message);
        while (publication.isEmpty() && deadline - System.nanoTime() > 0) {
            CountDownLatch space = new CountDownLatch(1);
            Runnable waiter = space::countDown;
            client().publisher().whenSpace(waiter);
            boolean again = false;
            try {
                publication = client().publisher().offer(message); // space may have come between
                if (publication.isEmpty()) {
                    again = space.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                    publication = client().publisher().offer(message);
                }
            } finally {
                client.publisher().forgetSpace(waiter, !again || publication.isPresent());
            }
        }
        return publication.isPresent() ? publication.get() : client().publisher().publish(message);
    }

    @Override
    public MessageQueue open(String filter, SubscribeOptions options, int capacity) {
        require(filter, options);
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity: " + capacity + " is not allowed; at least 1 is");
        }
        FetchQueue queue = new FetchQueue(client(), filter, options, capacity, "queue of " + bundle);
        own(queue.subscription());
        return queue;
    }

    @Override
    public Outcome outcome(long id) {
        return client().publisher().outcome(id);
    }

    @Override
    public Subscription subscribe(String filter, SubscribeOptions options, MessageListener listener) {
        require(filter, options);
        return subscribeAll(List.of(filter), options, listener).get(0);
    }

    @Override
    public List<Subscription> subscribe(List<String> filters, SubscribeOptions options, MessageListener listener) {
        List<String> all = filters == null ? List.of() : new ArrayList<>(filters);
        if (all.isEmpty() || all.contains(null) || new HashSet<>(all).size() < all.size()) {
            throw new IllegalArgumentException(
                    "filters: " + filters + " is not allowed; allowed: at least one filter, each once");
        }
        all.forEach(filter -> require(filter, options));
        return subscribeAll(all, options, listener);
    }

    private List<Subscription> subscribeAll(List<String> filters, SubscribeOptions options, MessageListener listener) {
        Objects.requireNonNull(listener, "listener: null is not allowed");
        ListenerQueue queue = client().subscriber().queue(listener, host.describe(listener),
                options.manualAcknowledgement());
        return List.copyOf(client.subscriber()
                .subscribe(filters, Subscribe.Request.encode(options), options.userProperties(), queue).stream()
                .map(this::own).toList());
    }

    @Override
    public CompletionStage<ReceivedMessage> request(Message message, Duration timeout) {
        Objects.requireNonNull(message, "message: null is not allowed");
        requirePositive(timeout);
        client();
        return requests.send(message, timeout);
    }

    @Override
    public Subscription respond(String filter, SubscribeOptions options, Responder responder) {
        require(filter, options);
        Objects.requireNonNull(responder, "responder: null is not allowed");
        if (options.manualAcknowledgement()) {
            throw new IllegalArgumentException(
                    "manualAcknowledgement: true is not allowed for a responder; allowed is false");
        }
        Client mine = client();
        ListenerQueue queue = mine.subscriber().queue(message -> {
            Message answer = Requests.answer(message, responder);
            if (answer != null) {
                mine.publisher().publish(answer);
            }
        }, host.describe(responder), false);
        ClientSubscription subscription = mine.subscriber().subscribe(filter, Subscribe.Request.encode(options),
                options.userProperties(), queue);
        if (filter.endsWith("#")) {
            return own(subscription, () -> {});
        }
        ClientSubscription basic = mine.subscriber().subscribe(Requests.requestFilter(filter),
                Subscribe.Request.encode(options),
                options.userProperties(), queue);
        return own(subscription, () -> mine.subscriber().unsubscribe(basic));
    }

    @Override
    public AutoCloseable onUnmatched(MessageListener handler) {
        Objects.requireNonNull(handler, "handler: null is not allowed");
        Client mine = client();
        ListenerQueue queue = mine.subscriber().queue(handler, host.describe(handler), false);
        AutoCloseable end = () -> mine.subscriber().removeUnmatched(queue);
        opened.add(end);
        mine.subscriber().addUnmatched(queue);
        if (released) { // meanwhile
            mine.subscriber().removeUnmatched(queue);
        }
        return () -> {
            opened.remove(end);
            end.close();
        };
    }

    private static void requirePositive(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout: " + timeout + " is not allowed; more than zero is");
        }
    }

    private static void require(String filter, SubscribeOptions options) {
        Topics.requireFilter(filter);
        Objects.requireNonNull(options, "options: null is not allowed");
        if (options.noLocal() && filter.startsWith("$share/")) {
            throw new IllegalArgumentException("noLocal: true is not allowed with the shared subscription " + filter
                    + "; allowed is false [MQTT-3.8.3-4]");
        }
    }

    private ClientSubscription own(ClientSubscription subscription) {
        return own(subscription, () -> {});
    }

    private ClientSubscription own(ClientSubscription subscription, Runnable withIt) {
        AutoCloseable release = () -> {
            withIt.run();
            subscription.release();
        };
        opened.add(release);
        subscription.onClose(() -> {
            opened.remove(release);
            withIt.run();
        });
        if (released) { // meanwhile
            withIt.run();
            subscription.release();
        }
        return subscription;
    }

    @Override
    public ClientStatus status() {
        return client().status();
    }

    @Override
    public boolean isConnected() {
        return client().connector().isConnected();
    }

    @Override
    public AutoCloseable addConnectionListener(ConnectionListener listener) {
        AutoCloseable registration = client().connector().addConnectionListener(
                Objects.requireNonNull(listener, "listener: null is not allowed"));
        opened.add(registration);
        return () -> {
            opened.remove(registration);
            registration.close();
        };
    }

    @Override
    public CompletionStage<Void> disconnect() {
        return client().connector().disconnect();
    }

    @Override
    public CompletionStage<Void> connect() {
        return client().connector().connect();
    }

    @Override
    public CompletionStage<Void> reconnect() {
        return client().connector().reconnect();
    }

    @Override
    public CompletionStage<Boolean> drain(Duration timeout) {
        requirePositive(timeout);
        return client().publisher().drain(timeout);
    }

    @Override
    public CompletionStage<Boolean> brokerUp() {
        return client().connector().brokerUp();
    }

    @Override
    public CompletionStage<Boolean> wanUp() {
        return client().connector().wanUp();
    }

    @Override
    public ClientMetrics metrics() {
        return client().metrics();
    }

    @Override
    public String toString() {
        return "ResilientMqttClient[" + name + "]";
    }
}
