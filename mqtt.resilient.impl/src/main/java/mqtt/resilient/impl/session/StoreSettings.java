package mqtt.resilient.impl.session;

import mqtt.resilient.api.Durability;

/**
 * The store's part of a configuration.
 *
 * @param place where it keeps what it is given; another place is another store; empty = in memory
 * @param durability what accepted messages survive: {@code MEMORY}, {@code PROCESS} or {@code POWER}
 * @param forceNanos with {@code PROCESS}: how often the disk is forced
 * @param floorBytes the disk space below which nothing more is accepted
 * @param segmentBytes the length at which a file is full
 * @param volatility why the place does not keep what is in it, in words; empty = nothing speaks against it
 */
public record StoreSettings(String place, Durability durability, long forceNanos, long floorBytes, int segmentBytes,
        String volatility) {
    /** In memory. */
    public static final StoreSettings MEMORY = new StoreSettings("", Durability.MEMORY, 0, 0, 0);

    /** In a place that keeps what is in it. */
    public StoreSettings(String place, Durability durability, long forceNanos, long floorBytes, int segmentBytes) {
        this(place, durability, forceNanos, floorBytes, segmentBytes, "");
    }
}
