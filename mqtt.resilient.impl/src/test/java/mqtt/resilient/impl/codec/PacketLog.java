package mqtt.resilient.impl.codec;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mqtt.resilient.spi.packet.Auth;
import mqtt.resilient.spi.packet.Connack;
import mqtt.resilient.spi.packet.PacketReceiver;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Publish;
import mqtt.resilient.spi.packet.Reason;

/** Writes down what a decoder hands over, one line per packet. */
final class PacketLog implements PacketReceiver {
    final List<String> packets = new ArrayList<>();
    Publish publish;

    @Override
    public void connack(Connack connack) {
        packets.add("CONNACK " + (connack.sessionPresent() ? "session present " : "") + "code " + connack.code());
    }

    @Override
    public void publish(Publish received) {
        publish = received;
        packets.add("PUBLISH " + (received.duplicate() ? "dup " : "") + (received.retained() ? "retain " : "") + "q"
                + received.qos().ordinal() + " id " + received.packetId() + " " + received.topic() + " "
                + new String(received.payload(), StandardCharsets.UTF_8));
    }

    @Override
    public void oversized(String topic, int qos, int packetId, int size) {
        packets.add("oversized PUBLISH q" + qos + " id " + packetId + " " + topic + " " + size);
    }

    @Override
    public void acknowledgement(int type, int packetId, Reason reason) {
        packets.add(PacketType.name(type) + " id " + packetId + " reason " + reason.code());
    }

    @Override
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) {
        packets.add(PacketType.name(type) + " id " + packetId + " " + Arrays.toString(codes));
    }

    @Override
    public void disconnected(Reason reason, String serverReference) {
        packets.add("DISCONNECT " + reason.code());
    }

    @Override
    public void auth(Auth auth) {
        throw new AssertionError("MQTT 3.1.1 has no AUTH");
    }

    @Override
    public void pingresp() {
        packets.add("PINGRESP");
    }
}
