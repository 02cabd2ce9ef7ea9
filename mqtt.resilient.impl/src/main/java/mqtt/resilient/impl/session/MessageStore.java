package mqtt.resilient.impl.session;

import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.StoreHealth;

/**
 * Keeps accepted messages until they are sent, and their state until they are settled. On the io thread only; never
 * blocks. What is noted of the session is ignored by a store that does not survive the process: there the methods
 * without a body are enough.
 */
public interface MessageStore {
    /** What a store tells, on the io thread. */
    interface Listener {
        /** The store is open; everything may be used from now on. */
        void opened(StoredState state);

        /** All messages up to this id are stored. The only one that comes from any thread, one call at a time. */
        void stored(long id);

        /** So many messages more are written, and their bytes are not needed in the heap any more for that. */
        void written(int messages, long bytes);

        /** There may be something to send that was not there before. */
        void available();

        /** Messages of a lane that were accepted cannot be read any more. */
        void lost(int lane, long messages, long bytes);

        /** So many of the oldest dead letters went, because there were too many. */
        default void deadLettersForgotten(int count) {
        }

        /** The health of the store; {@code reason} is empty when it is healthy. */
        void health(StoreHealth health, String reason);
    }

    /** Opens the store, or takes new settings if that was done before. */
    default void configure(StoreSettings settings, Listener listener) {
    }

    /** Ends the use of the store when everything is written. */
    default void close(Runnable then) {
        then.run();
    }

    /** The heap was short: does what could not be done then, so that nothing waits for good. */
    default void mend() {
    }

    /** What a message survives when it is stored. */
    default Durability durability() {
        return Durability.MEMORY;
    }

    /** The figures now. */
    default StoreFigures figures() {
        return StoreFigures.NONE;
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    /** Takes a message behind all others of its lane. */
    void append(Outgoing message);

    /** The oldest message of a lane that was never sent, or null if there is none at hand. It stays where it is. */
    Outgoing next(int lane);

    /** The message {@link #next} gave is being sent for the first time. */
    void sent(Outgoing message);

    /** A message that was sent is being settled. */
    void settled(Outgoing message);

    /** Takes out a message that was never sent, which this store has given. */
    void remove(Outgoing message);

    /** Looks for a message that was never sent, and gives it, or null; perhaps later. */
    void find(long id, Consumer<Outgoing> found);

    /** Takes out the oldest never-sent message of the least urgent lane that has one at hand; null if there is none. */
    Outgoing removeOldest();

    /** Takes out the oldest never-sent message of a lane; null if there is none at hand. */
    Outgoing removeOldest(int lane);

    /**
     * Hands over part of the never-sent messages at hand, going on where the last call ended, so that all of them come
     * by within eight calls. The receiver may {@link #remove} what it is given.
     */
    void visitSome(Consumer<Outgoing> visitor);

    /**
     * Looks for never-sent messages that are not at hand and have expired, or are older than their lane allows (0 = any
     * age). Gives some of them, perhaps later; the receiver must {@link #remove} what it is given.
     */
    default void findOld(long[] maxAgeNanos, Consumer<Outgoing> old) {
    }

    /** The oldest never-sent messages of a lane that are at hand; they stay where they are. */
    List<Outgoing> oldest(int lane, int most);

    /** The number of never-sent messages of a lane. */
    long queued(int lane);

    /** The number of never-sent messages. */
    default long queued() {
        long sum = 0;
        for (int lane = 0; lane < Message.LANES; lane++) { // for every message
            sum += queued(lane);
        }
        return sum;
    }

    // ---- the session ----------------------------------------------------------------------------------------------

    /** A QoS 2 message has its packet identifier, and was not received by the broker's present session. */
    default void assigned(Outgoing message) {
    }

    /** A PUBREC arrived: the broker has received a QoS 2 message. */
    default void pubrecReceived(Outgoing message) {
    }

    /** A QoS 2 message of the broker was handled; {@code digest} tells its duplicate from another message. */
    default void inboundReceived(int packetId, long digest) {
    }

    /** A PUBREL arrived: the packet identifier stands for another message from now on. */
    default void pubrelReceived(int packetId) {
    }

    /** The broker may hold a subscription from now on. */
    default void subscribed(String filter, int qos) {
    }

    /** The broker does not hold a subscription any more. */
    default void unsubscribed(String filter) {
    }

    /** A new session has begun: nothing is received or subscribed in it; empty = there is none. */
    default void session(String key) {
    }

    /**
     * Keeps a message that is not sent any more, for somebody to look at, as far as its bound allows.
     *
     * @param message a copy that was accepted when it became a dead letter
     */
    default void deadLettered(Outgoing message) {
    }

    /**
     * Gives the dead letters that it keeps, the oldest first, as many as fit into about a megabyte; perhaps later.
     *
     * @param id 0 = any; else those that were accepted with this id
     * @param found is given messages that were accepted when they became dead letters; one may come twice
     */
    default void deadLetters(long id, Consumer<List<Outgoing>> found) {
        found.accept(List.of());
    }

    /** A dead letter, as {@link #deadLetters} gave it, need not be kept any more. */
    default void removeDeadLetter(Outgoing deadLetter) {
    }

    /**
     * Runs a task when everything that was noted so far is as durable as the store makes it: at once, if it is. When
     * the store is closed the task runs in any case; {@link #hasFailed} tells whether something could not be written.
     */
    default void whenDurable(Runnable task) {
        task.run();
    }

    /** Whether writing has failed for good. */
    default boolean hasFailed() {
        return false;
    }
}
