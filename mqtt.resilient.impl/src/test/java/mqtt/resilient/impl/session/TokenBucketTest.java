package mqtt.resilient.impl.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The rate limit. */
class TokenBucketTest {
    private static final long SECOND = 1_000_000_000L;
    private final TokenBucket bucket = new TokenBucket();

    @Example
    void withoutARateThereIsAlwaysAToken() {
        bucket.configure(0, 1, 0);
        assertTrue(bucket.isUnlimited());
        for (int i = 0; i < 1000; i++) {
            assertTrue(bucket.hasToken(0));
        }
    }

    @Example
    void aBurstIsThereAtOnceAndNoMore() {
        bucket.configure(10, 3, 0);
        for (int i = 0; i < 3; i++) {
            assertTrue(bucket.hasToken(0));
            bucket.take();
        }
        assertFalse(bucket.hasToken(0));
        assertEquals(SECOND / 10, bucket.nextToken());
        assertFalse(bucket.hasToken(SECOND / 10 - 1));
        assertTrue(bucket.hasToken(SECOND / 10));
    }

    @Example
    void aPauseOfAnyLengthSavesUpOneBurst() {
        bucket.configure(10, 3, 0);
        assertTrue(bucket.hasToken(Long.MAX_VALUE / 2));
        int taken = 0;
        while (bucket.hasToken(Long.MAX_VALUE / 2)) {
            bucket.take();
            taken++;
        }
        assertEquals(3, taken);
    }

    @Example
    void aRateBelowOnePerHourWorks() {
        bucket.configure(1.0 / 7200, 1, 0);
        assertTrue(bucket.hasToken(0));
        bucket.take();
        assertFalse(bucket.hasToken(7199 * SECOND));
        assertTrue(bucket.hasToken(7201 * SECOND));
    }

    /** Whoever comes when nextToken() says so finds one, soon; and never gets more than the rate. */
    @Property(tries = 300)
    void theNextTokenIsThereWhenItIsSaidToBe(@ForAll @IntRange(min = 1, max = 1_000_000_000) int ratePerKilosecond,
            @ForAll @IntRange(min = 1, max = 100) int burst) {
        double rate = ratePerKilosecond / 1000.0;
        long now = 5 * SECOND;
        bucket.configure(rate, burst, now);
        int taken = 0;
        int looks = 0;
        while (taken < 200) {
            if (bucket.hasToken(now)) {
                bucket.take();
                taken++;
                looks = 0;
            } else {
                long next = bucket.nextToken();
                assertTrue(next > now, "a wake-up that changes nothing");
                now = next;
                assertTrue(++looks <= 3, "no token at the time promised");
            }
        }
        double allowed = burst + (now - 5 * SECOND) * rate / SECOND;
        assertTrue(taken <= allowed + 0.01, taken + " taken, " + allowed + " allowed");
        assertTrue(taken >= allowed - burst - 1.01, taken + " taken, " + allowed + " allowed");
    }
}
