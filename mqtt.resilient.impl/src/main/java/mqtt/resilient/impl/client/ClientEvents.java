package mqtt.resilient.impl.client;

import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.dispatch.Dispatcher;
import mqtt.resilient.impl.session.StoredState;

/** What a client tells the component around it. Called on the loop: must not block or run foreign code. */
public interface ClientEvents extends Dispatcher.Events {
    /**
     * The state has changed.
     *
     * @param sessionLost whether the broker had lost the session that was to be resumed
     * @param permanent whether the failure is one that somebody must remove
     */
    void changed(ClientStatus status, boolean sessionLost, boolean permanent);

    /** A message was dropped: expired, pushed out, lost with the client, or without a listener. */
    void dropped(String topic, Outcome.Kind kind, String reason);

    @Override
    default void dropped(String topic, String reason) {
        dropped(topic, Outcome.Kind.DROPPED, reason);
    }

    /** The broker answers a message in another way than MQTT says; told once on each connection. */
    void brokerDeviates(String topic, String how);

    /** An accepted message is dead-lettered because the broker closes connections for it. */
    void deadLettered(long id, String topic, String reason);

    /** How it is with the store; {@code reason} is empty when it is healthy. */
    void storeHealth(StoreHealth health, String reason);

    /** So many of the oldest dead letters are not kept any more. */
    default void deadLettersForgotten(int count) {
    }

    /** The store is open, and what it held is restored. */
    void storeOpened(StoredState state);

    /** A connection listener threw. */
    void connectionListenerFailed(String listener, Throwable error);

    /** The broker refused a subscription with this code. */
    void subscriptionRefused(String filter, int code);
}
