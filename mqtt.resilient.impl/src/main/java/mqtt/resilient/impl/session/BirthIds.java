package mqtt.resilient.impl.session;

import mqtt.resilient.spi.packet.PacketType;

/**
 * The packet identifiers of births with QoS 2: which of them the broker may hold, and whether it is still told to
 * release them. On the io thread. Valid for the session.
 */
final class BirthIds {
    /** The packet identifiers from here on are those of births. */
    static final int FIRST = 65_531;
    /** The one of births with QoS 1; those with QoS 2 are below it. */
    static final int AT_LEAST_ONCE = 65_535;

    private static final int ALL = (1 << AT_LEAST_ONCE - FIRST) - 1;

    /** As bits from {@link #FIRST}. */
    private int held;
    /** Whether the broker may hold births that an earlier process sent in this session. */
    private boolean uncertain = true;
    /** The connections in a row that a PUBREL of a birth may have ended. */
    private int strikes;
    /**
     * The broker closes connections because of these PUBRELs: they are not sent any more, and births go with QoS 1.
     */
    private boolean givenUp;

    /** The broker holds none. */
    void sessionLost() {
        held = 0;
        strikes = 0;
        givenUp = false;
        uncertain = false;
    }

    void forgetStrikes() {
        strikes = 0;
    }

    /** A birth with QoS 2 is to be sent: the broker may hold any that a process before this one has sent. */
    void begin() {
        if (uncertain) {
            uncertain = false;
            held = ALL;
        }
    }

    /** Whether the broker is not told any more to release them, after so many connections; true once. */
    boolean giveUp(int attempts) {
        boolean now = attempts > 0 && strikes >= attempts && !givenUp;
        givenUp |= now;
        return now;
    }

    boolean isGivenUp() {
        return givenUp;
    }

    int strikes() {
        return strikes;
    }

    /** Has the broker told to release those that it may hold. */
    void release(AcknowledgementQueue acknowledgements) {
        for (int id = FIRST; id < AT_LEAST_ONCE; id++) {
            if (isHeld(id) && !givenUp) {
                acknowledgements.add(PacketType.PUBREL, id);
            }
        }
    }

    /** Whether a PUBREL for any of them was sent on the present connection. */
    boolean areReleased() {
        return held != 0 && !givenUp;
    }

    boolean isHeld(int id) {
        return id < AT_LEAST_ONCE && (held & 1 << id - FIRST) != 0;
    }

    /** The broker may hold a packet identifier from now on. */
    void add(int id) {
        held |= 1 << id - FIRST;
    }

    /** The broker has answered PUBREL. */
    void pubcompReceived(int id) {
        held &= ~(1 << id - FIRST);
    }

    /** A connection has ended; {@code suspect} if a PUBREL of a birth may be the cause. */
    void disconnected(boolean suspect, boolean byBroker) {
        if (!suspect) {
            strikes = 0;
        } else if (byBroker) {
            strikes++;
        }
    }
}
