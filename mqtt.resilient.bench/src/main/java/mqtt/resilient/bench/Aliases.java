package mqtt.resilient.bench;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
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
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.ProtocolException;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;
import mqtt.resilient.v5.Mqtt5;

/**
 * What topic aliases save and cost: QoS 1 publish and acknowledgement through session and codec without a socket, with
 * 3.1.1, with MQTT 5, and with MQTT 5 and ten aliases; 100 bytes of payload, ten topics of 40 characters. Rounds of the
 * three in turn; the ratios are medians.
 */
public final class Aliases
        implements
            Outgoing.Listener,
            Incoming.Listener,
            SubscriptionListener,
            PacketReceiver,
            Output {
    private static final int WINDOW = 100;
    private static final int ROUNDS = 9;
    private static final int BATCHES = 20_000;
    private static final byte[] CONNACK_WITH_TEN = { 0, 0, 3, 0x22, 0, 10 };

    private final ByteBuffer out = ByteBuffer.allocateDirect(65_536);
    private final MemoryStore store = new MemoryStore();
    private final Session session = new Session(store, this, this, this, new EchoNetwork(), new Counters(),
            Clients.settings(WINDOW * 10 / 9 + 1).session());
    private final List<Message> messages = new ArrayList<>();
    private final Codec codec;
    private final ByteBuffer puback = ByteBuffer.allocate(2);
    private BrokerLimits limits = BrokerLimits.NONE;
    private long id;
    private long bytes;
    private long ended;

    private Aliases(Codec codec, byte[] connack) throws ProtocolException {
        this.codec = codec;
        for (int i = 0; i < 10; i++) {
            messages.add(Message.to("plant/hall-07/line-" + i + "/boiler/temperature-").payload(new byte[100]).build());
        }
        if (connack.length > 0) {
            codec.decode(PacketType.CONNACK << 4, ByteBuffer.wrap(connack), this);
        }
        session.connected(codec, "", false, false, limits);
    }

    /**
     * Measures.
     *
     * @param arguments none
     * @throws ProtocolException never
     */
    public static void main(String[] arguments) throws ProtocolException {
        List<Aliases> all = List.of(new Aliases(new Mqtt311().newCodec(), new byte[0]),
                new Aliases(new Mqtt5().newCodec(), new byte[0]),
                new Aliases(new Mqtt5().newCodec(), CONNACK_WITH_TEN));
        double[][] rates = new double[all.size()][ROUNDS];
        for (int round = -2; round < ROUNDS; round++) {
            for (int i = 0; i < all.size(); i++) {
                double rate = all.get(i).round();
                rates[i][Math.max(0, round)] = rate;
            }
        }
        String[] names = { "3.1.1", "5", "5.aliases" };
        for (int i = 0; i < names.length; i++) {
            double[] ratios = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                ratios[round] = rates[i][round] / rates[0][round];
            }
            Arrays.sort(ratios);
            System.out.printf("aliases.%s bytes/message %.1f, rate against 3.1.1 %.2f (%.2f to %.2f)%n", names[i],
                    (double) all.get(i).bytes / all.get(i).ended, ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
        }
        System.out.printf("aliases.bytes.saved %.1f %%%n", 100 * (1 - (double) all.get(2).bytes / all.get(1).bytes));
    }

    /** Messages per second. */
    private double round() throws ProtocolException {
        long begun = System.nanoTime();
        for (int batch = 0; batch < BATCHES; batch++) {
            for (int i = 0; i < WINDOW; i++) {
                store.append(new Outgoing(++id, messages.get(i % messages.size()), 0));
            }
            out.clear();
            session.fill(this);
            session.flushed();
            bytes += out.position();
            acknowledge(out.flip());
        }
        return BATCHES * (double) WINDOW * 1e9 / (System.nanoTime() - begun);
    }

    private void acknowledge(ByteBuffer packets) throws ProtocolException {
        while (packets.hasRemaining()) {
            packets.get();
            int first = packets.get();
            int length = first >= 0 ? first : first & 0x7F | packets.get() << 7; // none here is longer
            int end = packets.position() + length;
            packets.position(packets.position() + 2 + packets.getShort(packets.position()));
            puback.clear().putShort(packets.getShort()).flip();
            codec.decode(PacketType.PUBACK << 4, puback, this);
            packets.position(end);
        }
    }

    @Override
    public ByteBuffer reserve(int size) {
        return out.remaining() < size ? null : out;
    }

    @Override
    public void connack(Connack connack) {
        limits = connack.limits();
    }

    @Override
    public void acknowledgement(int type, int packetId, Reason reason) {
        session.acknowledgement(type, packetId, reason);
    }

    @Override
    public void settled(Outgoing message, Outcome.Kind kind, Reason reason) {
        ended++;
    }

    @Override
    public void received(Incoming message) {
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
    public void publish(Publish publish) {
        throw new IllegalStateException();
    }

    @Override
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) {
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

    @Override
    public void disconnected(Reason reason, String serverReference) {
        throw new IllegalStateException();
    }
}
