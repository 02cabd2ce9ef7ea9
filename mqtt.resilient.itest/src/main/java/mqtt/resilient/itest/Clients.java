package mqtt.resilient.itest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.ResilientMqttClient;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * Clients made as an administrator makes them: by configurations. Those that are left are deleted at the end. They
 * speak 3.1.1 unless a test says otherwise.
 */
final class Clients implements AutoCloseable {
    static final String PID = "mqtt.resilient.client";

    private final BundleContext context;
    private final ConfigurationAdmin admin;
    private final Map<String, Configuration> configurations = new HashMap<>();
    /** Of these clients alone: what an earlier test has left in the store is none of their business. */
    private final Path directory;

    Clients(BundleContext context) {
        this.context = context;
        admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
        try {
            directory = Files.createTempDirectory("itest-stores");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a client that is quick to try again, and waits until it is connected. */
    ResilientMqttClient connected(String name, TestBroker broker, Object... keysAndValues) {
        configure(name, broker.uri(), keysAndValues);
        ResilientMqttClient client = service(name);
        awaitConnected(client);
        return client;
    }

    static void awaitConnected(ResilientMqttClient client) {
        Await.until(client + " is connected", client::isConnected);
    }

    /** Makes or changes a client that is quick to try again; keys that are not given have their default. */
    void configure(String name, String broker, Object... keysAndValues) {
        Map<String, Object> properties = new HashMap<>(Map.of("mqtt.client", name, "brokers", broker,
                "backoff.min.ms", 50, "backoff.max.seconds", 1, "store.directory", directory.toString(),
                "protocol", "3.1.1"));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        put(name, properties);
    }

    /**
     * Makes or changes a configuration with exactly these properties.
     *
     * @param alias how the test calls it, whatever the properties say
     */
    void put(String alias, Map<String, Object> properties) {
        try {
            Configuration configuration = configurations.get(alias);
            if (configuration == null) {
                configuration = admin.createFactoryConfiguration(PID, "?");
                configurations.put(alias, configuration);
            }
            configuration.update(new Hashtable<>(properties));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the service of a client, as soon as it is there} */
    ResilientMqttClient service(String name) {
        return context.getService(reference(name));
    }

    /** {@return the reference to the service of a client, as soon as it is there} */
    ServiceReference<ResilientMqttClient> reference(String name) {
        Await.until("a service for the client " + name, () -> !references(name).isEmpty());
        return references(name).iterator().next();
    }

    /** {@return every service for a client name} */
    Collection<ServiceReference<ResilientMqttClient>> references(String name) {
        try {
            return context.getServiceReferences(ResilientMqttClient.class, "(mqtt.client=" + name + ")");
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** {@return the PID of a configuration} */
    String pid(String alias) {
        return configurations.get(alias).getPid();
    }

    /** Deletes configurations and waits until their services are gone. */
    void delete(String... aliases) {
        List<ServiceReference<ResilientMqttClient>> leaving = new ArrayList<>();
        for (String alias : aliases) {
            leaving.addAll(references(alias));
            try {
                configurations.remove(alias).delete();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        Await.until("the services of " + Arrays.toString(aliases) + " are gone",
                () -> leaving.stream().allMatch(reference -> reference.getBundle() == null));
    }

    @Override
    public void close() {
        delete(configurations.keySet().toArray(String[]::new));
        Await.until("no client is left", () -> context.getServiceReference(ResilientMqttClient.class) == null);
    }
}
