package mqtt.resilient.impl.simulation;

/** What happened in runs. */
final class Statistics {
    long nanos;
    long messages;
    long received;
    long connections;
    long outages;
    long kills;
    long powerCuts;
    long faults;
    /** The longest time from the last fault until everything was at rest. */
    long longestRest;
    /** The longest time from the last fault until every client was back to work. */
    long longestIdle;

    void add(Statistics other) {
        nanos += other.nanos;
        messages += other.messages;
        received += other.received;
        connections += other.connections;
        outages += other.outages;
        kills += other.kills;
        powerCuts += other.powerCuts;
        faults += other.faults;
        longestIdle = Math.max(longestIdle, other.longestIdle);
        longestRest = Math.max(longestRest, other.longestRest);
    }

    @Override
    public String toString() {
        return String.format(
                "%.0f hours, %d faults (%d outages, %d kills, %d power cuts), %d connections, %d messages out, "
                        + "%d in, at work after at most %d s, at rest after at most %d s",
                nanos / 3600e9, faults, outages, kills, powerCuts, connections, messages,
                received, longestIdle / Timeline.SECOND, longestRest / Timeline.SECOND);
    }
}
