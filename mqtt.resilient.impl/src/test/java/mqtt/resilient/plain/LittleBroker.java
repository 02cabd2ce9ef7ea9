package mqtt.resilient.plain;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A broker on a real port, of nothing but the JDK: takes QoS 1, and sends it back to who published it and has
 * subscribed.
 */
final class LittleBroker implements AutoCloseable {
    private final ServerSocket server;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    /** The protocol level and client id of each CONNECT, topic and payload of each PUBLISH, {@code DISCONNECT}. */
    final List<String> heard = new CopyOnWriteArrayList<>();

    LittleBroker() {
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    sockets.add(socket);
                    start(() -> serve(socket));
                } catch (IOException e) {
                    continue; // closed
                }
            }
        });
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "little-broker");
        thread.setDaemon(true);
        thread.start();
    }

    String uri() {
        return "mqtt://127.0.0.1:" + server.getLocalPort();
    }

    private void serve(Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            int level = 0;
            boolean subscribed = false;
            while (true) {
                int type = in.readUnsignedByte();
                byte[] body = in.readNBytes(length(in));
                DataInputStream packet = new DataInputStream(new java.io.ByteArrayInputStream(body));
                switch (type >> 4) {
                    case 1 -> {
                        level = body[6];
                        packet.skipNBytes(10);
                        packet.skipNBytes(level == 5 ? packet.readUnsignedByte() : 0);
                        heard.add("CONNECT " + level + " " + text(packet));
                        answer(out, 0x20, level == 5 ? new byte[] { 0, 0, 0 } : new byte[] { 0, 0 });
                    }
                    case 3 -> {
                        String topic = text(packet);
                        int id = packet.readUnsignedShort();
                        packet.skipNBytes(level == 5 ? packet.readUnsignedByte() : 0);
                        heard.add("PUBLISH " + topic + " " + new String(packet.readAllBytes(), StandardCharsets.UTF_8));
                        answer(out, 0x40, new byte[] { (byte) (id >> 8), (byte) id });
                        if (subscribed) {
                            answer(out, 0x32, body);
                        }
                    }
                    case 8 -> {
                        subscribed = true;
                        answer(out, 0x90, level == 5 ? new byte[] { body[0], body[1], 0, 1 }
                                : new byte[] { body[0], body[1], 1 });
                    }
                    case 12 -> answer(out, 0xD0, new byte[0]);
                    case 14 -> {
                        heard.add("DISCONNECT");
                        return;
                    }
                    default -> {} // its acknowledgements
                }
            }
        } catch (IOException e) {
            sockets.remove(socket);
        }
    }

    private static int length(DataInputStream in) throws IOException {
        int length = 0;
        for (int shift = 0, next = 0x80; (next & 0x80) != 0; shift += 7) {
            next = in.readUnsignedByte();
            length |= (next & 0x7F) << shift;
        }
        return length;
    }

    private static String text(DataInputStream packet) throws IOException {
        return new String(packet.readNBytes(packet.readUnsignedShort()), StandardCharsets.UTF_8);
    }

    private static void answer(DataOutputStream out, int type, byte[] body) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(type);
        for (int rest = body.length;; rest >>= 7) {
            frame.write(rest > 0x7F ? rest & 0x7F | 0x80 : rest);
            if (rest <= 0x7F) {
                break;
            }
        }
        frame.write(body);
        out.write(frame.toByteArray());
        out.flush();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
