package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.Security;
import java.util.stream.Stream;
import mqtt.resilient.impl.io.RudePeer.Manners;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every step of a connection that fails is named in the reason, with the address that was tried. */
@Timeout(180)
class StepsTest {
    private static final Manners CLOSES_AT_THE_FIRST_BYTE = socket -> socket.getInputStream().read();
    private static final Manners SPEAKS_NO_HTTP = socket -> {
        RudePeer.head(socket);
        RudePeer.send(socket, "SSH-2.0-OpenSSH_9\r\n");
        RudePeer.silence(socket);
    };
    private static final String LATE = "no connection within connect.seconds (0.7 s): no end of ";
    private static final String BROKER = " (tried 127.0.0.1:P)";
    private static final String HTTP = "the proxy http://127.0.0.1:P";
    private static final String BY_HTTP = " (tried " + HTTP + " at 127.0.0.1)";
    private static final String SOCKS = "the proxy socks5://127.0.0.1:P";
    private static final String BY_SOCKS = " (tried " + SOCKS + " at 127.0.0.1)";

    private static Manners says(String hex) {
        return socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.sendHex(socket, hex);
            RudePeer.silence(socket);
        };
    }

    private static Manners answers(String status) {
        return socket -> {
            RudePeer.head(socket);
            RudePeer.send(socket, status + "\r\n\r\n");
            RudePeer.silence(socket);
        };
    }

    /** The scheme of the broker, that of the proxy, what the peer at 127.0.0.1:P does, and the reason. */
    static Stream<Arguments> steps() {
        return Stream.of(Arguments.of("mqtt", "", null, "no TCP connection: Connection refused" + BROKER),
                Arguments.of("mqtt", "http", null,
                        "no TCP connection to " + HTTP + ": Connection refused" + BY_HTTP),
                Arguments.of("mqtts", "socks5", null,
                        "no TCP connection to " + SOCKS + ": Connection refused" + BY_SOCKS),
                Arguments.of("mqtt", "http", (Manners) RudePeer::silence,
                        LATE + "the handshake with " + HTTP + BY_HTTP),
                Arguments.of("mqtt", "http", (Manners) RudePeer::head,
                        "the peer closed the connection during the handshake with " + HTTP + BY_HTTP),
                Arguments.of("mqtt", "http", SPEAKS_NO_HTTP,
                        "the peer does not speak HTTP during the handshake with " + HTTP + BY_HTTP),
                Arguments.of("mqtt", "http", answers("HTTP/1.1 503 Down"),
                        HTTP + " refused: HTTP/1.1 503 Down" + BY_HTTP),
                Arguments.of("mqtt", "socks5", (Manners) RudePeer::silence,
                        LATE + "the handshake with " + SOCKS + BY_SOCKS),
                Arguments.of("mqtts", "", (Manners) RudePeer::silence, LATE + "the TLS handshake" + BROKER),
                Arguments.of("mqtts", "", CLOSES_AT_THE_FIRST_BYTE, "TLS: the broker closed the connection during "
                        + "the handshake; perhaps it wants a client certificate (tls.keystore), or does not speak TLS "
                        + "on this port" + BROKER),
                Arguments.of("ws", "", (Manners) RudePeer::silence,
                        LATE + "the opening of the WebSocket at /mqtt?…" + BROKER),
                Arguments.of("ws", "", (Manners) RudePeer::head,
                        "the peer closed the connection during the opening of the WebSocket at /mqtt?…" + BROKER),
                Arguments.of("ws", "", answers("HTTP/1.1 404 Not Found"),
                        "the broker refused the WebSocket at /mqtt?…: HTTP/1.1 404 Not Found" + BROKER),
                Arguments.of("mqtt", "", (Manners) RudePeer::silence,
                        "no CONNACK within response.seconds (0.7 s); unanswered was the CONNECT with"
                                + " client identifier \"c\"" + BROKER),
                Arguments.of("mqtt", "", says("20020005"), "the broker refused: not authorized" + BROKER));
    }

    @ParameterizedTest
    @MethodSource("steps")
    void theStepAndTheAddressAreNamed(String scheme, String proxy, Manners manners, String reason) throws Exception {
        try (RudePeer peer = new RudePeer(manners == null ? RudePeer::silence : manners)) {
            int port = manners == null ? unused() : peer.port();
            String broker = proxy.isEmpty() ? "127.0.0.1:" + port : "broker.example";
            RealClient client = new RealClient(scheme + "://" + broker + (scheme.equals("ws") ? "/mqtt?token=x" : ""));
            if (!proxy.isEmpty()) {
                client.with("proxy", proxy + "://127.0.0.1:" + port);
            }
            try (client) {
                int waits = reason.contains("0.7 s") ? 700 : 30_000;
                assertEquals(reason.replace(":P", ":" + port),
                        client.waits(waits, waits).start().awaitReason("(tried "));
            }
        }
    }

    private static int unused() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aNameThatIsUnknownIsSaidToBeThatOfTheProxy() {
        try (RealClient client = new RealClient("mqtt://broker.example").with("proxy", "http://proxy.invalid:3128")
                .start()) {
            client.awaitReason("cannot resolve the proxy proxy.invalid: unknown host");
        }
    }

    @Test
    void aTrustStoreThatIsMissingIsNamedWithTheStep(@TempDir Path directory) {
        try (RudePeer peer = new RudePeer(RudePeer::silence); RealClient client = new RealClient(peer.uri("mqtts"))
                .trusting(directory.resolve("no.pem")).start()) {
            client.awaitReason("TLS cannot be set up: tls.truststore: ", "no.pem does not exist (tried ");
        }
    }

    @Test
    void aJvmThatKeepsTheAddressOfANameForEverIsNamed() throws Exception {
        String before = Security.getProperty("networkaddress.cache.ttl");
        Security.setProperty("networkaddress.cache.ttl", "-1");
        try (RealClient client = new RealClient("mqtt://localhost:" + unused()).start()) {
            client.awaitReason("Connection refused; this JVM keeps the address of a name for ever "
                    + "(networkaddress.cache.ttl=-1 in its file java.security) (tried ");
        } finally {
            Security.setProperty("networkaddress.cache.ttl", before == null ? "30" : before);
        }
    }
}
