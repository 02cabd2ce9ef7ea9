package mqtt.resilient.console.model;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What happened to each client lately. What happens again and again is one entry with a count, so that an outage of a night
 * does not push out what led to it. Safe from any thread.
 */
public final class EventLog {
    /** How many entries are kept for each client. */
    public static final int MOST = 200;
    private static final int MOST_CLIENTS = 1000;
    private static final int MOST_TEXT = 500;

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
    }

    /** The one that nothing happened to for the longest time is the first. */
    private final Map<String, ArrayDeque<Entry>> clients = new LinkedHashMap<>(16, 0.75f, true);
    private long number;

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
        ArrayDeque<Entry> entries = clients.computeIfAbsent(client, name -> new ArrayDeque<>());
        if (clients.size() > MOST_CLIENTS) {
            clients.remove(clients.keySet().iterator().next());
        }
        number++;
        Entry added = new Entry(number, number, time, time, count, kind, cut);
        Iterator<Entry> latest = entries.descendingIterator();
        while (latest.hasNext()) {
            Entry before = latest.next();
            if (before.kind.equals(kind) && before.text.equals(cut)) {
                latest.remove();
                added = new Entry(before.id, number, before.first, time, before.count + count, kind, cut);
                break;
            }
        }
        entries.add(added);
        if (entries.size() > MOST) {
            entries.remove();
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
