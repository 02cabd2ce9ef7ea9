package mqtt.resilient.spi;

import java.util.Map;
import mqtt.resilient.api.ResilientMqttClient;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Makes clients from property maps, for bundles whose configuration does not come from the factory
 * {@code mqtt.resilient.client}. Safe from any thread.
 */
@ProviderType
public interface ClientFactory {
    /**
     * Makes a client. It runs until it is disposed of; its maker does that, also when this service is unregistered.
     *
     * @param fallbackName its name until a configuration has a valid {@code mqtt.client}, even if the rest of that
     *        configuration is rejected
     * @return a client without a configuration: {@link ManagedMqttClient#configure} starts it
     */
    ManagedMqttClient make(String fallbackName);

    /** A client and its configuration. Safe from any thread, calls take effect one at a time; no method throws. */
    @ProviderType
    interface ManagedMqttClient {
        /**
         * Sets the configuration, with the keys of the factory {@code mqtt.resilient.client}; values may have any type
         * that can be converted to that of the key. The first one, valid or not, registers the service
         * {@link ResilientMqttClient} with {@code mqtt.client} and {@code mqtt.protocol}. An invalid one is rejected
         * and changes nothing: the reason is in {@link mqtt.resilient.api.ClientStatus#configurationError()}, in the
         * log and in an event. It is tried again by itself if it was rejected because its name is in use, or because
         * messages are pending in another store.
         *
         * @param properties the configuration; it is copied
         * @param tls keys and trust instead of those of {@code tls.keystore} and {@code tls.truststore}; null = those.
         *        Another object than before has the client reconnect
         */
        void configure(Map<String, ?> properties, TlsMaterial tls);

        /**
         * Rejects a configuration for a reason that the maker has found: as with an invalid one in {@link #configure},
         * nothing changes and the reason is reported.
         *
         * @param reason names key, value and what is allowed; never a secret
         */
        void reject(String reason);

        /** {@return the client, for the maker; closed after {@link #dispose()}} */
        ResilientMqttClient client();

        /** Ends the client and its service, within a few seconds, also from inside one of its callbacks; repeatable. */
        void dispose();
    }
}
