package mqtt.resilient.console.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is remembered of each client. */
class EventLogTest {
    private long nanoTime;
    private final EventLog log = new EventLog(() -> nanoTime);

    private static Instant at(int second) {
        return Instant.ofEpochSecond(second);
    }

    @Test
    void onlyTheLatestTwoHundredAreKeptForEachClient() {
        for (int i = 1; i <= 1000; i++) {
            log.add("plant", at(i), 1, "STORE", "number " + i);
        }
        log.add("other", at(1), 1, "CONNECTED", "");
        assertEquals(IntStream.rangeClosed(801, 1000).mapToObj(i -> "number " + i).toList(),
                log.of("plant").stream().map(EventLog.Entry::text).toList());
        assertEquals(1, log.of("other").size());
    }

    @Test
    void anOutageOfANightIsOneEntryThatDoesNotPushOutWhatLedToIt() {
        log.add("plant", at(1), 1, "CONNECTED", "to a");
        for (int i = 0; i < 1000; i++) {
            log.add("plant", at(2 + i), 1, "DISCONNECTED", "not authorised");
            log.add("plant", at(2 + i), 1, "REFUSED", "not authorised");
        }
        List<EventLog.Entry> all = log.of("plant");
        assertEquals(List.of("CONNECTED", "DISCONNECTED", "REFUSED"), all.stream().map(EventLog.Entry::kind).toList());
        assertEquals(1000, all.get(1).count());
        assertEquals(at(2), all.get(1).first());
        assertEquals(at(1001), all.get(1).last());
    }

    @Test
    void messagesThatAreDroppedAreSummedUp() {
        log.add("plant", at(1), 300, "DROPPED", "EXPIRED");
        log.add("plant", at(2), 5, "DROPPED", "EXPIRED");
        assertEquals(305, log.of("plant").get(0).count());
    }

    @Test
    void whoLooksAgainGetsTheNewsOnly() {
        log.add("plant", at(1), 1, "DISCONNECTED", "a");
        log.add("plant", at(2), 1, "DISCONNECTED", "b");
        long seen = log.of("plant").get(1).number();
        assertEquals(List.of(), log.since("plant", seen));
        log.add("plant", at(3), 1, "DISCONNECTED", "a");
        List<EventLog.Entry> news = log.since("plant", seen);
        assertEquals(1, news.size());
        assertEquals(1, news.get(0).id(), "the repetition replaces the first entry");
        assertEquals(List.of("b", "a"), log.of("plant").stream().map(EventLog.Entry::text).toList());
    }

    @Test
    void whatHappensAgainAfterAConnectionIsAnotherEntry() {
        for (int night = 0; night < 2; night++) {
            log.add("plant", at(100 * night + 1), 1, "DISCONNECTED", "cut");
            log.add("plant", at(100 * night + 2), 1, "DISCONNECTED", "cut");
            log.add("plant", at(100 * night + 3), 1, "CONNECTED", "to a");
        }
        List<EventLog.Entry> all = log.of("plant");
        assertEquals(List.of("DISCONNECTED", "CONNECTED", "DISCONNECTED", "CONNECTED"),
                all.stream().map(EventLog.Entry::kind).toList());
        assertEquals(at(101), all.get(2).first(), "the second outage has its own beginning");
        assertEquals(2, all.get(2).count());
    }

    @Test
    void theLogOfAClientThatHasGoneIsForgottenAfterAnHourUnlessItComesBack() {
        for (String client : List.of("gone", "back", "stays")) {
            log.add(client, at(1), 1, "CONNECTED", "");
        }
        log.isThere("gone", false);
        log.isThere("back", false);
        nanoTime += Duration.ofMinutes(59).toNanos();
        log.isThere("back", true);
        assertEquals(1, log.of("gone").size());
        nanoTime += Duration.ofMinutes(2).toNanos();
        log.add("other", at(2), 1, "CONNECTED", "");
        assertEquals(0, log.of("gone").size());
        assertEquals(1, log.of("back").size());
        assertEquals(1, log.of("stays").size());
    }

    @Test
    void aLongTextIsCutAndTheOldestEntriesOfAllMakeRoom() {
        log.add("first", at(1), 1, "CONFIGURATION", "x".repeat(100_000));
        assertTrue(log.of("first").get(0).text().length() < 600);
        log.add("many", at(1), 1, "CONNECTED", "the oldest of many");
        for (int i = 0; i < 10_000; i++) {
            log.add("client " + i % 1000, at(2), 1, "DEAD_LETTERED", i + "y".repeat(600));
        }
        log.add("many", at(3), 1, "CONNECTED", "the latest of many");
        assertEquals(List.of(), log.of("first"));
        assertEquals(List.of("the latest of many"), log.of("many").stream().map(EventLog.Entry::text).toList());
        int all = IntStream.range(0, 1000).map(i -> log.of("client " + i).size()).sum();
        assertTrue(all > 6000 && all < 7000, "entries: " + all);
        assertTrue(log.of("client 999").size() > 5, "every client keeps its latest");
    }
}
