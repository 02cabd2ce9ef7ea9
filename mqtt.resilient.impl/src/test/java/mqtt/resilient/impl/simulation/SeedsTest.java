package mqtt.resilient.impl.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class SeedsTest {
    private static final String COMMIT = "00000003e8f07cc1bd6a1b2a7d7b0c6e4d1f2a3b";

    @Test
    void halfOfThemAreTheSameForEverybodyAndTheOthersComeFromTheCommit() {
        Seeds seeds = Seeds.halfMoving(5, COMMIT, 7);
        assertEquals(5, seeds.total());
        assertEquals(1, seeds.seed(0));
        assertEquals(3, seeds.seed(2));
        assertEquals(1_000_001_000L, seeds.seed(3));
        assertEquals(1_000_001_001L, seeds.seed(4));
        assertEquals("seeds 1 to 3 (--from 1 --seeds 3), and 1000001000 to 1000001001 (--from 1000001000 --seeds 2)",
                seeds.toString());
    }

    @Test
    void withoutACommitTheOthersComeFromTheTime() {
        assertEquals(1_800_000_000_000L, Seeds.halfMoving(2, "", 1_800_000_000L).seed(1));
    }

    @Test
    void freshOnesAreOthersASecondLater() {
        assertNotEquals(Seeds.fresh(10, 1_800_000_000L).seed(0), Seeds.fresh(10, 1_800_000_001L).seed(0));
        assertEquals("seeds 1800000000000 to 1800000000009 (--from 1800000000000 --seeds 10)",
                Seeds.fresh(10, 1_800_000_000L).toString());
    }
}
