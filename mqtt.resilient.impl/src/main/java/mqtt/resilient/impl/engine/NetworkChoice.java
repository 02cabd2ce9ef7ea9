package mqtt.resilient.impl.engine;

import java.util.Set;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;

/** From which source a client is told the state of the network, of those that are there. On the host's thread only. */
final class NetworkChoice {
    private static final Log LOG = Log.of("mqtt.resilient");

    private final Engine engine;
    private final Host host;
    private final Client client;
    private NetworkStateSource chosen;
    private AutoCloseable listener;

    NetworkChoice(Engine engine, Host host, Client client) {
        this.engine = engine;
        this.host = host;
        this.client = client;
    }

    /** Takes the source that a configuration asks for. */
    void choose(String name) {
        NetworkStateSource wanted = find(name);
        if (chosen == wanted) {
            return;
        }
        try {
            if (listener != null) {
                listener.close();
                listener = null;
            }
            listener = wanted == null ? null : wanted.listen(client::networkChanged);
            client.networkChanged(wanted == null ? NetworkState.UNKNOWN : wanted.state());
        } catch (Exception e) { // foreign code may throw anything
            LOG.warn("{}: network source {} failed: {}; the network state is UNKNOWN", client.status().client(), wanted,
                    e.toString(), e);
            client.networkChanged(NetworkState.UNKNOWN);
        }
        client.bouncer(wanted == null ? () -> {} : () -> engine.host().execute(wanted::bounce));
        chosen = wanted; // last: without heap all of this comes again
    }

    /** The source of that name, {@code system} where Kura knows nothing; null = none. */
    private NetworkStateSource find(String name) {
        NetworkStateSource found = name.equals("none") ? null : host.networkSource(name);
        return found == null && Set.of("auto", "kura", "system").contains(name) ? engine.systemNetwork() : found;
    }
}
