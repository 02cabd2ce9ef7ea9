package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.Hashtable;
import java.util.Map;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ResilientMqttClient;
import org.junit.jupiter.api.Test;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.servlet.context.ServletContextHelper;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;

/** The figures over HTTP: nowhere unless it is configured, and only for who is logged in. */
class ConsoleMetricsTest extends FrameworkTest {
    private static final String PATH = "/guarded/mqtt/metrics";

    /** Lets in who knows the password, or everybody. */
    private static final class Guard extends ServletContextHelper {
        private final boolean authenticating;

        Guard(boolean authenticating) {
            this.authenticating = authenticating;
        }

        @Override
        public boolean handleSecurity(HttpServletRequest request, HttpServletResponse response) throws IOException {
            if (!authenticating) {
                return true;
            }
            if (("Basic " + Base64.getEncoder().encodeToString("night:shift".getBytes()))
                    .equals(request.getHeader("Authorization"))) {
                request.setAttribute(REMOTE_USER, "night");
                request.setAttribute(AUTHENTICATION_TYPE, HttpServletRequest.BASIC_AUTH);
                return true;
            }
            response.setHeader("WWW-Authenticate", "Basic realm=\"test\"");
            response.sendError(HttpServletResponse.SC_UNAUTHORIZED);
            return false;
        }
    }

    private void guard(boolean authenticating) {
        ServiceRegistration<ServletContextHelper> guard = context.registerService(ServletContextHelper.class,
                new Guard(authenticating),
                new Hashtable<>(Map.of("osgi.http.whiteboard.context.name", "guarded",
                        "osgi.http.whiteboard.context.path", "/guarded")));
        closing(guard::unregister);
    }

    private void configure(Map<String, Object> properties) throws IOException {
        ConfigurationAdmin admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
        Configuration configuration = admin.getConfiguration("mqtt.resilient.console", "?");
        configuration.update(new Hashtable<>(properties));
        closing(configuration::delete);
    }

    private HttpResponse<String> get(String path, boolean loggedIn) {
        ServiceReference<HttpServiceRuntime> http = context.getServiceReference(HttpServiceRuntime.class);
        Object endpoints = http.getProperty("osgi.http.endpoint");
        String endpoint = endpoints instanceof String[] all ? all[0] : String.valueOf(endpoints);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(endpoint).resolve(path));
        if (loggedIn) {
            request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString("night:shift".getBytes()));
        }
        try {
            return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theFiguresAreThereForWhoIsLoggedIn() throws Exception {
        ResilientMqttClient client = clients.connected("figures", broker);
        Await.result(client.publish(Message.to("figures").build()).delivered());
        guard(true);
        configure(Map.of("metrics", true, "servlet.context", "guarded"));
        Await.until("the figures", () -> get(PATH, true).statusCode() == 200);
        HttpResponse<String> answer = get(PATH, true);
        assertEquals("text/plain; version=0.0.4; charset=utf-8",
                answer.headers().firstValue("Content-Type").orElse("").toLowerCase()
                        .replace(";charset", "; charset").replace(";version", "; version"));
        for (String line : new String[] { "mqtt_resilient_connected{client=\"figures\"} 1",
            "mqtt_resilient_settled_messages_total{client=\"figures\",outcome=\"delivered\"} 1",
            "# TYPE mqtt_resilient_round_trip_seconds gauge" }) {
            assertTrue(answer.body().lines().anyMatch(line::equals), line + " is not in\n" + answer.body());
        }
        assertEquals(401, get(PATH, false).statusCode());
    }

    @Test
    void aContextThatLetsEverybodyInShowsNothing() throws Exception {
        guard(false);
        configure(Map.of("metrics", true, "servlet.context", "(osgi.http.whiteboard.context.name=guarded)"));
        Await.until("an answer", () -> get(PATH, false).statusCode() != 404);
        assertEquals(403, get(PATH, false).statusCode());
    }

    @Test
    void nothingIsThereUnlessItIsConfigured() throws Exception {
        guard(true);
        Await.until("what other tests had configured is gone", () -> get(PATH, true).statusCode() == 404);
        configure(Map.of("metrics", true));
        assertEquals(404, get(PATH, true).statusCode());
        assertEquals(404, get("/mqtt/metrics", true).statusCode());
    }
}
