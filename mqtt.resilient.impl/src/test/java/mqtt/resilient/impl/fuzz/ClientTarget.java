package mqtt.resilient.impl.fuzz;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.impl.world.Bytes;
import mqtt.resilient.impl.world.PacketText;
import mqtt.resilient.impl.world.PacketText5;
import mqtt.resilient.impl.world.World;

/**
 * A broker that says anything to a whole client with a subscription and two messages under way. Whatever it is, the
 * client connects again, and what it had accepted ends as delivered, or as refused by a broker of MQTT 5.
 */
final class ClientTarget implements Target {
    private static final int MOST_TURNS = 30;
    private static final int PACKET_MAX_BYTES = 128;
    private final boolean five;

    ClientTarget(boolean five) {
        this.five = five;
    }

    @Override
    public String name() {
        return five ? "client-5" : "client";
    }

    @Override
    public List<byte[]> seeds() {
        if (five) {
            return List.of(packets("SUBACK id=1 2", "PUBREC id=3", "PUBCOMP id=3", "PUBACK id=2 {31=words}"),
                    packets("SUBACK id=1 2", "PUBLISH q0 {35=1} in x", "PUBLISH q1 id=7 {35=1 38=a:b 2=7} ~ x",
                            "PUBLISH q2 id=8 {3=t 11=5} in x", "PUBREL id=8"),
                    packets("PUBACK id=2 code=151", "PUBREC id=3 code=145", "PUBREC id=3", "PINGRESP"),
                    packets("PUBLISH q1 id=7 in " + "x".repeat(200), "PUBLISH q2 id=8 {38=name:value} in x",
                            "PUBREL id=8 code=146"),
                    packets("SUBACK id=1 {31=no} 135", "UNSUBACK id=1 0", "DISCONNECT code=139 {31=update}"),
                    packets("PUBACK id=3", "PUBREC id=2", "PUBREL id=1", "PUBCOMP id=2 code=146", "CONNACK"));
        }
        return List.of(packets("SUBACK id=1 2", "PUBREC id=3", "PUBCOMP id=3", "PUBACK id=2"),
                packets("SUBACK id=1 2", "PUBLISH q0 in x", "PUBLISH q1 id=7 in x", "PUBLISH q2 id=8 in x",
                        "PUBREL id=8"),
                packets("PUBREC id=3", "PUBREC id=3", "PUBLISH dup q2 id=7 in " + "x".repeat(300), "PUBREL id=7",
                        "PINGRESP"),
                packets("PUBLISH q1 id=7 in " + "x".repeat(200), "PUBLISH q2 id=8 " + "in/".repeat(50) + " x",
                        "PUBREL id=8"),
                packets("PUBACK id=3", "PUBREC id=2", "UNSUBACK id=1", "PUBREL id=1", "PUBCOMP id=2", "CONNACK"));
    }

    private byte[] packets(String... packets) {
        return Bytes.join(
                Arrays.stream(packets).map(packet -> five ? PacketText5.encode(packet) : PacketText.encode(packet))
                        .toArray(byte[][]::new));
    }

    @Override
    public List<byte[]> words() {
        return five ? Stream.concat(new Packet5Target(PACKET_MAX_BYTES).seeds().stream(),
                new Packet5Target(PACKET_MAX_BYTES).words().stream()).toList()
                : new PacketTarget(PACKET_MAX_BYTES).seeds();
    }

    @Override
    public int maxBytes() {
        return 512;
    }

    @Override
    public long allocationLimit(int inputBytes) {
        return Long.MAX_VALUE; // the model of the broker takes more than the client
    }

    @Override
    public void decode(byte[] input) {
        // check does
    }

    @Override
    public String check(byte[] input) {
        World world;
        if (five) {
            world = World.five("packet.max.bytes", PACKET_MAX_BYTES);
            world.broker.expects("CONNECT clean *").sends("CONNACK {33=20 34=3}");
        } else {
            world = World.connected("packet.max.bytes", PACKET_MAX_BYTES);
        }
        world.subscribe("in", 2, message -> {});
        Publication atLeastOnce = world.publish("t", "1");
        Publication exactlyOnce = world.publish("t", "2", 2);
        world.broker.takeAll();
        List<ByteBuffer> pieces = StreamTarget.pieces(input, new SplittableRandom(Arrays.hashCode(input)), 64);
        for (ByteBuffer piece : pieces) {
            if (world.broker.isConnected()) {
                byte[] bytes = new byte[piece.remaining()];
                piece.get(bytes);
                world.broker.sendsBytes(bytes);
            }
        }
        String outcome = world.state() + " " + world.reason();
        String said = String.join(" ", world.broker.takeAll());
        if (world.broker.isConnected()) {
            world.broker.hangsUp();
        }
        world.broker.acceptsAgain(false);
        for (int turn = 0; turn < MOST_TURNS; turn++) {
            for (String packet : world.broker.takeAll()) {
                answer(world, packet);
            }
        }
        if (world.state() != ConnectionState.ONLINE || !isAtItsEnd(world.outcome(atLeastOnce))
                || !isAtItsEnd(world.outcome(exactlyOnce))) {
            throw new AssertionError("behind " + outcome + " the client is " + world.state() + " " + world.reason()
                    + ", its messages are " + world.outcome(atLeastOnce) + " and " + world.outcome(exactlyOnce));
        }
        return outcome + " " + said;
    }

    /** A broker of MQTT 5 may refuse a message. */
    private boolean isAtItsEnd(Outcome.Kind outcome) {
        return outcome == Outcome.Kind.DELIVERED || five && outcome == Outcome.Kind.REFUSED;
    }

    private static void answer(World world, String packet) {
        String[] words = packet.split(" ");
        String id = packet.replaceAll(".*?(id=[0-9]+).*", "$1");
        switch (words[0]) {
            case "PUBLISH" -> world.broker.sends((packet.contains(" q1 ") ? "PUBACK " : "PUBREC ") + id);
            case "PUBREL" -> world.broker.sends("PUBCOMP " + id);
            case "SUBSCRIBE" -> world.broker.sends("SUBACK " + id + " 2");
            default -> {}
        }
    }
}
