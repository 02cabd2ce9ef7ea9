package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;

/** Asks a name server for the root's name servers (RFC 1035): any reply shows that the wide area network works. */
final class DnsProbe {
    private static final int TRIES = 2;
    private static final int TIMEOUT_MILLIS = 1500;
    private static final int REPLY_BYTES = 512;

    private final EventLoop loop;
    private final ThreadPoolExecutor thread = Threads.pool("mqtt-wan", 1);
    /** Who waits for the answer of a server; on the loop. */
    private final Map<String, List<Consumer<Boolean>>> waiting = new HashMap<>();

    DnsProbe(EventLoop loop) {
        this.loop = loop;
    }

    /** Asks, once for all who ask while the question is open; on the loop. */
    void ask(String server, int port, Consumer<Boolean> answer) {
        String key = server + " " + port;
        List<Consumer<Boolean>> others = waiting.get(key);
        if (others != null) {
            others.add(answer);
            return;
        }
        waiting.put(key, new ArrayList<>(List.of(answer)));
        try {
            thread.execute(() -> {
                boolean up = answers(server, port);
                loop.execute(() -> waiting.remove(key).forEach(each -> each.accept(up)));
            });
        } catch (RejectedExecutionException e) {
            loop.execute(() -> waiting.remove(key).forEach(each -> each.accept(false)));
        }
    }

    void stop() {
        thread.shutdownNow();
    }

    /** Whether a reply came; blocks for three seconds at most. */
    private static boolean answers(String server, int port) {
        int id = ThreadLocalRandom.current().nextInt(1 << 16);
        ByteBuffer query = ByteBuffer.allocate(17).putShort((short) id)
                .put(new byte[] { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 });
        for (int i = 0; i < TRIES; i++) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.connect(new InetSocketAddress(InetAddress.getByName(server), port));
                socket.send(new DatagramPacket(query.array(), query.capacity()));
                DatagramPacket reply = new DatagramPacket(new byte[REPLY_BYTES], REPLY_BYTES);
                socket.receive(reply);
                if (reply.getLength() >= 2 && ByteBuffer.wrap(reply.getData()).getShort() == (short) id) {
                    return true;
                }
            } catch (IOException | RuntimeException e) {
                continue; // no reply is an answer: try once more, then it is no
            }
        }
        return false;
    }
}
