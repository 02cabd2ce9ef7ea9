package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HexFormat;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.console.model.Clients;
import mqtt.resilient.console.model.Text;

/** What the buttons do. An action is taken at once; what takes time is told on the stream that the page has then. */
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
        if (!pages.isToken(key, request.getHeader("X-Mqtt-Token"))) {
            PageServlet.refuse(response, 403,
                    "The token of this page is no longer valid; the page gets a new one when it is live again.");
            return;
        }
        if (request.getContentLengthLong() < 0 || request.getContentLengthLong() > MOST_BYTES) {
            PageServlet.refuse(response, 413,
                    "The request has " + (request.getContentLengthLong() < 0 ? "no Content-Length"
                            : request.getContentLengthLong() + " bytes") + "; 0 to " + MOST_BYTES
                            + " bytes are allowed.");
            return;
        }
        try {
            act(key, PageServlet.parameter(request, "client"), PageServlet.parameter(request, "do"), request);
            response.setStatus(202);
        } catch (IllegalArgumentException | IllegalStateException e) {
            PageServlet.refuse(response, 400, String.valueOf(e.getMessage()));
        }
    }

    private void act(String key, String name, String what, HttpServletRequest request) {
        switch (what) {
            case "connect" -> answer(key, true, name + " " + clients.connect(name));
            case "disconnect" -> answer(key, true, name + " " + clients.disconnect(name));
            case "reconnect" -> answer(key, true, name + " " + clients.reconnect(name));
            case "ping" -> tell(key, clients.ping(name), words -> name + ": " + words);
            case "wan" -> tell(key, clients.client(name).wanUp(), up -> up ? "The wide area network is reachable."
                    : "The wide area network is not reachable.");
            case "publish" -> publish(key, clients.client(name), request);
            case "cancel" -> {
                int lane = number(request, "lane");
                CompletionStage<Long> cancelled = clients.cancel(name, lane);
                answer(key, true, "The waiting messages of " + Text.lane(lane) + " are being cancelled.");
                tell(key, cancelled, count -> Text.count(count, "message") + " of " + Text.lane(lane) + " cancelled.");
            }
            case "waiting" -> {
                int lane = number(request, "lane");
                whenDone(key, clients.inspector(name).waiting(lane, MOST_WAITING_SHOWN), messages -> pages.send(key,
                        "waiting",
                        new Json().object().put("lane", lane).name("messages").value(messages).end().toString()));
            }
            case "deadletters" -> showDeadLetters(key, name);
            case "resend" -> {
                long id = wholeNumber(request, "id");
                tell(key, clients.resendDeadLetter(name, id).whenComplete((any, failure) -> showDeadLetters(key, name)),
                        again -> "Dead letter " + id
                                + (again == 0 ? " is gone." : " is sent again as message " + again + "."));
            }
            case "drop" -> {
                long id = wholeNumber(request, "id");
                tell(key, clients.dropDeadLetter(name, id).whenComplete((any, failure) -> showDeadLetters(key, name)),
                        dropped -> "Dead letter " + id + (dropped ? " is dropped." : " is gone."));
            }
            default -> throw new IllegalArgumentException(
                    "do: \"" + what + "\" is not allowed; allowed: connect, disconnect, reconnect, "
                            + "ping, wan, publish, cancel, waiting, deadletters, resend and drop.");
        }
    }

    private void showDeadLetters(String key, String name) {
        whenDone(key, clients.inspector(name).deadLetters(MOST_WAITING_SHOWN), letters -> pages.send(key, "deadletters",
                new Json().object().name("letters").value(letters).end().toString()));
    }

    private void publish(String key, ResilientMqttClient client, HttpServletRequest request) {
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
        tell(key, publication.stored().thenCompose(durability -> { // the end may be there first, and is told last
            answer(key, true, name + " is accepted: " + durability + ".");
            return publication.delivered();
        }), outcome -> name + " is settled: " + outcome.kind()
                + (outcome.reason().isEmpty() ? "." : ", " + outcome.reason()));
    }

    private static byte[] hex(String text) {
        try {
            return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "payload: not hexadecimal; allowed: pairs of the digits 0 to 9 and a to f.", e);
        }
    }

    private <T> void tell(String key, CompletionStage<T> stage, Function<T, String> words) {
        whenDone(key, stage, value -> answer(key, true, words.apply(value)));
    }

    private <T> void whenDone(String key, CompletionStage<T> stage, Consumer<T> then) {
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                then.accept(value);
            } else {
                Throwable cause = failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause() : failure;
                answer(key, false, String.valueOf(cause.getMessage()));
            }
        });
    }

    private void answer(String key, boolean well, String words) {
        pages.send(key, "answer", new Json().object().put("well", well).put("words", words).end().toString());
    }

    private static int number(HttpServletRequest request, String name) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, wholeNumber(request, name)));
    }

    private static long wholeNumber(HttpServletRequest request, String name) {
        String value = PageServlet.parameter(request, name);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": \"" + value + "\" is not allowed; allowed: a whole number.",
                    e);
        }
    }
}
