package mqtt.resilient.bench;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * What is to be published, and how much of it is settled. One thread publishes; {@link #acknowledged} is for any.
 */
public final class Load {
    private static final long LOOK_AGAIN_NANOS = 1_000_000;

    /** 0 to 2. */
    public final int qos;
    /** Where to. */
    public final String topic;
    /** The content of every message. */
    public final byte[] payload;
    /** How many messages may be unacknowledged. */
    public final int window;

    private final AtomicLong done = new AtomicLong();
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean over;
    private volatile Thread waiting;

    Load(int qos, String topic, byte[] payload, int window) {
        this.qos = qos;
        this.topic = topic;
        this.payload = payload;
        this.window = window;
    }

    /** {@return whether to stop} */
    public boolean isOver() {
        return over;
    }

    void stop() {
        over = true;
        LockSupport.unpark(waiting);
    }

    /** {@return messages that are at their end} */
    public long done() {
        return done.get();
    }

    /** {@return messages that {@link #trySlot} and {@link #awaitSlot} have allowed} */
    public long sent() {
        return sent.get();
    }

    /** One message is settled. */
    public void acknowledged() {
        long now = done.incrementAndGet();
        Thread publisher = waiting;
        if (publisher != null && sent.get() - now <= window / 2) {
            LockSupport.unpark(publisher);
        }
    }

    /** Takes a place in the window if one is free; false also when the load is over. */
    public boolean trySlot() {
        if (over || sent.get() - done.get() >= window) {
            return false;
        }
        sent.lazySet(sent.get() + 1);
        return true;
    }

    /**
     * Takes a place in the window; waits until half of it is free when none is, so that a thread wakes up once for many
     * messages.
     *
     * @return false when the load is over
     */
    public boolean awaitSlot() {
        while (!trySlot()) {
            if (over) {
                return false;
            }
            waiting = Thread.currentThread();
            while (!over && sent.get() - done.get() > window / 2) {
                LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
            }
            waiting = null;
        }
        return true;
    }
}
