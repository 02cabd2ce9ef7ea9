package mqtt.resilient.console.page;

import jakarta.servlet.Servlet;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
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
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers the page where there is a jakarta HTTP Whiteboard: in the Felix web console, with its login, and with the
 * context that is configured. Registered nowhere else. Without a whiteboard nothing of this package is loaded.
 */
@Component(service = {}, configurationPid = ConsoleConfig.PID,
        reference = @Reference(name = "http", service = HttpServiceRuntime.class))
public final class PageComponent {
    /** Where the files of the page are in the web console, below its address there. */
    static final String FILES = "/page";
    private static final String WEB_CONSOLE = "(osgi.http.whiteboard.context.name=org.apache.felix.webconsole)";

    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    private final Pages pages;
    private final List<ServiceRegistration<Servlet>> registrations = new ArrayList<>();

    /** Called by the Service Component Runtime. */
    @Activate
    public PageComponent(BundleContext bundle, ConsoleConfig config, @Reference Clients clients) {
        pages = new Pages(clients);
        Actions actions = new Actions(pages, clients);
        register(bundle, new ConsolePlugin(),
                Map.of("felix.webconsole.label", ConsolePlugin.LABEL, "felix.webconsole.title",
                        "MQTT clients", "felix.webconsole.category", "OSGi"));
        // The console's own servlet is no asynchronous one.
        register(bundle, new PageServlet(pages, actions, false),
                whiteboard(WEB_CONSOLE, "/" + ConsolePlugin.LABEL + FILES));
        String select = ServletContexts.select(config);
        if (!select.isEmpty()) {
            register(bundle, new PageServlet(pages, actions, true), whiteboard(select, "/mqtt"));
        } else if (!config.servlet_context().isBlank()) {
            LOG.error(
                    "{}: servlet.context \"{}\" is not allowed; allowed: the name of a ServletContextHelper that "
                            + "authenticates, or a filter for it; nothing is offered over HTTP outside the web console",
                    ConsoleConfig.PID,
                    config.servlet_context());
        }
    }

    private void register(BundleContext bundle, Servlet servlet, Map<String, ?> properties) {
        registrations.add(bundle.registerService(Servlet.class, servlet, new Hashtable<>(properties)));
    }

    private static Map<String, ?> whiteboard(String context, String path) {
        return Map.of("osgi.http.whiteboard.context.select", context, "osgi.http.whiteboard.servlet.pattern",
                path + "/*",
                "osgi.http.whiteboard.servlet.name", "mqtt.resilient.console",
                "osgi.http.whiteboard.servlet.asyncSupported", true);
    }

    /** Called by the Service Component Runtime. */
    @Deactivate
    public void deactivate() {
        pages.close(); // opens no more
        registrations.forEach(ServiceRegistration::unregister);
    }
}
