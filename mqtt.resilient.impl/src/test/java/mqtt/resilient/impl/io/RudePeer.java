package mqtt.resilient.impl.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ServerSocketFactory;

/** A server on a loopback port that does to every connection what a test says; a thread for each. */
final class RudePeer implements AutoCloseable {
    static final byte[] CONNACK = { 0x20, 2, 0, 0 };
    private static final Pattern KEY = Pattern.compile("(?i)Sec-WebSocket-Key: *(\\S+)");

    /** What it does; the connection is closed when this returns. */
    interface Manners {
        void serve(Socket socket) throws Exception;
    }

    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    RudePeer(Manners manners) {
        this(ServerSocketFactory.getDefault(), manners);
    }

    RudePeer(ServerSocketFactory factory, Manners manners) {
        try {
            server = factory.createServerSocket(0, 200, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    accepted.incrementAndGet();
                    sockets.add(socket);
                    start(() -> serve(socket, manners));
                } catch (IOException e) {
                    continue; // closed
                }
            }
        });
    }

    private void serve(Socket socket, Manners manners) {
        try (socket) {
            manners.serve(socket);
        } catch (Exception e) {
            sockets.remove(socket); // the client left: what a rude peer expects
        }
        sockets.remove(socket);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "rude-peer");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return server.getLocalPort();
    }

    String uri(String scheme) {
        return scheme + "://localhost:" + port() + (scheme.startsWith("ws") ? "/mqtt?token=secret" : "");
    }

    int accepted() {
        return accepted.get();
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what manners are made of ---------------------------------------------------------------------------------

    /** Says nothing until the client leaves. */
    static void silence(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        while (in.read() >= 0) {
            continue;
        }
    }

    static void send(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    static void send(Socket socket, String text) throws IOException {
        send(socket, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Sends bytes given as hexadecimal digits. */
    static void sendHex(Socket socket, String hex) throws IOException {
        send(socket, HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /** Reads one MQTT packet. */
    static byte[] packet(InputStream in) throws IOException {
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(in.read());
        int length = 0;
        for (int shift = 0;; shift += 7) {
            int digit = in.read();
            if (digit < 0) {
                throw new IOException("the client left");
            }
            packet.write(digit);
            length |= (digit & 127) << shift;
            if (digit < 128) {
                break;
            }
        }
        packet.writeBytes(in.readNBytes(length));
        return packet.toByteArray();
    }

    /** Reads the head of an HTTP request. */
    static String head(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the client left");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    /** Agrees to a WebSocket. */
    static void upgrade(Socket socket) throws IOException {
        Matcher key = KEY.matcher(head(socket));
        key.find();
        send(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + accept(key.group(1)) + "\r\n\r\n");
    }

    static String accept(String key) {
        try {
            return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads one frame of a client: opcode and unmasked payload. */
    static byte[] frame(InputStream in) throws IOException {
        int first = in.read();
        int length = in.read() & 127;
        if (first < 0) {
            throw new IOException("the client left");
        }
        if (length == 126) {
            length = in.read() << 8 | in.read();
        }
        byte[] mask = in.readNBytes(4);
        byte[] frame = new byte[1 + length];
        frame[0] = (byte) (first & 15);
        byte[] payload = in.readNBytes(length);
        for (int i = 0; i < length; i++) {
            frame[1 + i] = (byte) (payload[i] ^ mask[i & 3]);
        }
        return frame;
    }
}
