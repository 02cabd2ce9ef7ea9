package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import mqtt.resilient.impl.environment.Route;

/** The opening handshake of a WebSocket (RFC 6455 section 4) with the subprotocol {@code mqtt} [MQTT-6.0.0-3]. */
final class WebSocketUpgrade implements Prelude {
    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int KEY_BYTES = 16;

    private final Route route;
    private final HttpResponse response;
    private final String key;

    WebSocketUpgrade(Route route, SecureRandom random) {
        this.route = route;
        response = new HttpResponse(toString());
        byte[] bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        key = Base64.getEncoder().encodeToString(bytes);
    }

    @Override
    public byte[] start() {
        int usualPort = route.tls() == null ? 80 : 443;
        String host = route.host().contains(":") ? "[" + route.host() + "]" : route.host();
        List<String> request = new ArrayList<>(List.of("GET " + route.webSocket().path() + " HTTP/1.1",
                "Host: " + host + (route.hostPort() == usualPort ? "" : ":" + route.hostPort()), "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Protocol: mqtt"));
        request.addAll(route.webSocket().headers());
        return (String.join("\r\n", request) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return "the opening of the WebSocket at " + shownPath();
    }

    private String shownPath() {
        return route.webSocket().path().replaceFirst("\\?.*", "?…"); // a query may hold a token
    }

    @Override
    public byte[] received(ByteBuffer in) throws IOException {
        if (!response.take(in)) {
            return MORE;
        }
        if (response.status() != SWITCHING_PROTOCOLS) {
            throw new IOException("the broker refused the WebSocket at " + shownPath() + ": " + response.statusLine());
        }
        if (!response.header("Upgrade").equalsIgnoreCase("websocket")
                || !response.header("Sec-WebSocket-Accept").equals(accept())) {
            throw new IOException("the answer to the WebSocket upgrade at " + shownPath()
                    + " is not one (RFC 6455 section 4.1)");
        }
        if (!response.header("Sec-WebSocket-Protocol").equals("mqtt")) {
            throw new IOException("the broker did not agree to the WebSocket subprotocol mqtt at "
                    + shownPath() + " [MQTT-6.0.0-4]");
        }
        return null;
    }

    private String accept() {
        try {
            return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1")
                    .digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }
}
