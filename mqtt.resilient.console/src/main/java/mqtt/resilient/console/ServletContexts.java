package mqtt.resilient.console;

import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which servlet context what we offer over HTTP is registered with. */
public final class ServletContexts {
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    private ServletContexts() {
    }

    /**
     * Reads the configuration.
     *
     * @param config the configuration
     * @return the value for {@code osgi.http.whiteboard.context.select}; empty = nothing may be registered, which is logged if the
     *         value is not allowed
     */
    public static String select(ConsoleConfig config) {
        String context = config.servlet_context().strip();
        String select = context.isEmpty() || context.startsWith("(") ? context : "(osgi.http.whiteboard.context.name=" + context + ")";
        try {
            if (!select.isEmpty()) {
                FrameworkUtil.createFilter(select);
            }
            return select;
        } catch (InvalidSyntaxException e) {
            LOG.error("{}: servlet.context \"{}\" is not allowed; allowed is the name of a ServletContextHelper that authenticates, "
                    + "or a filter for it; nothing is offered over HTTP", ConsoleConfig.PID, context);
            return "";
        }
    }
}
