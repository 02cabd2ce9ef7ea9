package mqtt.resilient.impl.link;

import static mqtt.resilient.impl.environment.Scheduler.NEVER;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler.Output;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Session;

/**
 * Tells a dead connection from a slow one, from the CONNACK to the end of the connection: sends PINGREQ when either
 * direction is idle, knows how long acknowledgements, PINGRESP and the network may take, and bounds the unacknowledged
 * bytes so that they can be acknowledged in time. It ends nothing: {@link Link} asks it whether the connection is dead.
 * On the loop only.
 */
final class Liveness {
    /** How many response times a ping may take on a link over which other bytes still arrive. */
    private static final int PING_PATIENCE = 60;
    private static final long RECENT_NANOS = 1_000_000_000L;
    private static final long SUSPECT_NANOS = 3_000_000_000L;

    private final Scheduler scheduler;
    private final Connection connection;
    private final Session session;
    private final byte[] pingreq;
    /** The keepalive in force: ours, or what the broker asks for. */
    private final int keepAliveSeconds;
    private final ResponseTimeout responseTimeout;
    private final Alarm alarm;
    private final UnansweredBound bound = new UnansweredBound();
    private final Ping ping = new Ping();
    private final List<Consumer<Boolean>> probes = new ArrayList<>();

    private LinkSettings settings;
    private boolean readingPaused;
    private long lastReceived;
    private long lastSent;
    /** Since when the oldest unanswered packet is written and nothing has moved; NEVER = nothing is awaited. */
    private long awaitingSince = NEVER;
    /** The broker has answered a ping that stood behind what it does not answer. */
    private boolean passedOver;
    private Consumer<String> remarks = remark -> {};
    private String impasse = "";
    /** When a link that is suspected to be dead must have shown life; NEVER = it is not suspected. */
    private long suspectUntil = NEVER;
    private int unsentBefore;
    private long unsentSince;

    Liveness(Scheduler scheduler, Connection connection, Session session, byte[] pingreq, int keepAliveSeconds,
            ResponseTimeout responseTimeout, Alarm alarm, LinkSettings settings) {
        this.scheduler = scheduler;
        this.connection = connection;
        this.session = session;
        this.pingreq = pingreq;
        this.keepAliveSeconds = keepAliveSeconds;
        this.responseTimeout = responseTimeout;
        this.alarm = alarm;
        this.settings = settings;
        lastReceived = scheduler.nanoTime();
        lastSent = lastReceived;
    }

    void reconfigure(LinkSettings newSettings) {
        settings = newSettings;
    }

    /** The connection is idle from now on: the first PINGREQ is planned. */
    void planPing() {
        alarm.at(lastReceived + idleNanos());
    }

    private long idleNanos() {
        return settings.effectivePingNanos(keepAliveSeconds);
    }

    private long responseNanos() {
        return settings.timing().responseNanos();
    }

    // ---- what the connection did ----------------------------------------------------------------------------------

    /** Bytes arrived; before they are read. */
    void received(long now) {
        lastReceived = now;
        suspectUntil = NEVER;
        if (!probes.isEmpty()) {
            answerProbes(true);
        }
        unsentSince = lastReceived;
    }

    /** What arrived acknowledged something, so many bytes of messages among it. */
    void acknowledged(long bytes) {
        if (bound.answered(bytes, lastReceived, responseNanos())) {
            responseTimeout.progress();
        }
        awaitFrom(NEVER);
        ping.awaitAnew(lastReceived); // a ping may stand behind what is acknowledged now
    }

    /** What arrived was read as a whole. */
    void read() {
        session.roundTrip(bound.roundTrip());
        awaitNow();
    }

    /** A PINGRESP came. */
    void pingresp() {
        if (session.awaited() == 0) {
            responseTimeout.progress();
        }
        if (ping.isAwaited()) {
            if (awaitingSince != NEVER && ping.awaitedSince() - awaitingSince > 0) {
                passedOver(true);
            }
            bound.answeredAfter(ping.answered(scheduler.nanoTime()));
        }
        session.pingAnswered();
        alarm.at(scheduler.nanoTime() + idleNanos());
    }

    /** Writes PINGREQ if it is to be written, and what the session has to write, as far as it may be unacknowledged. */
    void fill(Output out) {
        boolean begun = session.hasBegun();
        if (begun) {
            fillPing(out);
        }
        long now = scheduler.nanoTime();
        long before = session.unanswered();
        session.allow(bound.allowed(before == 0 && now - lastReceived >= RECENT_NANOS));
        session.fill(out);
        if (!begun) {
            fillPing(out);
        }
        if (session.unanswered() > before) {
            bound.sent(session.unanswered(), now);
        }
        if (session.needsPing()) {
            ping();
        }
        alarm.at(now + responseNanos()); // to see whether the network takes it
        long resumesAt = session.resumesAt();
        if (resumesAt != NEVER) {
            alarm.at(resumesAt);
        }
        tellRemark();
    }

    /** What there is to say about a connection that is up, in words. */
    private void tellRemark() {
        String newImpasse = session.impasse();
        if (!impasse.equals(newImpasse)) {
            impasse = newImpasse;
            remarks.accept(remark());
        }
    }

    private String remark() {
        String late = !passedOver ? ""
                : "; acknowledgements are late: the broker answers pings, and has not acknowledged what was sent "
                        + "before; the connection ends after " + Link.seconds(settings.timing().acknowledgeNanos())
                        + " of this (acknowledge.seconds)";
        return impasse.isEmpty() ? late : late + "; " + impasse;
    }

    private void fillPing(Output out) {
        if (ping.isDue() && Handshake.put(pingreq, out)) {
            ping.sent(scheduler.nanoTime());
        }
    }

    /** All that was filled so far is written. */
    void flushed() {
        lastSent = scheduler.nanoTime();
        session.flushed();
        awaitNow();
    }

    /** Starts the response deadline when all is written and something is awaited. */
    private void awaitNow() {
        if (session.awaited() == 0) {
            awaitFrom(NEVER);
        } else if (awaitingSince == NEVER && connection.unsentBytes() == 0) {
            awaitFrom(scheduler.nanoTime());
            alarm.at(awaitingSince + responseTimeout.nanos(responseNanos()) / 2);
        }
    }

    private void awaitFrom(long time) {
        awaitingSince = time;
        passedOver(false);
    }

    private void passedOver(boolean newPassedOver) {
        if (passedOver != newPassedOver) {
            passedOver = newPassedOver;
            remarks.accept(remark());
        }
    }

    /** Who is told what there is to say about the connection, in words; empty = nothing any more. */
    void tellRemarks(Consumer<String> listener) {
        remarks = listener;
    }

    /** Whether the broker answers pings and not what was sent before them. */
    boolean isPassedOver() {
        return passedOver;
    }

    /** Reading has stopped or goes on; our own deadlines stop with it. */
    void readingPaused(boolean pause) {
        readingPaused = pause;
        if (!pause) {
            lastReceived = scheduler.nanoTime();
            awaitingSince = awaitingSince == NEVER ? NEVER : lastReceived;
            ping.awaitAnew(lastReceived);
        }
    }

    boolean isReadingPaused() {
        return readingPaused;
    }

    // ---- deadlines ------------------------------------------------------------------------------------------------

    /**
     * Sends PINGREQ if it is time, and sets the alarm for the next deadline. Returns why the connection is dead, or
     * null.
     */
    String check(long now) {
        if (readingPaused) { // the broker still has to hear from us
            if (now - lastSent >= idleNanos()) {
                ping.request();
            }
            connection.requestWrite();
            alarm.at(now + idleNanos() / 2);
            return null;
        }
        connection.requestWrite();
        long response = responseTimeout.nanos(responseNanos());
        String dead = acknowledgementOverdue(now, response);
        dead = dead != null ? dead : writeStalled(now, response);
        dead = dead != null ? dead : pingOverdue(now, response);
        if (dead == null) {
            pingIfIdle(now, response);
        }
        return dead;
    }

    private String acknowledgementOverdue(long now, long response) {
        if (awaitingSince == NEVER) {
            return null;
        }
        long limit = passedOver ? Math.max(response, settings.timing().acknowledgeNanos()) : response;
        if (now - awaitingSince >= limit) {
            responseTimeout.exceeded();
            return "no acknowledgement within " + Link.seconds(limit) + (limit > response
                    ? ", although pings are answered (acknowledge.seconds)" : " (response.seconds)");
        }
        alarm.at(awaitingSince + limit);
        return null;
    }

    private String writeStalled(long now, long response) {
        int unsent = connection.unsentBytes();
        if (unsent == 0 || unsent != unsentBefore) {
            unsentBefore = unsent;
            unsentSince = now;
        } else if (now - unsentSince >= response) {
            responseTimeout.exceeded();
            return "none of " + unsent + " bytes could be written within " + Link.seconds(response)
                    + " (response.seconds)";
        }
        if (unsent > 0) {
            alarm.at(unsentSince + response);
        }
        return null;
    }

    private String pingOverdue(long now, long response) {
        if (suspectUntil != NEVER && now - suspectUntil >= 0) {
            return "the network state is DOWN, and the broker does not answer";
        }
        if (!ping.isAwaited()) {
            return null;
        }
        long since = ping.awaitedSince();
        long deadline = Math.max(since - now, lastReceived - now) + now + response;
        if (now - deadline >= 0 || now - since >= longestPing(response)) {
            responseTimeout.exceeded();
            return "no PINGRESP within " + Link.seconds(now - since) + " (response.seconds)";
        }
        alarm.at(deadline);
        return null;
    }

    /** How long a ping may take while other bytes arrive: a broker that hears nothing of us for so long has left. */
    private long longestPing(long response) {
        long heard = keepAliveSeconds * RECENT_NANOS * 3 / 2; // [MQTT-3.1.2-24]
        return heard == 0 ? PING_PATIENCE * response : Math.max(response, Math.min(heard, PING_PATIENCE * response));
    }

    private void pingIfIdle(long now, long response) {
        if (!ping.isIdle()) {
            return;
        }
        long pingAt = Math.min(lastReceived - now, lastSent - now) + now + idleNanos();
        if (awaitingSince != NEVER && !passedOver) { // does the broker pass over what it does not answer?
            pingAt = Math.min(pingAt - now, awaitingSince - now + response / 2) + now;
        }
        if (now - pingAt >= 0 && unsentBefore == 0) {
            ping();
        } else {
            alarm.at(unsentBefore == 0 ? pingAt : now + response);
        }
    }

    // ---- what others want to know ---------------------------------------------------------------------------------

    /** Sends a PINGREQ now, unless one is under way. */
    void ping() {
        if (ping.isIdle()) {
            ping.request();
            connection.requestWrite();
            alarm.at(scheduler.nanoTime() + responseNanos());
        }
    }

    /** Somebody says that the network is gone: the broker must show life soon. */
    void suspect() {
        if (suspectUntil == NEVER) {
            suspectUntil = scheduler.nanoTime() + Math.min(SUSPECT_NANOS, responseNanos());
            ping();
            alarm.at(suspectUntil);
        }
    }

    /** Answers whether the broker is there: by what it sent within the last second, else by a ping. */
    void probe(Consumer<Boolean> answer) {
        long now = scheduler.nanoTime();
        if (now - lastReceived <= RECENT_NANOS) {
            answer.accept(true);
            return;
        }
        probes.add(answer);
        scheduler.at(now + responseNanos(), () -> {
            if (probes.remove(answer)) {
                answer.accept(false);
            }
        });
        ping();
    }

    /** Answers all who asked whether the broker is there. */
    void answerProbes(boolean up) {
        List<Consumer<Boolean>> answers = List.copyOf(probes);
        probes.clear();
        answers.forEach(answer -> answer.accept(up));
    }
}
