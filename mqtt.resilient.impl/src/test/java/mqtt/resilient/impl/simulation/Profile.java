package mqtt.resilient.impl.simulation;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;

/** A kind of bad days: what goes wrong, and how often. */
enum Profile {
    /** Nothing goes wrong. */
    CALM(new Weather(5, 5, 0, 0), Map.of(Fault.CHURN, 60)),
    /** A network that comes and goes. */
    FLAKY_WIFI(new Weather(10, 40, 0, 2),
            Map.of(Fault.OUTAGE, 60, Fault.RESET, 300, Fault.HALF_OPEN, 300, Fault.REFUSED, 600,
                    Fault.UNRESOLVED, 600, Fault.RUMOUR, 120, Fault.CHURN, 300)),
    /** Long outages, changing addresses, narrow lines. */
    CELLULAR(new Weather(120, 200, 20_000, 3), Map.of(Fault.OUTAGE, 200, Fault.HALF_OPEN, 150, Fault.UNRESOLVED, 300,
            Fault.SLOW, 200, Fault.RUMOUR, 100, Fault.SUSPEND, 600, Fault.REFUSED, 600, Fault.BUNDLE, 60)),
    /** Far away. */
    SATELLITE(new Weather(600, 100, 8_000, 1), Map.of(Fault.OUTAGE, 300, Fault.SLOW, 300, Fault.RESET, 600)),
    /** A machine that loses its power. */
    POWER(new Weather(5, 10, 0, 0),
            Map.of(Fault.POWER_CUT, 100, Fault.CUT_IN_BATCH, 60, Fault.KILL, 120, Fault.RESTART, 200,
                    Fault.CLOCK_JUMP, 300, Fault.OUTAGE, 200, Fault.SUSPEND, 300, Fault.DISK_HANGS, 300)),
    /** A disk that fails, hangs and is full. */
    DISK(new Weather(5, 10, 0, 0), Map.ofEntries(Map.entry(Fault.DISK_HANGS, 90), Map.entry(Fault.DISK_FULL, 100),
            Map.entry(Fault.WRITE_FAILS, 60), Map.entry(Fault.FORCE_FAILS, 90), Map.entry(Fault.KILL, 150),
            Map.entry(Fault.OUTAGE, 120),
            Map.entry(Fault.RECONFIGURE, 400), Map.entry(Fault.CUT_IN_BATCH, 200), Map.entry(Fault.OPENS_FAIL, 60),
            Map.entry(Fault.RENAMES_FAIL, 120))),
    /** A broker that does whatever a broker can do. */
    HOSTILE_BROKER(new Weather(5, 10, 0, 0), Map.ofEntries(Map.entry(Fault.BROKER_RESTART, 200),
            Map.entry(Fault.SESSIONS_LOST, 250),
            Map.entry(Fault.STALL, 150), Map.entry(Fault.HANG_UP, 60), Map.entry(Fault.REFUSAL, 200),
            Map.entry(Fault.SILENCE, 250),
            Map.entry(Fault.SUBSCRIPTION_REFUSED, 250), Map.entry(Fault.NONSENSE, 100), Map.entry(Fault.STRAY, 60),
            Map.entry(Fault.REPEAT, 60), Map.entry(Fault.LISTENER_THROWS, 150), Map.entry(Fault.LISTENER_BLOCKS, 150),
            Map.entry(Fault.LISTENER_LEAVES, 200), Map.entry(Fault.CHURN, 60), Map.entry(Fault.STEER, 200),
            Map.entry(Fault.MESSAGE_REFUSED, 120), Map.entry(Fault.OTHER_TERMS, 200), Map.entry(Fault.TOO_LARGE, 120),
            Map.entry(Fault.BUNDLE, 300), Map.entry(Fault.OTHER_VERSION, 200), Map.entry(Fault.QUOTA, 200),
            Map.entry(Fault.THROTTLE, 200), Map.entry(Fault.DISLIKED_MESSAGE, 200),
            Map.entry(Fault.DISLIKED_FILTER, 200),
            Map.entry(Fault.LOWER_QOS, 200))),
    /** A process that runs short of threads and heap, with some trouble beside that. */
    EXHAUSTED(new Weather(5, 10, 0, 0), Map.ofEntries(Map.entry(Fault.NO_THREADS, 60), Map.entry(Fault.HEAP_FULL, 60),
            Map.entry(Fault.OUTAGE, 120), Map.entry(Fault.RESET, 200), Map.entry(Fault.RESTART, 300),
            Map.entry(Fault.RECONFIGURE, 200),
            Map.entry(Fault.STEER, 200), Map.entry(Fault.LISTENER_LEAVES, 200), Map.entry(Fault.LISTENER_THROWS, 200),
            Map.entry(Fault.CHURN, 60), Map.entry(Fault.KILL, 300))),
    /** All of it, but for the full heap, which ends every connection, and the nodes of a cluster. */
    EVERYTHING(new Weather(20, 50, 0, 1), everyFault()),
    /** A cluster of brokers that share their sessions, of which now and then some do not serve. */
    CLUSTER(new Weather(5, 10, 0, 0), Map.ofEntries(Map.entry(Fault.NODE_DOWN, 50), Map.entry(Fault.NODE_FROZEN, 50),
            Map.entry(Fault.LATE_ANSWERS, 150), Map.entry(Fault.CHURN, 100), Map.entry(Fault.OUTAGE, 600),
            Map.entry(Fault.KILL, 600))),
    /** Brokers that share nothing, of which now and then some do not serve; what they still have is not fetched. */
    BROKERS(new Weather(5, 10, 0, 0), Map.ofEntries(Map.entry(Fault.NODE_DOWN, 50), Map.entry(Fault.NODE_FROZEN, 50),
            Map.entry(Fault.LATE_ANSWERS, 150), Map.entry(Fault.CHURN, 100), Map.entry(Fault.OUTAGE, 600),
            Map.entry(Fault.KILL, 600)));

    private final Weather weather;
    private final Map<Fault, Integer> meanSeconds;

    Profile(Weather weather, Map<Fault, Integer> meanSeconds) {
        this.weather = weather;
        this.meanSeconds = new EnumMap<>(meanSeconds);
    }

    private static Map<Fault, Integer> everyFault() {
        Map<Fault, Integer> all = new EnumMap<>(Fault.class);
        EnumSet.complementOf(EnumSet.of(Fault.HEAP_FULL, Fault.NODE_DOWN, Fault.NODE_FROZEN))
                .forEach(fault -> all.put(fault, 250));
        return all;
    }

    /** Whether the broker has several addresses. */
    boolean hasNodes() {
        return this == CLUSTER || this == BROKERS;
    }

    Weather weather() {
        return weather;
    }

    /** How many seconds are between two faults of a kind, on average. */
    Map<Fault, Integer> meanSeconds() {
        return meanSeconds;
    }

    static Profile named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
