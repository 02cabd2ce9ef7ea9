package mqtt.resilient.console;

import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;

/** Which servlet context what we offer over HTTP is registered with. */
public final class ServletContexts {
    private ServletContexts() {
    }

    /**
     * Reads the configuration.
     *
     * @param config the configuration
     * @return the value for {@code osgi.http.whiteboard.context.select}; empty = nothing may be registered
     */
    public static String select(ConsoleConfig config) {
        String context = config.servlet_context().strip();
        String select = context.isEmpty() || context.startsWith("(") ? context
                : "(osgi.http.whiteboard.context.name=" + context + ")";
        try {
            if (!select.isEmpty()) {
                FrameworkUtil.createFilter(select);
            }
            return select;
        } catch (InvalidSyntaxException e) {
            return ""; // told by the page's component
        }
    }
}
