package mqtt.resilient.kura.transport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.kura.data.DataTransportToken;

/**
 * The tokens of messages that are not confirmed. Kura's DataService notes a token only after {@code publish} has
 * returned it; a confirmation that comes earlier is lost, and the message stays in its in-flight map for ever. So a
 * confirmation waits until the thread that got the token calls again: it has noted it by then. (The thread
 * "DataServiceImpl:Submit" asks {@code isConnected()} before each message.) For threads that never call again there is
 * a time limit. Safe from any thread.
 */
final class Confirmations {
    private static final long LIMIT_MILLIS = 1000;

    private static final class Entry {
        /** Who may not have noted the token; null = it is noted. */
        private Thread publisher;
        private boolean ended;
    }

    private final ScheduledExecutorService executor;
    private final Consumer<DataTransportToken> confirmed;
    private final Map<DataTransportToken, Entry> open = new HashMap<>();
    /** Tokens that may not be noted. */
    private final List<DataTransportToken> fresh = new ArrayList<>();
    private volatile boolean hasFresh;
    private int lastId;

    /**
     * Makes one.
     *
     * @param executor of one thread, on which {@code confirmed} is called
     */
    Confirmations(ScheduledExecutorService executor, Consumer<DataTransportToken> confirmed) {
        this.executor = executor;
        this.confirmed = confirmed;
    }

    /** A token for a message that the calling thread publishes; null if that would be more than {@code most}. */
    synchronized DataTransportToken issue(String sessionId, int most) {
        if (open.size() >= most) {
            return null;
        }
        DataTransportToken token;
        do {
            lastId = lastId == Integer.MAX_VALUE ? 1 : lastId + 1;
            token = new DataTransportToken(lastId, sessionId);
        } while (open.containsKey(token));
        Entry entry = new Entry();
        entry.publisher = Thread.currentThread();
        open.put(token, entry);
        fresh.add(token);
        hasFresh = true;
        return token;
    }

    /** The message was not taken. */
    synchronized void withdraw(DataTransportToken token) {
        open.remove(token);
        fresh.remove(token);
    }

    /** The message has come to its end. */
    synchronized void ended(DataTransportToken token) {
        Entry entry = open.get(token);
        if (entry == null) {
            return;
        }
        entry.ended = true;
        if (entry.publisher == null) {
            executor.execute(() -> confirm(token));
        } else {
            executor.schedule(() -> noted(token), LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** The calling thread has noted every token that it got. */
    void noted() {
        if (hasFresh) {
            Thread caller = Thread.currentThread();
            synchronized (this) {
                for (DataTransportToken token : List.copyOf(fresh)) {
                    if (open.get(token).publisher == caller) {
                        noted(token);
                    }
                }
            }
        }
    }

    private synchronized void noted(DataTransportToken token) {
        Entry entry = open.get(token);
        if (entry != null && entry.publisher != null) {
            entry.publisher = null;
            fresh.remove(token);
            hasFresh = !fresh.isEmpty();
            if (entry.ended) {
                executor.execute(() -> confirm(token));
            }
        }
    }

    private void confirm(DataTransportToken token) {
        synchronized (this) {
            open.remove(token); // first: whoever hears of it may publish the next message at once
        }
        confirmed.accept(token);
    }
}
