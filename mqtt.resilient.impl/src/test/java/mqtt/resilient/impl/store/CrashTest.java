package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import org.junit.jupiter.api.Test;

/**
 * The power goes, or the process is killed, at every single operation on the disk that a scenario has, and the disk
 * keeps of what was not forced nothing, everything, or any part. Whatever is then found must agree with what had been
 * told.
 */
class CrashTest {
    private static final int SEEDS = Integer.getInteger("store.crash.seeds", 3);

    /** Everything a session does with a store; segments of two kilobytes roll, go and are written anew. */
    private static void scenario(StoreRig rig) {
        rig.keepsAside = true;
        rig.open();
        rig.session("broker c");
        rig.subscribed("a/#", 1);
        rig.subscribed("b", 2);
        rig.run();
        for (int i = 0; i < 4; i++) {
            rig.publish(i, 1, 40);
            rig.publish(i, 2, 60);
        }
        rig.run();
        Outgoing alarm = rig.send(0);
        Outgoing exact = rig.send(0);
        rig.assign(exact, 1);
        rig.run();
        rig.release(exact);
        rig.end(alarm);
        rig.run();
        for (int i = 0; i < 8; i++) { // two turns of segments
            rig.publish(1, 1, 700);
            rig.run();
        }
        rig.publish(3, 1, 70_000);
        rig.received(7, 77);
        rig.run();
        rig.received(8, 88);
        rig.completed(7);
        rig.run();
        Outgoing first = rig.send(1);
        Outgoing second = rig.send(1);
        rig.assign(second, 2);
        for (int i = 0; i < 5; i++) {
            rig.endLazily(rig.send(1));
        }
        rig.end(exact); // its packet id is free again
        Outgoing third = rig.send(2);
        Outgoing fourth = rig.send(2);
        rig.assign(fourth, 1);
        rig.run();
        rig.cancel(6);
        rig.advance(200);
        for (int i = 0; i < 10; i++) { // one old message stays in a segment of dead ones
            rig.publish(1, 1, 900);
            rig.run();
        }
        for (int i = 0; i < 12; i++) {
            rig.endLazily(rig.send(1));
        }
        rig.advance(200);
        rig.publish(1, 2, 500);
        rig.release(second);
        rig.run();
        rig.end(first);
        rig.setAside(third);
        rig.unsubscribed("b");
        rig.run();
        rig.session("broker d");
        rig.assign(fourth, 1);
        rig.received(8, 99);
        rig.run();
        rig.end(second);
        rig.sendAll(1).forEach(rig::endLazily);
        rig.advance(200);
        rig.publish(0, 2, 30);
        rig.publish(2, 1, 3000);
        rig.run();
        rig.close();
    }

    private static int operations(Consumer<StoreRig> scenario, Consumer<StoreRig> setting) {
        StoreRig rig = new StoreRig(new DiskModel());
        setting.accept(rig);
        scenario.accept(rig);
        assertTrue(rig.closed);
        return rig.disk.operations();
    }

    private static StoreRig cutAt(int operation, Consumer<StoreRig> scenario, Consumer<StoreRig> setting) {
        StoreRig rig = new StoreRig(new DiskModel().cutAt(operation));
        setting.accept(rig);
        try {
            scenario.accept(rig);
            assertFalse(rig.closed);
        } catch (NullPointerException e) {
            assertTrue(rig.disk.isDead(), "there was nothing to send"); // in a store that is dead
        }
        assertTrue(rig.disk.isDead());
        return rig;
    }

    private static Fate fate(int kind, long seed) {
        return kind == 0 ? Fate.NOTHING_SURVIVES : kind == 1 ? Fate.EVERYTHING_SURVIVES
                : Fate.random(new SplittableRandom(seed * 1000 + kind));
    }

    private interface Check {
        void run(int operation, int kind, StoreRig crashed, DiskModel disk);
    }

    private static void everyCrash(Consumer<StoreRig> setting, Check check) {
        int operations = operations(CrashTest::scenario, setting);
        assertTrue(operations > 100, operations + " operations");
        for (int operation = 1; operation <= operations; operation++) {
            StoreRig crashed = cutAt(operation, CrashTest::scenario, setting);
            for (int kind = 0; kind < 2 + SEEDS; kind++) {
                try {
                    check.run(operation, kind, crashed, crashed.disk.copy());
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError("cut at operation " + operation + ", fate " + kind + ", after "
                            + crashed.disk.trace.subList(Math.max(0, operation - 6), operation - 1), e);
                }
            }
        }
    }

    @Test
    void theScenarioEndsInOrderAndEverythingIsThereAgain() {
        StoreRig rig = new StoreRig(new DiskModel());
        scenario(rig);
        new StoreRig(rig, rig.disk).reopenAndCheck(true);
        assertTrue(rig.disk.trace.stream().anyMatch(each -> each.startsWith("rename ")), "nothing was written anew");
        assertTrue(rig.disk.trace.stream().anyMatch(each -> each.startsWith("delete store/lane1")), "nothing went");
    }

    @Test
    void aPowerCutAtAnyMomentLosesNothingThatWasStored() {
        everyCrash(rig -> {}, (operation, kind, crashed, disk) -> {
            disk.cut(fate(kind, operation));
            new StoreRig(crashed, disk).reopenAndCheck(true);
        });
    }

    @Test
    void aKilledProcessLosesNothingThatWasStoredNorDoesAPowerCutAfterItsRestart() {
        everyCrash(rig -> {}, (operation, kind, crashed, disk) -> {
            disk.kill();
            StoreRig second = new StoreRig(crashed, disk);
            second.reopenAndCheck(true);
            disk.cut(fate(kind, operation));
            new StoreRig(second, disk).reopenAndCheck(true);
        });
    }

    @Test
    void thePacketIdOfAMessageThatWasLostIsNotThatOfTheNextOne() {
        for (int seed = 0; seed < 100; seed++) {
            StoreRig rig = new StoreRig(new DiskModel()).open();
            rig.publish(1, 1, 10);
            rig.run();
            rig.publish(1, 2, 1500);
            rig.disk.cutAt(rig.disk.operations() + 2); // written and not forced
            rig.send(1);
            rig.assign(rig.send(1), 1);
            assertTrue(rig.run().disk.isDead());
            rig.disk.cut(Fate.random(new SplittableRandom(seed)));
            StoreRig second = new StoreRig(rig, rig.disk);
            second.reopenAndCheck(true);
            second.publish(1, 1, 10);
            second.run().die();
            second.disk.kill();
            new StoreRig(second, second.disk).reopenAndCheck(true);
        }
    }

    @Test
    void aSecondPowerCutDuringRecoveryLosesNothingEither() {
        everyCrash(rig -> {}, (operation, kind, crashed, disk) -> {
            if (kind != 2) {
                return;
            }
            disk.cut(fate(kind, operation));
            for (int again = 1;; again++) {
                DiskModel copy = disk.copy().cutAt(again);
                StoreRig second = new StoreRig(crashed, copy);
                second.open();
                if (!copy.isDead()) {
                    break;
                }
                copy.cut(fate(2, again));
                new StoreRig(crashed, copy).reopenAndCheck(true);
            }
        });
    }

    @Test
    void withoutForceAKilledProcessLosesNothing() {
        everyCrash(rig -> rig.durability = Durability.PROCESS, (operation, kind, crashed, disk) -> {
            if (kind == 0) {
                disk.kill();
                new StoreRig(crashed, disk).reopenAndCheck(true);
            }
        });
    }

    @Test
    void withoutForceAPowerCutIsNoticed() {
        everyCrash(rig -> rig.durability = Durability.PROCESS, (operation, kind, crashed, disk) -> {
            disk.cut(fate(kind, operation));
            StoreRig second = new StoreRig(crashed, disk);
            second.lossy = true;
            second.boot = "boot 2";
            second.reopenAndCheck(false);
            boolean nothing = second.state.lastId == 0 && second.state.mode.isEmpty();
            assertEquals(nothing || second.state.closed, second.state.incomplete.isEmpty());
        });
    }
}
