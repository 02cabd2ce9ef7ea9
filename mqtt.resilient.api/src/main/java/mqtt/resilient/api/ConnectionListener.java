package mqtt.resilient.api;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Hears of every change of the connection, in order, one call at a time, on a listener thread. May block and may use
 * the client. A listener that lags by more than 100 changes misses the oldest.
 */
@ConsumerType
@FunctionalInterface
public interface ConnectionListener {
    /**
     * The state has changed.
     *
     * @param status the new state
     */
    void onChange(ClientStatus status);
}
