package mqtt.resilient.impl.link;

import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.ProtocolVersion;
import mqtt.resilient.spi.packet.Connack;

/**
 * Decides when a client connects, and never gives up: after a failure, at a change of the network, in the windows of
 * the schedule, or because somebody asks for it. To which broker, {@link BrokerList} says; whose session that is about,
 * {@link SessionOwner}; what a failure means, {@link RetryPolicy}. On the loop only.
 */
public final class Supervisor implements Attempt.Listener {
    /** Why it is offline after {@link #pause}. */
    public static final String PAUSED = "disconnect() was called";
    private static final String CONNECTED = "connected";
    private static final long SECOND = 1_000_000_000L;
    private static final long LONGEST_ATTEMPT_NANOS = 3600 * SECOND;
    private static final long DRAIN_CHECK_NANOS = SECOND / 4;

    /** What the supervisor tells and asks, on the loop. */
    public interface Listener {
        /** The state has changed. */
        void statusChanged(LinkStatus status);

        /** The state is the same, but the reason is another one. */
        void reasonChanged(LinkStatus status);

        /** Whether nothing is left to send or to handle, so that a window of the schedule can end. */
        boolean isDrained();

        /**
         * A connection has ended with something half done: {@link Supervisor#disconnectNow}, {@link Supervisor#mend}.
         */
        void mend();
    }

    private enum Intent {
        /** To be connected, or to try it. */
        CONNECTED,
        /** The schedule keeps the client offline until its next window. */
        ASLEEP,
        /** Somebody wants it to be offline. */
        OFFLINE
    }

    private final Connections network;
    private final Scheduler scheduler;
    private final Protocols protocols;
    private final Session session;
    private final Listener listener;
    private final ResponseTimeout responseTimeout = new ResponseTimeout();
    private final BrokerList brokers;
    private final Failback failback;
    private final NetworkAdvice advice;
    private final SessionOwner owner = new SessionOwner();
    private final RetryPolicy retries;
    private final PendingCloses closing = new PendingCloses();

    // valid until the client is stopped

    /** Null until there is a usable configuration. */
    private LinkSettings settings;
    /** Null = there is none for {@code auth.method}. */
    private AuthenticatorCalls authenticator;
    private Intent intent = Intent.CONNECTED;
    private boolean readingPaused;
    private LinkStatus status;
    /** What comes next: an attempt, or the end of a window of the schedule. */
    private Scheduler.Timer timer;
    private long windowSince;

    // valid for an attempt and its connection

    /** The attempt, also while its link is online; null = there is none. */
    private Attempt attempt;
    /** The version of the latest attempt or link; null = there was none. */
    private ProtocolVersion protocol;
    /** The link while it is online. */
    private Link link;
    private long onlineSince;
    private BrokerLimits limits = BrokerLimits.NONE;

    public Supervisor(Network network, Scheduler scheduler, RandomGenerator random, ProtocolVersion protocol,
            Session session, Listener listener) {
        this.network = new Connections(network, listener::mend);
        this.scheduler = scheduler;
        protocols = new Protocols(protocol, scheduler.nanoTime());
        this.session = session;
        this.listener = listener;
        advice = new NetworkAdvice(network, scheduler);
        brokers = new BrokerList(random);
        retries = new RetryPolicy(brokers, protocols, owner, advice);
        failback = new Failback(this.network, scheduler, random, brokers,
                () -> restart("the first broker answers again"));
        status = new LinkStatus(ConnectionState.OFFLINE, scheduler.wallClockMillis(), "not started", "", "", "", 0, 0,
                0, BrokerLimits.NONE, false, false, false, List.of());
    }

    /** Restores the session that a store held; before {@link #configure}. */
    public void restore(String key, boolean complete) {
        owner.restore(key, complete);
    }

    /** Disconnects until {@link #restore} and {@link #configure} are called again: the store is being changed. */
    public void forget() {
        if (settings != null) {
            leave();
            settings = null;
            owner.restore("", true);
            change(ConnectionState.OFFLINE, "the store is being changed", 0);
        }
    }

    // ---- what others want -----------------------------------------------------------------------------------------

    /** Begins, and takes every later configuration; reconnects only where it must. */
    public void configure(LinkSettings newSettings) {
        LinkSettings before = settings;
        settings = newSettings;
        brokers.configure(settings.brokers());
        if (before == null) {
            if (intent != Intent.OFFLINE) {
                attempt();
            } else { // it was before, perhaps before the store was changed or failed
                change(ConnectionState.PAUSED, status.state() == ConnectionState.PAUSED ? status.reason() : PAUSED, 0);
            }
            return;
        }
        if (link != null) {
            link.reconfigure(newSettings);
        }
        boolean wake = intent == Intent.ASLEEP && !before.schedule().equals(newSettings.schedule());
        if (before.needsReconnect(newSettings) || wake) {
            if (!before.brokers().equals(newSettings.brokers())) {
                brokers.toFirst();
            }
            brokers.forgetRedirect();
            protocols.forget();
            restart("the configuration has changed");
        } else if (link != null) {
            planWindowEnd();
            failback.plan(link, settings);
        }
    }

    /** MQTT 5 is there from now on, or null = is not; when this returns nothing calls the one before any more. */
    public void useMqtt5(ProtocolVersion five) {
        protocols.useMqtt5(five, scheduler.nanoTime());
        if (connects() && choose() != protocol) {
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
        } else if (newAuthenticator != null && connects() && !settings.version().authMethod().isEmpty()) {
            brokers.reset();
            attempt();
        }
    }

    /** There is no usable configuration, or no store: it cannot begin. */
    public void cannotBegin(String reason) {
        if (settings == null) {
            change(ConnectionState.FAILED, reason, 0);
        }
    }

    /** Stays offline until {@link #resume}; {@code reason} is for the status. */
    public void pause(String reason) {
        intent = Intent.OFFLINE;
        leave();
        change(ConnectionState.PAUSED, reason, 0);
    }

    /** Whether it stays offline until {@link #resume}. */
    public boolean isPaused() {
        return intent == Intent.OFFLINE;
    }

    /** Runs a task once the connections that were left are closed. */
    public void whenClosed(Runnable task) {
        closing.whenClosed(task);
    }

    /** Connects again after {@link #pause}. */
    public void resume() {
        if (intent == Intent.OFFLINE) {
            intent = Intent.CONNECTED;
            brokers.reset();
            if (settings != null) {
                attempt();
            }
        }
    }

    /** Makes a new connection now. */
    public void restart(String reason) {
        if (intent != Intent.OFFLINE && settings != null) {
            boolean online = link != null;
            leave();
            if (online) {
                change(ConnectionState.WAITING, reason, 0);
            }
            brokers.reset();
            attempt();
        }
    }

    /**
     * The heap was short, and anything may be half done: ends the attempt and all connections at once, without telling
     * the broker; {@link #mend} follows.
     */
    public void disconnectNow() {
        Attempt left = attempt;
        attempt = null;
        link = null;
        owner.attemptAbandoned();
        Scheduler.cancel(timer);
        failback.cancel();
        if (left != null) {
            left.abort();
        }
        network.endAll();
        session.disconnected(false);
    }

    /**
     * Connects again, without waiting until earlier connections are closed; an attempt that was planned for later
     * keeps its time.
     */
    public void mend() {
        closing.mend();
        if (intent == Intent.OFFLINE || settings == null) {
            return;
        }
        long next = status.nextAttempt();
        boolean waits = attempt == null && (intent == Intent.ASLEEP || status.state() == ConnectionState.WAITING);
        if (waits && next != 0 && next - scheduler.nanoTime() > 0) {
            at(next, this::attempt);
        } else {
            change(ConnectionState.WAITING, "memory was used up; connecting anew", 0);
            attempt();
        }
    }

    /** The loop has ended: the client can do nothing more. */
    public void loopEnded(String reason) {
        intent = Intent.OFFLINE;
        change(ConnectionState.FAILED, reason, 0);
    }

    /** Ends the connection for good; {@code then} runs when the broker has closed it. */
    public void stop(Runnable then) {
        intent = Intent.OFFLINE;
        leave(settings != null && settings.login().willOnStop());
        change(ConnectionState.OFFLINE, "stopped", 0);
        closing.next(then);
    }

    /** There is something to send; {@code urgent} opens a window of the schedule early. */
    public void wake(boolean urgent) {
        if (link != null) {
            link.requestWrite();
        } else if (urgent && intent == Intent.ASLEEP) {
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
        advice.bouncer(newBounce);
    }

    /** The network has another state, or another way out. */
    public void networkChanged(NetworkState state) {
        NetworkState before = advice.state();
        long now = scheduler.nanoTime();
        advice.changed(state, now);
        if (!connects()) {
            return;
        }
        if (link != null) {
            attempt.networkChanged(state, this::restart);
        } else if (state != NetworkState.DOWN && (attempt == null || attempt.isTrying())
                && (state == NetworkState.UP || before == NetworkState.DOWN)) {
            leave();
            brokers.reset();
            at(now + settings.network().settleNanos(), this::attempt);
        }
    }

    // ---- attempts -------------------------------------------------------------------------------------------------

    /** Whether it is connected, or tries to be. */
    private boolean connects() {
        return settings != null && intent == Intent.CONNECTED;
    }

    private void attempt() {
        leave();
        intent = intent == Intent.ASLEEP ? Intent.CONNECTED : intent;
        windowSince = scheduler.nanoTime();
        closing.next(this::begin); // or the broker would take it for a takeover
    }

    private void begin() {
        long held = advice.heldUntil(brokers.current(), settings);
        for (int i = 0; i < brokers.size() && held != 0; i++) {
            brokers.skip(); // a broker in the same network may be reachable all the same
            held = advice.heldUntil(brokers.current(), settings);
        }
        if (held != 0) {
            awaitUntil(held, "the network is down");
            return;
        }
        long awaited = protocols.awaitedUntil(settings.version().protocol(), owner.continuesFive(),
                scheduler.nanoTime());
        if (awaited != 0) {
            awaitUntil(awaited, "the session was made with MQTT 5, and the bundle mqtt.resilient.v5 is missing");
            return;
        }
        protocol = choose();
        String method = settings.version().authMethod();
        if (protocol == null) {
            change(ConnectionState.FAILED, "protocol: 5 is configured, but the bundle mqtt.resilient.v5 is missing; "
                    + "allowed without it are auto and 3.1.1", 0);
        } else if (!method.isEmpty() && authenticator == null) {
            change(ConnectionState.FAILED, "auth.method: " + method
                    + " is configured, but there is no Authenticator service with mqtt.auth.method=" + method, 0);
        } else {
            connect();
        }
    }

    private ProtocolVersion choose() {
        return protocols.choose(settings.version().protocol(), brokers.speaker(), scheduler.nanoTime());
    }

    private void awaitUntil(long time, String reason) {
        at(time, this::attempt);
        change(ConnectionState.WAITING, reason, time);
    }

    private void connect() {
        brokers.attemptBegins();
        at(scheduler.nanoTime() + LONGEST_ATTEMPT_NANOS, () -> { // it ends by itself; this is for faults of our own
            if (link == null) {
                attemptEnded(new Ending(Ending.Cause.UNREACHABLE, "the attempt did not end in time"));
            }
        });
        attempt = new Attempt(network, scheduler, protocol, settings, brokers.current(), owner,
                brokers.silentAddresses(), settings.version().authMethod().isEmpty() ? null : authenticator,
                responseTimeout, this);
        attempt.start();
    }

    @Override
    public void stage(ConnectionState state, String reason) {
        change(state, reason, 0);
    }

    @Override
    public void online(Link newLink, Connack connack) {
        limits = connack.limits();
        owner.accepted(limits.assignedClientId());
        SessionKey key = owner.key(settings, brokers.current(), protocol);
        boolean lasts = settings.sessionExpirySeconds() > 0;
        boolean sessionPresent = connack.sessionPresent() && lasts;
        if (sessionPresent && !owner.continues(key)) {
            attemptEnded(new Ending(Ending.Cause.PROTOCOL,
                    "the broker resumes a session that is not ours [MQTT-3.2.2-4]"));
            return;
        }
        link = newLink;
        onlineSince = scheduler.nanoTime();
        session.broker(settings.brokers().cluster() ? "" : brokers.current().toString(), brokers.othersFailed());
        String loss = owner.loss(key);
        boolean lost = owner.attach(link, session, key, lasts, sessionPresent, limits);
        brokers.accepted(scheduler.wallClockMillis());
        advice.accepted();
        protocols.accepted(protocol, brokers.speaker(), onlineSince);
        failback.accepted(onlineSince);
        if (readingPaused) {
            link.pauseReading(true);
        }
        change(ConnectionState.ONLINE, lost ? CONNECTED + loss : CONNECTED, 0, 0, sessionPresent, lost, false,
                brokers.current().toString());
        link.tellRemarks(this::remarked);
        planWindowEnd();
        failback.plan(link, settings);
    }

    private void remarked(String remark) {
        status = status.with(CONNECTED + remark);
        listener.reasonChanged(status);
    }

    @Override
    public void attemptEnded(Ending ending) {
        boolean online = link != null;
        closeAttempt(false); // it may still be closing its connection
        long now = scheduler.nanoTime();
        String broker = brokers.current().toString();
        brokers.ended(ending, scheduler.wallClockMillis());
        RetryPolicy.Retry retry = online
                ? retries.connectionLost(ending, session.impasse(), session.isTried(), settings, now - onlineSince, now)
                : retries.attemptFailed(ending, settings, protocol, now);
        long next = now + retry.waitNanos();
        at(next, this::attempt); // before anybody is told: a listener that fails cannot prevent it
        change(ConnectionState.WAITING, retry.reason(), next, ending.reasonCode(), false, false, retry.permanent(),
                broker);
    }

    // ---- the schedule ----------------------------------------------------------------------------------------------

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
        intent = Intent.ASLEEP;
        long next = Math.max(windowSince + settings.schedule().everyNanos() - now, 0) + now;
        change(ConnectionState.PAUSED, "until the next window of the schedule", next);
        at(next, this::attempt);
    }

    // ---- leaving --------------------------------------------------------------------------------------------------

    /** Ends the connection, or the attempt. */
    private void leave() {
        leave(false);
    }

    private void leave(boolean publishWill) {
        if (attempt != null) {
            owner.attemptAbandoned();
        }
        closeAttempt(publishWill);
    }

    private void closeAttempt(boolean publishWill) {
        closing.forgetNext();
        link = null;
        Scheduler.cancel(timer);
        failback.cancel();
        if (attempt != null) {
            Runnable closed = closing.add();
            Attempt leaving = attempt;
            attempt = null;
            leaving.abandon(publishWill, closed);
        }
    }

    private void at(long time, Runnable task) {
        Scheduler.cancel(timer);
        timer = scheduler.at(time, task);
    }

    private void change(ConnectionState state, String reason, long nextAttempt) {
        boolean tried = state == ConnectionState.WAITING && !status.broker().isEmpty();
        change(state, reason, nextAttempt, 0, false, false, false,
                settings == null ? "" : tried ? status.broker() : brokers.current().toString());
    }

    private void change(ConnectionState state, String reason, long nextAttempt, int reasonCode, boolean sessionPresent,
            boolean sessionLost, boolean permanent, String uri) {
        status = new LinkStatus(state, state == status.state() ? status.sinceMillis() : scheduler.wallClockMillis(),
                reason, uri, settings == null ? "" : owner.clientId(settings), protocol == null ? "" : protocol.name(),
                brokers.attempts(), nextAttempt, reasonCode, limits, sessionPresent, sessionLost, permanent,
                brokers.status());
        listener.statusChanged(status);
    }
}
