package mqtt.resilient.api;

/**
 * The quality of service of a message or a subscription (MQTT 3.1.1 section 4.3, MQTT 5 section 4.3). The ordinal
 * is the number on the wire.
 */
public enum Qos {
    /** QoS 0: sent once; lost if the connection is lost in that moment. */
    AT_MOST_ONCE,
    /** QoS 1: resent on the next connection until the broker acknowledges it; may arrive twice. */
    AT_LEAST_ONCE,
    /** QoS 2: arrives once as long as both sides keep the session. */
    EXACTLY_ONCE;

    private static final Qos[] LEVELS = values();

    /**
     * The level with this number.
     *
     * @param level 0, 1 or 2
     * @return the level
     * @throws IllegalArgumentException for any other number
     */
    public static Qos of(int level) {
        if (level < 0 || level >= LEVELS.length) {
            throw new IllegalArgumentException("qos: " + level + " is not allowed; allowed are 0, 1 and 2");
        }
        return LEVELS[level];
    }
}
