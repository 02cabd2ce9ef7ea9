package mqtt.resilient.impl.link;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;

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
    private static final String ALLOWED = "allowed are mqtt://host[:port], mqtts://host[:port], ws://host[:port]/path "
            + "and wss://host[:port]/path";

    /**
     * Reads a broker URI.
     *
     * @throws IllegalArgumentException naming the value and what is allowed, without the user info it may hold
     */
    public static BrokerUri parse(String text) {
        URI uri;
        try {
            uri = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(shown(text) + " is not a URI; " + ALLOWED);
        }
        boolean holdsUser = uri.getRawUserInfo() != null || String.valueOf(uri.getRawAuthority()).contains("@");
        if (holdsUser || text.contains("@") && !String.valueOf(uri.getScheme()).startsWith("ws")) {
            throw new IllegalArgumentException(shown(text)
                    + " holds a user or a password; they belong into the keys user and .password");
        }
        if (uri.getScheme() == null || !DEFAULT_PORTS.containsKey(uri.getScheme())) {
            throw new IllegalArgumentException(shown(text) + " has the scheme " + uri.getScheme()
                    + "; allowed are mqtt, mqtts, ws and wss");
        }
        int port = port(text, uri);
        if (port < 1 || port > LARGEST_PORT) {
            throw new IllegalArgumentException(shown(text) + " has the port " + port + "; allowed are 1 to "
                    + LARGEST_PORT);
        }
        String host = uri.getHost();
        boolean webSocket = uri.getScheme().startsWith("ws");
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        if (host == null || uri.getRawFragment() != null
                || !webSocket && (!path.equals("/") || uri.getRawQuery() != null)) {
            throw new IllegalArgumentException(shown(text) + " is not a broker; " + ALLOWED);
        }
        return new BrokerUri(uri.getScheme(), host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port,
                !webSocket ? "" : uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery());
    }

    private static int port(String text, URI uri) {
        int usual = DEFAULT_PORTS.get(uri.getScheme());
        if (uri.getHost() != null) {
            return uri.getPort() == -1 && !String.valueOf(uri.getRawAuthority()).endsWith(":") ? usual : uri.getPort();
        }
        String authority = uri.getRawAuthority(); // java.net.URI gives no host when the port is not a number it likes
        int colon = authority == null ? -1 : authority.lastIndexOf(':');
        if (colon >= 0 && !authority.endsWith("]")) {
            String digits = authority.substring(colon + 1);
            try {
                return (int) Math.min(Math.max(Long.parseLong(digits), -1), Integer.MAX_VALUE);
            } catch (NumberFormatException e) { // not shown: it may be a part of a password
                throw new IllegalArgumentException(shown(text) + " has a port that is no number; allowed are 1 to "
                        + LARGEST_PORT);
            }
        }
        return usual;
    }

    private static String shown(String text) {
        return "\"" + text.replaceAll("//.*@", "//…@").replaceAll("\\?.*", "?…") + "\"";
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
