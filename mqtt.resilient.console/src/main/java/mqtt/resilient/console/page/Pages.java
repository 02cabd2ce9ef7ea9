package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.spi.ClientInspector;
import org.osgi.framework.BundleContext;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open pages, and the one thread that samples the clients for all of them, once a second. While no page is open there is no
 * thread, no listener and no subscription. Safe from any thread.
 */
final class Pages implements AutoCloseable {
    /** How many may be open at once. */
    static final int MOST = 16;
    private static final long PERIOD_MILLIS = 1000;
    /** Subscriptions change seldom and may be many: every so many samples. */
    private static final int SUBSCRIPTIONS_EVERY = 5;
    private static final Logger LOG = LoggerFactory.getLogger(Pages.class);

    private final BundleContext bundle;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, OpenPage> open = new LinkedHashMap<>();
    private boolean closed;
    private Sampler sampler;

    Pages(BundleContext bundle) {
        this.bundle = bundle;
    }

    /**
     * Opens a page's stream; one with the same key ends.
     *
     * @param key who asks, and which of his pages
     * @param client the client to look at; empty = none
     * @param filter the messages to show; empty = none
     * @param request is answered from now on, unless this throws
     * @throws TooManyException if enough are open
     * @throws IllegalArgumentException if the filter is not allowed
     * @throws IllegalStateException if the container cannot answer asynchronously
     */
    void open(String key, String client, String filter, HttpServletRequest request) throws IOException {
        OpenPage page;
        OpenPage before;
        String token = token();
        synchronized (this) {
            before = open.get(key);
            if (closed || before == null && open.size() >= MOST) {
                throw new TooManyException();
            }
            if (sampler == null) {
                sampler = new Sampler();
            }
            Tail tail = null;
            try {
                tail = filter.isEmpty() ? null : sampler.tail(client, filter);
                page = new OpenPage(key, token, client, tail, request.startAsync(), this::gone);
            } catch (IllegalArgumentException | IllegalStateException e) {
                if (tail != null) {
                    tail.close();
                }
                endUnlessUsed();
                throw e;
            }
            open.put(key, page);
        }
        if (before != null) {
            before.close();
        }
        page.open();
        page.send("hello", new Json().object().put("token", token).put("tailRate", Tail.MOST).end().toString());
        sampler(page);
    }

    private synchronized void sampler(OpenPage page) {
        if (sampler != null && open.get(page.key) == page) {
            sampler.soon();
        }
    }

    /** {@return the page with this key and this token; null = there is none} */
    synchronized OpenPage find(String key, String token) {
        OpenPage page = open.get(key);
        return page != null && page.hasToken(token) ? page : null;
    }

    /** {@return what a client is; null = there is no client of this name, or no page is open} */
    synchronized Watched client(String name) {
        return sampler == null ? null : sampler.client(name);
    }

    private synchronized void gone(OpenPage page) {
        open.remove(page.key, page);
        endUnlessUsed();
    }

    private void endUnlessUsed() {
        if (open.isEmpty() && sampler != null) {
            sampler.close();
            sampler = null;
        }
    }

    @Override
    public void close() {
        List<OpenPage> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(open.values());
        }
        all.forEach(OpenPage::close);
    }

    private synchronized List<OpenPage> all() {
        return List.copyOf(open.values());
    }

    private String token() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** More pages than {@link #MOST}. */
    static final class TooManyException extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooManyException() {
            super("There are " + MOST + " pages open, and no more are allowed; close one.");
        }
    }

    /** One client: its services. */
    record Watched(ResilientMqttClient client, ClientInspector inspector) {
    }

    /** A question that takes its time: the latest answer, and no second question while one is under way. */
    private static final class Question<T> {
        private final AtomicReference<String> answer = new AtomicReference<>("null");
        private final AtomicBoolean underWay = new AtomicBoolean();

        void ask(Supplier<CompletionStage<T>> question) {
            if (underWay.compareAndSet(false, true)) {
                question.get().whenComplete((value, failure) -> {
                    answer.set(failure == null ? new Json().value(value).toString() : "null");
                    underWay.set(false);
                });
            }
        }

        /** {@return JSON; null = there is no answer} */
        String answer() {
            return answer.get();
        }
    }

    /** Lives as long as a page is open. */
    private final class Sampler implements Runnable, AutoCloseable {
        private final ServiceTracker<ResilientMqttClient, ResilientMqttClient> clients =
                new ServiceTracker<>(bundle, ResilientMqttClient.class, null);
        private final ServiceTracker<ClientInspector, ClientInspector> inspectors =
                new ServiceTracker<>(bundle, ClientInspector.class, null);
        private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mqtt-console");
            thread.setDaemon(true);
            return thread;
        });
        private final ScheduledFuture<?> timer;
        private final Map<String, Question<List<ClientInspector.Lane>>> lanes = new HashMap<>();
        private final Map<String, Question<List<ClientInspector.Subscribed>>> subscriptions = new HashMap<>();
        private Map<String, String> rows = Map.of();
        private boolean failed;

        Sampler() {
            clients.open();
            inspectors.open();
            timer = executor.scheduleAtFixedRate(this, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        }

        /** A page that has just been opened does not wait for the next second. */
        void soon() {
            executor.execute(this);
        }

        Watched client(String name) {
            ResilientMqttClient client = named(clients, name);
            return client == null ? null : new Watched(client, named(inspectors, name));
        }

        Tail tail(String name, String filter) {
            Watched watched = client(name);
            if (watched == null) {
                throw new IllegalArgumentException("There is no client \"" + name + "\".");
            }
            return new Tail(watched.client(), filter);
        }

        @Override
        public void run() {
            try {
                sample(all());
                failed = false;
            } catch (RuntimeException e) { // a client that goes away in the middle of it must not end the page
                if (!failed) {
                    LOG.warn("MQTT console: a sample failed, and is left out", e);
                }
                failed = true;
            }
        }

        private void sample(List<OpenPage> pages) {
            long now = System.nanoTime();
            Map<String, ResilientMqttClient> all = names();
            Map<String, String> before = rows;
            rows = new TreeMap<>();
            all.forEach((name, client) -> rows.put(name, row(client)));
            String whole = null;
            String changes = changes(before);
            Map<String, String> details = new HashMap<>();
            Set<String> watched = pages.stream().map(page -> page.client).collect(Collectors.toSet());
            lanes.keySet().retainAll(watched);
            subscriptions.keySet().retainAll(watched);
            for (OpenPage page : pages) {
                if (page.isStalled(now)) {
                    page.close();
                    continue;
                }
                if (page.wholeListDue) {
                    whole = whole == null ? list(true, rows.values(), List.of()) : whole;
                    page.wholeListDue = !page.send("clients", whole);
                } else if (changes != null) {
                    page.wholeListDue = !page.send("clients", changes);
                }
                if (!page.client.isEmpty()) {
                    page.send("client", details.computeIfAbsent(page.client, this::detail));
                    long turn = page.samples++ % SUBSCRIPTIONS_EVERY;
                    if (turn == 0) {
                        askSubscriptions(page.client);
                    } else if (turn == 1) {
                        page.send("subscriptions", subscriptions.getOrDefault(page.client, new Question<>()).answer());
                    }
                } else if (changes == null) {
                    page.send("alive", "{}"); // a browser that has gone is noticed by writing
                }
                String messages = page.tail == null ? null : page.tail.take();
                if (messages != null) {
                    page.send("tail", messages);
                }
            }
        }

        private Map<String, ResilientMqttClient> names() {
            Map<String, ResilientMqttClient> all = new TreeMap<>();
            clients.getTracked().forEach((reference, client) -> all.put(
                    String.valueOf(reference.getProperty(MqttConstants.CLIENT)), client));
            return all;
        }

        private <T> T named(ServiceTracker<T, T> tracker, String name) {
            return tracker.getTracked().entrySet().stream()
                    .filter(entry -> name.equals(entry.getKey().getProperty(MqttConstants.CLIENT)))
                    .map(Map.Entry::getValue).findFirst().orElse(null);
        }

        private String row(ResilientMqttClient client) {
            ClientStatus status = client.status();
            return new Json().object().put("name", status.client()).put("state", status.state().name())
                    .put("since", status.since().toEpochMilli()).put("store", status.store().name())
                    .put("error", !status.configurationError().isEmpty()).end().toString();
        }

        /** {@return what has changed in the list; null = nothing} */
        private String changes(Map<String, String> before) {
            List<String> changed = new ArrayList<>();
            rows.forEach((name, row) -> {
                if (!row.equals(before.get(name))) {
                    changed.add(row);
                }
            });
            List<String> left = before.keySet().stream().filter(name -> !rows.containsKey(name)).toList();
            return changed.isEmpty() && left.isEmpty() ? null : list(false, changed, left);
        }

        private String list(boolean whole, Collection<String> changed, List<String> left) {
            Json json = new Json().object().put("whole", whole).name("rows").array();
            changed.forEach(json::raw);
            return json.endArray().name("left").value(left).end().toString();
        }

        private String detail(String name) {
            Watched watched = client(name);
            Json json = new Json().object().put("name", name).put("now", System.currentTimeMillis()).put("there", watched != null);
            if (watched != null) {
                json.name("status").value(watched.client().status()).name("metrics").value(watched.client().metrics());
                if (watched.inspector() != null) {
                    Question<List<ClientInspector.Lane>> question = lanes.computeIfAbsent(name, any -> new Question<>());
                    question.ask(watched.inspector()::lanes);
                    json.name("lanes").raw(question.answer());
                }
            }
            return json.end().toString();
        }

        private void askSubscriptions(String name) {
            Watched watched = client(name);
            if (watched != null && watched.inspector() != null) {
                subscriptions.computeIfAbsent(name, any -> new Question<>()).ask(watched.inspector()::subscriptions);
            }
        }

        @Override
        public void close() {
            timer.cancel(false);
            executor.shutdown();
            clients.close();
            inspectors.close();
        }
    }
}
