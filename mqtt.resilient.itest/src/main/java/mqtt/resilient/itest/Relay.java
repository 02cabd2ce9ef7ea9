package mqtt.resilient.itest;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * Stands between a client and a broker on a loopback port, as a TLS or WebSocket listener or as a proxy, where the real
 * program is absent or where a test must see or do what the real program does not show. A thread for each direction.
 */
final class Relay implements AutoCloseable {
    private static final int BUFFER_BYTES = 16_384;
    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    /** Names that only the proxies here can resolve. */
    private static final String PRIVATE_SUFFIX = ".test";

    /** Does what comes first on a connection, connects to the target, and says how bytes go on. */
    interface Opening {
        /** {@return the two ways of the bytes, or null if the client is refused} */
        Ways open(Socket client) throws IOException;
    }

    /** A copy of bytes in one direction; returns at the end of the stream. */
    interface Way {
        void copy() throws IOException;
    }

    record Ways(Socket target, Way there, Way back) {
    }

    private final ServerSocket server;
    private final Opening opening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile int accepted;
    private volatile boolean closed;

    private Relay(ServerSocketFactory factory, java.util.function.Function<Relay, Opening> opening) {
        this(listening(factory), opening);
    }

    /** The socket is as it shall be: what is set later does not hold for the connection that is waited for already. */
    private Relay(ServerSocket server, java.util.function.Function<Relay, Opening> opening) {
        this.server = server;
        this.opening = opening.apply(this);
        start("itest-relay-" + server.getLocalPort(), this::accept);
    }

    private static ServerSocket listening(ServerSocketFactory factory) {
        try {
            return factory.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bytes as they are. */
    static Relay plain(int port) {
        return new Relay(ServerSocketFactory.getDefault(), relay -> client -> relay.straight(client, connect(port)));
    }

    /**
     * A TLS listener.
     *
     * @param protocols the versions it speaks; empty for all
     * @param wantsCertificate whether a client without a certificate is refused
     */
    static Relay tls(int port, SSLContext context, List<String> protocols, boolean wantsCertificate) {
        SSLServerSocket server = (SSLServerSocket) listening(context.getServerSocketFactory());
        server.setNeedClientAuth(wantsCertificate);
        if (!protocols.isEmpty()) {
            server.setEnabledProtocols(protocols.toArray(String[]::new));
        }
        return new Relay(server, self -> client -> self.straight(client, connect(port)));
    }

    /** A WebSocket listener; with TLS if there is a context. */
    static Relay webSocket(int port, SSLContext context) {
        return new Relay(context == null ? ServerSocketFactory.getDefault() : context.getServerSocketFactory(),
                self -> client -> self.upgrade(client, port));
    }

    /** An HTTP proxy that wants credentials if there is a user. */
    static Relay httpProxy(String user, String password) {
        return new Relay(ServerSocketFactory.getDefault(), self -> client -> self.httpConnect(client, user, password));
    }

    /** A SOCKS 5 proxy that wants credentials if there is a user. */
    static Relay socksProxy(String user, String password) {
        return new Relay(ServerSocketFactory.getDefault(), self -> client -> self.socks(client, user, password));
    }

    int port() {
        return server.getLocalPort();
    }

    /** {@return the connections so far} */
    int accepted() {
        return accepted;
    }

    /** {@return the targets that a proxy was asked for, or the heads of the WebSocket requests} */
    List<String> asked() {
        return asked;
    }

    /** {@return the number of connections that are open now} */
    int open() {
        return sockets.size() / 2;
    }

    /** Cuts every connection; new ones are taken. */
    void cut() {
        sockets.forEach(Relay::close);
    }

    @Override
    public void close() {
        closed = true;
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cut();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = server.accept();
                accepted++;
                start("itest-relay-client", () -> serve(client));
            } catch (IOException e) {
                continue; // closed, or a client that went away
            }
        }
    }

    private void serve(Socket client) {
        sockets.add(client);
        Ways ways = null;
        try {
            client.setTcpNoDelay(true);
            ways = opening.open(client);
            if (ways != null) {
                sockets.add(ways.target());
                Ways running = ways;
                start("itest-relay-target", () -> {
                    try {
                        running.back().copy();
                    } catch (IOException e) {
                        close(client); // the end of one side is the end of both
                    }
                    close(client);
                });
                running.there().copy();
            }
        } catch (IOException e) {
            close(client); // and its peer below
        } finally {
            sockets.remove(client);
            close(client);
            if (ways != null) {
                sockets.remove(ways.target());
                close(ways.target());
            }
        }
    }

    private Ways straight(Socket client, Socket target) throws IOException {
        return new Ways(target, () -> pump(client.getInputStream(), target.getOutputStream()),
                () -> pump(target.getInputStream(), client.getOutputStream()));
    }

    private static void pump(InputStream in, OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            out.write(buffer, 0, count);
            out.flush();
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket target = new Socket(InetAddress.getLoopbackAddress(), port);
        target.setTcpNoDelay(true);
        return target;
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    // ---- HTTP -----------------------------------------------------------------------------------------------------

    /** Reads the head of a request: its first line, and the header fields in lower case. */
    private static Map.Entry<String, Map<String, String>> head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException();
            }
            head.append((char) next);
        }
        String[] lines = head.toString().split("\r\n");
        Map<String, String> fields = new ConcurrentHashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            fields.put(lines[i].substring(0, colon).toLowerCase(java.util.Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        return Map.entry(lines[0], fields);
    }

    private static void answer(Socket client, String head) throws IOException {
        client.getOutputStream().write((head + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        client.getOutputStream().flush();
    }

    private Ways httpConnect(Socket client, String user, String password) throws IOException {
        var head = head(client.getInputStream());
        String target = head.getKey().split(" ")[1];
        asked.add(target);
        if (user != null && !("Basic " + Base64.getEncoder().encodeToString((user + ":" + password)
                .getBytes(StandardCharsets.UTF_8))).equals(head.getValue().get("proxy-authorization"))) {
            answer(client, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"itest\"");
            return null;
        }
        int colon = target.lastIndexOf(':');
        Socket to;
        try {
            to = resolve(target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)));
        } catch (IOException e) {
            answer(client, "HTTP/1.1 502 Bad Gateway");
            return null;
        }
        answer(client, "HTTP/1.1 200 Connection established");
        return straight(client, to);
    }

    private static Socket resolve(String host, int port) throws IOException {
        if (host.endsWith(PRIVATE_SUFFIX)) {
            return connect(port);
        }
        Socket target = new Socket();
        target.connect(new InetSocketAddress(host, port));
        target.setTcpNoDelay(true);
        return target;
    }

    // ---- WebSocket ------------------------------------------------------------------------------------------------

    private Ways upgrade(Socket client, int port) throws IOException {
        var head = head(client.getInputStream());
        asked.add(head.getKey() + " " + head.getValue());
        String accept;
        try {
            accept = Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(
                    (head.getValue().get("sec-websocket-key") + MAGIC).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        answer(client, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + accept);
        Socket target = connect(port);
        return new Ways(target, () -> unwrap(new DataInputStream(client.getInputStream()), target.getOutputStream()),
                () -> wrap(target.getInputStream(), client.getOutputStream()));
    }

    private static void unwrap(DataInputStream in, OutputStream out) throws IOException {
        for (int first = in.read(); first >= 0; first = in.read()) {
            int length = in.readUnsignedByte();
            if ((length & 0x80) == 0) {
                throw new IOException("a client's frames must be masked");
            }
            length &= 127;
            long size = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
            byte[] mask = in.readNBytes(4);
            byte[] payload = in.readNBytes((int) size);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i & 3];
            }
            if ((first & 15) == 8) {
                return;
            }
            out.write(payload);
            out.flush();
        }
    }

    private static void wrap(InputStream in, OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            ByteBuffer frame = ByteBuffer.allocate(4 + count).put((byte) 0x82);
            if (count < 126) {
                frame.put((byte) count);
            } else {
                frame.put((byte) 126).putShort((short) count);
            }
            frame.put(buffer, 0, count);
            out.write(frame.array(), 0, frame.position());
            out.flush();
        }
    }

    // ---- SOCKS 5 --------------------------------------------------------------------------------------------------

    private Ways socks(Socket client, String user, String password) throws IOException {
        DataInputStream in = new DataInputStream(client.getInputStream());
        OutputStream out = client.getOutputStream();
        in.readUnsignedByte();
        byte[] methods = in.readNBytes(in.readUnsignedByte());
        int wanted = user == null ? 0 : 2;
        boolean offered = new String(methods, StandardCharsets.ISO_8859_1).indexOf(wanted) >= 0;
        out.write(new byte[] { 5, (byte) (offered ? wanted : 0xFF) });
        if (!offered) {
            return null;
        }
        if (user != null) {
            in.readUnsignedByte();
            String gotUser = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
            String gotPassword = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
            boolean right = user.equals(gotUser) && password.equals(gotPassword);
            out.write(new byte[] { 1, (byte) (right ? 0 : 1) });
            if (!right) {
                return null;
            }
        }
        in.readNBytes(3);
        int type = in.readUnsignedByte();
        String host = type == 3 ? new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8)
                : InetAddress.getByAddress(in.readNBytes(type == 1 ? 4 : 16)).getHostAddress();
        int port = in.readUnsignedShort();
        asked.add(host + ":" + port);
        Socket target;
        try {
            target = resolve(host, port);
        } catch (IOException e) {
            out.write(new byte[] { 5, 5, 0, 1, 0, 0, 0, 0, 0, 0 }); // connection refused
            return null;
        }
        out.write(new byte[] { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 });
        return straight(client, target);
    }
}
