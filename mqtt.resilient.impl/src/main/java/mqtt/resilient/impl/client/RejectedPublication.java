package mqtt.resilient.impl.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.RejectedException;

/** A message that was not admitted. */
record RejectedPublication(RejectedException reason) implements Publication {

    @Override
    public long id() {
        return 0;
    }

    @Override
    public CompletionStage<Durability> stored() {
        return CompletableFuture.failedStage(reason);
    }

    @Override
    public CompletionStage<Outcome> settled() {
        return CompletableFuture.completedStage(new Outcome(Outcome.Kind.REJECTED, 0, reason.getMessage()));
    }

    @Override
    public CompletionStage<Boolean> cancel() {
        return CompletableFuture.completedStage(false);
    }
}
