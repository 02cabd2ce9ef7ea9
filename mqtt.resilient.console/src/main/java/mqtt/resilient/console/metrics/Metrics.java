package mqtt.resilient.console.metrics;

import jakarta.servlet.Servlet;
import java.util.Hashtable;
import java.util.Map;
import mqtt.resilient.console.ConsoleConfig;
import mqtt.resilient.console.ServletContexts;
import mqtt.resilient.console.model.Clients;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Offers the figures over HTTP where that is configured and a jakarta HTTP Whiteboard is there. */
@Component(service = {}, configurationPid = ConsoleConfig.PID,
        reference = @Reference(name = "http", service = HttpServiceRuntime.class))
@Designate(ocd = ConsoleConfig.class)
public final class Metrics {
    private static final String PATTERN = "/mqtt/metrics";
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    /** Null = the configuration does not want it. */
    private ServiceRegistration<Servlet> registration;

    /** Called by the Service Component Runtime. */
    @Activate
    public Metrics(BundleContext context, ConsoleConfig config, @Reference Clients clients) {
        String select = ServletContexts.select(config);
        if (config.metrics() && !select.isEmpty()) {
            registration = context.registerService(Servlet.class, new MetricsServlet(clients), new Hashtable<>(Map.of(
                    "osgi.http.whiteboard.servlet.name", "mqtt.resilient.metrics",
                    "osgi.http.whiteboard.servlet.pattern", PATTERN,
                    "osgi.http.whiteboard.context.select", select)));
        } else if (config.metrics()) {
            LOG.warn(
                    "{}: metrics is true, but {} is not registered: servlet.context is missing or not allowed; "
                            + "required: the name of a ServletContextHelper that authenticates, or a filter for it",
                    ConsoleConfig.PID, PATTERN);
        }
    }

    @Deactivate
    void deactivate() {
        if (registration != null) {
            registration.unregister();
        }
    }
}
