package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.SocketTimeoutException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Attempts that come to nothing until the client gives them up. */
class UnansweredAttemptsTest extends FailedAttempts {
    /** The response and connection time against peers that never come to an end. */
    private static final int SHORT_MILLIS = 8;

    @Test
    @Tag("full")
    void ofBrokersThatAcceptAndNeverAnswer() {
        try (RudePeer peer = new RudePeer(RudePeer::silence)) {
            fails(new RealClient(peer.uri("mqtt")), SHORT_MILLIS);
        }
    }

    @Test
    @Tag("full")
    void ofBrokersThatSendOneByteAndThenAnother() {
        try (RudePeer peer = new RudePeer(socket -> {
            for (byte next = 0x20;; next = (byte) 0xFF) {
                RudePeer.send(socket, new byte[] { next });
                socket.setSoTimeout(SHORT_MILLIS / 4);
                try {
                    socket.getInputStream().readNBytes(1000);
                    return; // the client left
                } catch (SocketTimeoutException e) {
                    continue;
                }
            }
        })) {
            fails(new RealClient(peer.uri("mqtt")), SHORT_MILLIS);
        }
    }

    @Test
    @Tag("full")
    void ofTlsHandshakesThatAreNeverAnswered() {
        try (RudePeer peer = new RudePeer(RudePeer::silence)) {
            fails(new RealClient(peer.uri("mqtts")), SHORT_MILLIS);
        }
    }

    @Test
    void theFirstClientNeedsNoMoreThanOneThreadWhileItWaits() {
        try (RudePeer peer = new RudePeer(RudePeer::silence)) {
            client = new RealClient("mqtt://127.0.0.1:" + peer.port()).waits(60_000, 60_000).start();
            Await.until(() -> "a connection", () -> peer.accepted() == 1);
            Await.until(() -> "only the loop: " + engineThreads(), () -> engineThreads().equals(List.of("mqtt-io")));
            assertEquals(1, peer.accepted());
        }
    }
}
