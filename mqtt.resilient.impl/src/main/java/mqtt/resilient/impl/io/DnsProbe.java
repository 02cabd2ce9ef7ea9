package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;

/** Asks a name server for the root's name servers (RFC 1035): any reply shows that the wide area network works. */
final class DnsProbe {
    private static final int TRIES = 2;
    private static final int TIMEOUT_MILLIS = 1500;
    private static final int REPLY_BYTES = 512;

    private DnsProbe() {
    }

    /** Whether a reply came; blocks for three seconds at most. */
    static boolean answers(String server, int port) {
        short id = (short) ThreadLocalRandom.current().nextInt();
        ByteBuffer query = ByteBuffer.allocate(17).putShort(id)
                .put(new byte[] { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 });
        for (int i = 0; i < TRIES; i++) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.connect(new InetSocketAddress(InetAddress.getByName(server), port));
                socket.send(new DatagramPacket(query.array(), query.capacity()));
                DatagramPacket reply = new DatagramPacket(new byte[REPLY_BYTES], REPLY_BYTES);
                socket.receive(reply);
                if (reply.getLength() >= 2 && ByteBuffer.wrap(reply.getData()).getShort() == id) {
                    return true;
                }
            } catch (IOException | RuntimeException e) {
                continue; // no reply is an answer: try once more, then it is no
            }
        }
        return false;
    }
}
