package mqtt.resilient.impl.simulation;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Operation;
import mqtt.resilient.spi.NetworkState;

/**
 * One run: a gateway, a broker and whatever goes wrong between them, for a while; then nothing goes wrong any more, and
 * everything has to come to rest and be right. The engine is the one that is shipped; time, network, disk and broker
 * are models. The same scenario always has the same course.
 */
final class Simulation {
    /**
     * Within this time after the last fault everything that can be delivered is delivered, but for what the network
     * takes.
     */
    static final long REST_NANOS = 15 * 60 * Timeline.SECOND;
    /** Within this time after the last fault every client works, but for the waits that are in force then. */
    static final long WORK_NANOS = 120 * Timeline.SECOND;
    /** Where the broker closed connections on packets, up to ten minutes are between two tries in the end. */
    private static final long VERDICT_NANOS = 720 * Timeline.SECOND;
    /** The long waits between the CONNECTs to which a broker that does not speak 5 says nothing. */
    private static final long SILENCES_NANOS = 60 * Timeline.SECOND;
    private static final long CHECK_NANOS = 5 * Timeline.SECOND;

    private final Scenario scenario;
    private final Timeline timeline;
    private final Ledger ledger = new Ledger();
    private final SplittableRandom random;
    private final Broker broker;
    private final Gateway gateway;
    private final Statistics statistics = new Statistics();
    private final long troubleEnds;
    private boolean peace;

    Simulation(Scenario scenario, Trace trace) {
        this.scenario = scenario;
        timeline = new Timeline(trace);
        random = new SplittableRandom(scenario.seed());
        broker = new Broker(timeline, ledger, random.split());
        broker.configure(scenario.brokerWindow(), scenario.brokerDelayMillis(), scenario.reorders());
        broker.configureFive(scenario.dialect().refusal, scenario.terms(), scenario.greedy());
        broker.configureDislikes(scenario.has(Fault.DISLIKED_FILTER), scenario.has(Fault.LOWER_QOS),
                closesOnPackets());
        if (scenario.hasSeveralBrokers()) {
            broker.sharesNothing();
        }
        gateway = new Gateway(timeline, ledger, broker, scenario, random.split(), statistics);
        gateway.disk().traceTo(what -> timeline.trace("disk", () -> what), trace.isOn());
        troubleEnds = scenario.seconds() * Timeline.SECOND;
    }

    private boolean closesOnPackets() {
        return scenario.has(Fault.DISLIKED_FILTER) || scenario.has(Fault.DISLIKED_MESSAGE)
                || scenario.has(Fault.QUOTA) || scenario.has(Fault.THROTTLE);
    }

    /** Runs it to its end; throws what went wrong. */
    Statistics run() {
        try {
            begin();
            runUntil(troubleEnds);
            makePeace();
            comeToRest();
            if (scenario.hasSeveralBrokers()) {
                broker.leavesAllBut(gateway.applications().stream().map(Application::sessionKey)
                        .collect(Collectors.toSet()));
            }
            ledger.checkTheEnd(broker::lowestQos);
        } catch (Violation e) {
            throw e;
        } catch (RuntimeException | Error e) {
            throw new Violation("no errors", e);
        }
        statistics.nanos = timeline.now();
        return statistics;
    }

    private void begin() {
        gateway.start();
        SplittableRandom shortages = new SplittableRandom(~scenario.seed());
        for (Map.Entry<Fault, Integer> each : scenario.meanSeconds().entrySet()) {
            plan(each.getKey(), each.getValue() * Timeline.SECOND,
                    (each.getKey().isShortage() ? shortages : random).split());
        }
        publishSoon(random.split());
        if (scenario.steadyQos0()) {
            publishSteadily();
        }
        brokerPublishesSoon(random.split());
        checkSoon();
    }

    private void runUntil(long time) {
        while (timeline.step(time)) {
            ledger.check();
        }
    }

    private void checkSoon() {
        timeline.after(CHECK_NANOS, () -> {
            gateway.check();
            checkSoon();
        });
    }

    // ---- traffic --------------------------------------------------------------------------------------------------

    private static long about(long mean, SplittableRandom random) {
        return (long) (-StrictMath.log(1 - random.nextDouble()) * mean);
    }

    private void publishSoon(SplittableRandom own) {
        timeline.after(about(scenario.publishMillis() * Timeline.MILLI, own), () -> {
            if (peace) {
                return;
            }
            if (gateway.isRunning() && !gateway.process().isSuspended()) {
                Application application = gateway.applications().get(own.nextInt(scenario.clients()));
                for (int left = own.nextInt(scenario.burst()); left >= 0; left--) {
                    int lane = own.nextInt(10) == 0 ? 0 : 1 + own.nextInt(3);
                    int qos = scenario.isMarathon() ? 1 : own.nextInt(5) == 0 ? 0 : 1 + own.nextInt(2);
                    int length = own.nextInt(30) == 0 ? 3000 : 8 + own.nextInt(scenario.payloadBytes());
                    application.publish(qos, lane, length,
                            !scenario.isMarathon() && own.nextInt(scenario.expiring()) == 0);
                }
            }
            publishSoon(own);
        });
    }

    private void publishSteadily() {
        timeline.after(3 * Timeline.SECOND, () -> {
            if (!peace && gateway.isRunning() && !gateway.process().isSuspended()) {
                gateway.applications().get(0).publish(0, 2, 20, false);
            }
            if (!peace) {
                publishSteadily();
            }
        });
    }

    private void brokerPublishesSoon(SplittableRandom own) {
        timeline.after(about(2L * scenario.publishMillis() * Timeline.MILLI, own), () -> {
            if (peace) {
                return;
            }
            Application application = gateway.applications().get(own.nextInt(scenario.clients()));
            for (int left = own.nextInt(1 + scenario.burst() / 2); left >= 0; left--) {
                broker.publishes(application.index(),
                        broker.key(scenario.nodes() == 1 ? 0 : own.nextInt(scenario.nodes()),
                                application.clientId()),
                        own.nextInt(3), 8 + own.nextInt(60));
            }
            brokerPublishesSoon(own);
        });
    }

    // ---- faults ---------------------------------------------------------------------------------------------------

    private void plan(Fault fault, long mean, SplittableRandom own) {
        timeline.after(about(mean, own), () -> {
            if (!peace) {
                timeline.trace("fault", fault::toString);
                statistics.faults++;
                happen(fault, own);
                plan(fault, mean, own);
            }
        });
    }

    /** Something holds for a while; a longer while now and then. */
    private void during(SplittableRandom own, int seconds, IntConsumer set) {
        long nanos = own.nextInt(5) == 0 ? own.nextLong(10L * seconds * Timeline.SECOND)
                : own.nextLong(seconds * Timeline.SECOND);
        set.accept(1);
        long end = peace ? 0 : Math.max(timeline.now(), Math.min(timeline.now() + nanos, troubleEnds));
        timeline.at(end, () -> {
            gateway.trouble();
            set.accept(0);
        });
    }

    /** Something holds for a while that is no reason for whatever else may happen then. */
    private void forAWhile(SplittableRandom own, int seconds, Consumer<Boolean> set) {
        set.accept(true);
        long end = Math.min(timeline.now() + own.nextLong(Timeline.SECOND, seconds * Timeline.SECOND), troubleEnds);
        timeline.at(end, () -> set.accept(false));
    }

    /** Something is short for one to twenty seconds. */
    private void shortly(SplittableRandom own, Consumer<Boolean> there) {
        there.accept(false);
        long end = Math.min(timeline.now() + own.nextLong(Timeline.SECOND, 20 * Timeline.SECOND), troubleEnds);
        timeline.at(end, () -> there.accept(true));
    }

    private void happen(Fault fault, SplittableRandom own) {
        boolean running = gateway.isRunning() && !gateway.process().isSuspended();
        switch (fault) {
            case OUTAGE -> during(own, 20, on -> gateway.outage(on == 1));
            case RESET -> gateway.reset();
            case HALF_OPEN -> gateway.halfOpen();
            case REFUSED -> during(own, 20, on -> gateway.refuses(on == 1));
            case UNRESOLVED -> during(own, 20, on -> gateway.doesNotResolve(on == 1));
            case SLOW -> during(own, 60, on -> gateway.weather(on == 1 ? new Weather(1000, 500, 3000, 5)
                    : scenario.profile().weather()));
            case RUMOUR -> gateway.rumour(NetworkState.values()[own.nextInt(3)]);
            case KILL -> gateway.crash(false);
            case POWER_CUT -> gateway.crash(true);
            case CUT_IN_BATCH -> gateway.cutInBatch(1 + own.nextInt(30), own.nextBoolean());
            case RESTART -> gateway.restart();
            case SUSPEND ->
                gateway.suspend(Math.min(troubleEnds - timeline.now(), own.nextLong(600 * Timeline.SECOND)));
            case CLOCK_JUMP -> gateway.setClock(own.nextInt(3) == 0 ? -1_700_000_000_000L
                    : own.nextLong(-86_400_000_000L, 86_400_000_000L));
            case RECONFIGURE -> gateway.applications().get(own.nextInt(scenario.clients())).reconfigure();
            case STEER -> {
                if (running) {
                    gateway.applications().get(own.nextInt(scenario.clients())).steer();
                }
            }
            case DISK_HANGS -> gateway.diskHangs(own.nextLong(40 * Timeline.SECOND));
            case DISK_FULL ->
                during(own, 30, on -> gateway.disk().space = on == 1 ? own.nextInt(4000) : Long.MAX_VALUE);
            case WRITE_FAILS -> gateway.disk().failWrites(1 + own.nextInt(6));
            case FORCE_FAILS -> gateway.disk().failForces(1);
            case OPENS_FAIL ->
                during(own, 15, on -> gateway.diskFails(on == 1, Operation.OPEN, Operation.READ, Operation.LIST));
            case RENAMES_FAIL -> during(own, 15, on -> gateway.diskFails(on == 1, Operation.RENAME, Operation.DELETE));
            case NODE_DOWN -> {
                int node = own.nextInt(scenario.nodes());
                forAWhile(own, 60, on -> gateway.nodeDown(node, on));
            }
            case NODE_FROZEN -> {
                int node = own.nextInt(scenario.nodes());
                forAWhile(own, 60, on -> gateway.nodeFrozen(node, on));
            }
            case LATE_ANSWERS -> forAWhile(own, 100, broker::answersLate); // less than acknowledge.seconds
            case QUOTA -> during(own, 300, on -> broker.quota(on == 1));
            case THROTTLE -> {
                int capacity = 1 + own.nextInt(10);
                long nanos = own.nextLong(2 * Timeline.SECOND, 90 * Timeline.SECOND);
                during(own, 300, on -> broker.throttles(on * capacity, nanos));
            }
            case DISLIKED_MESSAGE -> during(own, 300, on -> broker.dislikesMessages(on == 1));
            case DISLIKED_FILTER, LOWER_QOS -> {} // it is so all the time
            case BROKER_RESTART -> during(own, 20, on -> broker.down(on == 1));
            case SESSIONS_LOST -> broker.losesSessions();
            case STALL -> during(own, 20, on -> {
                gateway.trouble();
                broker.stalls(on == 1);
            });
            case HANG_UP -> broker.hangUpAnywhere();
            case REFUSAL -> during(own, 20, on -> broker.refuses(on == 0 ? 0 : 1 + own.nextInt(5)));
            case SILENCE -> during(own, 20, on -> broker.silent(on == 1));
            case SUBSCRIPTION_REFUSED -> during(own, 20, on -> broker.refusesSubscriptions(on == 1));
            case NONSENSE -> broker.talksNonsense();
            case STRAY -> broker.acknowledgesNothing();
            case REPEAT -> broker.repeats();
            case LISTENER_THROWS ->
                gateway.applications().get(own.nextInt(scenario.clients())).failNext(1 + own.nextInt(4));
            case LISTENER_BLOCKS -> during(own, 40, on -> gateway.listenersBlock(on == 1));
            case LISTENER_LEAVES -> {
                if (running) {
                    Application application = gateway.applications().get(own.nextInt(scenario.clients()));
                    application.leave();
                    timeline.after(own.nextLong(60 * Timeline.SECOND), () -> {
                        if (gateway.isRunning()) {
                            application.listen();
                        }
                    });
                }
            }
            case CHURN -> {
                if (running) {
                    gateway.applications().get(own.nextInt(scenario.clients())).churn();
                }
            }
            case MESSAGE_REFUSED -> during(own, 20, on -> broker.refusesMessages(on == 1));
            case OTHER_TERMS -> {
                gateway.trouble();
                broker.becomes(broker.refusesFive(), Terms.of(own));
            }
            case TOO_LARGE -> broker.sendsTooLarge();
            case BUNDLE -> during(own, 20, on -> gateway.five(on == 0));
            case OTHER_VERSION -> otherVersion(own);
            case NO_THREADS -> shortly(own, gateway::threads);
            case HEAP_FULL -> shortly(own, gateway::heap);
            default -> throw new AssertionError(fault);
        }
    }

    /**
     * A broker that spoke 5 once and hangs up on it now is not taken for one that does not speak it: that does not
     * happen.
     */
    private void otherVersion(SplittableRandom own) {
        if (!scenario.dialect().protocol.equals("auto")) {
            return;
        }
        gateway.trouble();
        boolean spoken = broker.refusesFive() == Dialect.Refusal.NONE;
        broker.becomes(
                !spoken ? Dialect.Refusal.NONE : own.nextBoolean() ? Dialect.Refusal.CODE : Dialect.Refusal.OLDER_CODE,
                Terms.of(own));
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    private void makePeace() {
        timeline.trace("world", () -> "nothing goes wrong any more");
        peace = true;
        DiskModel disk = gateway.disk();
        disk.cutAt(Integer.MAX_VALUE);
        disk.fail();
        disk.failForces(0);
        disk.failWrites(0);
        if (scenario.has(Fault.RUMOUR)) {
            gateway.rumour(NetworkState.UP);
        }
        if (scenario.has(Fault.SLOW)) {
            gateway.weather(scenario.profile().weather());
        }
    }

    private void comeToRest() {
        long backlog = backlogNanos();
        long deadline = troubleEnds + REST_NANOS + backlog;
        boolean told = false;
        String unrest = "the gateway is down";
        int quiet = 0;
        long waits = gateway.isRunning()
                ? gateway.applications().stream().mapToLong(Application::waitInForceNanos).max().getAsLong() : 0;
        // more than a bound allows may be pending, and nothing is accepted until it is sent
        waits += gateway.applications().stream().anyMatch(Application::isBounded) ? backlog : 0;
        while (quiet < 2) {
            runUntil(timeline.now() + Timeline.SECOND);
            if (gateway.isRunning() && !gateway.process().isSuspended()) {
                if (!told) {
                    told = true;
                    gateway.applications().forEach(Application::makePeace);
                }
                lookWhoWorks(waits);
                unrest = unrest();
            } else {
                told = false;
                unrest = "the gateway is down";
            }
            quiet = unrest.isEmpty() ? quiet + 1 : 0;
            if (timeline.now() > deadline) {
                throw ledger.violated("it comes to rest",
                        (deadline - troubleEnds) / Timeline.SECOND + " s after the last fault " + unrest);
            }
        }
        statistics.longestRest = timeline.now() - troubleEnds;
        gateway.applications().forEach(Application::check);
    }

    /** Every client has to be back to work soon, whatever it has still to deliver. */
    private void lookWhoWorks(long waits) {
        if (statistics.longestIdle != 0) {
            return;
        }
        long now = timeline.now() - troubleEnds;
        for (Application application : gateway.applications()) {
            String idleness = application.idleness();
            if (!idleness.isEmpty()) {
                long silences = scenario.dialect() == Dialect.AUTO_SILENT ? SILENCES_NANOS : 0;
                if (now > (closesOnPackets() ? VERDICT_NANOS : WORK_NANOS) + silences + waits) {
                    throw ledger.violated("back to work",
                            "client " + application.index() + " is not, " + now / Timeline.SECOND
                                    + " s after the last fault: " + idleness);
                }
                return;
            }
        }
        statistics.longestIdle = now;
    }

    /**
     * What the network takes at most for all that is pending: two round trips for a message with QoS 2, and its bytes.
     */
    private long backlogNanos() {
        Weather weather = scenario.profile().weather();
        long roundTrip = 2L * (weather.latencyMillis() + weather.jitterMillis()) + scenario.brokerDelayMillis() + 20;
        long nanos = 0;
        for (Application application : gateway.applications()) {
            ClientMetrics metrics = application.client().metrics();
            nanos += 3 * metrics.pending() * (roundTrip + 2L * scenario.diskMillis()) * Timeline.MILLI
                    / Math.min(10, application.window());
            nanos += 3 * broker.backlog(application.sessionKey()) * (roundTrip + 2L * scenario.diskMillis())
                    * Timeline.MILLI / scenario.brokerWindow();
            nanos += weather.bytesPerSecond() == 0 ? 0
                    : 3 * metrics.pendingBytes() * Timeline.SECOND / weather.bytesPerSecond();
            nanos += application.isRateLimited() ? metrics.pending() * Timeline.SECOND / 10 : 0;
        }
        return nanos;
    }

    private String unrest() {
        for (Application application : gateway.applications()) {
            String unrest = application.unrest(broker);
            if (!unrest.isEmpty()) {
                return "client " + application.index() + ": " + unrest;
            }
        }
        return "";
    }
}
