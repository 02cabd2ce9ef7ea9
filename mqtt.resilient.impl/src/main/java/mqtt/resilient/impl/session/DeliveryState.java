package mqtt.resilient.impl.session;

import mqtt.resilient.spi.packet.PacketType;

/** How far an outgoing message is on its way to the broker. */
enum DeliveryState {
    /** Waiting: it was never sent. */
    QUEUED,
    /** QoS 2: the store is writing down the packet identifier; the PUBLISH is sent after that. */
    ASSIGNING,
    /** In flight, but no PUBLISH that is to be acknowledged was sent in the present session. */
    READY,
    AWAITS_PUBACK(PacketType.PUBACK),
    AWAITS_PUBREC(PacketType.PUBREC),
    /** As {@link #AWAITS_PUBREC}; its latest PUBLISH had DUP. */
    RESENT_AWAITS_PUBREC(PacketType.PUBREC),
    /** The store is writing down that PUBREC arrived; PUBREL is sent after that. */
    RELEASING,
    AWAITS_PUBCOMP(PacketType.PUBCOMP),
    /**
     * The broker has refused a PUBLISH with DUP because the packet identifier is in use, perhaps by this very message:
     * a PUBREL was sent, and its PUBCOMP tells. Never written down.
     */
    PROBING_PUBREL(PacketType.PUBCOMP),
    /** Out of the queue and not in flight any more: being settled, or settled. */
    ENDED;

    /** The type of the packet that it awaits from the broker; 0 = none. */
    final int awaited;

    DeliveryState() {
        this(0);
    }

    DeliveryState(int awaited) {
        this.awaited = awaited;
    }

    /**
     * Whether the broker's present session may know of it, so that its acknowledgement counts before it is sent again.
     */
    boolean isSentInThisSession() {
        return awaited != 0 || this == RELEASING;
    }

    /** Whether the next packet to send is its PUBREL. */
    boolean isReleased() {
        return awaited == PacketType.PUBCOMP;
    }

    /** Whether the next packet to send is its PUBLISH, and the store keeps it from nothing. */
    boolean isToBePublished() {
        return this == READY || awaited == PacketType.PUBACK || awaited == PacketType.PUBREC;
    }
}
