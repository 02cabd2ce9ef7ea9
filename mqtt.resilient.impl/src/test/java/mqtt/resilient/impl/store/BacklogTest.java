package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What does not fit into the window in memory waits on the disk: in order, to be found, and to be taken out. */
class BacklogTest {
    private static final long WINDOW_BYTES = 1024 * 1024;
    private final DiskModel disk = new DiskModel();
    private final StoreRig rig = new StoreRig(disk);

    private long inMemory() {
        Set<Outgoing> all = new HashSet<>();
        for (int i = 0; i < 8; i++) {
            rig.store.visitSome(all::add);
        }
        return all.stream().mapToLong(Outgoing::size).sum();
    }

    @Test
    void aHundredThousandMessagesAreDrainedInOrderThroughASmallWindow() {
        rig.segmentBytes = 1 << 20;
        rig.open();
        for (int i = 0; i < 100_000; i++) {
            rig.publish(2, 1, 60);
            if (i % 1000 == 0) {
                rig.run();
            }
        }
        rig.run();
        assertEquals(100_000, rig.storedUpTo);
        assertTrue(inMemory() <= WINDOW_BYTES, inMemory() + " bytes");
        rig.close();
        StoreRig second = new StoreRig(rig, disk).open();
        assertEquals(100_000, second.state.messages[2]);
        long next = 1;
        for (int turn = 0; turn < 3000 && next <= 100_000; turn++) {
            for (Outgoing message = second.store.next(2); message != null; message = second.store.next(2)) {
                assertEquals(next++, message.id());
                second.store.sent(message);
                second.store.settled(message);
            }
            second.run();
        }
        assertEquals(100_001, next);
        second.advance(1000);
        assertTrue(disk.files().stream().filter(each -> each.contains("lane2")).count() <= 2, disk.toString());
        assertEquals(List.of(), second.lost);
    }

    @Test
    void aMessageOnTheDiskIsFoundAndTakenOutOnceAlsoWhenItIsAskedForTwice() {
        rig.open();
        for (int i = 0; i < 30; i++) {
            rig.publish(3, 1, 80_000);
        }
        rig.run();
        boolean[] first = rig.cancel(29);
        boolean[] second = rig.cancel(29);
        boolean[] near = rig.cancel(2);
        boolean[] none = rig.cancel(31);
        rig.run();
        assertEquals(List.of(true, true, false, true), List.of(first[0], first[1], second[1], near[1]));
        assertEquals(List.of(true, false), List.of(none[0], none[1]));
        assertEquals(28, rig.store.queued());
        assertFalse(rig.cancel(29)[1]);
        rig.run();
        assertEquals(28, rig.sendAll(3).size());
        rig.die();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        new StoreRig(rig, disk).reopenAndCheck(true);
    }

    @Test
    void aMessageThatIsNotYetOnAFailingDiskIsFoundAllTheSame() {
        rig.open();
        disk.failWrites(1);
        for (int i = 0; i < 30; i++) {
            rig.publish(3, 1, 80_000);
        }
        rig.run();
        boolean[] result = rig.cancel(30);
        rig.run();
        assertTrue(result[1]);
        rig.advance(2000);
        assertEquals(29, rig.sendAll(3).size());
        assertEquals(List.of(), rig.lost);
    }

    @Test
    void aMessageUnderWayIsNotFound() {
        rig.open();
        rig.publish(1, 2, 10);
        Outgoing sent = rig.send(1);
        rig.assign(sent, 1);
        rig.run();
        assertFalse(rig.cancel(1)[1]);
        rig.close();
        StoreRig second = new StoreRig(rig, disk).open();
        boolean[] result = second.cancel(1);
        second.run();
        assertTrue(result[0]);
        assertFalse(result[1]);
    }

    @Test
    void whatCannotBeReadAnyMoreIsToldWhenTheReadingComesToItsEnd() {
        rig.segmentBytes = 200_000;
        rig.open();
        for (int i = 0; i < 40; i++) {
            rig.publish(3, 1, 80_000);
            rig.run();
        }
        disk.flip("store/lane3-0000000009.segment", 8 * 120_000);
        assertEquals(39, rig.sendAll(3).size());
        assertEquals(List.of("3: 1 messages"), rig.lost);
        assertEquals(0, rig.store.queued());
    }

    @Test
    void ofExpiredMessagesOnTheDiskSomeAreFoundWithEverySweep() {
        rig.segmentBytes = 400_000;
        rig.open();
        for (int i = 0; i < 60; i++) {
            rig.publish(3, 1, 80_000, Duration.ofSeconds(i % 2 == 0 ? 5 : 1000));
        }
        rig.run();
        List<Long> old = new ArrayList<>();
        rig.advance(4000);
        sweep(rig, old, new long[4]);
        assertEquals(List.of(), old);
        rig.advance(2000);
        for (int i = 0; i < 12; i++) {
            int before = old.size();
            sweep(rig, old, new long[4]);
            assertTrue(old.size() - before <= 5, "one segment at a time");
        }
        List<Outgoing> sent = rig.sendAll(3);
        assertEquals(60 - old.size(), sent.size());
        assertTrue(old.size() >= 18, old.size() + " found");
        assertTrue(old.stream().allMatch(id -> id % 2 == 1));
        long reads = rig.store.figures().recordsSkipped();
        assertEquals(0, reads);
    }

    @Test
    void whatASweepFoundIsNotFoundAgainWhileWritingFails() { // ended twice, it hid another one that was never sent
        rig.segmentBytes = 400_000;
        rig.open();
        for (int i = 0; i < 60; i++) {
            rig.publish(3, 1, 80_000, Duration.ofSeconds(i % 3 == 2 ? 1000 : 100 + i % 3));
        }
        rig.run();
        disk.failWrites(1000);
        rig.publish(1, 1, 10);
        rig.advance(99_000);
        assertEquals(StoreHealth.FAILED, rig.health);
        List<Long> old = new ArrayList<>();
        // each segment twice at least, because what is in it expires one after the other
        for (int i = 0; i < 100; i++) {
            sweep(rig, old, new long[4]);
            rig.advance(100);
        }
        assertEquals(StoreHealth.FAILED, rig.health);
        assertTrue(old.size() >= 20, old.size() + " found");
        assertEquals(Set.copyOf(old).size(), old.size(), old.toString());
        disk.failWrites(0);
        rig.advance(10_000);
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(61 - old.size(), rig.store.queued());
        assertEquals(61 - old.size(), rig.sendAll(1).size() + rig.sendAll(3).size());
        assertEquals(0, rig.store.queued());
        assertEquals(List.of(), rig.lost);
    }

    private static void sweep(StoreRig rig, List<Long> old, long[] ages) {
        rig.store.findOld(ages, message -> {
            old.add(message.id());
            rig.store.remove(message);
            message.end();
        });
        rig.run();
    }

    @Test
    void expiryAndAgeCountOnAfterARestart() {
        rig.open();
        for (int i = 0; i < 40; i++) {
            rig.publish(i % 2, 1, 80_000, i % 2 == 0 ? Duration.ofSeconds(100) : null);
        }
        rig.run();
        rig.close();
        StoreRig second = new StoreRig(rig, disk);
        second.advance(90_000);
        second.open();
        assertTrue(second.state.expiring);
        List<Long> old = new ArrayList<>();
        sweep(second, old, new long[4]);
        assertEquals(List.of(), old);
        second.advance(11_000);
        for (int i = 0; i < 30; i++) {
            sweep(second, old, new long[] { 0, 200_000_000_000L, 0, 0 });
        }
        assertEquals(20, old.size());
        second.advance(100_000);
        for (int i = 0; i < 30; i++) {
            sweep(second, old, new long[] { 0, 200_000_000_000L, 0, 0 });
        }
        assertEquals(40, old.size());
        assertEquals(0, second.store.queued());
    }

    @Property(tries = 25)
    void withAnyPatternOfPublishingAndDrainingItIsAQueue(@ForAll @IntRange(max = 1_000_000) int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        StoreRig queue = new StoreRig(new DiskModel());
        queue.segmentBytes = 4096 << random.nextInt(6);
        queue.open();
        List<ArrayDeque<Long>> expected = List.of(new ArrayDeque<>(), new ArrayDeque<>());
        for (int i = 0; i < 200; i++) {
            int lane = random.nextInt(2);
            ArrayDeque<Long> ids = expected.get(lane);
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    for (int more = random.nextInt(random.nextInt(8) == 0 ? 80 : 4); more >= 0; more--) {
                        ids.add(queue.publish(lane, 1, random.nextInt(12_000)).id());
                    }
                }
                case 3, 4 -> {
                    for (int more = random.nextInt(random.nextInt(4) == 0 ? 100 : 5); more >= 0; more--) {
                        Outgoing message = queue.send(lane);
                        if (message == null) {
                            assertTrue(ids.isEmpty() || queue.run() != null);
                            break;
                        }
                        assertEquals(ids.remove(), message.id());
                        queue.endLazily(message);
                    }
                }
                case 5 -> {
                    if (!ids.isEmpty()) {
                        List<Long> all = List.copyOf(ids);
                        long id = all.get(random.nextInt(all.size()));
                        boolean[] result = queue.cancel(id);
                        queue.run();
                        assertTrue(result[1], "not found: " + id);
                        ids.remove(id);
                    }
                }
                case 6 -> {
                    Outgoing oldest = queue.store.removeOldest(lane);
                    if (oldest != null) {
                        assertEquals(ids.remove(), oldest.id());
                        oldest.end();
                    }
                }
                default -> queue.run();
            }
            assertEquals(expected.stream().mapToInt(ArrayDeque::size).sum(), queue.store.queued());
        }
        for (int lane = 0; lane < 2; lane++) {
            assertEquals(List.copyOf(expected.get(lane)), queue.sendAll(lane).stream().map(Outgoing::id).toList());
        }
        assertEquals(List.of(), queue.lost);
        assertNotNull(queue.state);
    }
}
