package mqtt.resilient.console.model;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What happened to each client lately. What happens again and again before the next connection is one entry with a
 * count, so that an outage of a night does not push out what led to it. Safe from any thread.
 */
public final class EventLog {
    /** How many entries are kept for each client. */
    public static final int MOST = 200;
    /** How many characters are kept for all clients together, with what an entry needs besides its text. */
    private static final long MOST_CHARACTERS = 4_000_000;
    private static final int ENTRY = 100;
    private static final int MOST_TEXT = 500;
    /** How long the log of a client that has gone is kept. */
    private static final long GONE_NANOS = 3_600_000_000_000L;
    private static final String CONNECTED = "CONNECTED";

    /**
     * One thing that happened.
     *
     * @param id the same for every repetition, ascending over all clients
     * @param number ascending over all clients; of a repetition a new one
     * @param first when it happened first
     * @param last when it happened last
     * @param count how often, or how many messages it was about
     * @param kind the last part of the event's topic
     * @param text more of it, may come from outside and hold any character
     */
    public record Entry(long id, long number, Instant first, Instant last, long count, String kind, String text) {
        private long characters() {
            return ENTRY + text.length();
        }
    }

    private final LongSupplier nanoTime;
    private final Map<String, ArrayDeque<Entry>> clients = new HashMap<>();
    /** When a client went; it may come back. */
    private final Map<String, Long> gone = new HashMap<>();
    private long characters;
    private long number;

    EventLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** A client has come or gone: the log of one that stays away is forgotten after an hour. */
    synchronized void isThere(String client, boolean there) {
        if (there) {
            gone.remove(client);
        } else if (clients.containsKey(client)) {
            gone.put(client, nanoTime.getAsLong());
        }
        forget();
    }

    private void forget() {
        long now = nanoTime.getAsLong();
        gone.entrySet().removeIf(each -> {
            boolean over = now - each.getValue() > GONE_NANOS;
            if (over) {
                characters -= clients.getOrDefault(each.getKey(), new ArrayDeque<>()).stream()
                        .mapToLong(Entry::characters).sum();
                clients.remove(each.getKey());
            }
            return over;
        });
    }

    /**
     * Adds something that happened.
     *
     * @param client the client's name; empty = none in particular
     * @param time when
     * @param count how often
     * @param kind what
     * @param text more of it; what is longer than 500 characters is cut
     */
    public synchronized void add(String client, Instant time, long count, String kind, String text) {
        String cut = text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT) + "..." : text;
        forget();
        ArrayDeque<Entry> entries = clients.computeIfAbsent(client, name -> new ArrayDeque<>());
        number++;
        Entry added = new Entry(number, number, time, time, count, kind, cut);
        Iterator<Entry> latest = entries.descendingIterator();
        while (latest.hasNext()) {
            Entry before = latest.next();
            if (before.kind.equals(CONNECTED)) {
                break;
            }
            if (before.kind.equals(kind) && before.text.equals(cut)) {
                latest.remove();
                characters -= before.characters();
                added = new Entry(before.id, number, before.first, time, before.count + count, kind, cut);
                break;
            }
        }
        entries.add(added);
        characters += added.characters();
        if (entries.size() > MOST) {
            characters -= entries.remove().characters();
        }
        while (characters > MOST_CHARACTERS) {
            removeOldest();
        }
    }

    private void removeOldest() {
        String client = Collections.min(clients.entrySet(), Comparator.comparing(each -> each.getValue().peek().number))
                .getKey();
        characters -= clients.get(client).remove().characters();
        if (clients.get(client).isEmpty()) {
            clients.remove(client);
        }
    }

    /** {@return what happened to a client, the latest last} */
    public List<Entry> of(String client) {
        return since(client, 0);
    }

    /**
     * Looks for news.
     *
     * @param client the client's name
     * @param seen the largest {@link Entry#number()} that is known; 0 = none
     * @return what came later, the latest last
     */
    public synchronized List<Entry> since(String client, long seen) {
        List<Entry> news = new ArrayList<>();
        Iterator<Entry> latest = clients.getOrDefault(client, new ArrayDeque<>()).descendingIterator();
        while (latest.hasNext()) {
            Entry entry = latest.next();
            if (entry.number <= seen) {
                break;
            }
            news.add(entry);
        }
        Collections.reverse(news);
        return news;
    }
}
