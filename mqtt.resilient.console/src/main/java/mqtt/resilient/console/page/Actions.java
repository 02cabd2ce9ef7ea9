package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.spi.ClientInspector;

/** What the buttons do. An action is taken at once; what takes time is told on the page's own stream. */
final class Actions {
    /** The longest body of a request; what Jetty takes as a form. */
    private static final int MOST_BYTES = 200_000;
    private static final int MOST_WAITING_SHOWN = 20;

    private final Pages pages;
    private final Clients clients;

    Actions(Pages pages, Clients clients) {
        this.pages = pages;
        this.clients = clients;
    }

    void act(String key, HttpServletRequest request, HttpServletResponse response) throws IOException {
        OpenPage page = pages.find(key, request.getHeader("X-Mqtt-Token"));
        if (page == null) {
            PageServlet.refuse(response, 403, "The token is not this page's; load the page again.");
            return;
        }
        if (request.getContentLengthLong() < 0 || request.getContentLengthLong() > MOST_BYTES) {
            PageServlet.refuse(response, 413, "The request has " + (request.getContentLengthLong() < 0 ? "no Content-Length"
                    : request.getContentLengthLong() + " bytes") + "; 0 to " + MOST_BYTES + " bytes are allowed.");
            return;
        }
        try {
            act(page, PageServlet.parameter(request, "client"), PageServlet.parameter(request, "do"), request);
            response.setStatus(202);
        } catch (IllegalArgumentException | IllegalStateException e) {
            PageServlet.refuse(response, 400, String.valueOf(e.getMessage()));
        }
    }

    private void act(OpenPage page, String name, String what, HttpServletRequest request) {
        ResilientMqttClient client = clients.client(name);
        switch (what) {
            case "connect" -> client.connect();
            case "disconnect" -> client.disconnect();
            case "reconnect" -> client.reconnect();
            case "ping" -> tell(page, client.brokerUp(), up -> up ? "The broker answers." : "The broker does not answer.");
            case "wan" -> tell(page, client.wanUp(), up -> up ? "The wide area network is there."
                    : "The wide area network is not there.");
            case "publish" -> publish(page, client, request);
            case "drop" -> {
                int lane = number(request, "lane");
                tell(page, clients.drop(name, lane), count -> count + " messages of lane " + lane + " were dropped.");
            }
            case "waiting" -> {
                int lane = number(request, "lane");
                clients.inspector(name).waiting(lane, MOST_WAITING_SHOWN).thenAccept(messages -> waiting(page, lane, messages));
            }
            default -> throw new IllegalArgumentException("do: \"" + what + "\" is not allowed; connect, disconnect, reconnect, "
                    + "ping, wan, publish, drop and waiting are.");
        }
    }

    private static void waiting(OpenPage page, int lane, List<ClientInspector.Waiting> messages) {
        page.send("waiting", new Json().object().put("lane", lane).name("messages").value(messages).end().toString());
    }

    private static void publish(OpenPage page, ResilientMqttClient client, HttpServletRequest request) {
        String payload = PageServlet.parameter(request, "payload");
        Message.Builder message = Message.to(PageServlet.parameter(request, "topic"))
                .qos(Qos.of(number(request, "qos"))).lane(number(request, "lane"))
                .retain("true".equals(request.getParameter("retain")));
        if ("hex".equals(request.getParameter("format"))) {
            message.payload(hex(payload));
        } else {
            message.payload(payload);
        }
        Publication publication = client.publish(message.build());
        String name = "Message " + publication.id();
        tell(page, publication.stored().thenCompose(durability -> { // the end may be there first, and is told last
            answer(page, true, name + " is accepted: " + durability + ".");
            return publication.delivered();
        }), outcome -> name + " is at its end: " + outcome.kind() + (outcome.reason().isEmpty() ? "." : ", " + outcome.reason()));
    }

    private static byte[] hex(String text) {
        try {
            return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("payload: it is not hexadecimal; pairs of the digits 0 to 9 and a to f are allowed.", e);
        }
    }

    private static <T> void tell(OpenPage page, CompletionStage<T> stage, Function<T, String> words) {
        stage.whenComplete((value, failure) -> {
            Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            answer(page, cause == null, cause == null ? words.apply(value) : String.valueOf(cause.getMessage()));
        });
    }

    private static void answer(OpenPage page, boolean well, String words) {
        page.send("answer", new Json().object().put("well", well).put("words", words).end().toString());
    }

    private static int number(HttpServletRequest request, String name) {
        String value = PageServlet.parameter(request, name);
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": \"" + value + "\" is not allowed; a whole number is.", e);
        }
    }
}
