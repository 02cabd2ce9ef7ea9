package mqtt.resilient.impl.simulation;

import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import mqtt.resilient.api.Durability;

/**
 * What a run consists of, drawn from a seed and a profile.
 *
 * @param seed the seed of everything that is left to chance
 * @param profile what goes wrong
 * @param meanSeconds how often; a run has only some of the profile's faults, so that it has them in other combinations
 * @param seconds how long things go wrong
 * @param clients how many clients the gateway has
 * @param durability the {@code store}
 * @param window {@code inflight.max}
 * @param keepAliveSeconds {@code keepalive.seconds}
 * @param responseSeconds {@code response.seconds}
 * @param segmentBytes the length of a segment of the journal
 * @param publishMillis the mean time between two bursts of messages
 * @param burst the largest number of messages at a time
 * @param payloadBytes how long a payload is at most; with the longer ones a backlog does not fit into the heap
 * @param expiring one in so many messages may expire
 * @param brokerWindow how many messages the broker sends unacknowledged
 * @param brokerDelayMillis how long the broker takes at most to answer
 * @param diskMillis how long the disk takes at most to answer
 * @param reorders whether the broker acknowledges out of order
 * @param steadyQos0 whether there is a steady stream of QoS 0
 * @param dialect which version of MQTT
 * @param terms what the broker takes with MQTT 5
 * @param sessionExpirySeconds {@code session.expiry.seconds}
 * @param packetMaxBytes {@code packet.max.bytes}
 * @param assignedId whether the broker gives the client ids
 * @param greedy whether the broker ignores the client's Receive Maximum
 * @param birthQos {@code birth.qos}; -1 = the clients have no birth message
 * @param groups whether the application subscribes to several filters at once, and looks what becomes of what it ends
 * @param nodes how many nodes the broker has, each at an address of its own
 * @param failbackSeconds {@code failback.seconds}; 0 = the clients stay where they are
 */
record Scenario(long seed, Profile profile, Map<Fault, Integer> meanSeconds, int seconds, int clients,
        Durability durability,
        int window, int keepAliveSeconds, int responseSeconds, int segmentBytes, int publishMillis, int burst,
        int payloadBytes,
        int expiring, int brokerWindow, int brokerDelayMillis, int diskMillis, boolean reorders, boolean steadyQos0,
        Dialect dialect, Terms terms, int sessionExpirySeconds, int packetMaxBytes, boolean assignedId, boolean greedy,
        int birthQos, boolean groups, int nodes, int failbackSeconds) {
    private static final int DAY = 24 * 3600;
    private static final int WEEK = 7 * DAY;
    private static final int SMALL_PACKET = 4096;
    private static final int ANY_PACKET = 1_048_576;

    /** The faults in an order that is always the same. */
    Scenario {
        meanSeconds = new EnumMap<>(meanSeconds);
    }

    /** Whether something can go wrong in this run. */
    boolean has(Fault fault) {
        return meanSeconds.containsKey(fault);
    }

    static Scenario of(long seed, Profile profile) {
        SplittableRandom random = new SplittableRandom(seed * 31 + profile.ordinal());
        Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
        SplittableRandom habits = new SplittableRandom(~(seed * 131 + profile.ordinal())); // others keep their course
        SplittableRandom five = new SplittableRandom(~(seed * 31 + profile.ordinal())); // 3.1.1 has its own course
        SplittableRandom shortages = new SplittableRandom(~(seed * 137 + profile.ordinal()));
        SplittableRandom late = new SplittableRandom(seed * 37 + profile.ordinal());
        Dialect dialect = Dialect.of(five, new SplittableRandom(seed * 41 + profile.ordinal()));
        profile.meanSeconds().forEach((fault, mean) -> {
            if (fault.isShortage()) {
                if (shortages.nextInt(10) < (profile == Profile.EVERYTHING ? 4 : 8)) {
                    faults.put(fault, Math.max(5, mean * one(shortages, 1, 2, 4) / 2));
                }
            } else if (fault.isLate()) {
                if (late.nextInt(10) < 4) {
                    faults.put(fault, Math.max(5, mean * one(late, 1, 2, 4) / 2));
                }
            } else if (fault.needsFive()) {
                if (dialect.hasFive() && five.nextInt(10) < 6) {
                    faults.put(fault, Math.max(5, mean * one(five, 1, 2, 4) / 2));
                }
            } else if (random.nextInt(10) < (profile == Profile.EVERYTHING ? 4 : 7)) {
                faults.put(fault, Math.max(5, mean * one(random, 1, 2, 4) / 2));
            }
        });
        Durability durability = switch (random.nextInt(10)) {
            case 0, 1 -> Durability.MEMORY;
            case 2, 3 -> Durability.PROCESS;
            default -> Durability.POWER;
        };
        boolean narrow = profile.weather().latencyMillis() > 100;
        boolean large = !narrow && random.nextInt(10) == 0;
        return new Scenario(seed, profile, faults, large ? 300 : one(random, 200, 400, 800), one(random, 1, 1, 1, 2, 3),
                durability,
                one(random, 1, 2, 5, 8, 20, 100), one(random, 20, 60, 60, 300), one(random, 5, 10, 10, 20),
                one(random, 1024, 4096, 16_384), large ? 2000 : one(random, 2000, 8000, 30_000) * (narrow ? 4 : 1),
                large ? 10 : one(random, 1, 2, 4, 10), large ? 50_000 : 100, one(random, 12, 12, 3),
                one(random, 1, 3, 10),
                one(random, 0, 0, 20, 500), one(random, 1, 1, 10, 100),
                (profile == Profile.HOSTILE_BROKER || profile == Profile.EVERYTHING) && random.nextBoolean(),
                random.nextInt(3) == 0,
                dialect, dialect.hasFive() ? Terms.of(five) : Terms.NONE,
                dialect.hasFive() ? one(five, WEEK, WEEK, WEEK, 40) : WEEK,
                faults.containsKey(Fault.TOO_LARGE) && !large ? SMALL_PACKET : ANY_PACKET,
                dialect == Dialect.FIVE && five.nextInt(4) == 0 && profile != Profile.BROKERS,
                profile == Profile.HOSTILE_BROKER && five.nextInt(3) == 0,
                one(habits, -1, -1, -1, -1, 0, 1, 2), habits.nextInt(3) == 0,
                profile.hasNodes() ? one(habits, 2, 2, 3) : 1,
                profile.hasNodes() ? one(habits, 0, 60, 200) : 0);
    }

    /**
     * One gateway that goes on for days: about 12 messages a minute, an outage every 8 minutes, a power cut every 6
     * hours.
     */
    static Scenario days(long seed, int days) {
        return new Scenario(seed, Profile.FLAKY_WIFI, Map.of(Fault.OUTAGE, 470, Fault.POWER_CUT, 21_600),
                days * DAY, 1, Durability.POWER, 100, 60, 10, 4 * 1024 * 1024, 4800, 1, 1000, 12, 10, 0, 5, false,
                false, Dialect.THREE,
                Terms.NONE, WEEK, ANY_PACKET, false, false, -1, false, 1, 0);
    }

    /** Whether the nodes are brokers that share nothing. */
    boolean hasSeveralBrokers() {
        return profile == Profile.BROKERS;
    }

    /** Whether only QoS 1 is published. */
    boolean isMarathon() {
        return seconds >= DAY;
    }

    private static int one(SplittableRandom random, int... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
