package mqtt.resilient.plain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each bound, filled with its default in a process with a heap of 64 MB: what is counted is what is held, and that is
 * told.
 */
@Timeout(180)
class SmallHeapTest {
    private static final String HEAP = "-Xmx64m";
    private static final byte[] REASON = "r".repeat(300).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path directory;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private ServerSocket server;
    private int floodBytes;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
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

    @AfterEach
    void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "small-heap-broker");
        thread.setDaemon(true);
        thread.start();
    }

    /** A broker that refuses each message with a long reason (MQTT 5), and floods whoever subscribes (3.1.1). */
    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            while (true) {
                int type = in.readUnsignedByte();
                byte[] body = in.readNBytes(length(in));
                switch (type >> 4) {
                    case 1 -> send(out, 0x20, body[6] == 5 ? new byte[] { 0, 0, 0 } : new byte[] { 0, 0 });
                    case 3 -> {
                        int topic = 2 + ((body[0] & 0xFF) << 8 | body[1] & 0xFF);
                        send(out, 0x40, refusal(body[topic], body[topic + 1]));
                    }
                    case 8 -> {
                        send(out, 0x90, new byte[] { body[0], body[1], 1 });
                        start(() -> flood(out));
                    }
                    case 12 -> send(out, 0xD0, new byte[0]);
                    case 14 -> {
                        return;
                    }
                    default -> {} // its acknowledgements
                }
            }
        } catch (IOException e) {
            sockets.remove(socket);
        }
    }

    /** A PUBACK of MQTT 5, not authorized. */
    private static byte[] refusal(byte id1, byte id2) {
        int properties = 3 + REASON.length;
        byte[] body = new byte[6 + properties];
        body[0] = id1;
        body[1] = id2;
        body[2] = (byte) 0x87;
        body[3] = (byte) (properties & 0x7F | 0x80);
        body[4] = (byte) (properties >> 7 & 0x7F | 0x80);
        body[5] = (byte) (properties >> 14);
        body[6] = 0x1F;
        body[7] = (byte) (REASON.length >> 8);
        body[8] = (byte) REASON.length;
        System.arraycopy(REASON, 0, body, 9, REASON.length);
        return body;
    }

    private void flood(DataOutputStream out) {
        byte[] body = new byte[6 + floodBytes];
        body[1] = 2;
        body[2] = 'i';
        body[3] = 'n';
        try {
            for (int id = 1;; id = id % 65_535 + 1) {
                body[4] = (byte) (id >> 8);
                body[5] = (byte) id;
                send(out, 0x32, body);
            }
        } catch (IOException e) {
            floodBytes = 0; // the process has ended
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

    private static void send(DataOutputStream out, int type, byte[] body) throws IOException {
        byte[] packet = new byte[5 + body.length];
        int length = 0;
        packet[length++] = (byte) type;
        int rest = body.length;
        do {
            packet[length++] = (byte) (rest > 0x7F ? rest & 0x7F | 0x80 : rest);
            rest >>= 7;
        } while (rest > 0);
        System.arraycopy(body, 0, packet, length, body.length);
        out.write(packet, 0, length + body.length);
        out.flush();
    }

    /** What the process says. */
    private String run(String what, int size, boolean online) throws Exception {
        floodBytes = size;
        String uri = "mqtt://127.0.0.1:" + (online ? server.getLocalPort() : 1);
        Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", HEAP,
                "-XX:+ExitOnOutOfMemoryError", "-cp",
                System.getProperty("java.class.path"), SmallHeap.class.getName(), what, String.valueOf(size), uri,
                directory.toString()).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(10, TimeUnit.SECONDS), said);
            assertEquals(0, process.exitValue(), said);
            assertTrue(said.contains("\ndone "), said);
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    private void holds(String what, int size) throws Exception {
        switch (what) {
            case "inbound" -> assertTrue(run(what, size, true).contains("held "), what);
            case "history" -> {
                String said = run(what, size, true);
                assertTrue(said.contains("refused 256 "), said);
            }
            case "events" -> {
                String said = run(what, size, false);
                assertTrue(said.contains("Events are dropped")
                        && said.contains("events were dropped; events are posted again"), said);
            }
            default -> {
                String said = run(what, size, false);
                String key = switch (what) {
                    case "outbound" -> "store.max.bytes";
                    case "qos0" -> "qos0.max.bytes";
                    case "unwritten" -> "the disk does not keep up";
                    default -> "requests of this service";
                };
                assertTrue(said.lines().anyMatch(line -> line.startsWith("refused ") && line.contains(key)), said);
                if (what.equals("outbound") || what.equals("unwritten")) {
                    assertTrue(said.lines().anyMatch(line -> line.startsWith("store ") && line.contains(key)), said);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({ "inbound, 20000", "unwritten, 1000" })
    void aFullBoundLeavesRoomInASmallHeap(String what, int size) throws Exception {
        holds(what, size);
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({ "inbound, 1", "inbound, 1000", "inbound, 1000000", "outbound, 1", "outbound, 1000",
        "outbound, 1000000", "unwritten, 1",
        "unwritten, 1000000", "qos0, 1", "qos0, 1000", "qos0, 1000000", "requests, 1", "requests, 1000",
        "requests, 1000000",
        "history, 1", "history, 1000", "history, 1000000", "events, 1", "events, 1000", "events, 1000000" })
    void everyFullBoundLeavesRoomInASmallHeap(String what, int size) throws Exception {
        holds(what, size);
    }
}
