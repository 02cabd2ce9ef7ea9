package mqtt.resilient.impl.session;

import mqtt.resilient.api.Message;

/**
 * The rate limit of a client: so many tokens per second, at most a burst of them saved up. Zero per second = no limit;
 * alarms need no token. On the io thread.
 */
final class TokenBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    private double perSecond;
    private int burst;
    private double tokens;
    private long updated;

    void configure(double newPerSecond, int newBurst, long now) {
        perSecond = newPerSecond;
        burst = Math.max(1, newBurst);
        tokens = burst;
        updated = now;
    }

    boolean isUnlimited() {
        return perSecond <= 0;
    }

    boolean hasToken(long now) {
        if (isUnlimited()) {
            return true;
        }
        tokens = Math.min(burst, tokens + (now - updated) * perSecond / NANOS_PER_SECOND);
        updated = now;
        return tokens >= 1;
    }

    void take() {
        tokens--;
    }

    /** Whether a message may be sent now; alarms always may. */
    boolean admits(Outgoing message, long now) {
        return message.lane() == Message.LANE_ALARM || hasToken(now);
    }

    /** A message is sent. */
    void take(Outgoing message) {
        if (message.lane() != Message.LANE_ALARM && !isUnlimited()) {
            take();
        }
    }

    /** The time at which the next token is there. */
    long nextToken() {
        return updated + (long) Math.ceil(Math.max(0, 1 - tokens) / perSecond * NANOS_PER_SECOND);
    }
}
