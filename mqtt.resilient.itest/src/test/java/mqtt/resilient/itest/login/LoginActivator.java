package mqtt.resilient.itest.login;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Hashtable;
import java.util.Map;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.service.servlet.context.ServletContextHelper;

/** Two servlet contexts: {@code itest.login} with a login, {@code itest.open} without. */
public final class LoginActivator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        register(context, "itest.login", "/secured", true);
        register(context, "itest.open", "/open", false);
    }

    private static void register(BundleContext context, String name, String path, boolean login) {
        context.registerService(ServletContextHelper.class, new ServletContextHelper() {
            @Override
            public boolean handleSecurity(HttpServletRequest request, HttpServletResponse response) {
                String wanted = "Basic "
                        + Base64.getEncoder().encodeToString("admin:admin".getBytes(StandardCharsets.UTF_8));
                if (login && !wanted.equals(request.getHeader("Authorization"))) {
                    response.setStatus(401);
                    response.setHeader("WWW-Authenticate", "Basic realm=\"itest\"");
                    return false;
                }
                if (login) {
                    request.setAttribute(ServletContextHelper.REMOTE_USER, "admin");
                    request.setAttribute(ServletContextHelper.AUTHENTICATION_TYPE, HttpServletRequest.BASIC_AUTH);
                }
                return true;
            }
        }, new Hashtable<>(
                Map.of("osgi.http.whiteboard.context.name", name, "osgi.http.whiteboard.context.path", path)));
    }

    @Override
    public void stop(BundleContext context) {
        // the framework unregisters
    }
}
