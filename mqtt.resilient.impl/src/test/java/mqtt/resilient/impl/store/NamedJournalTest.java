package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** A journal of messages by their ids, for whoever is no client. */
class NamedJournalTest {
    private final VirtualScheduler clock = new VirtualScheduler();
    private DiskModel disk = new DiskModel();

    private NamedJournal open() throws IOException {
        NamedJournal journal = new NamedJournal(disk, "kura.journal", clock, Durability.POWER, 1000, "boot");
        journal.open();
        return journal;
    }

    private static Message message(String topic) {
        return Message.to(topic).payload("of " + topic).qos(Qos.EXACTLY_ONCE).retain(true).lane(0).build();
    }

    private static String topic(NamedJournal journal, long id) throws IOException {
        Message message = journal.read(id);
        return message == null ? null : message.topic();
    }

    @Test
    void whatWasAppendedIsThereAfterAPowerCutAndWhatWasRemovedIsNot() throws IOException {
        NamedJournal journal = open();
        assertEquals(1, journal.append(List.of(message("a"))));
        assertEquals(2, journal.append(List.of(message("b"), message("c"))));
        journal.remove(2);
        assertEquals(4, journal.append(List.of(message("d")))); // forces the note as well
        disk = disk.copy();
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        NamedJournal second = open();
        assertArrayEquals(new long[] { 1, 3, 4 }, second.ids());
        assertEquals(3, second.size());
        assertNull(second.read(2));
        assertEquals("c", topic(second, 3));
        Message first = second.read(1);
        assertEquals("of a", new String(first.payload()));
        assertEquals(Qos.EXACTLY_ONCE, first.qos());
        assertTrue(first.retain());
        assertEquals(5, second.append(List.of(message("e"))));
    }

    @Test
    void idsGoOnAlsoWhenAllMessagesAreRemoved() throws IOException {
        NamedJournal journal = open();
        journal.append(List.of(message("a"), message("b")));
        journal.remove(1);
        journal.remove(2);
        journal.remove(2);
        journal.close();
        NamedJournal second = open();
        assertEquals(0, second.size());
        assertEquals(3, second.append(List.of(message("c"))));
        assertEquals("c", topic(second, 3));
    }

    @Test
    void anAppendThatFailsLeavesNothingBehindAndTheNextOneSucceeds() throws IOException {
        NamedJournal journal = open();
        journal.append(List.of(message("a")));
        disk.failForces(1);
        assertThrows(IOException.class, () -> journal.append(List.of(message("b"), message("c"))));
        assertEquals(1, journal.size());
        assertNull(journal.read(2));
        assertEquals(2, journal.append(List.of(message("d"))));
        assertEquals("d", topic(journal, 2));
        journal.close();
        assertArrayEquals(new long[] { 1, 2 }, open().ids());
    }

    @Test
    void aRemovalThatCannotBeNotedCountsAndIsNotedWithTheNextChange() throws IOException {
        NamedJournal journal = open();
        journal.append(List.of(message("a"), message("b")));
        disk.failWrites(1);
        assertThrows(IOException.class, () -> journal.remove(1));
        assertEquals(1, journal.size());
        assertNull(journal.read(1));
        journal.append(List.of(message("c")));
        journal.close();
        assertArrayEquals(new long[] { 2, 3 }, open().ids());
    }

    @Test
    void nothingIsAppendedWhenTheDiskIsNearlyFullAndRemovingMakesRoomForMore() throws IOException {
        NamedJournal journal = open();
        journal.append(List.of(message("a")));
        disk.usable = 999;
        journal.remove(1);
        String error = assertThrows(IOException.class, () -> journal.append(List.of(message("b")))).getMessage();
        assertTrue(error.contains("999") && error.contains("1000"), error);
        disk.usable = 5000;
        assertEquals(2, journal.append(List.of(message("b"))));
    }

    @Test
    void aBacklogIsReadInOrderWithoutReadingAnyOfItTwiceAndThenTheFilesAreGone() throws IOException {
        NamedJournal journal = open();
        for (int i = 0; i < 300; i++) {
            journal.append(LongStream.range(0, 100).mapToObj(each -> message("topic/" + each)).toList());
        }
        journal.close();
        NamedJournal second = open();
        assertEquals(30_000, second.size());
        long before = disk.operations();
        for (long id = 1; id <= 30_000; id++) {
            assertEquals("topic/" + (id - 1) % 100, topic(second, id));
        }
        long reads = disk.operations() - before;
        assertTrue(reads < 1000, reads + " operations of the disk");
        LongStream.of(second.ids()).forEach(id -> {
            try {
                second.remove(id);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertEquals(0, second.size());
        assertTrue(disk.used() < 2_500_000, disk.used() + " bytes");
    }

    @Test
    void aMessageThatIsDamagedIsGoneAndTheOthersAreThere() throws IOException {
        NamedJournal journal = open();
        for (String topic : List.of("a", "b", "c")) {
            journal.append(List.of(Message.to(topic).payload(new byte[40_000]).build()));
        }
        journal.close();
        String file = disk.files().stream().filter(each -> each.contains("lane2")).findFirst().orElseThrow();
        disk.flip(file, 8 * 60_000);
        NamedJournal second = open();
        assertEquals("a", topic(second, 1));
        assertNull(second.read(2));
        assertEquals("c", topic(second, 3));
        assertEquals(2, second.size());
    }

    @Test
    void aJournalThatIsOpenCannotBeOpenedAgain() throws IOException {
        open();
        assertThrows(IOException.class, this::open);
    }
}
