package mqtt.resilient.impl.link;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import mqtt.resilient.api.BrokerStatus;

/**
 * Which broker is the next one, and when: the list in its order with a {@link BrokerRecord} for each, and where a
 * broker has sent us (Server Reference). After a failure the one whose time comes first is next. On the loop only.
 */
final class BrokerList {
    /** So often may brokers send us on before one of them keeps us for {@code stable.seconds}. */
    private static final int MOST_REDIRECTS = 5;

    private final RandomGenerator random;
    private List<BrokerRecord> records = List.of();
    private boolean cluster;
    private int index;
    /** The broker to which one of the list has sent us; null = none. */
    private BrokerRecord redirect;
    private int redirects;
    /** Attempts since the last connection. */
    private int attempts;

    BrokerList(RandomGenerator random) {
        this.random = random;
    }

    /** Takes a list; what is known of those that stay is kept. */
    void configure(LinkSettings.Brokers brokers) {
        List<BrokerRecord> before = records;
        List<BrokerRecord> all = new ArrayList<>();
        for (BrokerUri uri : brokers.uris()) {
            all.add(before.stream().filter(each -> each.uri.equals(uri)).findFirst()
                    .orElseGet(() -> new BrokerRecord(uri, random)));
        }
        records = all;
        cluster = brokers.cluster();
        index %= records.size();
    }

    private BrokerRecord record() {
        return redirect != null ? redirect : records.get(index);
    }

    /** The broker that it is about. */
    BrokerUri current() {
        return record().uri;
    }

    /** The broker whose word on the version of MQTT counts for the current one: in a cluster one for all. */
    BrokerUri speaker() {
        return cluster && redirect == null ? first() : current();
    }

    BrokerUri first() {
        return records.get(0).uri;
    }

    boolean isFirst() {
        return index == 0;
    }

    /** Goes back to the first one. */
    void toFirst() {
        index = 0;
        redirect = null;
    }

    /** Forgets where a broker has sent us. */
    void forgetRedirect() {
        redirect = null;
    }

    /** Goes on to the next one, because there is no way to this one now. */
    void skip() {
        index = (index + 1) % records.size();
        redirect = null;
    }

    int size() {
        return records.size();
    }

    int attempts() {
        return attempts;
    }

    int silentAddresses() {
        return record().silentAddresses();
    }

    /**
     * Whether every broker of the list but the current one was tried, and has not worked, since a connection was
     * stable: only then is something else than a broker to blame.
     */
    boolean othersFailed() {
        return records.stream().allMatch(each -> each == record() || each.isFailing());
    }

    List<BrokerStatus> status() {
        return records.stream().map(BrokerRecord::status).toList();
    }

    // ---- what happens ---------------------------------------------------------------------------------------------

    /** Every broker is tried from the beginning: something has changed. */
    void reset() {
        records.forEach(BrokerRecord::reset);
    }

    void attemptBegins() {
        attempts++;
    }

    /** The current one has accepted. */
    void accepted(long wallMillis) {
        attempts = 0;
        record().accepted(wallMillis);
    }

    /** The current one has kept us for {@code stable.seconds}. */
    void stable() {
        redirects = 0;
        record().reset();
        records.forEach(each -> each.failing(false));
    }

    /** The current one sends us to another one; returns whether we go there. */
    boolean redirect(String serverReference) {
        BrokerUri to = redirects < MOST_REDIRECTS ? parse(current(), serverReference) : null;
        redirect = to == null ? null : new BrokerRecord(to, random);
        redirects = redirect == null ? 0 : redirects + 1;
        return redirect != null;
    }

    /** The first server of a Server Reference (MQTT 5 section 4.11), in the scheme of who named it; null = none. */
    private static BrokerUri parse(BrokerUri from, String reference) {
        try {
            return BrokerUri.parse(from.scheme() + "://" + reference.strip().split(" ")[0] + from.path());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** An attempt at the current one, or a connection to it, has ended; {@link RetryPolicy} says what that means. */
    void ended(Ending ending, long wallMillis) {
        record().failed(ending, wallMillis);
    }

    /**
     * The current one has ended a connection.
     *
     * @param elsewhere whether another one is tried first
     * @return how long until the next one is tried
     */
    long lost(LinkSettings.Timing timing, boolean elsewhere, long now) {
        BrokerRecord lost = record();
        records.stream().filter(each -> each != lost).forEach(each -> each.backoff.spread(timing)); // all go there
        long wait = lost.backoff.lost(timing);
        if (!elsewhere) {
            return wait;
        }
        lost.failing(true);
        lost.rest(now + wait);
        next(now);
        return Math.max(wait, record().restNanos(now));
    }

    /** The current one works, and is asked again: how long until then. */
    long soon(LinkSettings.Timing timing) {
        return record().backoff.shortest(timing);
    }

    /** The network has ended a connection, or somebody must remove the cause: how long until the same is tried. */
    long again(LinkSettings.Timing timing, boolean permanent) {
        Backoff backoff = record().backoff;
        return permanent ? backoff.longest(timing) : backoff.failed(timing);
    }

    /**
     * The current one does not work now: goes on to the one whose time comes first, or from where it sent us back to
     * the list.
     *
     * @param permanent whether somebody must remove the cause
     * @param connected whether there was a network connection
     * @return how long until that one is tried
     */
    long failed(LinkSettings.Timing timing, boolean permanent, boolean connected, long now) {
        if (connected) {
            record().silentAddress();
        }
        redirect = null; // who sent us there is the one that does not work
        BrokerRecord failed = record();
        failed.failing(true);
        failed.rest(now + (permanent ? failed.backoff.longest(timing) : failed.backoff.failed(timing)));
        next(now);
        return Math.max(record().restNanos(now), failed.backoff.shortest(timing));
    }

    /** Goes on to the one whose time comes first; of equals, to the one that is nearest behind the current one. */
    private void next(long now) {
        redirect = null;
        int next = (index + 1) % records.size();
        for (int i = 2; i <= records.size(); i++) {
            int other = (index + i) % records.size();
            next = records.get(other).restNanos(now) < records.get(next).restNanos(now) ? other : next;
        }
        index = next;
    }
}
