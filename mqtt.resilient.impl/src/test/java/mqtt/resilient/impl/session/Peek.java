package mqtt.resilient.impl.session;

/** What only the session knows of a message. */
public final class Peek {
    private Peek() {
    }

    /** What the session does before it sends a message. */
    public static void sending(Outgoing message) {
        message.state = message.isExactlyOnce() ? Outgoing.ASSIGNING : Outgoing.AWAITS_PUBACK;
    }

    /** Whether the broker has received it, and is told, or was told, to let go of it. */
    public static boolean isReleased(Outgoing message) {
        return message.state == Outgoing.AWAITS_PUBCOMP;
    }
}
