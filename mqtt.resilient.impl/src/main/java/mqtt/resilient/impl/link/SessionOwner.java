package mqtt.resilient.impl.link;

import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.spi.ProtocolVersion;

/**
 * Whose session the client's own state belongs to, and under which client identifier. Where that is not certain, the
 * broker's session has to be discarded by a clean connection first [MQTT-3.2.2-4]. On the loop only.
 */
final class SessionOwner {
    private static final int CLIENT_ID_NOT_VALID = 0x85;
    /** A client identifier that the broker gave is held to be lost when it was refused so many times in a row. */
    private static final int ID_REFUSALS = 5;
    /** So many connections in a row that the broker ended at once, with nothing unanswered, look like a takeover. */
    private static final int TAKEOVER_LINKS = 3;
    private static final long TAKEOVER_NANOS = 5_000_000_000L;

    /** The broker's session that our state belongs to; null = none: what a broker has is not ours. */
    private SessionKey own;
    /** There was such a session, but our state is incomplete, so that it cannot be continued. */
    private boolean stateLost;
    /** The session of 3.1.1 that a CONNECT of MQTT 5 has ended, unless it is refused; null = none. */
    private SessionKey supplanted;
    /** The session that was just discarded. */
    private SessionKey discarded;
    /** A CONNECT went out whose CONNACK has not come. */
    private boolean connackAwaited;
    /** A broker closed the connection after a CONNECT that may have ended {@link #supplanted}. */
    private boolean connectUnanswered;
    /** The session that the broker resumes may be a new one: the CONNACK that said so was lost. */
    private boolean uncertain;
    private boolean neverOnline = true;
    /** The client identifier that a broker gave; empty = none did. */
    private String assignedId = "";
    private int idRefusals;
    private int takeovers;

    /** Takes the session that a store held; empty = it held none. */
    void restore(String key, boolean complete) {
        SessionKey stored = SessionKey.parse(key);
        own = complete ? stored : null;
        stateLost = !complete;
        assignedId = stored != null && stored.five() ? stored.clientId() : "";
        uncertain = own != null; // whether a CONNACK was lost with the process is not known
    }

    /** The client identifier to use; empty = the broker gives one. */
    String clientId(LinkSettings settings) {
        String configured = settings.login().clientId();
        return configured.isEmpty() ? assignedId : configured;
    }

    /** The session that a connection to a broker in a version is about. */
    SessionKey key(LinkSettings settings, BrokerUri broker, ProtocolVersion version) {
        return SessionKey.of(settings.brokers(), broker, clientId(settings), version);
    }

    /** Whether our state is that of this session. */
    boolean continues(SessionKey key) {
        return key.equals(own);
    }

    /** What is lost if a connection has a new session, in words. */
    String loss(SessionKey key) {
        boolean left = own != null && !own.broker().equals(key.broker());
        return "; session lost" + (left ? ": what " + own.broker() + " has for this client is not fetched" : "");
    }

    /** Whether our state is that of a session of MQTT 5. */
    boolean continuesFive() {
        return own != null && own.five();
    }

    /** Whether what a broker may have of this session has to be discarded first. */
    boolean mustDiscard(SessionKey key, LinkSettings settings) {
        return settings.sessionExpirySeconds() > 0 && !key.equals(discarded)
                && (!continues(key) || neverOnline && settings.cleanStart());
    }

    /** A CONNECT goes out that may make this session, or resume it. */
    void connectSent(SessionKey key) {
        uncertain |= connackAwaited;
        connackAwaited = true;
        if (own != null && key.supplants(own)) {
            connectUnanswered = false;
            supplanted = own; // unless it is refused, this CONNECT ends it, whether its CONNACK comes or not
            own = null;
            stateLost = true;
        }
    }

    /** The broker has discarded this session. */
    void discarded(SessionKey key) {
        discarded = key;
        if (own != null && own.supplants(key)) {
            own = null; // it was the broker's only one for this client identifier
            stateLost = true;
        }
        connackAwaited = false;
        uncertain = false;
    }

    /** A CONNACK has accepted; the broker may have given a client identifier, empty = it has not. */
    void accepted(String assignedClientId) {
        if (!assignedClientId.isEmpty()) {
            assignedId = assignedClientId;
        }
        discarded = null;
        supplanted = null;
    }

    /**
     * Lets our session use a connection, as this session of the broker, resumed or new.
     *
     * @return whether the broker has lost the session that it should have resumed
     */
    boolean attach(Link link, Session session, SessionKey key, boolean lasts, boolean sessionPresent,
            BrokerLimits limits) {
        boolean lost = (own != null || stateLost) && !sessionPresent && lasts;
        String text = lasts ? key.text() : "";
        if (!sessionPresent) {
            own = null; // until our own has begun anew as a whole
            stateLost = true;
        }
        neverOnline = false;
        idRefusals = 0;
        link.attach(session, text, sessionPresent, uncertain, limits);
        own = lasts ? key : null;
        stateLost = false;
        connackAwaited = false;
        uncertain = false;
        return lost;
    }

    /** The client has ended the attempt itself. */
    void attemptAbandoned() {
        supplanted = null;
    }

    /** An attempt has failed; {@code fallsBack} if 3.1.1 is tried at once. */
    void attemptFailed(Ending ending, boolean fallsBack) {
        if (supplanted != null && (fallsBack || ending.reasonCode() != 0)) {
            if (!connectUnanswered || ending.reasonCode() == 0) { // else it may have accepted once
                own = supplanted;
                stateLost = false;
            }
            supplanted = null;
        } else if (ending.cause() == Ending.Cause.NO_CONNACK) { // perhaps that is how it refuses
            connectUnanswered = true;
        } else {
            supplanted = null;
        }
        idRefusals = ending.reasonCode() == CLIENT_ID_NOT_VALID ? idRefusals + 1 : 0;
        if (idRefusals == ID_REFUSALS) {
            assignedId = ""; // another one may be given; the session is gone with it
        }
    }

    /**
     * A connection has ended by itself.
     *
     * @return how many times in a row it was as if another client had taken the session over; 0 = too few to be sure
     */
    int connectionLost(Ending.Cause cause, long onlineNanos) {
        takeovers = cause == Ending.Cause.TAKEN_OVER && onlineNanos < TAKEOVER_NANOS ? takeovers + 1 : 0;
        return takeovers >= TAKEOVER_LINKS ? takeovers : 0;
    }
}
