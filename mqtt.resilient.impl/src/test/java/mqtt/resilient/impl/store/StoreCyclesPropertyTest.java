package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Peek;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** A store is used in any way, and crashes and fails again and again: it agrees with its ledger after every restart. */
class StoreCyclesPropertyTest {
    private static final int CYCLES = Integer.getInteger("store.cycles", 8);

    /** One store after the other on one disk. */
    private static final class Run {
        private final SplittableRandom random;
        private StoreRig rig;
        private final Set<Integer> usedPacketIds = new HashSet<>();

        Run(int seed, Durability durability) {
            random = new SplittableRandom(seed);
            rig = new StoreRig(new DiskModel());
            rig.durability = durability;
            rig.segmentBytes = 1024 << random.nextInt(4);
            rig.open();
        }

        void use(int steps) {
            for (int i = 0; i < steps && !rig.disk.isDead(); i++) {
                step(random.nextInt(100));
                if (random.nextInt(3) > 0) {
                    rig.run();
                }
            }
        }

        private void step(int kind) {
            int lane = random.nextInt(4);
            if (kind < 30) {
                rig.publish(lane, 1 + random.nextInt(2), size(), random.nextInt(10) == 0 ? Duration.ofDays(1) : null);
            } else if (kind < 50) {
                send(lane);
            } else if (kind < 70) {
                end(lane);
            } else if (kind < 75) {
                long id = Math.max(1, rig.lastId - random.nextInt(20));
                if (rig.ledger.containsKey(id)) {
                    boolean[] result = rig.cancel(id);
                    rig.run();
                    assertTrue(result[0] || rig.disk.isDead() || rig.hangs);
                }
            } else if (kind < 77) {
                rig.removeOldest(lane);
            } else if (kind < 84) {
                rig.received(1 + random.nextInt(4), random.nextInt(1_000_000));
            } else if (kind < 88) {
                rig.completed(1 + random.nextInt(4));
            } else if (kind < 91) {
                rig.subscribed("f" + random.nextInt(3), random.nextInt(3));
            } else if (kind < 93) {
                rig.unsubscribed("f" + random.nextInt(3));
            } else if (kind < 94) {
                rig.session("broker " + random.nextInt(3));
            } else if (kind < 95) {
                rig.sent.get(lane).stream().findAny().ifPresent(rig::setAside); // its packet id stays taken
            } else {
                rig.advance(random.nextInt(2000));
            }
        }

        private int size() {
            return switch (random.nextInt(20)) {
                case 0 -> 30_000 + random.nextInt(80_000);
                case 1, 2, 3 -> 500 + random.nextInt(4000);
                default -> 8 + random.nextInt(200);
            };
        }

        private void send(int lane) {
            Outgoing message = rig.send(lane);
            if (message != null && message.message().qos() == Qos.EXACTLY_ONCE) {
                rig.assign(message, freePacketId());
            }
        }

        private void end(int lane) {
            List<Outgoing> sent = rig.sent.get(lane);
            if (!sent.isEmpty()) {
                Outgoing message = sent.get(random.nextInt(sent.size()));
                if (message.packetId() == 0) {
                    if (random.nextBoolean()) {
                        rig.end(message);
                    } else {
                        rig.endLazily(message);
                    }
                } else if (rig.isAssignmentDurable(message)) {
                    // as the session does: each step when the one before is durable
                    if (rig.isReleaseDurable(message)) {
                        usedPacketIds.remove(message.packetId());
                        rig.endLazily(message);
                    } else {
                        rig.release(message);
                    }
                }
            }
        }

        /** What is left of the store is opened again. */
        void restart(Runnable crash, boolean whole) {
            rig.die();
            crash.run();
            StoreRig before = rig;
            rig = new StoreRig(before, before.disk);
            try {
                rig.reopenAndCheck(whole);
            } catch (AssertionError e) {
                throw new AssertionError(String.join("\n", rig.log) + "\n" + String.join("\n", before.disk.trace)
                        + "\n" + e.getMessage(), e);
            }
            usedPacketIds.clear();
            rig.state.inFlight.forEach(message -> usedPacketIds.add(message.packetId()));
            for (List<Outgoing> lane : rig.sent) {
                for (Outgoing message : lane) {
                    if (message.packetId() == 0 && message.message().qos() == Qos.EXACTLY_ONCE) {
                        rig.assign(message, freePacketId());
                    }
                }
            }
        }

        private int freePacketId() {
            int id = 1;
            while (!usedPacketIds.add(id)) {
                id++;
            }
            return id;
        }

        Fate fate() {
            return switch (random.nextInt(4)) {
                case 0 -> Fate.NOTHING_SURVIVES;
                case 1 -> Fate.EVERYTHING_SURVIVES;
                default -> Fate.random(random.split());
            };
        }
    }

    @Property(tries = 80)
    void nothingStoredIsLostOverManyCrashes(@ForAll @IntRange(max = 1_000_000) int seed) {
        Run run = new Run(seed, Durability.POWER);
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            if (run.random.nextInt(3) > 0) {
                run.rig.disk.cutAt(run.rig.disk.operations() + 1 + run.random.nextInt(60));
            }
            run.use(10 + run.random.nextInt(80));
            switch (run.random.nextInt(4)) {
                case 0 -> run.restart(run.rig.disk::kill, true);
                case 1 -> {
                    run.rig.close();
                    run.restart(run.rig.disk::kill, true);
                }
                default -> run.restart(() -> run.rig.disk.cut(run.fate()), true);
            }
        }
    }

    @Property(tries = 60)
    void withoutForceNothingIsLostOverManyKills(@ForAll @IntRange(max = 1_000_000) int seed) {
        Run run = new Run(seed, Durability.PROCESS);
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            if (run.random.nextInt(3) > 0) {
                run.rig.disk.cutAt(run.rig.disk.operations() + 1 + run.random.nextInt(60));
            }
            run.use(10 + run.random.nextInt(80));
            if (run.random.nextInt(3) == 0) {
                run.rig.close();
            }
            run.restart(run.rig.disk::kill, true);
        }
    }

    @Property(tries = 80)
    void aDiskThatFailsAndHangsLosesNothingStoredAndTheStoreRecoversByItself(
            @ForAll @IntRange(max = 1_000_000) int seed) {
        Run run = new Run(seed, Durability.POWER);
        boolean doubtful = false;
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            DiskModel disk = run.rig.disk;
            run.use(10 + run.random.nextInt(40));
            int fault = run.random.nextInt(6);
            doubtful |= fault == 1;
            switch (fault) {
                case 0 -> disk.failWrites(1 + run.random.nextInt(3));
                case 1 -> disk.failForces(1 + run.random.nextInt(3));
                case 2 -> disk.failRenames(1 + run.random.nextInt(3));
                case 3 -> disk.space = run.random.nextInt(10_000);
                case 4 -> run.rig.hangs = true;
                default -> {}
            }
            run.use(10 + run.random.nextInt(60));
            if (run.random.nextInt(3) == 0) { // something fails when it crashes
                run.rig.hanging.clear();
                boolean kill = !doubtful && run.random.nextBoolean(); // the system's memory lies after a failed force
                doubtful = false;
                run.restart(kill ? disk::kill : () -> disk.cut(run.fate()), true);
            }
            disk.failWrites(0);
            disk.failForces(0);
            disk.failRenames(0);
            disk.space = Long.MAX_VALUE;
            run.rig.answers();
            run.rig.advance(21_000);
            assertEquals(StoreHealth.OK, run.rig.health, () -> run.rig.healths.toString());
            assertEquals(run.rig.lastId, run.rig.storedUpTo);
            List<String> lost = new ArrayList<>(run.rig.lost);
            assertFalse(!lost.isEmpty(), lost.toString());
        }
        run.restart(() -> run.rig.disk.cut(run.fate()), true);
        assertTrue(run.rig.sent.stream().flatMap(List::stream).noneMatch(
                message -> Peek.isReleased(message) && message.packetId() == 0));
    }
}
