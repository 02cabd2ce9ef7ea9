package mqtt.resilient.itest;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Takes connections and says the same bytes to everyone, whatever is asked. */
final class RudeBroker implements AutoCloseable {
    private final ServerSocket server;
    private final byte[] answer;
    private final boolean hangsUp;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();

    /**
     * Listens.
     *
     * @param answer said to each CONNECT; null = not even that is waited for
     * @param hangsUp whether the connection ends after the answer, or stays open in silence
     */
    RudeBroker(int port, byte[] answer, boolean hangsUp) {
        this.answer = answer;
        this.hangsUp = hangsUp;
        try {
            server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread thread = new Thread(this::accept, "itest-rude");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                connections.incrementAndGet();
                sockets.add(socket);
                if (answer != null) {
                    socket.getInputStream().read(new byte[1000]);
                    OutputStream out = socket.getOutputStream();
                    out.write(answer);
                    out.flush();
                }
                if (hangsUp) {
                    socket.close();
                }
            } catch (IOException e) {
                continue; // closed, or the client was quicker
            }
        }
    }

    /** {@return the number of connections so far} */
    int connections() {
        return connections.get();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
