package mqtt.resilient.itest;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between a client and its broker and does to the network what a test wants. */
final class TcpProxy implements AutoCloseable {
    private static final int BUFFER_BYTES = 65_536;

    private final ServerSocket server;
    private final int brokerPort;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final List<Integer> levels = new CopyOnWriteArrayList<>();
    private volatile boolean stalled;
    private volatile byte[] refusal;

    TcpProxy(TestBroker broker) {
        this(broker, 0);
    }

    /**
     * A proxy on a port of the caller's choice.
     *
     * @param port free, perhaps only just; 0 = any
     */
    TcpProxy(TestBroker broker, int port) {
        brokerPort = broker.port();
        server = bound(port);
        thread("itest-proxy", this::accept);
    }

    /** Whoever had the port may let go of it a moment after it was closed, when its accepting thread has noticed. */
    private static ServerSocket bound(int port) {
        long end = System.nanoTime() + 60_000_000_000L;
        while (true) {
            try {
                ServerSocket socket = new ServerSocket();
                socket.setReuseAddress(true);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return socket;
            } catch (IOException e) {
                if (System.nanoTime() - end > 0) {
                    throw new UncheckedIOException(e);
                }
                Thread.onSpinWait();
            }
        }
    }

    /** {@return for the configuration key {@code brokers}} */
    String uri() {
        return "mqtt://127.0.0.1:" + server.getLocalPort();
    }

    /** Breaks every connection as a network does: no MQTT packet tells. */
    void cut() {
        sockets.forEach(TcpProxy::close);
    }

    /** From now on nothing goes through, and nothing is closed. */
    void stall() {
        stalled = true;
    }

    /** Ends {@link #stall()}; what went in meanwhile is lost, so connections of that time are worthless. */
    void resume() {
        stalled = false;
    }

    /** {@return the number of connections so far} */
    int accepted() {
        return accepted.get();
    }

    /** {@return the number of connections that one side or both hold open} */
    int open() {
        return open.get();
    }

    /** From now on a CONNECT of MQTT 5 goes no further: its connection ends with this answer. */
    void refuseFive(byte... answer) {
        refusal = answer;
    }

    /** {@return the protocol level of each CONNECT so far: 4 is 3.1.1} */
    List<Integer> levels() {
        return List.copyOf(levels);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                accepted.incrementAndGet();
                open.incrementAndGet();
                Socket toBroker = new Socket();
                sockets.add(client);
                sockets.add(toBroker);
                thread("itest-proxy-up", () -> forward(client, toBroker));
            }
        } catch (IOException e) {
            // the proxy is closed
        }
    }

    private void forward(Socket client, Socket toBroker) {
        try {
            toBroker.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), brokerPort));
            AtomicInteger directions = new AtomicInteger(2);
            thread("itest-proxy-down", () -> copy(toBroker, client, false, directions));
            copy(client, toBroker, true, directions);
        } catch (IOException e) {
            close(client);
            open.decrementAndGet();
        }
    }

    /** One direction; an end of the stream is passed on, the end of both closes the connection. */
    private void copy(Socket from, Socket to, boolean up, AtomicInteger directions) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (up && isRefused(buffer, count)) {
                    from.getOutputStream().write(refusal);
                    break;
                }
                if (!stalled) {
                    out.write(buffer, 0, count);
                }
            }
            if (!stalled) {
                to.shutdownOutput();
            }
        } catch (IOException e) {
            close(from);
            close(to);
        }
        if (directions.decrementAndGet() == 0) {
            close(from);
            close(to);
            open.decrementAndGet();
        }
    }

    /** Looks for a CONNECT, which comes first and alone: type, length of one to four bytes, "MQTT", level. */
    private boolean isRefused(byte[] bytes, int count) {
        for (int name = 4; name <= 7 && bytes[0] == 0x10 && name + 4 < count; name++) {
            if (new String(bytes, name, 4, StandardCharsets.ISO_8859_1).equals("MQTT")) {
                levels.add((int) bytes[name + 4]);
                return bytes[name + 4] == 5 && refusal != null;
            }
        }
        return false;
    }

    private static void thread(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }
}
