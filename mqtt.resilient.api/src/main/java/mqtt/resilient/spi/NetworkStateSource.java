package mqtt.resilient.spi;

import java.util.function.Consumer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Watches the machine's network. Safe from any thread. Called on the thread {@code mqtt-osgi}: a method that blocks holds
 * up registrations and events, but no client.
 */
@ConsumerType
public interface NetworkStateSource {
    /** {@return the name by which the configuration key {@code network.source} selects this source} */
    String name();

    /** {@return the state now} */
    NetworkState state();

    /**
     * Hears of changes; {@link NetworkState#UP} again when addresses or routes have changed while up.
     *
     * @param listener called on any thread; must not block
     * @return closes the registration
     */
    AutoCloseable listen(Consumer<NetworkState> listener);

    /** Takes the network down and up again, if the source can; asked after {@code network.bounce.after} failures. */
    default void bounce() {
        // most sources cannot
    }
}
