package mqtt.resilient.impl.link;

import java.time.Instant;
import java.util.random.RandomGenerator;
import mqtt.resilient.api.BrokerStatus;

/** One broker: when it is tried next, and what is known of it. On the loop only. */
final class BrokerRecord {
    final BrokerUri uri;
    final Backoff backoff;
    /** When the next attempt may begin, monotonic; meaningless unless it waits. */
    private long due;
    private boolean waits;
    /** Attempts that failed after a network connection was made: the next one begins with another address. */
    private int silentAddresses;
    /** It was tried, and has not worked, since a connection to any broker was stable. */
    private boolean failing;
    /** Wall clock; 0 = never. */
    private long connectedMillis;
    private long failedMillis;
    private String failure = "";

    BrokerRecord(BrokerUri uri, RandomGenerator random) {
        this.uri = uri;
        backoff = new Backoff(random);
    }

    /** It has accepted. */
    void accepted(long wallMillis) {
        connectedMillis = wallMillis;
        silentAddresses = 0;
        waits = false;
    }

    /** An attempt at it, or a connection to it, has ended by itself. */
    void failed(Ending ending, long wallMillis) {
        failedMillis = wallMillis;
        failure = ending.reason();
    }

    /** No attempt at it before a time. */
    void rest(long until) {
        due = until;
        waits = true;
    }

    /** How long it rests still. */
    long restNanos(long now) {
        return waits ? Math.max(0, due - now) : 0;
    }

    /** It is tried next time from the beginning. */
    void reset() {
        waits = false;
        backoff.reset();
    }

    void silentAddress() {
        silentAddresses++;
    }

    int silentAddresses() {
        return silentAddresses;
    }

    void failing(boolean newFailing) {
        failing = newFailing;
    }

    boolean isFailing() {
        return failing;
    }

    BrokerStatus status() {
        return new BrokerStatus(uri.toString(), Instant.ofEpochMilli(connectedMillis),
                Instant.ofEpochMilli(failedMillis), failure);
    }
}
