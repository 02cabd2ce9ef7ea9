package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.engine.Keys;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import mqtt.resilient.impl.world.ModelBroker;
import mqtt.resilient.impl.world.ModelBroker.Out;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * A client with a store on a disk, against a strict model of a broker: publishes, acknowledgements, kills, power cuts,
 * slow and failing disks, broken connections and lost sessions in any order. What was stored arrives, QoS 2 exactly
 * once as long as the broker keeps the session; a received QoS 2 message that was confirmed is never handed over again.
 */
class StoredInterleavingPropertyTest {
    private static final int STEPS = Integer.getInteger("store.steps", 1);

    @Property(tries = 200)
    void whatWasStoredArrivesOverAnyNumberOfRestarts(
            @ForAll @Size(min = 50, max = 300) List<@IntRange(max = 1_000_000) Integer> steps) {
        run(steps, Durability.POWER);
    }

    @Property(tries = 60)
    void withoutForceItArrivesOverAnyNumberOfKills(
            @ForAll @Size(min = 50, max = 300) List<@IntRange(max = 1_000_000) Integer> steps) {
        run(steps, Durability.PROCESS);
    }

    private static void run(List<Integer> steps, Durability durability) {
        Run run = new Run(durability, steps.hashCode());
        for (int round = 0; round < STEPS; round++) {
            for (int step : steps) {
                run.step(step % 100, step / 100);
                run.check();
            }
        }
        run.comeToRest();
        run.checkTheEnd();
    }

    private static final class Run {
        private final Durability durability;
        private final SplittableRandom random;
        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final ModelBroker broker = new ModelBroker(scheduler);
        private final DiskModel disk = new DiskModel();
        private final ArrayDeque<Runnable> diskTasks = new ArrayDeque<>();
        private boolean diskWaits;
        private World world;
        private long counter;
        private final Map<Long, Message> messages = new TreeMap<>();
        private final Set<Long> stored = new HashSet<>();
        private final Map<Long, Outcome.Kind> ends = new HashMap<>();
        private final List<Out> out = new ArrayList<>();
        private final Map<Integer, Integer> handed = new HashMap<>();
        private final Map<Integer, Integer> handedWhenConfirmed = new HashMap<>();
        private int losses;
        private boolean sessionKnown;
        private boolean faulty;

        Run(Durability durability, long seed) {
            this.durability = durability;
            random = new SplittableRandom(seed);
            broker.window(8);
            broker.clientWaitsForDisk();
            broker.confirmed(each -> handedWhenConfirmed.put(each.number, handed.getOrDefault(each.number, 0)));
            start();
        }

        private void start() {
            world = new World(scheduler, broker, disk, this::onDisk, "boot", Keys.stored(
                    new StoreSettings("store", durability, 500_000_000L, 0, 1024), "inflight.max", 8,
                    "poison.attempts", 0));
            world.client
                    .subscriber().subscribe("in/#", 2,
                            world.client.subscriber().queue(message -> handed.merge(Integer.parseInt(
                                    new String(message.payload(), StandardCharsets.UTF_8)), 1, Integer::sum), "in",
                                    false));
            scheduler.run();
            losses = broker.sessionsLost();
            sessionKnown = false;
        }

        private void onDisk(Runnable task) {
            if (diskWaits) {
                diskTasks.add(task);
            } else {
                scheduler.execute(task);
            }
        }

        private void diskWorks(int tasks) {
            for (int i = 0; i < tasks && !diskTasks.isEmpty(); i++) {
                scheduler.execute(diskTasks.remove());
                scheduler.run();
            }
        }

        private void restart(boolean power) {
            scheduler.forget();
            diskTasks.clear();
            broker.clientDies();
            if (faulty || power && durability == Durability.POWER) { // a failed force leaves in memory what a cut takes
                faulty = false;
                disk.cut(switch (random.nextInt(4)) {
                    case 0 -> Fate.NOTHING_SURVIVES;
                    case 1 -> Fate.EVERYTHING_SURVIVES;
                    default -> Fate.random(random.split());
                });
            } else {
                disk.kill();
            }
            start();
        }

        void step(int kind, int argument) {
            if (kind < 25) {
                publish(argument);
            } else if (kind < 40) {
                broker.reads(1 + argument % 8);
            } else if (kind < 52) {
                for (int i = argument % 4; i >= 0; i--) {
                    broker.acknowledges(argument / 4 + i);
                }
            } else if (kind < 66) {
                broker.clientReads(1 + argument % 8);
            } else if (kind < 74) {
                Out sent = broker.publishes("c", "in/x", 1 + argument % 2);
                if (sent != null) {
                    out.add(sent);
                }
            } else if (kind < 80) {
                long[] millis = { 50, 300, 1000, 1000, 3000, 30_000 };
                scheduler.advance(Duration.ofMillis(millis[argument % millis.length]));
            } else if (kind < 86) {
                diskWaits = argument % 3 > 0;
                diskWorks(argument / 3 % 5);
            } else if (kind < 89) {
                broker.breaks(argument % 2 == 0);
            } else if (kind < 90) {
                broker.losesSessions();
                losses = broker.sessionsLost();
            } else if (kind < 92) {
                disk.cutAt(disk.operations() + 1 + argument % 30);
            } else if (kind < 94) {
                restart(argument % 2 == 0);
            } else if (kind < 95) {
                world.client.stop();
                diskWorks(5);
            } else if (kind < 96) {
                disk.failWrites(argument % 3);
            } else if (kind < 97 && durability == Durability.POWER) {
                faulty |= argument % 2 > 0;
                disk.failForces(argument % 2);
            } else {
                diskWorks(1 + argument % 3);
            }
            scheduler.run();
            if (disk.isDead()) {
                restart(argument % 5 > 0);
            }
        }

        private void publish(int argument) {
            int lane = argument % 11 == 0 ? 0 : 1 + argument % 3;
            long number = ++counter;
            Message message = Message.to("l" + lane).lane(lane).qos(Qos.of(1 + argument / 15 % 2)).payload("" + number)
                    .build();
            Publication publication = world.client.publisher().publish(message);
            messages.put(number, message);
            publication.stored().thenAccept(durable -> stored.add(number));
            publication.delivered().thenAccept(outcome -> ends.put(number, outcome.kind()));
        }

        void check() {
            ClientMetrics metrics = world.client.metrics();
            assertEquals(metrics.accepted(), metrics.delivered() + metrics.pending());
            assertEquals(0, metrics.dropped() + metrics.closed() + metrics.expired() + metrics.refused());
            assertFalse(world.events.contains("store incomplete"), "its own state is lost");
            if (world.stored != null && !sessionKnown && !world.stored.session.isEmpty()) {
                sessionKnown = true;
                losses = broker.sessionsLost();
            }
            assertTrue(!sessionKnown || broker.sessionsLost() == losses, "a session that was known is discarded");
        }

        void comeToRest() {
            diskWaits = false;
            diskWorks(100);
            disk.failForces(0);
            disk.failWrites(0);
            disk.cutAt(Integer.MAX_VALUE);
            if (disk.isDead() || world.client.metrics().pending() >= 0) {
                restart(true);
            }
            for (int seconds = 0; seconds < 3600; seconds++) {
                broker.reads(1000);
                while (broker.hasAcknowledgementsDue()) {
                    broker.acknowledges(0);
                }
                broker.clientReads(1000);
                scheduler.run();
                check();
                if (seconds > 5 && broker.isQuiet() && world.client.metrics().pending() == 0
                        && world.client.connector().isConnected() && world.client.metrics().unhandled() == 0) {
                    return;
                }
                scheduler.advance(Duration.ofSeconds(1));
            }
            throw new AssertionError(
                    "it does not come to rest: " + world.client.metrics() + " " + world.client.status());
        }

        void checkTheEnd() {
            messages.forEach((number, message) -> {
                int accepted = broker.accepted.getOrDefault(number, 0);
                assertTrue(accepted > 0 || !stored.contains(number), () -> number + " was stored and never arrived");
                assertTrue(accepted > 0 || ends.get(number) != Outcome.Kind.DELIVERED, () -> number + " never arrived");
                assertTrue(message.qos() != Qos.EXACTLY_ONCE || accepted <= 1 + broker.sessionsLost(), () -> number
                        + " arrived " + accepted + " times, sessions lost " + broker.sessionsLost());
            });
            for (Out each : out) {
                int times = handed.getOrDefault(each.number, 0);
                assertTrue(times > 0 || each.lost, () -> each.number + " was never handed over");
                assertTrue(each.qos != 2 || times == handedWhenConfirmed.getOrDefault(each.number, times),
                        () -> each.number + " was handed over again after it was confirmed");
            }
        }
    }
}
