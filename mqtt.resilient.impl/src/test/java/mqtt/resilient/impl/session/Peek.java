package mqtt.resilient.impl.session;

import mqtt.resilient.spi.packet.Publish;

/** What only the session knows of a message. */
public final class Peek {
    private Peek() {
    }

    /** What the session does before it sends a message. */
    public static void sending(Outgoing message) {
        message.state = message.isExactlyOnce() ? Outgoing.ASSIGNING : Outgoing.AWAITS_PUBACK;
    }

    /** A message as the session hands it over. */
    public static Incoming incoming(Publish publish) {
        return new Incoming(publish, 1);
    }

    /** Whether the broker has received it, and is told, or was told, to let go of it. */
    public static boolean isReleased(Outgoing message) {
        return message.state == Outgoing.AWAITS_PUBCOMP;
    }
}
