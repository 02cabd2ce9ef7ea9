package mqtt.resilient.impl.session;

import mqtt.resilient.spi.packet.Publish;

/** What only the session knows of a message. */
public final class Peek {
    private Peek() {
    }

    /** What the session does before it sends a message. */
    public static void sending(Outgoing message) {
        message.state = message.isExactlyOnce() ? DeliveryState.ASSIGNING : DeliveryState.READY;
    }

    /** A message as the session hands it over. */
    public static Incoming incoming(Publish publish) {
        return new Incoming(publish, 1);
    }

    /** Whether the broker has received it, and a PUBREL was, or is to be, sent. */
    public static boolean isReleased(Outgoing message) {
        return message.state.isReleased();
    }
}
