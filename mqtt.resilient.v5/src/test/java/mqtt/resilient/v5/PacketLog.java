package mqtt.resilient.v5;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import mqtt.resilient.api.BrokerLimits;
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
    BrokerLimits limits;

    private void add(String packet, String reason) {
        packets.add(packet + (reason.isEmpty() ? "" : " '" + reason + "'"));
    }

    private static String text(Reason reason) {
        return reason.text()
                + reason.userProperties().stream().map(each -> "{" + each.name() + "=" + each.value() + "}")
                        .collect(Collectors.joining());
    }

    @Override
    public void connack(Connack connack) {
        limits = connack.limits();
        if (!connack.authentication().method().isEmpty()) {
            auth(connack.authentication());
        }
        add("CONNACK " + (connack.sessionPresent() ? "session present " : "") + "code " + connack.code()
                + (connack.serverReference().isEmpty() ? "" : " to " + connack.serverReference()), limits.reason());
    }

    @Override
    public void publish(Publish received) {
        publish = received;
        add("PUBLISH " + (received.duplicate() ? "dup " : "") + (received.retained() ? "retain " : "") + "q"
                + received.qos().ordinal() + " id " + received.packetId() + " " + received.topic() + " "
                + new String(received.payload(), StandardCharsets.UTF_8), "");
    }

    @Override
    public void oversized(String topic, int qos, int packetId, int size) {
        throw new AssertionError("the decoder decides nothing about sizes");
    }

    @Override
    public void acknowledgement(int type, int packetId, Reason reason) {
        add(PacketType.name(type) + " id " + packetId + " code " + reason.code(), text(reason));
    }

    @Override
    public void subscriptionAnswer(int type, int packetId, int[] codes, Reason reason) {
        add(PacketType.name(type) + " id " + packetId + " " + Arrays.toString(codes), text(reason));
    }

    @Override
    public void pingresp() {
        add("PINGRESP", "");
    }

    @Override
    public void auth(Auth auth) {
        add("AUTH " + auth + " " + HexFormat.of().formatHex(auth.data()), "");
    }

    @Override
    public void disconnected(Reason reason, String serverReference) {
        add("DISCONNECT code " + reason.code() + (serverReference.isEmpty() ? "" : " to " + serverReference),
                text(reason));
    }
}
