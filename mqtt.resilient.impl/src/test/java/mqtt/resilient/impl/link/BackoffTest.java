package mqtt.resilient.impl.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** The waits between attempts, and the response timeout that doubles. */
class BackoffTest {
    private static final long SECOND = 1_000_000_000L;
    private static final LinkSettings.Timing DEFAULTS = timing(SECOND / 4, 60 * SECOND);

    private static LinkSettings.Timing timing(long min, long max) {
        return new LinkSettings.Timing(0, 10 * SECOND, 120 * SECOND, 10 * SECOND, min, max, 30 * SECOND);
    }

    @Property(tries = 500)
    void eachWaitIsBetweenTheShortestAndTheLongestWhateverThoseAre(@ForAll long seed,
            @ForAll @LongRange(min = 10_000_000L, max = 3_600_000_000_000L) long min,
            @ForAll @LongRange(min = 0, max = 86_400_000_000_000L) long more) {
        Backoff backoff = new Backoff(new SplittableRandom(seed));
        LinkSettings.Timing timing = timing(min, Math.min(min + more, 86_400 * SECOND));
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 100; i++) {
            long wait = switch (random.nextInt(6)) {
                case 0 -> backoff.lost(timing);
                case 1 -> backoff.longest(timing);
                default -> backoff.failed(timing);
            };
            assertTrue(wait >= Math.min(min, timing.backoffMaxNanos() / 2) && wait <= timing.backoffMaxNanos(),
                    wait + " is not between " + timing);
        }
    }

    @Example
    void theFirstAttemptAfterTheNetworkFailedIsMadeWithinHalfASecond() {
        for (int seed = 0; seed < 1000; seed++) {
            assertTrue(new Backoff(new SplittableRandom(seed)).failed(DEFAULTS) < SECOND / 2);
        }
    }

    @Example
    void theWaitsComeNearTheLongestAndStayThere() {
        Backoff backoff = new Backoff(new SplittableRandom(3));
        for (int i = 0; i < 14; i++) {
            backoff.failed(DEFAULTS);
        }
        double mean = 0;
        for (int i = 0; i < 1000; i++) {
            mean += backoff.failed(DEFAULTS) / 1e9 / 1000;
        }
        assertTrue(mean > 44 && mean < 46, mean + " s");
    }

    @Example
    void aFleetThatLosesItsBrokerComesBackOverSeconds() {
        int[] seconds = new int[10];
        for (int seed = 0; seed < 10_000; seed++) {
            seconds[(int) (new Backoff(new SplittableRandom(seed)).lost(DEFAULTS) / SECOND)]++;
        }
        for (int second = 0; second < 10; second++) {
            assertTrue(seconds[second] < 2000, seconds[second] + " of 10,000 in second " + second);
        }
    }

    @Example
    void theMoreOftenABrokerIsLostBeforeAConnectionLastsTheLongerTheFleetSpreads() {
        long first = 0;
        long third = 0;
        for (int seed = 0; seed < 1000; seed++) {
            Backoff backoff = new Backoff(new SplittableRandom(seed));
            first = Math.max(first, backoff.lost(DEFAULTS));
            backoff.lost(DEFAULTS);
            third = Math.max(third, backoff.lost(DEFAULTS));
            backoff.reset();
            assertTrue(backoff.lost(DEFAULTS) <= 6 * SECOND + SECOND / 4);
        }
        assertTrue(first < 6.3 * SECOND && third > 10 * SECOND, first + ", " + third);
    }

    @Example
    void twoClientsOfOneFleetDoNotWaitAlike() { // no static state: paho's delay was one for all clients
        Backoff one = new Backoff(new SplittableRandom(1));
        Backoff two = new Backoff(new SplittableRandom(2));
        for (int i = 0; i < 20; i++) {
            assertNotEquals(one.failed(DEFAULTS), two.failed(DEFAULTS));
        }
    }

    @Example
    void aLongestWaitEqualToTheShortestIsThatWait() {
        Backoff backoff = new Backoff(new SplittableRandom(1));
        for (int i = 0; i < 10; i++) {
            assertEquals(SECOND, backoff.failed(timing(SECOND, SECOND)));
            assertEquals(SECOND, backoff.lost(timing(SECOND, SECOND)));
        }
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
