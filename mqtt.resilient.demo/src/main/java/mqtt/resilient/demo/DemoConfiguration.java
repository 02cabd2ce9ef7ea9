package mqtt.resilient.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Objects;
import mqtt.resilient.api.MqttConstants;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Configures the client {@code demo} at start. What somebody changed since, in the web console for example, is kept:
 * the broker is written again only if it still is the one that was written last, or if it was asked for. User and
 * password go with the broker: they stay until there is another broker or another user.
 */
@Component(service = {}, immediate = true)
public class DemoConfiguration {
    private static final String CLIENT_FACTORY = "mqtt.resilient.client";
    private static final String CLIENT_NAME = "demo";
    private static final String BROKERS = "brokers";
    private static final String USER = "user";
    private static final String PASSWORD = ".password";
    private static final String STORE_DIRECTORY = "store.directory";
    /** Remembers, across restarts, the broker written last. */
    private static final String OWN_PID = "mqtt.resilient.demo";

    /**
     * Writes the configuration.
     *
     * @param configurations where
     * @param context of this bundle
     * @throws IOException if it cannot be kept
     * @throws InvalidSyntaxException never
     */
    @Activate
    public DemoConfiguration(@Reference ConfigurationAdmin configurations, BundleContext context)
            throws IOException, InvalidSyntaxException {
        String wanted = Objects.requireNonNullElse(context.getProperty(GatewayProperties.BROKER),
                "mqtt://127.0.0.1:1883");
        boolean required = Boolean.parseBoolean(context.getProperty(GatewayProperties.BROKER_REQUIRED));
        Configuration own = configurations.getConfiguration(OWN_PID, "?");
        Configuration client = client(configurations);
        Dictionary<String, Object> properties = orEmpty(client.getProperties());
        String present = text(properties.get(BROKERS));
        String written = text(orEmpty(own.getProperties()).get(BROKERS));
        if (present != null && !required && !present.equals(written)) {
            return;
        }
        properties.put(MqttConstants.CLIENT, CLIENT_NAME);
        properties.put(BROKERS, wanted.split(","));
        String user = Objects.requireNonNullElse(context.getProperty(GatewayProperties.USER), "");
        if (!user.isEmpty()) {
            String password = password(context);
            // It can be read once: when this bundle is started again, the one that is there stays.
            if (password != null || !wanted.equals(present) || !user.equals(properties.get(USER))) {
                logIn(properties, user, password);
            }
        } else if (!wanted.equals(present)) {
            logIn(properties, null, null);
        }
        if (properties.get(STORE_DIRECTORY) == null) {
            Path store = GatewayProperties.directory(context).resolve("mqtt").resolve(CLIENT_NAME);
            properties.put(STORE_DIRECTORY, store.toString());
        }
        client.updateIfDifferent(properties);
        Dictionary<String, Object> memory = new Hashtable<>();
        memory.put(BROKERS, wanted);
        own.updateIfDifferent(memory);
    }

    private static void logIn(Dictionary<String, Object> properties, String user, String password) {
        put(properties, USER, user);
        put(properties, PASSWORD, password);
    }

    private static void put(Dictionary<String, Object> properties, String key, String value) {
        if (value == null) {
            properties.remove(key);
        } else {
            properties.put(key, value);
        }
    }

    /** {@return the password, or null: none} */
    private static String password(BundleContext context) throws IOException {
        String file = context.getProperty(GatewayProperties.PASSWORD);
        if (file == null) {
            return null;
        }
        try (BufferedReader reader = Files.newBufferedReader(Path.of(file))) {
            String line = reader.readLine();
            return line == null || line.isEmpty() ? null : line;
        }
    }

    private static Configuration client(ConfigurationAdmin configurations) throws IOException, InvalidSyntaxException {
        Configuration[] found = configurations.listConfigurations("(&(service.factoryPid=" + CLIENT_FACTORY + ")("
                + MqttConstants.CLIENT + "=" + CLIENT_NAME + "))");
        return found == null
                ? configurations.getFactoryConfiguration(CLIENT_FACTORY, CLIENT_NAME, "?")
                : found[0];
    }

    private static Dictionary<String, Object> orEmpty(Dictionary<String, Object> properties) {
        return properties == null ? new Hashtable<>() : properties;
    }

    /** The console stores a list where a plain text was. */
    private static String text(Object value) {
        if (value instanceof String[] lines) {
            return String.join(",", lines);
        }
        if (value instanceof Collection<?> lines) {
            return String.join(",", lines.stream().map(String::valueOf).toList());
        }
        return value == null ? null : value.toString();
    }
}
