package mqtt.resilient.itest;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes every login of MQTT 3.1.1 and keeps it. */
final class KuraLogins implements AutoCloseable {
    private static final byte[] ACCEPTED = { 0x20, 2, 0, 0 };

    private final ServerSocket server;
    private final List<String> logins = new CopyOnWriteArrayList<>();

    KuraLogins() {
        try {
            server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "itest-logins");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                start(() -> serve(socket));
            }
        } catch (IOException e) {
            return; // closed
        }
    }

    private void serve(Socket socket) {
        try (socket; DataInputStream in = new DataInputStream(socket.getInputStream())) {
            in.readByte();
            byte[] connect = new byte[in.readUnsignedByte()]; // shorter than 128 bytes
            in.readFully(connect);
            logins.add(new String(connect, StandardCharsets.ISO_8859_1));
            socket.getOutputStream().write(ACCEPTED);
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            return; // the client has gone
        }
    }

    String uri() {
        return "mqtt://127.0.0.1:" + server.getLocalPort();
    }

    List<String> all() {
        return logins;
    }

    /** Waits for a CONNECT that ends with a user and a password. */
    void await(String user, String password) {
        String end = field(user) + field(password);
        Await.until("a login of " + user + " with " + password + "; there are " + logins,
                () -> logins.stream().anyMatch(login -> login.endsWith(end)));
    }

    private static String field(String text) {
        return "\0" + (char) text.length() + text;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
