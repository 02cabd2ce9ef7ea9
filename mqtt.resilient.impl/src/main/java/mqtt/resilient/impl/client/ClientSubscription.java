package mqtt.resilient.impl.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.impl.dispatch.ListenerQueue;

/** One listener on one filter. */
public final class ClientSubscription implements Subscription {
    private final Client client;
    private final String filter;
    private final int qos;
    private final ListenerQueue queue;
    private final CompletableFuture<Grant> result = new CompletableFuture<>();
    private volatile Grant granted = Grant.PENDING;

    ClientSubscription(Client client, String filter, int qos, ListenerQueue queue) {
        this.client = client;
        this.filter = filter;
        this.qos = qos;
        this.queue = queue;
    }

    int qos() {
        return qos;
    }

    ListenerQueue queue() {
        return queue;
    }

    /** The broker has answered, or nobody waits for it any more. */
    void answer(Grant grant, Executor completions) {
        granted = grant;
        if (!result.isDone()) {
            completions.execute(() -> result.complete(grant));
        }
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

    @Override
    public void close() {
        client.close(this, false);
    }
}
