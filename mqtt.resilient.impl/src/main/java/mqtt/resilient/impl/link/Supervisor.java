package mqtt.resilient.impl.link;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.environment.OutsideText;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Connack;

/**
 * Decides when a client connects and to which broker, and never gives up. Knows whose session the client's own state
 * belongs to: where that is not certain, the broker's session is discarded by a clean connection first [MQTT-3.2.2-4].
 */
public final class Supervisor implements Attempt.Listener {
    /** Why it is offline after {@link #pause}. */
    public static final String PAUSED = "disconnect() was called";
    private static final long MILLION = 1_000_000L;
    private static final long SECOND = 1_000_000_000L;
    /** A name that is not known right after the network came up is asked for again so often, for so long. */
    private static final long FRESH_NETWORK_NANOS = 30 * SECOND;
    private static final long FRESH_RETRY_NANOS = SECOND;
    /** So many links in a row that the broker ended at once, with nothing unanswered, look like a takeover. */
    private static final int TAKEOVER_LINKS = 3;
    private static final long TAKEOVER_NANOS = 5 * SECOND;
    private static final long LONGEST_ATTEMPT_NANOS = 3600 * SECOND;
    /** So often may brokers send us on before one of them keeps us for {@code stable.seconds}. */
    private static final int MOST_REDIRECTS = 5;
    private static final int CLIENT_ID_NOT_VALID = 0x85;
    /** A client id that the broker gave is held to be lost when it was refused so many times in a row. */
    private static final int ID_REFUSALS = 5;
    /** What is shown of a name that a broker gives. */
    private static final int MOST_CHARACTERS = 256;
    /** At the end of the key of a session of MQTT 5: to a broker it is another one than that of 3.1.1. */
    private static final String FIVE = " 5";
    private static final long DRAIN_CHECK_NANOS = SECOND / 4;

    /** What the supervisor tells and asks, on the loop. */
    public interface Listener {
        /** The state has changed. */
        void changed(LinkStatus status);

        /** Whether nothing is left to send or to handle, so that a window of the schedule can end. */
        boolean isDrained();

        /** A connection has ended while something was half done: calls {@link Supervisor#disconnectNow} and {@link Supervisor#mend}. */
        void mend();
    }

    private final Connections network;
    private final Scheduler scheduler;
    private final RandomGenerator random;
    private final Protocols protocols;
    private final Session session;
    private final Listener listener;
    private final Backoff backoff;
    private final ResponseTimeout responseTimeout = new ResponseTimeout();

    /** Null until there is a usable configuration. */
    private LinkSettings settings;
    private boolean wanted = true;
    private LinkStatus status;
    private Attempt attempt;
    /** The link while it is online. */
    private Link link;
    private Scheduler.Timer timer;
    private Scheduler.Timer failback;
    private int broker;
    /** The broker to which one of the list has sent us; null = none. */
    private BrokerUri redirect;
    private int redirects;
    /** The version of the latest attempt or link; null = there was none. */
    private ProtocolVersion protocol;
    private BrokerLimits limits = BrokerLimits.NONE;
    /** The client id that a broker gave; empty = none did. */
    private String assignedId = "";
    private int idRefusals;
    private int attempts;
    /** A broker of the list has refused for good since all of them were tried. */
    private boolean refused;
    private int failuresSinceBounce;
    private int takeovers;
    /** Addresses that took a connection and came to nothing since the last link: the next attempt begins with another. */
    private int silentAddresses;
    private long onlineSince;
    /** Since when the first broker of the list was not asked for; 0 = it is in use. */
    private long awaySince;
    private boolean readingPaused;
    private boolean neverOnline = true;
    private final PendingCloses closing = new PendingCloses();
    /** Broker and client id of the session that ours continues; null = none, what the broker has is not ours. */
    private String ownSession;
    /** There was such a session before a restart, but not enough is known of it to continue it. */
    private boolean stateLost;
    /** The session of 3.1.1 that a CONNECT of MQTT 5 ends if the broker accepts it; null = none was sent, or it is not refused. */
    private String supplanted;
    /** Broker and client id whose session was just discarded. */
    private String discarded;
    /** Null = there is none for {@code auth.method}. */
    private AuthenticatorCalls authenticator;
    private Runnable bounce = () -> { };
    /** A CONNECT went out whose CONNACK has not come. */
    private boolean connackAwaited;
    /** The session that the broker resumes may be a new one: the CONNACK that said so was lost. */
    private boolean doubtful;
    private NetworkState networkState = NetworkState.UNKNOWN;
    private long networkSince;
    /** The schedule keeps the client offline until its next window. */
    private boolean asleep;
    private long windowSince;

    public Supervisor(Network network, Scheduler scheduler, RandomGenerator random, ProtocolVersion protocol,
            Session session, Listener listener) {
        this.network = new Connections(network, listener::mend);
        this.scheduler = scheduler;
        this.random = random;
        protocols = new Protocols(protocol, scheduler.nanoTime());
        this.session = session;
        this.listener = listener;
        backoff = new Backoff(random);
        status = new LinkStatus(ConnectionState.OFFLINE, scheduler.wallClockMillis(), "not started", "", "", "", 0, 0,
                0, BrokerLimits.NONE, false, false, false);
    }

    /** Takes up the session that a store held; before {@link #configure}. */
    public void restore(String key, boolean complete) {
        ownSession = complete && !key.isEmpty() ? key : null;
        stateLost = !complete;
        assignedId = key.endsWith(FIVE) ? key.substring(key.indexOf(' ') + 1, key.length() - FIVE.length()) : "";
        doubtful = ownSession != null; // whether a CONNACK was lost with the process is not known
    }

    /** Leaves, and waits for another {@link #restore} and {@link #configure}: the client's own state is gone. */
    public void forget() {
        if (settings != null) {
            leave();
            settings = null;
            restore("", true);
            change(ConnectionState.OFFLINE, "the store is being changed", 0);
        }
    }

    // ---- what others want -----------------------------------------------------------------------------------------

    /** Begins, and takes every later configuration; reconnects only where it must. */
    public void configure(LinkSettings newSettings) {
        LinkSettings before = settings;
        settings = newSettings;
        if (before == null) {
            if (wanted) {
                attempt();
            } else if (status.state() != ConnectionState.PAUSED) { // it was, before the store was changed or not to be opened
                change(ConnectionState.PAUSED, PAUSED, 0);
            }
            return;
        }
        boolean wake = asleep && !before.schedule().equals(newSettings.schedule());
        if (before.needsReconnect(newSettings) || wake) {
            if (!before.brokers().equals(newSettings.brokers())) {
                broker = 0;
            }
            redirect = null;
            protocols.forget();
            if (link != null) {
                link.reconfigure(newSettings);
            }
            restart("the configuration has changed");
        } else if (link != null) {
            link.reconfigure(newSettings);
            planWindowEnd();
            planFailback();
        }
    }

    /** MQTT 5 is there from now on, or null = is not; when this returns nothing calls the one before any more. */
    public void offer(ProtocolVersion five) {
        protocols.offer(five, scheduler.nanoTime());
        boolean waits = settings == null || !wanted || asleep;
        if (!waits && protocols.choose(settings.version().protocol(), target(), scheduler.nanoTime()) != protocol) {
            restart("MQTT 5 is " + (five == null ? "no longer available" : "available now"));
        }
        if (!protocols.has(protocol)) {
            protocol = null;
        }
    }

    /** Who authenticates from now on, or null = there is nobody; connections that are up are not asked again for it. */
    public void authenticator(AuthenticatorCalls newAuthenticator) {
        authenticator = newAuthenticator;
        if (link != null) {
            link.authenticator(newAuthenticator);
        } else if (newAuthenticator != null && settings != null && wanted && !asleep && !settings.version().authMethod().isEmpty()) {
            backoff.reset();
            attempt();
        }
    }

    /** There is no usable configuration. */
    public void fail(String reason) {
        if (settings == null) {
            change(ConnectionState.FAILED, reason, 0);
        }
    }

    /** Stays offline until {@link #resume}. */
    public void pause() {
        wanted = false;
        asleep = false;
        leave();
        change(ConnectionState.PAUSED, PAUSED, 0);
    }

    /** Whether it stays offline until {@link #resume}. */
    public boolean isPaused() {
        return !wanted;
    }

    /** Runs a task once the connections that were left are closed. */
    public void whenGone(Runnable task) {
        closing.tell(task);
    }

    /** Connects again after {@link #pause}. */
    public void resume() {
        if (!wanted) {
            wanted = true;
            backoff.reset();
            if (settings != null) {
                attempt();
            }
        }
    }

    /** Makes a new connection now. */
    public void restart(String reason) {
        if (wanted && settings != null) {
            boolean online = link != null;
            leave();
            if (online) {
                change(ConnectionState.WAITING, reason, 0);
            }
            backoff.reset();
            attempt();
        }
    }

    /** What was under way may be half done: ends all of it at once, without telling the broker; {@link #mend} follows. */
    public void disconnectNow() {
        Attempt left = attempt;
        attempt = null;
        link = null;
        supplanted = null;
        Scheduler.cancel(timer);
        Scheduler.cancel(failback);
        if (left != null) {
            left.abort();
        }
        network.endAll();
        session.disconnected(false);
    }

    /** Begins again, without waiting for connections from before; an attempt that is planned for later keeps its time. */
    public void mend() {
        closing.mend();
        long next = status.nextAttempt();
        boolean waits = attempt == null && (asleep || status.state() == ConnectionState.WAITING);
        if (wanted && settings != null && waits && next != 0 && next - scheduler.nanoTime() > 0) {
            at(next, this::attempt);
        } else if (wanted && settings != null) {
            change(ConnectionState.WAITING, "memory was used up; connecting anew", 0);
            attempt();
        }
    }

    /** Nothing goes on any more. */
    public void lost(String reason) {
        wanted = false;
        change(ConnectionState.FAILED, reason, 0);
    }

    /** Ends the connection for good; {@code then} runs when the broker has let go. */
    public void stop(Runnable then) {
        wanted = false;
        leave(settings != null && settings.login().willOnStop());
        change(ConnectionState.OFFLINE, "stopped", 0);
        whenClosed(then);
    }

    /** There is something to send; {@code urgent} opens a window of the schedule early. */
    public void wake(boolean urgent) {
        if (link != null) {
            link.requestWrite();
        } else if (urgent && asleep) {
            attempt();
        }
    }

    /** Stops or resumes reading from the broker. */
    public void pauseReading(boolean pause) {
        readingPaused = pause;
        if (link != null) {
            link.pauseReading(pause);
        }
    }

    /** Answers whether the broker is there. */
    public void probe(Consumer<Boolean> answer) {
        if (link != null) {
            link.probe(answer);
        } else {
            answer.accept(false);
        }
    }

    /** The clocks have jumped: the machine slept, perhaps for longer than the broker waits. */
    public void clockJumped() {
        if (link != null) {
            link.ping();
        }
    }

    public LinkStatus status() {
        return status;
    }

    // ---- the network's state --------------------------------------------------------------------------------------

    /** Who can take the network down and up from now on; must return at once and not throw. */
    public void bouncer(Runnable newBounce) {
        bounce = newBounce;
    }

    /** The network has another state, or another way out. */
    public void networkChanged(NetworkState state) {
        NetworkState before = networkState;
        networkState = state;
        networkSince = scheduler.nanoTime();
        if (settings == null || !wanted || asleep) {
            return;
        }
        if (state == NetworkState.DOWN) {
            if (link != null) {
                link.suspect();
            }
        } else if (link != null) {
            link.ping(); // another way out: the old connection may be a dead one
        } else if ((attempt == null || attempt.isTrying())
                && (state == NetworkState.UP || before == NetworkState.DOWN)) {
            leave();
            backoff.reset();
            at(networkSince + settings.network().settleNanos(), this::attempt);
        }
    }

    /** Whether the network's state holds an attempt back, and until when; 0 = it does not. */
    private long heldUntil(BrokerUri uri) {
        if (networkState != NetworkState.DOWN) {
            return 0;
        }
        long until = networkSince + settings.network().distrustNanos();
        String host = settings.transport().proxy() == null ? uri.host() : settings.transport().proxy().host();
        return scheduler.nanoTime() - until >= 0 || isNear(host) ? 0 : until;
    }

    private boolean isNear(String host) {
        if (host.equals("localhost")) {
            return true;
        }
        InetAddress address = network.literal(host);
        return address != null && (address.isLoopbackAddress() || network.isOnLink(address));
    }

    // ---- attempts -------------------------------------------------------------------------------------------------

    private void attempt() {
        leave();
        asleep = false;
        windowSince = scheduler.nanoTime();
        whenClosed(this::begin);
    }

    private void begin() {
        List<BrokerUri> uris = settings.brokers().uris();
        broker %= uris.size();
        for (int i = 0; i < uris.size() && heldUntil(target()) != 0; i++) {
            broker = (broker + 1) % uris.size(); // a neighbour may be there all the same
            redirect = null;
        }
        BrokerUri uri = target();
        long held = heldUntil(uri);
        if (held != 0) {
            at(held, this::attempt);
            change(ConnectionState.WAITING, "the network is down", held);
            return;
        }
        long awaited = protocols.awaitedUntil(settings.version().protocol(),
                ownSession != null && ownSession.endsWith(FIVE), scheduler.nanoTime());
        if (awaited != 0) {
            at(awaited, this::attempt);
            change(ConnectionState.WAITING, "the session was made with MQTT 5, and the bundle mqtt.resilient.v5 is missing",
                    awaited);
            return;
        }
        protocol = protocols.choose(settings.version().protocol(), uri, scheduler.nanoTime());
        if (protocol == null) {
            change(ConnectionState.FAILED, "protocol: 5 is configured, but the bundle mqtt.resilient.v5 is missing; "
                    + "allowed without it are auto and 3.1.1", 0);
            return;
        }
        String method = settings.version().authMethod();
        if (!method.isEmpty() && authenticator == null) {
            change(ConnectionState.FAILED, "auth.method: " + method + " is configured, but there is no Authenticator service with "
                    + "mqtt.auth.method=" + method, 0);
            return;
        }
        attempts++;
        boolean discard = settings.sessionExpirySeconds() > 0 && !sessionKey().equals(discarded)
                && (!sessionKey().equals(ownSession) || neverOnline && settings.cleanStart());
        at(scheduler.nanoTime() + LONGEST_ATTEMPT_NANOS, () -> { // it ends by itself; this is for faults of our own
            if (link == null) {
                ended(new Ending(Ending.Cause.UNREACHABLE, "the attempt did not end in time"));
            }
        });
        attempt = new Attempt(network, scheduler, protocol, settings, uri, clientId(), discard, silentAddresses,
                method.isEmpty() ? null : authenticator, responseTimeout, this);
        attempt.start();
    }

    @Override
    public void stage(ConnectionState state, String reason) {
        change(state, reason, 0);
    }

    @Override
    public void connectSent() {
        doubtful |= connackAwaited;
        connackAwaited = true;
        if (ownSession != null && (ownSession + FIVE).equals(sessionKey())) {
            supplanted = ownSession; // unless it is refused, this CONNECT ends it, whether its CONNACK comes or not
            ownSession = null;
            stateLost = true;
        }
    }

    @Override
    public void discarded() {
        discarded = sessionKey();
        if ((discarded + FIVE).equals(ownSession)) {
            ownSession = null; // it was the broker's only one for this client id
            stateLost = true;
        }
        connackAwaited = false;
        doubtful = false;
    }

    @Override
    public void accepted(Link newLink, Connack connack) {
        limits = connack.limits();
        if (!limits.assignedClientId().isEmpty()) {
            assignedId = limits.assignedClientId();
        }
        String key = sessionKey();
        boolean continued = key.equals(ownSession);
        boolean sessionPresent = connack.sessionPresent() && settings.sessionExpirySeconds() > 0;
        discarded = null;
        supplanted = null;
        if (sessionPresent && !continued) {
            leave();
            failed(new Ending(Ending.Cause.PROTOCOL, "the broker resumes a session that is not ours [MQTT-3.2.2-4]"));
            return;
        }
        boolean lost = (ownSession != null || stateLost) && !sessionPresent && settings.sessionExpirySeconds() > 0;
        String own = settings.sessionExpirySeconds() > 0 ? key : null;
        if (!sessionPresent) {
            ownSession = null; // until our own has begun anew as a whole
            stateLost = true;
        }
        neverOnline = false;
        silentAddresses = 0;
        attempts = 0;
        failuresSinceBounce = 0;
        refused = false;
        onlineSince = scheduler.nanoTime();
        protocols.accepted(protocol, target(), onlineSince);
        awaySince = broker == 0 ? 0 : awaySince == 0 ? onlineSince : awaySince;
        link = newLink;
        link.attach(session, own == null ? "" : own, sessionPresent, doubtful, limits);
        ownSession = own;
        stateLost = false;
        connackAwaited = false;
        doubtful = false;
        if (readingPaused) {
            link.pauseReading(true);
        }
        change(ConnectionState.ONLINE, lost ? "connected; session lost" : "connected", 0,
                0, sessionPresent, lost, false, target().toString());
        planWindowEnd();
        planFailback();
    }

    /** Whose session it is: a cluster's brokers share it. */
    private String sessionKey() {
        return (settings.brokers().cluster() ? "cluster" : target()) + " " + clientId()
                + (protocol.hasSessionExpiry() ? FIVE : "");
    }

    /** The client id to use; empty = the broker gives one. */
    private String clientId() {
        String configured = settings.login().clientId();
        return configured.isEmpty() ? assignedId : configured;
    }

    /** The broker that it is about. */
    private BrokerUri target() {
        List<BrokerUri> uris = settings.brokers().uris();
        return redirect != null ? redirect : uris.get(broker % uris.size());
    }

    /** The first server of a Server Reference (MQTT 5 section 4.11), spoken to like the one that named it; null = none. */
    private static BrokerUri reference(BrokerUri from, String reference) {
        try {
            return BrokerUri.parse(from.scheme() + "://" + reference.strip().split(" ")[0] + from.path());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    @Override
    public void ended(Ending ending) {
        failed(ending); // leaves it: its connection may still be closing
    }

    private void failed(Ending ending) {
        boolean wasOnline = link != null;
        String former = supplanted;
        leave();
        long now = scheduler.nanoTime();
        String reason = ending.reason();
        BrokerUri tried = target();
        boolean atOnce = !wasOnline
                && protocols.failed(protocol, settings.version().protocol(), tried, sessionKey().equals(ownSession),
                        ending.cause(), now);
        if (former != null && (atOnce || ending.reasonCode() != 0)) {
            ownSession = former;
            stateLost = false;
        } else if (ending.cause() == Ending.Cause.HUNG_UP) {
            supplanted = former; // perhaps that is how it refuses
        }
        boolean permanent = ending.cause() == Ending.Cause.REFUSED_FOR_GOOD
                || ending.cause() == Ending.Cause.UNSUPPORTED && !atOnce;
        if (wasOnline && now - onlineSince >= settings.timing().stableNanos()) {
            backoff.reset();
            redirects = 0;
        }
        idRefusals = !wasOnline && ending.reasonCode() == CLIENT_ID_NOT_VALID ? idRefusals + 1 : 0;
        if (idRefusals == ID_REFUSALS) {
            assignedId = ""; // another one may be given; the session is gone with it
        }
        if (ending.cause() == Ending.Cause.REDIRECTED) {
            BrokerUri next = redirects < MOST_REDIRECTS ? reference(tried, ending.serverReference()) : null;
            redirects = next == null ? 0 : redirects + 1;
            redirect = next;
            atOnce = next != null;
            permanent = !atOnce;
            String named = ending.serverReference();
            reason += ": " + (named.isEmpty() ? "no server reference"
                    : OutsideText.oneLine(named.substring(0, Math.min(named.length(), MOST_CHARACTERS))));
        }
        if (atOnce) {
            at(now, this::attempt);
            change(ConnectionState.WAITING, reason, now, ending.reasonCode(), false, false, false, tried.toString());
            return;
        }
        if (wasOnline) {
            takeovers = ending.cause() == Ending.Cause.TAKEN_OVER && now - onlineSince < TAKEOVER_NANOS
                    ? takeovers + 1 : 0;
            if (takeovers >= TAKEOVER_LINKS) {
                permanent = true;
                reason += ", at once and " + takeovers + " times in a row: probably another client uses the client identifier "
                        + clientId();
            }
        } else {
            if (redirect == null) {
                broker = (broker + 1) % settings.brokers().uris().size();
            }
            redirect = null;
            refused |= permanent;
            if (ending.cause() != Ending.Cause.UNREACHABLE && ending.cause() != Ending.Cause.UNRESOLVED) {
                silentAddresses++;
            }
            bounceIfDue();
        }
        long wait = backoff.next(settings.timing().backoffMinNanos(), settings.timing().backoffMaxNanos());
        if (wasOnline ? permanent : refused && attempts % settings.brokers().uris().size() == 0) {
            refused = false;
            wait = settings.timing().backoffMaxNanos() / 2
                    + random.nextLong(settings.timing().backoffMaxNanos() / 2 + 1);
        } else if (ending.cause() == Ending.Cause.UNRESOLVED && networkState == NetworkState.UP
                && now - networkSince < FRESH_NETWORK_NANOS) {
            wait = Math.min(wait, FRESH_RETRY_NANOS);
        }
        at(now + wait, this::attempt); // before anything is told: whatever happens there, this stays
        change(ConnectionState.WAITING, reason, now + wait, ending.reasonCode(), false, false, permanent, tried.toString());
    }

    private void bounceIfDue() {
        failuresSinceBounce++;
        if (settings.network().bounceAfter() > 0 && failuresSinceBounce >= settings.network().bounceAfter()) {
            failuresSinceBounce = 0;
            bounce.run();
        }
    }

    // ---- the schedule and the first broker ------------------------------------------------------------------------

    /** Ends the window when it has lasted long enough and nothing is left to do. */
    private void planWindowEnd() {
        if (link == null || !settings.schedule().isOn()) {
            return;
        }
        long now = scheduler.nanoTime();
        long end = onlineSince + settings.schedule().stayNanos();
        if (now - end < 0 || !listener.isDrained()) {
            at(Math.max(end - now, DRAIN_CHECK_NANOS) + now, this::planWindowEnd);
            return;
        }
        leave();
        asleep = true;
        long next = Math.max(windowSince + settings.schedule().everyNanos() - now, 0) + now;
        change(ConnectionState.PAUSED, "until the next window of the schedule", next);
        at(next, this::attempt);
    }

    /** Goes back to the first broker when it answers again. */
    private void planFailback() {
        Scheduler.cancel(failback);
        if (link != null && broker > 0 && settings.brokers().failbackNanos() > 0) {
            failback = scheduler.at(awaySince + settings.brokers().failbackNanos(), () -> {
                awaySince = scheduler.nanoTime();
                Link present = link;
                BrokerProbe.ask(network, scheduler, settings, settings.brokers().uris().get(0), up -> {
                    if (present == link && present != null) {
                        if (up) {
                            broker = 0;
                            redirect = null;
                            restart("the first broker answers again");
                        } else {
                            planFailback();
                        }
                    }
                });
            });
        }
    }

    // ---- leaving --------------------------------------------------------------------------------------------------

    /** Leaves whatever is under way. */
    private void leave() {
        leave(false);
    }

    private void leave(boolean publishWill) {
        closing.forgetNext();
        link = null;
        Scheduler.cancel(timer);
        Scheduler.cancel(failback);
        if (attempt != null) {
            Runnable closed = closing.begin();
            Attempt leaving = attempt;
            attempt = null;
            supplanted = null;
            leaving.abandon(publishWill, closed);
        }
    }

    /** Runs a task once the broker has let go of the last connection: it would take a new one for a takeover. */
    private void whenClosed(Runnable task) {
        closing.next(task);
    }

    private void at(long time, Runnable task) {
        Scheduler.cancel(timer);
        timer = scheduler.at(time, task);
    }

    private void change(ConnectionState state, String reason, long nextAttempt) {
        boolean tried = state == ConnectionState.WAITING && !status.broker().isEmpty();
        change(state, reason, nextAttempt, 0, false, false, false,
                settings == null ? "" : tried ? status.broker() : target().toString());
    }

    private void change(ConnectionState state, String reason, long nextAttempt, int reasonCode, boolean sessionPresent,
            boolean sessionLost, boolean permanent, String uri) {
        status = new LinkStatus(state, state == status.state() ? status.sinceMillis() : scheduler.wallClockMillis(),
                reason, uri, settings == null ? "" : clientId(), protocol == null ? "" : protocol.name(), attempts,
                nextAttempt, reasonCode, limits, sessionPresent, sessionLost, permanent);
        listener.changed(status);
    }

    /** Milliseconds until a time; 0 when it is over or there is none. */
    public static long millisUntil(long nanoTime, long now) {
        return nanoTime == 0 ? 0 : Math.max(0, (nanoTime - now) / MILLION);
    }
}
