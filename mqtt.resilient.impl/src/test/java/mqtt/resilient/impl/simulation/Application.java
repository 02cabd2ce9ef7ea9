package mqtt.resilient.impl.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.api.Subscription.Removal;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.client.ClientSettings;
import mqtt.resilient.impl.client.ClientSubscription;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.dispatch.InboundQueue;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.v5.Mqtt5;

/** One client in each life of the process, the application that uses it, and what it may expect. */
final class Application implements ClientEvents {
    private static final long FORCE_NANOS = 500 * Timeline.MILLI;
    /**
     * What a power cut may take with store=process: the interval, the longest time that a disk hangs, and until a
     * restart.
     */
    private static final long UNFORCED_NANOS = 90 * Timeline.SECOND;
    private static final long LANES_BYTES = 20_000;
    private static final long SESSION_BYTES = 400_000;
    /** Files that are no longer needed go so long after files can be opened and deleted again. */
    private static final long TIDY_NANOS = 60 * Timeline.SECOND;
    /** What was settled is compacted after so long, also where it is a backlog of many large messages. */
    private static final long COMPACTED_NANOS = 10 * Timeline.SECOND;
    private static final long GRACE_SECONDS = 30;
    /** A connection that has lasted so long says that the broker works. */
    private static final long STABLE_NANOS = 30 * Timeline.SECOND;
    private static final int CHECKS_KEPT = 12;
    /**
     * A disk that has not answered for so long is no good disk; that is said after five seconds, for which no thread
     * may be there before.
     */
    private static final long HANGING_NANOS = 11 * Timeline.SECOND;
    /** Within this time what was accepted is stored, or the store says why not. */
    private static final long UNSTORED_NANOS = 10 * Timeline.SECOND;
    /** QoS 2, the RETAIN flag as it was published, retained messages if new, and identifier 200. */
    private static final int INBOUND_OPTIONS = 2 | 8 | 1 << 4 | 200 << 6;

    private final Timeline timeline;
    private final Ledger ledger;
    private final Gateway gateway;
    private final Broker broker;
    private final Scenario scenario;
    private final int index;
    private final SplittableRandom random;
    private final Map<String, ArrayDeque<ClientSubscription>> filters = new TreeMap<>();

    private Client client;
    private final String clientId;
    private Durability durability;
    private int window;
    private int keepAliveSeconds;
    private int rate;
    private boolean dropOldest;
    private int maxMessages;
    private String user = "u";
    /** What was pending at the latest checks of the disk. */
    private final ArrayDeque<Long> pendingBytes = new ArrayDeque<>();
    private boolean sessionKnown;
    /** The broker's session with which it was online last; null = what an earlier process has left. */
    private Object known;
    /** The session that is known is one of MQTT 5. */
    private boolean knownFive;
    /**
     * A CONNECT of the other version has ended it since, or one of MQTT 5 has left, which may have ended one of 3.1.1.
     */
    private boolean supplanted;
    private boolean online;
    private ClientSubscription inbound;
    private InboundQueue inboundQueue;
    private int failures;
    private long rejected;
    private boolean opened;
    /** Whether the latest check found more on the disk than is needed. */
    /** Since when there is more on the disk than what is pending needs. */
    private long exceededSince = Timeline.NEVER;
    /** How many connections of this life the client has given up for want of an answer. */
    private int timeouts;
    /** A crash may have come before what was subscribed was on the disk; the client did not wait, or it could not. */
    private boolean leftovers;
    /** The store is not healthy now. */
    private boolean unwell;
    /** When the latest connection ended; {@link Timeline#NEVER} = there was none, or it goes on. */
    private long endedAt = Timeline.NEVER;
    /** The node that was silent; -1 = the connection ended otherwise. */
    private int silentNode = -1;
    private long onlineAt;
    /** When the client said last that its birth message is not there, and why. */
    private long birthMissedAt = -1;
    /** What the store gets from threads and disk; null = it is in memory. */
    private StoreWatch store;
    /** Accepted in this life and not known to be stored, and some that are. */
    private final ArrayDeque<Sent> unstored = new ArrayDeque<>();
    /** Since when the store says that it is healthy, by the clock of the process. */
    private long tidyAgain = Long.MIN_VALUE;
    private long wellSince;
    private boolean stopping;
    /** Published when nothing went wrong any more, to see whether the client works. */
    private Sent alarm;
    /** For what only some applications do, so that the others keep their course. */
    private final SplittableRandom habits;
    /** What this life of the client has to answer. */
    private final List<Question> questions = new ArrayList<>();

    /** What somebody has asked the client for. */
    private record Question(String what, CompletionStage<?> answer) {
        boolean isOpen() {
            return !answer.toCompletableFuture().isDone();
        }
    }

    Application(Timeline timeline, Ledger ledger, Gateway gateway, Broker broker, Scenario scenario, int index,
            SplittableRandom random) {
        this.timeline = timeline;
        this.ledger = ledger;
        this.gateway = gateway;
        this.scenario = scenario;
        this.index = index;
        this.random = random;
        habits = new SplittableRandom(scenario.seed() * 17 + index);
        this.broker = broker;
        clientId = scenario.assignedId() ? "" : "c" + index;
        durability = scenario.durability();
        window = scenario.window();
        keepAliveSeconds = scenario.keepAliveSeconds();
    }

    int index() {
        return index;
    }

    /** The client id, which the broker may have given; one that nobody has until then. */
    String clientId() {
        String given = clientId.isEmpty() ? broker.assigned(index) : clientId;
        return given == null ? "nobody" : given;
    }

    /** Under which key the broker has the session that the client uses, or has used last. */
    String sessionKey() {
        return broker.key(Math.max(0, gateway.nodeOf(client.status().broker())), clientId());
    }

    int window() {
        return window;
    }

    Client client() {
        return client;
    }

    /** Whether it may have only so many messages pending. */
    boolean isBounded() {
        return maxMessages > 0;
    }

    boolean isRateLimited() {
        return rate > 0;
    }

    // ---- the life of the client -----------------------------------------------------------------------------------

    void start() {
        sessionKnown = false;
        online = false;
        endedAt = Timeline.NEVER;
        supplanted = false;
        failures = 0;
        rejected = 0;
        opened = false;
        exceededSince = Timeline.NEVER;
        timeouts = 0;
        filters.clear();
        questions.clear();
        alarm = null;
        store = null;
        unstored.clear();
        stopping = false;
        wellSince = Timeline.NEVER;
        ClientSettings settings = settings();
        client = new Client(gateway.environment(index), "client" + index, fragile(new Mqtt311()),
                asked -> gateway.store(index, asked), settings, this);
        if (scenario.dialect().hasFive()) {
            offerFive();
        }
        client.configure("client" + index, settings);
        listen();
    }

    /** MQTT 5 is there, or is not. */
    void offerFive() {
        client.offer(gateway.hasFive() ? fragile(new Mqtt5()) : null);
    }

    private ProtocolVersion fragile(ProtocolVersion version) {
        return gateway.heap().fragile(ProtocolVersion.class, version);
    }

    private ClientSettings settings() {
        StoreSettings store = durability == Durability.MEMORY ? StoreSettings.MEMORY
                : new StoreSettings("store" + index, durability, FORCE_NANOS, 0, scenario.segmentBytes());
        List<Object> keys = new ArrayList<>(List.of("client.id", clientId, "protocol", scenario.dialect().protocol,
                "inflight.max", window, "keepalive.seconds", keepAliveSeconds,
                "response.seconds", scenario.responseSeconds(), "rate.messages", rate, "rate.burst", 3,
                "store.overflow", dropOldest ? "drop-oldest" : "reject", "store.max.messages", maxMessages,
                "listener.grace.seconds", GRACE_SECONDS, "session.expiry.seconds", scenario.sessionExpirySeconds(),
                "packet.max.bytes", scenario.packetMaxBytes(), "user", user));
        if (scenario.nodes() > 1) {
            keys.addAll(List.of("brokers", gateway.hosts().stream().map(host -> "mqtt://" + host).toList(),
                    "brokers.cluster", !scenario.hasSeveralBrokers(), "failback.seconds", scenario.failbackSeconds()));
        }
        if (scenario.profile() == Profile.DISK) { // a late acknowledgement ends a connection sooner than a disk hangs
            keys.addAll(List.of("acknowledge.seconds", 1));
        }
        if (scenario.birthQos() >= 0) {
            keys.addAll(
                    List.of("birth.topic", birthTopic(), "birth.payload", "born", "birth.qos", scenario.birthQos()));
        }
        return Keys.stored(store, keys.toArray());
    }

    String birthTopic() {
        return "birth/" + index;
    }

    /** The QoS of the birth message with which each connection has to begin; -1 = there is none. */
    int birthQos() {
        return scenario.birthQos();
    }

    /** Whether the client has said, since a connection began, that its birth message is not there. */
    boolean missesItsBirth(long since) {
        return birthMissedAt >= since;
    }

    /** The process is gone, perhaps with the machine. */
    void died(boolean power) {
        inbound = null;
        leftovers |= unwell || power && durability != Durability.POWER;
        if (power) {
            excuseUnforced(gateway.firstLifeOfBoot());
        }
        if (scenario.durability() == Durability.MEMORY) {
            excuse(gateway.life(), Timeline.NEVER);
        }
    }

    /** The power was cut: with store=process what was not forced yet is gone. */
    void excuseUnforced(int firstLife) {
        if (scenario.durability() == Durability.PROCESS) {
            excuse(firstLife, scenario.has(Fault.FORCE_FAILS) ? Timeline.NEVER // what failed is not forced again
                    : UNFORCED_NANOS);
        }
    }

    private void excuse(int firstLife, long nanos) {
        List<Sent> all = ledger.sent();
        for (int i = all.size() - 1; i >= 0 && all.get(i).life >= firstLife; i--) {
            Sent message = all.get(i);
            message.excused |= message.client == index && message.arrivals == 0
                    && gateway.process().nanoTime() - message.at < nanos;
        }
    }

    /** Its store has been made. */
    void watch(StoreWatch watch) {
        store = watch;
    }

    void stop(Runnable then) {
        stopping = true;
        inbound = null;
        client.prepareStop();
        client.stop().thenRun(then);
    }

    /** The broker discards the session, because the client has asked for that. */
    void discards(boolean five, Object session) {
        if (sessionKnown && knownFive == five && !supplanted && (known == null || known == session)) {
            ledger.violated("sessions are kept", "client " + index + " has a session discarded that it knew");
        }
    }

    /**
     * The broker has ended a session because the client begins another one with the other version: it knows it no more.
     */
    void changesVersion(boolean endedFive) {
        supplanted |= endedFive == knownFive;
    }

    /** The broker begins a new session for this process: what an earlier one has left is not there any more. */
    void begins() {
        known = known == null ? this : known;
    }

    /** The client connects: a session of 3.1.1 may end with a CONNECT of 5, whatever becomes of that. */
    void connects(boolean five) {
        supplanted |= five && !knownFive;
    }

    void reconfigure() {
        switch (random.nextInt(7)) {
            case 0 -> window = 1 + random.nextInt(20);
            case 1 -> keepAliveSeconds = 20 + random.nextInt(3) * 20;
            case 2 -> rate = random.nextInt(2) * 20;
            case 3 -> dropOldest = !dropOldest;
            case 4 -> maxMessages = random.nextInt(2) * 50;
            case 5 -> {
                user = user.equals("u") ? "v" : "u";
                gateway.trouble();
            }
            default -> durability = durability == Durability.MEMORY ? durability
                    : durability == scenario.durability() ? Durability.POWER : scenario.durability();
        }
        if (client != null && gateway.isRunning()) {
            timeline.trace("client " + index,
                    () -> "is configured: window " + window + ", keepalive " + keepAliveSeconds
                            + ", rate " + rate + ", drop oldest " + dropOldest + ", at most " + maxMessages + ", user "
                            + user
                            + ", store " + durability);
            gateway.trouble();
            client.configure("client" + index, settings());
        }
    }

    void steer() {
        gateway.trouble();
        int life = gateway.life();
        switch (random.nextInt(3)) {
            case 0 -> ask("disconnect", client.connector().disconnect().whenComplete((done, error) -> {
                if (error != null) {
                    ledger.violated("truth", "client " + index + " says that a disconnect has failed: " + error);
                }
            }));
            case 1 -> askToConnect("connect", client.connector().connect(), life);
            default -> askToConnect("reconnect", client.connector().reconnect(), life);
        }
    }

    private void ask(String what, CompletionStage<?> answer) {
        timeline.trace("client " + index, () -> "is asked: " + what);
        questions.add(new Question(what + " at " + timeline.now() / Timeline.SECOND + " s", answer));
    }

    /** Connects, and looks whether what is said of it is true. */
    private void askToConnect(String what, CompletionStage<Void> connected, int life) {
        ask(what, connected.whenComplete((done, error) -> {
            boolean told = error != null
                    && error.toString().matches(".*not connected: (disconnect.. was called|the client has stopped"
                            + "|the store cannot be opened .*)");
            if (life == gateway.life() && error != null && !told) {
                ledger.violated("truth", "client " + index + " says of a connect: " + error);
            }
        }));
    }

    // ---- publishing -----------------------------------------------------------------------------------------------

    Sent publish(int qos, int lane, int length, boolean expires) {
        Sent message = ledger.newSent(index, lane, qos, expires, gateway.life(), gateway.process().nanoTime(),
                scenario.dialect().hasFive());
        Message.Builder builder = Message.to(message.topic()).lane(lane).qos(Qos.of(qos))
                .payload(Sent.payload(message.number, length));
        if (expires) {
            message.expirySeconds = 1 + random.nextInt(60);
            builder.expiresAfter(Duration.ofSeconds(message.expirySeconds));
        }
        if (message.five) {
            builder.properties(message.properties().toApi()).retain(message.retained());
            message.packetBytes = message.packetBytes(Math.max(8, length));
        }
        Publication publication = client.publisher().publish(builder.build());
        message.accepted = publication.id() != 0;
        timeline.trace("client " + index, () -> (message.accepted ? "accepts " : "rejects ") + message);
        if (!message.accepted) {
            rejected++;
            return message;
        }
        if (qos > 0) {
            unstored.add(message);
        }
        gateway.statistics().messages++;
        publication.stored().thenAccept(stored -> message.stored = true);
        publication.delivered().thenAccept(outcome -> {
            timeline.trace("client " + index, () -> message + " is " + outcome.kind()
                    + (outcome.reasonCode() == 0 ? "" : " " + Integer.toHexString(outcome.reasonCode())) + " "
                    + outcome.reason());
            if (outcome.kind() == Outcome.Kind.REFUSED && !mayBeRejected(message)) {
                ledger.violated("truth",
                        message + " is rejected, and the broker would have taken it: " + outcome.reason());
            }
            ledger.ended(message, outcome);
        });
        if (random.nextInt(100) == 0) {
            publication.cancel().thenAccept(done -> {
                if (done && message.arrivals > 0) {
                    ledger.violated("truth", message + " is cancelled and has arrived");
                }
                message.excused |= done;
                message.cancelled |= done && durability == Durability.POWER;
            });
        }
        return message;
    }

    /**
     * Why the client is not back to work, after everything that went wrong; empty if it is: it is connected, its store
     * is healthy, and an alarm that was published since has arrived and is stored.
     */
    String idleness() {
        ClientStatus status = client.status();
        if (!client.connector().isConnected() || status.store() != StoreHealth.OK) {
            return status.toString();
        }
        if (alarm == null || !alarm.accepted) {
            alarm = publish(1, 0, 8, false);
        }
        return alarm.accepted && alarm.end != null && (alarm.stored || alarm.end != Outcome.Kind.DELIVERED) ? ""
                : "an alarm has not arrived, or is not stored: " + status;
    }

    /** Whether the broker has refused a message, or takes none of its size. */
    private boolean mayBeRejected(Sent message) {
        return message.refused || message.packetBytes > broker.smallestPacket(index);
    }

    // ---- listening ------------------------------------------------------------------------------------------------

    void listen() {
        if (inbound == null) {
            inboundQueue = client.subscriber().queue(this::received, "in", false);
            inbound = client.subscriber().subscribe("in/" + index + "/#",
                    scenario.dialect().hasFive() ? INBOUND_OPTIONS : 2,
                    inboundQueue);
        }
    }

    /** The options with which a filter is to be asked for, and 64 times its identifier; -1 = any. */
    int options(String filter, boolean five, boolean identifiers) {
        return !filter.equals("in/" + index + "/#") ? -1 : !five || !scenario.dialect().hasFive() ? 2
                : identifiers ? INBOUND_OPTIONS : INBOUND_OPTIONS & 63;
    }

    void leave() {
        if (inbound != null) {
            client.subscriber().close(List.of(inbound), inboundQueue, true);
            inbound = null;
        }
    }

    void failNext(int count) {
        failures = count;
    }

    private void received(ReceivedMessage message) {
        if (failures > 0) {
            failures--;
            throw new IllegalStateException("told to fail");
        }
        timeline.trace("client " + index, () -> "has handled " + message.topic());
        gateway.statistics().received++;
        ledger.handled(message);
    }

    void churn() {
        if (scenario.groups()) {
            churnGroups();
            return;
        }
        String filter = (scenario.nodes() > 1 ? "$share/g/f" : "f") + random.nextInt(4) + "/+";
        ArrayDeque<ClientSubscription> open = filters.computeIfAbsent(filter, key -> new ArrayDeque<>());
        if (open.isEmpty() || random.nextInt(3) == 0) {
            open.add(client.subscriber().subscribe(filter, random.nextInt(3),
                    client.subscriber().queue(message -> {}, "f", false)));
        } else {
            open.remove().close();
        }
    }

    /** Subscribes to several filters at once, or ends one and waits for what becomes of it. */
    private void churnGroups() {
        List<String> some = IntStream.range(0, 4).filter(i -> habits.nextInt(3) == 0).mapToObj(i -> "f" + i + "/+")
                .toList();
        List<String> open = filters.keySet().stream().filter(filter -> !filters.get(filter).isEmpty()).toList();
        if (!some.isEmpty() && (open.isEmpty() || habits.nextInt(3) == 0)) {
            client.subscriber()
                    .subscribe(some, habits.nextInt(3), List.of(), client.subscriber().queue(message -> {}, "f", false))
                    .forEach(each -> filters.computeIfAbsent(each.filter(), key -> new ArrayDeque<>()).add(each));
        } else if (!open.isEmpty()) {
            ClientSubscription ended = filters.get(open.get(habits.nextInt(open.size()))).remove();
            List<UserProperty> farewell = habits.nextBoolean() ? List.of()
                    : List.of(new UserProperty("left", "" + index));
            ask("unsubscribe " + ended.filter(), ended.unsubscribe(farewell).thenAccept(removal -> {
                timeline.trace("client " + index, () -> "is told of " + ended.filter() + ": " + removal);
                if (removal.how() == Removal.How.ANSWERED && !broker.hasUnsubscribed(clientId(), ended.filter())) {
                    ledger.violated("truth",
                            "client " + index + " is told that the broker has removed " + ended.filter());
                }
            }));
        }
    }

    private TreeSet<String> wanted() {
        TreeSet<String> wanted = new TreeSet<>();
        if (inbound != null) {
            wanted.add("in/" + index + "/#");
        }
        filters.forEach((filter, open) -> {
            if (!open.isEmpty()) {
                wanted.add(filter);
            }
        });
        return wanted;
    }

    // ---- what must be true ----------------------------------------------------------------------------------------

    /** At any time. */
    void check() {
        if (!gateway.isRunning()) {
            return;
        }
        ClientMetrics metrics = client.metrics();
        long ended = metrics.delivered() + metrics.expired() + metrics.cancelled() + metrics.refused()
                + metrics.deadLettered()
                + metrics.dropped() + metrics.closed();
        if (metrics.accepted() != ended + metrics.pending()) {
            throw ledger.violated("accounting", "client " + index + " has accepted " + metrics.accepted() + "; ended "
                    + ended + ", pending " + metrics.pending());
        }
        if (metrics.rejected() != rejected) {
            throw ledger.violated("accounting",
                    "client " + index + " has rejected " + rejected + " and says " + metrics.rejected());
        }
        // a window of at most 100, and as many suspects beside it
        if (metrics.inFlight() > 200 || metrics.pendingBytes() < 0 || metrics.pending() < 0) {
            throw ledger.violated("bounds", metrics.toString());
        }
    }

    /**
     * What the client says of itself: it is online only with a connection, and its store is healthy only if the latest
     * task came back without an error, none is under way for longer, and what was accepted a while ago is stored.
     */
    void checkTruth(boolean hasConnection, boolean hasThreads) {
        ClientStatus status = client.status();
        if (status.state() == ConnectionState.ONLINE && !hasConnection) {
            throw ledger.violated("truth", "client " + index + " is online, and has no connection");
        }
        // without a thread nobody hears that a message is stored
        if (status.store() != StoreHealth.OK || stopping || !hasThreads) {
            wellSince = Timeline.NEVER;
            return;
        }
        wellSince = Math.min(wellSince, gateway.process().nanoTime());
        String illness = store == null ? "" : store.illness(HANGING_NANOS);
        if (!illness.isEmpty()) {
            throw ledger.violated("truth", "the store of client " + index + " says that it is healthy: " + illness);
        }
        while (!unstored.isEmpty() && (unstored.peek().stored || unstored.peek().end != null)) {
            unstored.remove();
        }
        long waiting = unstored.isEmpty() ? 0 : gateway.process().nanoTime() - Math.max(wellSince, unstored.peek().at);
        if (waiting > UNSTORED_NANOS) {
            throw ledger.violated("truth",
                    "the store of client " + index + " says that it is healthy for " + waiting / Timeline.SECOND
                            + " s, and " + unstored.peek() + " is not stored");
        }
    }

    /** The gateway is short of something: what it says of its store now counts for nothing. */
    void checkNothing() {
        wellSince = Timeline.NEVER;
        notePendingBytes();
    }

    /**
     * With MQTT 5 a backlog may be settled at once, refused for its size or sent with QoS 0; the disk may hang for 40 s
     * before the journal gives up its bytes.
     */
    private void notePendingBytes() {
        if (opened) {
            pendingBytes.add(client.metrics().pendingBytes());
            if (pendingBytes.size() > (scenario.dialect().hasFive() ? CHECKS_KEPT : 1)) {
                pendingBytes.remove();
            }
        }
    }

    /** How long a dead connection may go unnoticed at most: a ping must become due and stay unanswered. */
    long patience() {
        return (Math.max(keepAliveSeconds, client.status().limits().keepAliveSeconds()) / 4 + responseSeconds()) * 5 / 4
                * Timeline.SECOND + 10 * Timeline.SECOND;
    }

    /**
     * The journal takes what is pending, as much again and some segments in each lane, and the session. Not looked
     * at while nothing can be deleted nor renamed, or no file can be opened, for then what was settled may not be
     * written and nothing compacted; and until shortly after that.
     */
    void checkDisk(DiskModel disk) {
        if (!opened) {
            return;
        }
        long now = gateway.process().nanoTime();
        boolean refuses = disk.refuses(DiskModel.Operation.DELETE) || disk.refuses(DiskModel.Operation.OPEN);
        tidyAgain = refuses ? now + TIDY_NANOS : tidyAgain;
        if (now < tidyAgain) {
            return;
        }
        notePendingBytes();
        long needed = 3 * Collections.max(pendingBytes) + 32L * scenario.segmentBytes() + LANES_BYTES
                + 10L * scenario.payloadBytes();
        boolean exceeded = disk.used("store" + index + "/lane") > needed
                || disk.used("store" + index + "/") > needed + SESSION_BYTES;
        // after a disk that hung, what was settled meanwhile is written all the same, and compacted within seconds
        exceededSince = !exceeded ? Timeline.NEVER : exceededSince == Timeline.NEVER ? now : exceededSince;
        if (exceeded && now - exceededSince >= COMPACTED_NANOS) {
            throw ledger.violated("bounded disk", disk.used("store" + index + "/")
                    + " bytes are used; at most " + needed + " are needed: " + disk);
        }
    }

    /** The waits that are in force now: until the next attempt, and by how much the response timeout has grown. */
    long waitInForceNanos() {
        return client.status().nextAttempt().toNanos() + responseSeconds() * Timeline.SECOND
                - scenario.responseSeconds() * Timeline.SECOND;
    }

    private long responseSeconds() {
        return Math.min(600, (long) scenario.responseSeconds() << Math.min(timeouts, 10));
    }

    /** Why the client is not at rest; empty when it is. */
    String unrest(Broker broker) {
        ClientMetrics metrics = client.metrics();
        if (metrics.pending() > 0) {
            return metrics.pending() + " messages are pending"
                    + ledger.sent().stream().filter(each -> each.client == index && each.accepted
                            && each.end == null && each.life == gateway.life()).findFirst()
                            .map(each -> ", first " + each).orElse("");
        }
        if (!client.connector().isConnected()) {
            return "not connected: " + client.status();
        }
        if (scenario.failbackSeconds() > 0 && !client.status().broker().contains(gateway.hosts().get(0))) {
            return "it has not gone back to the first broker: " + client.status();
        }
        if (metrics.unhandled() > 0) {
            return metrics.unhandled() + " messages are unhandled";
        }
        if (!broker.isQuiet(sessionKey())) {
            return "the broker waits for it";
        }
        TreeSet<String> wanted = wanted();
        wanted.removeIf(broker::dislikes);
        TreeSet<String> known = new TreeSet<>(broker.knownSubscriptions(sessionKey(), gateway));
        if (!broker.subscriptions(sessionKey()).keySet().containsAll(wanted)
                || !leftovers && !wanted.containsAll(known)) {
            return "the broker has the subscriptions " + broker.subscriptions(sessionKey()) + "; wanted are " + wanted;
        }
        Optional<Question> open = questions.stream().filter(Question::isOpen).findFirst();
        if (open.isPresent()) {
            return "somebody has asked and waits for the answer: " + open.get().what;
        }
        if (birthQos() >= 0 && !broker.isBorn(sessionKey(), this)) {
            return "the broker does not know that it is born";
        }
        if (client.status().store() != StoreHealth.OK) {
            return "the store is " + client.status().store() + ": " + client.status().storeReason();
        }
        return untold();
    }

    /** Takes back what somebody has asked for; nothing else is done to bring the client to rest. */
    void makePeace() {
        failures = 0;
        if (scenario.has(Fault.STEER)) {
            gateway.trouble();
            client.connector().connect();
        }
        if (scenario.has(Fault.SUBSCRIPTION_REFUSED)) {
            gateway.trouble();
            client.connector().reconnect(); // refused subscriptions are asked for once on each connection
        }
        listen();
    }

    /** A message of this life of which the application has not heard all that it has to; empty if there is none. */
    private String untold() {
        List<Sent> all = ledger.sent();
        for (int i = all.size() - 1; i >= 0 && all.get(i).life >= gateway.life(); i--) {
            Sent message = all.get(i);
            if (message.client == index && message.accepted && message.end == null) {
                return message + " is settled and nobody was told";
            }
            if (message.client == index && message.end == Outcome.Kind.DELIVERED && message.qos > 0
                    && !message.stored) {
                return message + " is delivered, and nobody was told that it is stored";
            }
        }
        return "";
    }

    // ---- what the client tells ------------------------------------------------------------------------------------

    @Override
    public void changed(ClientStatus status, boolean sessionLost, boolean permanent) {
        timeline.trace("client " + index, () -> status.state() + ": " + status.reason());
        if (status.state() == ConnectionState.ONLINE) {
            if (!online && sessionKnown && !status.sessionPresent() && !sessionLost) {
                ledger.violated("no silent loss", "client " + index + " has another session, and nobody was told");
            }
            if (sessionLost && scenario.hasSeveralBrokers()) {
                ledger.sessionLost(); // another broker never had it
            }
            sessionKnown = true;
            known = broker.session(sessionKey());
            supplanted = false;
            knownFive = status.protocol().equals("5");
        } else if (status.state() == ConnectionState.HANDSHAKE) {
            connects(status.protocol().equals("5")); // it counts as sent before the bytes leave
        } else if (status.state() == ConnectionState.WAITING && status.reason().contains("within")) {
            timeouts++;
        }
        noteOutage(status);
        online = status.state() == ConnectionState.ONLINE;
    }

    private void noteOutage(ClientStatus status) {
        if (status.state() == ConnectionState.ONLINE && !online) {
            checkFound();
            endedAt = Timeline.NEVER;
            onlineAt = timeline.now();
        } else if (status.state() != ConnectionState.ONLINE && online) {
            silentNode = status.reason().contains("within") ? gateway.nodeOf(status.broker()) : -1;
            boolean known = timeline.now() - onlineAt >= STABLE_NANOS
                    && !status.reason().contains("acknowledge.seconds"); // of a node that serves, slowly
            endedAt = known ? timeline.now() : Timeline.NEVER;
        }
    }

    /** A node that serves is found in time, whatever the others do. */
    void checkFound() {
        boolean answersAtOnce = scenario.dialect() != Dialect.AUTO_SILENT;
        if (endedAt != Timeline.NEVER && endedAt > gateway.otherTroubleUntil() && answersAtOnce) {
            long most = gateway.nodes().foundWithin(endedAt, silentNode, scenario.responseSeconds()
                    * Timeline.SECOND);
            if (timeline.now() - endedAt > most) {
                ledger.violated("a serving broker is found", "client " + index + " has no connection for "
                        + (timeline.now() - endedAt) / Timeline.MILLI + " ms; at most " + most / Timeline.MILLI
                        + " ms are needed: " + client.status());
            }
        }
    }

    @Override
    public void dropped(String topic, Outcome.Kind kind, String reason) {
        timeline.trace("client " + index, () -> "gives up " + topic + " (" + kind + "): " + reason);
        if (kind == Outcome.Kind.CLOSED && topic.startsWith("t/")) {
            return;
        }
        if (topic.equals(birthTopic())) {
            birthMissedAt = timeline.now();
            if (kind != Outcome.Kind.REFUSED) {
                ledger.violated("truth", topic + " (" + kind + "): " + reason);
            }
            return;
        }
        boolean inbound = topic.startsWith("in/");
        if (inbound && ledger.out(topic).tooLarge) {
            return;
        }
        if (kind == Outcome.Kind.REFUSED && topic.startsWith("t/")) {
            if (ledger.sharing(topic).stream().noneMatch(this::mayBeRejected)) {
                ledger.violated("nothing is given up", topic + " (" + kind + "): " + reason);
            }
            ledger.givenUp(topic, reason);
            return;
        }
        boolean atMostOnce = inbound ? ledger.out(topic).qos == 0
                : topic.startsWith("t/") && ledger.sent(topic).qos == 0;
        if (!atMostOnce && (inbound ? !scenario.has(Fault.LISTENER_LEAVES)
                : kind == Outcome.Kind.EXPIRED ? !ledger.sent(topic).expires : !scenario.has(Fault.RECONFIGURE))) {
            ledger.violated("nothing is given up", topic + " (" + kind + "): " + reason);
        }
        ledger.givenUp(topic, reason);
    }

    @Override
    public void deadLettered(long id, String topic, String reason) {
        timeline.trace("client " + index, () -> "dead-letters " + topic + ": " + reason);
        if (ledger.sharing(topic).stream().noneMatch(broker::mayDislike)) {
            ledger.violated("no innocent message is dead-lettered", topic + ": " + reason);
        }
        ledger.givenUp(topic, reason);
    }

    @Override
    public void brokerDeviates(String topic, String how) {
        timeline.trace("client " + index, () -> "the broker deviates on " + topic + ": " + how);
    }

    @Override
    public void storeHealth(StoreHealth health, String reason) {
        unwell = health != StoreHealth.OK;
        timeline.trace("client " + index, () -> "store " + health + (reason.isEmpty() ? "" : ": " + reason));
    }

    @Override
    public void storeOpened(StoredState state) {
        opened = true;
        timeline.trace("client " + index,
                () -> "store opened; session \"" + state.session + "\" in flight " + state.inFlight.size()
                        + (state.incomplete.isEmpty() ? "" : " incomplete: " + state.incomplete));
        if (!state.incomplete.isEmpty() && scenario.durability() != Durability.PROCESS) {
            ledger.violated("the store is whole", state.incomplete);
        }
        if (!state.session.isEmpty() && state.incomplete.isEmpty()) {
            sessionKnown = true;
            known = scenario.hasSeveralBrokers() ? leftAt(gateway.nodeOf(state.session)) : null;
            knownFive = state.session.endsWith(" 5");
        }
    }

    /** The session that an earlier process had at one of several brokers. */
    private Object leftAt(int node) {
        Object left = broker.session(broker.key(node, clientId()));
        return left == null ? this : left;
    }

    @Override
    public void connectionListenerFailed(String listener, Throwable error) {
        ledger.violated("no errors", "a connection listener failed");
    }

    @Override
    public void subscriptionRefused(String filter, int code) {
        timeline.trace("client " + index, () -> "the subscription of " + filter + " is refused");
        if (!scenario.has(Fault.SUBSCRIPTION_REFUSED) && !broker.dislikes(filter)) {
            ledger.violated("no innocent filter is refused", filter);
        }
    }

    @Override
    public void listenerFailed(String listener, String topic, Throwable error, boolean deadLettered) {
        timeline.trace("client " + index, () -> "a listener failed on " + topic + ": " + error);
        if (!(error instanceof IllegalStateException)
                && !(error instanceof OutOfMemoryError && scenario.has(Fault.HEAP_FULL))) {
            ledger.violated("no errors", "a listener was called with " + error);
        }
        if (deadLettered) {
            if (!scenario.has(Fault.LISTENER_THROWS)) {
                ledger.violated("nothing is given up", topic + " is dead-lettered");
            }
            ledger.givenUp(topic, "its listener threw");
        }
    }

    @Override
    public void listenerSlow(String listener, long nanos) {
        timeline.trace("client " + index, () -> "listener " + listener + " is slow");
    }
}
