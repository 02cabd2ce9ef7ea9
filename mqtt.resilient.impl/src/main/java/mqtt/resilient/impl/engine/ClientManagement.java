package mqtt.resilient.impl.engine;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Locale;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import mqtt.resilient.api.ClientMXBean;
import mqtt.resilient.api.ClientMetrics;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.environment.Log;

/** A client's figures in JMX. */
final class ClientManagement {
    private static final Log LOG = Log.of("mqtt.resilient");

    private final Client client;
    private ObjectName registered;
    private String name = "";

    ClientManagement(Client client) {
        this.client = client;
    }

    /** Registers under a client name, instead of the one before; a failure is told and harms nothing. */
    void register(String newName) {
        if (newName.equals(name)) {
            return;
        }
        unregister();
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            ObjectName wanted = new ObjectName("mqtt.resilient:type=Client,name=" + ObjectName.quote(newName));
            Object proxy = Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { ClientMXBean.class },
                    (self, getter, arguments) -> answer(getter));
            server.registerMBean(new StandardMBean(ClientMXBean.class.cast(proxy), ClientMXBean.class, true), wanted);
            registered = wanted;
        } catch (JMException e) {
            LOG.warn("{}: MXBean not registered: {}", newName, e.toString());
        }
        name = newName; // last: without heap all of this comes again
    }

    void unregister() {
        if (registered != null) {
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(registered);
            } catch (JMException e) {
                LOG.warn("The MXBean {} could not be unregistered: {}", registered, e.toString());
            }
            registered = null;
        }
    }

    /** Answers each getter from the status or the metrics component of the same name. */
    private Object answer(Method getter) throws ReflectiveOperationException {
        String component = getter.getName().substring(3, 4).toLowerCase(Locale.ROOT) + getter.getName().substring(4);
        return switch (component) {
            case "state" -> client.status().state().name();
            case "reason" -> client.status().reason();
            case "sinceMillis" -> client.status().since().toEpochMilli();
            case "attempt" -> client.status().attempt();
            case "nextAttemptMillis" -> client.status().nextAttempt().toMillis();
            case "configurationError" -> client.status().configurationError();
            case "storeReason" -> client.status().storeReason();
            case "store" -> client.status().store().name();
            case "broker" -> client.status().broker();
            default -> ClientMetrics.class.getMethod(component).invoke(client.metrics());
        };
    }
}
