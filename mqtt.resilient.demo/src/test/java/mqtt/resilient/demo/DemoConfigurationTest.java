package mqtt.resilient.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * What the client {@code demo} is configured with from start to start, in a configuration admin of two configurations.
 */
class DemoConfigurationTest {
    private static final String CLIENT = "mqtt.resilient.client~demo";

    @TempDir
    Path directory;
    private final Map<String, Dictionary<String, Object>> stored = new HashMap<>();

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, handler));
    }

    private Configuration configuration(String pid) {
        return proxy(Configuration.class, (self, method, values) -> {
            if (method.getName().equals("getProperties")) {
                return stored.get(pid) == null ? null : new Hashtable<>((Hashtable<String, Object>) stored.get(pid));
            }
            @SuppressWarnings("unchecked")
            Dictionary<String, Object> properties = (Dictionary<String, Object>) values[0];
            stored.put(pid, properties);
            return true;
        });
    }

    /** A start of the gateway with these framework properties. */
    private void start(String... keysAndValues) throws IOException, InvalidSyntaxException {
        Map<String, String> properties = new HashMap<>(Map.of("gateway.directory", directory.toString()));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        ConfigurationAdmin admin = proxy(ConfigurationAdmin.class, (self, method, values) -> switch (method.getName()) {
            case "getConfiguration" -> configuration((String) values[0]);
            case "getFactoryConfiguration" -> configuration(CLIENT);
            default -> stored.containsKey(CLIENT) ? new Configuration[] { configuration(CLIENT) } : null;
        });
        new DemoConfiguration(admin, proxy(BundleContext.class, (self, method, values) -> properties.get(values[0])));
    }

    private void startWith(String broker, String user, String password) throws IOException, InvalidSyntaxException {
        Path file = Files.writeString(directory.resolve("password"), password);
        start("gateway.broker", broker, "gateway.broker.required", "true", "gateway.user", user,
                "gateway.password", file.toString());
    }

    private Object value(String key) {
        return stored.get(CLIENT).get(key);
    }

    @Test
    void aBrokerThatWasAskedForIsConfiguredWithItsUserAndPassword() throws Exception {
        startWith("mqtts://one,mqtts://two", "me", "secret\n");
        assertArrayEquals(new String[] { "mqtts://one", "mqtts://two" }, (String[]) value("brokers"));
        assertEquals("me", value("user"));
        assertEquals("secret", value(".password"));
    }

    @Test
    void userAndPasswordStayWithTheirBrokerAndGoWithIt() throws Exception {
        startWith("mqtt://one", "me", "secret");
        start("gateway.broker", "mqtt://one", "gateway.broker.required", "true");
        assertEquals("secret", value(".password"));
        start("gateway.broker", "mqtt://127.0.0.1:1883", "gateway.broker.required", "false");
        assertArrayEquals(new String[] { "mqtt://127.0.0.1:1883" }, (String[]) value("brokers"));
        assertNull(value("user"));
        assertNull(value(".password"));
    }

    @Test
    void aPasswordThatCannotBeReadAgainStaysButNotForAnotherUserOrBroker() throws Exception {
        startWith("mqtt://one", "me", "secret");
        startWith("mqtt://one", "me", "");
        assertEquals("secret", value(".password"));
        startWith("mqtt://one", "you", "");
        assertEquals("you", value("user"));
        assertNull(value(".password"));
        startWith("mqtt://one", "me", "secret");
        startWith("mqtt://two", "me", "");
        assertEquals("me", value("user"));
        assertNull(value(".password"));
    }

    @Test
    void whatSomebodyConfiguredIsKeptUnlessABrokerIsAskedFor() throws Exception {
        start("gateway.broker", "mqtt://127.0.0.1:1883");
        stored.get(CLIENT).put("brokers", new String[] { "mqtt://mine" });
        start("gateway.broker", "mqtt://127.0.0.1:1884");
        assertArrayEquals(new String[] { "mqtt://mine" }, (String[]) value("brokers"));
        start("gateway.broker", "mqtt://127.0.0.1:1884", "gateway.broker.required", "true");
        assertArrayEquals(new String[] { "mqtt://127.0.0.1:1884" }, (String[]) value("brokers"));
    }
}
