package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The one allocator of packet ids [MQTT-2.3.1-1, -2]. */
class PacketIdsTest {

    @Example
    void theRangeIsTheNextPowerOfTwoAboveTheWindow() {
        for (int[] each : new int[][] { { 1, 31 }, { 15, 31 }, { 16, 63 }, { 47, 63 }, { 48, 127 }, { 100, 127 },
            { 112, 255 }, { 1000, 1023 }, { 65_000, 65_530 } }) { // the last ones are for births
            PacketIds ids = new PacketIds(each[0]);
            int last = 0;
            int count = 0;
            for (int id = ids.allocate("x"); id != 0; id = ids.allocate("x")) {
                last = id;
                count++;
            }
            assertEquals(each[1], last, "window " + each[0]);
            assertEquals(each[1], count, "window " + each[0]);
        }
    }

    @Example
    void everyWindowLeavesIdsForSubscriptions() {
        for (int window = 1; window <= 65_000; window += window < 100 ? 1 : 997) {
            PacketIds ids = new PacketIds(window);
            for (int i = 0; i < window + 8; i++) {
                assertTrue(ids.allocate(this) > 0, "window " + window);
            }
        }
    }

    @Example
    void anIdBelongsToItsOwnerUntilItIsFree() {
        PacketIds ids = new PacketIds(1);
        Object owner = new Object();
        int id = ids.allocate(owner);
        assertSame(owner, ids.owner(id));
        ids.free(id);
        assertNull(ids.owner(id));
        assertThrows(AssertionError.class, () -> ids.free(id));
    }

    @Example
    void aTransferredIdIsStillInUseWhateverWasFreedMeanwhile() {
        PacketIds ids = new PacketIds(1);
        int first = ids.allocate("first");
        int second = ids.allocate("second");
        ids.free(second);
        ids.transfer(first, this);
        assertSame(this, ids.owner(first));
        for (int i = 0; i < 30; i++) {
            assertTrue(ids.allocate("other") != first);
        }
        assertEquals(0, ids.allocate("one too many"));
        ids.free(first);
        assertEquals(first, ids.allocate("next"));
        assertThrows(AssertionError.class, () -> new PacketIds(1).transfer(first, this));
    }

    @Example
    void idsThatNobodyHasAreNobodys() {
        PacketIds ids = new PacketIds(1);
        for (int id : new int[] { 0, 1, 31, 32, 65_535 }) {
            assertNull(ids.owner(id));
        }
    }

    @Example
    void aLargerWindowKeepsEveryOwner() {
        PacketIds ids = new PacketIds(1);
        Map<Integer, Object> owners = new HashMap<>();
        for (int window : new int[] { 1, 40, 10, 300, 65_000, 1 }) {
            ids.require(window);
            for (int i = 0; i < 10; i++) {
                Object owner = new Object();
                int id = ids.allocate(owner);
                assertTrue(id > 0);
                assertNull(owners.put(id, owner), "id " + id + " is used twice");
            }
            owners.forEach((id, owner) -> assertSame(owner, ids.owner(id)));
        }
    }

    /** Positive = allocate, negative = free one of those in use, large = a larger window. */
    @Property(tries = 500)
    void itBehavesLikeAQueueOfFreeIds(@ForAll @Size(max = 300) List<@IntRange(min = -20, max = 40) Integer> steps) {
        PacketIds ids = new PacketIds(3);
        ArrayDeque<Integer> free = new ArrayDeque<>();
        for (int id = 1; id < 32; id++) {
            free.add(id);
        }
        int range = 32;
        ArrayDeque<Integer> used = new ArrayDeque<>();
        for (int step : steps) {
            if (step > 36) {
                int window = Math.min(range, 500);
                ids.require(window);
                for (int larger = Integer.highestOneBit(window + 16) << 1; range < larger; range++) {
                    free.add(range);
                }
            } else if (step > 0) {
                Integer expected = free.poll();
                int id = ids.allocate(step);
                assertEquals(expected == null ? 0 : expected, id);
                if (id > 0) {
                    used.add(id);
                }
            } else if (!used.isEmpty()) {
                for (int i = step; i < 0; i++) {
                    used.add(used.remove());
                }
                int id = used.remove();
                ids.free(id);
                free.add(id);
            }
        }
    }
}
