package mqtt.resilient.impl.simulation;

import java.util.Arrays;

/** The addresses at which a broker can be reached, each by a node that shares its sessions; all but one may be away. */
final class Nodes {
    /** A node that has failed nobody for so long is due again. */
    private static final long DUE_NANOS = 60 * Timeline.SECOND;
    /** Over so long a fleet spreads that has lost its broker, and what the rest may take. */
    private static final long SPREAD_NANOS = 6250 * Timeline.MILLI;
    private static final long SLACK_NANOS = Timeline.SECOND;

    private final Timeline timeline;
    private final int[] down;
    private final int[] frozen;
    private final long[] servesSince;
    /** When it was frozen last. */
    private final long[] thawedAt;
    /** When it last failed a client that came. */
    private final long[] failedAt;

    Nodes(Timeline timeline, int count) {
        this.timeline = timeline;
        down = new int[count];
        frozen = new int[count];
        servesSince = new long[count];
        failedAt = new long[count];
        thawedAt = new long[count];
        Arrays.fill(thawedAt, -1);
        Arrays.fill(failedAt, -DUE_NANOS);
    }

    int count() {
        return down.length;
    }

    boolean isDown(int node) {
        return fails(node, down);
    }

    boolean isFrozen(int node) {
        return fails(node, frozen);
    }

    private boolean fails(int node, int[] reasons) {
        failedAt[node] = reasons[node] > 0 ? timeline.now() : failedAt[node];
        return reasons[node] > 0;
    }

    /** A node goes, or comes back. */
    void down(int node, boolean on) {
        change(down, node, on);
    }

    /** A node takes connections and does nothing else, or begins to serve again. */
    void frozen(int node, boolean on) {
        change(frozen, node, on);
        thawedAt[node] = timeline.now();
    }

    private void change(int[] reasons, int node, boolean on) {
        reasons[node] += on ? 1 : -1;
        failedAt[node] = on ? timeline.now() : failedAt[node];
        boolean serves = down[node] == 0 && frozen[node] == 0;
        servesSince[node] = !serves ? Timeline.NEVER : servesSince[node] == Timeline.NEVER ? timeline.now()
                : servesSince[node];
        timeline.trace("node " + node, () -> Arrays.toString(down) + " down, " + Arrays.toString(frozen) + " frozen");
    }

    /**
     * Within which time after its connection ended a client has another one; {@link Timeline#NEVER} = it may be longer.
     *
     * @param since when it ended
     * @param silent the node from which nothing came, and which the fleet has not lost together; -1 = none
     * @param responseNanos how long a node that is frozen is waited for
     */
    long foundWithin(long since, int silent, long responseNanos) {
        int known = 0;
        int slow = 0;
        for (int node = 0; node < count(); node++) {
            known += servesSince[node] <= since && failedAt[node] <= since - DUE_NANOS ? 1 : 0;
            slow += node != silent && (frozen[node] > 0 || thawedAt[node] >= since) ? 1 : 0;
        }
        return known == 0 ? Timeline.NEVER
                : (silent >= 0 ? 0 : SPREAD_NANOS) + SLACK_NANOS + count() * Timeline.SECOND + slow * responseNanos;
    }
}
