package mqtt.resilient.impl.link;

import java.net.URI;
import java.net.URISyntaxException;

/**
 * Where a broker is.
 *
 * @param scheme {@code mqtt}
 * @param host a name or an address, without brackets
 * @param port 1 to 65,535
 */
public record BrokerUri(String scheme, String host, int port) {
    private static final int DEFAULT_PORT = 1883;
    private static final int LARGEST_PORT = 65_535;

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
            throw new IllegalArgumentException(shown(text) + " is not a URI (" + e.getReason()
                    + "); allowed is mqtt://host[:port]");
        }
        if (uri.getRawUserInfo() != null || uri.getRawAuthority() != null && uri.getRawAuthority().contains("@")) {
            throw new IllegalArgumentException(shown(text)
                    + " holds a user or a password; they belong into the keys user and .password");
        }
        if (uri.getScheme() == null || !"mqtt".equals(uri.getScheme())) {
            throw new IllegalArgumentException(shown(text) + " has the scheme " + uri.getScheme()
                    + "; allowed is mqtt");
        }
        int port = port(text, uri);
        if (port < 1 || port > LARGEST_PORT) {
            throw new IllegalArgumentException(shown(text) + " has the port " + port + "; allowed are 1 to "
                    + LARGEST_PORT);
        }
        String host = uri.getHost();
        if (host == null || !(uri.getRawPath() == null || uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))
                || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(shown(text) + " is not a broker; allowed is mqtt://host[:port]");
        }
        return new BrokerUri(uri.getScheme(), host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port);
    }

    private static int port(String text, URI uri) {
        if (uri.getHost() != null) {
            return uri.getPort() == -1 && !String.valueOf(uri.getRawAuthority()).endsWith(":") ? DEFAULT_PORT
                    : uri.getPort();
        }
        String authority = uri.getRawAuthority(); // java.net.URI gives no host when the port is not a number it likes
        int colon = authority == null ? -1 : authority.lastIndexOf(':');
        if (colon >= 0 && !authority.endsWith("]")) {
            String digits = authority.substring(colon + 1);
            try {
                return (int) Math.min(Math.max(Long.parseLong(digits), -1), Integer.MAX_VALUE);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(shown(text) + " has the port \"" + digits + "\"; allowed are 1 to "
                        + LARGEST_PORT, e);
            }
        }
        return DEFAULT_PORT;
    }

    private static String shown(String text) {
        return "\"" + text.replaceAll("//[^/]*@", "//…@") + "\"";
    }

    @Override
    public String toString() {
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
