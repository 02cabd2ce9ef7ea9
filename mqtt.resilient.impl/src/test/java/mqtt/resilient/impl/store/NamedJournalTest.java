package mqtt.resilient.impl.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.VirtualScheduler;
import org.junit.jupiter.api.Test;

/** A journal for messages that are not a client's. */
class NamedJournalTest {
    private final DiskModel disk = new DiskModel();

    private NamedJournal open(DiskModel on, Durability durability) throws IOException {
        return new NamedJournal(on, "n.journal", "boot", new VirtualScheduler(), durability);
    }

    private static Message message(int number) {
        return Message.to("t/" + number).payload(new byte[300]).lane(number % Message.LANES).build();
    }

    private static List<Long> ids(NamedJournal journal) {
        List<Long> ids = new ArrayList<>();
        journal.visit(ids::add);
        return ids;
    }

    @Test
    void whatWasAppendedAndNotRemovedIsThereAfterAPowerCutInTheOrderOfTheIds() throws IOException {
        NamedJournal journal = open(disk, Durability.POWER);
        List<Long> expected = new ArrayList<>();
        for (int i = 1; i <= 1000; i++) {
            assertEquals(i, journal.append(message(i)));
            if (i % 3 == 0) {
                journal.remove(i - 1);
            }
        }
        for (long i = 1; i <= 1000; i++) {
            if (i % 3 != 2) {
                expected.add(i);
            }
        }
        disk.cut(DiskModel.Fate.NOTHING_SURVIVES);
        NamedJournal next = open(disk, Durability.POWER);
        assertEquals(expected, ids(next));
        assertEquals(expected.size(), next.size());
        for (long id : expected) {
            assertEquals("t/" + id, next.read(id).topic());
        }
        assertNull(next.read(2));
        assertEquals(1001, next.append(message(1001)));
    }

    @Test
    void idsAscendAlsoWhenAllMessagesAreGone() throws IOException {
        NamedJournal journal = open(disk, Durability.PROCESS);
        journal.remove(journal.append(message(1)));
        journal.close();
        journal.close();
        NamedJournal next = open(disk, Durability.PROCESS);
        assertEquals(0, next.size());
        assertEquals(2, next.append(message(2)));
    }

    @Test
    void aMessageThatCouldNotBeStoredIsNotInTheJournalAndTheNextOneIs() throws IOException {
        NamedJournal journal = open(disk, Durability.POWER);
        journal.append(message(1));
        disk.failForces(1);
        assertThrows(IOException.class, () -> journal.append(message(2)));
        assertEquals(1, journal.size());
        long third = journal.append(message(3));
        journal.close();
        assertEquals(List.of(1L, third), ids(open(disk, Durability.POWER)));
    }

    @Test
    void nobodyUsesAJournalThatIsClosedAndNobodyOpensOneTwice() throws IOException {
        NamedJournal journal = open(disk, Durability.POWER);
        assertThrows(IOException.class, () -> open(disk, Durability.POWER));
        journal.close();
        assertThrows(IllegalStateException.class, () -> journal.append(message(1)));
        open(disk, Durability.POWER).close();
    }
}
