package mqtt.resilient.console;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The configuration of the console; without one the shell commands are there, and nothing is in HTTP. */
@ObjectClassDefinition(id = ConsoleConfig.PID, name = "MQTT console",
        description = "What is offered over HTTP outside the Felix web console: the page and the metrics of the MQTT "
                + "clients.")
public @interface ConsoleConfig {
    /** The PID. */
    String PID = "mqtt.resilient.console";

    @AttributeDefinition(name = "Servlet context", required = false,
            description = "The ServletContextHelper with which the page and the metrics "
                    + "are registered: its name, or a filter for osgi.http.whiteboard.context.select. It must "
                    + "authenticate: a request without a user is rejected. Empty: neither is registered.")
    String servlet_context() default "";

    @AttributeDefinition(name = "Metrics",
            description = "Whether the metrics of all clients are offered at /mqtt/metrics in "
                    + "the text format of Prometheus. Needs a servlet context.")
    boolean metrics() default false;
}
