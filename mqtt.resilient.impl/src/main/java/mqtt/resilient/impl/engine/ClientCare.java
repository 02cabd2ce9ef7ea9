package mqtt.resilient.impl.engine;

import java.util.Collection;
import java.util.function.Supplier;
import mqtt.resilient.impl.io.EventLoop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells all clients when the heap was short on the loop, so that each mends what may be half done, and when the loop has ended. */
final class ClientCare implements EventLoop.Watcher {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    private final Supplier<Collection<ManagedClient>> clients;

    /** Takes care of the clients that there are at the time. */
    ClientCare(Supplier<Collection<ManagedClient>> clients) {
        this.clients = clients;
    }

    @Override
    public void heapWasShort(String where) {
        LOG.error("Out of memory in {}: what was under way may be half done, so all {} clients connect again", where, clients.get().size());
        for (ManagedClient each : clients.get()) {
            try {
                each.engineClient().mend();
            } catch (RuntimeException e) { // the others need it too
                LOG.error("{}: a fault while mending", each.name(), e);
            }
        }
    }

    @Override
    public void ended(Throwable reason) {
        String words = "the thread mqtt-io has ended; restart the bundle mqtt.resilient.impl, or the program: " + reason;
        LOG.error("All clients have failed: {}", words, reason);
        for (ManagedClient each : clients.get()) {
            each.engineClient().fail(words);
        }
    }
}
