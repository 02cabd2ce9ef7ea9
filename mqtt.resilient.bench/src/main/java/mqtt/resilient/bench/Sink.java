package mqtt.resilient.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import tlschannel.NeedsReadException;
import tlschannel.NeedsWriteException;
import tlschannel.ServerTlsChannel;

/**
 * A broker that frames and acknowledges and keeps nothing, on one thread, so that the client is what is measured: MQTT
 * 3.1.1 and 5, any QoS. What is published to {@value #ECHO} comes back on the same connection; who subscribes to
 * {@code stream/QOS/BYTES/WINDOW} gets messages of so many bytes as fast as it takes them, with at most so many
 * unacknowledged. In a process of its own it ends with its standard input.
 */
public final class Sink implements Runnable {
    static final String ECHO = "echo";
    static final String STREAM = "stream/";
    private static final String PASSWORD = "changeit";
    private static final int BACKLOG = 4096;
    private static final int IN_BYTES = 1 << 18;
    /** Half of it takes the answers to everything that one read brings: none is longer than twice its packet. */
    private static final int OUT_BYTES = 4 * IN_BYTES;

    private final Selector selector = Selector.open();
    private final ServerSocketChannel plain;
    private final ServerSocketChannel secure;
    private final SSLContext tls;
    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES);
    private final ByteBuffer out = ByteBuffer.allocateDirect(OUT_BYTES);
    private volatile boolean closed;

    /**
     * Listens on the loopback interface.
     *
     * @param port 0 = any
     * @param keyStore a PKCS#12 file, the key of a second port for TLS; null = there is none
     */
    Sink(int port, Path keyStore) throws IOException, GeneralSecurityException {
        plain = listen(port);
        tls = keyStore == null ? null : context(keyStore);
        secure = keyStore == null ? null : listen(0);
    }

    private ServerSocketChannel listen(int port) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        return server;
    }

    private static SSLContext context(Path file) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream stream = Files.newInputStream(file)) {
            keys.load(stream, PASSWORD.toCharArray());
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    int port() throws IOException {
        return ((InetSocketAddress) plain.getLocalAddress()).getPort();
    }

    int tlsPort() throws IOException {
        return secure == null ? 0 : ((InetSocketAddress) secure.getLocalAddress()).getPort();
    }

    /** Arguments: the port, 0 for any, and the key store if there is to be TLS. Says {@code ready PORT TLSPORT}. */
    public static void main(String[] arguments) throws IOException, GeneralSecurityException {
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
        Sink sink = new Sink(Integer.parseInt(arguments[0]), arguments.length > 1 ? Path.of(arguments[1]) : null);
        System.out.println("ready " + sink.port() + " " + sink.tlsPort());
        sink.run();
    }

    /** Serves until {@link #close}. */
    @Override
    public void run() {
        try (selector; plain; secure) {
            while (!closed) {
                selector.select(this::serve);
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException e) {
            System.err.println("sink: " + e);
        }
    }

    void close() {
        closed = true;
        selector.wakeup();
    }

    private void serve(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                accept((ServerSocketChannel) key.channel());
            } else {
                ((Client) key.attachment()).serve();
            }
        } catch (IOException e) { // it has gone
            try {
                key.channel().close();
            } catch (IOException f) {
                System.err.println("sink: " + f);
            }
        }
    }

    private void accept(ServerSocketChannel server) throws IOException {
        for (SocketChannel socket = server.accept(); socket != null; socket = server.accept()) {
            socket.configureBlocking(false);
            socket.socket().setTcpNoDelay(true);
            ByteChannel channel = server == secure ? ServerTlsChannel.newBuilder(socket, tls).build() : socket;
            SelectionKey key = socket.register(selector, SelectionKey.OP_READ);
            key.attach(new Client(channel, key));
        }
    }

    /** One connection. Input and output buffers are shared; what one leaves in them it keeps until its next turn. */
    private final class Client {
        private final ByteChannel channel;
        private final SelectionKey key;
        /** The beginning of a packet; null = none. */
        private ByteBuffer partial;
        /** What the network did not take; null = nothing. */
        private ByteBuffer unsent;
        private boolean five;
        private int receiveMaximum = 65_535;
        private int lastId;
        /** The PUBLISH of a stream, with its packet id at {@link #streamIdAt}; null = none. */
        private ByteBuffer stream;
        private int streamIdAt;
        private int window;
        private int unacknowledged;

        Client(ByteChannel channel, SelectionKey key) {
            this.channel = channel;
            this.key = key;
        }

        void serve() throws IOException {
            out.clear();
            if (unsent != null) {
                out.put(unsent);
                unsent = null;
                flush();
            }
            for (boolean more = true; more && unsent == null;) {
                out.clear();
                more = read();
                fillStream();
                flush();
            }
        }

        /** Reads and answers; whether there may be more than the selector tells of. */
        private boolean read() throws IOException {
            while (out.remaining() >= OUT_BYTES / 2) {
                in.clear();
                if (partial != null) {
                    in.put(partial);
                    partial = null;
                }
                int read;
                try {
                    read = channel.read(in);
                } catch (NeedsReadException | NeedsWriteException e) {
                    read = 0;
                }
                if (read < 0) {
                    throw new IOException("closed");
                }
                boolean all = read == 0 || channel == key.channel() && in.hasRemaining();
                in.flip();
                answerAll();
                if (in.hasRemaining()) {
                    partial = ByteBuffer.allocate(in.remaining()).put(in).flip();
                }
                if (all) {
                    return false;
                }
            }
            return true;
        }

        private void answerAll() throws IOException {
            while (in.remaining() >= 2) {
                int start = in.position();
                int header = in.get() & 0xFF;
                int length = 0;
                int shift = 0;
                int digit = 0x80;
                while (digit >= 0x80 && in.hasRemaining()) {
                    digit = in.get() & 0xFF;
                    length |= (digit & 0x7F) << shift;
                    shift += 7;
                }
                if (digit >= 0x80 || in.remaining() < length) {
                    in.position(start);
                    if (length > IN_BYTES / 2) {
                        throw new IOException("a packet of " + length + " bytes is too long");
                    }
                    return;
                }
                int body = in.position();
                answer(header, body, length);
                in.position(body + length);
            }
        }

        private void answer(int header, int body, int length) throws IOException {
            switch (header >> 4) {
                case 1 -> connect(body);
                case 3 -> publish(header, body, length);
                case 4, 7 -> unacknowledged--; // PUBACK, PUBCOMP
                case 5 -> { // PUBREC
                    if (five && length > 2 && in.get(body + 2) < 0) {
                        unacknowledged--; // refused
                    } else {
                        acknowledge(0x62, body);
                    }
                }
                case 6 -> acknowledge(0x70, body); // PUBREL
                case 8 -> subscribe(body, length);
                case 10 -> {
                    out.put((byte) 0xB0).put((byte) (five ? 4 : 2)).putShort(in.getShort(body));
                    if (five) {
                        out.putShort((short) 0);
                    }
                }
                case 12 -> out.put((byte) 0xD0).put((byte) 0);
                case 14 -> throw new IOException("disconnected");
                default -> throw new IOException("packet type " + (header >> 4));
            }
        }

        private void connect(int body) {
            int level = body + 2 + in.getShort(body);
            five = in.get(level) == 5;
            if (five) {
                int properties = level + 4;
                int end = properties + 1 + in.get(properties); // what clients say here takes less than 128 bytes
                for (int at = properties + 1; at < end;) {
                    int id = in.get(at);
                    if (id == 0x21) {
                        receiveMaximum = in.getShort(at + 1) & 0xFFFF;
                    }
                    at += switch (id) {
                        case 0x21, 0x22 -> 3;
                        case 0x17, 0x19 -> 2;
                        case 0x11, 0x27 -> 5;
                        default -> end; // of no interest, nor what follows
                    };
                }
            }
            out.put((byte) 0x20).put((byte) (five ? 3 : 2)).putShort((short) 0);
            if (five) {
                out.put((byte) 0);
            }
        }

        private void publish(int header, int body, int length) {
            int qos = header >> 1 & 3;
            int topic = in.getShort(body);
            int id = body + 2 + topic;
            if (qos == 1) {
                acknowledge(0x40, id);
            } else if (qos == 2) {
                acknowledge(0x50, id);
            }
            if (topic == ECHO.length() && in.get(body + 2) == 'e' && in.get(body + 2 + 1) == 'c') {
                out.put((byte) (header & 0x06 | 0x30));
                for (int rest = length; rest > 0; rest >>= 7) {
                    out.put((byte) (rest > 127 ? rest & 127 | 128 : rest));
                }
                int copy = out.position();
                out.put(copy, in, body, length).position(copy + length);
                if (qos > 0) {
                    out.putShort(copy + 2 + topic, nextId());
                    unacknowledged++;
                }
            }
        }

        private short nextId() {
            lastId = lastId % 65_535 + 1;
            return (short) lastId;
        }

        private void acknowledge(int header, int id) {
            out.put((byte) header).put((byte) 2).putShort(in.getShort(id));
        }

        private void subscribe(int body, int length) {
            int at = body + 2;
            if (five) {
                at += 1 + in.get(at); // properties
            }
            int answer = out.position();
            out.put((byte) 0x90).put((byte) 0).putShort(in.getShort(body));
            if (five) {
                out.put((byte) 0);
            }
            while (at < body + length) {
                byte[] filter = new byte[in.getShort(at)];
                in.get(at + 2, filter);
                at += 2 + filter.length + 1;
                out.put((byte) (in.get(at - 1) & 3));
                String name = new String(filter, StandardCharsets.UTF_8);
                if (name.startsWith(STREAM)) {
                    beginStream(name);
                }
            }
            out.put(answer + 1, (byte) (out.position() - answer - 2));
        }

        private void beginStream(String topic) {
            String[] parts = topic.split("/");
            int qos = Integer.parseInt(parts[1]);
            int bytes = Integer.parseInt(parts[2]);
            window = qos == 0 ? Integer.MAX_VALUE : Math.min(Integer.parseInt(parts[3]), receiveMaximum);
            int length = 2 + topic.length() + (qos > 0 ? 2 : 0) + (five ? 1 : 0) + bytes;
            ByteBuffer packet = ByteBuffer.allocateDirect(length + 5).put((byte) (0x30 | qos << 1));
            for (int rest = length; rest > 0; rest >>= 7) {
                packet.put((byte) (rest > 127 ? rest & 127 | 128 : rest));
            }
            packet.putShort((short) topic.length()).put(topic.getBytes(StandardCharsets.UTF_8));
            streamIdAt = qos > 0 ? packet.position() : -1;
            packet.position(packet.position() + length - 2 - topic.length());
            stream = packet.flip();
        }

        private void fillStream() {
            if (stream != null) {
                int length = stream.limit();
                while (unacknowledged < window && out.remaining() >= length) {
                    int at = out.position();
                    out.put(at, stream, 0, length).position(at + length);
                    if (streamIdAt > 0) {
                        out.putShort(at + streamIdAt, nextId());
                        unacknowledged++;
                    }
                }
            }
        }

        private void flush() throws IOException {
            out.flip();
            try {
                while (out.hasRemaining() && channel.write(out) > 0) {
                    continue;
                }
            } catch (NeedsReadException | NeedsWriteException e) {
                // later
            }
            if (out.hasRemaining()) {
                unsent = ByteBuffer.allocate(out.remaining()).put(out).flip();
            }
            boolean endless = stream != null && streamIdAt < 0;
            key.interestOps(unsent != null ? SelectionKey.OP_WRITE
                    : endless ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
        }
    }
}
