package mqtt.resilient.console.metrics;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.console.model.Clients;

/** Answers who is logged in with the figures. They are taken when they are asked for. */
final class MetricsServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    private final transient Clients clients;

    MetricsServlet(Clients clients) {
        this.clients = clients;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getRemoteUser() == null) {
            response.sendError(HttpServletResponse.SC_FORBIDDEN,
                    "The servlet context lets requests through without a user. Name one "
                            + "that authenticates in servlet.context of the configuration mqtt.resilient.console.");
            return;
        }
        response.setContentType(Prometheus.CONTENT_TYPE);
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.getWriter().write(Prometheus.write(samples()));
    }

    private List<Prometheus.Sample> samples() {
        List<Prometheus.Sample> samples = new ArrayList<>();
        for (String name : clients.names()) {
            clients.ask(name, client -> new Prometheus.Sample(client.status(), client.metrics()))
                    .ifPresent(samples::add);
        }
        return samples;
    }
}
