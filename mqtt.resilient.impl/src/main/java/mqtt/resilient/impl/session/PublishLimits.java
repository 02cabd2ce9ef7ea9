package mqtt.resilient.impl.session;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Qos;
import mqtt.resilient.spi.packet.Reason;

/**
 * Which messages the broker of the present connection rules out: they are refused without being sent. On the io thread.
 */
final class PublishLimits {
    private static final int PACKET_TOO_LARGE = 0x95;
    private static final int RETAIN_NOT_SUPPORTED = 0x9A;
    static final int QOS_NOT_SUPPORTED = 0x9B;

    private final CurrentConnection connection;
    private boolean strict;

    PublishLimits(CurrentConnection connection) {
        this.connection = connection;
    }

    /** Whether a message is refused, and not sent with a lower QoS or without RETAIN. */
    void configure(boolean newStrict) {
        strict = newStrict;
    }

    boolean isStrict() {
        return strict;
    }

    /** Why a message cannot be sent to this broker; null = it can. */
    Reason refusal(Outgoing message) {
        BrokerLimits limits = connection.limits();
        if (limits.maximumPacketBytes() < BrokerLimits.NONE.maximumPacketBytes()) {
            int size = connection.codec().publishSize(message.message());
            if (size > limits.maximumPacketBytes()) {
                return new Reason(PACKET_TOO_LARGE, "message: " + size + " bytes as a packet; the broker allows "
                        + limits.maximumPacketBytes());
            }
        }
        if (!strict || !message.exceeds(limits)) {
            return null;
        }
        Qos qos = message.message().qos();
        return qos.compareTo(limits.maximumQos()) > 0
                ? new Reason(QOS_NOT_SUPPORTED, "qos: " + qos.ordinal() + "; the broker allows "
                        + limits.maximumQos().ordinal() + ", and qos.strict forbids a lower QoS")
                : new Reason(RETAIN_NOT_SUPPORTED, "retain: true; the broker keeps no retained messages, and "
                        + "qos.strict forbids sending without RETAIN");
    }
}
