package mqtt.resilient.impl.engine;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import mqtt.resilient.impl.environment.Log;

/**
 * The events that wait for the host's thread: foreign code that holds it up costs events, which are counted and told,
 * and no registration, which goes past this. Safe from any thread.
 */
public final class EventBacklog {
    private static final Log LOG = Log.of("mqtt.resilient");
    private static final int MAX_WAITING = 1000;
    /** A topic and a broker's reason string have up to 65,535 bytes each. */
    private static final long MAX_BYTES = 4 * 1024 * 1024;
    /** What a map of properties and its place in the queue take. */
    private static final int EVENT_BYTES = 700;

    private final HostThread thread;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    /** Makes an empty backlog for a thread. */
    public EventBacklog(HostThread thread) {
        this.thread = thread;
    }

    /**
     * Posts an event in its turn, with {@code task}, or drops it if too many wait, or too much.
     *
     * @return false if it was dropped
     */
    public boolean post(Map<String, Object> properties, Runnable task) {
        long size = size(properties);
        boolean first = waiting.incrementAndGet() == 1;
        if (bytes.addAndGet(size) > MAX_BYTES && !first || waiting.get() > MAX_WAITING) {
            taken(size);
            if (dropped.getAndIncrement() == 0) {
                LOG.warn(
                        "Events are dropped: {} events or {} bytes of them wait, other code blocks the thread that "
                                + "posts them",
                        MAX_WAITING, MAX_BYTES);
            }
            return false;
        }
        thread.execute(new Posting(size, task));
        return true;
    }

    /** An event on its way; it may be run again, if it failed for want of heap. */
    private final class Posting implements Runnable {
        private final long size;
        private final Runnable task;
        private boolean taken;

        Posting(long size, Runnable task) {
            this.size = size;
            this.task = task;
        }

        @Override
        public void run() {
            if (!taken) {
                taken = true;
                taken(size);
            }
            task.run();
            long lost = waiting.get() < MAX_WAITING / 2 ? dropped.getAndSet(0) : 0;
            if (lost > 0) {
                LOG.warn("{} events were dropped; events are posted again", lost);
            }
        }
    }

    private void taken(long size) {
        waiting.decrementAndGet();
        bytes.addAndGet(-size);
    }

    private static long size(Map<String, Object> properties) {
        long size = EVENT_BYTES;
        for (Object value : properties.values()) {
            size += value instanceof String text ? 2L * text.length() : value instanceof byte[] data ? data.length : 0;
        }
        return size;
    }
}
