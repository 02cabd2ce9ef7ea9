package mqtt.resilient.api;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Is told every change of the connection, in order, one call at a time, on a listener thread. It may block and may use
 * the client. A listener that is more than 100 changes behind misses the oldest.
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
