package mqtt.resilient.kura.cloud;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.cloudconnection.CloudEndpoint;
import org.eclipse.kura.cloudconnection.factory.CloudConnectionFactory;
import org.eclipse.kura.configuration.ConfigurationService;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes cloud connections: a client, and an endpoint that uses it. */
@Component(name = ConnectionFactory.PID, service = CloudConnectionFactory.class,
        configurationPolicy = ConfigurationPolicy.IGNORE,
        property = { "service.pid=" + ConnectionFactory.PID, "kura.ui.csf.pid.default=" + ConnectionFactory.CONNECTION,
            "kura.ui.csf.pid.regex=" + ConnectionFactory.REGEX })
public final class ConnectionFactory implements CloudConnectionFactory {
    static final String PID = "mqtt.resilient.kura.cloud.CloudConnectionFactory";
    static final String CONNECTION = "mqtt.resilient.CloudConnection";
    static final String REGEX = "^mqtt.resilient.CloudConnection(-[a-zA-Z0-9]+)?$";
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");
    private static final Pattern CONNECTIONS = Pattern.compile(REGEX);
    private static final String CLIENT_FACTORY = "mqtt.resilient.kura.client";
    private static final String CLIENT = "mqtt.resilient.CloudClient";

    private final BundleContext context;
    private final ConfigurationService configurations;

    @Activate
    public ConnectionFactory(BundleContext context, @Reference ConfigurationService configurations) {
        this.context = context;
        this.configurations = configurations;
    }

    @Override
    public String getFactoryPid() {
        return EndpointConfig.PID;
    }

    private static String suffix(String pid) throws KuraException {
        Matcher matcher = CONNECTIONS.matcher(pid);
        if (!matcher.matches()) {
            throw new KuraException(KuraErrorCode.INVALID_PARAMETER,
                    "\"" + pid + "\" is not allowed; allowed: " + CONNECTION
                            + ", or that with a hyphen and letters or digits");
        }
        return matcher.group(1) == null ? "" : matcher.group(1);
    }

    @Override
    public void createConfiguration(String pid) throws KuraException {
        String suffix = suffix(pid);
        String name = "cloud" + suffix;
        // Kura's own DataService keeps messages of QoS 0 too
        configurations.createFactoryConfiguration(CLIENT_FACTORY, CLIENT + suffix,
                Map.of("mqtt.client", name, "qos0.offline", true), false);
        try {
            configurations.createFactoryConfiguration(EndpointConfig.PID, pid,
                    Map.of("mqtt.client", name, KURA_CLOUD_CONNECTION_FACTORY_PID, PID), true);
        } catch (KuraException e) {
            try {
                configurations.deleteFactoryConfiguration(CLIENT + suffix, false);
            } catch (KuraException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    @Override
    public List<String> getStackComponentsPids(String pid) throws KuraException {
        return List.of(pid, CLIENT + suffix(pid));
    }

    @Override
    public void deleteConfiguration(String pid) throws KuraException {
        String suffix = suffix(pid);
        try { // first, and somebody may have deleted it alone: while the endpoint is there this can be repeated
            configurations.deleteFactoryConfiguration(CLIENT + suffix, false);
        } catch (KuraException e) {
            LOG.warn("{} could not be deleted: {}", CLIENT + suffix, e.getMessage());
        }
        configurations.deleteFactoryConfiguration(pid, true);
    }

    @Override
    public Set<String> getManagedCloudConnectionPids() throws KuraException {
        Set<String> pids = new TreeSet<>();
        try {
            for (ServiceReference<CloudEndpoint> endpoint : context.getServiceReferences(CloudEndpoint.class,
                    "(" + KURA_CLOUD_CONNECTION_FACTORY_PID + "=" + PID + ")")) {
                if (endpoint.getProperty(ConfigurationService.KURA_SERVICE_PID) instanceof String pid
                        && CONNECTIONS.matcher(pid).matches()) {
                    pids.add(pid);
                }
            }
        } catch (InvalidSyntaxException e) {
            throw new KuraException(KuraErrorCode.INTERNAL_ERROR, e);
        }
        return pids;
    }
}
