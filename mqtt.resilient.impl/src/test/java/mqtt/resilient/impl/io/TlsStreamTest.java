package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import mqtt.resilient.impl.environment.Route;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS with brokers: sessions that are resumed, names that Java does not like. */
@Timeout(180)
class TlsStreamTest {
    @ParameterizedTest
    @ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
    void aConnectionThatIsMadeAgainResumesTheSessionOfTls(String protocol, @TempDir Path directory)
            throws Exception {
        TestKeys keys = new TestKeys(directory, "EC");
        // each with the time of its creation, which a resumed session keeps
        Queue<String> sessions = new ConcurrentLinkedQueue<>();
        try (RudePeer peer = new RudePeer(keys.server().getServerSocketFactory(), socket -> {
            ((SSLSocket) socket).setEnabledProtocols(new String[] { protocol });
            RudePeer.packet(socket.getInputStream());
            sessions.add(((SSLSocket) socket).getSession().getProtocol() + " "
                    + ((SSLSocket) socket).getSession().getCreationTime());
            RudePeer.send(socket, RudePeer.CONNACK);
        }); RealClient client = new RealClient(peer.uri("mqtts"))
                .trusting(keys.file("trust.pem", keys.certificatePem())).start()) {
            client.awaitAttempts(5);
        }
        assertEquals(1, sessions.stream().distinct().count(), sessions::toString);
        assertEquals(protocol, sessions.peek().split(" ")[0]);
    }

    @Test
    void aNameWithAnUnderscoreIsNoServerNameAndNoError(@TempDir Path directory) throws Exception {
        TestKeys keys = new TestKeys(directory, "EC");
        Route.Tls tls = new Route.Tls(new TlsFiles(new TlsFiles.Settings(null, "", "", "",
                keys.file("trust.pem", keys.certificatePem()), "")), List.of(), List.of(), true);
        try (SocketChannel socket = SocketChannel.open()) {
            Route route = new Route(InetAddress.getLoopbackAddress(), 8883, "plant_broker", 8883, null, tls, null);
            assertDoesNotThrow(() -> new TlsStream(socket, route, Runnable::run, () -> {}));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = { "localhost", "127.0.0.1" })
    void aCommonNameIsNoNameOfTheBroker(String host, @TempDir Path directory) throws Exception { // RFC 9525
        TestKeys keys = new TestKeys(directory, "EC", "CN=" + host);
        try (RudePeer peer = new RudePeer(keys.server().getServerSocketFactory(), socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.send(socket, RudePeer.CONNACK);
        }); RealClient client = new RealClient("mqtts://" + host + ":" + peer.port())
                .trusting(keys.file("trust.pem", keys.certificatePem())).start()) {
            String reason = client.awaitReason("no name in the certificate");
            assertTrue(reason.contains("it holds only CN=" + host + "; needed is "
                    + (host.equals("localhost") ? "a DNS" : "an IP") + " alternative name"), reason);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
    void aBrokerWhoseCertificateIsRefusedIsToldSoAndTheConnectionClosedInOrder(String protocol,
            @TempDir Path directory) throws Exception { // RFC 8446 section 6.2
        TestKeys keys = new TestKeys(directory, "EC");
        TestKeys other = new TestKeys(Files.createDirectory(directory.resolve("other")), "EC", "CN=other");
        CompletableFuture<String> seen = new CompletableFuture<>();
        try (RudePeer peer = new RudePeer(socket -> {
            SSLSocket tls = (SSLSocket) keys.server().getSocketFactory().createSocket(socket, null, false);
            tls.setEnabledProtocols(new String[] { protocol });
            SSLException alert = assertThrows(SSLException.class, tls::startHandshake);
            seen.complete(alert.getMessage() + ", then " + end(socket));
        }); RealClient client = new RealClient(peer.uri("mqtts"))
                .trusting(other.file("trust.pem", other.certificatePem())).start()) {
            String reason = client.awaitReason("is not signed by an authority that is trusted here");
            assertTrue(reason.startsWith("TLS: "), reason);
            assertEquals("Received fatal alert: certificate_unknown, then -1", seen.get(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void aBrokerThatReadsNoAlertHoldsTheClientForASecondOnly(@TempDir Path directory) throws Exception {
        TestKeys keys = new TestKeys(directory, "EC");
        TestKeys other = new TestKeys(Files.createDirectory(directory.resolve("other")), "EC", "CN=other");
        try (RudePeer peer = new RudePeer(socket -> {
            SSLSocket tls = (SSLSocket) keys.server().getSocketFactory().createSocket(socket, null, false);
            assertThrows(SSLException.class, tls::startHandshake);
            Thread.sleep(60_000); // it does not read the alert, for longer than the test may take
        }); RealClient client = new RealClient(peer.uri("mqtts")).waits(60_000, 60_000)
                .trusting(other.file("trust.pem", other.certificatePem())).start()) {
            client.awaitReason("is not signed by an authority that is trusted here");
        }
    }

    /** The next byte of the TCP connection, below TLS; -1 = the client has closed it; or the error of reading. */
    private static String end(Socket socket) {
        try {
            return String.valueOf(socket.getInputStream().read());
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
