package mqtt.resilient.impl.store;

import java.io.IOException;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.session.MessageStore;

/**
 * The health of a journal: healthy only if it is open, the last write and the last read of it succeeded, and its thread
 * answers; otherwise the worst of these. {@link GroupCommit} decides how opening and writing went, a full disk too. On
 * the io thread only.
 */
final class JournalHealth {
    private StoreHealth writing = StoreHealth.OPENING;
    private String writingReason = "";
    private String readingReason = "";
    private String waitingReason = "";
    private StoreHealth toldHealth = StoreHealth.OPENING;
    private String toldReason = "";

    /** How opening or writing went last. */
    void writing(StoreHealth health, String reason) {
        writing = health;
        writingReason = reason;
    }

    /** Why something that is stored cannot be read at present; empty = all can. */
    void reading(String reason) {
        readingReason = reason;
    }

    /** What the store waits for; empty = nothing. */
    void waiting(String reason) {
        waitingReason = reason;
    }

    /** An error in words. */
    static String describe(Throwable error) {
        String kind = error.getClass() == IOException.class ? "" // others may say no more than a path
                : error.getClass().getSimpleName().replace("Exception", "") + ": ";
        return kind + error.getMessage();
    }

    StoreHealth health() {
        if (writing != StoreHealth.OK && writing != StoreHealth.DEGRADED) {
            return writing;
        }
        return reason().isEmpty() ? StoreHealth.OK : StoreHealth.DEGRADED;
    }

    /** Why it is not healthy; empty when it is. */
    String reason() {
        return both(both(writingReason, readingReason), waitingReason);
    }

    /** Asked for with every batch: makes nothing where there is nothing to say. */
    private static String both(String one, String other) {
        return one.isEmpty() ? other : other.isEmpty() ? one : one + "; " + other;
    }

    /** Whether this differs from what was told last. What is full tells new figures only once. */
    boolean isNews() {
        StoreHealth health = health();
        return health != toldHealth || health != StoreHealth.FULL && !reason().equals(toldReason);
    }

    /** Tells a listener, if it is news. */
    void tell(MessageStore.Listener listener) {
        if (isNews()) {
            listener.health(health(), reason());
            told();
        }
    }

    /** This was told. */
    void told() {
        toldHealth = health();
        toldReason = reason();
    }
}
