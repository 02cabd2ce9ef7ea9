package mqtt.resilient.impl.client;

import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Outcome;

/** What a client tells the component around it. Called on the loop: must not block or run foreign code. */
public interface ClientEvents {
    /** The state has changed; {@code sessionLost} if the broker had lost the session that was to be resumed. */
    void changed(ClientStatus status, boolean sessionLost);

    /** A message was dropped: expired, pushed out, set aside, or without a listener. */
    void dropped(String topic, Outcome.Kind kind, String reason);

    /** The broker refused a subscription with this code. */
    void subscriptionRefused(String filter, int code);

    /** A listener threw. */
    void listenerFailed(String listener, String topic, Throwable error, boolean setAside);

    /** A listener's call lasts long. */
    void listenerSlow(String listener, long nanos);
}
