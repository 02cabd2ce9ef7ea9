package mqtt.resilient.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Answers CONNECT, PINGREQ, SUBSCRIBE and QoS 1 PUBLISH and forgets everything: a broker for a thousand clients, on one
 * thread, in a process of its own so that its memory does not count. Ends with its standard input.
 */
public final class FleetBroker {
    private static final int BACKLOG = 4096;
    private static final int BUFFER_BYTES = 4096;
    private static int bufferBytes = BUFFER_BYTES;

    private FleetBroker() {
    }

    /** Arguments: the loopback port and, for few clients that are fast, the length of the buffer of each. */
    public static void main(String[] arguments) throws IOException {
        bufferBytes = arguments.length > 1 ? Integer.parseInt(arguments[1]) : BUFFER_BYTES;
        Thread parent = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    continue;
                }
            } catch (IOException e) {
                System.err.println(e);
            }
            Runtime.getRuntime().halt(0);
        }, "parent");
        parent.setDaemon(true);
        parent.start();
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])), BACKLOG);
        server.configureBlocking(false);
        Selector selector = Selector.open();
        server.register(selector, SelectionKey.OP_ACCEPT);
        System.out.println("ready");
        while (true) {
            selector.select(key -> {
                try {
                    if (key.isAcceptable()) {
                        for (SocketChannel client = server.accept(); client != null; client = server.accept()) {
                            client.configureBlocking(false);
                            client.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(bufferBytes));
                        }
                    } else {
                        serve((SocketChannel) key.channel(), (ByteBuffer) key.attachment());
                    }
                } catch (IOException e) {
                    close(key);
                }
            });
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            System.err.println(e);
        }
    }

    private static void serve(SocketChannel client, ByteBuffer in) throws IOException {
        if (client.read(in) < 0) {
            throw new IOException("closed");
        }
        in.flip();
        ByteBuffer out = ByteBuffer.allocate(bufferBytes);
        while (in.remaining() >= 2) {
            in.mark();
            int header = in.get() & 0xFF;
            int length = in.get() & 0xFF;
            if (length > 127 && in.hasRemaining()) {
                length = (length & 127) + (in.get() << 7);
            }
            if (in.remaining() < length) {
                in.reset();
                break;
            }
            int body = in.position();
            switch (header >> 4) {
                case 1 -> out.put(new byte[] { 0x20, 2, 0, 0 });
                case 3 -> {
                    if ((header & 6) == 2) {
                        out.put((byte) 0x40).put((byte) 2).putShort(in.getShort(body + 2 + in.getShort(body)));
                    }
                }
                case 8 -> out.put((byte) 0x90).put((byte) 3).putShort(in.getShort(body)).put((byte) 1);
                case 12 -> out.put((byte) 0xD0).put((byte) 0);
                case 14 -> throw new IOException("disconnected");
                default -> {
                }
            }
            in.position(body + length);
        }
        in.compact();
        client.write(out.flip()); // a few bytes: they fit
    }
}
