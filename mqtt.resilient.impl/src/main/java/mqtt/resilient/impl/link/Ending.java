package mqtt.resilient.impl.link;

import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.ProtocolVersion;

/**
 * Why a link ended.
 *
 * @param cause the kind
 * @param reason in words, in one line: part of it may be the broker's
 * @param reasonCode the broker's reason code; 0 = none
 * @param serverReference where it sends us; empty = nowhere
 */
record Ending(Cause cause, String reason, int reasonCode, String serverReference) {
    enum Cause {
        /** The name could not be resolved. */
        UNRESOLVED,
        /** The network connection could not be made. */
        UNREACHABLE,
        /** The broker refused, or ended the connection, for a reason that will pass. */
        REFUSED,
        /** The broker refused, or ended the connection, for a reason that somebody must remove. */
        REFUSED_FOR_GOOD,
        /** The broker refused because it does not speak the version. */
        UNSUPPORTED,
        /** The broker sends us to another one. */
        REDIRECTED,
        /** The broker ended the connection. */
        CLOSED,
        /** The network, or something on this machine, ended the connection. */
        BROKEN,
        /** The broker closed the connection instead of answering the CONNECT. */
        NO_CONNACK,
        /** No answer to the CONNECT in time. */
        SILENT,
        /** The broker ended the connection and there was nothing that it could have disliked. */
        TAKEN_OVER,
        /** No answer to anything else in time. */
        TIMEOUT,
        /** The broker broke the protocol. */
        PROTOCOL
    }

    /**
     * What the reason code of a CONNACK or DISCONNECT means.
     *
     * @param online whether the broker had accepted the connection
     * @param ofOneMessage whether it may be about a single message, so that it will pass
     */
    static Cause causeOf(ProtocolVersion.Reaction reaction, boolean online, boolean ofOneMessage) {
        return switch (reaction) {
            case BACK_OFF, SUSPECT -> online ? Cause.CLOSED : Cause.REFUSED;
            case SLOW_RETRY -> ofOneMessage ? Cause.CLOSED : Cause.REFUSED_FOR_GOOD;
            case TAKEN_OVER -> Cause.TAKEN_OVER;
            case REDIRECT -> Cause.REDIRECTED;
            case FALL_BACK -> Cause.UNSUPPORTED;
        };
    }

    /** Whether the broker has ended the connection: those of other clients perhaps too. */
    boolean isByBroker() {
        return cause != Cause.BROKEN && cause != Cause.TIMEOUT && cause != Cause.PROTOCOL;
    }

    /** Whether somebody must remove the cause. */
    boolean isPermanent() {
        return cause == Cause.REFUSED_FOR_GOOD || cause == Cause.UNSUPPORTED || cause == Cause.REDIRECTED;
    }

    Ending {
        reason = OutsideText.oneLine(reason);
    }

    Ending(Cause cause, String reason) {
        this(cause, reason, 0, "");
    }
}
