package mqtt.resilient.impl.environment;

import java.util.concurrent.Executor;

/** Completes the stages of users, one task at a time, in order, and makes those that a thread may wait for. */
@FunctionalInterface
public interface Completions extends Executor {
    /** A stage about something. Safe from any thread. */
    default <T> UserStage<T> stage(long id) {
        return new UserStage<>(id);
    }
}
