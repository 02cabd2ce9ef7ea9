package mqtt.resilient.impl.session;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.spi.Codec;

/**
 * The connection that the session has, or had last: what its parts must know of it. Changed by {@link Session} only, on
 * the io thread.
 */
final class CurrentConnection {
    private static final int NONE = -1;

    private int number;
    /** Null = there is no connection. */
    private Codec codec;
    private BrokerLimits limits = BrokerLimits.NONE;

    void begin(Codec newCodec, BrokerLimits newLimits) {
        codec = newCodec;
        number++;
        limits = newLimits;
    }

    void end() {
        codec = null;
    }

    boolean isUp() {
        return codec != null;
    }

    /** The number of the latest connection, from 1. */
    int number() {
        return number;
    }

    /** The number of the connection that is up; no message has the number that this is without one. */
    int current() {
        return isUp() ? number : NONE;
    }

    Codec codec() {
        return codec;
    }

    /** What the broker accepts. */
    BrokerLimits limits() {
        return limits;
    }
}
