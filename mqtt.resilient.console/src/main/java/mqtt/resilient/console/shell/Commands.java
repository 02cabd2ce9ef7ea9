package mqtt.resilient.console.shell;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.console.model.EventLog;
import mqtt.resilient.console.model.Explanation;
import mqtt.resilient.console.model.Stretch;
import mqtt.resilient.console.model.Text;
import mqtt.resilient.spi.ClientInspector;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The commands of the Gogo shell; not there without one. They write to the output of the process, of which Gogo gives
 * each session its own, so that pipes work; keys come from the session, because Gogo's own input does not tell whether
 * there are any. Every wait ends by itself.
 */
@Component(service = Commands.class, reference = @Reference(name = "shell", service = CommandProcessor.class),
        property = {
            "osgi.command.scope=mqtt", "osgi.command.function=status", "osgi.command.function=clients",
            "osgi.command.function=connect",
            "osgi.command.function=disconnect", "osgi.command.function=reconnect", "osgi.command.function=publish",
            "osgi.command.function=subscribe", "osgi.command.function=tail", "osgi.command.function=queue",
            "osgi.command.function=cancel",
            "osgi.command.function=subscriptions", "osgi.command.function=events", "osgi.command.function=ping",
            "osgi.command.function=wan", "osgi.command.function=explain" })
public final class Commands {
    private static final int ANSWER_SECONDS = 15;
    private static final int DELIVERED_SECONDS = 5;
    private static final int WIDTH = 100;
    private static final int MOST_NAME = 40;
    private static final int TAIL_CAPACITY = 1000;
    private static final Duration TAIL_TURN = Duration.ofMillis(200);
    private static final int MOST_ANSWER = 20;

    private final Clients clients;

    /** Called by the Service Component Runtime. */
    @Activate
    public Commands(@Reference Clients clients) {
        this.clients = clients;
    }

    private static PrintStream out() {
        return System.out;
    }

    // ---- looking --------------------------------------------------------------------------------------------------

    /** One line for each client. */
    @Descriptor("one line for each client: state, since when, pending messages, round trip, broker, and why it is not "
            + "connected")
    public void clients(@Descriptor("nothing") String... args) {
        new Arguments("clients", Set.of(), Set.of(), args).requireNothing();
        Table table = new Table(new int[] { 24, 10, 12, 9, 9, 10 }, "CLIENT", "STATE", "FOR", "PENDING", "IN FLIGHT",
                "ROUND TRIP",
                "BROKER, REASON");
        for (String name : clients.names()) {
            clients.ask(name, client -> {
                ClientStatus status = client.status();
                ClientMetrics metrics = client.metrics();
                return table.row(name, status.state(), Text.duration(clients.stretch(status).lasts()),
                        metrics.pending(),
                        metrics.inFlight(), Text.roundTrip(metrics.roundTripNanos()), store(status, "%s: %.100s; ")
                                + (status.state() == ConnectionState.ONLINE ? status.broker()
                                        : String.format("%s %.60s", status.broker(), status.reason())));
            });
        }
        out().print(clients.names().isEmpty() ? "No client is configured.\n" : table);
    }

    /** What a client does, or all of them. */
    @Descriptor("state of a client: reason, since when, limits of the broker, pending messages, store; without a name "
            + "all clients")
    public void status(@Descriptor("[client]") String... args) {
        Arguments arguments = new Arguments("status [client]", Set.of(), Set.of(), args);
        for (String name : arguments.isEmpty() ? clients.names() : List.of(arguments.client(clients, 0))) {
            clients.ask(name, this::status).ifPresent(out()::println);
        }
    }

    private Table status(ResilientMqttClient client) {
        ClientStatus status = client.status();
        ClientMetrics metrics = client.metrics();
        Stretch stretch = clients.stretch(status);
        Table table = new Table(new int[] { MOST_NAME }, status.client(), store(status, "%s: %s; ") + status.state())
                .row(stretch.connected() ? "  connected"
                        : "  not connected",
                        "since " + Text.time(stretch.since()) + " (" + Text.duration(stretch.lasts()) + ")")
                .row("  reason", status.reason());
        if (!status.nextAttempt().isZero()) {
            table.row("  next attempt",
                    "in " + Text.duration(status.nextAttempt()) + " (" + status.attempt() + " failed)");
        }
        if (!status.configurationError().isEmpty()) {
            table.row("  configuration", "rejected: " + status.configurationError());
        }
        BrokerLimits limits = status.limits();
        boolean online = status.state() == ConnectionState.ONLINE;
        table.row("  broker", status.broker()).row("  client identifier", status.clientId())
                .row("  protocol", "MQTT " + status.protocol()
                        + (online ? status.sessionPresent() ? ", session resumed" : ", new session" : ""));
        if (online) {
            table.row("  granted",
                    "receive maximum " + limits.receiveMaximum() + ", QoS up to " + limits.maximumQos().ordinal()
                            + ", retain " + yes(limits.retainAvailable()) + ", packets up to "
                            + Text.bytes(limits.maximumPacketBytes()));
            table.row("",
                    "topic aliases " + limits.topicAliasMaximum() + ", wildcards " + yes(limits.wildcardSubscriptions())
                            + ", shared " + yes(limits.sharedSubscriptions()));
        }
        if (status.brokers().size() > 1) {
            status.brokers().forEach(broker -> table.row("", Explanation.broker(broker)));
        }
        return table.row("  round trip", Text.roundTrip(metrics.roundTripNanos()))
                .row("  pending",
                        Text.count(metrics.pending(), "message") + ", " + Text.bytes(metrics.pendingBytes()) + ", "
                                + metrics.inFlight() + " in flight" + (metrics.pending() == 0 ? "" : ", the oldest for "
                                        + Text.duration(Duration.ofMillis(metrics.oldestMillis()))))
                .row("  sent",
                        metrics.accepted() + " accepted, " + metrics.delivered() + " delivered, " + metrics.resent()
                                + " resent")
                .row("  not sent",
                        metrics.rejected() + " rejected, " + metrics.dropped() + " dropped, " + metrics.expired()
                                + " expired, "
                                + metrics.cancelled() + " cancelled,")
                .row("", metrics.refused() + " refused, " + metrics.deadLettered() + " dead-lettered, "
                        + metrics.closed() + " closed")
                .row("  received",
                        metrics.received() + ", " + metrics.unhandled() + " unhandled, " + metrics.receivedDropped()
                                + " dropped")
                .row("  store", status.store() + ", " + Text.bytes(metrics.storeBytes())
                        + (status.storeReason().isEmpty() ? "" : ": " + status.storeReason()));
    }

    /** What is wrong with the store, to begin with; empty = nothing. */
    private static String store(ClientStatus status, String format) {
        return status.store() == StoreHealth.OK ? ""
                : "store " + String.format(format, status.store(), status.storeReason());
    }

    private static String yes(boolean granted) {
        return granted ? "yes" : "no";
    }

    /** Explains the state in words. */
    @Descriptor("in words: state, reason, what happens next and when, the backlog and whether it shrinks")
    public void explain(@Descriptor("[client]") String... args) throws InterruptedException {
        String name = new Arguments("explain [client]", Set.of(), Set.of(), args).client(clients, 0);
        ResilientMqttClient client = clients.client(name);
        ClientMetrics before = client.metrics();
        double growth = Double.NaN;
        if (before.pending() > 0) { // whether it shrinks takes a look at two moments
            long begun = System.nanoTime();
            TimeUnit.SECONDS.sleep(1);
            growth = Explanation.growth(before, client.metrics(), Duration.ofNanos(System.nanoTime() - begun));
        }
        ClientStatus status = client.status();
        out().println(wrap(
                Explanation.of(status, clients.stretch(status), client.metrics(), growth, clients.log().of(name))));
    }

    private static String wrap(String text) {
        StringBuilder lines = new StringBuilder();
        int column = 0;
        for (String word : text.split(" ")) {
            if (column > 0 && column + word.length() >= WIDTH) {
                lines.append(System.lineSeparator());
                column = 0;
            } else if (column > 0) {
                lines.append(' ');
                column++;
            }
            lines.append(word);
            column += word.length();
        }
        return lines.toString();
    }

    /** What happened lately. */
    @Descriptor("the latest events of a client, at most 200, the newest last; without a name those of all clients, and "
            + "those of none")
    public void events(@Descriptor("[client] [-n count]") String... args) {
        Arguments arguments = new Arguments("events [client] [-n count]", Set.of(), Set.of("-n"), args);
        int most = arguments.number("-n", 1, EventLog.MOST, EventLog.MOST);
        if (!arguments.isEmpty()) {
            events(arguments.client(clients, 0), most);
            return;
        }
        clients.names().forEach(name -> events(name, most));
        events("", most);
    }

    private void events(String client, int most) {
        List<EventLog.Entry> all = clients.log().of(client);
        Table table = new Table(new int[] { 19, 20, 9 }, "TIME", "EVENT", "COUNT", client);
        all.subList(Math.max(0, all.size() - most), all.size())
                .forEach(entry -> table.row(Text.time(entry.last()), entry.kind(),
                        entry.count() == 1 ? "" : entry.count(), entry.text()
                                + (entry.count() == 1 ? "" : "; the first at " + Text.time(entry.first()))));
        if (!all.isEmpty()) {
            out().println(table);
        } else if (!client.isEmpty()) {
            out().println(client + ": no events since the console was started.");
        }
    }

    /** The subscriptions. */
    @Descriptor("the topic filters of a client: granted QoS, listeners, messages that wait for them")
    public void subscriptions(@Descriptor("[client]") String... args) throws InterruptedException {
        String name = new Arguments("subscriptions [client]", Set.of(), Set.of(), args).client(clients, 0);
        List<ClientInspector.Subscribed> all = answer(clients.inspector(name).subscriptions());
        Table table = new Table(new int[] { 40, 3, 12, 7, 8 }, "FILTER", "QOS", "GRANTED", "WAITING", "DISCARDS",
                "LISTENERS");
        for (ClientInspector.Subscribed each : all) {
            Subscription.Grant granted = each.granted();
            table.row(each.filter(), each.qos().ordinal(),
                    granted.isGranted() ? "QoS " + granted.code() : granted.code() < 0 ? "no answer"
                            : "refused " + granted.code(),
                    each.waiting(), each.discards(), String.join(", ", each.listeners())
                            + (each.departed().isEmpty() ? "" : " (gone, within listener.grace.seconds: "
                                    + String.join(", ", each.departed()) + ")"));
        }
        out().print(all.isEmpty() ? name + ": no subscriptions.\n" : table);
    }

    /** What is pending. */
    @Descriptor("pending messages by lane; with -l (q0 = QoS 0) the oldest waiting messages that are in memory")
    public void queue(@Descriptor("[client] [-l 0|1|2|3|q0] [-n count]") String... args) throws InterruptedException {
        Arguments arguments = new Arguments("queue [client] [-l 0|1|2|3|q0] [-n count]", Set.of(), Set.of("-l", "-n"),
                args);
        int most = arguments.number("-n", 1, ClientInspector.MAX_RESULTS, 20);
        String name = arguments.client(clients, 0);
        if (!arguments.has("-l")) {
            Table table = new Table(new int[] { 6, 12, 9, 10 }, "LANE", "WAITING", "IN FLIGHT", "BYTES", "OLDEST");
            answer(clients.inspector(name).lanes())
                    .forEach(lane -> table.row(Text.lane(lane.lane()), lane.waiting(), lane.inFlight(),
                            Text.bytes(lane.bytes()),
                            lane.oldestMillis() == 0 ? "-" : Text.duration(Duration.ofMillis(lane.oldestMillis()))));
            out().print(table);
            return;
        }
        List<ClientInspector.Waiting> all = answer(clients.inspector(name).waiting(lane(arguments), most));
        Table table = new Table(new int[] { 12, 3, 10, 10 }, "NUMBER", "QOS", "PAYLOAD", "AGE", "TOPIC");
        all.forEach(each -> table.row(each.id(), each.qos().ordinal(), Text.bytes(each.payloadBytes()),
                Text.duration(Duration.ofMillis(each.ageMillis())), each.topic()));
        out().print(all.isEmpty() ? "No message waits there, or none of them is in memory now.\n" : table);
    }

    private static int lane(Arguments arguments) {
        return "q0".equals(arguments.get("-l")) ? ClientInspector.AT_MOST_ONCE
                : arguments.number("-l", 0, Message.LANES - 1, 0);
    }

    // ---- doing ----------------------------------------------------------------------------------------------------

    /** Resumes. */
    @Descriptor("connects again after disconnect; no effect otherwise")
    public void connect(@Descriptor("[client]") String... args) {
        String name = new Arguments("connect [client]", Set.of(), Set.of(), args).client(clients, 0);
        out().println(name + ": " + clients.connect(name));
    }

    /** Pauses. */
    @Descriptor("closes the connection and stays paused until connect; messages are kept")
    public void disconnect(@Descriptor("[client]") String... args) {
        String name = new Arguments("disconnect [client]", Set.of(), Set.of(), args).client(clients, 0);
        out().println(name + ": " + clients.disconnect(name));
    }

    /** Connects anew. */
    @Descriptor("closes the connection, if any, and makes a new one without back-off; no effect while the client is "
            + "paused")
    public void reconnect(@Descriptor("[client]") String... args) {
        String name = new Arguments("reconnect [client]", Set.of(), Set.of(), args).client(clients, 0);
        out().println(name + ": " + clients.reconnect(name));
    }

    /** Asks the broker. */
    @Descriptor("asks whether the broker answers")
    public void ping(@Descriptor("[client]") String... args) throws InterruptedException {
        String name = new Arguments("ping [client]", Set.of(), Set.of(), args).client(clients, 0);
        out().println(name + ": " + answer(clients.ping(name)));
    }

    /** Asks for the network. */
    @Descriptor("asks whether the wide area network is reachable (configuration key wan.probe)")
    public void wan(@Descriptor("[client]") String... args) throws InterruptedException {
        String name = new Arguments("wan [client]", Set.of(), Set.of(), args).client(clients, 0);
        out().println(name + ": the wide area network "
                + (answer(clients.client(name).wanUp()) ? "is reachable" : "is not reachable"));
    }

    /** Publishes. */
    @Descriptor("publishes a message (QoS 1) and waits up to 5 s for its outcome; quote text with spaces; -x: the "
            + "payload is hexadecimal")
    public void publish(
            @Descriptor("[client] topic payload [-q 0|1|2] [-l lane] [-r] [-x]  (-r = retained)") String... args)
            throws InterruptedException {
        Arguments arguments = new Arguments("publish [client] topic payload [-q 0|1|2] [-l lane] [-r] [-x]",
                Set.of("-r", "-x"),
                Set.of("-q", "-l"), args);
        String name = arguments.client(clients, 2);
        Publication publication = clients.client(name)
                .publish(Message.to(arguments.operand(0)).payload(payload(arguments))
                        .qos(Qos.of(arguments.number("-q", 0, 2, 1))).retain(arguments.has("-r"))
                        .lane(arguments.number("-l", 0, Message.LANES - 1, Message.LANE_NORMAL)).build());
        try {
            out().println("message " + publication.id() + " is accepted (" + answer(publication.stored()) + ")");
            Outcome outcome = publication.delivered().toCompletableFuture().get(DELIVERED_SECONDS, TimeUnit.SECONDS);
            out().println("message " + publication.id() + " is " + outcome.kind().name().toLowerCase(Locale.ROOT)
                    + (outcome.reason().isEmpty() ? "" : ": " + Text.printable(outcome.reason(), WIDTH)));
        } catch (TimeoutException e) {
            out().println("message " + publication.id() + " is pending; " + name + " is "
                    + clients.client(name).status().state());
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static byte[] payload(Arguments arguments) {
        String payload = arguments.operand(1);
        try {
            return arguments.has("-x") ? HexFormat.of().parseHex(payload) : payload.getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw arguments.wrong("payload " + payload + " is not hexadecimal");
        }
    }

    /** The same as {@link #tail}. */
    @Descriptor("the same as tail")
    public void subscribe(CommandSession session, @Descriptor("[client] filter [-n count] [-t seconds]") String... args)
            throws InterruptedException {
        tail(session, args);
    }

    /** Shows messages as they come. */
    @Descriptor("shows received messages; ends after -n messages (10), after -t seconds (60), or with a key")
    public void tail(CommandSession session, @Descriptor("[client] filter [-n count] [-t seconds]") String... args)
            throws InterruptedException {
        Arguments arguments = new Arguments("tail [client] filter [-n count] [-t seconds]", Set.of(),
                Set.of("-n", "-t"), args);
        int most = arguments.number("-n", 1, 10_000, 10);
        int seconds = arguments.number("-t", 1, 3600, 60);
        String name = arguments.client(clients, 1);
        long begun = System.nanoTime();
        int count = 0;
        String end = "";
        isKeyPressed(session.getKeyboard()); // what is left of the line with the command
        BlockingQueue<String> lines = new ArrayBlockingQueue<>(TAIL_CAPACITY);
        AtomicLong left = new AtomicLong();
        // A terminal that does not read holds up nobody but itself: a message is let go before it is shown.
        try (Subscription subscription = clients.lookOn(name, arguments.operand(0), message -> {
            if (lines.remainingCapacity() == 0 || !lines.offer(line(message))) {
                left.incrementAndGet();
            }
        })) {
            while (end.isEmpty()) {
                String line = lines.poll(TAIL_TURN.toMillis(), TimeUnit.MILLISECONDS);
                if (line != null) {
                    out().println(line);
                    count++;
                }
                int code = subscription.granted().code();
                end = count == most ? "-n reached"
                        : System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(seconds) ? "time is up"
                                : isKeyPressed(session.getKeyboard()) ? "a key"
                                        : code > 2 ? "the broker refused the subscription with code " + code
                                                : code == Subscription.Grant.CLOSED.code() ? "the client has gone" : "";
            }
        }
        out().println(Text.count(count, "message") + " (" + end + ")"
                + (left.get() == 0 ? "" : "; " + left.get() + " skipped, they came too fast"));
    }

    private static String line(ReceivedMessage message) {
        String head = Text.time(Instant.now()).substring(11) + " q" + message.qos().ordinal()
                + (message.retained() ? " retained" : "")
                + " " + Text.printable(message.topic(), WIDTH);
        String payload = Text.payload(message.payload(), 2 * WIDTH);
        return head.length() + payload.length() < WIDTH ? head + " " + payload
                : head + System.lineSeparator() + "    " + payload;
    }

    private static boolean isKeyPressed(InputStream keyboard) {
        try {
            int available = keyboard.available();
            for (int i = 0; i < available; i++) {
                keyboard.read();
            }
            return available > 0;
        } catch (IOException e) {
            return true; // whoever looked on has gone
        }
    }

    /** Cancels messages. */
    @Descriptor("cancels the waiting messages of a lane (q0 = QoS 0): they are never sent; asks first, unless --yes is "
            + "given")
    public void cancel(CommandSession session, @Descriptor("[client] -l 0|1|2|3|q0 | --all  [--yes]") String... args)
            throws InterruptedException {
        Arguments arguments = new Arguments("cancel [client] -l 0|1|2|3|q0 | --all  [--yes]", Set.of("--all", "--yes"),
                Set.of("-l"), args);
        String name = arguments.client(clients, 0);
        if (arguments.has("--all") == arguments.has("-l")) {
            throw arguments.wrong("which lane? Either -l or --all");
        }
        int only = arguments.has("-l") ? lane(arguments) : -1;
        ClientInspector inspector = clients.inspector(name);
        List<ClientInspector.Lane> lanes = answer(inspector.lanes()).stream()
                .filter(lane -> lane.waiting() > 0 && (only < 0 || lane.lane() == only)).toList();
        long queued = lanes.stream().mapToLong(ClientInspector.Lane::waiting).sum();
        if (queued == 0) {
            out().println(name + ": no message waits.");
            return;
        }
        if (!arguments.has("--yes")) {
            session.getConsole().print(Text.count(queued, "message") + " of " + name
                    + ", and those accepted until you answer, will never be sent. Type yes to cancel: ");
            session.getConsole().flush(); // which does not get through Gogo's own stream
            isKeyPressed(session.getKeyboard()); // what is left of the line with the command
            if (!"yes".equals(line(session.getKeyboard()))) {
                out().println(System.lineSeparator() + "Nothing is cancelled.");
                return;
            }
        }
        long cancelled = 0;
        for (ClientInspector.Lane lane : lanes) {
            cancelled += answer(clients.cancel(name, lane.lane()));
        }
        out().println(name + ": " + Text.count(cancelled, "message") + " cancelled.");
    }

    private static String line(InputStream keyboard) {
        StringBuilder line = new StringBuilder();
        try {
            for (int key = keyboard.read(); key >= 0 && key != '\n' && key != '\r'; key = keyboard.read()) {
                if (line.length() == MOST_ANSWER) {
                    return "";
                }
                line.append((char) key);
            }
        } catch (IOException e) {
            return ""; // whoever was asked has gone
        }
        return line.toString().strip();
    }

    static <T> T answer(CompletionStage<T> stage) throws InterruptedException {
        try {
            return stage.toCompletableFuture().get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "no answer within " + ANSWER_SECONDS + " s; the request may still take effect (see mqtt:status)");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        }
    }
}
