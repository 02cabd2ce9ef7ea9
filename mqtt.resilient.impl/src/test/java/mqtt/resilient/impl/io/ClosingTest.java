package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Route;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a peer that does not read gets in the end, of a connection that is given up and of one that is closed in order.
 */
@Timeout(180)
class ClosingTest {
    /** More than the peer's buffer takes, and less than the buffer on this side. */
    private static final byte[] SENT = new byte[60_000];
    private static final byte[] DISCONNECT = { (byte) 0xE0, 0 };

    private EventLoop loop;
    private ServerSocket server;
    private Socket peer;
    private Connection connection;
    private final CompletableFuture<Void> flushed = new CompletableFuture<>();
    private final CompletableFuture<String> closed = new CompletableFuture<>();

    @BeforeEach
    void sendToAPeerThatDoesNotRead() throws Exception {
        server = new ServerSocket();
        server.setReceiveBufferSize(4096);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        loop = new EventLoop();
        loop.start();
        Route route = new Route(server.getInetAddress(), server.getLocalPort(), "localhost", server.getLocalPort(),
                null,
                null, null);
        loop.execute(() -> connection = loop.connect(route, new Sender()));
        peer = server.accept();
        flushed.get(30, TimeUnit.SECONDS); // the system has all of it, and cannot pass it on
    }

    @AfterEach
    void stop() throws Exception {
        peer.close();
        server.close();
        loop.stop(5000);
    }

    private final class Sender implements ConnectionHandler {
        private boolean filled;

        @Override
        public void connected() {
            connection.requestWrite();
        }

        @Override
        public void received(ByteBuffer bytes) {
            bytes.position(bytes.limit());
        }

        @Override
        public void fill(Output out) {
            if (!filled) {
                filled = true;
                out.reserve(SENT.length).put(SENT);
            }
        }

        @Override
        public void flushed() {
            flushed.complete(null);
        }

        @Override
        public void closed(Closing closing) {
            closed.complete(closing.reason());
        }
    }

    private void onLoop(Runnable task) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            task.run();
            done.complete(null);
        });
        done.get(30, TimeUnit.SECONDS);
    }

    /** What the peer reads until the end, or until the connection is reset, which is thrown. */
    private static void read(InputStream in, ByteArrayOutputStream read) throws IOException {
        for (int next = in.read(); next >= 0; next = in.read()) {
            read.write(next);
        }
    }

    @Test
    void aConnectionThatIsGivenUpDoesNotDeliverWhatItHasNotSent() throws Exception { // it would take over the next one
        onLoop(() -> connection.close());
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        assertThrows(SocketException.class, () -> read(peer.getInputStream(), read), "not reset");
        assertTrue(read.size() < SENT.length, read.size() + " bytes");
    }

    @Test
    void aConnectionThatIsClosedInOrderDeliversAllAndItsDisconnectHoweverLateThePeerReads() throws Exception {
        onLoop(() -> connection.closeGracefully(DISCONNECT, loop.nanoTime() + 100_000_000L));
        assertEquals("closed", closed.get(30, TimeUnit.SECONDS)); // the peer was not waited for any longer
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        read(peer.getInputStream(), read);
        assertEquals(SENT.length + DISCONNECT.length, read.size());
        byte[] last = { read.toByteArray()[SENT.length], read.toByteArray()[SENT.length + 1] };
        assertArrayEquals(DISCONNECT, last);
    }
}
