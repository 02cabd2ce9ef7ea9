package mqtt.resilient.impl.client;

import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Outcome;

/** What a client tells the component around it. Called on the loop: must not block or run foreign code. */
public interface ClientEvents {
    /**
     * The state has changed.
     *
     * @param sessionLost whether the broker had lost the session that was to be resumed
     * @param permanent whether the failure is one that somebody must remove
     */
    void changed(ClientStatus status, boolean sessionLost, boolean permanent);

    /** A message was dropped: expired, pushed out, lost with the client, or without a listener. */
    void dropped(String topic, Outcome.Kind kind, String reason);

    /** An accepted message was set aside because it seemed to end connections. */
    void setAside(long id, String topic, String reason);

    /** A connection listener threw. */
    void connectionListenerFailed(String listener, Throwable error);

    /** The broker refused a subscription with this code. */
    void subscriptionRefused(String filter, int code);

    /** A listener threw. */
    void listenerFailed(String listener, String topic, Throwable error, boolean setAside);

    /** A listener's call lasts long. */
    void listenerSlow(String listener, long nanos);
}
