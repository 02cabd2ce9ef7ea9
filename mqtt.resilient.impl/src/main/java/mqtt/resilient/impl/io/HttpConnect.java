package mqtt.resilient.impl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import mqtt.resilient.impl.environment.Route;

/** A tunnel through an HTTP proxy (RFC 9110 section 9.3.6); the broker's name goes to the proxy unresolved. */
final class HttpConnect implements Prelude {
    private static final int UNAUTHORIZED = 401;
    private static final int PROXY_AUTHENTICATION_REQUIRED = 407;

    private final Route route;
    private final HttpResponse response;

    HttpConnect(Route route) {
        this.route = route;
        response = new HttpResponse(toString());
    }

    @Override
    public byte[] start() {
        String target = (route.host().contains(":") ? "[" + route.host() + "]" : route.host()) + ":" + route.hostPort();
        String request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
        if (route.proxy().user() != null) {
            String credentials = route.proxy().user() + ":" + route.proxy().password();
            request += "Proxy-Authorization: Basic "
                    + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)) + "\r\n";
        }
        return (request + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return "the handshake with the proxy " + route.proxy();
    }

    @Override
    public byte[] received(ByteBuffer in) throws IOException {
        if (!response.take(in)) {
            return MORE;
        }
        if (response.status() == PROXY_AUTHENTICATION_REQUIRED || response.status() == UNAUTHORIZED) { // 401: tinyproxy
            throw new IOException(
                    "the proxy " + route.proxy() + " wants other credentials (proxy.user, .proxy.password): "
                            + response.statusLine());
        }
        if (response.status() / 100 != 2) {
            throw new IOException("the proxy " + route.proxy() + " refused: " + response.statusLine());
        }
        return null;
    }
}
