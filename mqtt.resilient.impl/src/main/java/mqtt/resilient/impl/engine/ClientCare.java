package mqtt.resilient.impl.engine;

import java.util.Collection;
import java.util.function.Supplier;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.io.EventLoop;

/**
 * Tells all clients when the heap was short on the loop, so that each mends what may be half done, and when the loop
 * has ended.
 */
final class ClientCare implements EventLoop.Watcher {
    static {
        Handlers.prepare(RuntimeException.class);
    }

    private static final Log LOG = Log.of("mqtt.resilient");

    private final Supplier<Collection<ManagedClient>> clients;

    /** Takes care of the clients that there are at the time. */
    ClientCare(Supplier<Collection<ManagedClient>> clients) {
        this.clients = clients;
    }

    @Override
    public void heapWasShort(String where) {
        Collection<ManagedClient> all = clients.get();
        LOG.error("Out of memory in {}: what was under way may be half done, so all {} clients connect again", where,
                all.size());
        for (ManagedClient each : all) {
            try {
                each.engineClient().mend();
            } catch (RuntimeException e) { // the others need it too
                LOG.error("{}: a fault while mending", each.name(), e);
            }
        }
    }

    @Override
    public void ended(Throwable reason) {
        String words = "the thread mqtt-io has ended; restart the bundle mqtt.resilient.impl, or the program: "
                + reason;
        LOG.error("All clients have failed: {}", words, reason);
        for (ManagedClient each : clients.get()) {
            each.engineClient().fail(words);
        }
    }
}
