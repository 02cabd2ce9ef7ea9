package mqtt.resilient.impl.session;

import java.util.function.Consumer;

/**
 * Keeps accepted messages until they are sent, and their state until they have ended. On the io thread only; never
 * blocks.
 */
public interface MessageStore {
    /** Takes a message behind all others of its lane. */
    void append(Outgoing message);

    /** The oldest message of a lane that was never sent, or null if there is none at hand. It stays where it is. */
    Outgoing next(int lane);

    /** The message {@link #next} gave is being sent for the first time. */
    void sent(Outgoing message);

    /** A message that was sent has come to its end. */
    void ended(Outgoing message);

    /** Takes out a message that was never sent; null if there is none of that number. */
    Outgoing remove(long id);

    /** Whether a message of that number is here and was never sent. */
    boolean contains(long id);

    /** Takes out the oldest never-sent message of the least urgent lane that has one; null if there is none. */
    Outgoing removeOldest();

    /** Takes out the oldest never-sent message of a lane; null if there is none. */
    Outgoing removeOldest(int lane);

    /**
     * Hands over part of the never-sent messages, going on where the last call ended, so that all of them come by
     * within eight calls. The receiver may {@link #remove} what it is given.
     */
    void visitSome(Consumer<Outgoing> visitor);

    /** The number of never-sent messages. */
    int queued();
}
