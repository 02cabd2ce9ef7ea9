package mqtt.resilient.spi;

import java.util.Map;
import mqtt.resilient.api.ResilientMqttClient;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Makes clients from property maps, for bundles that have their configuration from elsewhere than the factory
 * {@code mqtt.resilient.client}. Safe from any thread.
 */
@ProviderType
public interface ClientFactory {
    /**
     * Makes a client. It runs until it is disposed of; whoever made it does that, also when this service goes.
     *
     * @param fallbackName its name until a configuration gives it one: by a valid {@code mqtt.client}, even if the rest of it is
     *        not usable
     * @return a client without a configuration: {@link ManagedMqttClient#configure} starts it
     */
    ManagedMqttClient make(String fallbackName);

    /** A client and its configuration. Safe from any thread, one call at a time has effect; no method throws. */
    @ProviderType
    interface ManagedMqttClient {
        /**
         * Takes a configuration, with the keys of the factory {@code mqtt.resilient.client}; values may have any type that
         * can be read as the one that is meant. The first one, usable or not, registers the service {@link ResilientMqttClient}
         * with {@code mqtt.client} and {@code mqtt.protocol}. One that is not usable changes nothing: the reason is in
         * {@link mqtt.resilient.api.ClientStatus#configurationError()}, in the log and in an event. It is tried again by itself
         * if its name is taken, or messages are pending that it would leave behind.
         *
         * @param properties the configuration; it is copied
         * @param tls keys and trust instead of those of {@code tls.keystore} and {@code tls.truststore}; null = those. Another
         *        object than before makes a new connection
         */
        void configure(Map<String, ?> properties, TlsMaterial tls);

        /**
         * Notes that a configuration is not usable, for a reason that the maker itself has found: as with
         * {@link #configure}, nothing changes and the reason is told.
         *
         * @param reason names key, value and what is allowed; never a secret
         */
        void reject(String reason);

        /** {@return the client, for the maker itself; not usable any more after {@link #dispose()}} */
        ResilientMqttClient client();

        /** Ends the client and its service, within a few seconds, also from inside one of its callbacks; repeatable. */
        void dispose();
    }
}
