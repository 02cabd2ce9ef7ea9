package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import org.junit.jupiter.api.Test;

/** Space that only what is settled takes is given back when it is short. */
class DeadBytesTest {
    private static final int LANE = 1;
    private static final long MEGABYTE = 1 << 20;

    private final DiskModel disk = new DiskModel();
    private StoreRig rig = new StoreRig(disk);

    /** A small disk, filled up to the floor with messages of one segment. */
    private void fill() {
        rig.segmentBytes = (int) (4 * MEGABYTE);
        rig.floorBytes = 64 * MEGABYTE;
        disk.space = 67 * MEGABYTE;
        rig.open();
        while (rig.health != StoreHealth.FULL) {
            rig.publish(LANE, 1, 10_000);
            rig.run();
        }
        assertTrue(rig.lastId > 300, rig.lastId + " messages");
    }

    private void expectWell() {
        rig.advance(2000);
        assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
        assertTrue(disk.used() < 10_000, disk::toString);
        long last = rig.lastId;
        rig.die();
        disk.cut(Fate.NOTHING_SURVIVES);
        rig = new StoreRig(rig, disk);
        rig.reopenAndCheck(true);
        assertEquals(last, rig.lastId, "ids are given twice");
        assertEquals(last, rig.state.latestIndex[LANE]);
        rig.publish(LANE, 1, 10_000);
        rig.run();
        assertEquals(rig.lastId, rig.storedUpTo);
    }

    @Test
    void whenAllIsDeliveredTheStoreIsFullNoMore() {
        fill();
        rig.sendAll(LANE).forEach(rig::endLazily);
        expectWell();
    }

    @Test
    void aStoreThatWasLeftFullIsFullNoMoreWhenItIsOpenedAgain() {
        fill();
        long floor = rig.floorBytes;
        rig.floorBytes = 0; // the release before did not give it back
        rig.store.configure(rig.settings(), rig);
        rig.sendAll(LANE).forEach(rig::endLazily);
        rig.advance(200);
        rig.close();
        rig.floorBytes = floor;
        assertTrue(disk.space < floor);
        rig = new StoreRig(rig, disk).open();
        expectWell();
    }

    @Test
    void oneMessageThatIsPendingDoesNotHoldTheSpaceOfAllOthers() {
        fill();
        List<Outgoing> sent = rig.sendAll(LANE);
        sent.stream().skip(1).forEach(rig::endLazily);
        rig.advance(3000);
        assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
        assertTrue(disk.used() < 50_000, disk::toString);
        rig.die();
        disk.cut(Fate.NOTHING_SURVIVES);
        rig = new StoreRig(rig, disk);
        rig.reopenAndCheck(true);
        assertEquals(1, rig.state.messages[LANE]);
    }

    @Test
    void aPowerCutAtAnyMomentOfGivingSpaceBackLosesNothingAndBringsNothingBack() {
        for (int more = 1; more < 60; more++) {
            disk.files().forEach(disk::remove);
            disk.kill();
            rig = new StoreRig(disk);
            rig.segmentBytes = 100_000;
            rig.floorBytes = 100_000;
            disk.space = 150_000;
            rig.open();
            while (rig.health != StoreHealth.FULL) {
                rig.publish(LANE, 1, 3000);
                rig.run();
            }
            rig.sendAll(LANE).forEach(rig::end);
            disk.cutAt(disk.operations() + more);
            rig.advance(2000);
            long last = rig.lastId;
            for (int seed = 0; seed < 40; seed++) {
                DiskModel copy = disk.copy();
                copy.cut(seed == 0 ? Fate.NOTHING_SURVIVES : seed == 1 ? Fate.EVERYTHING_SURVIVES
                        : Fate.random(new java.util.SplittableRandom(100L * more + seed)));
                StoreRig next = new StoreRig(rig, copy);
                next.reopenAndCheck(true);
                assertEquals(last, next.state.lastId, "ids are given twice");
            }
        }
    }
}
