package mqtt.resilient.impl.simulation;

import java.util.Arrays;

/** The addresses at which a broker can be reached, each by a node that shares its sessions; all but one may be away. */
final class Nodes {
    /** A node that has served for so long is due again, however often it was asked before. */
    private static final long KNOWN_NANOS = 60 * Timeline.SECOND;
    /** Over so long a fleet spreads that has lost its broker, and what the rest may take. */
    private static final long SPREAD_NANOS = 6250 * Timeline.MILLI;
    private static final long SLACK_NANOS = 3 * Timeline.SECOND;

    private final Timeline timeline;
    private final int[] down;
    private final int[] frozen;
    private final long[] servesSince;

    Nodes(Timeline timeline, int count) {
        this.timeline = timeline;
        down = new int[count];
        frozen = new int[count];
        servesSince = new long[count];
    }

    int count() {
        return down.length;
    }

    boolean isDown(int node) {
        return down[node] > 0;
    }

    boolean isFrozen(int node) {
        return frozen[node] > 0;
    }

    /** A node goes, or comes back. */
    void down(int node, boolean on) {
        change(down, node, on);
    }

    /** A node takes connections and does nothing else, or begins to serve again. */
    void frozen(int node, boolean on) {
        change(frozen, node, on);
    }

    private void change(int[] reasons, int node, boolean on) {
        reasons[node] += on ? 1 : -1;
        boolean serves = down[node] == 0 && frozen[node] == 0;
        servesSince[node] = !serves ? Timeline.NEVER : servesSince[node] == Timeline.NEVER ? timeline.now()
                : servesSince[node];
        timeline.trace("node " + node, () -> Arrays.toString(down) + " down, " + Arrays.toString(frozen) + " frozen");
    }

    /**
     * Within which time after its connection ended a client has another one; {@link Timeline#NEVER} = it may be longer.
     *
     * @param since when it ended
     * @param silent whether because nothing came: then the fleet has not lost it together
     * @param responseNanos how long a node that is frozen is waited for
     */
    long foundWithin(long since, boolean silent, long responseNanos) {
        int known = 0;
        for (long each : servesSince) {
            known += each != Timeline.NEVER && each <= since - KNOWN_NANOS ? 1 : 0;
        }
        int others = count() - known - (silent ? 1 : 0);
        return known == 0 ? Timeline.NEVER
                : SLACK_NANOS + (silent ? 0 : SPREAD_NANOS) + Math.max(0, others) * (responseNanos + Timeline.SECOND);
    }
}
