package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How long the loop waits before every client mends itself, on a virtual clock. */
class ShortageTest {
    private long nowMillis = -5; // a clock of the machine may be below zero
    private long fullUntil = Long.MIN_VALUE;
    private final Shortage shortage = new Shortage(() -> nowMillis * 1_000_000, millis -> nowMillis += millis,
            () -> nowMillis >= fullUntil);

    private long waitedMillis() {
        long began = nowMillis;
        shortage.note("a task");
        assertEquals("a task", shortage.awaitEnd());
        return nowMillis - began;
    }

    @Test
    void theFirstShortageIsOverAsSoonAsThereIsRoom() {
        fullUntil = 6_000;
        waitedMillis();
        assertEquals(fullUntil, nowMillis, 100);
    }

    @Test
    void thePauseBetweenTwoMendsGrowsWhileTheHeapIsShortAgainAndAgain() {
        List<Long> pauses = IntStream.range(0, 8).mapToObj(i -> waitedMillis()).toList();
        assertEquals(List.of(0L, 400L, 900L, 1900L, 3900L, 7900L, 7900L, 7900L), pauses);
    }

    @Test
    void whoeverHasWorkedForAWhileIsMendedAtOnceTheNextTime() {
        IntStream.range(0, 5).forEach(i -> waitedMillis());
        nowMillis += 10_000;
        assertEquals(0, waitedMillis());
        assertEquals(400, waitedMillis());
    }

    @Test
    void nothingIsWaitedForWithoutAShortage() {
        assertNull(shortage.awaitEnd());
        assertEquals(-5, nowMillis);
    }

    @Test
    void aLoopThatIsToEndWaitsNoMore() {
        fullUntil = Long.MAX_VALUE;
        shortage.endWait();
        assertEquals(0, waitedMillis());
    }
}
