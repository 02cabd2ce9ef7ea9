package mqtt.resilient.impl.simulation;

/**
 * What a network is like when it works.
 *
 * @param latencyMillis how long a byte is under way
 * @param jitterMillis how much longer at times
 * @param bytesPerSecond how many bytes it takes, 0 = any number
 * @param lossPercent how many of a hundred packets come late, because they are sent again
 */
record Weather(int latencyMillis, int jitterMillis, int bytesPerSecond, int lossPercent) {
    static final Weather FINE = new Weather(1, 1, 0, 0);
}
