package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.DiskModel.Fate;
import org.junit.jupiter.api.Test;

/** A segment that the session chain lists and that is not there is damage: counted, told, and told once. */
class MissingSegmentTest {
    private static final int LANE = 1;

    private DiskModel disk = new DiskModel();
    private StoreRig rig = new StoreRig(disk);

    /** Some segments of a lane, twenty messages in each but the last. */
    private List<String> fill() {
        rig.segmentBytes = 20 * 150;
        rig.open();
        for (int i = 0; i < 96; i++) {
            rig.publish(LANE, 1, 130);
            rig.run();
        }
        List<String> files = files();
        assertTrue(files.size() >= 4, disk.toString());
        return files;
    }

    private List<String> files() {
        return disk.files().stream().filter(each -> each.startsWith("store/lane1")).toList();
    }

    private void reopen() {
        rig.die();
        disk.kill();
        rig = new StoreRig(rig, disk).open();
        assertNotNull(rig.state);
    }

    private long read() {
        long read = rig.sendAll(LANE).size();
        assertEquals(read, rig.state.messages[LANE]);
        assertEquals(List.of(), rig.lost);
        return read;
    }

    private void expectMissing(int count, String text) {
        assertEquals(count, rig.state.recordsSkipped);
        assertTrue(rig.state.incomplete.contains("missing") && rig.state.incomplete.contains(text),
                rig.state.incomplete);
    }

    @Test
    void anySegmentOfALaneThatIsMissingAfterAKillOrAStopIsToldOnce() {
        List<String> files = fill();
        DiskModel running = disk.copy();
        rig.close();
        DiskModel stopped = disk.copy();
        StoreRig filled = rig;
        for (DiskModel each : List.of(running, stopped)) {
            for (String file : files) {
                disk = each.copy();
                disk.remove(file);
                rig = filled;
                reopen();
                boolean open = file.equals(files.get(files.size() - 1)) && each == running;
                long read = read();
                expectMissing(1,
                        open ? file : file + " is missing: at most " + (96 - read) + " pending messages are lost");
                reopen();
                assertEquals("", rig.state.incomplete, "told twice");
                assertEquals(read, read());
                assertEquals("", rig.state.session);
            }
        }
    }

    @Test
    void allSegmentsOfALaneThatAreMissingAreTold() {
        List<String> files = fill();
        files.forEach(disk::remove);
        reopen();
        expectMissing(files.size(), files.get(0) + " and " + (files.size() - 1) + " more are missing: at most 9");
        assertEquals(0, read());
        Outgoing next = rig.publish(LANE, 1, 10);
        rig.run();
        assertEquals(next.id(), rig.storedUpTo);
        reopen();
        assertEquals("", rig.state.incomplete);
        assertEquals(1, read());
    }

    @Test
    void whatWasSettledIsNotSaidToBeLost() {
        List<String> files = fill();
        Outgoing first = rig.send(LANE); // pins all segments
        for (int i = 0; i < 95; i++) {
            rig.end(rig.send(LANE));
        }
        rig.run();
        disk.remove(files.get(1));
        reopen();
        assertTrue(rig.state.incomplete.endsWith("is missing"), rig.state.incomplete);
        assertEquals(1, read());
        assertEquals(1, first.id());
    }

    @Test
    void aSegmentThatComesBackAfterItsMessagesWereToldToBeLostIsQuarantined() {
        String file = fill().get(0);
        byte[] content = disk.read(file);
        disk.remove(file);
        reopen();
        long read = read();
        rig.die();
        disk.put(file, content);
        reopen();
        assertEquals(read, read());
        assertEquals(1, rig.state.segmentsQuarantined);
        assertTrue(rig.state.incomplete.contains(file + " was missing before"), rig.state.incomplete);
        assertTrue(disk.files().contains(file + ".foreign"), disk.toString());
    }

    @Test
    void theNumberOfAMissingLastSegmentIsNotUsedAgain() {
        String file = fill().get(files().size() - 1);
        byte[] content = disk.read(file);
        disk.remove(file);
        reopen();
        reopen(); // without a message
        rig.publish(LANE, 1, 100);
        rig.run();
        assertFalse(files().contains(file), disk.toString());
        rig.die();
        disk.put(file, content);
        reopen();
        assertEquals(1, rig.state.segmentsQuarantined, "what was told to be lost is back");
    }

    @Test
    void aMissingSegmentOfDeadLettersIsTold() {
        rig.open();
        rig.publish(LANE, 1, 100);
        rig.run();
        rig.setAside(rig.send(LANE));
        rig.run();
        disk.remove("store/aside-0000000001.segment");
        reopen();
        expectMissing(1, "store/aside-0000000001.segment is missing");
    }

    @Test
    void aPowerCutWhileSegmentsComeAndGoIsNoLoss() {
        for (int cut = 1; cut < 400; cut++) {
            disk = new DiskModel().cutAt(cut);
            rig = new StoreRig(disk);
            rig.segmentBytes = 1000;
            rig.open();
            for (int i = 0; i < 20 && !disk.isDead(); i++) {
                rig.publish(LANE, 1, 400);
                rig.run();
                if (i % 2 == 1 && !disk.isDead()) {
                    rig.endLazily(rig.send(LANE));
                    rig.advance(200);
                }
            }
            for (Fate fate : List.of(Fate.NOTHING_SURVIVES, Fate.EVERYTHING_SURVIVES)) {
                DiskModel copy = disk.copy();
                copy.cut(fate);
                new StoreRig(rig, copy).reopenAndCheck(true);
            }
            if (!disk.isDead()) {
                return;
            }
        }
    }

    @Test
    void aForceThatFailsWhileSegmentsComeAndGoIsNoLoss() { // seed 1796097718038
        int[] forces = new int[1];
        for (int failing = 1; failing == 1 || forces[0] >= failing - 1; failing++) {
            int fails = failing;
            forces[0] = 0;
            disk = new DiskModel();
            disk.whileForcing(() -> disk.failForces(++forces[0] == fails ? 1 : 0));
            rig = new StoreRig(disk);
            rig.segmentBytes = 1000;
            rig.open();
            rig.advance(5000); // if the first one failed
            for (int i = 0; i < 30; i++) {
                rig.publish(LANE, 1, 400);
                rig.advance(2000);
                for (int end = 0; end < 3 && i > 9 && i % 3 == 2; end++) { // the first of them begins a segment
                    rig.endLazily(rig.send(LANE));
                    rig.advance(2000);
                }
            }
            rig.die();
            disk.whileForcing(() -> {});
            disk.cut(Fate.NOTHING_SURVIVES);
            new StoreRig(rig, disk).reopenAndCheck(true);
        }
        assertTrue(forces[0] > 40, forces[0] + " forces");
    }

    @Test
    void aSegmentThatCannotBeRecordedAsGoneIsEmptiedInItsPlaceAndGoesLater() {
        rig.segmentBytes = 2000;
        rig.open();
        for (int i = 0; i < 40; i++) {
            rig.publish(LANE, 1, 400);
            rig.run();
        }
        List<Outgoing> sent = rig.sendAll(LANE);
        disk.space = 0;
        sent.stream().limit(39).forEach(rig::endLazily);
        rig.advance(20_000);
        assertEquals(StoreHealth.OK, rig.health, rig.healths::toString);
        rig.die();
        disk.cut(Fate.NOTHING_SURVIVES);
        new StoreRig(rig, disk).reopenAndCheck(true);
    }

    // ---- what an earlier release wrote ----------------------------------------------------------------------------

    /** Writes the header of each file, and the session's chain, as format 2 has them. */
    private void toFormatTwo(boolean closed) throws IOException {
        Segment any = null;
        for (String name : disk.files()) {
            byte[] content = disk.read(name);
            ByteBuffer header = ByteBuffer.allocate(Segment.HEADER_BYTES).put(content, 0, Segment.HEADER_BYTES).flip();
            any = Segment.parse(header.duplicate());
            System.arraycopy(FormatTest.ofVersion(2, header).array(), 0, content, 0, Segment.HEADER_BYTES);
            disk.put(name, content);
        }
        disk.files().stream().filter(each -> each.contains("session")).forEach(disk::remove);
        Chain chain = new Chain(disk, "store", Chains.SESSION, "session");
        chain.tail(any.store, 0, Integer.MAX_VALUE);
        chain.append(new RecordBuffer().begin(Records.OPENED).text("POWER").text("boot 1").text("broker c").number(0)
                .number(0));
        if (closed) {
            RecordBuffer record = new RecordBuffer().begin(Records.CLOSED);
            IntStream.range(0, 6).forEach(each -> record.number(0).number(0));
            chain.append(record);
        }
        chain.force();
        byte[] content = disk.read("store/session-0000000001.segment");
        ByteBuffer header = ByteBuffer.allocate(Segment.HEADER_BYTES).put(content, 0, Segment.HEADER_BYTES).flip();
        System.arraycopy(FormatTest.ofVersion(2, header).array(), 0, content, 0, Segment.HEADER_BYTES);
        disk.put("store/session-0000000001.segment", content);
    }

    @Test
    void aStoreOfFormatTwoOpensWithoutFalseAlarmAlsoWhenItsFirstSegmentsHadBeenDeleted() throws IOException {
        for (boolean closed : new boolean[] { true, false }) {
            disk = new DiskModel();
            rig = new StoreRig(disk);
            List<String> files = new ArrayList<>(fill());
            rig.sendAll(LANE).stream().limit(30).forEach(rig::end);
            rig.run();
            assertFalse(files().contains(files.get(0)));
            rig.die();
            toFormatTwo(closed);
            reopen();
            assertEquals("", rig.state.incomplete);
            assertEquals(0, rig.state.recordsSkipped);
            assertEquals("broker c", rig.state.session);
            assertEquals(66, read());
            disk.remove(files().get(0)); // from now on it is known what there must be
            reopen();
            expectMissing(1, "is missing");
        }
    }

    @Test
    void theDumpNamesWhatIsMissing() throws IOException {
        String file = fill().get(1);
        List<String> lines = new ArrayList<>();
        assertTrue(new StoreDump(disk, "store", lines::add).run(true));
        assertTrue(lines.stream().anyMatch(each -> each.startsWith("{\"begun\":2,\"chain\":1,")), lines::toString);
        disk.remove(file);
        assertFalse(new StoreDump(disk, "store", lines::add).run(false));
        assertTrue(lines.contains("{\"segment\":\"lane1-0000000002.segment\",\"missing\":true}"), lines::toString);
        rig.close();
    }
}
