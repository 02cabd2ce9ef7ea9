package mqtt.resilient.bench;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One MQTT client library, as the comparison drives it: an implementation has a public constructor that takes {@link
 * Settings}. What all connections share is made by the constructor. Its methods are called by one thread at a time;
 * what it calls may be called on any.
 */
public interface Peer extends AutoCloseable {
    /** {@return how it is configured, in its own words: what was set because its documentation recommends it} */
    String configuration();

    /**
     * Connects with a clean session.
     *
     * @param load is told of every message that {@link Connection#publish} sent and that is settled
     * @return completes when the broker has accepted
     */
    CompletableFuture<Connection> connect(String clientId, Load load) throws Exception;

    /** Ends what the constructor made; the process ends soon after. */
    @Override
    void close() throws Exception;

    /** One connection. */
    interface Connection {
        /** Publishes one message; {@link Load#acknowledged} follows, with QoS 0 when it is handed to the network. */
        void publish(int qos, String topic, byte[] payload) throws Exception;

        /**
         * Publishes what the load asks for until it is over, in the way that is the fastest for this client, with at
         * most {@link Load#window} messages unacknowledged. May return at once and go on, or hold the calling thread.
         */
        default void flood(Load load) throws Exception {
            while (load.awaitSlot()) {
                publish(load.qos, load.topic, load.payload);
            }
        }

        /** The same, and the load is told of each outcome: {@link #flood} does, unless this says otherwise. */
        default void floodWatched(Load load) throws Exception {
            flood(load);
        }

        /** Publishes one message and holds the calling thread until it is acknowledged; any number of threads. */
        void publishAndWait(int qos, String topic, byte[] payload) throws Exception;

        /** {@return how many messages are at their end} */
        default long done(Load load) {
            return load.done();
        }

        /** Subscribes; the receiver gets the payload as an array, however the client has it. */
        void subscribe(String filter, int qos, Consumer<byte[]> received) throws Exception;

        /** Subscribes; nobody asks for the payloads. */
        default void count(String filter, int qos, Runnable received) throws Exception {
            subscribe(filter, qos, payload -> received.run());
        }
    }
}
