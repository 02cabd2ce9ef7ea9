package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Decorrelated jitter, and the response timeout that doubles. */
class BackoffTest {
    private static final long SECOND = 1_000_000_000L;

    @Property(tries = 500)
    void eachWaitIsBetweenTheShortestAndThreeTimesTheLast(@ForAll long seed,
            @ForAll @LongRange(min = 10_000_000L, max = 3_600_000_000_000L) long min,
            @ForAll @LongRange(min = 0, max = 86_400_000_000_000L) long more) {
        Backoff backoff = new Backoff(new SplittableRandom(seed));
        long max = Math.min(min + more, 86_400 * SECOND);
        long last = min;
        for (int i = 0; i < 100; i++) {
            long wait = backoff.next(min, max);
            assertTrue(wait >= Math.min(min, max) && wait <= max && wait <= 3 * last, wait + " after " + last);
            last = Math.max(wait, min);
        }
        backoff.reset();
        assertTrue(backoff.next(min, max) <= 3 * min);
    }

    @Example
    void twoClientsOfOneFleetDoNotWaitAlike() { // no static state: paho's delay was one for all clients
        Backoff one = new Backoff(new SplittableRandom(1));
        Backoff two = new Backoff(new SplittableRandom(2));
        for (int i = 0; i < 20; i++) {
            assertNotEquals(one.next(SECOND, 60 * SECOND), two.next(SECOND, 60 * SECOND));
        }
    }

    @Example
    void aLongestWaitEqualToTheShortestIsThatWait() {
        Backoff backoff = new Backoff(new SplittableRandom(1));
        for (int i = 0; i < 10; i++) {
            assertEquals(SECOND, backoff.next(SECOND, SECOND));
        }
    }

    @Example
    void theWaitsReachTheLongest() {
        Backoff backoff = new Backoff(new SplittableRandom(3));
        long longest = 0;
        for (int i = 0; i < 1000; i++) {
            longest = Math.max(longest, backoff.next(SECOND / 4, 60 * SECOND));
        }
        assertTrue(longest > 50 * SECOND);
    }

    @Example
    void theResponseTimeDoublesUpToTenMinutesAndIsNeverLessThanConfigured() {
        ResponseTimeout timeout = new ResponseTimeout();
        long expected = 10 * SECOND;
        for (int i = 0; i < 100; i++) {
            assertEquals(expected, timeout.nanos(10 * SECOND));
            assertEquals(600 * SECOND, timeout.nanos(600 * SECOND));
            timeout.exceeded();
            expected = Math.min(2 * expected, 600 * SECOND);
        }
        timeout.progress();
        assertEquals(10 * SECOND, timeout.nanos(10 * SECOND));
    }
}
