package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import mqtt.resilient.impl.environment.Route.Proxy.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a thousand failed attempts leave behind: nothing. */
@Timeout(180)
class FailedAttemptsTest {
    private static final int ATTEMPTS = 1000;
    /** The response and connection time against peers that never come to an end. */
    private static final int SHORT_MILLIS = 8;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    /** The loop may use a processor for so much of the time that the attempts take; one that spins uses all of it. */
    private static final double BUSY = 0.6;

    private static List<String> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(EngineThread.class::isInstance).map(Thread::getName)
                .sorted().toList();
    }

    private static long descriptors() {
        if (!Files.isDirectory(DESCRIPTORS)) {
            return 0; // not Linux: threads are counted all the same
        }
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long loopCpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("mqtt-io"))
                .mapToLong(thread -> Math.max(0, threads.getThreadCpuTime(thread.getId()))).sum();
    }

    private RealClient client;

    @AfterEach
    void close() {
        client.close();
    }

    private void fails(RealClient failing) {
        fails(failing, 500);
    }

    private void fails(RealClient failing, long waitMillis) {
        client = failing.backsOff(1, 4).waits(waitMillis, waitMillis).start();
        client.awaitAttempts(100); // classes, pools and the like are there now
        List<String> threadsBefore = engineThreads();
        long descriptorsBefore = descriptors();
        long start = System.nanoTime();
        long cpu = loopCpuNanos();
        client.awaitAttempts(100 + ATTEMPTS);
        double busy = (double) (loopCpuNanos() - cpu) / (System.nanoTime() - start);
        assertTrue(busy < BUSY, "the loop was busy for " + busy + " of the time");
        Await.until(() -> descriptorsBefore + " descriptors, but there are " + descriptors(),
                () -> descriptors() <= descriptorsBefore + 8);
        assertTrue(engineThreads().size() <= threadsBefore.size() + 4, () -> threadsBefore + " → " + engineThreads());
        client.close();
        Await.until(() -> "no thread: " + engineThreads(), () -> engineThreads().isEmpty());
    }

    @Test
    void ofRefusedConnections() {
        RudePeer gone = new RudePeer(RudePeer::silence);
        gone.close();
        fails(new RealClient(gone.uri("mqtt")));
    }

    @Test
    void ofConnectionsThatAreClosedAtOnce() {
        try (RudePeer peer = new RudePeer(socket -> { })) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }

    @Test
    void ofBrokersThatSpeakAnotherProtocol() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().read();
            RudePeer.send(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
        })) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }

    @Test
    void ofBrokersThatAcceptAndNeverAnswer() {
        try (RudePeer peer = new RudePeer(RudePeer::silence)) {
            fails(new RealClient(peer.uri("mqtt")), SHORT_MILLIS);
        }
    }

    @Test
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
    void ofTlsHandshakesThatAreNeverAnswered() {
        try (RudePeer peer = new RudePeer(RudePeer::silence)) {
            fails(new RealClient(peer.uri("mqtts")), SHORT_MILLIS);
        }
    }

    @Test
    void ofTlsOnAPlainPort() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().read();
            RudePeer.sendHex(socket, "20 02 00 05 20 02");
        })) {
            fails(new RealClient(peer.uri("mqtts")));
        }
    }

    @Test
    void ofPlainMqttOnATlsPort() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().read();
            RudePeer.sendHex(socket, "15 03 01 00 02 02 46");
        })) {
            fails(new RealClient(peer.uri("mqtt")));
        }
    }

    @Test
    void ofTlsHandshakesThatAreClosed() {
        try (RudePeer peer = new RudePeer(socket -> socket.getInputStream().readNBytes(50))) {
            fails(new RealClient(peer.uri("mqtts")));
        }
    }

    @Test
    void ofWebSocketsThatAreRefused() {
        try (RudePeer peer = new RudePeer(socket -> {
            RudePeer.head(socket);
            RudePeer.send(socket, "HTTP/1.1 401 Unauthorized\r\n\r\n");
        })) {
            fails(new RealClient(peer.uri("ws")));
        }
    }

    @Test
    void ofProxiesThatRefuse() {
        try (RudePeer peer = new RudePeer(socket -> {
            socket.getInputStream().readNBytes(3);
            RudePeer.sendHex(socket, "05 ff");
        })) {
            fails(new RealClient("mqtt://broker.example").proxy(Kind.SOCKS5, peer.port(), null, null));
        }
    }

    @Test
    void ofSessionsThatBreakOffAfterTheConnack() {
        try (RudePeer peer = new RudePeer(socket -> {
            RudePeer.packet(socket.getInputStream());
            RudePeer.send(socket, RudePeer.CONNACK);
        })) {
            fails(new RealClient(peer.uri("mqtt")));
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
