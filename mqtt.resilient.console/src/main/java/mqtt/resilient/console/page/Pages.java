package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.console.model.EventLog;
import mqtt.resilient.console.model.Explanation;
import mqtt.resilient.console.model.Rates;
import mqtt.resilient.spi.ClientInspector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open pages, and the one thread that samples the clients for all of them, once a second. While no page is open there is no
 * thread, no timer and no subscription. Safe from any thread.
 */
final class Pages implements AutoCloseable {
    /** How many may be open at once. */
    static final int MOST = 16;
    private static final long PERIOD_MILLIS = 1000;
    /** Subscriptions change seldom and may be many: every so many samples. */
    private static final int SUBSCRIPTIONS_EVERY = 5;
    private static final long TENDENCY_NANOS = 4_000_000_000L;
    private static final Logger LOG = LoggerFactory.getLogger(Pages.class);

    private final Clients clients;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, OpenPage> open = new LinkedHashMap<>();
    private boolean closed;
    private Sampler sampler;

    Pages(Clients clients) {
        this.clients = clients;
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
            Tail tail = before != null && before.client.equals(client) ? before.giveTail(filter) : null; // no second SUBSCRIBE
            try {
                tail = tail != null || filter.isEmpty() ? tail : new Tail(clients, client, filter);
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

    private Optional<ResilientMqttClient> find(String name) {
        try {
            return Optional.of(clients.client(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
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

    /** What the explanation takes the tendency from. */
    private record Past(ClientMetrics metrics, long at, Rates rates) {
    }

    /** Lives as long as a page is open. */
    private final class Sampler implements Runnable, AutoCloseable {
        private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mqtt-console");
            thread.setDaemon(true);
            return thread;
        });
        private final ScheduledFuture<?> timer;
        private final Map<String, Question<List<ClientInspector.Lane>>> lanes = new HashMap<>();
        private final Map<String, Question<List<ClientInspector.Subscribed>>> subscriptions = new HashMap<>();
        private final Map<String, Past> past = new HashMap<>();
        private Map<String, String> rows = Map.of();
        private boolean failed;

        Sampler() {
            timer = executor.scheduleAtFixedRate(this, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        }

        /** A page that has just been opened does not wait for the next second. */
        void soon() {
            executor.execute(this);
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
            Map<String, String> before = rows;
            rows = rows();
            String whole = null;
            String changes = changes(before);
            Set<String> watched = pages.stream().map(page -> page.client).collect(Collectors.toSet());
            lanes.keySet().retainAll(watched);
            subscriptions.keySet().retainAll(watched);
            past.keySet().retainAll(watched);
            Map<String, String> details = new HashMap<>();
            for (OpenPage page : pages) {
                if (page.isOver(now)) {
                    page.close();
                    continue;
                }
                if (page.wholeListDue) {
                    whole = whole == null ? list(true, rows.values(), List.of()) : whole;
                    page.wholeListDue = !page.send("clients", whole);
                } else if (changes != null) {
                    page.wholeListDue = !page.send("clients", changes);
                } else if (page.client.isEmpty()) {
                    page.send("alive", "{}"); // a browser that has gone is noticed by writing
                }
                if (!page.client.isEmpty()) {
                    page.send("client", details.computeIfAbsent(page.client, name -> detail(name, now)));
                    subscriptions(page);
                    events(page);
                }
                tail(page);
                if (page.isOld(now)) {
                    page.send("renew", "{}");
                }
            }
        }

        private void tail(OpenPage page) {
            Tail tail = page.tail();
            if (tail == null) {
                return;
            }
            Subscription.Grant granted = tail.granted();
            if (tail.isOver()) { // the client has gone, and perhaps come again: the browser asks anew
                page.close();
            } else if (!granted.isGranted() && !granted.equals(Subscription.Grant.PENDING)) {
                page.send("refused", new Json().object().put("words", "The broker refused the subscription with code " + granted.code()
                        + (granted.reason().isEmpty() ? "." : ": " + granted.reason())).end().toString());
            }
            String messages = tail.take();
            if (messages != null) {
                page.send("tail", messages);
            }
        }

        private Map<String, String> rows() {
            Map<String, String> all = new TreeMap<>();
            for (String name : clients.names()) {
                find(name).ifPresent(client -> all.put(name, row(name, client.status())));
            }
            return all;
        }

        private String row(String name, ClientStatus status) {
            return new Json().object().put("name", name).put("state", status.state().name()).put("store", status.store().name())
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

        private String detail(String name, long now) {
            ResilientMqttClient client = find(name).orElse(null);
            Json json = new Json().object().put("name", name).put("now", System.currentTimeMillis()).put("there", client != null);
            if (client != null) {
                ClientStatus status = client.status();
                ClientMetrics metrics = client.metrics();
                json.put("explain", Explanation.of(status, metrics, rates(name, metrics, now), Instant.now(), clients.log().of(name)))
                        .name("status").value(status).name("metrics").value(metrics)
                        .name("lanes").raw(answer(lanes, name, inspector -> inspector.lanes()));
            }
            return json.end().toString();
        }

        /** {@return the tendency over some seconds; null = not known yet} */
        private Rates rates(String name, ClientMetrics metrics, long now) {
            Past before = past.get(name);
            if (before == null || now - before.at >= TENDENCY_NANOS) {
                past.put(name, new Past(metrics, now, before == null ? null
                        : Rates.between(before.metrics, metrics, Duration.ofNanos(now - before.at))));
            }
            return past.get(name).rates;
        }

        private void subscriptions(OpenPage page) {
            long turn = page.samples++ % SUBSCRIPTIONS_EVERY;
            if (turn < 2) { // the answer of the first is there at the second
                String answer = answer(subscriptions, page.client, ClientInspector::subscriptions);
                if (turn == 1) {
                    page.send("subscriptions", answer);
                }
            }
        }

        private <T> String answer(Map<String, Question<T>> questions, String name, Function<ClientInspector, CompletionStage<T>> what) {
            Question<T> question = questions.computeIfAbsent(name, any -> new Question<>());
            String answer = question.answer();
            try {
                ClientInspector inspector = clients.inspector(name);
                question.ask(() -> what.apply(inspector));
            } catch (IllegalArgumentException e) {
                return "null"; // the client has gone
            }
            return answer;
        }

        private void events(OpenPage page) {
            List<EventLog.Entry> news = clients.log().since(page.client, page.shownEvent);
            if (!news.isEmpty() && page.send("events", new Json().value(news).toString())) {
                page.shownEvent = news.get(news.size() - 1).number();
            }
        }

        @Override
        public void close() {
            timer.cancel(false);
            executor.shutdown();
        }
    }
}
