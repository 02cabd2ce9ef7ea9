package mqtt.resilient.impl.link;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Where a broker is and how to speak to it.
 *
 * @param scheme {@code mqtt}, {@code mqtts}, {@code ws} or {@code wss}
 * @param host a name or an address, without brackets
 * @param port 1 to 65,535
 * @param path path and query of a WebSocket, beginning with a slash; empty for mqtt and mqtts
 */
public record BrokerUri(String scheme, String host, int port, String path) {
    private static final Map<String, Integer> DEFAULT_PORTS = Map.of("mqtt", 1883, "mqtts", 8883, "ws", 80, "wss", 443);
    private static final int LARGEST_PORT = 65_535;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?");
    /** All that may be a user or a password, also where the scheme was forgotten. */
    private static final Pattern USER = Pattern.compile("(?s)^(\\s*[A-Za-z0-9+.-]*://)?.*@");
    private static final String ALLOWED = "allowed are mqtt://host[:port], mqtts://host[:port], ws://host[:port]/path "
            + "and wss://host[:port]/path";

    /**
     * Reads a broker URI.
     *
     * @throws IllegalArgumentException naming the value and what is allowed, without the user info it may hold
     */
    public static BrokerUri parse(String text) {
        URI uri = uri(text);
        String authority = String.valueOf(uri.getRawAuthority()); // URI knows no host with an underscore
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon > authority.lastIndexOf(']');
        int port = hasPort ? port(text, authority.substring(colon + 1)) : DEFAULT_PORTS.get(uri.getScheme());
        String host = hasPort ? authority.substring(0, colon) : authority;
        boolean webSocket = uri.getScheme().startsWith("ws");
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        boolean hasHost = uri.getRawAuthority() != null && (uri.getHost() != null || NAME.matcher(host).matches());
        boolean hasPath = !path.equals("/") || uri.getRawQuery() != null;
        if (!hasHost || uri.getRawFragment() != null || hasPath && !webSocket) {
            throw new IllegalArgumentException(shown(text) + " is not a broker; " + ALLOWED);
        }
        return new BrokerUri(uri.getScheme(), host.startsWith("[") ? literal(host) : host, port,
                !webSocket ? "" : uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery());
    }

    /** An IPv6 address without its brackets; a zone behind {@code %25} (RFC 6874) is one behind {@code %}. */
    private static String literal(String host) {
        return host.substring(1, host.length() - 1).replaceFirst("%25(?=.)", "%");
    }

    /** A URI with one of the schemes, and without a user. */
    private static URI uri(String text) {
        URI uri;
        try {
            uri = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(shown(text) + " is not a URI; " + ALLOWED);
        }
        boolean holdsUser = uri.getRawUserInfo() != null || String.valueOf(uri.getRawAuthority()).contains("@");
        if (holdsUser || text.contains("@") && !String.valueOf(uri.getScheme()).startsWith("ws")) {
            throw new IllegalArgumentException(shown(text)
                    + " holds a user or a password; they belong in the keys user and .password");
        }
        if (uri.getScheme() == null || !DEFAULT_PORTS.containsKey(uri.getScheme())) {
            throw new IllegalArgumentException(shown(text) + " has the scheme " + uri.getScheme()
                    + "; allowed are mqtt, mqtts, ws and wss");
        }
        return uri;
    }

    private static int port(String text, String digits) {
        int port = digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
        if (port >= 1 && port <= LARGEST_PORT) {
            return port;
        }
        throw new IllegalArgumentException(shown(text) + " has a port that is not allowed; allowed are 1 to "
                + LARGEST_PORT);
    }

    private static String shown(String text) {
        return "\"" + USER.matcher(text).replaceFirst("$1…@").replaceAll("(?s)\\?.*", "?…") + "\"";
    }

    /** Whether the connection is secured by TLS. */
    boolean isSecure() {
        return scheme.equals("mqtts") || scheme.equals("wss");
    }

    /** Whether MQTT goes in a WebSocket. */
    boolean isWebSocket() {
        return scheme.startsWith("ws");
    }

    @Override
    public String toString() {
        int query = path.indexOf('?'); // a query may hold a token
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port
                + (query < 0 ? path : path.substring(0, query) + "?…");
    }
}
