package mqtt.resilient.impl.environment;

import java.net.InetAddress;
import java.util.List;
import mqtt.resilient.spi.TlsMaterial;

/**
 * The way to a broker: a TCP connection, and what is built upon it, from the outside in.
 *
 * @param address where the TCP connection goes: the broker, or the proxy
 * @param port its port
 * @param host the broker's name or address as the URI has it; what the proxy, SNI, the certificate and the WebSocket
 *        see
 * @param hostPort the broker's port
 * @param proxy the proxy to go through, or null
 * @param tls how to secure the connection, or null for none
 * @param webSocket how to upgrade the connection, or null for plain MQTT
 */
public record Route(InetAddress address, int port, String host, int hostPort, Proxy proxy, Tls tls,
        WebSocket webSocket) {

    /**
     * A proxy.
     *
     * @param kind how to talk to it
     * @param host its name or address
     * @param port its port
     * @param user the user, or null
     * @param password the password, or null
     */
    public record Proxy(Kind kind, String host, int port, String user, String password) {
        /** The kinds of proxy. */
        public enum Kind {
            /** HTTP CONNECT (RFC 9110 section 9.3.6). */
            HTTP,
            /** SOCKS 5 (RFC 1928). */
            SOCKS5
        }

        /** {@return kind and place, without credentials} */
        @Override
        public String toString() {
            return (kind == Kind.HTTP ? "http://" : "socks5://") + host + ":" + port;
        }
    }

    /**
     * How a connection is secured.
     *
     * @param contexts the keys and the trust
     * @param protocols the protocol versions allowed; empty = the platform's
     * @param ciphers the cipher suites allowed; empty = the platform's
     * @param verifyHostname whether the certificate must name the host
     */
    public record Tls(TlsMaterial contexts, List<String> protocols, List<String> ciphers, boolean verifyHostname) {
    }

    /**
     * The opening of a WebSocket (RFC 6455).
     *
     * @param path what the request asks for, with its query
     * @param headers further header lines, for example {@code X-Token: 1}; may hold secrets
     */
    public record WebSocket(String path, List<String> headers) {
        /** {@return the path without its query, which may hold a token} */
        @Override
        public String toString() {
            return "WebSocket[" + path.split("\\?")[0] + "]";
        }
    }
}
