package mqtt.resilient.itest;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Reads what a broker sends for all topics, in MQTT 3.1.1 with QoS 0 and without the code under test. One thread. */
final class PlainSubscriber implements AutoCloseable {
    private static final byte[] CONNECT = { 0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 2, 'p', 's' };
    private static final byte[] SUBSCRIBE = { (byte) 0x82, 6, 0, 1, 0, 1, '#', 0 };
    private static final int PUBLISH = 3;

    private final Socket socket;
    private final DataInputStream in;

    PlainSubscriber(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        in = new DataInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        out.write(CONNECT);
        packet(); // CONNACK
        out.write(SUBSCRIBE);
        packet(); // SUBACK
    }

    /** Waits for a message, and returns its topic, a space, and its payload. */
    String next(int limitMillis) throws IOException {
        socket.setSoTimeout(limitMillis);
        while (true) {
            byte[] packet = packet();
            if (packet[0] >> 4 == PUBLISH) {
                int topicEnd = 3 + (packet[1] << 8 | packet[2]);
                return new String(packet, 3, topicEnd - 3, StandardCharsets.UTF_8) + " "
                        + new String(packet, topicEnd, packet.length - topicEnd, StandardCharsets.UTF_8);
            }
        }
    }

    private byte[] packet() throws IOException {
        byte type = in.readByte();
        int length = 0;
        int shift = 0;
        int digit;
        do {
            digit = in.readUnsignedByte();
            length |= (digit & 0x7F) << shift;
            shift += 7;
        } while (digit > 0x7F);
        byte[] packet = new byte[1 + length];
        packet[0] = type;
        in.readFully(packet, 1, length);
        return packet;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
