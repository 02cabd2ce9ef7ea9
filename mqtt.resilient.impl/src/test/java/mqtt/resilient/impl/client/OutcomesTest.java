package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Outcome.Kind;
import mqtt.resilient.spi.packet.Reason;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** How messages ended: the last 16,384 of them, and whoever watches. */
class OutcomesTest {
    private static final int HISTORY = 16_384;
    private final Outcomes outcomes = new Outcomes(Runnable::run, Runnable::run);

    private Kind get(long id, long last) {
        return outcomes.get(id, last).kind();
    }

    @Example
    void anIdThatNeverWasIsUnknown() {
        assertEquals(Kind.UNKNOWN, get(0, 10));
        assertEquals(Kind.UNKNOWN, get(-1, 10));
        assertEquals(Kind.UNKNOWN, get(11, 10));
        assertEquals(Kind.PENDING, get(10, 10));
    }

    @Example
    void theHistoryReachesBackExactly16384Messages() {
        long last = 3L * HISTORY + 17;
        for (long id = 1; id <= last; id++) {
            outcomes.ended(id, id % 2 == 0 ? Kind.DELIVERED : Kind.EXPIRED, Reason.SUCCESS);
        }
        for (long id = last; id > last - HISTORY; id--) {
            assertEquals(id % 2 == 0 ? Kind.DELIVERED : Kind.EXPIRED, get(id, last));
        }
        assertEquals(Kind.UNKNOWN, get(last - HISTORY, last));
        assertEquals(Kind.UNKNOWN, get(1, last));
    }

    /** Messages end in any order, some never; what the history says of the recent ones is true. */
    @Property(tries = 100)
    void theHistoryIsTrueInWhateverOrderMessagesEnd(@ForAll Random random,
            @ForAll @IntRange(min = 1, max = 3000) int count) {
        Outcomes history = new Outcomes(Runnable::run, Runnable::run);
        Map<Long, Kind> model = new HashMap<>();
        List<Long> pending = new ArrayList<>();
        long last = 0;
        for (int i = 0; i < count; i++) {
            for (int more = random.nextInt(random.nextInt(20) == 0 ? 300 : 3); more >= 0; more--) {
                pending.add(++last);
            }
            if (!pending.isEmpty()) {
                long id = pending.remove(random.nextInt(3) == 0 ? random.nextInt(pending.size()) : 0);
                Kind kind = Kind.values()[random.nextInt(7)];
                history.ended(id, kind, Reason.SUCCESS);
                model.put(id, kind);
            }
            long some = 1 + random.nextLong(last);
            if (some > last - 64) {
                assertEquals(model.getOrDefault(some, Kind.PENDING), history.get(some, last).kind());
            }
        }
        for (long id = Math.max(1, last - HISTORY + 1); id <= last; id++) {
            Kind found = history.get(id, last).kind();
            assertEquals(model.getOrDefault(id, Kind.PENDING), found, "id " + id + " of " + last);
        }
    }

    @Example
    void aWatcherHearsOfTheEndAndTheReason() {
        List<Outcome> heard = new ArrayList<>();
        outcomes.watch(1, 1, id -> {}).thenAccept(heard::add);
        outcomes.watch(1, 1, id -> {}).thenAccept(heard::add);
        assertEquals(0, heard.size());
        outcomes.ended(1, Kind.DROPPED, new Reason(0, "too much"));
        assertEquals(List.of(new Outcome(Kind.DROPPED, 0, "too much"), new Outcome(Kind.DROPPED, 0, "too much")),
                heard);
    }

    @Example
    void aLateWatcherHearsAtOnce() {
        outcomes.ended(1, Kind.DELIVERED, Reason.SUCCESS);
        assertTrue(isDone(outcomes.watch(1, 1, id -> {})));
        assertFalse(isDone(outcomes.watch(2, 2, id -> {})));
        assertTrue(isDone(outcomes.watch(3, 2, id -> {})), "an id that never was is no wait for ever");
    }

    @Example
    void aWatcherOfAnOldPendingMessageHearsOfItsEndThoughTheHistoryHasPassedIt() {
        List<Outcome> heard = new ArrayList<>();
        outcomes.watch(1, 1, id -> {}).thenAccept(heard::add);
        for (long id = 2; id < 2 * HISTORY; id++) {
            outcomes.ended(id, Kind.DELIVERED, Reason.SUCCESS);
        }
        assertEquals(List.of(), heard);
        outcomes.ended(1, Kind.DELIVERED, Reason.SUCCESS);
        assertEquals(1, heard.size());
    }

    @Example
    void whoAsksForAMessageBeyondTheHistoryIsAnsweredByTheLoop() {
        for (long id = 2; id < 2 * HISTORY; id++) {
            outcomes.ended(id, Kind.DELIVERED, Reason.SUCCESS);
        }
        List<Long> asked = new ArrayList<>();
        CompletionStage<Outcome> stage = outcomes.watch(1, 2 * HISTORY, asked::add);
        assertEquals(List.of(1L), asked);
        assertFalse(isDone(stage));
        outcomes.unknown(1);
        assertTrue(isDone(stage));
    }

    @Example
    void theStagesHandedOutCannotBeCompletedByTheUser() {
        CompletionStage<Outcome> stage = outcomes.watch(1, 1, id -> {});
        stage.toCompletableFuture().complete(new Outcome(Kind.EXPIRED, 0, "forged"));
        List<Outcome> heard = new ArrayList<>();
        outcomes.watch(1, 1, id -> {}).thenAccept(heard::add);
        outcomes.ended(1, Kind.DELIVERED, Reason.SUCCESS);
        assertEquals(Kind.DELIVERED, heard.get(0).kind());
    }

    @Example
    void storedCompletesForWatchersBeforeAndAfter() {
        CompletionStage<Durability> early = outcomes.watchStored(2, Durability.MEMORY);
        outcomes.stored(1, Durability.MEMORY);
        assertFalse(isDone(early));
        outcomes.stored(2, Durability.MEMORY);
        assertTrue(isDone(early));
        assertTrue(isDone(outcomes.watchStored(1, Durability.MEMORY)));
        assertFalse(isDone(outcomes.watchStored(3, Durability.MEMORY)));
    }

    @Example
    void whatIsWatchedWhenTheClientStopsIsKeptIfItIsStoredAndElseClosed() {
        outcomes.stored(2, Durability.POWER);
        List<Outcome> heard = new ArrayList<>();
        for (long id = 1; id <= 3; id++) {
            outcomes.watch(id, 3, old -> {}).thenAccept(heard::add);
        }
        CompletionStage<Durability> unwritten = outcomes.watchStored(3, Durability.POWER);
        outcomes.kept();
        assertEquals(List.of(Kind.KEPT_IN_STORE, Kind.KEPT_IN_STORE, Kind.CLOSED),
                heard.stream().map(Outcome::kind).sorted(Comparator.reverseOrder()).toList());
        assertTrue(unwritten.toCompletableFuture().isCompletedExceptionally());
    }

    /** Thousands of stages at once, some twice; each hears of its own message. */
    @Property(tries = 20)
    void everyWatcherHearsOfItsOwnMessage(@ForAll Random random, @ForAll @IntRange(min = 1, max = 5000) int count) {
        Outcomes many = new Outcomes(Runnable::run, Runnable::run);
        Map<Long, Integer> heard = new HashMap<>();
        Map<Long, Integer> expected = new HashMap<>();
        Map<Long, Integer> durable = new HashMap<>();
        for (int i = 0; i < count; i++) {
            long id = 1 + random.nextInt(count);
            many.watch(id, count, old -> {}).thenRun(() -> heard.merge(id, 1, Integer::sum));
            many.watchStored(id, Durability.POWER).thenRun(() -> durable.merge(id, 1, Integer::sum));
            expected.merge(id, 1, Integer::sum);
        }
        for (long id = random.nextInt(count); id < count; id += 1 + random.nextInt(count)) {
            many.stored(id, Durability.POWER);
            long upTo = id;
            durable.keySet().forEach(each -> assertTrue(each <= upTo));
        }
        many.stored(count, Durability.POWER);
        for (long id = count; id > 0; id--) {
            many.ended(id, Kind.DELIVERED, Reason.SUCCESS);
        }
        assertEquals(expected, heard);
        assertEquals(expected, durable);
    }

    @Example
    void noWatcherMissesAnEndThatHappensOnAnotherThread() throws InterruptedException {
        for (int round = 0; round < 10; round++) {
            Outcomes raced = new Outcomes(Runnable::run, Runnable::run);
            List<CompletionStage<Outcome>> stages = new ArrayList<>();
            Thread loop = new Thread(() -> {
                for (long id = 1; id <= HISTORY; id++) { // as far as the history reaches back
                    raced.ended(id, Kind.DELIVERED, Reason.SUCCESS);
                }
            });
            loop.start();
            for (long id = 1; id <= HISTORY; id++) {
                stages.add(raced.watch(id, HISTORY, old -> {}));
            }
            loop.join();
            for (int i = 0; i < HISTORY; i++) {
                assertTrue(isDone(stages.get(i)), "message " + (i + 1) + " of round " + round);
            }
        }
    }

    private static boolean isDone(CompletionStage<?> stage) {
        return stage.toCompletableFuture().isDone();
    }
}
