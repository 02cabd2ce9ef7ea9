package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Disks that are damaged, full, slow or not to be used: what the store says, keeps, and does when it is over. */
class StoreTroubleTest {
    private static final int STEP = Boolean.getBoolean("tests.full") ? 1 : 5;

    private DiskModel disk = new DiskModel();
    private StoreRig rig = new StoreRig(disk);

    /** A store with messages in several segments of each lane, a session, and a QoS 2 message under way. */
    private void fill() {
        rig.open();
        rig.session("broker c");
        rig.subscribed("a", 1);
        rig.received(3, 33);
        for (int i = 0; i < 24; i++) {
            rig.publish(i % 4, 1 + i / 4 % 2, 400);
            rig.run();
        }
        Outgoing exact = null;
        while (exact == null || exact.message().qos().ordinal() < 2) {
            exact = rig.send(1);
        }
        rig.assign(exact, 1);
        rig.run();
        Outgoing ended = rig.send(2);
        rig.end(ended);
        rig.run();
    }

    private StoreRig next() {
        rig.die();
        disk.kill();
        rig = new StoreRig(rig, disk);
        return rig;
    }

    private List<Long> readAll() {
        List<Long> ids = new ArrayList<>();
        for (int lane = 0; lane < Message.LANES; lane++) {
            rig.sendAll(lane).forEach(message -> ids.add(message.id()));
        }
        rig.state.inFlight.forEach(message -> ids.add(message.id()));
        return ids;
    }

    private long total(long[] each) {
        return Arrays.stream(each).sum();
    }

    // ---- damage ---------------------------------------------------------------------------------------------------

    @Test
    @Tag("full")
    void everyFlippedBitOfWhatWasForcedIsNoticedAndCostsOneRecord() {
        fill();
        rig.close();
        DiskModel whole = disk.copy();
        StoreRig filled = rig;
        for (String file : whole.files()) {
            int length = whole.length(file);
            for (int at = 0; at < length; at += at < 300 ? STEP : 37) {
                disk = whole.copy();
                disk.flip(file, at * 8L + at % 8);
                rig = new StoreRig(filled, disk).open();
                String where = file + " " + at + " " + rig.state.incomplete;
                // CLOSED itself: as if it had not been closed
                boolean last = file.contains("session") && at > length - 80;
                assertTrue(last || !rig.state.incomplete.isEmpty() && rig.state.recordsSkipped > 0
                        || !file.contains("lane") && !rig.state.incomplete.isEmpty() || isHeaderAlone(file, at), where);
                int read = readAll().size();
                assertEquals(total(rig.state.messages), read, where);
                assertTrue(read >= 22 && read <= 24, read + " messages, " + where);
                assertEquals(List.of(), rig.lost);
            }
        }
    }

    /** Whether it is the header of the first segment of a lane: that costs nothing. */
    private static boolean isHeaderAlone(String file, int at) {
        return file.contains("lane") && file.contains("-0000000001") && at < Segment.HEADER_BYTES;
    }

    @Test
    void whatWasForcedIsKnownAlsoWhenTheStoreWasNotClosed() {
        rig.open();
        rig.session("broker c");
        rig.segmentBytes = 100_000;
        rig.store.configure(rig.settings(), rig);
        for (int i = 0; i < 6; i++) {
            rig.publish(1, 1, 100);
            rig.run();
        }
        rig.die();
        DiskModel whole = disk.copy();
        for (int at = Segment.HEADER_BYTES; at < 600; at++) {
            disk = whole.copy();
            disk.flip("store/lane1-0000000001.segment", at * 8L);
            disk.kill();
            StoreRig damaged = new StoreRig(rig, disk).open();
            assertTrue(damaged.state.incomplete.contains("lane1"), at + " " + damaged.state.incomplete);
        }
    }

    @Test
    void aSlowReadIsOverWhenItIsOver() {
        rig.open();
        for (int i = 0; i < 300; i++) {
            rig.publish(3, 1, 20_000);
        }
        rig.run();
        rig.hangs = true;
        while (rig.send(3) != null) {
            assertEquals(StoreHealth.OK, rig.health);
        }
        rig.advance(6000);
        assertEquals(StoreHealth.DEGRADED, rig.health);
        rig.answers();
        assertEquals(StoreHealth.OK, rig.health);
    }

    @Test
    void afterDamageTheSessionIsNotTrustedUntilThereIsANewOneAndThenDamageIsOldNews() {
        fill();
        rig.close();
        disk.flip("store/lane1-0000000002.segment", 1000);
        next().open();
        assertTrue(rig.state.incomplete.contains("lane1-0000000002"), rig.state.incomplete);
        next().open();
        assertEquals("", rig.state.session);
        assertEquals(0, rig.state.received.size() + rig.state.subscriptions.size());
    }

    @Test
    void damageInASegmentOfTheSessionThatALaterOneStatesAllAgainIsNone() throws IOException { // seed 1796098430750
        StoreRig first = new StoreRig(disk);
        first.open();
        first.session("a session");
        first.subscribed("f", 1);
        first.run();
        first.die();
        disk.kill();
        String old = disk.files().stream().filter(file -> file.contains("session")).findFirst().orElseThrow();
        byte[] content = disk.read(old);
        content[0]++; // its header
        content[content.length - 1]++;
        StoreRig second = new StoreRig(first, disk).open();
        second.die();
        disk.kill();
        assertFalse(disk.files().contains(old), disk.toString());
        disk.put(old, content); // the power went before it was gone for certain
        StoreRig third = new StoreRig(second, disk);
        third.reopenAndCheck(true);
        assertEquals("a session", third.state.session);
    }

    @Test
    void aDamagedSegmentIsPutAsideNotDeletedWhenItIsDone() {
        fill();
        rig.close();
        disk.flip("store/lane1-0000000001.segment", 1000);
        next().open();
        for (int lane = 0; lane < Message.LANES; lane++) {
            rig.sendAll(lane);
            List.copyOf(rig.sent.get(lane)).forEach(rig::end);
        }
        rig.state.inFlight.forEach(rig::end);
        rig.run();
        assertTrue(disk.files().contains("store/lane1-0000000001.segment.damaged"), disk.toString());
        assertFalse(disk.files().contains("store/lane1-0000000001.segment"));
        rig.lossy = true;
        next().reopenAndCheck(false);
        assertEquals(0, total(rig.state.messages));
    }

    @Test
    void aDamagedSegmentThatWasRenamedWithoutHeapForMoreBlocksNothing() {
        fill();
        rig.close();
        disk.flip("store/lane1-0000000001.segment", 1000);
        next().open();
        disk.afterRename(() -> {
            throw new OutOfMemoryError("Java heap space");
        });
        for (int lane = 0; lane < Message.LANES; lane++) {
            rig.sendAll(lane);
            List.copyOf(rig.sent.get(lane)).forEach(rig::end);
        }
        rig.state.inFlight.forEach(rig::end);
        rig.advance(1000);
        assertTrue(disk.files().contains("store/lane1-0000000001.segment.damaged"), disk.toString());
        assertTrue(rig.healths.toString().contains("Java heap space"), rig.healths.toString());
        for (int i = 0; i < 12; i++) {
            rig.end(publishAndSend(1, 400));
            rig.advance(1000);
        }
        assertEquals(StoreHealth.OK, rig.health, rig.healths.toString());
        assertTrue(disk.files().stream().filter(each -> each.contains("lane1")).count() <= 3, disk.toString());
        rig.lossy = true;
        next().reopenAndCheck(false);
        assertEquals(0, total(rig.state.messages));
    }

    private Outgoing publishAndSend(int lane, int size) {
        rig.publish(lane, 1, size);
        rig.run();
        return rig.send(lane);
    }

    @Test
    void whatALaterPacketIdShowsToBeSettledStaysSoAlsoIfTheDiskIsFullAtTheStart() {
        int shown = 0;
        for (int operation = 1; operation < 8; operation++) {
            disk = new DiskModel();
            rig = new StoreRig(disk).open();
            rig.publish(3, 2, 100);
            Outgoing later = rig.publish(1, 2, 100);
            rig.publish(3, 1, 100); // keeps the segment
            rig.run();
            Outgoing settled = rig.send(3);
            rig.assign(settled, 5);
            rig.run();
            rig.release(settled);
            rig.run();
            int length = disk.forcedLength("store/lane3-0000000001.segment");
            rig.hangs = true;
            rig.endLazily(settled); // in one batch with the next use of its packet id
            rig.assign(rig.send(1), 5);
            rig.scheduler.run();
            disk.cutAt(disk.operations() + operation);
            rig.answers();
            rig.die();
            disk.cut(Fate.NOTHING_SURVIVES);
            disk.space = 0;
            rig = new StoreRig(rig, disk).open();
            if (rig.state.inFlight.stream().map(Outgoing::id).toList().equals(List.of(later.id()))
                    && disk.length("store/lane3-0000000001.segment") == length) {
                shown++;
            }
            disk.space = Long.MAX_VALUE;
            rig.advance(2000);
            rig.state.inFlight.forEach(rig::end);
            rig.sendAll(1).forEach(rig::end);
            rig.advance(2000);
            next().open();
            assertEquals(1, total(rig.state.messages), "operation " + operation);
        }
        assertTrue(shown > 0, "no power cut left the later one and not the earlier one");
    }

    @Test
    void aHeaderThatWasBeingWrittenWhenThePowerWentCostsNothing() { // seed 1796084751113
        for (int operation = 1; operation < 30; operation++) {
            disk = new DiskModel();
            rig = new StoreRig(disk).open();
            rig.publish(1, 1, 8); // a header is more than half of such a segment
            rig.run();
            rig.end(rig.send(1));
            rig.advance(200);
            disk.space = 0;
            rig.publish(2, 1, 100);
            disk.cutAt(disk.operations() + operation);
            rig.advance(2000);
            for (int seed = 0; seed < 40; seed++) {
                DiskModel copy = disk.copy();
                copy.cut(Fate.random(new SplittableRandom(seed)));
                copy.space = Long.MAX_VALUE;
                StoreRig next = new StoreRig(rig, copy);
                next.reopenAndCheck(true);
                assertEquals(1, next.state.latestIndex[1]);
            }
        }
    }

    @Test
    void onAFullDiskSegmentsBehindADamagedOneKeepTheNotesThatItsMessagesAreDone() {
        rig.segmentBytes = 1200;
        rig.open();
        for (int i = 0; i < 4; i++) {
            rig.publish(1, 1, 400);
            rig.run();
        }
        rig.end(rig.send(1)); // which is noted in the second segment
        for (int i = 0; i < 6; i++) {
            rig.publish(1, 1, 400);
            rig.run();
        }
        rig.die();
        disk.kill();
        disk.flip("store/lane1-0000000001.segment", 8 * 1000); // the third message
        StoreRig filled = rig;
        DiskModel whole = disk;
        for (int space = 0; space < 80; space++) {
            disk = whole.copy();
            rig = new StoreRig(filled, disk).open();
            rig.publish(1, 1, 400);
            rig.run();
            List<Outgoing> sent = rig.sendAll(1);
            assertEquals(9, sent.size());
            disk.space = space;
            sent.subList(0, 6).forEach(rig::end);
            rig.run();
            next().open();
            assertFalse(readAll().contains(1L), "the first message is back");
        }
    }

    @Test
    void ofAHalfDeletedStoreTheRestIsDeliveredAndNothingMoreIsDeleted() {
        rig.segmentBytes = 1000;
        fill();
        rig.close();
        DiskModel whole = disk.copy();
        StoreRig filled = rig;
        for (String file : whole.files()) {
            disk = whole.copy();
            disk.remove(file);
            List<String> left = disk.files();
            rig = new StoreRig(filled, disk).open();
            boolean noticed = !rig.state.incomplete.isEmpty();
            boolean oldest = file.contains("lane") && file.contains("-0000000001"); // as if everything in it had ended
            assertTrue(
                    noticed || oldest && disk.files().stream().anyMatch(each -> each.startsWith(file.substring(0, 11))),
                    file + " is missing");
            assertEquals(total(rig.state.messages), readAll().size());
            assertTrue(disk.files().containsAll(left.stream().filter(each -> each.contains("lane")).toList()));
        }
    }

    @Test
    void withoutAnyFileItIsANewStore() {
        fill();
        rig.close();
        disk.files().forEach(disk::remove);
        next().open();
        assertEquals("", rig.state.incomplete);
        assertEquals(0, rig.state.lastId);
    }

    @Test
    void aSegmentOfAnotherStoreIsPutAside() {
        fill();
        rig.close();
        StoreRig other = new StoreRig(new DiskModel());
        other.advance(5);
        other.open();
        other.publish(2, 1, 10);
        other.run();
        disk.put("store/lane2-0000000009.segment", other.disk.read("store/lane2-0000000001.segment"));
        byte[] header = disk.read("store/lane2-0000000009.segment");
        System.arraycopy(new Segment(new java.util.UUID(7, 7), 2, 9, 1, 1, 0).header().array(), 0, header, 0, 64);
        disk.put("store/lane2-0000000009.segment", header);
        next().open();
        assertTrue(rig.state.incomplete.contains("another store"), rig.state.incomplete);
        assertEquals(1, rig.state.segmentsQuarantined);
        assertTrue(disk.files().contains("store/lane2-0000000009.segment.foreign"));
        assertEquals(23, readAll().size());
    }

    @Test
    void aSegmentOfAnotherStoreThatCannotBeRenamedIsToldAndNotWrittenOver() {
        fill();
        rig.close();
        String foreign = "store/lane2-0000000002.segment";
        byte[] content = new Segment(new java.util.UUID(7, 7), 2, 2, 1, 1, 0).header().array();
        disk.put(foreign, content);
        disk.fail(DiskModel.Operation.RENAME);
        next().open();
        rig.publish(2, 1, 10);
        rig.advance(3_000);
        assertEquals(StoreHealth.DEGRADED, rig.health, rig.healths::toString);
        assertArrayEquals(content, disk.read(foreign));
        disk.fail();
        rig.advance(3_000);
        assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
        assertArrayEquals(content, disk.read(foreign + ".foreign"));
        next().open();
        assertEquals("", rig.state.incomplete);
        assertEquals(24, readAll().size());
    }

    @Test
    void aSegmentOfAnotherStoreIsNotDeletedWhenItsNumberIsOneThatIsGone() {
        rig.segmentBytes = 1000;
        rig.open();
        for (int i = 0; i < 6; i++) {
            rig.publish(2, 1, 400);
            rig.run();
        }
        rig.sendAll(2).forEach(rig::end);
        rig.run();
        String gone = "store/lane2-0000000001.segment";
        assertFalse(disk.files().contains(gone));
        disk.put(gone, new Segment(new java.util.UUID(7, 7), 2, 1, 1, 1, 0).header().array());
        next().open();
        assertTrue(disk.files().contains(gone + ".foreign"), disk.toString());
    }

    @Test
    void aFileOfZerosOrOfNoBytesNeitherStopsTheStartNorTheRest() { // mosquitto#2639, #3160, paho.golang#193, #195
        rig.segmentBytes = 1000;
        fill();
        rig.close();
        DiskModel whole = disk.copy();
        StoreRig filled = rig;
        for (String file : whole.files()) {
            for (int length : new int[] { 0, whole.length(file) }) {
                disk = whole.copy();
                disk.put(file, new byte[length]);
                rig = new StoreRig(filled, disk).open();
                String where = file + ", " + length + " zeros: " + rig.state + " " + rig.healths;
                assertNotNull(rig.state, where);
                assertEquals(StoreHealth.OK, rig.health, where);
                int read = readAll().size();
                assertTrue(read >= 20, read + " messages, " + where);
                assertTrue(read > 22 || !rig.state.incomplete.isEmpty(),
                        read + " messages and nothing is told, " + where);
                long before = rig.storedUpTo;
                Outgoing next = rig.publish(1, 1, 10);
                rig.run();
                assertTrue(rig.storedUpTo > before && rig.storedUpTo == next.id(), where);
            }
        }
    }

    @Test
    void whatNoReleaseHasWrittenIsPassedOver() throws IOException {
        fill();
        rig.close();
        Chain chain = new Chain(disk, "store", 1, "lane1");
        ByteBuffer header = ByteBuffer.wrap(disk.read("store/lane1-0000000001.segment"), 0, Segment.HEADER_BYTES)
                .slice();
        Segment first = Segment.parse(ByteBuffer.allocate(Segment.HEADER_BYTES).put(header).flip());
        List<Long> before = new ArrayList<>();
        next().open();
        before.addAll(readAll());
        rig.close();
        int last = disk.files().stream().filter(each -> each.startsWith("store/lane1")).mapToInt(
                each -> Integer.parseInt(each.substring(12, 22))).max().orElseThrow();
        chain.begin(new Segment(first.store, 1, last + 1, 100, 100, 0), chain.path(last + 1));
        chain.append(new RecordBuffer().begin(99).number(1));
        chain.append(new RecordBuffer().begin(Records.MESSAGE));
        chain.append(new RecordBuffer().begin(Records.MESSAGE).number(3).number(3));
        chain.append(new RecordBuffer().begin(Records.DONE).number(1L << 40).number(2));
        chain.force();
        next().open();
        assertFalse(rig.state.incomplete.isEmpty());
        assertEquals(before, readAll());
    }

    // ---- opening --------------------------------------------------------------------------------------------------

    @Test
    void aStoreOfANewerFormatIsRefusedUntouchedAndOpensWhenTheReasonIsGone() {
        fill();
        rig.close();
        String file = "store/lane3-0000000002.segment";
        byte[] old = disk.read(file);
        byte[] newer = old.clone();
        System.arraycopy(FormatTest.newer(ByteBuffer.wrap(Arrays.copyOf(old, 64))).array(), 0, newer, 0, 64);
        disk.put(file, newer);
        int operations = disk.operations();
        next().open();
        assertNull(rig.state);
        assertEquals(StoreHealth.FAILED, rig.health);
        assertTrue(rig.healths.get(0).contains("format 4"), rig.healths.toString());
        rig.advance(60_000);
        assertEquals(operations, disk.operations(), "something was written");
        disk.put(file, old);
        rig.advance(10_000);
        assertNotNull(rig.state);
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(24, total(rig.state.messages) + 1);
    }

    @Test
    void aFileInThePlaceOfTheDirectoryIsToldAndRetriedAfterASecondAndThenSlower() {
        disk.put("store", new byte[] { 1 });
        rig.open();
        assertEquals(StoreHealth.FAILED, rig.health);
        assertTrue(rig.healths.get(0).contains("store.directory"), rig.healths.toString());
        disk.remove("store");
        rig.advance(999);
        assertNull(rig.state);
        rig.advance(1);
        assertNotNull(rig.state);
        assertEquals(StoreHealth.OK, rig.health);
    }

    @Test
    void aDirectoryInUseIsToldAndTakenOverWhenItIsFree() {
        rig.open();
        StoreRig second = new StoreRig(disk).open();
        assertEquals(StoreHealth.FAILED, second.health);
        assertTrue(second.healths.get(0).contains("in use"), second.healths.toString());
        second.advance(120_000);
        rig.publish(1, 1, 10);
        rig.run();
        assertEquals(1, rig.storedUpTo);
        rig.close();
        second.advance(10_000);
        assertEquals(StoreHealth.OK, second.health);
        assertEquals(1, total(second.state.messages));
        assertEquals(1, second.healths.stream().filter(each -> each.startsWith("FAILED")).count(), "told once");
    }

    @Test
    void newSettingsWhileAStoreCannotBeOpenedTryAtOnceAndOpenItOnce() {
        disk.put("store", new byte[] { 1 });
        rig.open();
        disk.remove("store");
        rig.store.configure(rig.settings(), rig);
        rig.run();
        assertNotNull(rig.state);
        rig.advance(60_000);
        assertEquals(List.of("OK"), rig.healths.subList(1, rig.healths.size()));
    }

    @Test
    void aStoreThatCannotBeOpenedCanBeClosedAndOneThatIsClosedToo() {
        disk.put("store", new byte[] { 1 });
        rig.open();
        rig.close();
        assertTrue(rig.closed);
        rig.closed = false;
        rig.close();
        assertTrue(rig.closed);
        disk.remove("store");
        next().open();
        rig.close();
        rig.closed = false;
        rig.close();
        assertTrue(rig.closed);
    }

    @Test
    void aStoreThatIsBeingOpenedIsClosedWhenItIsOpen() {
        rig.hangs = true;
        rig.open();
        rig.close();
        assertFalse(rig.closed);
        rig.answers();
        assertTrue(rig.closed);
        assertNull(rig.state);
        assertNotNull(next().open().state);
    }

    @Test
    void aDiskThatIsFullAtTheStartIsDrainedAndThenUsed() {
        fill();
        rig.close();
        disk.space = 0;
        next().open();
        assertNotNull(rig.state);
        assertEquals(StoreHealth.FULL, rig.health);
        assertTrue(rig.healths.toString().contains("No space left"), rig.healths.toString());
        rig.publish(2, 1, 10); // it was admitted a moment before
        List<Outgoing> all = rig.sendAll(1);
        all.addAll(rig.sendAll(0));
        assertTrue(all.size() > 10, "draining does not go on");
        all.forEach(rig::endLazily);
        rig.advance(10_000);
        assertEquals(StoreHealth.OK, rig.health, rig.healths.toString());
        assertEquals(rig.lastId, rig.storedUpTo);
        rig.close();
        next().reopenAndCheck(true);
    }

    @Test
    void howeverLittleSpaceIsLeftAtTheStartAPowerCutCostsNothing() {
        fill();
        rig.close();
        DiskModel whole = disk.copy();
        StoreRig filled = rig;
        for (int space = 0; space < 400; space += 7) {
            for (int crash = 0; crash < 3; crash++) {
                disk = whole.copy();
                disk.space = space;
                rig = new StoreRig(filled, disk).open();
                rig.sendAll(3).forEach(rig::endLazily);
                rig.advance(2000);
                disk.space = crash == 1 ? Long.MAX_VALUE : disk.space;
                rig.advance(crash * 5000);
                rig.die();
                disk.cut(crash == 0 ? Fate.EVERYTHING_SURVIVES : Fate.NOTHING_SURVIVES);
                disk.space = Long.MAX_VALUE;
                new StoreRig(rig, disk).reopenAndCheck(true);
            }
        }
    }

    // ---- errors ---------------------------------------------------------------------------------------------------

    @Test
    void afterAFailedForceMessagesAreWrittenAnewBeforeTheyAreStored() {
        rig.open();
        rig.publish(1, 1, 10);
        rig.run();
        disk.failForces(1);
        rig.publish(1, 1, 20);
        rig.run();
        assertEquals(1, rig.storedUpTo);
        assertEquals(StoreHealth.DEGRADED, rig.health);
        assertEquals("DEGRADED: writing failed and is retried: force failed", rig.healths.get(1));
        rig.advance(1000);
        assertEquals(2, rig.storedUpTo);
        assertEquals(StoreHealth.OK, rig.health);
        disk.cut(Fate.NOTHING_SURVIVES);
        rig.die();
        new StoreRig(rig, disk).reopenAndCheck(true);
    }

    @Test
    void whatAKilledProcessLeftBehindAFailedForceIsDurableWhenTheNextOneReliesOnIt() { // seed 1796076431612
        for (int operation = 0; operation < 8; operation++) {
            disk = new DiskModel();
            rig = new StoreRig(disk).open();
            rig.publish(3, 2, 100);
            rig.publish(3, 2, 100);
            rig.run();
            Outgoing exact = rig.send(3);
            rig.session("broker c");
            disk.failForces(1);
            rig.assign(exact, 24);
            rig.publish(3, 1, 100);
            rig.run();
            disk.cutAt(disk.operations() + 1 + operation);
            rig.advance(1000);
            next().reopenAndCheck(true);
            assertEquals(List.of(exact.id()), rig.state.inFlight.stream().map(Outgoing::id).toList());
            assertEquals(3, total(rig.state.messages));
            rig.die();
            disk.cut(Fate.NOTHING_SURVIVES);
            rig = new StoreRig(rig, disk);
            rig.reopenAndCheck(true);
            assertEquals(24, rig.state.inFlight.get(0).packetId());
            assertEquals(3, total(rig.state.messages));
        }
    }

    @Test
    void noPacketIdIsThatOfAMessageBehindOneWhoseOwnWasLostWithThePower() { // seed 1796076428665
        for (Durability durability : List.of(Durability.POWER, Durability.PROCESS)) {
            for (int seed = 0; seed < 50; seed++) {
                disk = new DiskModel();
                rig = new StoreRig(disk);
                rig.durability = durability;
                rig.segmentBytes = 100_000;
                rig.open();
                for (int i = 0; i < 200; i++) {
                    rig.publish(1, 2, 8);
                }
                rig.run();
                rig.advance(1000);
                rig.hangs = true;
                List<Outgoing> sent = new ArrayList<>();
                for (int i = 1; i <= 200; i++) {
                    Outgoing message = rig.send(1);
                    rig.assign(message, i);
                    sent.add(message);
                }
                disk.whileForcing(() -> disk.cutAt(0));
                rig.answers();
                rig.die();
                disk.cut(Fate.random(new SplittableRandom(seed)));
                disk.whileForcing(() -> {});
                rig = new StoreRig(rig, disk);
                rig.open();
                List<Long> kept = rig.state.inFlight.stream().map(Outgoing::id).toList();
                assertEquals(sent.stream().map(Outgoing::id).limit(kept.size()).toList(), kept, "seed " + seed);
                assertEquals(200, total(rig.state.messages));
            }
        }
    }

    @Test
    void threeFailuresInARowAreAFailureAndTheFirstSuccessEndsIt() {
        rig.open();
        disk.failWrites(5);
        rig.publish(1, 1, 10);
        rig.run();
        assertEquals(StoreHealth.DEGRADED, rig.health);
        rig.advance(1000);
        assertEquals(StoreHealth.DEGRADED, rig.health);
        rig.advance(2000);
        assertEquals(StoreHealth.FAILED, rig.health);
        rig.advance(3000 + 4000);
        assertEquals(StoreHealth.FAILED, rig.health);
        rig.advance(5000);
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(1, rig.storedUpTo);
    }

    @Test
    void theFloorActsBeforeTheDiskIsFullAndIsLeftByItself() {
        rig.floorBytes = 1000;
        disk.usable = 999;
        rig.open();
        assertEquals(StoreHealth.FULL, rig.health);
        assertTrue(rig.healths.toString().contains("store.floor.bytes"), rig.healths.toString());
        rig.publish(1, 1, 10);
        rig.run();
        assertEquals(1, rig.storedUpTo);
        disk.usable = 1000;
        rig.advance(1000);
        assertEquals(StoreHealth.OK, rig.health);
        disk.usable = 10;
        rig.publish(1, 1, 10);
        rig.run();
        assertEquals(StoreHealth.FULL, rig.health);
    }

    @Test
    void aFailedWriteWithRoomEnoughIsNotAFullDisk() {
        rig.floorBytes = 1000;
        rig.open();
        disk.failWrites(1);
        rig.publish(1, 1, 10);
        rig.run();
        assertEquals(StoreHealth.DEGRADED, rig.health);
    }

    @Test
    void howeverLittleSpaceIsLeftNothingStoredIsLostAndDrainingMakesRoom() {
        for (long space = 0; space < 12_000; space += 101) {
            disk = new DiskModel();
            rig = new StoreRig(disk).open();
            for (int i = 0; i < 12; i++) {
                rig.publish(1, 1 + i % 2, 300);
                rig.run();
            }
            disk.space = space;
            for (int i = 0; i < 14; i++) {
                rig.publish(1 + i % 2, 1, 150);
                rig.run();
            }
            List<Outgoing> sent = rig.sendAll(1);
            sent.stream().limit(10).forEach(message -> rig.endLazily(message));
            rig.advance(500);
            if (space % 2 == 0) {
                rig.die();
                StoreRig crashed = rig;
                rig = new StoreRig(crashed, disk);
                disk.cut(Fate.NOTHING_SURVIVES);
                rig.reopenAndCheck(true);
                for (int lane = 0; lane < 3; lane++) {
                    List.copyOf(rig.sent.get(lane)).forEach(rig::endLazily);
                }
            } else {
                rig.sendAll(2);
                for (int lane = 0; lane < 3; lane++) {
                    List.copyOf(rig.sent.get(lane)).forEach(rig::endLazily);
                }
            }
            rig.advance(40_000);
            String where = space + " bytes left: " + rig.healths + disk;
            assertEquals(rig.lastId, rig.storedUpTo, where);
            assertEquals(StoreHealth.OK, rig.health, where);
            rig.close();
            rig = new StoreRig(rig, disk);
            rig.reopenAndCheck(true);
        }
    }

    @Test
    void aFullDiskIsNotFilledFurtherByTryingAgain() {
        rig.open();
        rig.publish(1, 1, 10);
        rig.run();
        disk.space = 30_000;
        for (int i = 0; i < 30; i++) {
            rig.publish(1, 1, 2000);
        }
        rig.advance(60_000);
        assertEquals(StoreHealth.FULL, rig.health);
        long space = disk.space;
        rig.advance(600_000);
        assertEquals(space, disk.space);
        disk.space += 40_000;
        rig.advance(10_000);
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(31, rig.storedUpTo);
        rig.die();
        disk.cut(Fate.NOTHING_SURVIVES);
        new StoreRig(rig, disk).reopenAndCheck(true);
    }

    @Test
    void deadLettersThatGoBecauseThereAreTooManyAreTold() {
        rig.open();
        for (int i = 0; i < 40; i++) {
            rig.store.deadLettered(publishAndSend(1, 500));
            rig.run();
        }
        List<Outgoing> kept = new ArrayList<>();
        rig.store.deadLetters(0, kept::addAll);
        rig.run();
        assertTrue(kept.size() >= 8 && kept.size() < 40, kept.size() + " are kept");
        assertEquals(40, kept.size() + rig.deadLettersForgotten);
    }

    @Test
    void whatASettledBacklogLeavesBehindAPendingMessageIsCompactedAlsoIfNothingIsWrittenAnyMore() {
        rig.open();
        for (int i = 0; i < 40; i++) {
            rig.publish(1, 1, 500);
            rig.run();
        }
        Outgoing pending = rig.send(1);
        for (int i = 0; i < 39; i++) {
            rig.endLazily(rig.send(1));
        }
        rig.advance(10_000);
        int bytes = disk.files().stream().filter(file -> file.contains("lane1")).mapToInt(disk::length).sum();
        assertTrue(bytes < 8_000, bytes + " bytes: " + disk);
        rig.end(pending);
    }

    @Test
    void aFailedRenameIsToldAndTriedAgain() {
        rig.open();
        for (int i = 0; i < 40; i++) {
            rig.publish(1, 1, 500);
            rig.run();
        }
        Outgoing first = rig.send(1);
        disk.failRenames(2);
        for (int i = 0; i < 38; i++) {
            rig.endLazily(rig.send(1));
        }
        rig.advance(200);
        assertEquals(StoreHealth.DEGRADED, rig.health);
        assertTrue(
                rig.healths.toString().contains("messages are stored, compacting failed and is retried: rename failed"),
                rig.healths.toString());
        rig.advance(3000);
        assertEquals(StoreHealth.OK, rig.health);
        assertTrue(disk.trace.stream().filter(each -> each.startsWith("rename")).count() > 2);
        rig.end(first);
        rig.run();
        rig.die();
        disk.cut(Fate.NOTHING_SURVIVES);
        new StoreRig(rig, disk).reopenAndCheck(true);
    }

    // ---- a disk that hangs ----------------------------------------------------------------------------------------

    @Test
    void aDiskThatHangsIsToldAfterFiveSeconds() {
        rig.open();
        rig.publish(1, 1, 10);
        disk.whileForcing(() -> {
            disk.whileForcing(() -> {});
            rig.advance(4999);
            assertEquals(StoreHealth.OK, rig.health);
            rig.advance(2);
            assertEquals(StoreHealth.DEGRADED, rig.health);
            assertTrue(rig.healths.get(1).contains("the disk has not answered for 5 s"), rig.healths.toString());
        });
        rig.run();
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(1, rig.storedUpTo);
    }

    @Test
    void aStoreWithoutAThreadDoesNotBlameTheDiskAndEverythingInMemoryGoesOn() {
        rig.open();
        rig.hangs = true;
        rig.publish(1, 1, 10);
        rig.publish(1, 1, 10);
        rig.advance(4999);
        assertEquals(StoreHealth.OK, rig.health);
        rig.advance(1);
        assertEquals(StoreHealth.DEGRADED, rig.health);
        assertTrue(rig.healths.get(1).contains("there has been no thread for the store"), rig.healths.toString());
        assertNotNull(rig.send(1));
        assertEquals(0, rig.storedUpTo);
        rig.answers();
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(2, rig.storedUpTo);
    }

    @Test
    void theStoreTellsWhatIsWrittenWhenTheDiskHasIt() {
        rig.open();
        rig.hangs = true;
        for (int i = 0; i < 5; i++) {
            rig.publish(3, 1, 100_000);
            rig.run();
        }
        assertEquals(0, rig.writtenMessages);
        rig.answers();
        assertEquals(5, rig.writtenMessages);
        assertEquals(5 * rig.publish(3, 1, 100_000).size(), rig.writtenBytes);
    }

    @Test
    void whatCouldNotBeWrittenIsToldToBeWrittenOnceLater() {
        rig.open();
        disk.failWrites(3);
        for (int i = 0; i < 2; i++) {
            rig.publish(3, 1, 9_000);
            rig.run();
        }
        assertEquals(0, rig.writtenMessages);
        rig.advance(10_000);
        assertEquals(StoreHealth.OK, rig.health);
        assertEquals(2, rig.writtenMessages);
        assertEquals(2, rig.storedUpTo);
    }

    // ---- modes ----------------------------------------------------------------------------------------------------

    @Test
    void withoutForceTheDiskIsForcedFromTimeToTimeAndOnlyWhenThereIsSomething() {
        rig.durability = Durability.PROCESS;
        rig.open();
        rig.publish(1, 1, 10);
        rig.run();
        assertEquals(1, rig.storedUpTo);
        assertEquals(64, disk.forcedLength("store/lane1-0000000001.segment"));
        rig.advance(500);
        assertTrue(disk.forcedLength("store/lane1-0000000001.segment") > 64);
        int operations = disk.operations();
        rig.advance(600_000);
        assertEquals(operations, disk.operations());
    }

    @Test
    void theModeCanChangeWhileTheStoreIsUsedAndIsKnownAfterwards() {
        rig.durability = Durability.PROCESS;
        rig.open();
        rig.session("s");
        rig.publish(1, 1, 10);
        rig.run();
        rig.durability = Durability.POWER;
        rig.store.configure(rig.settings(), rig);
        rig.run();
        disk.cut(Fate.NOTHING_SURVIVES);
        rig.die();
        rig.boot = "boot 2";
        rig = new StoreRig(rig, disk);
        rig.reopenAndCheck(true);
        assertEquals(1, total(rig.state.messages));
        rig.durability = Durability.PROCESS;
        rig.store.configure(rig.settings(), rig);
        rig.publish(1, 1, 10);
        rig.run();
        disk.cut(Fate.NOTHING_SURVIVES);
        rig.die();
        rig.boot = "boot 3";
        rig.lossy = true;
        rig = new StoreRig(rig, disk);
        rig.reopenAndCheck(false);
        assertTrue(rig.state.incomplete.contains("store=process"), rig.state.incomplete);
    }

    @Test
    void anIdleStoreLeavesTheDiskAlone() {
        fill();
        rig.advance(1000);
        int operations = disk.operations();
        rig.advance(3_600_000);
        assertEquals(operations, disk.operations());
    }

    @Test
    void nothingIsWrittenBehindAForceThatFailedWhileSpaceWasMade() {
        StoreRig rig = new StoreRig(new DiskModel());
        rig.segmentBytes = 10_000_000;
        rig.floorBytes = 1_000_000;
        rig.open();
        for (int i = 0; i < 100; i++) {
            rig.publish(1, 1, 1000);
        }
        rig.run();
        List<Outgoing> all = rig.sendAll(1);
        rig.run();
        rig.disk.usable = 500_000; // beneath the floor
        for (int i = 0; i < 99; i++) {
            rig.endLazily(all.get(i));
        }
        rig.disk.failForces(1); // the batch of the settled ones is not forced; compacting forces
        rig.advance(150);
        rig.disk.usable = Long.MAX_VALUE;
        Outgoing late = rig.publish(1, 1, 1000);
        rig.run();
        assertTrue(idsAfterAPowerCut(rig).contains(late.id()), "a stored message is lost");
    }

    @Test
    void nothingIsWrittenBehindAForceThatFailedWhileASegmentWasGivenUp() {
        StoreRig rig = new StoreRig(new DiskModel());
        rig.segmentBytes = 100_000;
        rig.open();
        for (int i = 0; i < 6; i++) {
            rig.publish(1, 1, 20_000);
            rig.run();
        }
        List<Outgoing> all = rig.sendAll(1);
        rig.run();
        while (rig.disk.files().stream().filter(file -> file.contains("session"))
                .noneMatch(file -> rig.disk.length(file) >= 256 * 1024)) {
            rig.store.subscribed("f/" + "x".repeat(1000), 1);
            rig.run();
        }
        for (Outgoing message : all.subList(0, 5)) {
            rig.endLazily(message);
        }
        rig.disk.failForces(1);
        rig.advance(150);
        Outgoing late = rig.publish(1, 1, 500);
        rig.run();
        assertTrue(idsAfterAPowerCut(rig).contains(late.id()), "a stored message is lost");
    }

    private static List<Long> idsAfterAPowerCut(StoreRig rig) {
        rig.die();
        rig.disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        StoreRig next = new StoreRig(rig, rig.disk);
        next.open();
        return next.sendAll(1).stream().map(Outgoing::id).toList();
    }
}
