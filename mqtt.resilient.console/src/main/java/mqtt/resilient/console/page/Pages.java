package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.console.model.EventLog;
import mqtt.resilient.console.model.Explanation;
import mqtt.resilient.console.model.Stretch;
import mqtt.resilient.spi.ClientInspector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open pages, and the one thread that samples the clients for all of them, once a second. While no page is open
 * there is no thread, no timer and no subscription. Safe from any thread.
 */
final class Pages implements AutoCloseable {
    /** How many may be open at once. */
    static final int MOST = 16;
    private static final long PERIOD_MILLIS = 1000;
    /** Subscriptions change seldom and may be many: every so many samples. */
    private static final int SUBSCRIPTIONS_EVERY = 5;
    private static final int BACKLOGS_EVERY = 5;
    /** After this a question that is not answered is asked again. */
    private static final long PATIENCE_NANOS = 10_000_000_000L;
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
     * @throws NotNowException if enough are open, or the console stops
     * @throws IllegalArgumentException if the filter is not allowed
     * @throws IllegalStateException if the container cannot answer asynchronously
     */
    void open(String key, String client, String filter, HttpServletRequest request) throws IOException {
        OpenPage page;
        OpenPage before;
        synchronized (this) {
            before = open.get(key);
            if (closed || before == null && open.size() >= MOST) {
                throw new NotNowException(closed ? "The console is being stopped."
                        : MOST + " pages are open already, and no more are allowed; close one.");
            }
            if (sampler == null) {
                sampler = new Sampler();
            }
            // no second SUBSCRIBE
            Tail tail = before != null && before.client.equals(client) ? before.giveTail(filter) : null;
            try {
                // While the client is not there, the page waits for it.
                tail = tail != null || filter.isEmpty() || !clients.names().contains(client) ? tail
                        : new Tail(listener -> clients.lookOn(client, filter, listener));
                page = new OpenPage(key, before == null ? token() : before.token, client, filter, tail,
                        request.startAsync(),
                        this::gone);
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
        try {
            page.open();
        } catch (IOException | IllegalStateException e) {
            page.close();
            throw new IOException("the stream cannot be written to", e);
        }
        page.send("hello", new Json().object().put("token", page.token).end().toString());
        sampler(page);
    }

    private synchronized void sampler(OpenPage page) {
        if (sampler != null && open.get(page.key) == page) {
            sampler.soon();
        }
    }

    /** {@return whether a page with this key is open that has this token} */
    synchronized boolean isToken(String key, String token) {
        OpenPage page = open.get(key);
        return page != null && page.hasToken(token);
    }

    /** Sends an event to the page with this key, if it is still, or again, there. */
    void send(String key, String event, String json) {
        OpenPage page;
        synchronized (this) {
            page = open.get(key);
        }
        if (page != null) {
            page.send(event, json);
        }
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

    /** A page cannot be opened now, but later. */
    static final class NotNowException extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotNowException(String why) {
            super(why);
        }
    }

    /** A question to a client that takes its time: the latest answer, and no second question while one is under way. */
    static final class Question<T> {
        private final ClientInspector inspector;
        private CompletableFuture<T> underWay;
        private long asked;
        private String answer = "null";

        Question(ClientInspector inspector) {
            this.inspector = inspector;
        }

        /** {@return the latest answer as JSON; null = there is none} */
        String ask(Function<ClientInspector, CompletionStage<T>> question, long now) {
            if (underWay != null && (underWay.isDone() || now - asked > PATIENCE_NANOS)) {
                answer = underWay.isDone() && !underWay.isCompletedExceptionally()
                        ? new Json().value(underWay.join()).toString()
                        : "null";
                underWay = null;
            }
            if (underWay == null) {
                underWay = question.apply(inspector).toCompletableFuture();
                asked = now;
            }
            return answer;
        }
    }

    /** What the tendency of the backlog is taken from. */
    private record Past(ClientMetrics metrics, long at, double growth) {
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
        /** The backlogs in the list, which change all the time: every so many samples. */
        private final Map<String, Long> backlogs = new HashMap<>();
        private int samples;
        private Map<String, String> rows = Map.of();
        /** The time of the page: the gateway's, but it does not step. */
        private final long clockMillis = System.currentTimeMillis() - System.nanoTime() / 1_000_000;
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
            List<OpenPage> pages = all();
            try {
                sample(pages);
                failed = false;
            } catch (RuntimeException e) { // or the pages would stand still for ever
                pages.forEach(page -> page.wholeListDue = true);
                if (!failed) {
                    LOG.warn("MQTT console: a sample failed and is skipped", e);
                }
                failed = true;
            }
        }

        private void sample(List<OpenPage> pages) {
            long now = System.nanoTime();
            Map<String, String> before = rows;
            if (samples++ % BACKLOGS_EVERY == 0) {
                backlogs.clear();
            }
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
                    subscriptions(page, now);
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
                // it has come: the browser asks anew
                if (!page.filter.isEmpty() && clients.names().contains(page.client)) {
                    page.close();
                }
                return;
            }
            Subscription.Grant granted = tail.granted();
            if (tail.isOver()) { // the client has gone, and perhaps come again: the browser asks anew
                page.close();
            } else if (!granted.isGranted() && !granted.equals(Subscription.Grant.PENDING)) {
                page.send("refused",
                        new Json().object()
                                .put("words", "The broker refused the subscription with code " + granted.code()
                                        + (granted.reason().isEmpty() ? "." : ": " + granted.reason()))
                                .end().toString());
            }
            tail.show(messages -> page.send("tail", messages));
        }

        private Map<String, String> rows() {
            Map<String, String> all = new TreeMap<>();
            for (String name : clients.names()) {
                clients.ask(name, client -> row(name, client)).ifPresent(row -> all.put(name, row));
            }
            return all;
        }

        private String row(String name, ResilientMqttClient client) {
            ClientStatus status = client.status();
            Stretch stretch = clients.stretch(status);
            return new Json().object().put("name", name).put("state", status.state().name())
                    .put("store", status.store().name())
                    .put("error", !status.configurationError().isEmpty())
                    .put("backlog", backlogs.computeIfAbsent(name, any -> client.metrics().pending()))
                    .put("offline", stretch.connected() ? 0 : stretch.since().toEpochMilli()).end().toString();
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
            return clients.ask(name, client -> detail(name, client, now))
                    .orElseGet(() -> head(name, now).put("there", false)).end()
                    .toString();
        }

        private Json head(String name, long now) {
            return new Json().object().put("name", name).put("now", clockMillis + now / 1_000_000);
        }

        private Json detail(String name, ResilientMqttClient client, long now) {
            ClientStatus status = client.status();
            ClientMetrics metrics = client.metrics();
            Stretch stretch = clients.stretch(status);
            return head(name, now).put("there", true)
                    .put("since", stretch.since().toEpochMilli()).put("lasts", stretch.lasts().toMillis())
                    .put("explain",
                            Explanation.of(status, stretch, metrics, growth(name, metrics, now),
                                    clients.log().of(name)))
                    .name("status").value(status).name("metrics").value(metrics)
                    .name("lanes").raw(answer(lanes, name, ClientInspector::lanes, now));
        }

        /** {@return the tendency over some seconds; NaN = not known yet} */
        private double growth(String name, ClientMetrics metrics, long now) {
            Past before = past.get(name);
            if (before == null || now - before.at >= TENDENCY_NANOS) {
                past.put(name, new Past(metrics, now, before == null ? Double.NaN
                        : Explanation.growth(before.metrics, metrics, Duration.ofNanos(now - before.at))));
            }
            return past.get(name).growth;
        }

        private void subscriptions(OpenPage page, long now) {
            long turn = page.samples++ % SUBSCRIPTIONS_EVERY;
            if (turn < 2) { // the answer of the first is there at the second
                String answer = answer(subscriptions, page.client, ClientInspector::subscriptions, now);
                if (turn == 1) {
                    page.send("subscriptions", answer);
                }
            }
        }

        private <T> String answer(Map<String, Question<T>> questions, String name,
                Function<ClientInspector, CompletionStage<T>> what, long now) {
            try {
                ClientInspector inspector = clients.inspector(name);
                return questions
                        .compute(name, (any, question) -> question != null && question.inspector == inspector ? question
                                : new Question<>(inspector))
                        .ask(what, now); // a client that came again has another one
            } catch (IllegalArgumentException e) {
                return "null"; // the client has gone
            }
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
