package mqtt.resilient.impl.engine;

import java.nio.file.Path;
import java.util.Map;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.spi.NetworkStateSource;

/** What is around a client: an OSGi framework, or a plain program. */
public interface Host {
    /** The directory of clients that have no {@code store.directory}; null = none: it has to be configured. */
    Path dataArea();

    /** Whether the data area is emptied at each start. */
    boolean isDataAreaCleaned();

    /**
     * Rejects a configuration that needs a part which this host does not have and will not get.
     *
     * @throws Configuration.InvalidException names key, value and what is allowed
     */
    void requireParts(LinkSettings.Version version, String networkSource) throws Configuration.InvalidException;

    /** Who authenticates with a method; null = nobody. */
    Authenticator authenticator(String method);

    /** The source of the network's state with a name, or with {@code auto} the best; null = there is none. */
    NetworkStateSource networkSource(String name);

    /** Class and origin of a listener, the same after each restart. From any thread. */
    String describe(Object listener);

    /**
     * Tells an event. Called on the loop and on threads that configure: must not block or run foreign code.
     *
     * @return false if it was dropped, because too many wait
     */
    boolean post(String topic, Map<String, Object> properties);

    /**
     * A client is there, or has a new name, other versions or other subscriptions. On the host's thread, may be
     * repeated.
     */
    void announce(ManagedClient client);

    /** A client is not there any more. On the host's thread, may be repeated. */
    void withdraw(ManagedClient client);

    /** The class of a listener, the same after each restart. */
    static String className(Object listener) {
        return listener.getClass().getName().replaceFirst("\\$\\$Lambda.*", " (lambda)");
    }
}
