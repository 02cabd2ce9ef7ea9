package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Operation;
import org.junit.jupiter.api.Test;

/** An operation that fails says nothing about messages: it is done again, and the store is healthy when it succeeds. */
class PassingTroubleTest {
    private static final int LANE = 2;
    private static final int MESSAGES = 6000;

    private final DiskModel disk = new DiskModel();
    private StoreRig rig = new StoreRig(disk);

    private void fill() {
        rig.segmentBytes = 400_000;
        rig.open();
        for (int i = 0; i < MESSAGES; i++) {
            rig.publish(LANE, 1, 1000);
            if (i % 100 == 0) {
                rig.run();
            }
        }
        rig.run();
        assertEquals(MESSAGES, rig.storedUpTo);
    }

    /** The broker acknowledges whatever is sent, for some seconds. */
    private List<Outgoing> deliver(int seconds) {
        List<Outgoing> delivered = new ArrayList<>();
        for (int i = 0; i < 10 * seconds; i++) {
            for (Outgoing next = rig.send(LANE); next != null; next = rig.send(LANE)) {
                rig.endLazily(next);
                delivered.add(next);
            }
            rig.advance(100);
        }
        return delivered;
    }

    private void shortFor(int seconds, Runnable begins, Runnable ends) {
        fill();
        begins.run();
        List<Outgoing> delivered = deliver(seconds);
        assertTrue(delivered.size() < MESSAGES / 2, delivered.size() + " messages");
        assertEquals(StoreHealth.DEGRADED, rig.health);
        assertEquals(List.of(), rig.healths.subList(1, rig.healths.size()).stream().filter("OK"::equals).toList(),
                "well although it cannot read");
        ends.run();
        delivered.addAll(deliver(15));
        assertEquals(MESSAGES, delivered.size());
        assertEquals(List.of(), rig.lost);
        assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
        assertEquals(0, rig.store.queued());
        assertEquals(0, rig.store.figures().recordsSkipped());
        rig.die();
        disk.kill();
        rig = new StoreRig(rig, disk);
        rig.reopenAndCheck(true);
    }

    @Test
    void whileNoFileCanBeOpenedNothingIsLostAndThenAllIsDelivered() {
        shortFor(20, () -> disk.fail(Operation.OPEN, Operation.LIST), disk::fail);
        assertTrue(
                rig.log.toString().contains("stored messages cannot be read, which is retried: Too many open files"));
    }

    @Test
    void whileFilesCanBeOpenedAndNotReadNothingIsLostAndThenAllIsDelivered() {
        shortFor(20, () -> disk.fail(Operation.READ), disk::fail);
    }

    @Test
    void aDirectoryThatIsRenamedAndGetsItsNameBackHasLostNothing() {
        shortFor(30, () -> disk.takeAway("store"), () -> disk.takeAway(null));
    }

    @Test
    void newMessagesGoOnWhenTheDirectoryStaysAwayAndTheOldOnesAreToldToBeLost() {
        fill();
        disk.takeAway("store");
        for (int i = 0; i < 30; i++) {
            rig.publish(1, 1, 40_000);
            rig.advance(4000);
        }
        List<Outgoing> delivered = deliver(15);
        rig.advance(15_000);
        assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
        assertEquals(rig.lastId, rig.storedUpTo);
        assertEquals(List.of(LANE + ": " + (MESSAGES - delivered.size()) + " messages"), rig.lost);
    }

    @Test
    void aSearchThatFailsIsRepeatedUntilItIsAnswered() {
        fill();
        disk.fail(Operation.OPEN);
        boolean[] cancelled = rig.cancel(MESSAGES);
        rig.advance(5000);
        assertFalse(cancelled[0], "answered, and nobody could know");
        assertEquals(StoreHealth.DEGRADED, rig.health);
        disk.fail();
        rig.advance(15_000);
        assertTrue(cancelled[1]);
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(MESSAGES - 1, deliver(5).size());
        assertEquals(List.of(), rig.lost);
    }

    @Test
    void aLookForExpiredMessagesThatFailsIsRepeated() {
        rig.segmentBytes = 4_000_000;
        rig.open();
        for (int i = 0; i < 60; i++) {
            rig.publish(3, 1, 80_000, Duration.ofSeconds(5));
        }
        rig.run();
        rig.advance(6000);
        List<Long> old = new ArrayList<>();
        disk.fail(Operation.READ);
        rig.store.findOld(new long[4], message -> {
            old.add(message.id());
            rig.store.remove(message);
            message.end();
        });
        rig.advance(5000);
        assertEquals(List.of(), old);
        assertEquals(StoreHealth.DEGRADED, rig.health);
        disk.fail();
        rig.advance(15_000);
        assertTrue(old.size() > 30, old.size() + " messages");
        assertEquals(StoreHealth.OK, rig.health);
    }

    @Test
    void aStoreIsOpenedWhenItCanBeReadAndNothingCountsAsDamaged() {
        for (Operation operation : List.of(Operation.OPEN, Operation.READ, Operation.LIST)) {
            disk.files().forEach(disk::remove);
            rig = new StoreRig(disk);
            fill();
            rig.close();
            disk.fail(operation);
            rig = new StoreRig(rig, disk).open();
            assertNull(rig.state);
            rig.advance(30_000);
            assertEquals(StoreHealth.FAILED, rig.health);
            disk.fail();
            rig.advance(15_000);
            assertNotNull(rig.state);
            assertEquals(StoreHealth.OK, rig.health);
            assertEquals(MESSAGES, rig.state.messages[LANE]);
            assertEquals("", rig.state.incomplete);
            assertEquals(0, rig.state.recordsSkipped);
            rig.close();
        }
    }

    @Test
    void whateverFailsForAWhileTheStoreIsWellByItselfAfterwards() {
        for (Operation operation : Operation.values()) {
            disk.files().forEach(disk::remove);
            disk.kill();
            rig = new StoreRig(disk);
            rig.segmentBytes = 20_000;
            rig.open();
            for (int i = 0; i < 200; i++) {
                rig.publish(i % 4, 1, 10_000);
            }
            rig.run();
            disk.fail(operation);
            for (int i = 0; i < 200; i++) {
                Outgoing next = rig.send(i % 4);
                if (next != null) {
                    rig.endLazily(next);
                }
                rig.publish(i % 4, 1, 1000);
                rig.advance(100);
            }
            disk.fail();
            rig.advance(15_000);
            assertEquals(StoreHealth.OK, rig.health, operation + ": " + rig.healths);
            assertEquals(rig.lastId, rig.storedUpTo, operation::toString);
            rig.die();
            disk.kill();
            rig = new StoreRig(rig, disk);
            rig.reopenAndCheck(true);
            assertEquals(List.of(), rig.lost);
            rig.close();
        }
    }

    @Test
    void whatIsToldToBeLostIsNotSentWhenItsFileComesBack() {
        fill();
        String file = "store/lane2-0000000008.segment";
        byte[] content = disk.read(file);
        disk.remove(file);
        int delivered = deliver(15).size();
        assertTrue(delivered < MESSAGES);
        assertEquals(List.of(LANE + ": " + (MESSAGES - delivered) + " messages"), rig.lost);
        assertEquals(MESSAGES - delivered, rig.store.figures().recordsSkipped());
        rig.close();
        disk.put(file, content);
        rig = new StoreRig(rig, disk).open();
        assertEquals(0, rig.state.messages[LANE]);
        assertEquals(0, rig.sendAll(LANE).size());
    }

    @Test
    void whatIsToldToBeLostIsNotSentAfterARestart() { // a disk that reads wrong once
        fill();
        rig.send(LANE); // so that all segments stay
        disk.flip("store/lane2-0000000008.segment", 8 * 200_000);
        assertEquals(MESSAGES - 2, deliver(15).size());
        assertEquals(List.of(LANE + ": 1 messages"), rig.lost);
        disk.flip("store/lane2-0000000008.segment", 8 * 200_000);
        rig.die();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        rig = new StoreRig(rig, disk).open();
        assertEquals(1, rig.state.messages[LANE], "what was told to be lost is back");
    }

    @Test
    void ofALaneWithNothingButUnreadableMessagesEachIsCountedOnce() {
        rig.open();
        for (int i = 0; i < 2; i++) {
            rig.publish(LANE, 1, 1_100_000); // only one of them stays in memory
            rig.run();
        }
        disk.files().stream().filter(each -> each.contains("lane2") && disk.length(each) > 1_000_000).skip(1).toList()
                .forEach(disk::remove);
        deliver(5);
        assertEquals(List.of(LANE + ": 1 messages"), rig.lost);
        assertEquals(1, rig.store.figures().recordsSkipped());
    }

    @Test
    void aNameThatCouldNotBeForcedIsForcedBeforeItIsReliedUpon() throws IOException {
        Chain chain = new Chain(disk, "store", LANE, "lane2");
        disk.makeDirectory("store");
        disk.whileForcing(() -> disk.takeAway("store")); // so that its names cannot be forced
        assertThrows(IOException.class, () -> chain.tail(new UUID(1, 1), 1, 1000));
        disk.takeAway(null);
        disk.whileForcing(() -> {});
        chain.tail(new UUID(1, 1), 1, 1000);
        chain.append(new RecordBuffer().begin(Records.DONE).number(1).number(1));
        chain.write(true);
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        assertEquals(List.of("store/lane2-0000000001.segment"), disk.files());
    }

    @Test
    void aFileThatCouldBeNeitherForcedNorDeletedIsNotWrittenToAgain() { // seed 5191 of disk
        rig.open();
        disk.failForces(1);
        disk.fail(Operation.DELETE);
        rig.publish(LANE, 2, 100);
        rig.run();
        disk.fail();
        rig.advance(15_000);
        assertEquals(StoreHealth.OK, rig.health);
        Outgoing exact = rig.send(LANE);
        rig.assign(exact, 1);
        rig.run();
        rig.release(exact);
        rig.run();
        rig.die();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        rig = new StoreRig(rig, disk);
        rig.reopenAndCheck(true);
        assertEquals(1, rig.state.inFlight.size());
    }

    @Test
    void whateverIsThrownTheAnswerComesBackAndTheStoreGoesOn() {
        for (Error error : List.of(new OutOfMemoryError("Java heap space"), new StackOverflowError(),
                new NoClassDefFoundError("a class that could not be opened"))) {
            disk.files().forEach(disk::remove);
            disk.kill();
            rig = new StoreRig(disk);
            rig.segmentBytes = 20_000;
            rig.open();
            for (int i = 0; i < 100; i++) {
                rig.publish(i % 4, 1 + i % 2, 3000);
                boolean[] thrown = { false };
                int skip = i % 5;
                int[] count = { 0 };
                disk.whileForcing(() -> {
                    if (!thrown[0] && count[0]++ == skip) {
                        thrown[0] = true;
                        throw error;
                    }
                });
                rig.run();
                assertEquals(thrown[0] ? StoreHealth.DEGRADED : StoreHealth.OK, rig.health);
                rig.advance(2000);
                assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
                assertEquals(rig.lastId, rig.storedUpTo);
                Outgoing next = rig.send((i + 1) % 4);
                if (next != null && i % 3 == 0) {
                    rig.endLazily(next);
                }
            }
            disk.whileForcing(() -> {});
            rig.die();
            disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
            rig = new StoreRig(rig, disk);
            rig.reopenAndCheck(true);
            rig.close();
        }
    }
}
