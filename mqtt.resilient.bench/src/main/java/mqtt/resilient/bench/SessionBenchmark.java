package mqtt.resilient.bench;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.codec.FrameSplitter;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.SubscriptionListener;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * QoS 1 publish and acknowledgement without a socket, 100 bytes of payload, a window of messages at a time. One
 * operation is one message. Run with {@code -prof gc} for the garbage.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SessionBenchmark
        implements
            Outgoing.Listener,
            Incoming.Listener,
            SubscriptionListener,
            PacketReceiver,
            Output {
    private static final int WINDOW = 100;
    private static final int HEADER_BYTES = 3;

    private final Message message = Message.to("plant/boiler/temperature").payload(new byte[100]).build();
    private final ByteBuffer out = ByteBuffer.allocateDirect(65_536);
    private final ByteBuffer acknowledgements = ByteBuffer.allocateDirect(4 * WINDOW);
    private final EchoNetwork network = new EchoNetwork();
    private final Codec codec = new Mqtt311().newCodec();
    private final FrameSplitter splitter = new FrameSplitter(codec, 1_048_576);
    private final MemoryStore store = new MemoryStore();
    private Session session;
    private Client client;
    private long id;
    private long ended;

    @Setup
    public void connect() {
        session = new Session(store, this, this, this, network, new Counters(),
                Clients.settings(WINDOW * 10 / 9 + 1).session());
        session.connected(codec, "", false, false, BrokerLimits.NONE);
        client = Clients.client(network, WINDOW * 10 / 9 + 1);
        network.run();
    }

    /** The session and the codec: store, encode, decode the acknowledgements, end. */
    @Benchmark
    @OperationsPerInvocation(WINDOW)
    public long sessionAndCodec() throws ProtocolException {
        for (int i = 0; i < WINDOW; i++) {
            store.append(new Outgoing(++id, message, 0));
        }
        long before = ended;
        out.clear();
        session.fill(this);
        session.flushed();
        out.flip();
        acknowledgements.clear();
        int packetBytes = codec.publishSize(message); // the header byte and two bytes of remaining length
        for (int start = 0; start < out.limit(); start += packetBytes) {
            acknowledgements.put((byte) 0x40).put((byte) 2)
                    .putShort(out.getShort(start + HEADER_BYTES + 2 + message.topic().length()));
        }
        splitter.split(acknowledgements.flip(), this);
        if (ended - before != WINDOW) {
            throw new IllegalStateException(ended - before + " of " + WINDOW + " messages were delivered");
        }
        return ended;
    }

    /** The whole client: admission, mailbox, session, codec, outcome; unwatched. */
    @Benchmark
    @OperationsPerInvocation(WINDOW)
    public long wholeClient() {
        for (int i = 0; i < WINDOW; i++) {
            client.publisher().publish(message);
        }
        network.run();
        return client.metrics().delivered();
    }

    @Override
    public ByteBuffer reserve(int bytes) {
        return out.remaining() < bytes ? null : out;
    }

    @Override
    public void settled(Outgoing outgoing, Outcome.Kind kind, Reason reason) {
        ended++;
    }

    @Override
    public void received(Incoming incoming) {
        throw new IllegalStateException();
    }

    @Override
    public void granted(String filter, Reason reason) {
        throw new IllegalStateException();
    }

    @Override
    public void oversized(String topic, int size) {
        throw new IllegalStateException();
    }

    @Override
    public void oversized(String topic, int qos, int packetId, int size) {
        throw new IllegalStateException();
    }

    @Override
    public void connack(Connack connack) {
        throw new IllegalStateException();
    }

    @Override
    public void publish(Publish publish) {
        session.publishReceived(publish);
    }

    @Override
    public void acknowledgement(int type, int packetId, Reason reason) {
        session.acknowledgement(type, packetId, reason);
    }

    @Override
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) throws ProtocolException {
        session.subscriptionAnswer(type, packetId, codes, reason);
    }

    @Override
    public void disconnected(Reason reason, String serverReference) {
        throw new IllegalStateException();
    }

    @Override
    public void auth(Auth auth) {
        throw new AssertionError("nothing asks for it");
    }

    @Override
    public void pingresp() {
        throw new IllegalStateException();
    }
}
