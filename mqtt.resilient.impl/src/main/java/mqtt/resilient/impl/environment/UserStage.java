package mqtt.resilient.impl.environment;

import java.util.concurrent.CompletableFuture;

/**
 * A stage for a user. The engine settles it, which notes the result, allocates nothing and runs no code of a user. Then
 * either a thread that waits for it is woken, and delivers the result to itself and to dependent code, or the
 * completing thread does.
 */
public class UserStage<T> extends CompletableFuture<T> {
    /** What it is about; for who keeps it. */
    private final long id;
    /** The next in the list that has it. */
    private UserStage<T> next;
    /** The result, or the exception; null = it is not settled. */
    private volatile Object result;

    public UserStage(long id) {
        this.id = id;
    }

    public final long id() {
        return id;
    }

    public final UserStage<T> next() {
        return next;
    }

    public final void next(UserStage<T> newNext) {
        next = newNext;
    }

    /** Notes the result, which may be an exception. {@link #wake} must follow, or {@link #deliver}. */
    public final void settle(Object newResult) {
        result = newResult;
    }

    protected final boolean isSettled() {
        return result != null;
    }

    /** Wakes a thread that waits for it and will deliver the result; false if there is none. */
    public boolean wake() {
        return false;
    }

    /** Completes it if it is settled: dependent code runs here. */
    @SuppressWarnings("unchecked")
    public final void deliver() {
        Object known = result;
        if (known instanceof Throwable failure) {
            super.completeExceptionally(failure);
        } else if (known != null) {
            super.complete((T) known);
        }
    }
}
