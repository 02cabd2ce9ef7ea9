package mqtt.resilient.itest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** Factory components as Kura makes them: by configurations with {@code kura.service.pid}. Those that are left are deleted. */
final class KuraComponents implements AutoCloseable {
    private final BundleContext context;
    private final ConfigurationAdmin admin;
    private final Map<String, Configuration> configurations = new HashMap<>();

    KuraComponents(BundleContext context) {
        this.context = context;
        admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
    }

    /** Makes or changes a component. */
    void configure(String factoryPid, String pid, Object... keysAndValues) {
        Map<String, Object> properties = new HashMap<>(Map.of("kura.service.pid", pid));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        try {
            Configuration configuration = configurations.get(pid);
            if (configuration == null) {
                configuration = admin.createFactoryConfiguration(factoryPid, "?");
                configurations.put(pid, configuration);
            }
            configuration.update(new Hashtable<>(properties));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits for a service of a component. */
    <T> T service(Class<T> type, String pid) {
        List<ServiceReference<T>> found = new ArrayList<>();
        Await.until(type.getSimpleName() + " of " + pid, () -> {
            found.addAll(references(type, pid));
            return !found.isEmpty();
        });
        return context.getService(found.get(0));
    }

    private <T> List<ServiceReference<T>> references(Class<T> type, String pid) {
        try {
            return List.copyOf(context.getServiceReferences(type, "(kura.service.pid=" + pid + ")"));
        } catch (InvalidSyntaxException e) {
            throw new AssertionError(Arrays.toString(e.getStackTrace()), e);
        }
    }

    /** Deletes a component. */
    void delete(String pid) {
        try {
            configurations.remove(pid).delete();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        List.copyOf(configurations.keySet()).forEach(this::delete);
    }
}
