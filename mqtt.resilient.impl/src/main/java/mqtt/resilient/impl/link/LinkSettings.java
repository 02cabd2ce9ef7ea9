package mqtt.resilient.impl.link;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connect;

/**
 * The link's part of the configuration.
 *
 * @param brokers where to connect
 * @param login who connects
 * @param transport what is between TCP and MQTT
 * @param timing when to ping, to give up and to try again
 * @param network what the network's state means
 * @param schedule when to be connected at all
 * @param sessionExpirySeconds 0 = a clean session on every connection
 * @param cleanStart whether the broker's session is discarded at the first connection after a start
 * @param packetMaxBytes the largest packet taken from the broker
 * @param version which version of MQTT, and what only MQTT 5 has
 */
public record LinkSettings(Brokers brokers, Login login, Transport transport, Timing timing, Network network,
        Schedule schedule, long sessionExpirySeconds, boolean cleanStart, int packetMaxBytes, Version version) {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long PING_WITHOUT_KEEPALIVE_NANOS = 20 * NANOS_PER_SECOND;

    /** Which version of MQTT to speak. */
    public enum Protocol {
        /** 5 where it is there and the broker takes it. */
        AUTO, MQTT_5, MQTT_3_1_1
    }

    /**
     * Which version of MQTT, and what only MQTT 5 has.
     *
     * @param protocol which version to speak
     * @param receiveMaximum how many QoS 1 and 2 messages the broker may send unacknowledged, 1 to 65,535
     * @param willDelaySeconds how long the broker waits before it publishes the will
     * @param userProperties of the CONNECT, in order
     * @param authMethod the method of enhanced authentication; empty = none
     * @param topicAliasMaximum how many topic aliases either side may use, 0 = none
     * @param packetStrict whether a received message above our Maximum Packet Size ends the connection
     */
    public record Version(Protocol protocol, int receiveMaximum, long willDelaySeconds,
            List<UserProperty> userProperties, String authMethod, int topicAliasMaximum, boolean packetStrict) {
        boolean isSame(Version other) {
            return protocol == other.protocol && willDelaySeconds == other.willDelaySeconds
                    && userProperties.equals(other.userProperties) && authMethod.equals(other.authMethod)
                    && topicAliasMaximum == other.topicAliasMaximum;
        }

        Connect.Options options(long sessionExpirySeconds, int packetMaxBytes) {
            return new Connect.Options(sessionExpirySeconds, receiveMaximum, packetMaxBytes, topicAliasMaximum,
                    willDelaySeconds, userProperties, Auth.NONE);
        }

        /** {@return everything but the values of the user properties, which may be secrets} */
        @Override
        public String toString() {
            return "Version[" + protocol + ", receiveMaximum=" + receiveMaximum + ", willDelay=" + willDelaySeconds
                    + " s, userProperties=" + userProperties.stream().map(UserProperty::name).toList() + "]";
        }
    }

    /**
     * Where to connect.
     *
     * @param uris in order of preference; at least one
     * @param cluster whether they share sessions
     * @param failbackNanos how long another broker than the first is used before the first is tried again; 0 = for good
     */
    public record Brokers(List<BrokerUri> uris, boolean cluster, long failbackNanos) {
        /**
         * The brokers in the order of one client. Other clients have other orders, so that a fleet spreads; that of one
         * client stays over restarts, and where brokers are added or removed.
         */
        public static List<BrokerUri> inOrderOf(String client, List<BrokerUri> uris) {
            return uris.stream().sorted(Comparator.comparingLong(uri -> rank(client, uri.toString()))).toList();
        }

        /** Each bit of both hashes changes half of its bits, as in the last step of MurmurHash. */
        private static long rank(String client, String broker) {
            long bits = (long) client.hashCode() << 32 ^ broker.hashCode();
            bits = (bits ^ bits >>> 33) * 0xFF51AFD7ED558CCDL;
            bits = (bits ^ bits >>> 33) * 0xC4CEB9FE1A85EC53L;
            return bits ^ bits >>> 33;
        }
    }

    /**
     * Who connects.
     *
     * @param clientId the MQTT client identifier
     * @param user the user name, or null
     * @param password the password, or null
     * @param will the will, or null
     * @param willOnStop whether the broker publishes the will also when the client stops
     * @param keepAliveSeconds 0 to 65,535
     */
    public record Login(String clientId, String user, byte[] password, Message will, boolean willOnStop,
            int keepAliveSeconds) {

        boolean isSame(Login other) {
            return clientId.equals(other.clientId) && Objects.equals(user, other.user)
                    && Arrays.equals(password, other.password) && isSame(will, other.will)
                    && keepAliveSeconds == other.keepAliveSeconds;
        }

        private static boolean isSame(Message one, Message other) {
            return one == null || other == null ? one == other
                    : one.topic().equals(other.topic()) && Arrays.equals(one.payload(), other.payload())
                            && one.qos() == other.qos() && one.retain() == other.retain()
                            && one.expiresAfterNanos() == other.expiresAfterNanos()
                            && one.properties().equals(other.properties());
        }

        /** {@return the client identifier} */
        @Override
        public String toString() {
            return "Login[" + clientId + "]";
        }
    }

    /**
     * What is between TCP and MQTT.
     *
     * @param proxy the proxy, or null
     * @param tls for mqtts and wss
     * @param webSocketHeaders further header lines for ws and wss; may hold secrets
     */
    public record Transport(Route.Proxy proxy, Route.Tls tls, List<String> webSocketHeaders) {
        /** {@return the proxy} */
        @Override
        public String toString() {
            return "Transport[proxy=" + proxy + "]";
        }
    }

    /**
     * When to ping, to give up and to try again.
     *
     * @param pingNanos at least one second, or 0 = a quarter of the keepalive
     * @param responseNanos how long to wait for an answer of the broker
     * @param acknowledgeNanos how long to wait for an acknowledgement while the broker answers pings
     * @param connectNanos how long a connection may take to be made, per address
     * @param backoffMinNanos the shortest wait between attempts
     * @param backoffMaxNanos the longest wait between attempts
     * @param stableNanos how long a link must be up for the back-off to begin anew
     */
    public record Timing(long pingNanos, long responseNanos, long acknowledgeNanos, long connectNanos,
            long backoffMinNanos,
            long backoffMaxNanos, long stableNanos) {
    }

    /**
     * What the network's state means.
     *
     * @param settleNanos how long the network must stay up before an attempt
     * @param distrustNanos how long the word that the network is down holds attempts back
     * @param bounceAfter failed attempts after which the network is to be bounced; 0 = never
     * @param interfaces over which connections may be made, in the user's order; empty = over any
     */
    public record Network(long settleNanos, long distrustNanos, int bounceAfter, Set<String> interfaces) {
    }

    /**
     * When to be connected.
     *
     * @param everyNanos from the beginning of one window to the next; 0 = always connected
     * @param stayNanos how long a window is at least
     * @param onStart whether to be connected from the start; if not, from when somebody asks for it
     */
    public record Schedule(long everyNanos, long stayNanos, boolean onStart) {
        boolean isOn() {
            return everyNanos > 0;
        }
    }

    /** The idle time before a ping: at most half of the keepalive in force, also when the user wants longer. */
    long effectivePingNanos(int keepAliveSeconds) {
        long limit = keepAliveSeconds == 0 ? PING_WITHOUT_KEEPALIVE_NANOS : keepAliveSeconds * NANOS_PER_SECOND / 2;
        return timing.pingNanos > 0 ? Math.min(timing.pingNanos, limit) : keepAliveSeconds == 0 ? limit : limit / 2;
    }

    /** Whether a link made with these settings cannot serve the others. */
    boolean needsReconnect(LinkSettings other) {
        return !brokers.uris.equals(other.brokers.uris) || brokers.cluster != other.brokers.cluster
                || !login.isSame(other.login) || !Objects.equals(transport.proxy, other.transport.proxy)
                || !Objects.equals(transport.tls, other.transport.tls)
                || !transport.webSocketHeaders.equals(other.transport.webSocketHeaders)
                || sessionExpirySeconds == 0 != (other.sessionExpirySeconds == 0)
                || packetMaxBytes != other.packetMaxBytes || !network.interfaces.equals(other.network.interfaces)
                || !version.isSame(other.version);
    }

    /** The host that the TCP connection goes to: the proxy, or the broker itself. */
    String tcpHost(BrokerUri broker) {
        return transport.proxy == null ? broker.host() : transport.proxy.host();
    }

    /** One address of a broker, or of the proxy to it, in words. */
    String place(BrokerUri broker, InetAddress address) {
        Route.Proxy proxy = transport.proxy;
        String digits = address instanceof Inet6Address ? "[" + address.getHostAddress() + "]"
                : address.getHostAddress();
        return proxy == null ? digits + ":" + broker.port() : "the proxy " + proxy + " at " + digits;
    }

    /** The way to one address of a broker, or of the proxy to it; certificates know no dot at the end of a name. */
    Route route(BrokerUri broker, InetAddress address) {
        Route.Proxy proxy = transport.proxy;
        return new Route(address, proxy == null ? broker.port() : proxy.port(), broker.host().replaceAll("\\.$", ""),
                broker.port(), proxy, broker.isSecure() ? transport.tls : null,
                broker.isWebSocket() ? new Route.WebSocket(broker.path(), transport.webSocketHeaders) : null);
    }
}
