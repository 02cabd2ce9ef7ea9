package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A second TLS connection to the same broker costs neither certificates nor signatures. */
@Timeout(60)
class TlsResumptionTest {
    @ParameterizedTest
    @ValueSource(strings = { "TLSv1.2", "TLSv1.3" })
    void aConnectionThatIsMadeAgainResumesTheSessionOfTls(String protocol, @TempDir Path directory)
            throws Exception {
        TestKeys keys = new TestKeys(directory, "EC");
        Queue<String> sessions = new ConcurrentLinkedQueue<>(); // a resumed one was created when the first was
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
}
