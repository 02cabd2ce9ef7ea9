package mqtt.resilient.impl.client;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.dispatch.InboundQueue;

/** One listener on one filter. */
public final class ClientSubscription implements Subscription {
    private final Subscriber subscriber;
    private final String filter;
    private final InboundQueue queue;
    private final CompletableFuture<Grant> result = new CompletableFuture<>();
    private final CompletableFuture<Removal> removal = new CompletableFuture<>();
    private volatile Grant granted = Grant.PENDING;
    /** Whether its end has begun; on the loop only. */
    private boolean ended;
    private volatile Runnable onClose = () -> {};
    /** What goes along with the UNSUBSCRIBE. */
    private volatile List<UserProperty> farewell = List.of();

    ClientSubscription(Subscriber subscriber, String filter, InboundQueue queue) {
        this.subscriber = subscriber;
        this.filter = filter;
        this.queue = queue;
    }

    InboundQueue queue() {
        return queue;
    }

    /** The broker has answered, or nobody waits for it any more. */
    void answer(Grant grant, Executor completions) {
        granted = grant;
        if (!result.isDone()) {
            completions.execute(() -> result.complete(grant));
        }
    }

    /** It is settled what became of the filter after the end of the subscription. */
    void removed(Removal how, Executor completions) {
        completions.execute(() -> removal.complete(how));
    }

    void ends() {
        ended = true;
    }

    boolean hasEnded() {
        return ended;
    }

    List<UserProperty> farewell() {
        return farewell;
    }

    @Override
    public String filter() {
        return filter;
    }

    @Override
    public Grant granted() {
        return granted;
    }

    @Override
    public CompletionStage<Grant> result() {
        return result.minimalCompletionStage();
    }

    /** Has something run when the subscription is closed by its owner. */
    public void onClose(Runnable task) {
        onClose = task;
    }

    /** Ends the subscription because its owner is gone; another one may come soon. */
    public void release() {
        subscriber.close(this, true);
    }

    @Override
    public CompletionStage<Removal> unsubscribe(List<UserProperty> userProperties) {
        farewell = List.copyOf(userProperties);
        close();
        return removal.minimalCompletionStage();
    }

    @Override
    public void close() {
        onClose.run();
        subscriber.close(this, false);
    }
}
