package mqtt.resilient.impl.session;

import java.nio.ByteBuffer;
import java.util.Arrays;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.packet.PacketType;
import mqtt.resilient.spi.packet.Reason;

/**
 * The birth message, the counterpart of the will: sent on each connection before anything else. It is a message of its
 * connection and not of the session: it is not stored, not counted, and the next connection has one of its own. Nobody
 * writes its packet identifiers down, so they are ids that no other message has; an ordinary message under an id of
 * which the broker holds the birth of a process that is gone would be taken for a duplicate, and be lost.
 *
 * <p>With QoS 1 there is one id. A birth that an earlier connection has left unanswered in this session is repeated by
 * the next one, with its id and DUP [MQTT-4.4.0-1]. With QoS 2 that would be no new birth, and what the broker has
 * published of the will meanwhile would stay the last word: the next one has another id, and the broker is told to
 * release the one before. On the io thread.
 */
final class Birth {
    private static final int DUPLICATE = 8;
    private static final int FAILURE = 0x80;
    private static final int PACKET_IDENTIFIER_IN_USE = 0x91;
    private static final int PACKET_TOO_LARGE = 0x95;

    /** How far it is on the present connection. */
    private enum Stage {
        NONE, DUE, LEFT_OUT, AWAITS_PUBACK, AWAITS_PUBREC, AWAITS_PUBCOMP, DONE
    }

    private final PacketIds ids;
    private final SendWindow.Wire wire;
    private final AcknowledgementQueue acknowledgements;
    private final Outgoing.Listener events;

    /** Null = there is none. */
    private Message message;
    /** After so many connections in a row that ended with it, it is left out; 0 = never. */
    private int attempts;
    private int strikes;

    // ---- valid for the session
    private final BirthIds held = new BirthIds();
    /** The birth with QoS 1 of an earlier connection that is not answered in this session; null = none. */
    private Message unanswered;

    // ---- valid for the connection
    private Stage stage = Stage.NONE;
    private int packetId;
    private int size;
    /** The birth message that was written on this connection. */
    private Message sent;
    /** How many answers the session had when the connection began. */
    private long answersBefore;
    /** How many of the answers since then were for births. */
    private long ownAnswers;
    /** The response timeout ended the connection while it was awaited. */
    private boolean overdue;
    /** The broker has answered a ping that was sent after it. */
    private boolean passedOver;

    Birth(PacketIds ids, SendWindow.Wire wire, AcknowledgementQueue acknowledgements, Outgoing.Listener events) {
        this.ids = ids;
        this.wire = wire;
        this.acknowledgements = acknowledgements;
        this.events = events;
    }

    /** Takes the birth message for the next connections; null = none. */
    void configure(Message newMessage, int newAttempts) {
        message = newMessage;
        attempts = newAttempts;
        strikes = 0;
        held.forgetStrikes();
    }

    /** The broker has lost the session: it knows of no birth. */
    void sessionLost() {
        held.sessionLost();
        unanswered = null;
    }

    /** A connection begins, after so many answers of the broker. */
    void connected(long answers) {
        answersBefore = answers;
        ownAnswers = 0;
        overdue = false;
        passedOver = false;
        stage = message == null ? Stage.NONE : Stage.DUE;
        if (attempts > 0 && strikes >= attempts && message != null) {
            stage = Stage.LEFT_OUT;
            events.birthMissing(message.topic(), new Reason(0, "left out on this connection: the broker closed "
                    + strikes + " connections in a row after it and answered nothing, or did not answer it in time"));
        }
        if (message != null && message.qos() == Qos.EXACTLY_ONCE) {
            held.begin();
        }
        if (held.giveUp(attempts)) {
            events.birthMissing(message == null ? "" : message.topic(),
                    new Reason(0, "not with QoS 2 in this session: the broker closed " + held.strikes()
                            + " connections in a row after PUBREL for a birth message"));
        }
        held.release(acknowledgements);
    }

    /** Whether it is still to be written on this connection. */
    boolean isDue() {
        return stage == Stage.DUE;
    }

    /** Writes it if it is due; false when there was no room. */
    boolean fill(Codec codec, BrokerLimits limits, Output out) {
        if (stage != Stage.DUE) {
            return true;
        }
        size = message == null ? 0 : codec.publishSize(message);
        if (message == null) {
            stage = Stage.NONE;
        } else if (size > limits.maximumPacketBytes()) {
            stage = Stage.NONE;
            events.birthMissing(message.topic(), new Reason(PACKET_TOO_LARGE,
                    size + " bytes as a packet; the broker allows " + limits.maximumPacketBytes()));
        } else {
            ByteBuffer buffer = out.reserve(size);
            if (buffer == null) {
                return false;
            }
            int qos = chooseId(Math.min(message.qos().ordinal(), limits.maximumQos().ordinal()));
            boolean retain = message.retain() && limits.retainAvailable();
            int flags = qos << 1 | (retain ? 1 : 0) | (qos == 1 && repeats() ? DUPLICATE : 0);
            codec.encodePublish(message, flags, packetId, 0, buffer);
            sent = message;
            stage = qos == 0 ? Stage.DONE : qos == 1 ? Stage.AWAITS_PUBACK : Stage.AWAITS_PUBREC;
            count(1);
        }
        return true;
    }

    /** Whether it is the one that an earlier connection has left unanswered [MQTT-3.3.1-1]. */
    private boolean repeats() {
        return unanswered != null && unanswered.topic().equals(message.topic())
                && unanswered.retain() == message.retain() && Arrays.equals(unanswered.payload(), message.payload());
    }

    /** Chooses a packet identifier; the result is the QoS for which there is one. */
    private int chooseId(int wanted) {
        if (wanted == 2 && !held.isGivenUp()) {
            for (packetId = BirthIds.FIRST; packetId < BirthIds.AT_LEAST_ONCE; packetId++) {
                if (!held.isHeld(packetId) && ids.owner(packetId) == null) {
                    return 2;
                }
            }
        }
        packetId = BirthIds.AT_LEAST_ONCE;
        return ids.owner(packetId) == null ? Math.min(wanted, 1) : 0;
    }

    private void count(int sign) {
        if (isAwaited()) {
            wire.add(size, false, stage != Stage.AWAITS_PUBACK, sign);
        }
    }

    private boolean isAwaited() {
        return stage == Stage.AWAITS_PUBACK || stage == Stage.AWAITS_PUBREC || stage == Stage.AWAITS_PUBCOMP;
    }

    /** Takes an acknowledgement, with a reason that may refuse; false if it is not one of a birth. */
    boolean answered(int type, int id, Reason reason) {
        if (id < BirthIds.FIRST || ids.owner(id) != null) {
            return false;
        }
        if (type == PacketType.PUBCOMP && held.isHeld(id)) {
            held.pubcompReceived(id);
            ownAnswers++;
            return true;
        }
        if (id != packetId || type != awaited()) {
            return false;
        }
        ownAnswers++;
        boolean refused = reason.code() >= FAILURE && type != PacketType.PUBCOMP;
        if (type == PacketType.PUBREC && !refused) {
            stage = Stage.AWAITS_PUBCOMP;
            acknowledgements.add(PacketType.PUBREL, id);
            return true;
        }
        count(-1);
        stage = Stage.DONE;
        unanswered = id == BirthIds.AT_LEAST_ONCE ? null : unanswered;
        if (refused) {
            if (reason.code() == PACKET_IDENTIFIER_IN_USE && type == PacketType.PUBREC) {
                held.add(id);
                acknowledgements.add(PacketType.PUBREL, id);
            }
            events.birthMissing(message == null ? "" : message.topic(), reason);
        }
        return true;
    }

    private int awaited() {
        return switch (stage) {
            case AWAITS_PUBACK -> PacketType.PUBACK;
            case AWAITS_PUBREC -> PacketType.PUBREC;
            case AWAITS_PUBCOMP -> PacketType.PUBCOMP;
            default -> 0;
        };
    }

    /** The broker has answered a ping. */
    void pingAnswered() {
        passedOver |= stage == Stage.DONE;
    }

    /** The broker has answered pings, and has not acknowledged in time what was sent before them. */
    void overdue() {
        overdue = isAwaited();
    }

    /**
     * Whether the broker may have ended the connection for a birth: nothing is known to have come after it or after its
     * PUBREL.
     */
    boolean isSuspect(long answers) {
        return isBirthSuspect(answers) || isReleaseSuspect(answers);
    }

    private boolean isBirthSuspect(long answers) {
        return overdue || (isAwaited() || stage == Stage.DONE) && answers == answersBefore && !passedOver;
    }

    private boolean isReleaseSuspect(long answers) {
        boolean releasing = stage != Stage.DUE && held.areReleased() || stage == Stage.AWAITS_PUBCOMP;
        return releasing && answers - ownAnswers == answersBefore && !passedOver;
    }

    /**
     * The connection is gone.
     *
     * @param byBroker if the broker ended it, or did not answer in time
     * @param answers how many answers of the broker there were
     * @param poison whether a message was found to be the cause
     */
    void disconnected(boolean byBroker, long answers, boolean poison) {
        if (stage == Stage.LEFT_OUT) {
            // it is tried once more, and left out again if it ends the connection
            strikes = poison ? 0 : answers != answersBefore ? strikes - 1 : strikes;
        } else if (!isBirthSuspect(answers)) {
            strikes = 0;
        } else if (byBroker) {
            strikes++;
        }
        held.disconnected(isReleaseSuspect(answers), byBroker);
        if (stage == Stage.AWAITS_PUBREC || stage == Stage.AWAITS_PUBCOMP) {
            held.add(packetId);
        }
        unanswered = stage == Stage.AWAITS_PUBACK ? sent : unanswered;
        stage = Stage.NONE;
    }
}
