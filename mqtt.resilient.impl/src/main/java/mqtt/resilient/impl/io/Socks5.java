package mqtt.resilient.impl.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import mqtt.resilient.impl.environment.Route;

/**
 * A tunnel through a SOCKS 5 proxy (RFC 1928, with user and password by RFC 1929); the broker's name goes to the proxy
 * unresolved.
 */
final class Socks5 implements Prelude {
    private static final int VERSION = 5;
    private static final int NO_AUTHENTICATION = 0;
    private static final int USER_AND_PASSWORD = 2;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final int MAX_REPLY_BYTES = 4 + 1 + 255 + 2;
    private static final List<String> REPLIES = List.of("succeeded", "general failure", "not allowed by its rules",
            "network unreachable", "host unreachable", "connection refused", "time to live expired",
            "command not supported", "address type not supported");

    private enum Step {
        METHOD, AUTHENTICATION, CONNECT
    }

    private final Route route;
    private final ByteBuffer reply = ByteBuffer.allocate(MAX_REPLY_BYTES);
    private Step step = Step.METHOD;

    Socks5(Route route) {
        this.route = route;
    }

    @Override
    public byte[] start() {
        return route.proxy().user() == null ? new byte[] { VERSION, 1, NO_AUTHENTICATION }
                : new byte[] { VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD };
    }

    @Override
    public String toString() {
        return "the handshake with the proxy " + route.proxy();
    }

    @Override
    public byte[] received(ByteBuffer in) throws IOException {
        while (in.hasRemaining() && reply.position() < expected()) {
            reply.put(in.get());
        }
        if (reply.position() < expected()) {
            return MORE;
        }
        int first = reply.get(0) & 0xFF;
        int second = reply.get(1) & 0xFF;
        reply.clear();
        if (step == Step.METHOD && first != VERSION) {
            throw failure("does not speak SOCKS 5");
        }
        boolean authenticate = step == Step.METHOD && second == USER_AND_PASSWORD && route.proxy().user() != null;
        if (second != 0 && !authenticate) {
            throw failure(refusal(second));
        }
        if (step == Step.CONNECT) {
            return null;
        }
        step = authenticate ? Step.AUTHENTICATION : Step.CONNECT;
        return authenticate ? credentials() : request();
    }

    private String refusal(int code) {
        return switch (step) {
            case METHOD -> "wants another way of authentication (proxy.user, .proxy.password)";
            case AUTHENTICATION -> "refused the credentials (proxy.user, .proxy.password)";
            case CONNECT -> "refused: " + (code < REPLIES.size() ? REPLIES.get(code) : "code " + code);
        };
    }

    private IOException failure(String what) {
        return new IOException("the proxy " + route.proxy() + " " + what);
    }

    /** The size of the reply as far as it is known. */
    private int expected() {
        if (step != Step.CONNECT) {
            return 2;
        }
        if (reply.position() < 5) {
            return 5;
        }
        return switch (reply.get(3)) {
            case IPV4 -> 4 + 4 + 2;
            case IPV6 -> 4 + 16 + 2;
            default -> 4 + 1 + (reply.get(4) & 0xFF) + 2;
        };
    }

    private byte[] credentials() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(1);
        put(route.proxy().user(), out);
        put(route.proxy().password(), out);
        return out.toByteArray();
    }

    private byte[] request() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        InetAddress address = Resolver.literal(route.host());
        out.writeBytes(new byte[] { VERSION, 1, 0 }); // connect
        if (address == null) {
            out.write(NAME);
            put(route.host(), out);
        } else { // some proxies resolve names only
            out.write(address instanceof Inet6Address ? IPV6 : IPV4);
            out.writeBytes(address.getAddress());
        }
        out.write(route.hostPort() >> 8);
        out.write(route.hostPort());
        return out.toByteArray();
    }

    private static void put(String text, ByteArrayOutputStream out) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.write(bytes.length);
        out.writeBytes(bytes);
    }
}
