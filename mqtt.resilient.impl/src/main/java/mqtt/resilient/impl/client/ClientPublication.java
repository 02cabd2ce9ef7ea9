package mqtt.resilient.impl.client;

import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;

/** An admitted message, by its number. */
record ClientPublication(Publisher publisher, long id, Durability durability) implements Publication {

    @Override
    public CompletionStage<Durability> stored() {
        return publisher.stored(this);
    }

    @Override
    public CompletionStage<Outcome> settled() {
        return publisher.delivered(id);
    }

    @Override
    public CompletionStage<Boolean> cancel() {
        return publisher.cancel(id);
    }

    @Override
    public String toString() {
        return "Publication[" + id + "]";
    }
}
