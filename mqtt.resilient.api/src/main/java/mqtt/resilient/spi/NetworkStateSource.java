package mqtt.resilient.spi;

import java.util.function.Consumer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Reports the state of the gateway's network. Safe from any thread. Called on the thread {@code mqtt-osgi}: a method
 * that blocks delays registrations and events, but no client.
 */
@ConsumerType
public interface NetworkStateSource {
    /** {@return the name by which the configuration key {@code network.source} selects this source} */
    String name();

    /** {@return the present state} */
    NetworkState state();

    /**
     * Adds a listener for changes; it gets {@link NetworkState#UP} again when addresses or routes have changed while
     * up.
     *
     * @param listener called on any thread; must not block
     * @return removes the listener when it is closed
     */
    AutoCloseable listen(Consumer<NetworkState> listener);

    /** Takes the network down and up again, if the source can; asked after {@code network.bounce.after} failures. */
    default void bounce() {
        // most sources cannot
    }
}
