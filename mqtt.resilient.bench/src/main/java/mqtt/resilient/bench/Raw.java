package mqtt.resilient.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The limit: no client but a blocking socket, one encoding of each message into a reused buffer, one write for all that
 * the window allows. It keeps nothing and checks nothing.
 */
public final class Raw implements Peer {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final int PACKET_IDS = 65_535;

    private final Settings settings;

    /** Connects when it is told to. */
    public Raw(Settings settings) {
        this.settings = settings;
        if (settings.authority() != null || settings.reconnect() || settings.connections() > 1) {
            throw new UnsupportedOperationException("raw writes to one plain socket");
        }
    }

    @Override
    public String configuration() {
        return "blocking SocketChannel, TCP_NODELAY, one thread, buffers of " + BUFFER_BYTES + " bytes";
    }

    @Override
    public CompletableFuture<Connection> connect(String clientId, Load load) throws IOException {
        return CompletableFuture.completedFuture(new Line(clientId, load));
    }

    @Override
    public void close() {
        // ends with the process
    }

    private final class Line implements Connection {
        private final SocketChannel channel;
        private final Load load;
        private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private Consumer<byte[]> receiver;
        private Runnable counter;
        private int lastId;

        Line(String clientId, Load load) throws IOException {
            this.load = load;
            channel = SocketChannel.open(new InetSocketAddress(settings.host(), settings.port()));
            channel.socket().setTcpNoDelay(true);
            byte[] id = clientId.getBytes(StandardCharsets.UTF_8);
            out.put((byte) 0x10).put((byte) (12 + id.length)).put(new byte[] { 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60 })
                    .putShort((short) id.length).put(id);
            write();
            in.flip();
            readUntil(4);
            in.position(4);
        }

        private void readUntil(int bytes) throws IOException {
            while (in.remaining() < bytes) {
                read();
            }
        }

        private void read() throws IOException {
            in.compact();
            if (channel.read(in) < 0) {
                throw new EOFException("the broker has closed");
            }
            in.flip();
        }

        private void write() throws IOException {
            out.flip();
            while (out.hasRemaining()) {
                channel.write(out);
            }
            out.clear();
        }

        private int nextId() {
            lastId = lastId % PACKET_IDS + 1;
            return lastId;
        }

        private void encode(int qos, byte[] topic, byte[] payload) throws IOException {
            int length = 2 + topic.length + (qos > 0 ? 2 : 0) + payload.length;
            if (out.remaining() < length + 5) {
                write();
            }
            out.put((byte) (0x30 | qos << 1));
            for (int rest = length; rest > 0; rest >>= 7) {
                out.put((byte) (rest > 127 ? rest & 127 | 128 : rest));
            }
            out.putShort((short) topic.length).put(topic);
            if (qos > 0) {
                out.putShort((short) nextId());
            }
            out.put(payload);
        }

        @Override
        public synchronized void publish(int qos, String topic, byte[] payload) throws IOException {
            encode(qos, topic.getBytes(StandardCharsets.UTF_8), payload);
            write();
            if (receiver == null) { // nobody else reads
                answers(1);
            }
        }

        /** One thread at a time: the answer is read by who has sent. */
        @Override
        public void publishAndWait(int qos, String topic, byte[] payload) throws IOException {
            publish(qos, topic, payload);
        }

        @Override
        public void flood(Load flood) throws IOException {
            byte[] topic = flood.topic.getBytes(StandardCharsets.UTF_8);
            while (!flood.isOver()) {
                int burst = 0;
                while (flood.trySlot()) {
                    encode(flood.qos, topic, flood.payload);
                    burst++;
                    if (flood.qos == 0 && burst == flood.window) {
                        break;
                    }
                }
                write();
                if (flood.qos == 0) {
                    for (int i = 0; i < burst; i++) {
                        flood.acknowledged();
                    }
                } else {
                    read();
                    handle(); // every PUBREL goes with the next burst
                }
            }
        }

        private void answers(int number) throws IOException {
            for (long until = load.done() + number; load.done() < until;) {
                read();
                handle();
                write();
            }
        }

        /** Handles every packet that is there; answers go to {@link #out}. */
        private void handle() {
            while (in.remaining() >= 2) {
                int start = in.position();
                int type = (in.get() & 0xFF) >> 4;
                int length = 0;
                int digit = 0x80;
                for (int shift = 0; digit >= 0x80 && in.hasRemaining(); shift += 7) {
                    digit = in.get() & 0xFF;
                    length |= (digit & 0x7F) << shift;
                }
                if (digit >= 0x80 || in.remaining() < length) {
                    in.position(start);
                    return;
                }
                int body = in.position();
                switch (type) {
                    case 3 -> received(start, body, length);
                    case 4, 7 -> load.acknowledged();
                    case 5 -> out.put((byte) 0x62).put((byte) 2).putShort(in.getShort(body));
                    default -> {}
                }
                in.position(body + length);
            }
        }

        private void received(int start, int body, int length) {
            if (counter != null) {
                counter.run();
            }
            int id = body + 2 + in.getShort(body);
            boolean acknowledge = (in.get(start) & 6) != 0;
            int from = acknowledge ? id + 2 : id;
            if (receiver != null) {
                byte[] payload = new byte[body + length - from];
                in.get(from, payload);
                receiver.accept(payload);
            }
            if (acknowledge) {
                out.put((byte) 0x40).put((byte) 2).putShort(in.getShort(id));
            }
        }

        @Override
        public void subscribe(String filter, int qos, Consumer<byte[]> received) throws IOException {
            receiver = received;
            subscribe(filter, qos);
        }

        @Override
        public void count(String filter, int qos, Runnable received) throws IOException {
            counter = received;
            subscribe(filter, qos);
        }

        private void subscribe(String filter, int qos) throws IOException {
            byte[] bytes = filter.getBytes(StandardCharsets.UTF_8);
            out.put((byte) 0x82).put((byte) (5 + bytes.length)).putShort((short) nextId())
                    .putShort((short) bytes.length)
                    .put(bytes).put((byte) qos);
            write();
            Thread reader = new Thread(this::readAll, "raw-reader");
            reader.setDaemon(true);
            reader.start();
        }

        private void readAll() {
            try {
                while (true) {
                    read();
                    synchronized (this) {
                        handle();
                        write();
                    }
                }
            } catch (IOException e) {
                System.err.println("raw: " + e);
            }
        }
    }
}
